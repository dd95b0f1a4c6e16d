use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::standard::yaml::{block as written, json as flowing, parse};

fn read(text: &str) -> Value {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

const ANY: Shape = Shape::Leaf { wide: false };

fn updated(text: &str, new: &Value) -> Result<String, CannotUpdate> {
    let tree = parse(text).unwrap();
    let old = read(text)["content"].clone();
    let strict = text.starts_with('{');
    let place = tree.root.get("content").unwrap();
    let after = update(text, &tree, place, &ANY, (&old, new), strict)?;
    assert_eq!(read(&after)["content"], *new, "{after}");
    let mut others = read(text);
    others["content"] = new.clone();
    assert_eq!(read(&after), others, "{after}");
    Ok(after)
}

const FILE: &str = "\
# The head.
document: a/b # trailing

# Above content.
content: # beside
  # Above x.
  x: 1 # one
  name: 'it''s' # quoted

  # Above list.
  list:
    # Above p.
    - p # beside p
    - q
    # Above r.
    - r
  # Above map.
  map:
    DE:
      region: eu # for now
    # Above FR.
    FR: {region: eu, sites: [a, b]} # flow
  empty: {} # nothing yet
  long: |
    one
    two

  # Dangling.

# Below.
reason: because
";

fn content() -> Value {
    read(FILE)["content"].clone()
}

#[track_caller]
fn changed(change: impl Fn(&mut Value), replaced: &[(&str, &str)]) {
    let mut new = content();
    change(&mut new);
    let mut expected = FILE.to_owned();
    for (before, after) in replaced {
        assert!(expected.contains(before), "{before}");
        expected = expected.replacen(before, after, 1);
    }
    assert_eq!(updated(FILE, &new).unwrap(), expected);
}

#[test]
fn nothing_changes_where_nothing_differs() {
    changed(|_| {}, &[]);
}

#[test]
fn scalars_change_where_they_stand() {
    changed(|value| value["x"] = json!(2), &[("x: 1 # one", "x: 2 # one")]);
    changed(|value| value["name"] = json!("hers"), &[("'it''s'", "'hers'")]);
    changed(|value| value["x"] = json!("NO"), &[("x: 1 #", "x: \"NO\" #")]);
    changed(
        |value| value["long"] = json!("one\n2\n"),
        &[("long: |\n    one\n    two\n", "long: |\n    one\n    2\n")],
    );
    changed(
        |value| value["map"]["FR"]["region"] = json!("us"),
        &[("FR: {region: eu", "FR: {region: us")],
    );
}

#[test]
fn lists_keep_what_stays() {
    changed(
        |value| value["list"] = json!(["p", "r", "s"]),
        &[("    - q\n", ""), ("    - r\n", "    - r\n    - s\n")],
    );
    changed(
        |value| value["list"] = json!(["o", "p", "q", "r"]),
        &[("    - p #", "    - o\n    - p #")],
    );
    changed(
        |value| value["list"] = json!(["q", "r"]),
        &[("    - p # beside p\n", "    # beside p\n")],
    );
    changed(
        |value| value["map"]["FR"]["sites"] = json!(["b", "c"]),
        &[("[a, b]", "[b, c]")],
    );
}

#[test]
fn entries_come_and_go() {
    changed(
        |value| value["map"]["ES"] = json!({ "region": "eu" }),
        &[(
            "      region: eu # for now\n",
            "      region: eu # for now\n    ES:\n      region: eu\n",
        )],
    );
    changed(
        |value| drop(value["map"].as_object_mut().unwrap().remove("DE")),
        &[("    DE:\n      region: eu # for now\n", "    # for now\n")],
    );
    changed(
        |value| value["empty"] = json!({ "k": [1] }),
        &[("empty: {} # nothing yet\n", "empty: # nothing yet\n    k: [1]\n")],
    );
    changed(
        |value| value["map"] = json!({}),
        &[(
            "map:\n    DE:\n      region: eu # for now\n    # Above FR.\n    FR: {region: eu, sites: [a, b]} # flow\n",
            "map: {}\n    # for now\n    # Above FR.\n    # flow\n",
        )],
    );
    changed(
        |value| drop(value["map"]["FR"].as_object_mut().unwrap().remove("region")),
        &[("{region: eu, sites: [a, b]}", "{sites: [a, b]}")],
    );
    changed(
        |value| value["map"]["FR"]["open"] = json!(true),
        &[("sites: [a, b]}", "sites: [a, b], open: true}")],
    );
}

#[test]
fn what_is_taken_out_and_what_is_added_beside_it_do_not_meet() {
    changed(
        |value| {
            value["map"] = json!({ "DE": { "region": "us", "open": true }, "GB": { "region": "eu" } });
            value["list"] = json!(["q", "x"]);
        },
        &[
            ("    - p # beside p\n", "    # beside p\n"),
            ("    - q\n", "    - q\n    - x\n"),
            ("    - r\n", ""),
            (
                "region: eu # for now\n",
                "region: us # for now\n      open: true\n    GB:\n      region: eu\n",
            ),
            ("    FR: {region: eu, sites: [a, b]} # flow\n", "    # flow\n"),
        ],
    );
}

#[test]
fn json_stays_json() {
    let text = "{\n  \"document\": \"a/b\",\n  \"content\": {\n    \"x\": 1,\n    \"list\": [\"p\", \"q\"],\n    \"map\": {}\n  }\n}\n";
    let new = json!({ "x": 2, "list": ["q", "NO"], "map": { "DE": { "region": "eu" } }, "new": null });
    assert_eq!(
        updated(text, &new).unwrap(),
        "{\n  \"document\": \"a/b\",\n  \"content\": {\n    \"x\": 2,\n    \"list\": [\"q\", \"NO\"],\n    \"map\": \
         {\"DE\": {\"region\": \"eu\"}},\n    \"new\": null\n  }\n}\n"
    );
    let gone = json!({ "list": [], "map": {} });
    let after = updated(text, &gone).unwrap();
    assert_eq!(
        after,
        "{\n  \"document\": \"a/b\",\n  \"content\": {\n    \"list\": [],\n    \"map\": {}\n  }\n}\n"
    );
    serde_json::from_str::<Value>(&after).unwrap();
}

#[test]
fn comments_between_brackets_are_not_lost_but_said() {
    let text = "document: a/b\ncontent:\n  list: [\n    p, # beside p\n    q,\n  ]\n";
    let error = updated(text, &json!({ "list": ["p"] })).unwrap_err();
    assert_eq!(error.at, Mark { line: 3, column: 9 });
    // Within what stays they may.
    let text = "content:\n  map: {\n    a: [p, # beside p\n      q],\n    b: 1\n  }\n";
    let after = updated(text, &json!({ "map": { "a": ["p", "q"], "b": 2 } })).unwrap();
    assert_eq!(after, text.replace("b: 1", "b: 2"));
}

#[test]
fn files_of_other_systems_keep_their_line_ends() {
    let text = FILE.replace('\n', "\r\n");
    let mut new = content();
    new["map"]["GB"] = json!({ "region": "eu" });
    new["list"] = json!(["q", "r", "s"]);
    let after = updated(&text, &new).unwrap();
    assert!(!after.replace("\r\n", "").contains(['\r', '\n']), "{after:?}");
}

#[test]
fn what_shares_its_line_with_a_dash_is_written_anew_with_its_comments() {
    let text = "content:\n  - a: 1 # one\n    b: 2 # two\n  - c: 3\n";
    let after = updated(text, &json!([{ "b": 2 }, { "c": 3 }])).unwrap();
    assert!(after.contains("# one") && after.contains("# two"), "{after}");
}

#[test]
fn a_file_without_a_last_line_end_is_no_trouble() {
    let text = "content:\n  x: 1\n  y: 2";
    assert_eq!(
        updated(text, &json!({ "x": 1, "y": 2, "z": 3 })).unwrap(),
        "content:\n  x: 1\n  y: 2\n  z: 3"
    );
    assert_eq!(updated(text, &json!({ "x": 1 })).unwrap(), "content:\n  x: 1");
    assert_eq!(updated("content:", &json!({ "x": 1 })).unwrap(), "content:\n  x: 1");
}

/// Values as documents have them, of few names, so that two of them have much in common.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..4_i64).prop_map(Value::from),
        "(|NO|a b|x: y|#|'|one\ntwo\n)".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 30, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner),
        ]
    })
}

fn object(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    proptest::collection::btree_map("(a|b|c|d|DE|NO)", inner, 0..4)
        .prop_map(|map: BTreeMap<String, Value>| Value::Object(map.into_iter().collect::<Map<_, _>>()))
}

/// The file with a numbered comment above every line and behind every one that can bear it.
fn commented(text: &str) -> String {
    let mut number = 0;
    let mut next = || {
        number += 1;
        format!("# c{number:03}")
    };
    let mut lines = String::new();
    let mut in_text = None;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        if in_text.is_some_and(|least| line.is_empty() || indent > least) {
            lines.push_str(line);
            lines.push('\n');
            continue;
        }
        in_text = line.ends_with(['|', '-']).then_some(indent);
        let margin = " ".repeat(indent);
        let _ = write!(lines, "{margin}{}\n{line}", next());
        if in_text.is_none() {
            let _ = write!(lines, " {}", next());
        }
        lines.push('\n');
    }
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_changes_the_file_says_it_and_no_comment_is_lost(old in object(value()), new in object(value())) {
        let Some(lines) = written(&old, &ANY, 2, &mut None) else { return Ok(()) };
        let text = commented(&format!("document: a/b\ncontent:\n{lines}reason: because\n"));
        prop_assert_eq!(&read(&text)["content"], &old, "{}", text);
        let after = updated(&text, &new).unwrap();
        let comments = |text: &str| -> Vec<String> {
            let mut found: Vec<String> = parse(text).unwrap().comments.into_iter()
                .map(|span| text[span].to_owned())
                .collect();
            found.sort();
            found
        };
        prop_assert_eq!(comments(&after), comments(&text), "{}\n---\n{}", text, after);
        // And back again.
        prop_assert_eq!(&read(&updated(&after, &old).unwrap())["content"], &old);
    }

    #[test]
    fn flow_style_says_it_too(old in object(value()), new in object(value())) {
        let text = format!("{{\"document\": \"a/b\", \"content\": {}}}", flowing(&old, &ANY, Style::Double));
        let after = updated(&text, &new).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Value>(&after).unwrap()["content"], &new);
        let text = format!("document: a/b\ncontent: {}\nreason: x\n", flowing(&old, &ANY, Style::Plain));
        updated(&text, &new).unwrap();
    }
}
