//! Small worlds, for tests.

use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::domain::{Attributes, Channel, Plan, Priorities, ProductLine, Skill};

pub(crate) const BEGIN: OffsetDateTime = datetime!(2026-03-02 00:00 UTC);
pub(crate) const SERVICE: Duration = Duration::minutes(3);

/// Nothing is relaxed, and whoever comes first goes first.
pub(crate) fn plan() -> Plan {
    Plan {
        basis: "routing/routing-plan@1".to_owned(),
        priorities: Priorities {
            by_severity: [3, 5, 7, 9],
            account_security: 9,
            ageing_step: Duration::minutes(5),
            ageing_limit: 8,
        },
        language_level: 1,
        skill_level: 1,
        offer_timeout: Duration::seconds(20),
        refusal_delay: Duration::seconds(60),
        ..Plan::default()
    }
}

/// Calls, so many an hour.
pub(crate) fn calls(an_hour: f64, product_line: Option<ProductLine>, patience: Law) -> Work {
    Work {
        name: product_line.map_or("calls", ProductLine::as_str).to_owned(),
        asks: Attributes {
            product_line,
            ..Attributes::new(Channel::Phone, "en".parse().unwrap())
        }
        .into(),
        arrivals: Arrivals::Rates {
            every: Duration::HOUR,
            counts: [an_hour].into(),
        },
        handling: Law::Exponential { mean: SERVICE },
        wrap_up: Law::Constant(Duration::ZERO),
        patience,
        head_start: Duration::ZERO,
        transfer: None,
        callback: 0.0,
    }
}

/// Agents who answer at once and are always there.
pub(crate) fn agents(agents: u32, skills: &[ProductLine], length: Duration) -> Group {
    Group {
        name: "cork".to_owned(),
        site: "cork".to_owned(),
        region: "eu".to_owned(),
        languages: vec![("en".parse().unwrap(), 5)],
        skills: skills.iter().map(|line| (Skill::product(*line), 5)).collect(),
        certifications: Vec::new(),
        capacity: 6,
        shifts: vec![Shift {
            agents,
            spans: vec![Span {
                from: Duration::ZERO,
                to: length * 2,
            }],
        }],
        absence: 0.0,
        answer: Law::Constant(Duration::ZERO),
        refusal: 0.0,
        no_answer: 0.0,
    }
}

pub(crate) fn scenario(length: Duration, works: Vec<Work>, groups: Vec<Group>) -> Scenario {
    Scenario {
        region: "eu".parse().unwrap(),
        begin: BEGIN,
        length,
        interval: length,
        warm_up: Duration::hours(5),
        target: Duration::seconds(20),
        works,
        groups,
        plans: plan().into(),
        seed: 20_261_122,
        foretells: false,
    }
}
