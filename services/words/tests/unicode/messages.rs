//! MessageFormat 2: cases of the Message Format Working Group's own suite, through a compiled message as customers get it.

use std::collections::BTreeMap;

use serde::Deserialize;
use support_words::catalogue::{Arguments, Catalogue, Value};
use support_words::message::check;
use support_words::tag::Tag;

#[derive(Deserialize)]
struct Suite {
    tests: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    src: String,
    exp: Option<String>,
    #[serde(default)]
    params: Vec<Parameter>,
    #[serde(rename = "expErrors", default)]
    errors: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Parameter {
    name: String,
    value: Given,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Given {
    Number(f64),
    Text(String),
}

fn suite(json: &str) -> Vec<Case> {
    let suite: Suite = serde_json::from_str(json).unwrap();
    suite.tests
}

/// A row of the other suites: the suite, the pattern, the text that is expected (any, where it is null), the values, whether an
/// error is expected, the locale.
#[derive(Deserialize)]
struct Row(
    String,
    String,
    Option<String>,
    #[serde(default)] BTreeMap<String, Given>,
    #[serde(default)] bool,
    #[serde(default)] Option<String>,
);

/// The rows that come out otherwise, and why.
const DIFFERING: [(&str, &str); 13] = [
    ("syntax: .input{$x}{{}} gives \"\" [\"x\"]", NAMED),
    ("syntax: \t.input{$x}{{}}\n gives \"\" [\"x\"]", NAMED),
    ("syntax: .input{$x}.input{$y}{{}} gives \"\" [\"x\", \"y\"]", NAMED),
    ("syntax: .input{$x} .input{$y}{{}} gives \"\" [\"x\", \"y\"]", NAMED),
    ("syntax: .local $x ={a}.input{$y}{{}} gives \"\" [\"y\"]", NAMED),
    ("syntax: .input {$x}{{}} gives \"\" [\"x\"]", NAMED),
    ("syntax: {42 @foo=$bar} gives is refused", OLDER),
    (
        "u-options: hello {4.2 :number u:locale=fr} gives \"hello 4.2\" []",
        OPTIONAL,
    ),
    (
        "functions/integer: .local $bad = {exact} {{variable select {1 :integer select=$bad}}} gives \"variable select 1\" [\"message\"]",
        OLDER,
    ),
    (
        "functions/integer: variable select {1 :integer select=$bad} gives \"variable select 1\" [\"message\"]",
        OLDER,
    ),
    (
        "functions/integer: .local $sel = {1 :integer select=exact} .local $bad = {$sel :integer} .match $bad 1 {{ONE}} * {{operand select {$bad}}} gives \"operand select 1\" [\"message\"]",
        OLDER,
    ),
    (
        "functions/integer: .local $sel = {1 :integer select=$bad} .match $sel 1 {{ONE}} * {{variable select {$sel}}} gives \"variable select 1\" [\"message\"]",
        OLDER,
    ),
    (
        "functions/currency: .local $n = {42 :currency currency=EUR} .match $n * {{other}} gives \"other\" [\"message\"]",
        OLDER,
    ),
];
const NAMED: &str = "a value that is missing is named here, also where the text does not come to it";
const OLDER: &str = "the stored row is older than the final specification: attributes take no variables, a bad `select` \
                     leaves the value be, and money is not selected by";
const OPTIONAL: &str = "`u:locale` is optional, and a message of one locale has no data of another";

#[test]
fn the_other_suites_come_out_as_they_say() {
    let rows: Vec<Row> = include_str!("message-format/suite.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mut suites: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut differ = Vec::new();
    for Row(suite, pattern, expected, values, is_error, locale) in &rows {
        let locale = Tag::parse(locale.as_deref().unwrap_or("en-US")).unwrap();
        let messages = BTreeMap::from([("m".to_owned(), pattern.clone())]);
        let (catalogue, refused) = Catalogue::compile(&locale, &messages).unwrap();
        let arguments: Arguments = values
            .iter()
            .map(|(name, value)| {
                let value = match value {
                    Given::Number(number) => Value::Number(*number),
                    Given::Text(text) => Value::Text(text.clone()),
                };
                (name.clone(), value)
            })
            .collect();
        let found = match catalogue.render("m", &arguments) {
            // What can be known to go wrong is refused before it is published.
            None => (*is_error && refused == ["m"])
                .then_some(String::new())
                .ok_or("is refused".to_owned()),
            Some(rendered) => {
                let is_text = expected.as_ref().is_none_or(|text| {
                    // A text from left to right goes without isolates around what runs the same way.
                    let plain = |text: &str| text.replace(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}'], "");
                    if locale.as_str() == "ar" {
                        *text == rendered.text
                    } else {
                        plain(text) == plain(&rendered.text)
                    }
                });
                if is_text && rendered.degradations.is_empty() != *is_error {
                    Ok(rendered.text)
                } else {
                    Err(format!("{:?} {:?}", rendered.text, rendered.degradations))
                }
            }
        };
        let (passed, all) = suites.entry(suite).or_default();
        *all += 1;
        match found {
            Ok(_) => *passed += 1,
            Err(found) => differ.push(format!("{suite}: {pattern} gives {found}")),
        }
    }
    for (suite, (passed, all)) in &suites {
        println!("message format, {suite}: {passed} of {all}");
    }
    let known: Vec<&str> = DIFFERING.iter().map(|(row, _)| *row).collect();
    assert_eq!(differ, known);
}

#[test]
fn what_is_no_message_is_refused() {
    let cases = suite(include_str!("message-format/syntax-errors.json"));
    let accepted: Vec<&str> = cases
        .iter()
        .map(|case| case.src.as_str())
        .filter(|pattern| check(pattern).is_ok())
        .collect();
    println!(
        "syntax errors: {} of {} are refused",
        cases.len() - accepted.len(),
        cases.len()
    );
    assert_eq!(accepted, [""; 0]);
    assert_eq!(cases.len(), 65);
}

#[test]
fn numbers_are_formatted_and_what_is_wrong_shows() {
    let cases = suite(include_str!("message-format/number.json"));
    let mut failed = Vec::new();
    for case in &cases {
        let messages = BTreeMap::from([("m".to_owned(), case.src.clone())]);
        let (catalogue, _) = Catalogue::compile(&Tag::parse("en-US").unwrap(), &messages).unwrap();
        let arguments: Arguments = case
            .params
            .iter()
            .map(|parameter| {
                let value = match &parameter.value {
                    Given::Number(number) => Value::Number(*number),
                    Given::Text(text) => Value::Text(text.clone()),
                };
                (parameter.name.clone(), value)
            })
            .collect();
        let rendered = catalogue.render("m", &arguments);
        let is_as_said = rendered.as_ref().is_some_and(|rendered| {
            case.exp.as_ref().is_none_or(|expected| *expected == rendered.text)
                && rendered.degradations.is_empty() == case.errors.is_empty()
        });
        if !is_as_said {
            let found = rendered.map(|rendered| (rendered.text, rendered.degradations));
            failed.push(format!("{} gives {found:?}, not {:?}", case.src, case.exp));
        }
    }
    println!("numbers: {} of {} pass", cases.len() - failed.len(), cases.len());
    assert_eq!(failed, [""; 0]);
    assert_eq!(cases.len(), 23);
}
