//! Words on the wire: the values of a message as they come, and a message written out for an answer.
//!
//! Whoever writes a message out, the service or one who holds its catalogues, does it here: the same text, the same
//! degradations, the same count of them.

use std::collections::btree_map::Entry;

use support_proto::support::localisation::v1 as wire;

use super::catalogue::{Arguments, Day, Item, List, ListKind, MESSAGE_DEGRADED, Money, Value};
use super::locale::Direction;
use super::metrics;
use super::reader::Reader;
use super::snapshot::Snapshot;

/// What is reported where the text is not in the negotiated locale.
pub const LOCALE_DEGRADED: &str = "locale";
/// What is reported where the reader's time zone is none, and times are given in UTC.
pub const ZONE_DEGRADED: &str = "time_zone";

/// A direction on the wire.
#[must_use]
pub fn direction(direction: Direction) -> wire::Direction {
    match direction {
        Direction::LeftToRight => wire::Direction::LeftToRight,
        Direction::RightToLeft => wire::Direction::RightToLeft,
    }
}

/// A direction that came by the wire; left to right where none is said.
#[must_use]
pub fn read_direction(direction: wire::Direction) -> Direction {
    match direction {
        wire::Direction::RightToLeft => Direction::RightToLeft,
        wire::Direction::LeftToRight | wire::Direction::Unspecified => Direction::LeftToRight,
    }
}

/// Writes the message `key` out for who reads `languages`, and counts what is missing or wrong; none where no locale has it.
#[must_use]
pub fn text(snapshot: &Snapshot, key: &str, languages: &[String], arguments: &Arguments) -> Option<wire::RenderedText> {
    text_for(snapshot, key, languages, arguments, &Reader::new(languages))
}

/// The same for a reader whose time zone is known.
#[must_use]
pub fn text_for(
    snapshot: &Snapshot,
    key: &str,
    languages: &[String],
    arguments: &Arguments,
    reader: &Reader,
) -> Option<wire::RenderedText> {
    let answer = snapshot.render_for(key, languages, arguments, reader)?;
    let mut degradations = answer.rendered.degradations;
    if reader.zone_is_unknown() {
        degradations.push(ZONE_DEGRADED.to_owned());
    }
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
        direction: direction(answer.locale.direction).into(),
        degradations,
        key: key.to_owned(),
        version: answer.version,
    })
}

/// The same, where the text is one of many and its key must do where no locale has it.
#[must_use]
pub fn text_or_key(snapshot: &Snapshot, key: &str, languages: &[String], arguments: &Arguments) -> wire::RenderedText {
    text_or_key_for(snapshot, key, languages, arguments, &Reader::new(languages))
}

/// The same for a reader whose time zone is known.
#[must_use]
pub fn text_or_key_for(
    snapshot: &Snapshot,
    key: &str,
    languages: &[String],
    arguments: &Arguments,
    reader: &Reader,
) -> wire::RenderedText {
    text_for(snapshot, key, languages, arguments, reader).unwrap_or_else(|| {
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
            key: key.to_owned(),
            version: 0,
        }
    })
}

/// The values by name. What is not exactly one value counts as missing: a message must reach its reader even if its sender
/// made a mistake.
#[must_use]
pub fn values(arguments: Vec<wire::Argument>) -> Arguments {
    let mut values = Arguments::new();
    for argument in arguments {
        let wire::Argument {
            name,
            text,
            number,
            time,
            date,
            money,
            message_key,
            list,
        } = argument;
        let mut given = [
            text.map(Value::Text),
            number.map(Value::Number),
            time.map(|time| milliseconds(&time).map_or(Value::Wrong, Value::Time)),
            date.map(|date| Day::new(date.year, date.month, date.day).map_or(Value::Wrong, Value::Day)),
            money.map(|money| Money::new(&money.currency_code, money.minor_units).map_or(Value::Wrong, Value::Money)),
            message_key.map(Value::Message),
            list.map(|list| read_list(list).map_or(Value::Wrong, Value::List)),
        ]
        .into_iter()
        .flatten();
        let value = match (given.next(), given.next()) {
            (Some(value), None) => value,
            _ => Value::Wrong,
        };
        match values.entry(name) {
            Entry::Vacant(entry) => drop(entry.insert(value)),
            Entry::Occupied(mut entry) => drop(entry.insert(Value::Wrong)),
        }
    }
    values
}

/// A list; none where it is not said how it is joined, or an item is not exactly one value.
fn read_list(list: wire::ArgumentList) -> Option<List> {
    let kind = match list.kind() {
        wire::ListKind::And => ListKind::And,
        wire::ListKind::Or => ListKind::Or,
        wire::ListKind::Unspecified => return None,
    };
    let items = list.items.into_iter().map(|item| match (item.text, item.message_key) {
        (Some(text), None) => Some(Item::Text(text)),
        (None, Some(key)) => Some(Item::Message(key)),
        _ => None,
    });
    Some(List {
        kind,
        items: items.collect::<Option<_>>()?,
    })
}

/// A point in time, in milliseconds since 1970; none where it is no point in time.
#[must_use]
pub fn milliseconds(time: &prost_types::Timestamp) -> Option<i64> {
    let nanos = i64::from(u32::try_from(time.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?);
    time.seconds.checked_mul(1_000)?.checked_add(nanos / 1_000_000)
}

#[cfg(test)]
mod tests {
    use support_proto::support::types::v1 as types;

    use super::*;

    fn argument(name: &str) -> wire::Argument {
        wire::Argument {
            name: name.to_owned(),
            ..wire::Argument::default()
        }
    }

    #[test]
    fn what_is_not_exactly_one_value_counts_as_missing() {
        let time = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
        let day = |year, month, day| Some(types::Date { year, month, day });
        let money = |code: &str, minor_units| {
            Some(types::Money {
                currency_code: code.to_owned(),
                minor_units,
            })
        };
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
            wire::Argument {
                date: day(2026, 2, 28),
                ..argument("day")
            },
            wire::Argument {
                date: day(2026, 2, 29),
                ..argument("no day")
            },
            wire::Argument {
                money: money("EUR", -1_250),
                ..argument("money")
            },
            wire::Argument {
                money: money("XQX", 1),
                ..argument("no money")
            },
            wire::Argument {
                message_key: Some("a.b".to_owned()),
                ..argument("message")
            },
            wire::Argument {
                list: Some(wire::ArgumentList {
                    kind: wire::ListKind::Or.into(),
                    items: vec![wire::ListItem {
                        text: Some("x".to_owned()),
                        message_key: None,
                    }],
                }),
                ..argument("list")
            },
            wire::Argument {
                list: Some(wire::ArgumentList {
                    kind: wire::ListKind::Or.into(),
                    items: vec![wire::ListItem::default()],
                }),
                ..argument("no list")
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
        assert_eq!(values["day"], Value::Day(Day::new(2026, 2, 28).unwrap()));
        assert_eq!(values["money"], Value::Money(Money::new("EUR", -1_250).unwrap()));
        assert_eq!(values["message"], Value::Message("a.b".to_owned()));
        let list = List {
            kind: ListKind::Or,
            items: vec![Item::Text("x".to_owned())],
        };
        assert!(values["list"] == Value::List(list));
        for name in [
            "no day", "no money", "no list", "none", "both", "twice", "never", "broken",
        ] {
            assert_eq!(values[name], Value::Wrong, "{name}");
        }
    }
}
