//! The sentences of decisions against the words that are shipped: every sentence that warranty can say, in every language, with
//! the very values that the words ask for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use support_localisation::shipped::shipped;
use support_warranty::domain::coverage::{Outcome, Pays, Reason, Uses, Weighed};
use support_warranty::domain::explain::{self, Sentence, Value};
use support_warranty::domain::money::{Amount, Currency};
use support_words::catalogue::{Arguments, Day, Item, List, ListKind, Money, Value as Word};
use support_words::locale::{Direction, Locale, Locales};
use support_words::snapshot::{Published, Snapshot};
use support_words::tag::Tag;
use time::Date;
use time::macros::date;

const DAY: Date = date!(2026 - 11 - 22);

/// The words as they are shipped.
fn words() -> Snapshot {
    let mut locales = Vec::new();
    let mut published = BTreeMap::new();
    for one in shipped().unwrap() {
        let tag = Tag::parse(one.locale).unwrap();
        let (compiled, refused) = Published::compile(&tag, 1, one.messages).unwrap();
        assert!(refused.is_empty(), "{refused:?}");
        locales.push(Locale {
            tag: tag.clone(),
            native_name: String::new(),
            english_name: String::new(),
            direction: Direction::LeftToRight,
        });
        published.insert(tag, Arc::new(compiled));
    }
    Snapshot::new(Locales::new(locales, &Tag::parse("en").unwrap()).unwrap(), published)
}

fn word(value: &Value) -> Word {
    match value {
        Value::Text(text) => Word::Text(text.to_string()),
        Value::Number(number) => Word::Number(f64::from(*number)),
        Value::Day(day) => {
            let month = i32::from(u8::from(day.month()));
            Word::Day(Day::new(day.year(), month, i32::from(day.day())).unwrap())
        }
        Value::Money(amount) => Word::Money(Money::new(amount.currency.code(), amount.minor).unwrap()),
        Value::Message(key) => Word::Message(key.to_string()),
        Value::AnyOf(keys) => Word::List(List {
            kind: ListKind::Or,
            items: keys.iter().map(|key| Item::Message(key.to_string())).collect(),
        }),
    }
}

fn amount(minor: i64) -> Amount {
    Amount::new(Currency::from_code("EUR").unwrap(), minor)
}

/// Every way in which a rule can come out, and more than can be: each reason with each outcome, days or none, amounts or none.
fn weighed() -> Vec<Weighed> {
    let mut all = Vec::new();
    for reason in Reason::ALL {
        for outcome in Outcome::ALL {
            for days in [None, Some(0), Some(1), Some(2), Some(5), Some(11), Some(365)] {
                for pays in [
                    Pays::Nothing,
                    Pays::Unknown,
                    Pays::NoRepair,
                    Pays::Amount(amount(0)),
                    Pays::Amount(amount(4_950)),
                ] {
                    for incidents_left in [None, Some(1), Some(2), Some(3), Some(11)] {
                        all.push(Weighed {
                            rule_id: "a-rule".into(),
                            outcome: *outcome,
                            applies: false,
                            decided: false,
                            suspended: false,
                            from: days.map(|_| DAY),
                            until: days.map(|days| DAY + time::Duration::days(days)),
                            pays,
                            uses: Uses::Nothing,
                            incidents_left,
                            reason: *reason,
                            version: None,
                            source: "Act 7, section 2".into(),
                            law: None,
                        });
                    }
                }
            }
        }
    }
    all
}

/// Holds a sentence against the words of every language; says what is wrong.
fn faults(words: &Snapshot, sentence: &Sentence) -> Vec<String> {
    let arguments: Arguments = sentence
        .arguments
        .iter()
        .map(|(name, value)| ((*name).to_owned(), word(value)))
        .collect();
    let given: BTreeSet<&str> = sentence.arguments.iter().map(|(name, _)| *name).collect();
    let mut faults = Vec::new();
    for locale in words.locales().iter() {
        let Some(answer) = words.render(&sentence.key, &[locale.tag.as_str()], &arguments) else {
            faults.push(format!("{}: no such message", sentence.key));
            continue;
        };
        let placeholders = words
            .published(&locale.tag)
            .unwrap()
            .catalogue
            .placeholders(&sentence.key);
        let taken: BTreeSet<&str> = placeholders.into_iter().flatten().map(String::as_str).collect();
        let text = answer.rendered.text;
        let is_whole = answer.rendered.degradations.is_empty() && !answer.fell_back && !text.contains(['{', '}', '$']);
        if !is_whole || taken != given {
            faults.push(format!(
                "{} {} takes {taken:?}, is given {given:?}: {text}",
                locale.tag, sentence.key
            ));
        }
    }
    faults
}

#[test]
fn every_outcome_of_a_rule_is_said_whole_in_every_language() {
    let words = words();
    let mut said = BTreeMap::new();
    for weighed in weighed() {
        let sentence = explain::rule(DAY, &weighed);
        said.insert(format!("{sentence:?}"), sentence);
    }
    assert!(said.len() > 500, "only {} sentences", said.len());
    let faults: BTreeSet<String> = said.values().flat_map(|sentence| faults(&words, sentence)).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn every_key_of_a_sentence_has_words_in_every_language() {
    let words = words();
    let keys = explain::keys();
    assert!(keys.len() > 150, "only {} keys", keys.len());
    for locale in words.locales().iter() {
        let own = &words.published(&locale.tag).unwrap().patterns;
        let missing: Vec<_> = keys.iter().filter(|key| !own.contains_key(*key)).collect();
        assert!(missing.is_empty(), "{} lacks {missing:?}", locale.tag);
    }
    // And none is kept for sentences that nobody says.
    let known: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
    let tables = [
        "kind",
        "remedy",
        "component",
        "said",
        "rule",
        "part",
        "result",
        "law",
        "return",
        "say",
        "change",
    ];
    let english = &words.published(&Tag::parse("en").unwrap()).unwrap().patterns;
    let stale: Vec<_> = english
        .keys()
        .filter(|key| {
            tables
                .iter()
                .any(|table| key.starts_with(&format!("coverage.{table}.")))
        })
        .filter(|key| !known.contains(key.as_str()))
        .collect();
    assert!(stale.is_empty(), "nobody says {stale:?}");
}
