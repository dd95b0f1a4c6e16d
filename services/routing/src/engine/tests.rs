mod model;
mod reference;
mod rules;

use support_chassis::id::Id;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::domain::{Book, Channel, Decision, Priorities, ProductLine, Profile, Skill, Step};

const NOW: OffsetDateTime = datetime!(2026-03-02 08:00 UTC);

fn id<T: From<Id>>(number: u64) -> T {
    Id::from_parts("eu".parse().unwrap(), NOW, number).into()
}

fn step(after: i64, language_level: i16, skill_level: i16, languages: &[&str]) -> Step {
    Step {
        after: Duration::seconds(after),
        language_level,
        skill_level,
        languages: languages.iter().map(|language| language.parse().unwrap()).collect(),
        ..Step::default()
    }
}

/// Level 3 of both is asked, a refusal holds for half a minute.
fn plan(steps: Vec<Step>) -> Plan {
    Plan {
        basis: "routing/routing-plan@1".to_owned(),
        priorities: Priorities {
            by_severity: [3, 5, 7, 9],
            account_security: 9,
            ageing_step: Duration::minutes(5),
            ageing_limit: 8,
        },
        language_level: 3,
        skill_level: 3,
        steps,
        offer_timeout: Duration::seconds(20),
        refusal_delay: Duration::seconds(30),
        presence_timeout: Duration::minutes(2),
        waits_from_opening: true,
        ..Plan::default()
    }
}

fn queued(number: u64, language: &str, product_line: Option<ProductLine>, channel: Channel) -> Queued {
    Queued {
        task: id(number),
        version: 1,
        attributes: Arc::new(Attributes {
            product_line,
            ..Attributes::new(channel, language.parse().unwrap())
        }),
        named: Named::default(),
        priority: 5,
        queue_time: NOW,
        let_go_by: Vec::new(),
    }
}

fn candidate(
    number: u64,
    languages: &[(&str, i16)],
    skills: &[(ProductLine, i16)],
    capacity: i32,
    idle: i64,
) -> Candidate {
    let languages = languages
        .iter()
        .map(|(language, level)| (language.parse().unwrap(), *level))
        .collect();
    Candidate {
        book: Book::new(id(number), capacity, NOW - Duration::seconds(idle)),
        profile: Profile::new(
            languages,
            skills
                .iter()
                .map(|(line, level)| (Skill::product(*line), *level))
                .collect(),
        ),
    }
}
