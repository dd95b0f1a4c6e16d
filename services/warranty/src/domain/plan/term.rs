//! The days of a plan's terms.
//!
//! Terms follow each other without a gap and without an overlap. Their ends are all reckoned from the plan's first day, so
//! that a plan of single months that began on the 31st ends on the 31st of every month that has one, and not on the 28th
//! for ever once it has passed February.

use time::Date;

use super::Period;
use crate::domain::calendar::{days_later, last_day};

/// The days of the first term, that is paid on `paid_on`: from the first day after the waiting, for as many months.
#[must_use]
pub fn first(paid_on: Date, waiting_days: u16, months: u16) -> (Date, Date) {
    let from = days_later(paid_on, waiting_days);
    (from, last_day(from, months))
}

/// The days of a further term of `months` after these; none where there is no term before, or no day left in the calendar.
#[must_use]
pub fn following(periods: &[Period], months: u16) -> Option<(Date, Date)> {
    let (begins, last) = (periods.first()?.from, periods.last()?);
    let before: u16 = periods
        .iter()
        .try_fold(0_u16, |sum, period| sum.checked_add(period.agreed.months))?;
    let from = last.until.next_day()?;
    let until = last_day(begins, before.checked_add(months)?);
    (from <= until).then_some((from, until))
}
