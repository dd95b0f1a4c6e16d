//! Holds the shipped playbooks against the shipped texts.

use std::collections::BTreeSet;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support_chassis::standard::schema::Schema;
use support_chassis::standard::{Content, Patch, content, looser};
use support_proto::support::types::v1::{Channel, ProductLine};
use support_testing::loosenings;

use super::*;
use crate::domain::playbook::{Situation, conversation};
use crate::shipped::shipped;

fn playbooks() -> Playbooks {
    PLAYBOOKS.parse_shipped().unwrap()
}

#[test]
fn every_text_of_the_playbooks_has_words_and_no_words_are_left_over() {
    let document = playbooks();
    let mut used: BTreeSet<&str> = document
        .purposes
        .values()
        .map(|playbook| playbook.title.as_str())
        .collect();
    for purpose in document.purposes.keys() {
        used.extend(steps(&document, Some(purpose)).unwrap().iter().map(|step| step.text));
    }
    for shipped in shipped().unwrap() {
        let words: BTreeSet<&str> = shipped
            .messages
            .keys()
            .map(String::as_str)
            .filter(|key| key.starts_with("playbook."))
            .collect();
        assert_eq!(words, used, "{}", shipped.locale);
    }
}

#[test]
fn every_legal_text_of_the_regions_has_words_and_no_words_are_left_over() {
    let profiles = support_calendars::REGION_PROFILES.parse_shipped().unwrap();
    let texts = profiles.countries.values().flat_map(|profile| profile.texts.values());
    let used: BTreeSet<&str> = texts
        .flat_map(|text| text.editions.iter().map(|edition| edition.text.as_str()))
        .collect();
    for shipped in shipped().unwrap() {
        let words: BTreeSet<&str> = shipped
            .messages
            .keys()
            .map(String::as_str)
            .filter(|key| key.starts_with("legal."))
            .collect();
        assert_eq!(words, used, "{}", shipped.locale);
    }
}

#[test]
fn every_conversation_is_opened_and_closed_on_every_channel() {
    let document = playbooks();
    let channels = support_proto::descriptors()
        .get_enum_by_name("support.types.v1.Channel")
        .unwrap();
    for channel in channels.values().filter(|channel| channel.number() != 0) {
        for purpose in document.purposes.keys() {
            let situation = Situation {
                channel: Some(channel.number()),
                ..Situation::default()
            };
            let taken = conversation(steps(&document, Some(purpose)).unwrap(), situation);
            let count = |name: &str| taken.iter().filter(|step| step.name.starts_with(name)).count();
            let at = format!("{purpose} {}", channel.name());
            assert_eq!((count("greet-"), count("farewell-")), (1, 1), "{at}");
            assert!(taken.last().unwrap().name.starts_with("farewell-"), "{at}");
            assert!(taken.last().unwrap().required, "{at}");
        }
    }
}

#[test]
fn what_becomes_the_next_question_is_said_before() {
    let document = playbooks();
    for (purpose, line, channel, reminded) in [
        (
            "repair",
            ProductLine::Phone,
            Channel::Phone,
            &["receipt", "back-up", "lock", "keep-parts"][..],
        ),
        ("repair", ProductLine::Desktop, Channel::Store, &["receipt", "back-up"]),
        ("repair", ProductLine::Audio, Channel::Email, &["receipt"]),
        (
            "replacement",
            ProductLine::Watch,
            Channel::Chat,
            &["second-parcel", "packaging", "back-up", "lock"],
        ),
        (
            "documents",
            ProductLine::Laptop,
            Channel::Email,
            &["unwanted-mail", "pdf-reader"],
        ),
        ("documents", ProductLine::Laptop, Channel::Store, &["unwanted-mail"]),
    ] {
        let situation = Situation {
            product_line: Some(line.into()),
            channel: Some(channel.into()),
            stage: Some(4),
        };
        let said: Vec<&str> = conversation(steps(&document, Some(purpose)).unwrap(), situation)
            .iter()
            .map(|step| step.name)
            .collect();
        assert_eq!(said, reminded, "{purpose} {line:?} {channel:?}");
    }
}

#[test]
fn danger_comes_before_the_greeting() {
    let document = playbooks();
    let taken = conversation(steps(&document, Some("safety")).unwrap(), Situation::default());
    assert_eq!((taken[0].name, taken[0].required), ("danger", true));
}

#[test]
fn a_purpose_that_there_is_not_has_no_steps() {
    let document = playbooks();
    assert_eq!(steps(&document, Some("always")), None);
    assert_eq!(steps(&document, None).unwrap().len(), document.always.len());
}

#[test]
fn nothing_shipped_is_added_by_a_place() {
    let standard = Standard::shipped(&PLAYBOOKS);
    let held = standard.today(&Place::country("DE"));
    let origins = Origins::of(&standard, &held);
    for step in steps(&held, Some("repair")).unwrap() {
        assert!(has_step(&held, &step));
        assert_eq!(origins.added_by(|document| has_step(document, &step)), None);
    }
}

fn global() -> (Schema, Content) {
    let schema = Schema::of::<Playbooks>(|_| Vec::new()).unwrap();
    let content = content::from_yaml(&schema, include_str!("../../standard/playbooks.yaml")).unwrap();
    (schema, content)
}

#[test]
fn a_place_may_add_and_insist_and_nothing_else() {
    let (schema, global) = global();
    let receipt = r#"{"purposes": {"repair": {"steps": {"receipt": {CHANGE}}}}}"#;
    let own = r#"{"stage": "PLAYBOOK_STAGE_OPEN", "order": 15, "text": "ours.recording"}"#;
    for (overlay, departed) in [
        (format!(r#"{{"always": {{"recording": {own}}}}}"#), &[][..]),
        (
            format!(r#"{{"purposes": {{"repair": {{"steps": {{"recording": {own}}}}}}}}}"#),
            &[],
        ),
        (
            format!(r#"{{"purposes": {{"trade-in": {{"title": "ours.trade_in", "steps": {{"first": {own}}}}}}}}}"#),
            &[],
        ),
        (
            r#"{"purposes": {"repair": {"steps": {"two-ways": {"required": true}}}}}"#.to_owned(),
            &[],
        ),
        (
            receipt.replace("{CHANGE}", "null"),
            &[r#"purposes["repair"].steps["receipt"]"#],
        ),
        (
            receipt.replace("CHANGE", r#""text": "ours.receipt""#),
            &[r#"purposes["repair"].steps["receipt"].text"#],
        ),
        (
            receipt.replace("CHANGE", r#""required": false, "order": 9000"#),
            &[
                r#"purposes["repair"].steps["receipt"].order"#,
                r#"purposes["repair"].steps["receipt"].required"#,
            ],
        ),
        // Naming one line where none was named takes the step from all others.
        (
            receipt.replace("CHANGE", r#""product_lines": ["PRODUCT_LINE_PHONE"]"#),
            &[r#"purposes["repair"].steps["receipt"].product_lines"#],
        ),
        (
            r#"{"purposes": {"safety": null}, "always": {"summary": {"stage": "PLAYBOOK_STAGE_OPEN"}}}"#.to_owned(),
            &[r#"always["summary"].stage"#, r#"purposes["safety"]"#],
        ),
    ] {
        let patch = Patch::from_json(&schema, &overlay).unwrap();
        let found: Vec<String> = looser(&global, &patch.apply(&global))
            .into_iter()
            .map(|departed| departed.path)
            .collect();
        assert_eq!(found, departed, "{overlay}");
    }
}

#[test]
fn a_thousand_overlays_that_each_loosen_in_one_place_are_refused_at_that_place() {
    let (schema, global) = global();
    let mut chance = StdRng::seed_from_u64(20_261_122);
    let mut tried = BTreeSet::new();
    let mut count = 0;
    while count < 1_000 {
        // Every field of every step, each time with other values.
        for loosening in loosenings(schema.message(), &global.to_value(), &mut chance) {
            let patch = Patch::from_json(&schema, &loosening.patch.to_string()).unwrap();
            let departed = looser(&global, &patch.apply(&global));
            let found: Vec<_> = departed.iter().map(|departed| &departed.path).collect();
            assert_eq!(found, [&loosening.path], "{loosening:?}");
            tried.insert(loosening.path.rsplit('.').next().unwrap().to_owned());
            count += 1;
        }
    }
    for field in [
        "title",
        "stage",
        "order",
        "text",
        "required",
        "product_lines",
        "channels",
    ] {
        assert!(tried.contains(field), "{field} was never tried: {tried:?}");
    }
    assert!(
        tried.contains(r#"always["summary"]"#),
        "no step was ever dropped: {tried:?}"
    );
}
