//! The plural forms that a language needs.

use std::collections::BTreeSet;

use fixed_decimal::Decimal;
use icu_locale::Locale;
use icu_plurals::{PluralCategory, PluralRuleType, PluralRules, PluralRulesOptions};
use mf2_model::{Declaration, Expression, FunctionRef, Key, Message, OptionValue, SelectMessage};

use super::Fault;
use crate::tag::Tag;

/// The whole numbers by which it is told which forms a language needs. Beyond the thousands the rules repeat; the forms
/// that only whole millions take (`many` in Spanish) are left to `*`, as texts that count by the million are rare.
const WHOLE: std::ops::RangeInclusive<u32> = 0..=1_010;
/// The same for numbers with a fraction.
const FRACTIONS: [&str; 12] = [
    "0.1", "0.2", "0.5", "1.1", "1.5", "2.1", "2.5", "3.4", "5.5", "10.1", "11.5", "0.25",
];

/// How a message chooses by a number.
struct Selector {
    rules: PluralRuleType,
    takes_fractions: bool,
}

/// The plural forms that a message lacks, selector by selector. A form is there where its category is a key, or where each
/// number that takes it is one.
pub(super) fn missing(locale: &Tag, model: &Message<'_>) -> Vec<Fault> {
    let Message::Select(message) = model else {
        return Vec::new();
    };
    let selectors = message.selectors.iter().enumerate();
    selectors
        .filter_map(|(place, variable)| {
            let selector = selector(message, &variable.name)?;
            let missing = lacking(locale, &selector, &keys(message, place));
            (!missing.is_empty()).then(|| Fault::Plurals {
                selector: variable.name.to_string(),
                missing,
            })
        })
        .collect()
}

fn keys<'m>(message: &'m SelectMessage<'_>, place: usize) -> BTreeSet<&'m str> {
    message
        .variants
        .iter()
        .filter_map(|variant| match variant.keys.get(place)? {
            Key::Literal(literal) => Some(literal.value.as_ref()),
            _ => None,
        })
        .collect()
}

fn lacking(locale: &Tag, selector: &Selector, keys: &BTreeSet<&str>) -> Vec<&'static str> {
    let Ok(tag) = Locale::try_from_str(locale.as_str()) else {
        return Vec::new();
    };
    let options = PluralRulesOptions::default().with_type(selector.rules);
    let Ok(rules) = PluralRules::try_new((&tag).into(), options) else {
        return Vec::new();
    };
    let whole = WHOLE.filter(|number| !keys.contains(number.to_string().as_str()));
    let mut needed: BTreeSet<PluralCategory> = whole.map(|number| rules.category_for(number)).collect();
    if selector.takes_fractions {
        let fractions = FRACTIONS.iter().filter_map(|text| text.parse::<Decimal>().ok());
        needed.extend(fractions.map(|number| rules.category_for(&number)));
    }
    needed
        .into_iter()
        .map(name)
        // `*` says it.
        .filter(|category| *category != "other" && !keys.contains(category))
        .collect()
}

fn name(category: PluralCategory) -> &'static str {
    match category {
        PluralCategory::Zero => "zero",
        PluralCategory::One => "one",
        PluralCategory::Two => "two",
        PluralCategory::Few => "few",
        PluralCategory::Many => "many",
        PluralCategory::Other => "other",
    }
}

/// How a variable chooses; none where it does not by a number's plural form.
fn selector(message: &SelectMessage<'_>, variable: &str) -> Option<Selector> {
    let mut variable = variable;
    // Declarations name only what was declared before them, so that this ends.
    for declaration in message.declarations.iter().rev() {
        if declaration.name() != variable {
            continue;
        }
        let (function, argument) = match declaration {
            Declaration::Input(input) => (input.value.function.as_ref(), None),
            Declaration::Local(local) => match &local.value {
                Expression::Variable(value) => (value.function.as_ref(), Some(value.arg.name.as_ref())),
                expression => (expression.function(), None),
            },
            _ => return None,
        };
        match (function, argument) {
            (Some(function), _) => return by_function(function),
            (None, Some(argument)) => variable = argument,
            (None, None) => return None,
        }
    }
    None
}

fn by_function(function: &FunctionRef<'_>) -> Option<Selector> {
    let option = |name: &str| match function.options.get(name) {
        Some(OptionValue::Literal(literal)) => Some(literal.value.as_ref()),
        _ => None,
    };
    let is_whole = match function.name.as_ref() {
        "integer" | "offset" => true,
        "number" => option("maximumFractionDigits") == Some("0"),
        "percent" => false,
        _ => return None,
    };
    // A way of choosing that only the call knows cannot be held against anything.
    let rules = match function.options.get("select") {
        None => PluralRuleType::Cardinal,
        Some(OptionValue::Literal(literal)) if literal.value == "plural" => PluralRuleType::Cardinal,
        Some(OptionValue::Literal(literal)) if literal.value == "ordinal" => PluralRuleType::Ordinal,
        Some(_) => return None,
    };
    Some(Selector {
        rules,
        // Nothing is the five-and-a-halfth.
        takes_fractions: !is_whole && matches!(rules, PluralRuleType::Cardinal),
    })
}
