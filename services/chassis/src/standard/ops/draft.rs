//! A draft and its states.
//!
//! ```text
//! open ----approve--> approved ----publish--> published
//!  | ^                 |    |
//!  | `-----change------'    |
//!  |---publish--> published |        (documents that ask for nobody's approval)
//!  `---discard--> discarded <-discard-'
//! ```
//!
//! Who changes an approved draft takes the approval away: what is published is what was approved.

use time::{Date, OffsetDateTime};

use super::proposal::Proposal;
use crate::standard::error::Error;
use crate::standard::place::Place;
use crate::standard::records::PublicationId;

crate::id_type! {
    /// Names a draft.
    DraftId
}

crate::named! {
    /// What state a draft is in.
    DraftState {
        /// It is being written.
        Open = "open",
        /// Somebody other than its author has approved it as it stands.
        Approved = "approved",
        /// It was published.
        Published = "published",
        /// It was thrown away.
        Discarded = "discarded",
    }
}

/// What is done to a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Its content, day or reason is changed.
    Change,
    /// It is checked.
    Check,
    /// It is approved.
    Approve,
    /// It is published.
    Publish,
    /// It is thrown away.
    Discard,
}

/// What every act makes of every state. What is not here is refused.
const MOVES: &[(DraftState, Act, DraftState)] = &[
    (DraftState::Open, Act::Change, DraftState::Open),
    (DraftState::Open, Act::Check, DraftState::Open),
    (DraftState::Open, Act::Approve, DraftState::Approved),
    (DraftState::Open, Act::Publish, DraftState::Published),
    (DraftState::Open, Act::Discard, DraftState::Discarded),
    (DraftState::Approved, Act::Change, DraftState::Open),
    (DraftState::Approved, Act::Check, DraftState::Approved),
    (DraftState::Approved, Act::Publish, DraftState::Published),
    (DraftState::Approved, Act::Discard, DraftState::Discarded),
];

impl DraftState {
    /// The state after an act; none where it does not allow the act.
    #[must_use]
    pub fn after(self, act: Act) -> Option<Self> {
        let same = |(from, by, _): &&(Self, Act, Self)| (*from, *by) == (self, act);
        MOVES.iter().find(same).map(|(_, _, to)| *to)
    }
}

/// What a draft would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Publish this content, canonical JSON: a whole document for the global place, a merge patch for another.
    Publish(String),
    /// Withdraw this publication.
    Withdraw(PublicationId),
}

/// A version, or a withdrawal, that is being prepared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its id.
    pub id: DraftId,
    /// The document, `<service>/<name>`.
    pub document: String,
    /// The place.
    pub place: Place,
    /// Its state.
    pub state: DraftState,
    /// What it would do.
    pub intent: Intent,
    /// The first day on which it is to hold, or of a withdrawal on which the publication no longer is; none for the day
    /// on which it is published.
    pub effective_from: Option<Date>,
    /// Why.
    pub reason: String,
    /// Who changed it last, `<kind>:<subject>`.
    pub author: String,
    /// Who approved it as it stands, `<kind>:<subject>`.
    pub approver: Option<String>,
    /// What it was published as; of a withdrawal what was withdrawn.
    pub publication: Option<PublicationId>,
    /// Raised by every change.
    pub revision: i64,
    /// When it was begun.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
}

impl Draft {
    /// Changes with every change.
    #[must_use]
    pub fn etag(&self) -> String {
        self.revision.to_string()
    }

    /// What it proposes, were it published today.
    #[must_use]
    pub fn proposal(&self, today: Date) -> Proposal {
        Proposal {
            document: self.document.clone(),
            place: self.place.clone(),
            intent: self.intent.clone(),
            day: self.effective_from.unwrap_or(today),
        }
    }

    /// Whether it withdraws.
    #[must_use]
    pub fn is_withdrawal(&self) -> bool {
        matches!(self.intent, Intent::Withdraw(_))
    }

    /// Sees that its state allows an act.
    ///
    /// # Errors
    ///
    /// [`Error::DraftState`].
    pub fn allows(&self, act: Act) -> Result<DraftState, Error> {
        self.state.after(act).ok_or(Error::DraftState {
            draft: self.id,
            state: self.state.as_str(),
        })
    }

    /// Moves on by an act: the state, the revision, the time. Whoever changes an approved draft takes the approval
    /// away.
    ///
    /// # Errors
    ///
    /// [`Error::DraftState`] where the state does not allow it.
    pub fn advance(&mut self, act: Act, now: OffsetDateTime) -> Result<(), Error> {
        self.state = self.allows(act)?;
        if self.state == DraftState::Open {
            self.approver = None;
        }
        self.revision += 1;
        self.updated_at = now;
        Ok(())
    }

    /// Refuses who has seen another revision.
    ///
    /// # Errors
    ///
    /// [`Error::DraftChanged`].
    pub fn expect(&self, etag: &str) -> Result<(), Error> {
        if self.etag() == etag {
            Ok(())
        } else {
            Err(Error::DraftChanged)
        }
    }
}

/// Whether two callers, each `<kind>:<subject>`, are one person. The kind does not count: somebody who signs in as staff
/// today and as operator tomorrow is still one pair of eyes.
#[must_use]
pub fn is_same_person(one: &str, other: &str) -> bool {
    let subject = |caller: &'_ str| caller.split_once(':').map_or(caller, |(_, subject)| subject).to_owned();
    subject(one) == subject(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTS: [Act; 5] = [Act::Change, Act::Check, Act::Approve, Act::Publish, Act::Discard];

    #[test]
    fn no_move_stands_twice_in_the_table() {
        for (index, (from, act, _)) in MOVES.iter().enumerate() {
            assert!(
                MOVES[index + 1..]
                    .iter()
                    .all(|(other, by, _)| (other, by) != (from, act)),
                "{from:?} {act:?}"
            );
        }
    }

    #[test]
    fn what_has_ended_stays_ended() {
        for state in [DraftState::Published, DraftState::Discarded] {
            for act in ACTS {
                assert_eq!(state.after(act), None, "{state:?} {act:?}");
            }
        }
    }

    #[test]
    fn approval_is_of_an_open_draft_and_lost_by_a_change() {
        assert_eq!(DraftState::Open.after(Act::Approve), Some(DraftState::Approved));
        assert_eq!(DraftState::Approved.after(Act::Approve), None);
        assert_eq!(DraftState::Approved.after(Act::Change), Some(DraftState::Open));
    }

    #[test]
    fn a_person_is_one_by_whichever_door() {
        assert!(is_same_person("staff:a", "operator:a"));
        assert!(!is_same_person("staff:a", "staff:b"));
    }
}
