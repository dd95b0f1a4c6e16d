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

/// The twelve months, counted from a plan's first day, in which `day` lies: 0 for the first, with their first and last day.
/// None before the plan begins.
#[must_use]
pub fn twelve_months(begins: Date, day: Date) -> Option<(u16, Date, Date)> {
    if day < begins {
        return None;
    }
    let years = u16::try_from(day.year() - begins.year()).ok()?;
    // The day lies in the twelve months that end in its year or in the next ones.
    let first = years.saturating_sub(1);
    (first..=years).find_map(|number| {
        let from = match number {
            0 => begins,
            _ => last_day(begins, number.checked_mul(12)?).next_day()?,
        };
        let until = last_day(begins, number.checked_add(1)?.checked_mul(12)?);
        (from <= day && day <= until).then_some((number, from, until))
    })
}
