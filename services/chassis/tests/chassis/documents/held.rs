//! What holds: layers, lifting as the standard moves on, what is set aside, and bases that mean the same for ever.

use proptest::prelude::*;
use prost_reflect::DynamicMessage;
use serde_json::{Value, json};
use support_chassis::standard::effective::{Held, Source};
use support_chassis::standard::{Basis, Content, Fault, Patch, Place, Publication, Record, Records, Schema};
use support_proto::support::standard::v1::{Country, CountryGroup, Site, Territories};

use super::records::{TERMS, day, published, records, tenure, with_content, withdrawn};
use super::shuffled::random_records;
use super::{content_of, everything, random};

/// Everything, with a field rule (`higher_int32` is 100 at most) and a rule of its own (`subset` is not empty).
fn ruled() -> Schema {
    let number = |message: &DynamicMessage, name: &str| message.get_field_by_name(name).unwrap().as_i32().unwrap();
    let field_rules = move |message: &DynamicMessage| {
        let broken = number(message, "higher_int32") > 100;
        broken
            .then(|| Fault::new("higher_int32", "is more than 100"))
            .into_iter()
            .collect()
    };
    let own_rules = |message: &DynamicMessage| {
        let subset = message.get_field_by_name("subset").unwrap();
        let broken = subset.as_list().unwrap().is_empty();
        broken.then(|| Fault::new("subset", "is empty")).into_iter().collect()
    };
    Schema::with_checks(&everything(), field_rules, own_rules).unwrap()
}

fn territories() -> Territories {
    let mut territories = Territories::default();
    for (code, region) in [("DE", "eu"), ("FR", "eu"), ("JP", "jp")] {
        let country = Country {
            region: region.to_owned(),
        };
        territories.countries.insert(code.to_owned(), country);
    }
    let countries = ["DE", "FR"].map(str::to_owned).to_vec();
    territories.groups.insert("eea".to_owned(), CountryGroup { countries });
    let site = Site {
        country: "DE".to_owned(),
    };
    territories.sites.insert("berlin-1".to_owned(), site);
    territories
}

/// A global version.
fn global(version: i64, content: &Value) -> Record {
    let text = content_of(content).print();
    Record::Publication(with_content(published("eu", version), &text))
}

/// An overlay. No two places have an id in common.
fn overlay(place: &str, version: i64, patch: &Value) -> Publication {
    let number = place
        .bytes()
        .fold(version, |number, letter| (number * 31 + i64::from(letter)) % 9973);
    let one = Publication {
        place: place.parse().unwrap(),
        version,
        effective_from: day(version),
        ..published("eu", 10 + number)
    };
    with_content(one, &patch.to_string())
}

fn on(records: &Records, place: &str, number: i64) -> Held {
    let schema = ruled();
    source(&schema, records, None)
        .on(&territories(), &place.parse().unwrap(), day(number))
        .unwrap()
}

fn source<'s>(schema: &'s Schema, records: &'s Records, shipped: Option<&'s Content>) -> Source<'s> {
    Source {
        document: TERMS,
        schema,
        shipped,
        records,
    }
}

#[test]
fn layers_are_laid_from_the_widest_to_the_narrowest() {
    let all = records(
        [global(
            1,
            &json!({"free_text": "world", "free_level": 1, "subset": ["1"], "higher_int32": 1}),
        )]
        .into_iter()
        .chain(
            [
                overlay("site/berlin-1", 1, &json!({"free_text": "site", "higher_int32": 4})),
                overlay(
                    "group/eea",
                    1,
                    &json!({"free_text": "group", "free_level": 3, "higher_int32": 2}),
                ),
                overlay("country/DE", 1, &json!({"free_text": "country", "higher_int32": 3})),
            ]
            .map(Record::Publication),
        ),
    );
    let says = |place: &str| {
        let held = on(&all, place, 5);
        let value = held.content.to_value();
        (
            value["free_text"].as_str().unwrap().to_owned(),
            value["higher_int32"].as_i64().unwrap(),
            held.overlays.len(),
        )
    };
    for (place, text, number, layers) in [
        ("global", "world", 1, 0),
        ("group/eea", "group", 2, 1),
        ("country/DE", "country", 3, 2),
        ("site/berlin-1", "site", 4, 3),
        ("country/FR", "group", 2, 1),
        ("country/JP", "world", 1, 0),
        ("country/XX", "world", 1, 0),
        ("site/nowhere", "world", 1, 0),
    ] {
        assert_eq!(says(place), (text.to_owned(), number, layers), "{place}");
    }
    let held = on(&all, "site/berlin-1", 5);
    assert_eq!(held.content.to_value()["free_level"], "LEVEL_MIDDLE", "of the group");
    let digests: Vec<&str> = held.overlays.iter().map(|one| &one.publication.digest[..8]).collect();
    assert_eq!(
        held.basis.to_string(),
        format!(
            "{TERMS}@1+group/eea@1!{}+country/DE@1!{}+site/berlin-1@1!{}",
            digests[0], digests[1], digests[2]
        )
    );
}

#[test]
fn an_overlay_is_lifted_when_the_standard_becomes_stricter_and_holds_again_when_it_does_not() {
    let mut all = records([
        global(1, &json!({"higher_int32": 1, "superset": ["a"], "subset": ["1", "2"]})),
        Record::Publication(overlay(
            "country/DE",
            2,
            &json!({"higher_int32": 5, "superset": ["a", "b"], "subset": ["2"]}),
        )),
        global(4, &json!({"higher_int32": 7, "superset": ["a", "c"], "subset": ["2"]})),
    ]);
    let germany = |all: &Records, number| {
        let held = on(all, "country/DE", number);
        let value = held.content.to_value();
        let lifted: Vec<String> = held
            .overlays
            .iter()
            .flat_map(|one| &one.lifted)
            .map(|one| one.path.clone())
            .collect();
        (
            value["higher_int32"].as_i64().unwrap(),
            value["superset"].clone(),
            lifted,
        )
    };
    assert_eq!(germany(&all, 1), (1, json!(["a"]), vec![]));
    assert_eq!(germany(&all, 3), (5, json!(["a", "b"]), vec![]));
    let lifted = ["higher_int32", "superset"].map(str::to_owned).to_vec();
    assert_eq!(germany(&all, 4), (7, json!(["a", "c", "b"]), lifted));
    let Record::Publication(fourth) = global(4, &json!({})) else {
        unreachable!()
    };
    all.add(Record::Withdrawal(withdrawn("eu", fourth.id, 6, 1)));
    assert_eq!(germany(&all, 6), (5, json!(["a", "b"]), vec![]));
}

#[test]
fn what_makes_no_valid_document_is_set_aside_alone() {
    let all = records([
        global(1, &json!({"subset": ["1", "2"], "higher_int32": 90})),
        Record::Publication(overlay("group/eea", 2, &json!({"subset": ["1"], "free_text": "group"}))),
        Record::Publication(overlay("country/DE", 2, &json!({"higher_int32": 95}))),
        // What the group keeps is no longer in the standard: nothing remains of it.
        global(3, &json!({"subset": ["2"], "higher_int32": 90})),
    ]);
    let held = on(&all, "country/DE", 2);
    assert_eq!(held.content.to_value()["subset"], json!(["1"]));
    assert_eq!(held.basis.layers().len(), 3);
    let held = on(&all, "country/DE", 3);
    let value = held.content.to_value();
    assert_eq!(
        (&value["subset"], &value["free_text"], &value["higher_int32"]),
        (&json!(["2"]), &json!(""), &json!(95))
    );
    assert_eq!(held.overlays[0].set_aside, [Fault::new("subset", "is empty")]);
    assert_eq!(held.overlays[0].lifted.len(), 1);
    assert_eq!(held.overlays[1].set_aside, []);
    let places: Vec<String> = held
        .basis
        .layers()
        .iter()
        .map(|layer| layer.place.to_string())
        .collect();
    assert_eq!(
        places,
        ["global", "country/DE"],
        "what is set aside is no basis of anything"
    );
}

#[test]
fn a_fault_of_the_standard_above_is_not_the_overlays() {
    // As when a newer program has a stricter field rule than the one that published.
    let all = records([
        global(1, &json!({"higher_int32": 200, "subset": ["1"]})),
        Record::Publication(overlay("country/DE", 1, &json!({"lower_uint32": 0, "superset": ["x"]}))),
        Record::Publication(overlay("country/JP", 1, &json!({"subset": null}))),
    ]);
    let held = on(&all, "country/DE", 2);
    assert_eq!(held.overlays[0].set_aside, []);
    assert_eq!(held.content.to_value()["superset"], json!(["x"]));
}

/// An overlay that changes part of an entry which the standard then takes away.
#[test]
fn a_change_within_an_entry_that_is_gone() {
    let entries = json!({"a": {"at_least": 5, "note": "n"}});
    let maps = ["by_field_map", "superset_inners", "subset_inners", "free_inners"];
    let with: Value = maps
        .iter()
        .map(|map| ((*map).to_owned(), entries.clone()))
        .chain([("subset".to_owned(), json!(["1"]))])
        .collect();
    let patch: Value = maps
        .iter()
        .map(|map| ((*map).to_owned(), json!({"a": {"at_least": 9}})))
        .collect();
    let all = records([
        global(1, &with),
        Record::Publication(overlay("country/DE", 1, &patch)),
        global(3, &json!({"subset": ["1"]})),
    ]);
    let before = on(&all, "country/DE", 2);
    for map in maps {
        assert_eq!(before.content.to_value()[map]["a"]["at_least"], 9, "{map}");
    }
    let after = on(&all, "country/DE", 3);
    let value = after.content.to_value();
    // Where nothing may come, it does not come back.
    assert_eq!(
        (&value["by_field_map"], &value["subset_inners"]),
        (&json!({}), &json!({}))
    );
    let lifted: Vec<&str> = after.overlays[0].lifted.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(lifted, [r#"by_field_map["a"]"#, r#"subset_inners["a"]"#]);
    // Where entries may be added, it is one that the overlay adds; what it does not say is empty.
    for map in ["superset_inners", "free_inners"] {
        assert_eq!(
            value[map]["a"],
            json!({"at_least": 9, "leaves": {}, "note": "", "required": []}),
            "{map}"
        );
    }
}

#[test]
fn what_this_program_cannot_read_holds_for_others_only() {
    let newer = with_content(published("eu", 2), r#"{"free_level":"LEVEL_OF_TOMORROW"}"#);
    let id = newer.id;
    let strange = overlay(
        "country/DE",
        2,
        &json!({"free_level": "LEVEL_OF_TOMORROW", "higher_int32": 50}),
    );
    let all = records([
        global(1, &json!({"free_text": "known", "subset": ["1"]})),
        Record::Publication(newer),
        Record::Publication(strange),
    ]);
    let held = on(&all, "country/DE", 3);
    assert_eq!(held.content.to_value()["free_text"], "known");
    assert_eq!(held.unreadable, [id]);
    assert_eq!(held.basis.to_string(), format!("{TERMS}@1"));
    let faults = &held.overlays[0].set_aside;
    assert!(
        faults.len() == 1 && faults[0].fault.contains("free_level"),
        "{faults:?}"
    );
}

#[test]
fn what_the_build_ships_holds_until_something_is_published() {
    let schema = ruled();
    let shipped = content_of(&json!({"free_text": "shipped", "higher_int32": 3, "subset": ["1"]}));
    let all = records([
        Record::Publication(with_content(
            published("eu", 2),
            r#"{"free_text":"published by an older build","subset":["1"]}"#,
        )),
        Record::Publication(overlay("country/DE", 1, &json!({"higher_int32": 8}))),
    ]);
    let source = source(&schema, &all, Some(&shipped));
    let germany = Place::country("DE");
    let held = source.on(&territories(), &germany, day(1)).unwrap();
    let layer = &held.overlays[0].publication.digest[..8];
    assert_eq!(
        held.basis.to_string(),
        format!("{TERMS}@0!{}+country/DE@1!{layer}", &shipped.digest()[..8])
    );
    assert_eq!(held.content.to_value()["higher_int32"], 8);
    assert_eq!(source.by_basis(&held.basis).unwrap().content, held.content);
    let other = content_of(&json!({"free_text": "of another build"}));
    assert!(
        Source {
            shipped: Some(&other),
            ..source
        }
        .by_basis(&held.basis)
        .is_none(),
        "not its own version 0"
    );
    // Of what the older build did not know, what this one ships is taken.
    let held = source.on(&territories(), &Place::Global, day(2)).unwrap();
    let value = held.content.to_value();
    assert_eq!(
        (&value["free_text"], &value["higher_int32"]),
        (&json!("published by an older build"), &json!(3))
    );
    assert!(
        Source {
            shipped: None,
            ..source
        }
        .on(&territories(), &Place::Global, day(1))
        .is_none()
    );
}

#[test]
fn a_decision_made_by_what_turned_out_void_can_be_looked_up() {
    let schema = ruled();
    let mut all = records([
        global(1, &json!({"subset": ["1"]})),
        global(2, &json!({"subset": ["2"]})),
    ]);
    let held = on(&all, "global", 3);
    assert_eq!(held.content.to_value()["subset"], json!(["2"]));
    all.add(Record::Tenure(tenure("jp", "jp", 1, 9, 1)));
    assert_eq!(on(&all, "global", 3).content.to_value()["subset"], json!(["1"]));
    assert_eq!(
        source(&schema, &all, None).by_basis(&held.basis).unwrap().content,
        held.content
    );
    for unknown in [
        "warranty/coverage-terms@3",
        "warranty/other@1",
        "warranty/coverage-terms@1+country/DE@1!00000000",
    ] {
        assert!(
            source(&schema, &all, None)
                .by_basis(&unknown.parse().unwrap())
                .is_none(),
            "{unknown}"
        );
    }
}

fn contents() -> BoxedStrategy<(Place, String)> {
    let places = ["group/eea", "country/DE", "country/FR", "site/berlin-1"];
    let overlay = (proptest::sample::select(places.to_vec()), random::patch(&everything()));
    prop_oneof![
        random::document(&everything()).prop_map(|document| (Place::Global, content_of(&document).print())),
        overlay.prop_map(|(place, patch)| {
            let patch = Patch::from_json(&super::schema(), &patch.to_string()).unwrap();
            (place.parse().unwrap(), patch.print().unwrap())
        }),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever comes later, a basis names what was decided by; and regions that got the records in another order agree.
    #[test]
    fn a_basis_means_the_same_for_ever(
        (all, shuffled) in random_records(contents())
            .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        known in any::<prop::sample::Index>(),
    ) {
        let schema = ruled();
        let shipped = content_of(&json!({"subset": ["1", "2"], "superset": ["x"]}));
        let territories = territories();
        // A region that knows some of the records, and one that knows all of them.
        let some = records(shuffled[..known.index(shuffled.len() + 1)].to_vec());
        let (one, other) = (records(all), records(shuffled.clone()));
        let early = source(&schema, &some, Some(&shipped));
        let late = source(&schema, &one, Some(&shipped));
        for place in ["global", "country/FR", "site/berlin-1"] {
            let place: Place = place.parse().unwrap();
            for number in [1, 4, 8] {
                let held = early.on(&territories, &place, day(number)).unwrap();
                let basis: Basis = held.basis.to_string().parse().unwrap();
                prop_assert_eq!(&basis, &held.basis);
                for source in [early, late] {
                    let again = source.by_basis(&basis).unwrap();
                    prop_assert_eq!(&again.content, &held.content, "{}", basis);
                    prop_assert_eq!(&again.basis, &basis);
                }
                let (here, there) = (
                    late.on(&territories, &place, day(number)),
                    source(&schema, &other, Some(&shipped)).on(&territories, &place, day(number)),
                );
                prop_assert_eq!(here, there);
            }
        }
    }
}
