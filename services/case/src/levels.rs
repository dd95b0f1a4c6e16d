//! The service levels of the standard, as the rules of cases read them.

use std::collections::BTreeMap;

use support_calendars::Calendars;
use support_chassis::clock::from_duration;
use support_chassis::country::Country;
use support_chassis::standard::{Document, Place, Standard, day_of};
use support_proto::support::case::v1 as contract;
use time::{Duration, OffsetDateTime};

use crate::domain::kinds::{Channel, Severity};
use crate::domain::levels::{Answer, Levels, Target};
use crate::what_if;
use crate::wire::Mirrored as _;

/// The service levels: what is promised for a case.
pub static SERVICE_LEVELS: Document<contract::ServiceLevels> =
    Document::new(include_str!("../standard/service-levels.yaml"))
        .checked_by(check)
        .simulated_by(what_if::simulate);

/// The service levels that hold, by place and day.
#[derive(Debug, Clone)]
pub struct Book {
    standard: Standard<contract::ServiceLevels>,
    calendars: Calendars,
}

impl Book {
    /// Reads them from the standard; their clocks run by these calendars.
    #[must_use]
    pub fn new(standard: Standard<contract::ServiceLevels>, calendars: Calendars) -> Self {
        Self { standard, calendars }
    }

    /// What holds at a moment in a country; where none is known, what holds everywhere.
    #[must_use]
    pub fn on(&self, country: Option<Country>, now: OffsetDateTime) -> Levels {
        let held = self.standard.on(&place(country), day_of(now));
        Levels {
            calendar: self.calendars.country(country),
            ..read(&held.document, held.basis.to_string())
        }
    }
}

/// The place whose rules hold for what is served in a country.
fn place(country: Option<Country>) -> Place {
    country.map_or(Place::Global, |country| Place::country(country.as_str()))
}

/// The document as the domain has it. The field rules of the contract hold already, so nothing is missing.
pub(crate) fn read(document: &contract::ServiceLevels, basis: String) -> Levels {
    let targets = document.targets.as_ref();
    let target = |of: fn(&contract::SeverityTargets) -> &Option<contract::SeverityTarget>| {
        let target = targets.and_then(|targets| of(targets).as_ref());
        Target {
            answer: Answer {
                in_opening_hours: target.is_some_and(|target| target.in_opening_hours),
                within: from_duration(target.and_then(|target| target.first_response.as_ref())),
            },
            resolution: from_duration(target.and_then(|target| target.resolution.as_ref())),
            working_days: target
                .and_then(|target| target.resolution_working_days)
                .and_then(|days| u16::try_from(days).ok()),
        }
    };
    let channels: BTreeMap<_, _> = document
        .channels
        .iter()
        .filter_map(|(name, target)| {
            let channel = Channel::from_name(name)?;
            let answer = Answer {
                in_opening_hours: target.in_opening_hours,
                within: from_duration(target.first_response.as_ref()),
            };
            Some((channel.as_str(), answer))
        })
        .collect();
    Levels {
        targets: [
            target(|targets| &targets.low),
            target(|targets| &targets.normal),
            target(|targets| &targets.high),
            target(|targets| &targets.critical),
        ],
        channels,
        reopen_within: from_duration(document.reopen_within.as_ref()),
        no_answer_after: from_duration(document.no_answer_after.as_ref()),
        answer_first: document
            .answer_before_resolving()
            .filter_map(Channel::from_wire)
            .collect(),
        basis,
        calendar: None,
    }
}

/// What the field rules cannot say: the more is at stake, the sooner; and nothing is answered after it is settled.
fn check(document: &contract::ServiceLevels) -> Vec<(String, String)> {
    let levels = read(document, String::new());
    let mut faults = Vec::new();
    for (severity, target) in Severity::ALL.iter().zip(&levels.targets) {
        if target.answer.within > target.resolution {
            let path = format!("targets.{}.first_response", severity.as_str());
            faults.push((path, "must not be longer than `resolution`".to_owned()));
        }
    }
    for (severities, targets) in Severity::ALL.windows(2).zip(levels.targets.windows(2)) {
        let ([less, more], [of_less, of_more]) = (severities, targets) else {
            continue;
        };
        let mut hold = |field: &str, of_less: Duration, of_more: Duration| {
            if of_more > of_less {
                let fault = format!("must not be longer than that of `{}`", less.as_str());
                faults.push((format!("targets.{}.{field}", more.as_str()), fault));
            }
        };
        hold("first_response", of_less.answer.within, of_more.answer.within);
        hold("resolution", of_less.resolution, of_more.resolution);
        if of_more.answer.in_opening_hours && !of_less.answer.in_opening_hours {
            let fault = format!("must not be where that of `{}` counts every hour", less.as_str());
            faults.push((format!("targets.{}.in_opening_hours", more.as_str()), fault));
        }
        let unbounded = |days: Option<u16>| days.unwrap_or(u16::MAX);
        if unbounded(of_more.working_days) > unbounded(of_less.working_days) {
            let fault = format!("must not be more than that of `{}`", less.as_str());
            faults.push((format!("targets.{}.resolution_working_days", more.as_str()), fault));
        }
    }
    faults
}

#[cfg(test)]
mod tests;
