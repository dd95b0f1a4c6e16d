//! Overlays that loosen a standard in one random place, for any document: what the checks of the standard are held
//! against. It knows the rules from the comments of `Departure` alone, not from the code that it tests.

use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use rand::rngs::StdRng;
use rand::{RngExt as _, seq::IndexedRandom as _};
use serde_json::{Map, Value};
use support_proto::support::options::v1::Departure;

/// An overlay that loosens one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Loosening {
    /// The overlay, a JSON merge patch (RFC 7386).
    pub patch: Value,
    /// The path of the field: `purposes["payment"].level`.
    pub path: String,
    /// The rule that it breaks.
    pub rule: Departure,
}

/// All ways in which an overlay could loosen `standard` (the JSON of a `message`) in one place, each with random values;
/// none where every field is free, or as loose as can be.
#[must_use]
pub fn loosenings(message: &MessageDescriptor, standard: &Value, chance: &mut StdRng) -> Vec<Loosening> {
    let mut walk = Walk {
        chance,
        found: Vec::new(),
    };
    if let Value::Object(fields) = standard {
        walk.message(message, fields, &At::default(), false);
    }
    walk.found
}

/// One of [`loosenings`], at random.
#[must_use]
pub fn loosening(message: &MessageDescriptor, standard: &Value, chance: &mut StdRng) -> Option<Loosening> {
    let all = loosenings(message, standard, chance);
    all.choose(chance).cloned()
}

/// Where the walk stands.
#[derive(Debug, Clone, Default)]
struct At {
    keys: Vec<String>,
    path: String,
}

impl At {
    fn field(&self, field: &FieldDescriptor) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.below(field.name(), &format!("{dot}{}", field.name()))
    }

    fn entry(&self, key: &str) -> Self {
        self.below(key, &format!("[{}]", Value::from(key)))
    }

    fn below(&self, key: &str, suffix: &str) -> Self {
        let mut keys = self.keys.clone();
        keys.push(key.to_owned());
        Self {
            keys,
            path: format!("{}{suffix}", self.path),
        }
    }
}

struct Walk<'c> {
    chance: &'c mut StdRng,
    found: Vec<Loosening>,
}

impl Walk<'_> {
    fn add(&mut self, at: &At, rule: Departure, value: Value) {
        let patch = at.keys.iter().rev().fold(value, |inner, key| {
            let mut object = Map::new();
            object.insert(key.clone(), inner);
            Value::Object(object)
        });
        self.found.push(Loosening {
            patch,
            path: at.path.clone(),
            rule,
        });
    }

    /// `locked`: a field around this message is LOCKED, which holds for all of it.
    fn message(&mut self, message: &MessageDescriptor, values: &Map<String, Value>, at: &At, locked: bool) {
        for field in message.fields() {
            let value = values.get(field.name()).unwrap_or(&Value::Null);
            let rule = if locked { Departure::Locked } else { rule(&field) };
            let at = at.field(&field);
            match (value, field.kind()) {
                (Value::Object(entries), Kind::Message(entry)) if field.is_map() => {
                    self.map(&entry, entries, &at, rule);
                }
                (Value::Array(elements), kind) if field.is_list() => self.list(&kind, elements, &at, rule),
                (Value::Object(inner), Kind::Message(message)) => {
                    self.message(&message, inner, &at, rule == Departure::Locked);
                }
                _ => self.single(&field, value, &at, rule),
            }
        }
    }

    fn map(&mut self, entry: &MessageDescriptor, entries: &Map<String, Value>, at: &At, rule: Departure) {
        let kind = entry.map_entry_value_field().kind();
        let holds_all = matches!(rule, Departure::Locked | Departure::ByField);
        for (key, value) in entries {
            let at = at.entry(key);
            if holds_all || rule == Departure::MayTightenSuperset {
                self.add(&at, rule, Value::Null);
            }
            match (value, &kind) {
                (Value::Object(inner), Kind::Message(message)) => {
                    self.message(message, inner, &at, rule == Departure::Locked);
                }
                _ if rule == Departure::Free => {}
                _ => {
                    if let Some(other) = self.other(&kind, value) {
                        self.add(&at, rule, other);
                    }
                }
            }
        }
        if (holds_all || rule == Departure::MayTightenSubset)
            && let Some((like, value)) = entries.iter().next()
        {
            let key = self.shaped(like);
            if !entries.contains_key(&key) {
                self.add(&at.entry(&key), rule, value.clone());
            }
        }
    }

    fn list(&mut self, kind: &Kind, elements: &[Value], at: &At, rule: Departure) {
        let one = elements.choose(self.chance).cloned();
        if matches!(rule, Departure::Locked | Departure::MayTightenSuperset)
            && let Some(gone) = &one
        {
            let fewer = elements.iter().filter(|element| *element != gone).cloned().collect();
            self.add(at, rule, Value::Array(fewer));
        }
        if matches!(rule, Departure::Locked | Departure::MayTightenSubset)
            && let Some(new) = self.other(kind, &one.unwrap_or(Value::Null))
            && !elements.contains(&new)
        {
            let more = elements.iter().cloned().chain([new]).collect();
            self.add(at, rule, Value::Array(more));
        }
    }

    fn single(&mut self, field: &FieldDescriptor, value: &Value, at: &At, rule: Departure) {
        let is_present = !value.is_null();
        let loose = match rule {
            Departure::Locked => self.other(&field.kind(), value),
            Departure::MayTightenHigher | Departure::MayTightenLonger if is_present => {
                self.beside(&field.kind(), value, false)
            }
            Departure::MayTightenLower | Departure::MayTightenShorter if is_present => {
                self.beside(&field.kind(), value, true)
            }
            _ => None,
        };
        if let Some(loose) = loose {
            self.add(at, rule, loose);
        }
        // An absent value is the loosest there is.
        let tightens = !matches!(rule, Departure::Free | Departure::Unspecified);
        if field.supports_presence() && is_present && tightens {
            self.add(at, rule, Value::Null);
        }
    }

    /// Another value of the kind.
    fn other(&mut self, kind: &Kind, value: &Value) -> Option<Value> {
        match kind {
            Kind::String => Some(Value::from(self.shaped(value.as_str().unwrap_or("word")))),
            Kind::Message(message) if message.full_name() != DURATION => None,
            _ if value.is_null() => match kind {
                Kind::Message(_) => Some(Value::from("7s")),
                Kind::Bool => Some(Value::from(true)),
                Kind::Enum(named) => named.values().last().map(|last| Value::from(last.name())),
                _ => number(kind, 7),
            },
            _ => {
                let higher = self.chance.random_bool(0.5);
                self.beside(kind, value, higher)
                    .or_else(|| self.beside(kind, value, !higher))
            }
        }
    }

    /// A higher value of the kind, or a lower one; none where there is none.
    fn beside(&mut self, kind: &Kind, value: &Value, higher: bool) -> Option<Value> {
        match kind {
            Kind::Bool => (value.as_bool()? != higher).then(|| Value::from(higher)),
            Kind::Enum(named) => {
                let now = named.get_value_by_name(value.as_str()?)?.number();
                let beside: Vec<_> = named
                    .values()
                    .filter(|other| {
                        if higher {
                            other.number() > now
                        } else {
                            other.number() < now
                        }
                    })
                    .collect();
                beside.choose(self.chance).map(|other| Value::from(other.name()))
            }
            Kind::Message(_) => {
                let now = nanoseconds(value.as_str()?)?;
                let beside = self.step(now, higher, 0, 315_576_000_000 * SECOND)?;
                Some(Value::from(seconds(beside)))
            }
            _ => {
                let now: i128 = match value {
                    Value::String(text) => text.parse().ok()?,
                    value => value.as_i64()?.into(),
                };
                let (least, most) = range(kind)?;
                let beside = self.step(now, higher, least, most)?;
                number(kind, beside)
            }
        }
    }

    fn step(&mut self, now: i128, higher: bool, least: i128, most: i128) -> Option<i128> {
        if higher {
            let near = now.saturating_mul(2).max(now + 10).min(most);
            (now < most).then(|| self.chance.random_range(now + 1..=near))
        } else {
            let near = if now > 0 { least.max(0) } else { least };
            (now > least).then(|| self.chance.random_range(near..now))
        }
    }

    /// Another text of the same shape: letters for letters, digits for digits.
    fn shaped(&mut self, like: &str) -> String {
        let mut text: String = like
            .chars()
            .map(|letter| match letter {
                'a'..='z' => self.chance.random_range('a'..='z'),
                'A'..='Z' => self.chance.random_range('A'..='Z'),
                '0'..='9' => self.chance.random_range('0'..='9'),
                other => other,
            })
            .collect();
        if text == like {
            text.push('x');
        }
        text
    }
}

const DURATION: &str = "google.protobuf.Duration";
const SECOND: i128 = 1_000_000_000;

fn rule(field: &FieldDescriptor) -> Departure {
    let pool: &DescriptorPool = field.parent_pool();
    let option = pool
        .get_extension_by_name("support.options.v1.departure")
        .expect("the contract declares the option");
    let stated = field.options().get_extension(&option).as_enum_number();
    stated
        .and_then(|number| Departure::try_from(number).ok())
        .unwrap_or_default()
}

fn range(kind: &Kind) -> Option<(i128, i128)> {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Some((i32::MIN.into(), i32::MAX.into())),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Some((i64::MIN.into(), i64::MAX.into())),
        Kind::Uint32 | Kind::Fixed32 => Some((0, u32::MAX.into())),
        Kind::Uint64 | Kind::Fixed64 => Some((0, u64::MAX.into())),
        _ => None,
    }
}

/// A number as JSON has it: of 64 bits as text.
fn number(kind: &Kind, value: i128) -> Option<Value> {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Uint32 | Kind::Fixed32 => {
            Some(Value::from(i64::try_from(value).ok()?))
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => {
            Some(Value::from(value.to_string()))
        }
        _ => None,
    }
}

fn nanoseconds(text: &str) -> Option<i128> {
    let text = text.strip_suffix('s')?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction: i128 = format!("{fraction:0<9}").parse().ok()?;
    Some(whole.parse::<i128>().ok()? * SECOND + fraction)
}

fn seconds(nanoseconds: i128) -> String {
    let (whole, fraction) = (nanoseconds / SECOND, nanoseconds % SECOND);
    if fraction == 0 {
        format!("{whole}s")
    } else {
        format!("{whole}.{fraction:09}s")
    }
}
