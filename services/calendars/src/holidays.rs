//! The holidays of a place, and what is kept in their stead where they fall on days that are free anyway.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use time::{Date, Duration, Weekday};

use crate::rule::Rule;
use crate::words::{index, offset, weekday};

/// A holiday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holiday {
    /// Its name: `good-friday`.
    pub name: Arc<str>,
    /// When it is.
    pub rule: Rule,
    /// Its days as they were announced, in order; where a year has one, the rule does not hold in it.
    pub dates: Vec<Date>,
    /// How many days it lasts.
    pub days: u8,
    /// What is kept in its stead.
    pub observed: Option<Observed>,
    /// The first year in which it is kept.
    pub from_year: i32,
    /// The last one.
    pub until_year: i32,
}

/// What is kept in a holiday's stead, by what it falls on; the first case that fits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    moves: bool,
    cases: Vec<(Falls, Shift)>,
}

/// What a holiday falls on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Falls {
    weekdays: Vec<Weekday>,
    /// Another holiday.
    holiday: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shift {
    /// So many days later.
    By(i16),
    /// The next day that is neither weekend nor holiday.
    Next,
    /// The next day that is no holiday.
    Following,
}

/// A text that does not say what is kept in a holiday's stead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("does not say what is kept in its stead")]
pub struct InvalidObserved;

impl FromStr for Observed {
    type Err = InvalidObserved;

    fn from_str(text: &str) -> Result<Self, InvalidObserved> {
        let (moves, cases) = match text.strip_prefix("move ") {
            Some(cases) => (true, cases),
            None => (false, text),
        };
        let cases = cases
            .split(", ")
            .map(case)
            .collect::<Option<_>>()
            .ok_or(InvalidObserved)?;
        Ok(Self { moves, cases })
    }
}

fn case(text: &str) -> Option<(Falls, Shift)> {
    let (falls_on, shift) = text.rsplit_once(' ')?;
    let mut falls = Falls::default();
    for word in falls_on.split(' ') {
        match weekday(word) {
            Some(day) => falls.weekdays.push(day),
            None if word == "holiday" => falls.holiday = true,
            None => return None,
        }
    }
    let shift = match shift {
        "next" => Shift::Next,
        "following" => Shift::Following,
        days => Shift::By(offset(days).filter(|days| *days != 0)?),
    };
    Some((falls, shift))
}

impl Observed {
    fn shift(&self, day: Date, on_holiday: bool) -> Option<Shift> {
        let fits = |falls: &Falls| falls.weekdays.contains(&day.weekday()) || (falls.holiday && on_holiday);
        self.cases
            .iter()
            .find(|(falls, _)| fits(falls))
            .map(|(_, shift)| *shift)
    }
}

/// A holiday on a day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// Its name.
    pub name: Arc<str>,
    /// Whether the day is not the one it fell on.
    pub substitute: bool,
    /// Whether the day is a forecast.
    pub provisional: bool,
}

/// The holidays of a place.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Holidays {
    list: Vec<Holiday>,
    weekend: [bool; 7],
}

/// The days on which holidays are kept, with those of each day by name.
pub type Year = BTreeMap<Date, Vec<Kept>>;

/// A holiday on a day that its rule gives.
struct Fallen<'h> {
    day: Date,
    holiday: &'h Holiday,
    provisional: bool,
}

impl Holidays {
    /// These holidays, at a place with this weekend.
    #[must_use]
    pub fn new(mut list: Vec<Holiday>, weekend: &[Weekday]) -> Self {
        list.sort_by(|one, other| one.name.cmp(&other.name));
        let mut days = [false; 7];
        for day in weekend {
            days[index(*day)] = true;
        }
        Self { list, weekend: days }
    }

    /// Whether a day lies in the weekend.
    #[must_use]
    pub fn is_weekend(&self, day: Date) -> bool {
        self.weekend[index(day.weekday())]
    }

    /// The last year for which all that has to be announced has been; none where nothing has to be.
    #[must_use]
    pub fn announced_until(&self) -> Option<i32> {
        self.list
            .iter()
            .filter(|holiday| {
                (holiday.rule.is_announced() || holiday.rule.is_forecast()) && holiday.until_year == i32::MAX
            })
            .map(|holiday| holiday.dates.last().map_or(0, |last| last.year()))
            .min()
    }

    /// What is kept in a year.
    #[must_use]
    pub fn year(&self, year: i32) -> Year {
        // What falls on the last days of one year may be kept on the first of the next, and the other way round.
        let mut fallen: Vec<Fallen<'_>> = (year - 1..=year + 1)
            .flat_map(|near| self.list.iter().flat_map(move |holiday| fallen(holiday, near)))
            .collect();
        fallen.sort_by(|one, other| (one.day, &one.holiday.name).cmp(&(other.day, &other.holiday.name)));
        let mut kept = Year::new();
        let mut free: BTreeSet<Date> = fallen.iter().map(|one| one.day).collect();
        let mut keep = |day: Date, of: &Fallen<'_>, substitute: bool| {
            let names = kept.entry(day).or_default();
            if !names.iter().any(|known: &Kept| known.name == of.holiday.name) {
                names.push(Kept {
                    name: Arc::clone(&of.holiday.name),
                    substitute,
                    provisional: of.provisional,
                });
            }
        };
        let mut before: Option<Date> = None;
        for one in &fallen {
            let on_holiday = before == Some(one.day);
            before = Some(one.day);
            let shift = one.holiday.observed.as_ref().and_then(|observed| {
                let shift = observed.shift(one.day, on_holiday)?;
                Some((observed.moves, shift))
            });
            let stead = shift.and_then(|(moves, shift)| Some((moves, self.stead(one.day, shift, &free)?)));
            match stead {
                None => keep(one.day, one, false),
                Some((moves, day)) => {
                    if !moves {
                        keep(one.day, one, false);
                    }
                    keep(day, one, true);
                    free.insert(day);
                }
            }
        }
        self.keep_between(year, &mut kept);
        kept.retain(|day, _| day.year() == year);
        for names in kept.values_mut() {
            names.sort();
        }
        kept
    }

    /// The day on which it is kept that falls on `day`.
    fn stead(&self, day: Date, shift: Shift, free: &BTreeSet<Date>) -> Option<Date> {
        let is_taken = |day: &Date| free.contains(day);
        let mut later = std::iter::successors(day.next_day(), |day| day.next_day()).take(30);
        match shift {
            Shift::By(days) => day.checked_add(Duration::days(days.into())),
            Shift::Next => later.find(|day| !is_taken(day) && !self.is_weekend(*day)),
            Shift::Following => later.find(|day| !is_taken(day)),
        }
    }

    /// Days between two holidays, where the place keeps them. Those kept in another's stead make none.
    fn keep_between(&self, year: i32, kept: &mut Year) {
        let Some(holiday) = self.list.iter().find(|holiday| holiday.rule.is_between()) else {
            return;
        };
        if !(holiday.from_year..=holiday.until_year).contains(&year) {
            return;
        }
        let is_own = |day: Option<Date>| {
            day.and_then(|day| kept.get(&day))
                .is_some_and(|names| names.iter().any(|kept| !kept.substitute))
        };
        let between: Vec<Date> = kept
            .keys()
            .filter_map(|day| day.next_day())
            .filter(|day| {
                !kept.contains_key(day)
                    && is_own(day.previous_day())
                    && is_own(day.next_day())
                    && !self.is_weekend(*day)
            })
            .collect();
        for day in between {
            let name = Arc::clone(&holiday.name);
            kept.insert(
                day,
                vec![Kept {
                    name,
                    substitute: false,
                    provisional: false,
                }],
            );
        }
    }
}

/// The days of a year on which a holiday falls.
fn fallen(holiday: &Holiday, year: i32) -> Vec<Fallen<'_>> {
    if !(holiday.from_year..=holiday.until_year).contains(&year) {
        return Vec::new();
    }
    let announced: Vec<Date> = holiday.dates.iter().copied().filter(|day| day.year() == year).collect();
    let (firsts, provisional) = if announced.is_empty() {
        (holiday.rule.days_in(year), holiday.rule.is_forecast())
    } else {
        (announced, false)
    };
    firsts
        .into_iter()
        .flat_map(|first| std::iter::successors(Some(first), |day| day.next_day()).take(holiday.days.into()))
        .map(|day| Fallen {
            day,
            holiday,
            provisional,
        })
        .collect()
}

#[cfg(test)]
mod tests;
