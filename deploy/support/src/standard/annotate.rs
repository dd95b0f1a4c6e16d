//! Documents with what the proto says of each field beside it: what it means, and how a region may depart from it.

use std::collections::HashSet;
use std::fmt::Write as _;

use prost_reflect::{FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};
use support_chassis::standard::{Place, Rule};
use time::Date;

use super::file::{Said, day};
use super::yaml::{Notes, Shape, block, field_lines};

/// The most values of an enumeration that are listed.
const MOST_VALUES: usize = 16;
/// How long a line of them may be, in bytes.
const LINE: usize = 110;

/// A file of the standard, explained.
pub(crate) fn file(
    document: &str,
    message: &MessageDescriptor,
    place: &Place,
    effective_from: Option<Date>,
    reason: &str,
    says: &Said,
) -> String {
    let mut text = String::new();
    for line in comment(&message.parent_file(), message.path()) {
        text.push_str(format!("# {line}").trim_end());
        text.push('\n');
    }
    let plain = Shape::Leaf { wide: false };
    let mut put = |key: &str, value: &str| text.push_str(&field_lines(key, &value.into(), &plain, 0, &mut None));
    put("document", document);
    if *place != Place::Global {
        put("place", &place.to_string());
    }
    put("reason", reason);
    if let Some(from) = effective_from {
        // A day needs no quotes where it is read as text, and reads better without.
        let _ = writeln!(text, "effective_from: {}", day(from));
    }
    text.push_str(if *place == Place::Global {
        "content:"
    } else {
        "changes:"
    });
    match content(message, &says.canonical(), 2) {
        Some(lines) => {
            text.push('\n');
            text.push_str(&lines);
        }
        None => text.push_str(" {}\n"),
    }
    text
}

/// A document alone, from its canonical text, explained; none where it says nothing.
pub(crate) fn content(message: &MessageDescriptor, canonical: &str, indent: usize) -> Option<String> {
    let value = serde_json::from_str(canonical).ok()?;
    let mut proto = Proto::default();
    let mut notes: Option<&mut dyn Notes> = Some(&mut proto);
    block(&value, &Shape::Message(message.clone()), indent, &mut notes)
}

/// What the proto says of fields, of each where it first stands.
#[derive(Default)]
struct Proto {
    told: HashSet<String>,
}

impl Notes for Proto {
    fn above(&mut self, field: &FieldDescriptor) -> Vec<String> {
        if !self.told.insert(field.full_name().to_owned()) {
            return Vec::new();
        }
        let mut lines = comment(&field.parent_message().parent_file(), field.path());
        lines.extend(values(field));
        lines.extend(departure(field).map(|words| format!("[{words}]")));
        lines
    }
}

/// The comment above something in the proto, line by line.
fn comment(file: &FileDescriptor, path: &[i32]) -> Vec<String> {
    let described = file.file_descriptor_proto().source_code_info.as_ref();
    described
        .and_then(|info| info.location.iter().find(|location| location.path == path))
        .map(|location| {
            location
                .leading_comments()
                .trim_end()
                .lines()
                .map(|line| line.trim().to_owned())
                .collect()
        })
        .unwrap_or_default()
}

/// The values that a field may have, where it is of an enumeration, in lines.
fn values(field: &FieldDescriptor) -> Vec<String> {
    let kind = match field.kind() {
        Kind::Message(entry) if field.is_map() => entry.map_entry_value_field().kind(),
        kind => kind,
    };
    let Kind::Enum(kind) = kind else { return Vec::new() };
    let names: Vec<String> = kind
        .values()
        .filter(|value| value.number() != 0)
        .map(|value| value.name().to_owned())
        .collect();
    if names.len() > MOST_VALUES {
        return Vec::new();
    }
    let mut lines = vec!["One of".to_owned()];
    for word in format!("{}.", names.join(", ")).split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < LINE => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// How a region may depart from a field, in words.
pub(crate) fn departure(field: &FieldDescriptor) -> Option<&'static str> {
    let is_bool = field.kind() == Kind::Bool && !field.is_list();
    Some(match Rule::of(field)? {
        Rule::Locked => "the same everywhere",
        Rule::Free if field.is_map() => {
            "a region may add and remove entries; in those that stay each field says how it may depart"
        }
        Rule::Free => "a region may say otherwise",
        Rule::ByField if field.is_map() => {
            "a region may neither add nor remove entries; each field in them says how it may depart"
        }
        Rule::ByField => "a region may depart as each field in it says",
        Rule::Higher if is_bool => "a region may only set it to true",
        Rule::Lower if is_bool => "a region may only set it to false",
        Rule::Higher => "a region may only raise it",
        Rule::Lower => "a region may only lower it",
        Rule::Longer => "a region may only lengthen it",
        Rule::Shorter => "a region may only shorten it",
        Rule::Superset => "a region may only add to it",
        Rule::Subset => "a region may only take from it",
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::file::RuleFile;
    use super::super::library::Library;
    use super::*;

    #[test]
    fn what_is_written_of_every_document_is_read_as_the_same() {
        let library = Library::own();
        for name in library.names() {
            let known = library.get(name).unwrap();
            let says = Said::Content(known.shipped.clone());
            let day = Some(time::macros::date!(2027 - 01 - 01));
            let message = known.schema.message();
            let text = file(name, message, &Place::Global, day, "it's: so", &says);
            let read = RuleFile::parse(Path::new("x.yaml"), text.clone(), library);
            let read = read.unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"));
            assert_eq!(
                (&read.says, read.effective_from, read.reason.as_str()),
                (&says, day, "it's: so"),
                "{text}"
            );
            // Every field that is there is explained, and how it may depart.
            for field in message.fields() {
                let place = text
                    .find(&format!("\n  {}:", field.name()))
                    .unwrap_or_else(|| panic!("{}", field.full_name()));
                let above = text[..place].lines().next_back().unwrap();
                assert!(
                    above.starts_with("  # [") && above.ends_with(']'),
                    "{}: {above}",
                    field.full_name()
                );
            }
            assert!(!text.contains(" \n"), "{text}");
        }
    }

    #[test]
    fn a_field_is_explained_once() {
        let known = Library::own().get("identity-verification/territories").unwrap();
        let text = content(known.schema.message(), &known.shipped.print(), 0).unwrap();
        assert_eq!(text.matches("The region that serves it").count(), 1);
        assert!(text.contains("    region: eu\n"));
    }

    #[test]
    fn departures_are_said_as_people_say_them() {
        let message = support_proto::descriptors()
            .get_message_by_name("support.identity.v1.PurposeRules")
            .unwrap();
        let words = |name: &str| departure(&message.get_field_by_name(name).unwrap()).unwrap();
        assert_eq!(words("assurance"), "a region may only raise it");
        assert_eq!(words("methods"), "a region may only take from it");
        assert_eq!(words("grant_lifetime"), "a region may only shorten it");
    }
}
