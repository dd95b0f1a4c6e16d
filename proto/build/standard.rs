//! Holds the documents of the standard against their own rule: every field says how a region may depart from it, in a way
//! that its type can be held against. What is wrong fails the build.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;

use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, Kind, MessageDescriptor};

/// The departures by the names of their values, without the prefix.
const PREFIX: &str = "DEPARTURE_";

/// The documents of the standard among the messages of the contract.
pub fn documents(pool: &DescriptorPool) -> Result<Vec<(MessageDescriptor, DynamicMessage)>, Box<dyn Error>> {
    let option = extension(pool, "support.options.v1.standard")?;
    Ok(pool
        .all_messages()
        .filter(|message| message.options().has_extension(&option))
        .filter_map(|message| {
            let stated = message.options().get_extension(&option).as_message()?.clone();
            Some((message, stated))
        })
        .collect())
}

/// Checks every document with everything inside it.
pub fn check(pool: &DescriptorPool) -> Result<(), Box<dyn Error>> {
    let options = Options {
        departure: extension(pool, "support.options.v1.departure")?,
        personal: extension(pool, "support.options.v1.personal")?,
    };
    let mut faults = BTreeSet::new();
    let mut names = BTreeMap::new();
    for (document, stated) in documents(pool)? {
        walk(&document, &options, &mut Vec::new(), &mut faults);
        let name = stated
            .get_field_by_name("name")
            .and_then(|name| name.as_str().map(str::to_owned))
            .unwrap_or_default();
        if !is_name(&name) {
            faults.insert(format!(
                "{}: its name is not one of lower-case letters, digits and hyphens, 40 at most",
                document.full_name()
            ));
        }
        // A package is a service's, and within a service a name is a document's.
        let place = (document.package_name().to_owned(), name);
        if let Some(other) = names.insert(place, document.full_name().to_owned()) {
            faults.insert(format!("{}: has the name of {other}", document.full_name()));
        }
    }
    if faults.is_empty() {
        return Ok(());
    }
    Err(format!(
        "documents of the standard:\n  {}",
        faults.into_iter().collect::<Vec<_>>().join("\n  ")
    )
    .into())
}

/// The options that are looked at.
struct Options {
    departure: ExtensionDescriptor,
    personal: ExtensionDescriptor,
}

fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-')
}

fn extension(pool: &DescriptorPool, name: &str) -> Result<ExtensionDescriptor, Box<dyn Error>> {
    pool.get_extension_by_name(name)
        .ok_or_else(|| format!("option `{name}` is not declared").into())
}

fn walk(message: &MessageDescriptor, options: &Options, above: &mut Vec<String>, faults: &mut BTreeSet<String>) {
    if above.iter().any(|name| name == message.full_name()) {
        faults.insert(format!("{}: stands within itself", message.full_name()));
        return;
    }
    above.push(message.full_name().to_owned());
    for oneof in message.oneofs().filter(|oneof| !oneof.is_synthetic()) {
        faults.insert(format!("{}: a document has no oneof", oneof.full_name()));
    }
    for field in message.fields() {
        if field.options().get_extension(&options.personal).as_bool() == Some(true) {
            faults.insert(format!(
                "{}: is personal, and documents are told to everybody",
                field.full_name()
            ));
        }
        match stated(&field, &options.departure) {
            None => {
                faults.insert(format!("{}: no departure is stated", field.full_name()));
            }
            Some(rule) => {
                if let Err(why) = fits(&field, &rule) {
                    faults.insert(format!("{}: {why}", field.full_name()));
                }
            }
        }
        if let Some(inner) = inner(&field) {
            walk(&inner, options, above, faults);
        }
    }
    above.pop();
}

/// What the field states, as the name of the value without its prefix.
fn stated(field: &FieldDescriptor, departure: &ExtensionDescriptor) -> Option<String> {
    let options = field.options();
    if !options.has_extension(departure) {
        return None;
    }
    let number = options.get_extension(departure).as_enum_number()?;
    let Kind::Enum(kind) = departure.kind() else {
        return None;
    };
    let name = kind.get_value(number)?.name().strip_prefix(PREFIX)?.to_owned();
    (name != "UNSPECIFIED").then_some(name)
}

/// The message inside the field whose fields state departures of their own.
fn inner(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    let kind = if field.is_map() { map_value(field) } else { field.kind() };
    match kind {
        Kind::Message(message) if !is_well_known(&message) => Some(message),
        _ => None,
    }
}

fn map_value(field: &FieldDescriptor) -> Kind {
    match field.kind() {
        Kind::Message(entry) => entry.map_entry_value_field().kind(),
        other => other,
    }
}

/// What everybody declares alike: a duration, which is a value, or something that a document does not have.
fn is_well_known(message: &MessageDescriptor) -> bool {
    message.full_name().starts_with("google.protobuf.")
}

fn is_duration(message: &MessageDescriptor) -> bool {
    message.full_name() == "google.protobuf.Duration"
}

/// Whether a departure can be told at all for the field's type.
fn fits(field: &FieldDescriptor, rule: &str) -> Result<(), String> {
    let value = if field.is_map() { map_value(field) } else { field.kind() };
    match &value {
        Kind::Double | Kind::Float | Kind::Bytes => return Err("a document has no floating point and no bytes".into()),
        Kind::Message(message) if is_well_known(message) && !is_duration(message) => {
            return Err(format!("a document has no {}", message.full_name()));
        }
        _ => {}
    }
    if field.is_map() {
        if let Kind::Message(entry) = field.kind()
            && entry.map_entry_key_field().kind() != Kind::String
        {
            return Err("a document's maps are by string".into());
        }
        let by_field = matches!(&value, Kind::Message(message) if !is_duration(message));
        return allowed(
            rule,
            &["LOCKED", "FREE", "MAY_TIGHTEN_SUPERSET", "MAY_TIGHTEN_SUBSET"],
            by_field,
        );
    }
    if field.is_list() {
        return match value {
            Kind::Message(_) => allowed(rule, &["LOCKED", "FREE"], false),
            _ => allowed(
                rule,
                &["LOCKED", "FREE", "MAY_TIGHTEN_SUPERSET", "MAY_TIGHTEN_SUBSET"],
                false,
            ),
        };
    }
    match value {
        Kind::Message(message) if is_duration(&message) => allowed(
            rule,
            &["LOCKED", "FREE", "MAY_TIGHTEN_LONGER", "MAY_TIGHTEN_SHORTER"],
            false,
        ),
        Kind::Message(_) => allowed(rule, &["LOCKED"], true),
        Kind::String => allowed(rule, &["LOCKED", "FREE"], false),
        _ => allowed(
            rule,
            &["LOCKED", "FREE", "MAY_TIGHTEN_HIGHER", "MAY_TIGHTEN_LOWER"],
            false,
        ),
    }
}

fn allowed(rule: &str, rules: &[&str], by_field: bool) -> Result<(), String> {
    if rules.contains(&rule) || (by_field && rule == "BY_FIELD") {
        return Ok(());
    }
    Err(format!("{rule} does not fit the field's type"))
}
