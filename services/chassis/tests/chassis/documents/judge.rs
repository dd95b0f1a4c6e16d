//! Says by itself what is looser: on messages instead of JSON, and from the comments of `Departure` alone. What the core says
//! is held against it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex};

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, ReflectMessage as _, Value};
use support_chassis::standard::{Content, Departed};
use support_proto::support::options::v1::Departure;

use super::random::is_duration;

/// A place and the rule that it breaks.
pub(super) type Verdict = BTreeSet<(String, Departure)>;

pub(super) fn verdict(base: &Content, candidate: &Content) -> Verdict {
    let mut found = Verdict::new();
    message(
        &base.message().unwrap(),
        &candidate.message().unwrap(),
        "",
        false,
        &mut found,
    );
    found
}

pub(super) fn told(departed: &[Departed]) -> Verdict {
    let told: Verdict = departed.iter().map(|one| (one.path.clone(), one.rule.into())).collect();
    assert_eq!(told.len(), departed.len(), "a place is told twice");
    told
}

/// What the field states, looked up once: every look at an option decodes it.
pub(super) fn rule(field: &FieldDescriptor) -> Departure {
    static KNOWN: LazyLock<Mutex<HashMap<String, Departure>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    *known.entry(field.full_name().to_owned()).or_insert_with(|| {
        let option = field
            .parent_pool()
            .get_extension_by_name("support.options.v1.departure")
            .unwrap();
        Departure::try_from(field.options().get_extension(&option).as_enum_number().unwrap()).unwrap()
    })
}

fn message(base: &DynamicMessage, candidate: &DynamicMessage, path: &str, locked: bool, found: &mut Verdict) {
    for field in base.descriptor().fields() {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{}", field.name());
        let stated = rule(&field);
        let rule = if locked { Departure::Locked } else { stated };
        let value = |message: &DynamicMessage| {
            (!field.supports_presence() || message.has_field(&field)).then(|| message.get_field(&field).into_owned())
        };
        let (base, candidate) = (value(base), value(candidate));
        let mut refuse = || {
            found.insert((path.clone(), rule));
        };
        match (base, candidate) {
            (Some(Value::Map(base)), Some(Value::Map(candidate))) => {
                let keys: BTreeSet<&MapKey> = base.keys().chain(candidate.keys()).collect();
                for key in keys {
                    let name = serde_json::to_string(key.as_str().unwrap()).unwrap();
                    let path = format!("{path}[{name}]");
                    let refused = match (base.get(key), candidate.get(key)) {
                        (Some(Value::Message(base)), Some(Value::Message(candidate)))
                            if !is_duration(&base.descriptor()) =>
                        {
                            message(base, candidate, &path, rule == Departure::Locked, found);
                            false
                        }
                        (Some(base), Some(candidate)) => base != candidate && rule != Departure::Free,
                        (Some(_), None) => !matches!(rule, Departure::Free | Departure::MayTightenSubset),
                        (None, _) => !matches!(rule, Departure::Free | Departure::MayTightenSuperset),
                    };
                    if refused {
                        found.insert((path, rule));
                    }
                }
            }
            (Some(Value::List(base)), Some(Value::List(candidate))) => {
                let has_all = |those: &[Value], these: &[Value]| these.iter().all(|one| those.contains(one));
                let (gone, come) = (!has_all(&candidate, &base), !has_all(&base, &candidate));
                let is_set = matches!(stated, Departure::MayTightenSuperset | Departure::MayTightenSubset);
                let refused = match rule {
                    Departure::Free => false,
                    Departure::MayTightenSuperset => gone,
                    Departure::MayTightenSubset => come,
                    _ if is_set => gone || come,
                    _ => base != candidate,
                };
                if refused {
                    refuse();
                }
            }
            (Some(Value::Message(base)), Some(Value::Message(candidate))) if !is_duration(&base.descriptor()) => {
                message(&base, &candidate, &path, rule == Departure::Locked, found);
            }
            (Some(base), Some(candidate)) => {
                let (was, is) = (rank(&field, &base), rank(&field, &candidate));
                let refused = match rule {
                    Departure::Free => false,
                    Departure::MayTightenHigher | Departure::MayTightenLonger => is < was,
                    Departure::MayTightenLower | Departure::MayTightenShorter => is > was,
                    _ => base != candidate,
                };
                if refused {
                    refuse();
                }
            }
            // A message or value that came: of a value no limit was stated before.
            (None, Some(_)) if matches!(rule, Departure::Locked | Departure::ByField) => refuse(),
            (Some(_), None) if rule != Departure::Free => refuse(),
            _ => {}
        }
    }
}

fn rank(field: &FieldDescriptor, value: &Value) -> Option<i128> {
    Some(match (field.kind(), value) {
        (_, Value::Bool(value)) => i128::from(*value),
        (_, Value::I32(value) | Value::EnumNumber(value)) => i128::from(*value),
        (_, Value::I64(value)) => i128::from(*value),
        (_, Value::U32(value)) => i128::from(*value),
        (_, Value::U64(value)) => i128::from(*value),
        (Kind::Message(_), Value::Message(duration)) => {
            let part = |name: &str| duration.get_field_by_name(name).unwrap().into_owned();
            let seconds = i128::from(part("seconds").as_i64().unwrap());
            seconds * 1_000_000_000 + i128::from(part("nanos").as_i32().unwrap())
        }
        _ => return None,
    })
}
