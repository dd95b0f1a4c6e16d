//! Reading and printing documents: one spelling, every fault with its path, and nothing that hostile text can do.

use proptest::prelude::*;
use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value, json};
use support_chassis::standard::content::{self, YAML_LIMIT};
use support_chassis::standard::{CONTENT_LIMIT, ContentError, Patch};

use super::random::is_duration;
use super::{content_of, everything, random, schema};

/// The same document with every name in lower camel case.
fn camel(message: &MessageDescriptor, value: Value) -> Value {
    let Value::Object(fields) = value else {
        return value;
    };
    let renamed = fields.into_iter().map(|(name, value)| {
        let field = message.get_field_by_name(&name).unwrap();
        let value = match (field.kind(), value) {
            (Kind::Message(entry), Value::Object(entries)) if field.is_map() => {
                let inner = entry.map_entry_value_field().kind();
                let within = |value| match &inner {
                    Kind::Message(inner) => camel(inner, value),
                    _ => value,
                };
                Value::Object(entries.into_iter().map(|(key, value)| (key, within(value))).collect())
            }
            (Kind::Message(inner), Value::Array(elements)) => {
                Value::Array(elements.into_iter().map(|element| camel(&inner, element)).collect())
            }
            (Kind::Message(inner), value) if !is_duration(&inner) => camel(&inner, value),
            (_, value) => value,
        };
        (field.json_name().to_owned(), value)
    });
    Value::Object(renamed.collect::<Map<_, _>>())
}

proptest! {
    #[test]
    fn a_content_has_one_spelling(document in random::document(&everything())) {
        let read = content_of(&document);
        let text = read.print();
        prop_assert_eq!(&content::from_json(&schema(), &text).unwrap(), &read);
        prop_assert_eq!(&content::from_yaml(&schema(), &text).unwrap(), &read, "JSON is YAML");
        prop_assert_eq!(&content::from_published(&schema(), &text, None).unwrap(), &read);
        prop_assert_eq!(&content_of(&camel(&everything(), document)), &read);
        let pretty = serde_json::to_string_pretty(&read.to_value()).unwrap();
        prop_assert_eq!(content::from_json(&schema(), &pretty).unwrap().print(), text.clone());
        prop_assert_eq!(content::digest(&text), read.digest());
    }

    #[test]
    fn no_text_breaks_it(text in "(?s).{0,60}") {
        let _ = content::from_json(&schema(), &text);
        let _ = content::from_yaml(&schema(), &text);
        let _ = Patch::from_json(&schema(), &text);
        let _ = Patch::from_yaml(&schema(), &text);
    }

    /// What is nearly a document: a piece of one replaced.
    #[test]
    fn no_damaged_document_breaks_it(
        document in random::document(&everything()),
        at in any::<prop::sample::Index>(),
        length in 0..20_usize,
        other in "[-{}\\[\\]\",:0-9a-z&*!#|> \n\t\u{0}]{0,10}",
    ) {
        let letters: Vec<char> = content_of(&document).print().chars().collect();
        let from = at.index(letters.len());
        let (front, back) = (&letters[..from], &letters[(from + length).min(letters.len())..]);
        let text: String = front.iter().copied().chain(other.chars()).chain(back.iter().copied()).collect();
        if let Ok(read) = content::from_json(&schema(), &text) {
            prop_assert_eq!(content::from_json(&schema(), &read.print()).unwrap(), read);
        }
        if let Ok(patch) = Patch::from_yaml(&schema(), &text) {
            prop_assert_eq!(Patch::from_yaml(&schema(), &patch.print().unwrap()).unwrap(), patch);
        }
    }
}

#[test]
fn the_canonical_text_is_sorted_and_says_every_field_that_cannot_be_absent() {
    let schema = schema();
    let text = r#" {"superset_inners": {"b": {"at_least": "7", "leaf": {"within": "1.5s"}}, "a": {}},
                     "lockedLevel": 3, "higher_int64": 5, "freeList": ["1", 2.0, 3e2], "longer": "060.10s"} "#;
    let printed = content::from_json(&schema, text).unwrap().print();
    let value: Value = serde_json::from_str(&printed).unwrap();
    assert!(
        printed
            .starts_with(r#"{"by_field_map":{},"free_inners":{},"free_leaves":[],"free_level":"LEVEL_UNSPECIFIED","#),
        "{printed}"
    );
    assert!(!printed.contains(": ") && !printed.contains("null"), "{printed}");
    assert!(printed.contains(
        r#""superset_inners":{"a":{"at_least":0,"leaves":{},"note":"","required":[]},"b":{"at_least":7,"leaf":{"at_most":0,"fixed":"","within":"1.500s"},"leaves":{},"note":"","required":[]}}"#
    ), "{printed}");
    assert_eq!(value["locked_level"], "LEVEL_MIDDLE");
    assert_eq!(value["higher_int64"], "5");
    assert_eq!(value["free_list"], json!([1, 2, 300]));
    assert_eq!(value["longer"], "60.100s");
    for absent in ["by_field", "locked_inner", "free_maybe", "shorter"] {
        assert!(value.get(absent).is_none(), "{absent}");
    }
}

/// The faults of a text, as `path: fault`.
fn faults(read: Result<impl std::fmt::Debug, ContentError>) -> Vec<String> {
    read.unwrap_err().faults().iter().map(ToString::to_string).collect()
}

#[test]
fn every_fault_is_named_with_its_path() {
    let text = r#"{
        "nonsense": 1,
        "locked_text": 5,
        "lockedText": "twice",
        "locked_maybe": 2147483648,
        "locked_list": "x",
        "locked_map": {"a": "1", "a": "2", "b": null, "c": 1.5},
        "locked_level": "LEVEL_TOP",
        "free_level": 2,
        "locked_switch": "true",
        "free_list": [1, null, "x", {}],
        "free_leaves": [{}, {"atMost": -2147483649, "more": 1}],
        "by_field": {"leaf": {"within": "5 minutes"}, "note": "a\u0000b"},
        "by_field_map": [],
        "higher_int32": null,
        "higher_int64": "9223372036854775808",
        "higher_uint64": -1,
        "higher_switch": 1,
        "lower_uint32": 1e400000000000000000000,
        "superset_inners": {"say \"hi\"": {"required": [1]}, "bad\nkey": {}},
        "subset": ["01", "+1", "1.0", " 1", "", 1e30, 9007199254740993.0]
    }"#;
    // The number with the exponent is no JSON at all, so it is left out for the rest.
    assert_eq!(faults(content::from_json(&schema(), text)).len(), 1);
    let text = text.replace("1e400000000000000000000", "-0");
    let expected = [
        "nonsense: is no field of this document",
        "locked_text: is said twice",
        "by_field.leaf.within: must be a duration in seconds like 90s or 1.5s",
        "by_field.note: has a control character",
        "by_field_map: must be an object, not a list",
        "free_leaves[1].more: is no field of this document",
        "free_leaves[1].at_most: must be from -2147483648 to 2147483647",
        "free_level: must be one of LEVEL_UNSPECIFIED, LEVEL_LOW, LEVEL_MIDDLE, LEVEL_HIGH",
        "free_list[1]: must be a whole number, not null",
        "free_list[2]: must be a whole number",
        "free_list[3]: must be a whole number, not an object",
        "higher_int32: cannot be absent: say its value instead of null",
        "higher_int64: must be from -9223372036854775808 to 9223372036854775807",
        "higher_switch: must be true or false, not a number",
        "higher_uint64: must be from 0 to 18446744073709551615",
        "locked_level: must be one of LEVEL_UNSPECIFIED, LEVEL_LOW, LEVEL_MIDDLE, LEVEL_HIGH",
        "locked_list: must be a list, not a string",
        r#"locked_map["a"]: is said twice"#,
        r#"locked_map["b"]: must be a whole number, not null"#,
        r#"locked_map["c"]: must be a whole number"#,
        "locked_maybe: must be from -2147483648 to 2147483647",
        "locked_switch: must be true or false, not a string",
        "subset[0]: must be a whole number",
        "subset[1]: must be a whole number",
        "subset[2]: must be a whole number",
        "subset[3]: must be a whole number",
        "subset[4]: must be a whole number",
        "subset[5]: must be written out, digit by digit, and be from -9223372036854775808 to 9223372036854775807",
        "subset[6]: must be written out, digit by digit, and be from -9223372036854775808 to 9223372036854775807",
        r#"superset_inners["bad\nkey"]: has a control character in its key"#,
        r#"superset_inners["say \"hi\""].required[0]: must be a string, not a number"#,
    ];
    let told = faults(content::from_json(&schema(), &text));
    assert_eq!(told, expected, "{told:#?}");
    // YAML says the same.
    assert_eq!(
        faults(content::from_yaml(&schema(), &text.replace("-0,", "0,"))),
        expected
    );
    // A patch has the same, but for what null means in it.
    let patch = faults(Patch::from_json(&schema(), &text));
    let without_null: Vec<&str> = expected
        .into_iter()
        .filter(|fault| !fault.starts_with(r#"locked_map["b"]"#))
        .collect();
    assert_eq!(patch, without_null);
}

#[test]
fn what_is_no_object_is_no_document() {
    for text in [
        "",
        "null",
        "[]",
        "3",
        "\"x\"",
        "{",
        "{}{}",
        "{} x",
        "{\"locked_text\": \"\\ud800\"}",
        "\u{feff}{}",
    ] {
        let told = faults(content::from_json(&schema(), text));
        assert!(told.len() == 1 && !told[0].starts_with(':'), "{text}: {told:?}");
        assert_eq!(faults(Patch::from_json(&schema(), text)).len(), 1, "{text}");
    }
    // A published text that is none is none either.
    assert_eq!(
        faults(content::from_published(&schema(), "null", None)),
        ["must be an object, not null"]
    );
}

#[test]
fn what_another_build_published_is_read_as_far_as_it_goes() {
    let shipped = content_of(&json!({
        "higher_int32": 7, "superset": ["x"], "locked_maybe": 3,
        "by_field": {"at_least": 4, "leaf": {"at_most": 2}}, "by_field_map": {"a": {"note": "n"}, "b": {}},
    }));
    let text = r#"{"new_field": {"deep": [1]}, "higher_int64": "9", "by_field": {"newer": 1, "note": "said"},
                   "by_field_map": {"a": {}, "c": {}}, "free_leaves": [{"unknown": true}]}"#;
    let read = content::from_published(&schema(), text, Some(&shipped))
        .unwrap()
        .to_value();
    assert_eq!(read["higher_int64"], "9");
    assert_eq!(read["higher_int32"], 7, "not known to who published it");
    assert_eq!(read["superset"], json!(["x"]));
    assert_eq!(read["by_field"]["at_least"], 4);
    assert_eq!(read["by_field"]["note"], "said");
    assert!(read.get("locked_maybe").is_none(), "what can be absent is");
    assert!(read["by_field"].get("leaf").is_none());
    assert_eq!(read["by_field_map"]["a"]["note"], "n");
    assert_eq!(read["by_field_map"]["c"]["note"], "");
    assert!(
        read["by_field_map"].get("b").is_none(),
        "what was said of the map was said of all of it"
    );
    let plain = content::from_published(&schema(), text, None).unwrap().to_value();
    assert_eq!(plain["higher_int32"], 0);
    // What it does not understand is no document to it, though.
    assert!(content::from_published(&schema(), r#"{"free_level": "LEVEL_TOP"}"#, None).is_err());
    assert!(
        Patch::from_published(&schema(), r#"{"new_field": 1}"#)
            .unwrap()
            .is_empty()
    );
    assert!(Patch::from_json(&schema(), r#"{"new_field": 1}"#).is_err());
}

#[test]
fn nesting_and_size_are_bounded() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(50_000), close.repeat(50_000));
    for bomb in [
        deep("[", "]"),
        "[".repeat(100_000),
        format!("{}1", r#"{"a":"#.repeat(30_000)),
        format!("{{\"free_leaves\": {}}}", "[".repeat(150_000)),
    ] {
        assert_eq!(faults(content::from_json(&schema(), &bomb)).len(), 1);
        assert_eq!(faults(content::from_yaml(&schema(), &bomb)).len(), 1);
    }
    let block: Vec<String> = (0..1000).map(|depth| " ".repeat(depth) + "a:\n").collect();
    assert_eq!(faults(content::from_yaml(&schema(), &block.concat())).len(), 1);
    assert_eq!(faults(content::from_yaml(&schema(), &"- ".repeat(10_000))).len(), 1);

    let long = |length: usize| json!({"free_text": "x".repeat(length)}).to_string();
    let around = content_of(&json!({})).print().len();
    let most = CONTENT_LIMIT - around;
    assert_eq!(
        content::from_json(&schema(), &long(most)).unwrap().print().len(),
        CONTENT_LIMIT
    );
    // Read, it is within the limit; written out, it is not.
    assert_eq!(
        content::from_json(&schema(), &long(most + 1)).unwrap_err(),
        ContentError::TooLarge {
            bytes: CONTENT_LIMIT + 1,
            limit: CONTENT_LIMIT
        }
    );
    let huge = " ".repeat(CONTENT_LIMIT + 1);
    assert!(matches!(
        Patch::from_json(&schema(), &huge),
        Err(ContentError::TooLarge { .. })
    ));
    let commented = format!("# {}\nfree_text: x\n", "c".repeat(CONTENT_LIMIT));
    assert_eq!(
        content::from_yaml(&schema(), &commented).unwrap(),
        content_of(&json!({"free_text": "x"}))
    );
    let huge = "#".repeat(YAML_LIMIT + 1);
    assert!(matches!(
        content::from_yaml(&schema(), &huge),
        Err(ContentError::TooLarge { .. })
    ));

    // Faults do not outgrow the text by much.
    let many: Map<String, Value> = (0..9000).map(|n| (format!("n{n}"), json!(1))).collect();
    let told = faults(content::from_json(&schema(), &Value::Object(many).to_string()));
    assert_eq!(told.len(), 1001);
    assert_eq!(told[1000], "has 8000 more faults");
    let key = "k".repeat(201);
    let told = faults(content::from_json(
        &schema(),
        &json!({"free_map": {key: "x"}}).to_string(),
    ));
    assert!(
        told[0].ends_with("has a key longer than 200 bytes") && told[0].len() < 200,
        "{told:?}"
    );
}

#[test]
fn yaml_says_what_it_says() {
    let text = "
# What is said here is reviewed by people.
locked_text: NO          # Norway, not false
locked_list: [on, yes, 'null', \"7\"]
locked_map:
  1: 5
  '2': \"9223372036854775807\"
locked_level: LEVEL_LOW
locked_switch: true
free_text: |
  first
  second
free_map: {}
higher_int64: 9223372036854775807
higher_uint64: 18446744073709551615
lower_uint32: 0x10
longer: 90s
shorter:
superset:
- b
- a
by_field: {}
";
    let read = content::from_yaml(&schema(), text).unwrap();
    let expected = json!({
        "locked_text": "NO", "locked_list": ["on", "yes", "null", "7"], "locked_map": {"1": 5, "2": "9223372036854775807"},
        "locked_level": "LEVEL_LOW", "locked_switch": true, "free_text": "first\nsecond\n",
        "higher_int64": "9223372036854775807", "higher_uint64": "18446744073709551615", "lower_uint32": 16,
        "longer": "90s", "superset": ["b", "a"], "by_field": {},
    });
    assert_eq!(read, content_of(&expected));
    assert_eq!(
        content::from_yaml(&schema(), "# nothing but a comment\n{}").unwrap(),
        content_of(&json!({}))
    );
    for (wrong, fault) in [
        ("locked_text: 5", "locked_text: must be a string, not a number"),
        ("locked_text: true", "locked_text: must be a string, not true or false"),
        (
            "locked_switch: yes",
            "locked_switch: must be true or false, not a string",
        ),
        ("higher_int32: 0755", "higher_int32: must be a whole number"),
        ("higher_int32: 1_000", "higher_int32: must be a whole number"),
        ("higher_int32: 1.5", "higher_int32: must be a whole number"),
        (
            "higher_int64: 9223372036854775808",
            "higher_int64: must be from -9223372036854775808 to 9223372036854775807",
        ),
        ("locked_text: a\nlocked_text: b", "locked_text: is said twice"),
        ("locked_text: a\nlockedText: b", "locked_text: is said twice"),
        ("free_map:\n  a: x\n  a: y", "free_map[\"a\"]: is said twice"),
        (
            "by_field:\n  leaf:\n    odd: 1",
            "by_field.leaf.odd: is no field of this document",
        ),
    ] {
        assert_eq!(faults(content::from_yaml(&schema(), wrong)), [fault], "{wrong}");
    }
    for unread in [
        "",
        "# nothing",
        "- a",
        "a: b: c",
        "locked_list: &all [a]\nsuperset: *all",
        "free_map: &m {a: x}",
        "by_field: {<<: {note: x}}",
        "locked_text: !secret x",
        "{}\n---\n{}",
        "locked_text: 'open",
        "by_field:\n\tnote: x",
        "higher_int32: .nan",
        "higher_int32: .inf",
        "? [a]\n: b",
        "free_map: {null: x}",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]",
    ] {
        let read = content::from_yaml(&schema(), unread);
        assert!(read.is_err(), "{unread:?} is {read:?}");
        let told = faults(read);
        assert!(told.len() == 1 && !told[0].contains('\n'), "{unread:?}: {told:?}");
    }
}
