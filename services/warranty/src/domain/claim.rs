//! Claims: one use each of what a device is owed.
//!
//! Where uses are counted, they are drawn from a [`Pool`]: the incidents of one year of a plan, the one use of a service
//! program, the times of goodwill. A claim that lives has a place in its pool, or is over its limit: it expired, others took the
//! place, and then it was used all the same.

mod past;

use support_chassis::id::Id;
use support_chassis::{id_type, named};
use time::{Date, Duration, OffsetDateTime};

pub use past::{goodwill_on, past_repairs, programs_used};

use super::coverage::{DecisionId, Outcome};
use super::device::DeviceId;
use super::plan::PlanId;
use super::plan::term::twelve_months;

/// How long a reservation lives that belongs to no repair.
pub const RESERVED_FOR: Duration = Duration::minutes(15);

/// How long a decision can be relied on.
pub const DECISION_GOOD_FOR: Duration = Duration::hours(24);

id_type! {
    /// Names a claim. In the contract it is an entitlement.
    ClaimId
}

id_type! {
    /// Names a repair of repair-logistics.
    RepairId
}

named! {
    /// How far a claim is.
    State {
        /// Held for a repair that has not come to its end.
        Reserved = "reserved",
        /// Used.
        Committed = "committed",
        /// Given back.
        Released = "released",
        /// Given back because nobody finished it in time.
        Expired = "expired",
    }
}

impl State {
    /// Whether what it takes is taken.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Reserved | Self::Committed)
    }
}

/// A number of uses that claims share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Whose they are: a plan, or the first of the devices that replaced each other.
    pub holder: Id,
    /// Which of the holder's.
    pub name: String,
    /// How many there are.
    pub slots: u16,
}

/// What a decision grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// What it is.
    pub outcome: Outcome,
    /// The plan it is of.
    pub plan: Option<PlanId>,
    /// The service program or the rule of goodwill.
    pub rule_id: Option<String>,
    /// The 12 months of the plan in which it counts, first and last day.
    pub period: Option<(Date, Date)>,
    /// What it is drawn from; none where uses are not counted.
    pub pool: Option<Pool>,
}

impl Grant {
    /// What uses nothing up: the repair is recorded and no more.
    #[must_use]
    pub fn free(outcome: Outcome) -> Self {
        Self {
            outcome,
            plan: None,
            rule_id: None,
            period: None,
            pool: None,
        }
    }

    /// An incident on `day` of a plan that began on `begins` and has `per_12_months` of them in each twelve months, or any number. None
    /// before the plan begins.
    #[must_use]
    pub fn incident(plan: PlanId, begins: Date, per_12_months: Option<u16>, day: Date) -> Option<Self> {
        let (number, from, until) = twelve_months(begins, day)?;
        Some(Self {
            outcome: Outcome::Plan,
            plan: Some(plan),
            rule_id: None,
            period: Some((from, until)),
            pool: per_12_months.map(|slots| Pool {
                holder: plan.into(),
                name: format!("incidents/{number}"),
                slots,
            }),
        })
    }

    /// The service program `id`, `times` in the life of a unit.
    #[must_use]
    pub fn program(id: String, unit: DeviceId, times: u16) -> Self {
        Self {
            outcome: Outcome::ServiceProgram,
            plan: None,
            period: None,
            pool: Some(Pool {
                holder: unit.into(),
                name: format!("program/{id}"),
                slots: times,
            }),
            rule_id: Some(id),
        }
    }

    /// Goodwill by the rule `id`, `times` in the life of a unit.
    #[must_use]
    pub fn goodwill(id: String, unit: DeviceId, times: u16) -> Self {
        Self {
            outcome: Outcome::Goodwill,
            plan: None,
            period: None,
            pool: Some(Pool {
                holder: unit.into(),
                name: format!("goodwill/{id}"),
                slots: times,
            }),
            rule_id: Some(id),
        }
    }
}

/// One use of what a device is owed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its id.
    pub id: ClaimId,
    /// What is repaired.
    pub device_id: DeviceId,
    /// The decision that grants it; none of repairs that were ordered before entitlements were reserved.
    pub decision_id: Option<DecisionId>,
    /// What it uses.
    pub grant: Grant,
    /// How far it is.
    pub state: State,
    /// Its place in the pool, from 0; none where there is no pool, it has ended, or it is over the limit.
    pub slot: Option<u16>,
    /// Used though nothing was left.
    pub over_limit: bool,
    /// The day by which it counts.
    pub day: Date,
    /// What is repaired of it; empty for the whole device.
    pub components: Vec<String>,
    /// What the caller calls it.
    pub reference: Option<String>,
    /// The repair of repair-logistics it belongs to.
    pub repair_id: Option<RepairId>,
    /// The partner's organisation that asked for the decision.
    pub asked_by_organisation: Option<String>,
    /// When it was reserved.
    pub reserved_at: OffsetDateTime,
    /// When the reservation is over; none where it belongs to a repair, and once it is none.
    pub expires_at: Option<OffsetDateTime>,
    /// When it was used, given back or over.
    pub ended_at: Option<OffsetDateTime>,
    /// The day on which the device was handed in.
    pub received_on: Option<Date>,
    /// The day on which it was back.
    pub returned_on: Option<Date>,
}

/// A claim belongs to a repair, and what becomes of that decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound;

impl Claim {
    /// Whether a caller may use it, give it back or prolong it: what belongs to a repair, only the repair does.
    ///
    /// # Errors
    ///
    /// Where it belongs to one.
    pub fn check_free(&self) -> Result<(), Bound> {
        match self.repair_id {
            Some(_) => Err(Bound),
            None => Ok(()),
        }
    }

    /// Whether its reservation is over at `now`, whether or not anybody has noticed.
    #[must_use]
    pub fn is_over(&self, now: OffsetDateTime) -> bool {
        self.state == State::Reserved && self.expires_at.is_some_and(|over| over <= now)
    }

    /// This claim as it stands once it has ended in `state` at `now`: a use that is given back leaves its place in the pool.
    #[must_use]
    pub fn ended(mut self, state: State, now: OffsetDateTime) -> Self {
        if !state.is_live() {
            self.slot = None;
            self.over_limit = false;
        }
        self.state = state;
        self.expires_at = None;
        self.ended_at = Some(now);
        self
    }
}

#[cfg(test)]
mod tests;
