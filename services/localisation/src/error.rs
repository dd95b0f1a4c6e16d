//! Why a call is refused.

use support_chassis::db::DbError;
use support_chassis::error::{Answer, InvalidFields, PeerError, ServiceError, Violation, into_status};
use support_chassis::page::PageError;
use support_proto::support::localisation::v1::{ArticleDraftState, LocalisationErrorReason};
use tonic::{Code, Status};

use support_words::message::Fault;

/// The domain of this service's reasons.
const DOMAIN: &str = "support.localisation.v1";

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such locale.
    #[error("no such locale")]
    LocaleNotFound,
    /// No locale has the message.
    #[error("no locale has a message with this key")]
    MessageNotFound,
    /// Messages cannot be published as they are.
    #[error("{} messages cannot be published as they are", .0.len())]
    MessagesInvalid(Vec<FaultyMessage>),
    /// The catalogue is not at the version that the publisher has seen.
    #[error("the catalogue has changed")]
    CatalogueChanged,
    /// No such article, or not for the caller.
    #[error("no such article")]
    ArticleNotFound,
    /// No such draft of an article.
    #[error("no such draft of an article")]
    DraftNotFound,
    /// The draft's state does not allow this.
    #[error("the draft is {}", .0.as_str_name())]
    DraftState(ArticleDraftState),
    /// The draft is not as the caller has seen it.
    #[error("the draft has changed")]
    DraftChanged,
    /// Who wrote in a draft cannot approve it.
    #[error("who wrote in a draft cannot approve it")]
    ApproverIsAuthor,
    /// The rules ask for an approval that is missing.
    #[error("the rules ask for an approval that the text does not have")]
    ApprovalMissing,
    /// There is a draft of this text.
    #[error("there is a draft of this text already")]
    DraftExists,
    /// There is no such version of the source.
    #[error("there is no such version of the source")]
    SourceMissing,
    /// No such offer, or not the caller's.
    #[error("no such offer of answers")]
    OfferNotFound,
    /// No such case, or not for the caller.
    #[error("no such case")]
    CaseNotFound,
    /// No such playbook.
    #[error("no playbook for this purpose at this place")]
    PlaybookNotFound,
    /// The catalogue never had the version.
    #[error("the catalogue has no such version")]
    VersionNotFound,
    /// No profile of the place.
    #[error("no profile of this place")]
    RegionNotFound,
    /// Fields break their rules.
    #[error(transparent)]
    Fields(#[from] InvalidFields),
    /// The page token is not ours.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DbError),
    /// A locale's messages could not be compiled together.
    #[error(transparent)]
    Compile(#[from] support_words::catalogue::CompileError),
    /// The locales that come with the software cannot be read.
    #[error(transparent)]
    Locales(#[from] support_words::locale::ShippedError),
    /// The database has no default locale, which its migrations do not allow.
    #[error(transparent)]
    NoDefault(#[from] support_words::locale::NoDefault),
    /// Another service did not answer.
    #[error(transparent)]
    Peer(PeerError),
    /// An index cannot be read or written.
    #[error(transparent)]
    Search(#[from] tantivy::TantivyError),
    /// Work in the background was cut off.
    #[error("the catalogue could not be compiled")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// A message that cannot be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultyMessage {
    /// Its place in the request.
    pub index: usize,
    /// Its key.
    pub key: String,
    /// Why.
    pub fault: Fault,
}

impl Error {
    fn own(code: Code, reason: LocalisationErrorReason, message: &'static str) -> Answer {
        Answer::new(code, DOMAIN, reason.as_str_name(), message)
    }
}

impl ServiceError for Error {
    fn answer(&self) -> Answer {
        match self {
            Self::LocaleNotFound => Self::own(
                Code::NotFound,
                LocalisationErrorReason::LocaleNotFound,
                "no such locale",
            ),
            Self::MessageNotFound => Self::own(
                Code::NotFound,
                LocalisationErrorReason::MessageNotFound,
                "no locale has a message with this key",
            ),
            Self::MessagesInvalid(faulty) => {
                let answer = Self::own(
                    Code::InvalidArgument,
                    LocalisationErrorReason::MessageInvalid,
                    "messages cannot be published as they are",
                )
                .with("count", faulty.len().to_string());
                faulty.iter().fold(answer, |answer, message| {
                    answer.violation(Violation::new(
                        format!("messages[{}].pattern", message.index),
                        format!("{}: {}", message.key, message.fault),
                    ))
                })
            }
            Self::CatalogueChanged => Answer::conflict(),
            Self::ArticleNotFound => Self::own(
                Code::NotFound,
                LocalisationErrorReason::ArticleNotFound,
                "no such article",
            ),
            Self::DraftNotFound => Self::own(
                Code::NotFound,
                LocalisationErrorReason::ArticleDraftNotFound,
                "no such draft of an article",
            ),
            Self::DraftState(state) => Self::own(
                Code::FailedPrecondition,
                LocalisationErrorReason::ArticleDraftState,
                "the draft's state does not allow this",
            )
            .with("state", state.as_str_name()),
            Self::DraftChanged => Answer::conflict(),
            Self::ApproverIsAuthor => Self::own(
                Code::FailedPrecondition,
                LocalisationErrorReason::ArticleApproverIsAuthor,
                "who wrote in a draft cannot approve it",
            ),
            Self::ApprovalMissing => Self::own(
                Code::FailedPrecondition,
                LocalisationErrorReason::ArticleApprovalMissing,
                "the rules ask for an approval that the text does not have",
            ),
            Self::DraftExists => Self::own(
                Code::AlreadyExists,
                LocalisationErrorReason::ArticleDraftExists,
                "there is a draft of this text already",
            ),
            Self::SourceMissing => Self::own(
                Code::FailedPrecondition,
                LocalisationErrorReason::ArticleSourceMissing,
                "there is no such version of the source",
            ),
            Self::OfferNotFound => Self::own(
                Code::NotFound,
                LocalisationErrorReason::AnswerOfferNotFound,
                "no such offer of answers",
            ),
            Self::CaseNotFound => Self::own(
                Code::NotFound,
                LocalisationErrorReason::AnswerCaseNotFound,
                "no such case",
            ),
            Self::PlaybookNotFound => Self::own(
                Code::NotFound,
                LocalisationErrorReason::PlaybookNotFound,
                "no playbook for this purpose at this place",
            ),
            Self::VersionNotFound => Self::own(
                Code::NotFound,
                LocalisationErrorReason::VersionNotFound,
                "the catalogue has no such version",
            ),
            Self::RegionNotFound => Self::own(
                Code::NotFound,
                LocalisationErrorReason::RegionNotFound,
                "no profile of this place",
            ),
            Self::Fields(error) => error.answer(),
            Self::Page(error) => error.answer(),
            Self::Database(error) => error.answer(),
            Self::Peer(error) => error.answer(),
            Self::Search(_) | Self::Compile(_) | Self::Locales(_) | Self::NoDefault(_) | Self::Interrupted(_) => {
                Answer::internal()
            }
        }
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        into_status(error)
    }
}
