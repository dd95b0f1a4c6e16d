//! The erasure of a customer: asked for by one person, approved by another, done when every service has erased.
//!
//! | from        | approve   | withdraw    | complete    |
//! |-------------|-----------|-------------|-------------|
//! | requested   | running   | withdrawn   |             |
//! | running     |           |             | completed   |

use support_chassis::named;
use time::OffsetDateTime;

use super::ids::{CaseId, CustomerId, ErasureId};

/// The services that hold something on customers, this one apart. Each says itself when it has erased.
pub const FOLLOWERS: [&str; 5] = ["case", "localisation", "repair-logistics", "routing", "warranty"];

named! {
    /// How far an erasure is.
    ErasureState {
        /// Asked for; nothing is erased.
        Requested = "requested",
        /// Taken back before it was approved.
        Withdrawn = "withdrawn",
        /// Erased here; other services follow.
        Running = "running",
        /// Every service has erased.
        Completed = "completed",
    }
}

named! {
    /// Why a customer is erased, or all that is held on them handed out.
    Reason {
        /// The customer wishes it.
        CustomerWish = "customer_wish",
        /// What the data were collected for is over.
        PurposeOver = "purpose_over",
        /// An authority or a court orders it.
        LegalOrder = "legal_order",
        /// The record was made by mistake, or twice.
        MistakenRecord = "mistaken_record",
    }
}

/// The erasure of a customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erasure {
    /// The id.
    pub id: ErasureId,
    /// Whose.
    pub customer_id: CustomerId,
    /// How far it is.
    pub state: ErasureState,
    /// Why.
    pub reason: Reason,
    /// The case it was asked for in.
    pub case_id: Option<CaseId>,
    /// Who asked: the subject of staff, the customer's id.
    pub requested_by: String,
    /// When.
    pub requested_at: OffsetDateTime,
    /// Who approved it or took it back, and when.
    pub decided: Option<(String, OffsetDateTime)>,
    /// When the last service was done.
    pub completed_at: Option<OffsetDateTime>,
}

/// Why an erasure cannot be decided so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotDecided {
    /// It is over, or under way.
    #[error("the erasure is {}", .0.as_str())]
    NotRequested(ErasureState),
    /// Who asked for it cannot approve it.
    #[error("who asked for it cannot approve it")]
    SamePerson,
}

impl Erasure {
    /// Approves it.
    ///
    /// # Errors
    ///
    /// [`NotDecided`].
    pub fn approve(&mut self, by: &str, now: OffsetDateTime) -> Result<(), NotDecided> {
        self.still_requested()?;
        if self.requested_by == by {
            return Err(NotDecided::SamePerson);
        }
        self.decide(ErasureState::Running, by, now);
        Ok(())
    }

    /// Takes it back.
    ///
    /// # Errors
    ///
    /// [`NotDecided::NotRequested`].
    pub fn withdraw(&mut self, by: &str, now: OffsetDateTime) -> Result<(), NotDecided> {
        self.still_requested()?;
        self.decide(ErasureState::Withdrawn, by, now);
        Ok(())
    }

    /// Ends it, where it is under way: every service has erased. Says whether it did.
    pub fn complete(&mut self, now: OffsetDateTime) -> bool {
        let is_under_way = self.state == ErasureState::Running;
        if is_under_way {
            self.state = ErasureState::Completed;
            self.completed_at = Some(now);
        }
        is_under_way
    }

    fn still_requested(&self) -> Result<(), NotDecided> {
        match self.state {
            ErasureState::Requested => Ok(()),
            other => Err(NotDecided::NotRequested(other)),
        }
    }

    fn decide(&mut self, state: ErasureState, by: &str, now: OffsetDateTime) {
        self.state = state;
        self.decided = Some((by.to_owned(), now));
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::id::Id;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-26 12:00 UTC);

    fn id<T: From<Id>>() -> T {
        Id::from_parts("eu".parse().unwrap(), NOW, 7).into()
    }

    fn erasure(state: ErasureState) -> Erasure {
        Erasure {
            id: id(),
            customer_id: id(),
            state,
            reason: Reason::CustomerWish,
            case_id: None,
            requested_by: "ada".into(),
            requested_at: NOW,
            decided: None,
            completed_at: None,
        }
    }

    #[test]
    fn two_persons_want_it() {
        let mut asked = erasure(ErasureState::Requested);
        assert_eq!(asked.approve("ada", NOW), Err(NotDecided::SamePerson));
        assert_eq!(asked, erasure(ErasureState::Requested));
        assert_eq!(asked.approve("bob", NOW), Ok(()));
        assert_eq!(
            (asked.state, asked.decided),
            (ErasureState::Running, Some(("bob".into(), NOW)))
        );
    }

    #[test]
    fn what_is_decided_stays_so() {
        for &state in ErasureState::ALL {
            let refused = (state != ErasureState::Requested).then_some(NotDecided::NotRequested(state));
            assert_eq!(erasure(state).approve("bob", NOW).err(), refused);
            assert_eq!(erasure(state).withdraw("bob", NOW).err(), refused);
            assert_eq!(erasure(state).complete(NOW), state == ErasureState::Running);
        }
    }
}
