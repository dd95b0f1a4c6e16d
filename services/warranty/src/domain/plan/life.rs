//! What becomes of a plan.
//!
//! A plan waits for its first payment, covers while its terms are paid, covers on for some days while the next one is not,
//! and ends: it lapses where it is not paid, it expires where its last term is over, it is canceled where somebody ends it.
//!
//! ```text
//! pending_payment --pay--> active --pay--> active
//! pending_payment --wait_over--> lapsed
//! active --term_over--> expired
//! active --term_over_unpaid--> in_grace --pay--> active
//! in_grace --grace_over--> lapsed
//! in_grace --decline--> expired
//! pending_payment, active, in_grace --cancel--> canceled
//! ```

use support_chassis::named;
use time::{Date, Duration};

use super::Plan;
use crate::domain::calendar::days_later;

named! {
    /// How it stands with a plan.
    State {
        /// Bought, and not yet paid.
        PendingPayment = "pending_payment",
        /// Paid.
        Active = "active",
        /// Its term is over, the next one is not paid, and it covers on.
        InGrace = "in_grace",
        /// It was not paid in time.
        Lapsed = "lapsed",
        /// It was ended before its time.
        Canceled = "canceled",
        /// Its last term is over.
        Expired = "expired",
    }
}

named! {
    /// What can happen to a plan.
    Step {
        /// What is due is paid.
        Pay = "pay",
        /// The first payment did not come in time.
        WaitOver = "wait_over",
        /// The term is over, and no other is to follow.
        TermOver = "term_over",
        /// The term is over, and the next one is not paid.
        TermOverUnpaid = "term_over_unpaid",
        /// The days of grace are over.
        GraceOver = "grace_over",
        /// In its grace the next term is no longer wanted.
        Decline = "decline",
        /// Somebody ends it.
        Cancel = "cancel",
    }
}

/// Every step there is: from which state, what happens, to which state.
pub const STEPS: &[(State, Step, State)] = &[
    (State::PendingPayment, Step::Pay, State::Active),
    (State::PendingPayment, Step::WaitOver, State::Lapsed),
    (State::PendingPayment, Step::Cancel, State::Canceled),
    (State::Active, Step::Pay, State::Active),
    (State::Active, Step::TermOver, State::Expired),
    (State::Active, Step::TermOverUnpaid, State::InGrace),
    (State::Active, Step::Cancel, State::Canceled),
    (State::InGrace, Step::Pay, State::Active),
    (State::InGrace, Step::GraceOver, State::Lapsed),
    (State::InGrace, Step::Decline, State::Expired),
    (State::InGrace, Step::Cancel, State::Canceled),
];

impl State {
    /// Whether nothing becomes of it any more.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Lapsed | Self::Canceled | Self::Expired)
    }

    /// The state after a step; none where the step cannot happen in this one.
    #[must_use]
    pub fn after(self, step: Step) -> Option<Self> {
        STEPS
            .iter()
            .find(|(from, with, _)| (*from, *with) == (self, step))
            .map(|(_, _, to)| *to)
    }
}

/// What time alone brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Event {
    /// A step of its life.
    Step(Step),
    /// Its renewal can be prepared, and it renews by itself.
    RenewalOpens,
}

/// The first day on which time brings something about, and what; none where it never will.
#[must_use]
pub fn next(plan: &Plan) -> Option<(Date, Event)> {
    let after = |day: Date, event| Some((day.next_day().unwrap_or(Date::MAX), Event::Step(event)));
    match plan.state {
        State::PendingPayment => after(days_later(plan.enrolled_on, plan.first.payment_days), Step::WaitOver),
        State::Active => {
            let last = plan.periods.last()?;
            if plan.renewal.is_some() {
                return after(last.until, Step::TermOverUnpaid);
            }
            match renewal_opens(plan).filter(|opens| plan.renews && *opens <= last.until) {
                Some(opens) => Some((opens, Event::RenewalOpens)),
                None => after(last.until, Step::TermOver),
            }
        }
        State::InGrace => after(plan.grace_until()?, Step::GraceOver),
        State::Lapsed | State::Canceled | State::Expired => None,
    }
}

/// The first day on which the next term can be prepared: as many days before the last one of the present term as agreed,
/// and not before that term begins. None where the plan cannot be renewed.
#[must_use]
pub fn renewal_opens(plan: &Plan) -> Option<Date> {
    let last = plan.periods.last()?;
    let days = last.agreed.renewal_window_days?;
    let opens = last.until.checked_sub(Duration::days(days.into())).unwrap_or(Date::MIN);
    Some(opens.max(last.from))
}
