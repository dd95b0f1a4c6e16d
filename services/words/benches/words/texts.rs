//! What is written out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use support_words::catalogue::{Arguments, Day, Money, Value};
use support_words::locale::{Locales, shipped as shipped_locales};
use support_words::snapshot::{Published, Snapshot};
use support_words::tag::Tag;

use crate::report::{Figure, Report, resident};

/// The shipped texts.
const FILES: [(&str, &str); 6] = [
    ("en", include_str!("../../../localisation/messages/en.toml")),
    ("ar", include_str!("../../../localisation/messages/ar.toml")),
    ("de", include_str!("../../../localisation/messages/de.toml")),
    ("es", include_str!("../../../localisation/messages/es.toml")),
    ("ja", include_str!("../../../localisation/messages/ja.toml")),
    ("zh-Hans", include_str!("../../../localisation/messages/zh-Hans.toml")),
];
/// What readers ask for who are served by these, in the order of the files.
const ASKED: [&[&str]; 6] = [
    &["en-GB", "en"],
    &["ar-EG"],
    &["de-AT", "de", "en"],
    &["es-MX", "es"],
    &["ja-JP", "ja", "en"],
    &["zh-CN"],
];
/// A catalogue of a large deployment.
const MESSAGES: usize = 5_000;
const LOCALES: usize = 44;

/// A message to be written out.
pub(crate) struct Call {
    pub(crate) key: String,
    pub(crate) languages: Vec<String>,
    pub(crate) arguments: Arguments,
    /// By the most costly of its values: `plain`, `texts`, `numbers`, `dates`, `money`.
    pub(crate) kind: &'static str,
}

/// All shipped texts, and a call for each in each of their languages.
pub(crate) fn shipped(report: &mut Report) -> (Snapshot, Vec<Call>) {
    let files: Vec<(Tag, BTreeMap<String, String>)> = FILES
        .iter()
        .map(|(tag, file)| (Tag::parse(tag).unwrap(), patterns(file)))
        .collect();
    let published = files
        .iter()
        .map(|(tag, patterns)| (tag.clone(), compile(tag, patterns.clone())))
        .collect();
    let locales = shipped_locales().unwrap();
    let snapshot = Snapshot::new(Locales::new(locales.locales, &locales.default).unwrap(), published);
    let mut calls = Vec::new();
    for (key, pattern) in &files[0].1 {
        for ((_, patterns), asked) in files.iter().zip(ASKED) {
            if patterns.contains_key(key) {
                let (arguments, kind) = arguments(pattern);
                calls.push(Call {
                    key: key.clone(),
                    languages: asked.iter().map(|tag| (*tag).to_owned()).collect(),
                    arguments,
                    kind,
                });
            }
        }
    }
    let of = |kind: &str| calls.iter().filter(|call| call.kind == kind).count();
    report.note(format!(
        "{} calls: {} plain, {} with texts, {} with numbers, {} with dates, {} with money",
        calls.len(),
        of("plain"),
        of("texts"),
        of("numbers"),
        of("dates"),
        of("money"),
    ));
    (snapshot, calls)
}

/// How much room a large deployment's catalogues take, and how long they take to be compiled.
pub(crate) fn room(report: &mut Report) {
    let source = patterns(FILES[0].1);
    // The shipped texts, again and again under other keys, until there are enough.
    let large: BTreeMap<String, String> = (0..)
        .flat_map(|round| {
            source
                .iter()
                .map(move |(key, text)| (format!("{key}.n{round}"), text.clone()))
        })
        .take(MESSAGES)
        .collect();
    let texts: usize = large.iter().map(|(key, text)| key.len() + text.len()).sum();
    let locales = shipped_locales().unwrap();
    let tags: Vec<Tag> = locales.locales.iter().map(|locale| locale.tag.clone()).collect();
    let default = locales.default.clone();
    let mut chosen: Vec<Tag> = tags
        .into_iter()
        .filter(|tag| *tag != default)
        .take(LOCALES - 1)
        .collect();
    chosen.push(default.clone());
    assert_eq!(chosen.len(), LOCALES);
    let (before, began) = (resident(), Instant::now());
    let published: BTreeMap<Tag, Arc<Published>> = chosen
        .iter()
        .map(|tag| (tag.clone(), compile(tag, large.clone())))
        .collect();
    let snapshot = Snapshot::new(Locales::new(locales.locales, &default).unwrap(), published);
    let took = began.elapsed();
    report.add(Figure::of("catalogue_bytes_5000x44", "B", resident() - before));
    report.add(Figure::of("catalogue_compile_5000x44", "ms", took.as_secs_f64() * 1e3));
    report.note(format!(
        "catalogue_bytes_5000x44 is the process' growth; keys and patterns alone are {} bytes a locale, {} bytes in all",
        texts,
        texts * LOCALES
    ));
    assert!(snapshot.published(&default).is_some());
}

fn compile(tag: &Tag, patterns: BTreeMap<String, String>) -> Arc<Published> {
    let (published, refused) = Published::compile(tag, 1, patterns).unwrap();
    assert!(refused.is_empty(), "{tag}: {refused:?}");
    Arc::new(published)
}

fn patterns(file: &str) -> BTreeMap<String, String> {
    let mut messages = BTreeMap::new();
    let mut open: Vec<(String, toml::Value)> = toml::from_str::<toml::Table>(file).unwrap().into_iter().collect();
    while let Some((key, value)) = open.pop() {
        match value {
            toml::Value::String(pattern) => drop(messages.insert(key, pattern.trim().to_owned())),
            toml::Value::Table(table) => {
                open.extend(table.into_iter().map(|(name, value)| (format!("{key}.{name}"), value)));
            }
            _ => {}
        }
    }
    messages
}

/// Values of the kinds that a pattern takes, and the most costly of them.
fn arguments(pattern: &str) -> (Arguments, &'static str) {
    let mut arguments = Arguments::new();
    let mut kind = "plain";
    for part in pattern.split("{$").skip(1) {
        let expression = part.split('}').next().unwrap();
        let (name, function) = expression.split_once(' ').unwrap_or((expression, ""));
        let (value, costs) = if function.starts_with(":date") || function.starts_with(":time") {
            (Value::Day(Day::new(2026, 11, 22).unwrap()), "dates")
        } else if function.starts_with(":currency") {
            (Value::Money(Money::new("EUR", 123_450).unwrap()), "money")
        } else if function.starts_with(':') {
            (Value::Number(3.0), "numbers")
        } else {
            (Value::Text("R-2026-004711".to_owned()), "texts")
        };
        let order = ["plain", "texts", "numbers", "dates", "money"];
        let place = |kind: &str| order.iter().position(|one| *one == kind);
        if place(costs) > place(kind) {
            kind = costs;
        }
        arguments.entry(name.to_owned()).or_insert(value);
    }
    (arguments, kind)
}
