//! A floor: who works on it, and what customers ask of it.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use support_calendars::Calendars;
use support_chassis::id::Id;
use support_chassis::standard::Standard;
use support_routing::domain::{Attributes, Book, Candidate, Channel, Named, Plan, ProductLine, Profile, Skill};
use support_routing::engine::Queued;
use support_routing::{ROUTING_PLAN, plan};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

pub(crate) const NOW: OffsetDateTime = datetime!(2026-03-02 08:00 UTC);
/// How much each agent can hold.
pub(crate) const CAPACITY: i32 = 6;
/// A call takes all of it, a chat two, a letter one.
const CHANNELS: [Channel; 3] = [Channel::Phone, Channel::Chat, Channel::Email];
/// The languages of which there are enough agents: tasks find one at once.
const QUIET: usize = 5;

const LANGUAGES: [&str; 40] = [
    "ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "he", "hi", "hr", "hu", "id", "it", "ja",
    "ko", "lt", "lv", "ms", "nb", "nl", "pl", "pt", "ro", "ru", "sk", "sl", "sr", "sv", "ta", "te", "th", "tr", "uk",
    "vi", "zh",
];
const COUNTRIES: [&str; 14] = [
    "DE", "FR", "ES", "IT", "GB", "US", "JP", "CN", "AU", "SE", "NO", "PL", "BR", "IN",
];

/// Makes agents and tasks, the same ones each time.
pub(crate) struct Floor {
    chance: StdRng,
    profiles: Vec<Profile>,
    count: u64,
}

impl Floor {
    /// With so many distinct sets of skills.
    pub(crate) fn new(sets: usize) -> Self {
        let mut chance = StdRng::seed_from_u64(20_261_122);
        let mut profiles: Vec<Profile> = Vec::new();
        while profiles.len() < sets {
            // Every language has its share; whoever speaks a quiet one speaks no other, the rest mostly English too.
            let first = profiles.len() % LANGUAGES.len();
            let mut languages = vec![(LANGUAGES[first], 5)];
            if first >= QUIET {
                if chance.random_bool(0.7) && LANGUAGES[first] != "en" {
                    languages.push(("en", chance.random_range(2..=4)));
                }
                if chance.random_bool(0.2) {
                    let also = LANGUAGES[chance.random_range(QUIET..LANGUAGES.len())];
                    if languages.iter().all(|(language, _)| *language != also) {
                        languages.push((also, chance.random_range(1..=4)));
                    }
                }
            }
            let mut skills = Vec::new();
            for line in ProductLine::ALL {
                if chance.random_bool(0.45) {
                    skills.push((Skill::product(*line), chance.random_range(1..=5)));
                }
            }
            let languages = languages.into_iter().map(|(tag, level)| (tag.parse().unwrap(), level));
            let profile = Profile::new(languages.collect(), skills);
            if !profiles.contains(&profile) {
                profiles.push(profile);
            }
        }
        Self {
            chance,
            profiles,
            count: 0,
        }
    }

    fn id<T: From<Id>>(&mut self) -> T {
        self.count += 1;
        // As they come: by time, and by chance within a millisecond.
        let at = NOW - Duration::days(30) + Duration::milliseconds(self.count.cast_signed() / 8);
        Id::from_parts("eu".parse().unwrap(), at, self.chance.random()).into()
    }

    pub(crate) fn chance(&mut self) -> &mut StdRng {
        &mut self.chance
    }

    /// An agent; those of the quiet languages have nothing in hand, all others have no room.
    pub(crate) fn agent(&mut self, number: usize) -> Candidate {
        let set = number % self.profiles.len();
        let is_quiet = set % LANGUAGES.len() < QUIET;
        let id = self.id();
        let idle_since = NOW - Duration::microseconds(self.chance.random_range(0..3_600_000_000));
        let idle = Book::new(id, CAPACITY, idle_since);
        Candidate {
            book: if is_quiet { idle } else { busy(&idle) },
            profile: self.profiles[set].clone(),
        }
    }

    /// A task that has waited for up to an hour, in a language where all are busy.
    pub(crate) fn waiting(&mut self, now: OffsetDateTime) -> Queued {
        let language = self.chance.random_range(QUIET..LANGUAGES.len());
        let waited = Duration::microseconds(self.chance.random_range(0..3_600_000_000));
        self.task(LANGUAGES[language], now - waited)
    }

    /// A task that has just come, in a language where many are idle.
    pub(crate) fn fresh(&mut self, now: OffsetDateTime) -> Queued {
        let language = self.chance.random_range(0..QUIET);
        self.task(LANGUAGES[language], now)
    }

    fn task(&mut self, language: &str, queue_time: OffsetDateTime) -> Queued {
        let line = self.chance.random_range(0..=ProductLine::ALL.len());
        let channel = CHANNELS[self.chance.random_range(0..CHANNELS.len())];
        Queued {
            task: self.id(),
            version: 1,
            attributes: Arc::new(Attributes {
                product_line: ProductLine::ALL.get(line).copied(),
                country: Some(COUNTRIES[self.chance.random_range(0..COUNTRIES.len())].parse().unwrap()),
                ..Attributes::new(channel, language.parse().unwrap())
            }),
            named: Named::default(),
            priority: [3, 5, 7, 9][self.chance.random_range(0..4)],
            queue_time,
            let_go_by: Vec::new(),
        }
    }
}

/// With a call in hand, and no room for anything else.
pub(crate) fn busy(book: &Book) -> Book {
    book.taking(Channel::Phone).unwrap().0
}

/// The plan that is shipped.
pub(crate) fn shipped() -> Plan {
    plan::Book::new(Standard::shipped(&ROUTING_PLAN), Calendars::shipped()).of_tasks(None, NOW)
}
