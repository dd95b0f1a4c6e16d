//! Random documents and patches of any descriptor, as JSON.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

/// Few keys, so that documents and patches meet; one of them looks like the path it stands in.
const KEYS: [&str; 4] = ["a", "b", "c\"]\\.d", "é"];

pub(super) fn is_duration(message: &MessageDescriptor) -> bool {
    message.full_name() == "google.protobuf.Duration"
}

/// A whole document, canonical or nearly so.
pub(super) fn document(message: &MessageDescriptor) -> BoxedStrategy<Value> {
    object(message, |field| {
        let value = field_value(field);
        if field.supports_presence() {
            proptest::option::weighted(0.7, value).boxed()
        } else {
            value.prop_map(Some).boxed()
        }
    })
}

/// A merge patch, null wherever that means something.
pub(super) fn patch(message: &MessageDescriptor) -> BoxedStrategy<Value> {
    object(message, |field| {
        let change = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let value = entry.map_entry_value_field();
                let change = prop_oneof![3 => value_change(&value), 1 => Just(Value::Null)];
                let entries = btree_map(select(&KEYS[..]), change, 0..3);
                prop_oneof![6 => entries.prop_map(json_map), 1 => Just(Value::Null)].boxed()
            }
            _ if field.is_list() => prop_oneof![6 => field_value(field), 1 => Just(Value::Null)].boxed(),
            _ if field.supports_presence() => prop_oneof![3 => value_change(field), 1 => Just(Value::Null)].boxed(),
            _ => value_change(field),
        };
        proptest::option::weighted(0.3, change).boxed()
    })
}

fn object(
    message: &MessageDescriptor,
    value: impl Fn(&FieldDescriptor) -> BoxedStrategy<Option<Value>>,
) -> BoxedStrategy<Value> {
    let names: Vec<String> = message.fields().map(|field| field.name().to_owned()).collect();
    let values: Vec<_> = message.fields().map(|field| value(&field)).collect();
    values
        .prop_map(move |values| {
            let said = names.iter().cloned().zip(values);
            Value::Object(said.filter_map(|(name, value)| Some((name, value?))).collect())
        })
        .boxed()
}

fn field_value(field: &FieldDescriptor) -> BoxedStrategy<Value> {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            btree_map(select(&KEYS[..]), single(&entry.map_entry_value_field()), 0..4)
                .prop_map(json_map)
                .boxed()
        }
        _ if field.is_list() => vec(single(field), 0..4).prop_map(Value::Array).boxed(),
        _ => single(field),
    }
}

fn value_change(field: &FieldDescriptor) -> BoxedStrategy<Value> {
    match field.kind() {
        Kind::Message(message) if !is_duration(&message) => patch(&message),
        _ => single(field),
    }
}

/// One value of the field's type, whether or not it has many.
fn single(field: &FieldDescriptor) -> BoxedStrategy<Value> {
    match field.kind() {
        Kind::Bool => any::<bool>().prop_map(Value::from).boxed(),
        Kind::Int32 => prop_oneof![4 => -2..3_i32, 1 => any::<i32>()]
            .prop_map(Value::from)
            .boxed(),
        Kind::Uint32 => prop_oneof![4 => 0..4_u32, 1 => any::<u32>()]
            .prop_map(Value::from)
            .boxed(),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => prop_oneof![4 => -2..3_i64, 1 => any::<i64>()]
            .prop_map(|number| Value::from(number.to_string()))
            .boxed(),
        Kind::Uint64 => prop_oneof![4 => 0..4_u64, 1 => any::<u64>()]
            .prop_map(|number| Value::from(number.to_string()))
            .boxed(),
        Kind::String => {
            prop_oneof![4 => select(&["", "x", "y", "ü\"\n"][..]).prop_map(str::to_owned), 1 => "[ -~À-ﬀ😀\n\t]{0,6}"]
                .prop_map(Value::from)
                .boxed()
        }
        Kind::Enum(values) => {
            let names: Vec<String> = values.values().map(|value| value.name().to_owned()).collect();
            select(names).prop_map(Value::from).boxed()
        }
        Kind::Message(message) if is_duration(&message) => {
            select(&["-1s", "0s", "0.000000001s", "0.500s", "1s", "60s", "3600s"][..])
                .prop_map(Value::from)
                .boxed()
        }
        Kind::Message(message) => document(&message),
        other => panic!("a document has no {other:?}"),
    }
}

fn json_map(entries: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    let entries: Map<String, Value> = entries
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    Value::Object(entries)
}
