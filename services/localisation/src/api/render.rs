//! Messages written out for an answer.

use std::collections::btree_map::Entry;

use support_proto::support::localisation::v1 as wire;

use super::{metrics, present};
use crate::domain::catalogue::{Arguments, MESSAGE_DEGRADED, Value};
use crate::domain::snapshot::Snapshot;

/// What is reported where the text is not in the negotiated locale.
const LOCALE_DEGRADED: &str = "locale";

/// Writes the message `key` out for who reads `languages`, and counts what is missing or wrong; none where no locale has it.
pub(super) fn text(
    snapshot: &Snapshot,
    key: &str,
    languages: &[String],
    arguments: &Arguments,
) -> Option<wire::RenderedText> {
    let answer = snapshot.render(key, languages, arguments)?;
    let mut degradations = answer.rendered.degradations;
    if answer.fell_back || !degradations.is_empty() {
        let negotiated = snapshot.locales().negotiate(languages);
        metrics::degraded(&negotiated.locale.tag, &degradations, answer.fell_back);
    }
    if answer.fell_back {
        degradations.push(LOCALE_DEGRADED.to_owned());
    }
    Some(wire::RenderedText {
        text: answer.rendered.text,
        locale: answer.locale.tag.to_string(),
        direction: present::direction(answer.locale.direction).into(),
        degradations,
    })
}

/// The same, where the text is one of many and its key must do where no locale has it.
pub(super) fn text_or_key(
    snapshot: &Snapshot,
    key: &str,
    languages: &[String],
    arguments: &Arguments,
) -> wire::RenderedText {
    text(snapshot, key, languages, arguments).unwrap_or_else(|| {
        let degradations = vec![MESSAGE_DEGRADED.to_owned()];
        metrics::degraded(
            &snapshot.locales().negotiate(languages).locale.tag,
            &degradations,
            false,
        );
        wire::RenderedText {
            text: format!("{{{key}}}"),
            locale: String::new(),
            direction: wire::Direction::LeftToRight.into(),
            degradations,
        }
    })
}

/// The values by name. What is not exactly one value counts as missing: a message must reach its reader even if its sender
/// made a mistake.
pub(super) fn values(arguments: Vec<wire::Argument>) -> Arguments {
    let mut values = Arguments::new();
    for argument in arguments {
        let wire::Argument {
            name,
            text,
            number,
            time,
        } = argument;
        let value = match (text, number, time) {
            (Some(text), None, None) => Value::Text(text),
            (None, Some(number), None) => Value::Number(number),
            (None, None, Some(time)) => milliseconds(&time).map_or(Value::Wrong, Value::Time),
            _ => Value::Wrong,
        };
        match values.entry(name) {
            Entry::Vacant(entry) => drop(entry.insert(value)),
            Entry::Occupied(mut entry) => drop(entry.insert(Value::Wrong)),
        }
    }
    values
}

fn milliseconds(time: &prost_types::Timestamp) -> Option<i64> {
    let nanos = i64::from(u32::try_from(time.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?);
    time.seconds.checked_mul(1_000)?.checked_add(nanos / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(name: &str) -> wire::Argument {
        wire::Argument {
            name: name.to_owned(),
            text: None,
            number: None,
            time: None,
        }
    }

    #[test]
    fn what_is_not_exactly_one_value_counts_as_missing() {
        let time = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
        let values = values(vec![
            wire::Argument {
                text: Some("x".to_owned()),
                ..argument("text")
            },
            wire::Argument {
                number: Some(1.5),
                ..argument("number")
            },
            wire::Argument {
                time: time(1, 2_000_000),
                ..argument("time")
            },
            argument("none"),
            wire::Argument {
                text: Some("x".to_owned()),
                number: Some(1.0),
                ..argument("both")
            },
            wire::Argument {
                number: Some(1.0),
                ..argument("twice")
            },
            wire::Argument {
                number: Some(1.0),
                ..argument("twice")
            },
            wire::Argument {
                time: time(i64::MAX, 0),
                ..argument("never")
            },
            wire::Argument {
                time: time(0, -1),
                ..argument("broken")
            },
        ]);
        assert_eq!(values["text"], Value::Text("x".to_owned()));
        assert_eq!(values["number"], Value::Number(1.5));
        assert_eq!(values["time"], Value::Time(1_002));
        for name in ["none", "both", "twice", "never", "broken"] {
            assert_eq!(values[name], Value::Wrong, "{name}");
        }
    }
}
