//! What is to be played.

use std::sync::Arc;

use support_chassis::id::Region;
use time::{Duration, OffsetDateTime};

use super::Law;
use crate::domain::{Attributes, Certification, Country, Language, Plan, Skill};

/// What is to be played.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Where it is: the ids of all that is simulated name it.
    pub region: Region,
    /// When it begins.
    pub begin: OffsetDateTime,
    /// How long contacts arrive. What waits then is still served.
    pub length: Duration,
    /// Figures are given for each interval of this length.
    pub interval: Duration,
    /// What arrives before is played and not counted: the floor begins empty.
    pub warm_up: Duration,
    /// A contact is well served that is answered within this time.
    pub target: Duration,
    /// What customers ask for.
    pub works: Vec<Work>,
    /// Who is there.
    pub groups: Vec<Group>,
    /// The plans by which tasks find agents.
    pub plans: Plans,
    /// Where chance begins.
    pub seed: u64,
    /// Whether customers in line are told how long they will wait, and it is counted how true that was.
    pub foretells: bool,
}

impl Scenario {
    /// In how many intervals figures are given.
    #[must_use]
    pub fn intervals(&self) -> usize {
        let length = self.length.whole_microseconds().max(0);
        let intervals = length
            .cast_unsigned()
            .div_ceil(micros(self.interval).max(1).unsigned_abs().into());
        usize::try_from(intervals).unwrap_or(usize::MAX)
    }

    /// How many contacts are expected in one replication.
    #[must_use]
    pub fn contacts(&self) -> f64 {
        let arrive = self.works.iter().map(|work| {
            // Each that is passed on comes again, and may be passed on then.
            let again = work.transfer.map_or(0.0, |_| {
                let shares = self.works.iter().filter_map(|work| work.transfer);
                let most = shares.map(|transfer| transfer.share).fold(0.0, f64::max);
                most / (1.0 - most)
            });
            work.arrivals.expected(self.length) * (1.0 + again)
        });
        arrive.sum()
    }

    /// How many agents there are.
    #[must_use]
    pub fn agents(&self) -> u64 {
        let shifts = self.groups.iter().flat_map(|group| &group.shifts);
        shifts.map(|shift| u64::from(shift.agents)).sum()
    }
}

/// The plans by which tasks find agents.
#[derive(Clone, Debug)]
pub struct Plans {
    /// What holds where no other does.
    pub everywhere: Plan,
    /// What holds in countries.
    pub by_country: Vec<(Country, Plan)>,
}

impl Plans {
    /// What holds for the tasks of a country.
    #[must_use]
    pub fn of(&self, country: Option<Country>) -> &Plan {
        let held = self.by_country.iter().find(|(place, _)| Some(*place) == country);
        held.map_or(&self.everywhere, |(_, plan)| plan)
    }
}

impl From<Plan> for Plans {
    fn from(everywhere: Plan) -> Self {
        Self {
            everywhere,
            by_country: Vec::new(),
        }
    }
}

/// A kind of contact.
#[derive(Clone, Debug)]
pub struct Work {
    /// What it is called.
    pub name: String,
    /// What a contact says of itself.
    pub asks: Arc<Attributes>,
    /// When contacts arrive.
    pub arrivals: Arrivals,
    /// How long an agent is with the customer.
    pub handling: Law,
    /// How long the agent writes it up afterwards.
    pub wrap_up: Law,
    /// How long a customer waits before they give up.
    pub patience: Law,
    /// Its place in line is as if it had waited for so long already.
    pub head_start: Duration,
    /// Where some go on after they were answered.
    pub transfer: Option<Transfer>,
    /// How likely a customer who is not answered at once is called back instead of waiting, 0 to 1.
    pub callback: f64,
}

/// Contacts that are passed on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transfer {
    /// The place of the work that they go on in.
    pub to: usize,
    /// How likely each is, 0 to 0.9.
    pub share: f64,
}

/// When contacts arrive.
#[derive(Clone, Debug)]
pub enum Arrivals {
    /// By chance, none knowing of the others (Poisson).
    Rates {
        /// Each rate holds for so long.
        every: Duration,
        /// How many are expected in each such stretch; after the last it begins anew.
        counts: Arc<[f64]>,
    },
    /// These, in their order.
    Trace(Arc<[Arrival]>),
}

impl Arrivals {
    /// How many are expected in a time.
    #[must_use]
    pub fn expected(&self, length: Duration) -> f64 {
        match self {
            Self::Rates { every, counts } => {
                let all: f64 = counts.iter().sum();
                let round = every.as_seconds_f64() * super::chance::count(counts.len());
                let rounds = (length.as_seconds_f64() / round).floor();
                let mut rest = (length.as_seconds_f64() - rounds * round) / every.as_seconds_f64();
                let mut expected = rounds * all;
                for count in counts.iter() {
                    expected += count * rest.clamp(0.0, 1.0);
                    rest -= 1.0;
                }
                expected
            }
            Self::Trace(arrivals) => {
                super::chance::count(arrivals.iter().filter(|arrival| arrival.at < length).count())
            }
        }
    }
}

/// A contact of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// How long after the beginning.
    pub at: Duration,
    /// How long an agent was with the customer; where that is not known, it is drawn.
    pub handling: Option<Duration>,
    /// After which time the customer gave up; where that is not known, it is drawn.
    pub patience: Option<Duration>,
}

/// Agents who can do the same.
#[derive(Clone, Debug)]
pub struct Group {
    /// What it is called.
    pub name: String,
    /// Where they work.
    pub site: String,
    /// The region that the site is in.
    pub region: String,
    /// The languages they speak, and how well, 1 to 5.
    pub languages: Vec<(Language, i16)>,
    /// What they can do, and how well, 1 to 5.
    pub skills: Vec<(Skill, i16)>,
    /// What they are certified for.
    pub certifications: Vec<Certification>,
    /// How much each may hold.
    pub capacity: i32,
    /// When they work.
    pub shifts: Vec<Shift>,
    /// How likely each of them is away the whole time though they should be there, 0 to 1.
    pub absence: f64,
    /// How long it takes one of them to answer an offer.
    pub answer: Law,
    /// How likely they decline one, 0 to 1.
    pub refusal: f64,
    /// How likely they do not answer one at all, 0 to 1.
    pub no_answer: f64,
}

impl Group {
    /// How many of them are to take work at a moment.
    #[must_use]
    pub fn at_hand(&self, at: Duration) -> u32 {
        let is_there = |shift: &&Shift| shift.spans.iter().any(|span| (span.from..span.to).contains(&at));
        self.shifts.iter().filter(is_there).map(|shift| shift.agents).sum()
    }
}

/// Agents who work at the same times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// How many.
    pub agents: u32,
    /// When they take work, in order, none touching another. What they have in hand at the end of one, they finish.
    pub spans: Vec<Span>,
}

/// A time, from the beginning of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From here.
    pub from: Duration,
    /// Until here.
    pub to: Duration,
}

/// A time in microseconds, as exact as simulated time is.
pub(super) fn micros(time: Duration) -> i64 {
    i64::try_from(time.whole_microseconds()).unwrap_or(i64::MAX)
}
