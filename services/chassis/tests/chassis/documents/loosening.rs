//! A thousand overlays, each lawful in many places and loosening in one, are all refused at that very place.

use proptest::prelude::*;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use serde_json::{Map, Value, json};
use support_chassis::standard::{Patch, looser};
use support_proto::support::options::v1::Departure;

use super::judge::rule;
use super::{content_of, everything, random, schema};

/// One change of one place.
#[derive(Debug, Clone)]
struct Move {
    /// Where it stands in the patch.
    keys: Vec<String>,
    path: String,
    /// Null takes away.
    value: Value,
    /// None where it is lawful.
    breaks: Option<Departure>,
}

/// Finds changes of each place of a document, lawful ones and others.
struct Moves {
    chance: StdRng,
    found: Vec<Move>,
}

/// Where the walk stands.
#[derive(Clone, Default)]
struct At {
    keys: Vec<String>,
    path: String,
}

impl At {
    fn down(&self, key: &str, suffix: &str) -> Self {
        let keys = self.keys.iter().cloned().chain([key.to_owned()]).collect();
        Self {
            keys,
            path: format!("{}{suffix}", self.path),
        }
    }

    fn field(&self, name: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        self.down(name, &format!("{dot}{name}"))
    }

    fn entry(&self, key: &str) -> Self {
        self.down(key, &format!("[{}]", Value::from(key)))
    }
}

impl Moves {
    fn add(&mut self, at: &At, value: Value, breaks: Option<Departure>) {
        self.found.push(Move {
            keys: at.keys.clone(),
            path: at.path.clone(),
            value,
            breaks,
        });
    }

    fn message(&mut self, message: &MessageDescriptor, base: &Value, at: &At, locked: bool) {
        for field in message.fields() {
            let at = at.field(field.name());
            let rule = if locked { Departure::Locked } else { rule(&field) };
            let value = base.get(field.name()).unwrap_or(&Value::Null);
            match field.kind() {
                Kind::Message(entry) if field.is_map() => self.map(&entry.map_entry_value_field(), value, &at, rule),
                _ if field.is_list() => self.list(&field, value, &at, rule),
                Kind::Message(inner) if !random::is_duration(&inner) => match value {
                    Value::Null => self.add(&at, json!({}), Some(rule)),
                    value => {
                        self.add(&at, Value::Null, Some(rule));
                        self.message(&inner, value, &at, rule == Departure::Locked);
                    }
                },
                _ => self.single(&field, value, &at, rule),
            }
        }
    }

    fn single(&mut self, field: &FieldDescriptor, value: &Value, at: &At, rule: Departure) {
        let place = rank(field, value);
        for other in samples(field) {
            if other == *value {
                continue;
            }
            let looser = match rule {
                Departure::Free => false,
                _ if value.is_null() => rule == Departure::Locked,
                Departure::MayTightenHigher | Departure::MayTightenLonger => rank(field, &other) < place,
                Departure::MayTightenLower | Departure::MayTightenShorter => rank(field, &other) > place,
                _ => true,
            };
            self.add(at, other, looser.then_some(rule));
        }
        if field.supports_presence() && !value.is_null() {
            self.add(at, Value::Null, (rule != Departure::Free).then_some(rule));
        }
    }

    fn list(&mut self, field: &FieldDescriptor, value: &Value, at: &At, rule: Departure) {
        let is_set = matches!(
            super::judge::rule(field),
            Departure::MayTightenSuperset | Departure::MayTightenSubset
        );
        let elements = value.as_array().unwrap();
        let mut more = elements.clone();
        more.extend(samples(field).into_iter().find(|sample| !elements.contains(sample)));
        more.shuffle(&mut self.chance);
        if more.len() > elements.len() {
            let lawful = matches!(rule, Departure::Free | Departure::MayTightenSuperset);
            self.add(at, Value::Array(more), (!lawful).then_some(rule));
        }
        if let Some(gone) = elements.choose(&mut self.chance) {
            let fewer = elements.iter().filter(|element| *element != gone).cloned().collect();
            let lawful = matches!(rule, Departure::Free | Departure::MayTightenSubset);
            self.add(at, Value::Array(fewer), (!lawful).then_some(rule));
        }
        if is_set && !elements.is_empty() {
            // The same set otherwise written, even where it is locked.
            let mut same: Vec<Value> = elements.iter().chain(elements.first()).cloned().collect();
            same.reverse();
            self.add(at, Value::Array(same), None);
        }
    }

    fn map(&mut self, field: &FieldDescriptor, value: &Value, at: &At, rule: Departure) {
        let entries = value.as_object().unwrap();
        let lawful_or = |lawful: bool| (!lawful).then_some(rule);
        for (key, value) in entries {
            let at = at.entry(key);
            let may_go = matches!(rule, Departure::Free | Departure::MayTightenSubset);
            self.add(&at, Value::Null, lawful_or(may_go));
            match field.kind() {
                Kind::Message(inner) if !random::is_duration(&inner) => {
                    self.message(&inner, value, &at, rule == Departure::Locked);
                }
                _ => {
                    for other in samples(field) {
                        if other != *value {
                            self.add(&at, other, lawful_or(rule == Departure::Free));
                        }
                    }
                }
            }
        }
        let key = format!("new \"{}\"", self.chance.random_range(0..100));
        let new = samples(field).choose(&mut self.chance).unwrap().clone();
        let may_come = matches!(rule, Departure::Free | Departure::MayTightenSuperset);
        self.add(&at.entry(&key), new, lawful_or(may_come));
    }
}

/// Some values of the field's type, from low to high.
fn samples(field: &FieldDescriptor) -> Vec<Value> {
    match field.kind() {
        Kind::Bool => vec![json!(false), json!(true)],
        Kind::Int32 => [i32::MIN, -2, -1, 0, 1, 2, 3, i32::MAX].map(Value::from).to_vec(),
        Kind::Uint32 => [0, 1, 2, 3, 4, u32::MAX].map(Value::from).to_vec(),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => [i64::MIN, -3, -1, 0, 1, 2, i64::MAX]
            .map(|number| Value::from(number.to_string()))
            .to_vec(),
        Kind::Uint64 => [0, 1, 2, 3, u64::MAX]
            .map(|number| Value::from(number.to_string()))
            .to_vec(),
        Kind::String => ["", "x", "y", "new words"].map(Value::from).to_vec(),
        Kind::Enum(values) => values.values().map(|value| Value::from(value.name())).collect(),
        Kind::Message(message) if random::is_duration(&message) => {
            ["-9s", "0s", "0.000000002s", "0.700s", "30s", "7200s"]
                .map(Value::from)
                .to_vec()
        }
        Kind::Message(_) => vec![json!({})],
        other => panic!("a document has no {other:?}"),
    }
}

fn rank(field: &FieldDescriptor, value: &Value) -> i128 {
    match (field.kind(), value) {
        (Kind::Enum(values), Value::String(name)) => values.get_value_by_name(name).unwrap().number().into(),
        (Kind::Message(_), Value::String(text)) => {
            // All of them are shorter than a day, so a float tells them apart.
            let seconds: f64 = text.strip_suffix('s').unwrap().parse().unwrap();
            format!("{:.0}", seconds * 1e9).parse().unwrap()
        }
        (Kind::String, _) => 0,
        (_, Value::String(number)) => number.parse().unwrap(),
        (_, Value::Bool(value)) => i128::from(*value),
        (_, value) => value.as_i64().unwrap_or_default().into(),
    }
}

/// The patch that makes all of these changes, none of which stands within another.
fn patch_of(moves: &[Move]) -> Value {
    let mut patch = Map::new();
    for one in moves {
        let (last, above) = one.keys.split_last().unwrap();
        let mut within = &mut patch;
        for key in above {
            within = within
                .entry(key)
                .or_insert_with(|| Value::Object(Map::new()))
                .as_object_mut()
                .unwrap();
        }
        within.insert(last.clone(), one.value.clone());
    }
    Value::Object(patch)
}

/// Lawful changes of many places, none of which stands within another or `kept`.
fn lawful_beside(kept: &[Move], moves: &Moves, chance: &mut StdRng) -> Vec<Move> {
    let mut lawful: Vec<&Move> = moves.found.iter().filter(|one| one.breaks.is_none()).collect();
    lawful.shuffle(chance);
    let mut chosen = kept.to_vec();
    for one in lawful {
        let meets = |other: &Move| one.keys.starts_with(&other.keys) || other.keys.starts_with(&one.keys);
        if chance.random_bool(0.7) && !chosen.iter().any(meets) {
            chosen.push(one.clone());
        }
    }
    chosen
}

fn moves_of(document: &Value, seed: u64) -> Moves {
    let mut moves = Moves {
        chance: StdRng::seed_from_u64(seed),
        found: Vec::new(),
    };
    moves.message(&everything(), document, &At::default(), false);
    moves
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn an_overlay_is_refused_at_the_one_place_where_it_loosens(
        document in random::document(&everything()),
        seed in any::<u64>(),
    ) {
        let base = content_of(&document);
        let moves = moves_of(&base.to_value(), seed);
        let mut chance = StdRng::seed_from_u64(seed);
        let loosening: Vec<&Move> = moves.found.iter().filter(|one| one.breaks.is_some()).collect();
        let loosening = (*loosening.choose(&mut chance).unwrap()).clone();
        let all = lawful_beside(std::slice::from_ref(&loosening), &moves, &mut chance);
        prop_assert!(all.len() > 10, "only {} changes", all.len());

        let patch = patch_of(&all);
        let candidate = Patch::from_json(&schema(), &patch.to_string()).unwrap().apply(&base);
        let refused = looser(&base, &candidate);
        let told: Vec<_> = refused.iter().map(|one| (one.path.as_str(), Some(one.rule.into()))).collect();
        // A message that is taken away within a locked one, or an entry of a locked map, is told as a whole.
        prop_assert_eq!(told, vec![(loosening.path.as_str(), loosening.breaks)], "{}", patch);
    }
}

proptest! {
    #[test]
    fn an_overlay_that_loosens_nowhere_is_accepted(document in random::document(&everything()), seed in any::<u64>()) {
        let base = content_of(&document);
        let moves = moves_of(&base.to_value(), seed);
        let all = lawful_beside(&[], &moves, &mut StdRng::seed_from_u64(seed));
        let patch = patch_of(&all);
        let candidate = Patch::from_json(&schema(), &patch.to_string()).unwrap().apply(&base);
        prop_assert_eq!(looser(&base, &candidate), vec![], "{}", patch);
        prop_assert_ne!(candidate, base, "nothing was changed");
    }
}

/// Every departure of the document is broken by one of the thousand: the walk finds a way for each.
#[test]
fn every_field_that_is_not_free_can_be_loosened() {
    let document = json!({
        "locked_maybe": 1, "locked_list": ["x"], "locked_map": {"a": "1"}, "locked_inner": {"leaf": {}},
        "locked_inners": {"a": {}}, "locked_leaves": [{}], "locked_duration": "1s", "by_field": {"leaf": {}},
        "by_field_map": {"a": {}}, "higher_int32": 1, "higher_int64": "1", "higher_uint64": "1", "higher_switch": true,
        "higher_level": "LEVEL_HIGH", "lower_uint32": 1, "lower_fixed": "1", "lower_switch": false, "longer": "1s",
        "shorter": "1s", "superset": ["x"], "superset_levels": ["LEVEL_LOW"], "superset_map": {"a": "1"},
        "superset_inners": {"a": {}}, "superset_durations": {"a": "1s"}, "subset": ["1"],
    });
    let moves = moves_of(&content_of(&document).to_value(), 1);
    for field in everything().fields().filter(|field| rule(field) != Departure::Free) {
        let found = moves
            .found
            .iter()
            .any(|one| one.breaks.is_some() && one.keys[0] == field.name());
        assert!(found, "nothing loosens {}", field.name());
    }
}
