//! How customers are told what happens, as the standard says it.

use std::time::Duration;

use support_calendars::Quiet;
use support_chassis::standard::{Document, Effective, Place, Standard, day_of};
use support_proto::support::identity::v1::{self as pb, NotificationRules};
use time::OffsetDateTime;

use crate::api::parse;
use crate::domain::happening::{Keys, Kind, Reach, Rule};
use crate::words::KEY_PREFIXES;

/// The document, with what this build ships of it.
pub static NOTIFICATION_RULES: Document<NotificationRules> =
    Document::new(include_str!("../../standard/notification-rules.yaml")).checked_by(faults);

/// The rules that hold, by place and day.
#[derive(Debug, Clone)]
pub struct Telling(Standard<NotificationRules>);

impl Telling {
    /// The rules as this service knows them.
    #[must_use]
    pub fn new(standard: Standard<NotificationRules>) -> Self {
        Self(standard)
    }

    /// How something is told at `now` to customers of a country (ISO 3166-1 alpha-2); none where nothing is said of it.
    #[must_use]
    pub fn rule(&self, country: &str, kind: Kind, now: OffsetDateTime) -> Option<Rule> {
        rule(&self.0.on(&Place::country(country), day_of(now)), kind)
    }
}

fn rule(held: &Effective<NotificationRules>, kind: Kind) -> Option<Rule> {
    let rule = held.happenings.get(kind.as_str())?;
    // What is missing, which the field rules forbid, is the strictest.
    let quiet = held.quiet.unwrap_or(pb::QuietHours {
        from_minute: 720,
        until_minute: 720,
        on_holidays: true,
    });
    Some(Rule {
        basis: held.basis.to_string(),
        // A kind that this program does not have is one it cannot send to.
        channels: rule.channels().filter_map(parse::contact_kind).collect(),
        reach: match (rule.everywhere, held.verified_only) {
            (true, _) => Reach::Everywhere,
            (false, true) => Reach::Verified,
            (false, false) => Reach::Proven,
        },
        urgent: rule.urgent,
        may_be_muted: rule.may_be_muted,
        wait: length(rule.wait),
        worth: length(rule.worth),
        quiet: Quiet {
            from: minutes(quiet.from_minute),
            until: minutes(quiet.until_minute),
            on_holidays: quiet.on_holidays,
        },
        keys: Keys {
            subject: rule.subject.clone(),
            text: rule.text.clone(),
            more: (!rule.more.is_empty()).then(|| rule.more.clone()),
            greeting: held.greeting.clone(),
            closing: held.closing.clone(),
        },
    })
}

fn length(given: Option<prost_types::Duration>) -> Duration {
    let seconds = given.map_or(0, |given| given.seconds);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

fn minutes(given: i32) -> u16 {
    u16::try_from(given).unwrap_or(0)
}

/// What the field rules cannot say: happenings are those there are, times are whole seconds, what is waited for is still worth it,
/// and messages are of the parts of the catalogue that this service holds.
fn faults(rules: &NotificationRules) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut held = |path: String, key: &str| {
        if !key.is_empty() && !KEY_PREFIXES.iter().any(|prefix| key.starts_with(prefix)) {
            let known = KEY_PREFIXES.join(", ");
            faults.push((path, format!("is no message held here, expected one of {known}")));
        }
    };
    held("greeting".to_owned(), &rules.greeting);
    held("closing".to_owned(), &rules.closing);
    let mut happenings: Vec<_> = rules.happenings.iter().collect();
    happenings.sort_unstable_by_key(|(name, _)| *name);
    for (name, rule) in &happenings {
        for (field, key) in [("subject", &rule.subject), ("text", &rule.text), ("more", &rule.more)] {
            held(format!("happenings[{name:?}].{field}"), key);
        }
    }
    for (name, rule) in happenings {
        let path = format!("happenings[{name:?}]");
        if Kind::from_name(name).is_none() {
            let known: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            faults.push((
                path.clone(),
                format!("is no happening, expected one of {}", known.join(", ")),
            ));
        }
        for (field, given) in [("wait", rule.wait), ("worth", rule.worth)] {
            if given.is_some_and(|given| given.nanos != 0) {
                faults.push((format!("{path}.{field}"), "is not a whole number of seconds".to_owned()));
            }
        }
        if length(rule.wait) >= length(rule.worth) {
            faults.push((format!("{path}.wait"), "is not shorter than `worth`".to_owned()));
        }
    }
    faults
}

#[cfg(test)]
mod tests;
