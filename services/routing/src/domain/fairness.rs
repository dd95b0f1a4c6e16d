//! How a day's work is spread over those who do the same.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::{Change, Presence, ProductLine, TaskId};

/// What agents of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Trade {
    /// The primary subtags of the languages, in their order.
    pub languages: Vec<String>,
    /// The product lines, in the order of their names.
    pub product_lines: Vec<ProductLine>,
}

/// Something that happened to a task of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deed {
    /// The task.
    pub task: TaskId,
    /// What.
    pub change: Change,
    /// When.
    pub at: OffsetDateTime,
    /// The agent's load after it.
    pub load: i32,
    /// How much the task takes.
    pub weight: i32,
}

/// An agent's record, as far as it bears on a day, in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// When they became what, from before the day on.
    pub presences: Vec<(OffsetDateTime, Presence)>,
    /// What happened, from before the day on.
    pub deeds: Vec<Deed>,
}

/// An agent's day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Offers made.
    pub offers: f64,
    /// Tasks taken: offered, taken over or handed over.
    pub accepted: f64,
    /// Offers declined or not answered.
    pub let_go_by: f64,
    /// The weight of what was taken.
    pub weight: f64,
    /// Seconds available.
    pub available: f64,
    /// The share of them without anything in hand.
    pub idle_share: f64,
    /// Contacts written up for longer than they should have been.
    pub late_wrap_ups: f64,
}

impl Record {
    /// The day from `from` to `until`; none where the agent was neither available nor offered anything.
    #[must_use]
    pub fn figures(&self, from: OffsetDateTime, until: OffsetDateTime, wrap_up_limit: Duration) -> Option<Figures> {
        let mut figures = Figures::default();
        let mut ended: BTreeMap<TaskId, OffsetDateTime> = BTreeMap::new();
        for deed in &self.deeds {
            if deed.change == Change::ContactEnded {
                ended.insert(deed.task, deed.at);
            }
            if deed.at < from || deed.at >= until {
                continue;
            }
            match deed.change {
                Change::Offered | Change::Assigned => figures.offers += 1.0,
                Change::Accepted | Change::TakenOver | Change::HandedOver => {
                    figures.accepted += 1.0;
                    figures.weight += f64::from(deed.weight);
                }
                Change::Rejected | Change::TimedOut => figures.let_go_by += 1.0,
                Change::Completed if ended.get(&deed.task).is_some_and(|end| deed.at - *end > wrap_up_limit) => {
                    figures.late_wrap_ups += 1.0;
                }
                _ => {}
            }
        }
        let (available, idle) = self.idle(from, until);
        if available.is_positive() {
            figures.available = available.as_seconds_f64();
            figures.idle_share = idle / available;
        }
        (figures.offers + figures.accepted + figures.available > 0.0).then_some(figures)
    }

    /// How long the agent was available, and how long of that without anything in hand.
    fn idle(&self, from: OffsetDateTime, until: OffsetDateTime) -> (Duration, Duration) {
        let mut moments: Vec<OffsetDateTime> = self.presences.iter().map(|(at, _)| *at).collect();
        moments.extend(self.deeds.iter().map(|deed| deed.at));
        moments.retain(|at| *at > from && *at < until);
        moments.extend([from, until]);
        moments.sort_unstable();
        let (mut presences, mut deeds) = (self.presences.iter().peekable(), self.deeds.iter().peekable());
        let (mut is_available, mut load) = (false, 0);
        let (mut available, mut idle) = (Duration::ZERO, Duration::ZERO);
        for span in moments.windows(2) {
            while let Some((_, presence)) = presences.next_if(|(at, _)| *at <= span[0]) {
                is_available = *presence == Presence::Available;
            }
            while let Some(deed) = deeds.next_if(|deed| deed.at <= span[0]) {
                load = deed.load;
            }
            if is_available {
                available += span[1] - span[0];
                if load == 0 {
                    idle += span[1] - span[0];
                }
            }
        }
        (available, idle)
    }
}

/// How something is spread over agents.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The least that anybody has.
    pub least: f64,
    /// The most.
    pub most: f64,
    /// The standard deviation over the mean; 0 where nobody has any.
    pub deviation: f64,
}

impl Spread {
    /// Over these; all 0 where there are none.
    #[must_use]
    pub fn over(values: impl Iterator<Item = f64> + Clone) -> Self {
        let count: f64 = values.clone().map(|_| 1.0).sum();
        if count == 0.0 {
            return Self::default();
        }
        let mean = values.clone().sum::<f64>() / count;
        let variance = values.clone().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
        Self {
            mean,
            least: values.clone().fold(f64::INFINITY, f64::min),
            most: values.fold(f64::NEG_INFINITY, f64::max),
            deviation: if mean > 0.0 { variance.sqrt() / mean } else { 0.0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::macros::datetime;

    use super::*;

    const EIGHT: OffsetDateTime = datetime!(2026-03-02 08:00 UTC);

    fn at(minutes: i64) -> OffsetDateTime {
        EIGHT + Duration::minutes(minutes)
    }

    fn deed(task: TaskId, change: Change, minutes: i64, load: i32) -> Deed {
        Deed {
            task,
            change,
            at: at(minutes),
            load,
            weight: 2,
        }
    }

    #[test]
    fn a_day_is_what_happened_in_it() {
        let ids = Ids::seeded("eu".parse().unwrap(), Clock::manual(EIGHT).0, 7);
        let (one, other): (TaskId, TaskId) = (ids.next(), ids.next());
        let record = Record {
            presences: vec![
                (at(-60), Presence::Available),
                (at(40), Presence::Break),
                (at(50), Presence::Available),
            ],
            deeds: vec![
                // Of the day before, and still in hand when this one begins.
                deed(one, Change::Accepted, -30, 2),
                deed(one, Change::ContactEnded, 5, 2),
                deed(one, Change::Completed, 10, 0),
                deed(other, Change::Offered, 20, 2),
                deed(other, Change::Rejected, 25, 0),
                deed(other, Change::TakenOver, 55, 2),
            ],
        };
        let figures = record.figures(at(0), at(60), Duration::minutes(3)).unwrap();
        let expected = Figures {
            offers: 1.0,
            accepted: 1.0,
            let_go_by: 1.0,
            weight: 2.0,
            available: 50.0 * 60.0,
            // 10 to 20, 25 to 40, 50 to 55.
            idle_share: 30.0 / 50.0,
            late_wrap_ups: 1.0,
        };
        assert_eq!(figures, expected);
        let in_time = record.figures(at(0), at(60), Duration::minutes(5)).unwrap();
        assert!(in_time.late_wrap_ups.abs() < f64::EPSILON);
        assert_eq!(
            record.figures(at(-200), at(-100), Duration::ZERO),
            None,
            "nobody was there"
        );
    }

    #[test]
    fn a_spread_is_none_where_all_have_the_same() {
        let same = Spread::over([3.0, 3.0, 3.0].into_iter());
        assert_eq!((same.mean, same.least, same.most, same.deviation), (3.0, 3.0, 3.0, 0.0));
        let apart = Spread::over([0.0, 4.0].into_iter());
        assert_eq!(
            (apart.mean, apart.least, apart.most, apart.deviation),
            (2.0, 0.0, 4.0, 1.0)
        );
        assert_eq!(Spread::over([0.0, 0.0].into_iter()), Spread::default());
        assert_eq!(Spread::over(std::iter::empty()), Spread::default());
    }
}
