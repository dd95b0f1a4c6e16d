//! The texts that localisation ships, held against the rules by which they are sent.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use support_identity_verification::domain::sms;
use support_identity_verification::standard::notifications::NOTIFICATION_RULES;
use support_words::catalogue::{Arguments, Catalogue, Day, Money, Value};
use support_words::tag::Tag;
use toml::Value as Toml;

/// The languages that the texts are written in.
const LOCALES: [&str; 12] = [
    "ar", "de", "en", "es", "fr", "hi", "ja", "ko", "pt-BR", "ru", "zh-Hans", "zh-Hant",
];

/// The messages of a locale as localisation ships them, by key.
pub(crate) fn shipped(locale: &str) -> BTreeMap<String, String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../localisation/messages/{locale}.toml"));
    let table: toml::Table = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut open: Vec<(String, Toml)> = table.into_iter().collect();
    let mut messages = BTreeMap::new();
    while let Some((key, value)) = open.pop() {
        match value {
            Toml::String(text) => drop(messages.insert(key, text.trim().to_owned())),
            Toml::Table(table) => open.extend(table.into_iter().map(|(name, value)| (format!("{key}.{name}"), value))),
            _ => panic!("{key} is no text"),
        }
    }
    messages
}

/// Values as long as they get: a number that will not be reached in this century, a store with its town, a plan with all that it
/// covers.
fn long(plan: &str) -> Arguments {
    let number = || Value::Text("C-1234567897".to_owned());
    Arguments::from([
        ("case_number".to_owned(), number()),
        ("repair_reference".to_owned(), number()),
        ("place".to_owned(), Value::Text("Device Store Hamburg".to_owned())),
        ("plan".to_owned(), Value::Text(plan.to_owned())),
        ("amount".to_owned(), Value::Money(Money::new("EUR", 12_999).unwrap())),
        ("day".to_owned(), Value::Day(Day::new(2027, 11, 28).unwrap())),
        ("address".to_owned(), Value::Text("a•••@e•••.com".to_owned())),
        ("name".to_owned(), Value::Text("Ada Lovelace".to_owned())),
        ("product".to_owned(), Value::Text("Device Support".to_owned())),
    ])
}

#[test]
fn everything_that_is_told_has_words_in_every_language_and_no_words_are_left_over() {
    let rules = NOTIFICATION_RULES.parse_shipped().unwrap();
    let mut used = BTreeSet::from([rules.greeting.as_str(), rules.closing.as_str()]);
    for rule in rules.happenings.values() {
        used.extend([rule.subject.as_str(), rule.text.as_str(), rule.more.as_str()]);
    }
    used.remove("");
    for locale in LOCALES {
        let messages = shipped(locale);
        let lacking: Vec<_> = used.iter().filter(|key| !messages.contains_key(**key)).collect();
        assert!(lacking.is_empty(), "{locale} has no {lacking:?}");
        let left_over: Vec<_> = messages
            .keys()
            .filter(|key| key.starts_with("notice.") && !used.contains(key.as_str()))
            .collect();
        assert!(left_over.is_empty(), "{locale}: nobody says {left_over:?}");
    }
}

#[test]
fn what_goes_by_sms_is_two_segments_at_most_in_every_language() {
    let rules = NOTIFICATION_RULES.parse_shipped().unwrap();
    let mut texts: BTreeSet<&str> = rules.happenings.values().map(|rule| rule.text.as_str()).collect();
    texts.insert("verification.code.body");
    let mut faults = Vec::new();
    for locale in LOCALES {
        let messages = shipped(locale);
        let plan = &messages["plan.name.theft_and_loss"];
        let (catalogue, refused) = Catalogue::compile(&Tag::parse(locale).unwrap(), &messages).unwrap();
        assert!(refused.is_empty(), "{locale}: {refused:?}");
        let mut arguments = long(plan);
        arguments.insert("code".to_owned(), Value::Text("042317".to_owned()));
        arguments.insert("minutes".to_owned(), Value::Number(10.0));
        for key in &texts {
            let rendered = catalogue.render(key, &arguments).unwrap();
            assert!(rendered.degradations.is_empty(), "{locale} {key}: {rendered:?}");
            let text = sms::written(&rendered.text, locale == "ar");
            let (segments, length) = (sms::segments(&text), text.encode_utf16().count());
            if segments > sms::SEGMENTS {
                faults.push(format!("{locale} {key}: {segments} segments, {length} units: {text}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
