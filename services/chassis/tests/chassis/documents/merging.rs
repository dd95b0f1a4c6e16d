//! Patches: what they do, and that composing them is doing one after the other.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use support_chassis::standard::Patch;

use super::{content_of, everything, random, schema};

fn patch_of(value: &Value) -> Patch {
    Patch::from_json(&schema(), &value.to_string()).unwrap()
}

/// The pseudocode of RFC 7386, section 2.
fn merge_patch(target: Value, patch: &Value) -> Value {
    let Value::Object(patch) = patch else {
        return patch.clone();
    };
    let mut target = match target {
        Value::Object(target) => target,
        _ => Map::new(),
    };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            let before = target.remove(name).unwrap_or(Value::Null);
            target.insert(name.clone(), merge_patch(before, value));
        }
    }
    Value::Object(target)
}

proptest! {
    #[test]
    fn a_patch_does_what_the_rfc_says(base in random::document(&everything()), patch in random::patch(&everything())) {
        let base = content_of(&base);
        let merged = merge_patch(base.to_value(), &patch);
        prop_assert_eq!(patch_of(&patch).apply(&base), content_of(&merged));
    }

    #[test]
    fn composing_is_doing_one_after_the_other(
        base in random::document(&everything()),
        first in random::patch(&everything()),
        second in random::patch(&everything()),
        third in random::patch(&everything()),
    ) {
        let base = content_of(&base);
        let (first, second, third) = (patch_of(&first), patch_of(&second), patch_of(&third));
        let left = first.then(&second).then(&third);
        let right = first.then(&second.then(&third));
        prop_assert_eq!(&left, &right, "not associative");
        prop_assert_eq!(left.apply(&base), third.apply(&second.apply(&first.apply(&base))));
        let nothing = patch_of(&json!({}));
        prop_assert_eq!(&first.then(&nothing), &first);
        prop_assert_eq!(&nothing.then(&first), &first);
    }

    #[test]
    fn a_patch_comes_back_from_its_text(patch in random::patch(&everything())) {
        let patch = patch_of(&patch);
        let text = patch.print().unwrap();
        let again = Patch::from_json(&schema(), &text).unwrap();
        prop_assert_eq!(&again, &patch);
        prop_assert_eq!(again.print().unwrap(), text.clone());
        prop_assert_eq!(Patch::from_yaml(&schema(), &text).unwrap(), patch);
    }

    /// What a composed patch says as a merge patch it means as one.
    #[test]
    fn a_composed_patch_that_can_be_printed_means_the_same(
        base in random::document(&everything()),
        first in random::patch(&everything()),
        second in random::patch(&everything()),
    ) {
        let composed = patch_of(&first).then(&patch_of(&second));
        if let Some(text) = composed.print() {
            let base = content_of(&base);
            prop_assert_eq!(Patch::from_json(&schema(), &text).unwrap().apply(&base), composed.apply(&base));
        }
    }
}

/// No merge patch says this, and composing without saying it would bring back what was taken away.
#[test]
fn what_is_taken_away_and_then_put_back_is_new() {
    let base = content_of(&json!({"free_inners": {"a": {"note": "old", "at_least": 3, "required": ["x"]}}}));
    let away = patch_of(&json!({"free_inners": {"a": null}}));
    let back = patch_of(&json!({"free_inners": {"a": {"at_least": 1}}}));
    let both = away.then(&back);
    let held = both.apply(&base);
    assert_eq!(held, back.apply(&away.apply(&base)));
    assert_eq!(held.to_value()["free_inners"]["a"]["note"], "");
    assert_eq!(held.to_value()["free_inners"]["a"]["at_least"], 1);
    assert_eq!(both.print(), None, "it would merge with what was there");
    let all = patch_of(&json!({"free_inners": null})).then(&back);
    assert_eq!(all.apply(&base), held);
    // Removing after that is plain again.
    assert_eq!(both.then(&away), away);
    assert_eq!(away.print().as_deref(), Some(r#"{"free_inners":{"a":null}}"#));
}

#[test]
fn an_entry_that_is_gone_is_made_anew_by_a_patch_of_it() {
    let patch = patch_of(&json!({"free_inners": {"a": {"at_least": 5}}}));
    let held = patch.apply(&content_of(&json!({})));
    let entry = &held.to_value()["free_inners"]["a"];
    assert_eq!(*entry, json!({"at_least": 5, "leaves": {}, "note": "", "required": []}));
}

#[test]
fn nothing_changes_nothing() {
    for text in ["{}", r#"{"free_map": {}}"#, r#"{"freeMap": {}, "by_field_map": {}}"#] {
        let patch = Patch::from_json(&schema(), text).unwrap();
        assert!(patch.is_empty(), "{text}");
        assert_eq!(patch.print().as_deref(), Some("{}"));
    }
    // A message that may be absent is made by it, though.
    let patch = Patch::from_json(&schema(), r#"{"by_field": {}}"#).unwrap();
    assert!(!patch.is_empty());
    assert!(patch.apply(&content_of(&json!({}))).to_value()["by_field"].is_object());
}

#[test]
fn null_takes_away_what_can_be_absent() {
    let base = content_of(&json!({
        "locked_maybe": 1, "longer": "5s", "by_field": {}, "superset": ["x"], "superset_map": {"a": "1"},
    }));
    let patch = patch_of(&json!({
        "locked_maybe": null, "longer": null, "by_field": null, "superset": null, "superset_map": null,
    }));
    assert_eq!(patch.apply(&base), content_of(&json!({})));
    let texts = ["by_field", "locked_maybe", "longer", "superset_map"].map(|name| format!("\"{name}\":null"));
    let text = patch.print().unwrap();
    assert!(texts.iter().all(|part| text.contains(part)), "{text}");
    assert!(text.contains("\"superset\":[]"), "{text}");
}
