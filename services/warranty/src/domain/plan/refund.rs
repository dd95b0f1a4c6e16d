//! What is paid back when a plan ends early.
//!
//! Term by term: within the days of a full refund, counted from the day the term was paid, all of its price; later the part
//! of it that the days left after the day are of all its days, rounded as agreed, less the charge. A term that is over is
//! used up. What is paid back and what is kept are together what was paid, to the minor unit.

use time::Date;

use super::{Cancellation, Period};
use crate::domain::calendar::{days_after, days_later};
use crate::domain::money::{Amount, Currency, Rounding};

/// The whole in hundredths of a percent.
const WHOLE: u64 = 10_000;

/// What becomes of what was paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// What was paid for the terms that are not over.
    pub paid: Amount,
    /// What is paid back of it.
    pub refund: Amount,
    /// What is kept of it.
    pub kept: Amount,
    /// Term by term.
    pub terms: Vec<TermRefund>,
    /// The last day on which all of it is paid back; none where it no longer is.
    pub full_until: Option<Date>,
}

/// What becomes of what was paid for one term.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TermRefund {
    /// The term's number.
    pub number: u16,
    /// What was paid.
    pub paid: Amount,
    /// What is paid back.
    pub refund: Amount,
    /// Whether it is within the days of a full refund.
    pub full: bool,
    /// How many days it has.
    pub days: u32,
    /// How many of them are left after the day.
    pub days_left: u32,
    /// What is kept of the part for those.
    pub charge: Amount,
}

/// What would be paid back if a plan with these paid terms ended on `day`, the last one on which it covers. `currency` is the
/// one to say nothing in. None where the amounts are more than can be written, or of different currencies.
#[must_use]
pub fn refund(periods: &[Period], day: Date, currency: Currency) -> Option<Refund> {
    let open: Vec<&Period> = periods.iter().filter(|period| day <= period.until).collect();
    let terms = open
        .iter()
        .map(|period| of_term(period, day))
        .collect::<Option<Vec<_>>>()?;
    // Of terms in different currencies, where a renewal was agreed in another, only those of the last one's can be told in one
    // sum; a renewal keeps the currency of its plan, so there are none.
    let currency = open.first().map_or(currency, |period| period.agreed.price.currency);
    let sum = |of: fn(&TermRefund) -> Amount| {
        terms
            .iter()
            .try_fold(Amount::zero(currency), |sum, term| sum.checked_add(of(term)))
    };
    let (paid, refund) = (sum(|term| term.paid)?, sum(|term| term.refund)?);
    let full_until = open.iter().map(|period| full_until(period)).min();
    Some(Refund {
        paid,
        refund,
        kept: paid.checked_sub(refund)?,
        full_until: full_until.filter(|last| day <= *last && terms.iter().all(|term| term.full)),
        terms,
    })
}

fn full_until(period: &Period) -> Date {
    days_later(period.paid_on, period.agreed.cancellation.full_refund_days)
}

fn of_term(period: &Period, day: Date) -> Option<TermRefund> {
    let paid = period.agreed.price;
    let days = days_after(period.from, period.until) + 1;
    let days_left = if day < period.from {
        days
    } else {
        days_after(day, period.until)
    };
    let full = day <= full_until(period);
    let (refund, charge) = if full {
        (paid, Amount::zero(paid.currency))
    } else {
        let terms = &period.agreed.cancellation;
        let part = paid.checked_part(days_left.into(), days.into(), terms.rounding)?;
        let charge = charge(part, terms)?;
        (part.checked_sub(charge)?, charge)
    };
    Some(TermRefund {
        number: period.number,
        paid,
        refund,
        full,
        days,
        days_left,
        charge,
    })
}

/// What is kept of `part`. Rounded down, so that what is paid back never grows as the part becomes less.
fn charge(part: Amount, terms: &Cancellation) -> Option<Amount> {
    let Some(most) = terms.charge_at_most else {
        return Some(Amount::zero(part.currency));
    };
    let charge = part.checked_part(u64::from(terms.charge_basis_points).min(WHOLE), WHOLE, Rounding::Down)?;
    Some(Amount::new(part.currency, charge.minor.min(most.minor)))
}
