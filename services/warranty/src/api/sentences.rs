//! Sentences in answers.

use support_chassis::day;
use support_proto::support::localisation::v1 as words;
use support_proto::support::warranty::v1 as warranty;

use super::present;
use crate::domain::explain::{self, Sentence, Value};
use crate::store::decisions::Kept;
use crate::wire;

/// A decision with its sentences, which have no words yet.
pub(super) fn decision(kept: Kept) -> warranty::CoverageDecision {
    let decided = kept.decision.clone();
    let mut answer = present::decision(kept);
    answer.sentence = Some(sentence(explain::decision(&decided)));
    let weighed = answer.chain.iter_mut().zip(&decided.chain);
    for (answer, weighed) in weighed {
        answer.sentence = Some(sentence(explain::rule(decided.day, weighed)));
    }
    for (answer, part) in answer.parts.iter_mut().zip(&decided.parts) {
        answer.sentence = Some(sentence(explain::part(part)));
        for (answer, weighed) in answer.chain.iter_mut().zip(&part.chain) {
            answer.sentence = Some(sentence(explain::rule(decided.day, weighed)));
        }
    }
    answer
}

/// All sentences of these decisions.
pub(super) fn of<'a>(
    decisions: impl IntoIterator<Item = &'a mut warranty::CoverageDecision>,
) -> Vec<&'a mut warranty::Sentence> {
    let mut all = Vec::new();
    for decision in decisions {
        all.extend(&mut decision.sentence);
        all.extend(decision.chain.iter_mut().filter_map(|rule| rule.sentence.as_mut()));
        for part in &mut decision.parts {
            all.extend(&mut part.sentence);
            all.extend(part.chain.iter_mut().filter_map(|rule| rule.sentence.as_mut()));
        }
    }
    all
}

/// A sentence, without words yet.
pub(super) fn sentence(sentence: Sentence) -> warranty::Sentence {
    warranty::Sentence {
        key: sentence.key.into_owned(),
        arguments: sentence
            .arguments
            .into_iter()
            .map(|(name, value)| argument(name, value))
            .collect(),
        ..warranty::Sentence::default()
    }
}

fn argument(name: &str, value: Value) -> words::Argument {
    let mut argument = words::Argument {
        name: name.to_owned(),
        ..words::Argument::default()
    };
    match value {
        Value::Text(text) => argument.text = Some(text.to_string()),
        Value::Number(number) => argument.number = Some(number.into()),
        Value::Day(day) => argument.date = Some(day::to_proto(day)),
        Value::Money(amount) => argument.money = Some(wire::money(amount)),
        Value::Message(key) => argument.message_key = Some(key.into_owned()),
        Value::AnyOf(keys) => {
            let items = keys.into_iter().map(|key| words::ListItem {
                text: None,
                message_key: Some(key.into_owned()),
            });
            argument.list = Some(words::ArgumentList {
                kind: words::ListKind::Or.into(),
                items: items.collect(),
            });
        }
    }
    argument
}
