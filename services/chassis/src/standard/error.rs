//! Why a call about the standard is refused, each with its code and reason.

use support_proto::support::options::v1::Departure;
use support_proto::support::standard::v1::StandardErrorReason as Reason;
use time::Date;
use tonic::{Code, Status};

use super::adding::AddError;
use super::compare::Departed;
use super::content::{CONTENT_LIMIT, Fault};
use super::ops::draft::DraftId;
use super::place::Place;
use crate::db::DbError;
use crate::error::{Answer, InvalidFields, ServiceError, Violation, into_status};
use crate::id::Region;
use crate::lifecycle::BoxError;
use crate::page::PageError;

/// The domain of these reasons.
const DOMAIN: &str = "support.standard.v1";
/// The most characters of a value that an error quotes: a status travels in headers. The whole value is in the report of
/// the check.
const QUOTED: usize = 80;

/// Why a call about the standard is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The service has no such document.
    #[error("the service has no such document")]
    DocumentNotFound {
        /// What was asked for.
        document: String,
    },
    /// No such publication of the document, or no version of it holds on the day.
    #[error("no such version of the document")]
    VersionNotFound {
        /// The document.
        document: String,
    },
    /// No such draft of the document.
    #[error("no such draft of the document")]
    DraftNotFound,
    /// The place is not in the territories.
    #[error("the place is not in the territories")]
    PlaceNotFound {
        /// The place.
        place: Place,
    },
    /// The content is no document.
    #[error("the content is no document")]
    ContentInvalid(Vec<Fault>),
    /// The overlay loosens the standard.
    #[error("the overlay loosens the standard")]
    OverlayLoosens(Vec<Departed>),
    /// Another region makes the rules of the place.
    #[error("another region makes the rules of the place")]
    PlaceOfOtherRegion {
        /// The place.
        place: Place,
        /// The region.
        region: String,
    },
    /// Another region holds the authority.
    #[error("another region holds the authority over the global standard")]
    NotAuthority {
        /// The region.
        region: Region,
    },
    /// The draft's state does not allow this.
    #[error("the draft is {state}")]
    DraftState {
        /// The draft.
        draft: DraftId,
        /// The state, as it is stored: `published`.
        state: &'static str,
    },
    /// Who wrote a draft cannot approve it.
    #[error("who wrote a draft cannot approve it")]
    ApproverIsAuthor,
    /// The document asks for approval, and the draft has none.
    #[error("the document asks for an approval that the draft does not have")]
    ApprovalMissing,
    /// The standard has moved on since the check.
    #[error("the standard has moved on since the check, or there was none")]
    CheckOutdated,
    /// The day lies in the past.
    #[error("what held on past days is never changed")]
    DayPassed {
        /// The earliest day there is.
        today: Date,
    },
    /// The publication is withdrawn from that day or an earlier one.
    #[error("the publication is withdrawn from that day or an earlier one already")]
    AlreadyWithdrawn,
    /// Nothing would hold any more.
    #[error("nothing would hold any more without the publication")]
    LastVersion,
    /// The content is larger than a document may be.
    #[error("the content is larger than a document may be")]
    ContentTooLarge,
    /// Whole overlays would be set aside.
    #[error("whole overlays would be set aside")]
    OverlaysSetAside {
        /// Their places.
        places: Vec<Place>,
    },
    /// The region is not followed.
    #[error("the region is not one that this deployment follows")]
    RegionNotFollowed {
        /// The region.
        region: String,
    },
    /// The region holds the authority already.
    #[error("the region holds the authority already")]
    AuthorityHeld {
        /// The region.
        region: Region,
    },
    /// The draft was changed since the caller read it.
    #[error("the draft was changed since it was read")]
    DraftChanged,
    /// A simulator of the service failed.
    #[error("the simulation failed")]
    Simulation(#[source] BoxError),
    /// Fields break their rules.
    #[error(transparent)]
    InvalidFields(#[from] InvalidFields),
    /// The page token is none of this list.
    #[error(transparent)]
    Page(#[from] PageError),
    /// The database did not do what was asked.
    #[error("database")]
    Database(#[from] DbError),
}

impl From<AddError> for Error {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Db(error) => Self::Database(error),
            // Under the lock nobody else can have taken its id, its version or its number.
            AddError::Contradicted => Self::Database(DbError::Corrupt {
                table: "standard_publications",
                column: "version",
            }),
        }
    }
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::InvalidFields(violation.into())
    }
}

impl ServiceError for Error {
    fn answer(&self) -> Answer {
        let (code, reason) = match self {
            Self::DocumentNotFound { .. } => (Code::NotFound, Reason::DocumentNotFound),
            Self::VersionNotFound { .. } => (Code::NotFound, Reason::VersionNotFound),
            Self::DraftNotFound => (Code::NotFound, Reason::DraftNotFound),
            Self::PlaceNotFound { .. } => (Code::NotFound, Reason::PlaceNotFound),
            Self::ContentInvalid(_) => (Code::InvalidArgument, Reason::ContentInvalid),
            Self::OverlayLoosens(_) => (Code::InvalidArgument, Reason::OverlayLoosens),
            Self::PlaceOfOtherRegion { .. } => (Code::FailedPrecondition, Reason::PlaceOfOtherRegion),
            Self::NotAuthority { .. } => (Code::FailedPrecondition, Reason::NotAuthority),
            Self::DraftState { .. } => (Code::FailedPrecondition, Reason::DraftState),
            Self::ApproverIsAuthor => (Code::FailedPrecondition, Reason::ApproverIsAuthor),
            Self::ApprovalMissing => (Code::FailedPrecondition, Reason::ApprovalMissing),
            Self::CheckOutdated => (Code::FailedPrecondition, Reason::CheckOutdated),
            Self::DayPassed { .. } => (Code::InvalidArgument, Reason::DayPassed),
            Self::AlreadyWithdrawn => (Code::FailedPrecondition, Reason::AlreadyWithdrawn),
            Self::LastVersion => (Code::FailedPrecondition, Reason::LastVersion),
            Self::ContentTooLarge => (Code::InvalidArgument, Reason::ContentTooLarge),
            Self::OverlaysSetAside { .. } => (Code::FailedPrecondition, Reason::OverlaysSetAside),
            Self::RegionNotFollowed { .. } => (Code::InvalidArgument, Reason::RegionNotFollowed),
            Self::AuthorityHeld { .. } => (Code::FailedPrecondition, Reason::AuthorityHeld),
            Self::DraftChanged => return Answer::conflict(),
            Self::Simulation(_) => return Answer::internal(),
            Self::InvalidFields(error) => return error.answer(),
            Self::Page(error) => return error.answer(),
            Self::Database(error) => return error.answer(),
        };
        self.details(Answer::new(code, DOMAIN, reason.as_str_name(), self.to_string()))
    }
}

impl Error {
    /// Adds what changes from case to case.
    fn details(&self, answer: Answer) -> Answer {
        match self {
            Self::DocumentNotFound { document } | Self::VersionNotFound { document } => {
                answer.with("document", document)
            }
            Self::PlaceNotFound { place } => answer.with("place", place.to_string()),
            Self::PlaceOfOtherRegion { place, region } => {
                answer.with("place", place.to_string()).with("region", region)
            }
            Self::NotAuthority { region } | Self::AuthorityHeld { region } => answer.with("region", region.to_string()),
            Self::RegionNotFollowed { region } => answer.with("region", region),
            Self::DraftState { draft, state } => {
                let answer = answer.with("state", *state);
                answer.precondition("DRAFT_STATE", draft.to_string(), format!("is {state}"))
            }
            Self::DayPassed { today } => answer.with("today", today.to_string()),
            Self::ContentTooLarge => answer.with("limit_bytes", CONTENT_LIMIT.to_string()),
            Self::OverlaysSetAside { places } => {
                let places: Vec<_> = places.iter().map(Place::to_string).collect();
                answer.with("places", places.join(" "))
            }
            Self::ContentInvalid(faults) => {
                let mut answer = answer;
                answer.violations = faults
                    .iter()
                    .map(|fault| Violation::new(&fault.path, &fault.fault))
                    .collect();
                answer
            }
            Self::OverlayLoosens(departed) => {
                let mut answer = answer;
                answer.violations = departed.iter().map(loosened).collect();
                answer
            }
            _ => answer,
        }
    }
}

/// A field that an overlay loosens, with the rule and both values.
fn loosened(departed: &Departed) -> Violation {
    let words = format!(
        "{} ({}): {} in the standard, {} in the overlay",
        departed.rule.in_words(),
        Departure::from(departed.rule).as_str_name(),
        quoted(&departed.standard),
        quoted(&departed.overlay),
    );
    Violation::new(&departed.path, words)
}

fn quoted(value: &str) -> String {
    if value.is_empty() {
        return "nothing".to_owned();
    }
    match value.char_indices().nth(QUOTED) {
        None => value.to_owned(),
        Some((end, _)) => format!("{}...", &value[..end]),
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        into_status(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::departure::Rule;

    #[test]
    fn what_loosens_is_named_with_its_rule_and_both_values() {
        let departed = Departed {
            path: "codes.sends".to_owned(),
            rule: Rule::Lower,
            standard: "5".to_owned(),
            overlay: String::new(),
        };
        let told = loosened(&departed);
        assert_eq!(told.field, "codes.sends");
        assert_eq!(
            told.description,
            "may only be lower (DEPARTURE_MAY_TIGHTEN_LOWER): 5 in the standard, nothing in the overlay"
        );
    }

    #[test]
    fn long_values_are_quoted_in_part() {
        assert_eq!(quoted(&"ü".repeat(QUOTED)), "ü".repeat(QUOTED));
        assert_eq!(quoted(&"ü".repeat(QUOTED + 1)), format!("{}...", "ü".repeat(QUOTED)));
    }
}
