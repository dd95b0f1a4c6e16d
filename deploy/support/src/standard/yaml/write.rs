//! Writes contents as YAML that people like to read: fields in the order of the proto, nothing in quotes that need not be,
//! long texts as blocks.

use std::fmt::Write as _;

use prost_reflect::FieldDescriptor;
use serde_json::Value;

use super::shape::Shape;

/// How far each level stands to the right of the one above.
pub(super) const STEP: usize = 2;
/// The longest list that stands on one line, in bytes.
const SHORT_LIST: usize = 72;

/// What is said of fields beside their values.
pub(crate) trait Notes {
    /// The lines above a field of a message, without `#`.
    fn above(&mut self, field: &FieldDescriptor) -> Vec<String>;
}

/// How a text is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes where that says the same to every reader of YAML.
    Plain,
    /// In single quotes where that is possible.
    Single,
    /// As JSON.
    Double,
}

/// A value as the lines of a block, each with its end, `indent` to the right. A scalar, an empty collection and a short list of
/// scalars have no block: they stand behind their key.
pub(crate) fn block(value: &Value, shape: &Shape, indent: usize, notes: &mut Option<&mut dyn Notes>) -> Option<String> {
    let mut lines = String::new();
    match value {
        Value::Object(object) if !object.is_empty() => {
            for key in shape.ordered(object) {
                let field = field_lines(key, &object[key], shape, indent, notes);
                // What is explained stands apart.
                if !lines.is_empty() && field.trim_start().starts_with('#') {
                    lines.push('\n');
                }
                lines.push_str(&field);
            }
        }
        Value::Array(items) if !items.is_empty() && !is_short(items, shape) => {
            for item in items {
                lines.push_str(&item_lines(item, &shape.within(), indent, notes));
            }
        }
        _ => return None,
    }
    Some(lines)
}

/// Whether a list stands on one line.
fn is_short(items: &[Value], shape: &Shape) -> bool {
    let scalars = items.iter().all(|item| !item.is_object() && !item.is_array());
    scalars && json(&Value::from(items), shape, Style::Plain).len() <= SHORT_LIST
}

/// A key with its value as lines, the notes of the field above it.
pub(crate) fn field_lines(
    key: &str,
    value: &Value,
    shape: &Shape,
    indent: usize,
    notes: &mut Option<&mut dyn Notes>,
) -> String {
    let mut lines = String::new();
    let margin = " ".repeat(indent);
    if let (Some(notes), Shape::Message(message)) = (notes.as_mut(), shape)
        && let Some(field) = message.get_field_by_name(key)
    {
        for line in notes.above(&field) {
            let _ = writeln!(lines, "{}", format!("{margin}# {line}").trim_end());
        }
    }
    let inner = shape.under(key);
    let key = text(key, Style::Plain);
    match block(value, &inner, indent + STEP, notes) {
        Some(below) => {
            let _ = write!(lines, "{margin}{key}:\n{below}");
        }
        None => {
            let _ = writeln!(
                lines,
                "{margin}{key}: {}",
                inline(value, &inner, indent + STEP, Style::Plain)
            );
        }
    }
    lines
}

/// An element of a list as lines.
pub(super) fn item_lines(item: &Value, shape: &Shape, indent: usize, notes: &mut Option<&mut dyn Notes>) -> String {
    let margin = " ".repeat(indent);
    match block(item, shape, indent + STEP, notes) {
        // The first line begins beside the dash, unless it is a note: that stands above.
        Some(below) if !below.trim_start().starts_with('#') => format!("{margin}- {}", below.trim_start()),
        Some(below) => format!("{margin}-\n{below}"),
        None => format!("{margin}- {}\n", inline(item, shape, indent + STEP, Style::Plain)),
    }
}

/// A value as it stands behind its key: a scalar, or an empty collection. A text of several lines becomes a block, its
/// lines `indent` to the right.
pub(super) fn inline(value: &Value, shape: &Shape, indent: usize, style: Style) -> String {
    match value {
        Value::String(number) if *shape == (Shape::Leaf { wide: true }) => number.clone(),
        Value::String(string) if style != Style::Double && is_block_text(string) => literal(string, indent),
        Value::String(string) => text(string, style),
        Value::Object(object) if object.is_empty() => "{}".to_owned(),
        Value::Array(items) if items.is_empty() => "[]".to_owned(),
        Value::Object(_) | Value::Array(_) => json(value, shape, style),
        other => other.to_string(),
    }
}

/// A value on one line, in flow style.
pub(crate) fn json(value: &Value, shape: &Shape, style: Style) -> String {
    match value {
        Value::Object(object) => {
            let members: Vec<String> = shape
                .ordered(object)
                .into_iter()
                .map(|key| format!("{}: {}", text(key, style), json(&object[key], &shape.under(key), style)))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| json(item, &shape.within(), style)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::String(string) if *shape != (Shape::Leaf { wide: true }) => flow_text(string, style),
        other => inline(other, shape, 0, style),
    }
}

/// Whether a text reads better as a block of lines, and can be one.
fn is_block_text(text: &str) -> bool {
    let body = text.trim_end_matches('\n');
    body.contains('\n')
        // Its end is said by the block's sign for none or one line break.
        && text.len() - body.len() <= 1
        && !body.starts_with([' ', '\n', '\t'])
        && body.lines().all(|line| !line.ends_with([' ', '\t']))
        && body.chars().all(|letter| letter == '\n' || is_printable(letter))
}

fn literal(text: &str, indent: usize) -> String {
    let margin = " ".repeat(indent);
    let mut block = if text.ends_with('\n') {
        "|".to_owned()
    } else {
        "|-".to_owned()
    };
    for line in text.trim_end_matches('\n').lines() {
        block.push('\n');
        if !line.is_empty() {
            block.push_str(&margin);
            block.push_str(line);
        }
    }
    block
}

fn is_printable(letter: char) -> bool {
    // What parsers differ about is escaped: controls, other line breaks, the mark of byte order.
    !letter.is_control() && !matches!(letter, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// A text as a scalar on one line.
pub(super) fn text(text: &str, style: Style) -> String {
    match style {
        Style::Plain if is_plain(text) => text.to_owned(),
        Style::Single if text.chars().all(is_printable) => format!("'{}'", text.replace('\'', "''")),
        _ => double(text),
    }
}

/// The same within a collection in flow style, where more letters mean something.
fn flow_text(string: &str, style: Style) -> String {
    if style == Style::Plain && string.contains([',', '[', ']', '{', '}']) {
        double(string)
    } else {
        text(string, style)
    }
}

fn double(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    for letter in Value::from(text).to_string().chars() {
        if is_printable(letter) {
            quoted.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                let _ = write!(quoted, "\\u{unit:04x}");
            }
        }
    }
    quoted
}

/// Whether a text without quotes is that text to every reader, whatever version of YAML it speaks.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 11] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "~", "<<"];
    let mut letters = text.chars();
    let begins_well = letters
        .next()
        .is_some_and(|first| first.is_alphabetic() || matches!(first, '_' | '/' | '(') || first.is_ascii_digit());
    begins_well
        && !text.ends_with(' ')
        && text.chars().all(is_printable)
        && !text.contains(": ")
        && !text.ends_with(':')
        && !text.contains(" #")
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && !looks_like_a_number(text)
}

/// Whether some reader may take a text for a number, a day or a time of day.
fn looks_like_a_number(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let digits = |text: &str, more: &str| {
        text.chars()
            .all(|letter| letter.is_ascii_digit() || more.contains(letter))
    };
    text.starts_with(|first: char| first.is_ascii_digit())
        && (digits(&lower, "_.:+-et z") || ["0x", "0o", "0b"].iter().any(|sign| lower.starts_with(sign)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost_reflect::MessageDescriptor;
    use serde_json::json;

    use super::*;

    fn territories() -> MessageDescriptor {
        support_proto::descriptors()
            .get_message_by_name("support.standard.v1.Territories")
            .unwrap()
    }

    fn read(text: &str) -> Value {
        let options = serde_saphyr::options! { strict_booleans: true };
        serde_saphyr::from_str_with_options(text, options).unwrap_or_else(|error| panic!("{error}:\n{text}"))
    }

    #[test]
    fn a_document_is_written_in_the_order_of_the_proto() {
        let value = json!({
            "sites": { "cork-1": { "country": "IE" } },
            "countries": { "NO": { "region": "eu" }, "DE": { "region": "eu" } },
            "groups": { "eea": { "countries": ["NO", "DE"] } },
        });
        let written = block(&value, &Shape::Message(territories()), 2, &mut None).unwrap();
        assert_eq!(
            written,
            "  countries:\n    DE:\n      region: eu\n    \"NO\":\n      region: eu\n  groups:\n    eea:\n      countries: \
             [\"NO\", DE]\n  sites:\n    cork-1:\n      country: IE\n"
        );
        assert_eq!(read(&written), value);
    }

    #[test]
    fn texts_are_quoted_where_some_reader_would_take_them_for_something_else() {
        for plain in [
            "DE",
            "cork-1",
            "CHANNEL_PHONE",
            "in warranty, phone",
            "3600s",
            "a:b",
            "é",
            "(see above)",
        ] {
            assert_eq!(text(plain, Style::Plain), plain);
        }
        for quoted in [
            "",
            "NO",
            "no",
            "y",
            "null",
            "~",
            "1",
            "1.5",
            "1e3",
            "0x1f",
            "2027-01-01",
            "12:30",
            "a: b",
            "a #b",
            "a:",
            "- a",
            "#a",
            "*a",
            "&a",
            "!a",
            "%a",
            "@a",
            "`a",
            "'a",
            " a",
            "a ",
            "{a",
            "[a",
            "|",
            ">",
            "?",
            "a\tb",
            "\u{2028}",
        ] {
            assert!(
                text(quoted, Style::Plain).starts_with('"'),
                "{quoted}: {}",
                text(quoted, Style::Plain)
            );
        }
        assert_eq!(text("it's", Style::Single), "'it''s'");
        assert_eq!(text("a\u{7f}\u{feff}", Style::Plain), "\"a\\u007f\\ufeff\"");
    }

    #[test]
    fn long_texts_are_blocks() {
        let value = json!({ "a": "one\ntwo\n\nthree\n", "b": "one\ntwo", "c": "one\n two\n\n" });
        let written = block(&value, &Shape::Leaf { wide: false }, 0, &mut None).unwrap();
        assert_eq!(
            written,
            "a: |\n  one\n  two\n\n  three\nb: |-\n  one\n  two\nc: \"one\\n two\\n\\n\"\n"
        );
        assert_eq!(read(&written), value);
    }

    #[test]
    fn wide_numbers_are_numbers() {
        assert_eq!(inline(&json!("24"), &Shape::Leaf { wide: true }, 0, Style::Plain), "24");
        assert_eq!(
            inline(&json!("24"), &Shape::Leaf { wide: false }, 0, Style::Plain),
            "\"24\""
        );
        assert_eq!(
            json(
                &json!(["24"]),
                &Shape::List(Box::new(Shape::Leaf { wide: true })),
                Style::Double
            ),
            "[24]"
        );
    }

    fn anything() -> impl Strategy<Value = Value> {
        let words = prop_oneof![
            "[ -~]{0,12}",
            "[a-z \n#:,\\[\\]{}'\"|>-]{0,20}",
            any::<String>(),
            Just("NO".to_owned()),
            Just("1_000".to_owned()),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            words
                .clone()
                .prop_filter("no NUL", |text| !text.contains('\0'))
                .prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map("[a-zA-Z0-9_ #:.-]{1,8}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_the_same(value in anything()) {
            let shape = Shape::Leaf { wide: false };
            if let Some(written) = block(&value, &shape, 0, &mut None) {
                prop_assert_eq!(read(&written), value.clone(), "{}", written);
            }
            let under = json!({ "key": value });
            let single = format!("{{key: {}}}", json(&value, &shape, Style::Plain));
            prop_assert_eq!(read(&single), under.clone(), "{}", single);
            let strict = format!("{{\"key\": {}}}", json(&value, &shape, Style::Double));
            prop_assert_eq!(serde_json::from_str::<Value>(&strict).unwrap(), under, "{}", strict);
        }
    }
}
