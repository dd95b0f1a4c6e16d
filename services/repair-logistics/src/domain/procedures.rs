//! The procedures: who may repair what, how long it may take, and what has to be said on the way.

use time::{Duration, OffsetDateTime};

use super::provider::{Kind, ProductLine};
use super::state::{State, Verb};

/// The procedures for one kind of place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Procedures {
    /// The versions they come from; stored with every repair whose step is taken by them.
    pub version: String,
    /// How long a repair may take there.
    pub turnaround: Turnaround,
    /// What may be repaired there.
    pub product_lines: Vec<ProductLine>,
    /// For how long after it was made an order may be begun.
    pub order_valid_for: Duration,
    /// The steps that are only taken with a note.
    pub note_required_for: Vec<Verb>,
}

/// How long a repair may take, from the moment that the device is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turnaround {
    /// From receiving the device to the diagnosis.
    pub diagnose_within: Duration,
    /// From the diagnosis to the end of the work.
    pub repair_within: Duration,
    /// From the end of the work to the customer's hand.
    pub return_within: Duration,
}

impl Turnaround {
    /// From receiving the device to the customer's hand.
    #[must_use]
    pub fn whole(&self) -> Duration {
        self.diagnose_within + self.repair_within + self.return_within
    }

    /// When the next step is due of a repair that came into `state` at `now`; none where the device is not there. `before`
    /// is when it was due until now.
    #[must_use]
    pub fn step_due(
        &self,
        state: State,
        now: OffsetDateTime,
        before: Option<OffsetDateTime>,
    ) -> Option<OffsetDateTime> {
        match state {
            State::Submitted | State::Returned | State::Canceled => None,
            State::Received => Some(now + self.diagnose_within),
            State::Diagnosed => Some(now + self.repair_within),
            // Beginning the work does not put off its end.
            State::InRepair => before,
            State::Finished => Some(now + self.return_within),
        }
    }
}

/// A place of this kind does not repair this product line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindNotAllowed {
    /// The product line.
    pub line: ProductLine,
    /// The kind.
    pub kind: Kind,
}

impl Procedures {
    /// Whether a place of `kind`, for which these procedures are, repairs `line`.
    ///
    /// # Errors
    ///
    /// Where it does not.
    pub fn check_kind(&self, kind: Kind, line: ProductLine) -> Result<(), KindNotAllowed> {
        if self.product_lines.contains(&line) {
            Ok(())
        } else {
            Err(KindNotAllowed { line, kind })
        }
    }
}
