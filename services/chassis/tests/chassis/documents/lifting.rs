//! Lifting: never looser, idempotent, and nothing more than is needed.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use support_chassis::standard::effective::fold;
use support_chassis::standard::{Patch, changes, lift, looser};

use super::judge::{told, verdict};
use super::{content_of, everything, random, schema};

proptest! {
    #[test]
    fn a_lifted_overlay_is_lawful(base in random::document(&everything()), patch in random::patch(&everything())) {
        let base = content_of(&base);
        let candidate = Patch::from_json(&schema(), &patch.to_string()).unwrap().apply(&base);
        let (lifted, departed) = lift(&base, &candidate);
        prop_assert_eq!(&departed, &looser(&base, &candidate));
        prop_assert_eq!(told(&departed), verdict(&base, &candidate));
        prop_assert_eq!(verdict(&base, &lifted), BTreeSet::new());
        prop_assert_eq!(looser(&base, &lifted), vec![]);
        prop_assert_eq!(lift(&base, &lifted), (lifted.clone(), vec![]), "not idempotent");
        if departed.is_empty() {
            prop_assert_eq!(&lifted, &candidate, "a lawful overlay was touched");
        }
        // Nothing but what departed is changed.
        let paths: BTreeSet<String> = departed.into_iter().map(|one| one.path).collect();
        for change in changes(&candidate, &lifted) {
            prop_assert!(paths.contains(&change.path), "{} was lawful", change.path);
        }
    }

    /// As when a standard is replaced by a whole new one below an overlay that was lawful.
    #[test]
    fn two_documents_at_random_too(base in random::document(&everything()), other in random::document(&everything())) {
        let (base, candidate) = (content_of(&base), content_of(&other));
        let (lifted, departed) = lift(&base, &candidate);
        prop_assert_eq!(told(&departed), verdict(&base, &candidate));
        prop_assert_eq!(verdict(&base, &lifted), BTreeSet::new());
        prop_assert_eq!(lift(&base, &lifted), (lifted, vec![]));
    }

    #[test]
    fn however_many_layers_each_is_lawful_under_the_one_above(
        base in random::document(&everything()),
        patches in proptest::collection::vec(random::patch(&everything()), 0..4),
    ) {
        let base = content_of(&base);
        let patches: Vec<Patch> =
            patches.iter().map(|patch| Patch::from_json(&schema(), &patch.to_string()).unwrap()).collect();
        let mut above = base.clone();
        for laid in fold(&schema(), &base, &patches) {
            prop_assert_eq!(verdict(&above, &laid.content), BTreeSet::new());
            above = laid.content;
        }
        // Of entries that are free to come and go, one may go in a layer and come again in the next as another.
        let free = |path: &str| path.contains("free_inners[") || path.contains("leaves[");
        for (path, _) in verdict(&base, &above) {
            prop_assert!(free(&path), "{} is looser than the global standard", path);
        }
    }
}

/// What each rule makes of a value: field, the standard's, the overlay's, what it is lifted to.
const EXAMPLES: &str = r#"
locked_text        | "x"                        | "y"                        | "x"
locked_map         | {"a": "1"}                 | {"a": "2", "b": "1"}       | {"a": "1"}
free_text          | "x"                        | "y"                        | "y"
free_map           | {"a": "1"}                 | {"b": "2"}                 | {"b": "2"}
higher_int32       | 3                          | 2                          | 3
higher_int32       | 3                          | 4                          | 4
higher_int64       | "9007199254740993"         | "9007199254740992"         | "9007199254740993"
higher_uint64      | "18446744073709551615"     | "18446744073709551614"     | "18446744073709551615"
higher_switch      | true                       | false                      | true
higher_level       | "LEVEL_MIDDLE"             | "LEVEL_LOW"                | "LEVEL_MIDDLE"
higher_level       | "LEVEL_MIDDLE"             | null                       | "LEVEL_MIDDLE"
higher_level       | null                       | "LEVEL_UNSPECIFIED"        | "LEVEL_UNSPECIFIED"
lower_uint32       | 3                          | 4                          | 3
lower_switch       | false                      | true                       | false
lower_level        | "LEVEL_LOW"                | "LEVEL_HIGH"               | "LEVEL_LOW"
lower_fixed        | "-1"                       | null                       | "-1"
longer             | "1.500s"                   | "1.499999999s"             | "1.500s"
longer             | "10s"                      | "9s"                       | "10s"
longer             | "10s"                      | null                       | "10s"
longer             | null                       | "0s"                       | "0s"
shorter            | "10s"                      | "11s"                      | "10s"
shorter            | "-1s"                      | "0s"                       | "-1s"
superset           | ["b", "a"]                 | ["c", "b"]                 | ["b", "a", "c"]
superset           | ["b", "a"]                 | ["a", "c", "b"]            | ["a", "c", "b"]
superset           | ["a"]                      | []                         | ["a"]
superset           | []                         | ["a", "a"]                 | ["a", "a"]
subset             | ["2", "1", "2"]            | ["3", "1", "2"]            | ["2", "1"]
subset             | ["1", "2"]                 | ["2"]                      | ["2"]
subset             | ["1"]                      | ["2"]                      | []
subset             | []                         | ["2"]                      | []
superset_map       | {"a": "1"}                 | {"b": "2"}                 | {"a": "1", "b": "2"}
superset_map       | {"a": "1"}                 | {"a": "2"}                 | {"a": "1"}
superset_durations | {"a": "1s"}                | {"a": "2s"}                | {"a": "1s"}
subset_map         | {"a": 1, "b": 1}           | {"a": 1, "c": 1}           | {"a": 1}
"#;

#[test]
fn every_rule_by_example() {
    for line in EXAMPLES.trim().lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let document = |value: &str| content_of(&json!({cells[0]: serde_json::from_str::<Value>(value).unwrap()}));
        let (base, candidate) = (document(cells[1]), document(cells[2]));
        let (lifted, departed) = lift(&base, &candidate);
        assert_eq!(lifted, document(cells[3]), "{line}");
        assert_eq!(departed.is_empty(), lifted == candidate, "{line}");
    }
}

#[test]
fn by_field_nothing_comes_or_goes_as_a_whole() {
    let base = content_of(&json!({"by_field_map": {"a": {"at_least": 1}}, "by_field": {"at_least": 1}}));
    let patch = json!({"by_field_map": {"a": null, "b": {}}, "by_field": null});
    let candidate = Patch::from_json(&schema(), &patch.to_string()).unwrap().apply(&base);
    let (lifted, departed) = lift(&base, &candidate);
    let paths: Vec<&str> = departed.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["by_field", r#"by_field_map["a"]"#, r#"by_field_map["b"]"#]);
    assert_eq!(departed[0].overlay, "");
    assert_eq!(departed[2].standard, "");
    assert_eq!(lifted, base);
    // Nor where there was none.
    let (lifted, departed) = lift(&content_of(&json!({})), &base);
    assert_eq!(departed.len(), 2);
    assert_eq!(lifted, content_of(&json!({})));
}
