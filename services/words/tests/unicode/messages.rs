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
