//! Holds the texts against the contract and against each other.

use std::collections::BTreeSet;

use support_words::catalogue::{Arguments, Catalogue, Day, Money, Value};
use support_words::message::{Placeholders, check, check_all};
use support_words::tag::Tag;

use super::*;
use crate::standard::{MESSAGE_RULES, TextRules};

/// What warranty gives as reasons of a decision; its own list is `REASON_KEYS` in its coverage rules.
const COVERAGE_REASONS: [&str; 47] = [
    "accidental_damage",
    "activation_locked",
    "barred",
    "component_not_said",
    "cosmetic_damage",
    "cosmetic_part",
    "damage_not_in_plan",
    "device_at_hand",
    "duty_to_repair",
    "goodwill_limit",
    "goodwill_used_up",
    "incidents_used_up",
    "law_not_in_terms",
    "length_open",
    "liquid_damage",
    "loss",
    "no_repair_before",
    "no_unauthorised_change",
    "no_warranty_given",
    "not_at_this_place",
    "not_for_used",
    "not_genuine",
    "not_in_force_at_sale",
    "not_yet_begun",
    "nothing_to_prolong",
    "nothing_to_repair",
    "other_component",
    "other_symptom",
    "parts_available",
    "parts_unavailable",
    "period_over",
    "price_not_known",
    "program_used",
    "repair_at_price",
    "replaced",
    "reported_lost",
    "reported_stolen",
    "seized",
    "serial_not_in_range",
    "suspended_by_bar",
    "symptom_not_said",
    "theft",
    "unauthorised_change",
    "under_investigation",
    "wear",
    "wearing_part",
    "within_period",
];

/// What the terms of coverage that warranty ships ask customers next.
const COVERAGE_QUESTIONS: [&str; 8] = [
    "backed_up",
    "battery_health",
    "fell",
    "other_charger",
    "restarted",
    "since_when",
    "stop_charging",
    "wet",
];

/// `error.case.case_not_found` for every value of every `*ErrorReason` of the contract.
fn error_keys() -> BTreeSet<String> {
    support_proto::descriptors()
        .all_enums()
        .filter(|kind| kind.full_name().starts_with("support.") && kind.name().ends_with("ErrorReason"))
        .flat_map(|kind| {
            let package = kind.package_name().split('.').nth(1).unwrap().to_owned();
            let domain = if package == "types" {
                "common".to_owned()
            } else {
                package
            };
            let own = kind.name().strip_suffix("ErrorReason").unwrap().to_uppercase();
            let prefix = format!("{own}_ERROR_REASON_");
            kind.values()
                .filter(|value| value.number() != 0)
                .map(|value| {
                    format!(
                        "error.{domain}.{}",
                        value.name().strip_prefix(&prefix).unwrap().to_lowercase()
                    )
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// `repair.state.in_repair` for every value of an enum of the contract.
fn value_keys(name: &str, prefix: &str, key: &str) -> BTreeSet<String> {
    let kind = support_proto::descriptors().get_enum_by_name(name).unwrap();
    kind.values()
        .filter(|value| value.number() != 0)
        .map(|value| format!("{key}.{}", value.name().strip_prefix(prefix).unwrap().to_lowercase()))
        .collect()
}

fn source() -> BTreeMap<String, Placeholders> {
    let shipped = shipped().unwrap();
    shipped[0]
        .messages
        .iter()
        .map(|(key, pattern)| (key.clone(), check(pattern).unwrap()))
        .collect()
}

#[test]
fn every_reason_state_and_outcome_of_the_contract_has_words_in_every_language() {
    let errors = error_keys();
    assert!(
        errors.len() > 60,
        "only {} reasons found: the descriptors are not the whole contract",
        errors.len()
    );
    let mut needed = errors;
    needed.extend(value_keys(
        "support.repair.v1.RepairState",
        "REPAIR_STATE_",
        "repair.state",
    ));
    needed.extend(value_keys(
        "support.warranty.v1.CoverageOutcome",
        "COVERAGE_OUTCOME_",
        "coverage.outcome",
    ));
    needed.extend(value_keys("support.warranty.v1.PlanState", "PLAN_STATE_", "plan.state"));
    needed.extend(value_keys(
        "support.warranty.v1.PlanIneligibility",
        "PLAN_INELIGIBILITY_",
        "plan.ineligible",
    ));
    needed.extend(COVERAGE_REASONS.map(|reason| format!("coverage.reason.{reason}")));
    needed.extend(COVERAGE_QUESTIONS.map(|question| format!("coverage.ask.{question}")));
    for Shipped { locale, messages } in shipped().unwrap() {
        let missing: Vec<_> = needed.iter().filter(|key| !messages.contains_key(*key)).collect();
        assert!(missing.is_empty(), "{locale} lacks {missing:?}");
    }
}

#[test]
fn no_words_are_kept_for_reasons_that_are_gone() {
    let errors = error_keys();
    for Shipped { locale, messages } in shipped().unwrap() {
        let stale: Vec<_> = messages
            .keys()
            .filter(|key| key.starts_with("error.") && !errors.contains(*key))
            .collect();
        assert!(stale.is_empty(), "{locale} has {stale:?}");
    }
}

#[test]
fn every_message_compiles_and_takes_what_the_source_takes() {
    let source = source();
    let rules = TextRules::of(&MESSAGE_RULES.parse_shipped().unwrap()).words;
    assert!(!rules.glossary.is_empty() && !rules.longest.is_empty());
    let all = shipped().unwrap();
    let texts = all[0].messages.clone();
    for Shipped { locale, messages } in all {
        let keys: Vec<&String> = messages.keys().collect();
        let faults: Vec<String> = check_all(
            &Tag::parse(locale).unwrap(),
            messages.iter().map(|(key, pattern)| (key.as_str(), pattern.as_str())),
            (locale != "en").then_some(&texts),
            &rules,
        )
        .into_iter()
        .map(|(index, fault)| format!("{}: {fault}", keys[index]))
        .collect();
        assert!(faults.is_empty(), "{locale}: {faults:#?}");
        let lacking: Vec<_> = source.keys().filter(|key| !messages.contains_key(*key)).collect();
        assert!(lacking.is_empty(), "{locale} lacks {lacking:?}");
    }
}

#[test]
fn the_agreed_placeholders_are_taken() {
    let source = source();
    for (key, names) in [
        ("verification.code.subject", &[][..]),
        ("verification.code.body", &["code", "minutes"]),
        ("case.opened.acknowledgement", &["case_number"]),
        ("case.assigned", &["agent_name"]),
        ("case.resolved", &[]),
        ("case.closed", &[]),
        ("repair.state.submitted", &["repair_reference"]),
        ("repair.state.canceled", &["repair_reference"]),
    ] {
        assert_eq!(
            source[key],
            names.iter().map(|name| (*name).to_owned()).collect(),
            "{key}"
        );
    }
    for (key, names) in source.iter().filter(|(key, _)| {
        ["error.", "coverage.outcome.", "coverage.reason."]
            .iter()
            .any(|table| key.starts_with(table))
    }) {
        assert!(names.is_empty(), "{key} is shown where no values are at hand");
    }
    for Shipped { locale, messages } in shipped().unwrap() {
        for (key, pattern) in messages.iter().filter(|(key, _)| key.starts_with("error.")) {
            // Who has the catalogue, such as the gateway, may show the sentence of an error without rendering it.
            assert!(
                !pattern.contains(['{', '}', '\\', '\n']),
                "{locale} {key} is no plain sentence"
            );
        }
    }
}

/// A value for the placeholder `name`, of the type that its name says.
fn sample(name: &str, number: i32) -> Value {
    match name {
        "minutes" | "days" | "months" | "count" | "step" => Value::Number(f64::from(number)),
        "until" | "from" | "day" => Value::Day(Day::new(2027, 3, 14).unwrap()),
        "amount" | "fee" => Value::Money(Money::new("EUR", 4_950).unwrap()),
        _ => Value::Text("K7".to_owned()),
    }
}

#[test]
fn every_message_is_written_out_whole_for_every_number() {
    let source = source();
    for Shipped { locale, messages } in shipped().unwrap() {
        let (catalogue, refused) = Catalogue::compile(&Tag::parse(locale).unwrap(), &messages).unwrap();
        assert!(refused.is_empty(), "{locale}: {refused:?}");
        for number in [0, 1, 2, 3, 5, 10, 11, 99, 100, 102] {
            for (key, names) in &source {
                let arguments: Arguments = names.iter().map(|name| (name.clone(), sample(name, number))).collect();
                let rendered = catalogue.render(key, &arguments).unwrap();
                assert!(
                    rendered.degradations.is_empty(),
                    "{locale} {key}: {:?}",
                    rendered.degradations
                );
                assert!(
                    !rendered.text.contains(['{', '}', '$']),
                    "{locale} {key}: {}",
                    rendered.text
                );
                // A label can be one character: 州.
                let is_label = key.starts_with("address.field.");
                assert!(rendered.text.len() > 3 || is_label, "{locale} {key}: {}", rendered.text);
            }
        }
    }
}

#[test]
fn the_minutes_of_a_code_agree_with_their_number() {
    for (locale, number, words) in [
        ("en", 1, "1 minute."),
        ("en", 10, "10 minutes."),
        ("de", 1, "1 Minute "),
        ("de", 10, "10 Minuten "),
        ("es", 1, "1 minuto."),
        ("es", 10, "10 minutos."),
        ("fr", 1, "1 minute."),
        ("fr", 10, "10 minutes."),
        ("hi", 10, "10 मिनट "),
        ("ja", 10, "10 分"),
        ("ko", 10, "10분 "),
        ("pt-BR", 1, "1 minuto."),
        ("pt-BR", 10, "10 minutos."),
        ("ru", 1, "1 минуту."),
        ("ru", 2, "2 минуты."),
        ("ru", 10, "10 минут."),
        ("ru", 21, "21 минуту."),
        ("zh-Hant", 10, "10 分鐘"),
        ("zh-Hans", 10, "10 分钟"),
        ("ar", 1, "دقيقة واحدة"),
        ("ar", 2, "دقيقتين"),
        ("ar", 10, "\u{2066}10\u{2069} دقائق"),
        ("ar", 15, "\u{2066}15\u{2069} دقيقة"),
    ] {
        let shipped = shipped().unwrap();
        let messages = &shipped
            .iter()
            .find(|shipped| shipped.locale == locale)
            .unwrap()
            .messages;
        let (catalogue, _) = Catalogue::compile(&Tag::parse(locale).unwrap(), messages).unwrap();
        let arguments = BTreeMap::from([
            ("code".to_owned(), Value::Text("042317".to_owned())),
            ("minutes".to_owned(), Value::Number(f64::from(number))),
        ]);
        let text = catalogue.render("verification.code.body", &arguments).unwrap().text;
        assert!(text.contains(words), "{locale} {number}: {text:?}");
        assert!(text.contains("042317"), "{locale}: a code is no number: {text:?}");
    }
}

/// Whether there is anything to translate: a letter outside of all placeholders.
fn has_words(pattern: &str) -> bool {
    let mut open = 0;
    pattern.chars().any(|character| {
        match character {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        open == 0 && character.is_alphabetic()
    })
}

/// Words that languages have in common, and names that stay what they are.
const SHARED: [&str; 5] = [
    "address.field.district",
    "address.field.eircode",
    "address.field.oblast",
    "address.field.province",
    "address.field.townland",
];

#[test]
fn translations_are_translations() {
    let shipped = shipped().unwrap();
    for Shipped { locale, messages } in &shipped[1..] {
        let same: Vec<_> = messages
            .iter()
            .filter(|(key, text)| shipped[0].messages[*key] == **text && has_words(text))
            .filter(|(key, _)| !SHARED.contains(&key.as_str()))
            .collect();
        assert!(same.is_empty(), "{locale} has the source's words: {same:?}");
    }
    assert_eq!(shipped[0].locale, "en");
}

#[test]
fn what_an_address_asks_for_has_a_label_in_every_language() {
    let messages = shipped().unwrap();
    for called in support_words::format::address::all_called() {
        let key = format!("address.field.{called}");
        for Shipped { locale, messages } in &messages {
            assert!(messages.contains_key(&key), "{locale} {key}");
        }
    }
}
