//! What a decision says, in sentences that somebody can be told. Pure: which sentence, with which values; the words are the
//! message catalogue's.
//!
//! A sentence is a key and its values, each of one type: a day, a number, an amount, another message. So every language can
//! put them in its own order and its own form, and no words are built here. [`keys`] lists every key there is.

mod law;
mod said;
mod talk;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

use time::Date;

use super::coverage::{Damage, Outcome, Reason};
use super::money::Amount;
use super::terms::Remedy;

pub use law::{Remedies, remedies, returns};
pub use said::{decision, part, rule};
pub use talk::{Alternative, Change, Explanation, FollowUp, FollowUpKind, Known, explanation};

/// A sentence: a key of the message catalogue, and its values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// The key.
    pub key: Cow<'static, str>,
    /// The values by name.
    pub arguments: Vec<(&'static str, Value)>,
}

/// A value in a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text that is the same in every language: a source, the number of a part.
    Text(Arc<str>),
    /// A number.
    Number(u32),
    /// A day.
    Day(Date),
    /// An amount of money.
    Money(Amount),
    /// The text of the message with this key.
    Message(Cow<'static, str>),
    /// One of several messages.
    AnyOf(Vec<Cow<'static, str>>),
}

impl Sentence {
    /// The sentence with this key, without values.
    #[must_use]
    pub fn new(key: impl Into<Cow<'static, str>>) -> Self {
        Self {
            key: key.into(),
            arguments: Vec::new(),
        }
    }

    /// With one more value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.arguments.push((name, value.into()));
        self
    }
}

impl From<Date> for Value {
    fn from(day: Date) -> Self {
        Self::Day(day)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number)
    }
}

impl From<u16> for Value {
    fn from(number: u16) -> Self {
        Self::Number(number.into())
    }
}

impl From<Amount> for Value {
    fn from(amount: Amount) -> Self {
        Self::Money(amount)
    }
}

impl From<&Arc<str>> for Value {
    fn from(text: &Arc<str>) -> Self {
        Self::Text(Arc::clone(text))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// What a rule that gives `outcome` is called.
fn kind(outcome: Outcome) -> Value {
    Value::Message(format!("coverage.kind.{}", outcome.as_str()).into())
}

/// The reason, in plain words.
fn why(reason: Reason) -> Value {
    Value::Message(reason.as_str().into())
}

/// What a remedy is called.
fn remedy(remedy: Remedy) -> Cow<'static, str> {
    format!("coverage.remedy.{}", remedy.as_str()).into()
}

/// The components that have a name in every language. Others are called by their code.
pub const COMPONENTS: &[&str] = &[
    "battery",
    "display",
    "logic-board",
    "camera",
    "speaker",
    "microphone",
    "housing",
    "back-glass",
    "keyboard",
    "trackpad",
    "storage",
    "power-supply",
    "charging-port",
    "hinge",
    "strap",
    "cable",
    "ear-tip",
    "ear-cushion",
    "fan",
    "buttons",
    "wireless",
    "sensor",
    "case",
];

/// What a component is called.
fn component(code: &str) -> Value {
    named(COMPONENTS, "coverage.component", code)
}

/// The name of `code` in every language, where it is one of `known`; else the code itself.
fn named(known: &[&str], table: &str, code: &str) -> Value {
    if known.contains(&code) {
        Value::Message(key(table, code).into())
    } else {
        code.into()
    }
}

/// The key of the name of `code`.
fn key(table: &str, code: &str) -> String {
    format!("{table}.{}", code.replace('-', "_"))
}

/// Every key that a sentence of a decision can have, or name in a value, beside those of symptoms and questions that the terms
/// name, which the check of a draft looks after.
#[must_use]
pub fn keys() -> Vec<String> {
    let mut keys: Vec<String> = said::KEYS
        .iter()
        .chain(law::KEYS)
        .chain(talk::KEYS)
        .map(|key| (*key).to_owned())
        .collect();
    keys.extend(Reason::ALL.iter().map(|reason| reason.as_str().to_owned()));
    keys.extend(
        Outcome::ALL
            .iter()
            .map(|outcome| format!("coverage.kind.{}", outcome.as_str())),
    );
    keys.extend(Remedy::ALL.iter().map(|one| remedy(*one).into_owned()));
    keys.extend(Damage::ALL.iter().map(|damage| talk::damage_key(*damage)));
    keys.extend(COMPONENTS.iter().map(|code| key("coverage.component", code)));
    keys.extend(talk::SYMPTOMS.iter().map(|code| key("coverage.symptom", code)));
    keys.extend(talk::PLANS.iter().map(|code| key("plan.name", code)));
    keys
}
