//! What other service levels would mean for the cases of today.
//!
//! Open cases keep what they were promised. What is told is what they would have been promised had they been opened under the
//! other rules: the best picture there is of the cases to come.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Consequence, Findings, WhatIf};
use support_proto::support::case::v1::ServiceLevels;
use time::Duration;

use crate::domain::CaseId;
use crate::domain::kinds::Severity;
use crate::domain::levels::{Answer, Levels};
use crate::levels::read;
use crate::store::open_cases::{self, OpenCases};

/// The most ids that are given as examples.
const EXAMPLES: usize = 10;

/// Of the cases that are open where the rules of the place are the ones that hold, how many would be due earlier or
/// later, by severity.
pub(crate) fn simulate(what_if: WhatIf<ServiceLevels>) -> BoxFuture<'static, Result<Findings, BoxError>> {
    async move {
        let held = read(&what_if.held.document, String::new());
        let proposed = read(&what_if.proposed.document, String::new());
        let mut connection = what_if.db.read().await?;
        let mut open = open_cases::read(&mut connection, EXAMPLES).await?;
        open.retain(|cases| what_if.reach.holds(cases.country.as_deref()));
        Ok(consequences(&held, &proposed, &open).into())
    }
    .boxed()
}

/// One of the times that are promised, and what is said of it.
struct Matter {
    name: &'static str,
    of: fn(&Levels, &OpenCases) -> Promised,
}

/// What is promised; what comes first is sooner, where it can be told without a calendar.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Promised {
    /// An answer, at the soonest of these.
    Answered(Vec<Answer>),
    /// A settlement, within this and so many working days; `u16::MAX` for any number.
    Settled(u16, Duration),
}

impl fmt::Display for Promised {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(answers) => {
                for (place, answer) in answers.iter().enumerate() {
                    let before = if place == 0 { "" } else { " or " };
                    let hours = if answer.in_opening_hours {
                        " of opening hours"
                    } else {
                        ""
                    };
                    write!(formatter, "{before}{}{hours}", answer.within)?;
                }
                let sooner = if answers.len() > 1 {
                    ", whichever is sooner,"
                } else {
                    ""
                };
                write!(formatter, "{sooner} after opening")
            }
            Self::Settled(u16::MAX, within) => write!(formatter, "{within} after opening"),
            Self::Settled(days, within) => {
                write!(
                    formatter,
                    "{within} or {days} working days, whichever is sooner, after opening"
                )
            }
        }
    }
}

const MATTERS: [Matter; 2] = [
    Matter {
        name: "first answer",
        of: |levels, cases| Promised::Answered(levels.answers(cases.severity, cases.channel)),
    },
    Matter {
        name: "resolution",
        of: |levels, cases| {
            let target = levels.target(cases.severity);
            Promised::Settled(target.working_days.unwrap_or(u16::MAX), target.resolution)
        },
    },
];

/// Cases for which the same changes.
#[derive(Default)]
struct Turned {
    channels: BTreeSet<&'static str>,
    count: i64,
    examples: Vec<CaseId>,
}

/// What changes for these cases, by severity from the least on.
fn consequences(held: &Levels, proposed: &Levels, open: &[OpenCases]) -> Vec<Consequence> {
    let mut told = Vec::new();
    for severity in Severity::ALL {
        for matter in &MATTERS {
            let mut turned: BTreeMap<(Promised, Promised), Turned> = BTreeMap::new();
            for cases in open.iter().filter(|cases| cases.severity == *severity) {
                let before = (matter.of)(held, cases);
                let after = (matter.of)(proposed, cases);
                if before != after {
                    let turned = turned.entry((before, after)).or_default();
                    turned.channels.insert(cases.channel.as_str());
                    turned.count += cases.count;
                    turned.examples.extend(&cases.examples);
                }
            }
            told.extend(turned.into_iter().map(|((before, after), turned)| {
                let when = if after < before { "earlier" } else { "later" };
                let channels = Vec::from_iter(turned.channels).join(", ");
                Consequence {
                    whom: format!(
                        "open cases, {}, {channels}: {} due {when}",
                        severity.as_str(),
                        matter.name
                    ),
                    count: turned.count,
                    before: before.to_string(),
                    after: after.to_string(),
                    examples: turned.examples.iter().take(EXAMPLES).map(CaseId::to_string).collect(),
                    ..Consequence::default()
                }
            }));
        }
    }
    told
}

#[cfg(test)]
mod tests;
