//! Why a call is refused.

use support_chassis::db::DbError;
use support_chassis::error::{Answer, InvalidFields, PeerError, ServiceError, Violation, into_status};
use support_chassis::page::PageError;
use support_proto::support::localisation::v1::{ArticleDraftState, LocalisationErrorReason};
use tonic::{Code, Status};

use support_words::message::Fault;
use support_words::tag::Tag;

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
    /// There is no open draft of a message.
    #[error("there is no open draft of {0}")]
    TextDraftNotFound(String),
    /// A draft is not in a state for this.
    #[error("the draft of {0} is not in a state for this")]
    TextDraftState(String),
    /// A draft is not at the revision that was seen, or another set is the newest one.
    #[error("changed since it was seen")]
    Changed,
    /// Who wrote a text does not approve it.
    #[error("who wrote a text does not approve it")]
    TextApproverIsAuthor,
    /// The standard does not let texts be published directly.
    #[error("texts are not published directly")]
    DirectPublishingClosed,
    /// No such set.
    #[error("no such set")]
    SetNotFound,
    /// Nothing of what was chosen is approved.
    #[error("nothing of what was chosen is approved")]
    NoneApproved,
    /// A file cannot be read.
    #[error("the file cannot be read: {0}")]
    FileUnreadable(#[from] crate::exchange::Unreadable),
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
    Peer(Box<PeerError>),
    /// An index cannot be read or written.
    #[error(transparent)]
    Search(#[from] Box<tantivy::TantivyError>),
    /// Work in the background was cut off.
    #[error("the catalogue could not be compiled")]
    Interrupted(#[from] tokio::task::JoinError),
}

/// A message that cannot be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultyMessage {
    /// Where it stands: `messages[3].pattern` of a request, the locale of a set.
    pub field: String,
    /// The locale.
    pub locale: Tag,
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
    #[expect(clippy::too_many_lines, reason = "one arm an error, so that none can be left out")]
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
                        message.field.clone(),
                        format!("{}: {}", message.key, message.fault),
                    ))
                })
            }
            Self::CatalogueChanged | Self::Changed | Self::DraftChanged => Answer::conflict(),
            Self::TextDraftNotFound(key) => Self::own(
                Code::NotFound,
                LocalisationErrorReason::MessageDraftNotFound,
                "there is no open draft of this message",
            )
            .with("key", key.clone()),
            Self::TextDraftState(key) => Self::own(
                Code::FailedPrecondition,
                LocalisationErrorReason::MessageDraftState,
                "the draft is not in a state for this",
            )
            .with("key", key.clone()),
            Self::TextApproverIsAuthor => Self::own(
                Code::PermissionDenied,
                LocalisationErrorReason::MessageApproverIsAuthor,
                "who wrote a text does not approve it",
            ),
            Self::DirectPublishingClosed => Self::own(
                Code::FailedPrecondition,
                LocalisationErrorReason::MessageDirectPublishingClosed,
                "the standard does not let texts be published directly",
            ),
            Self::SetNotFound => Self::own(
                Code::NotFound,
                LocalisationErrorReason::MessageSetNotFound,
                "no such set",
            ),
            Self::NoneApproved => Self::own(
                Code::FailedPrecondition,
                LocalisationErrorReason::MessagesNoneApproved,
                "nothing of what was chosen is approved",
            ),
            Self::FileUnreadable(why) => Self::own(
                Code::InvalidArgument,
                LocalisationErrorReason::MessageFileUnreadable,
                "the file cannot be read",
            )
            .with("detail", why.to_string()),
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

impl From<tantivy::TantivyError> for Error {
    /// Boxed: it is far larger than all other errors.
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Search(Box::new(error))
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        into_status(error)
    }
}
