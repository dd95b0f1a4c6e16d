use proptest::prelude::*;
use time::macros::datetime;

use super::*;

crate::id_type! {
    /// An id of a test.
    ThingId
}

fn region(text: &str) -> Region {
    text.parse().unwrap()
}

prop_compose! {
    fn ids()(first in b'a'..=b'z', second in b'a'..=b'z', at in 0_i64..253_402_300_799, random: u64) -> (Region, OffsetDateTime, Id) {
        let region = region(&format!("{}{}", char::from(first), char::from(second)));
        let at = OffsetDateTime::from_unix_timestamp(at).unwrap();
        (region, at, Id::from_parts(region, at, random))
    }
}

proptest! {
    #[test]
    fn an_id_says_where_and_when_and_comes_back((region, at, id) in ids()) {
        prop_assert_eq!(id.region(), region);
        prop_assert_eq!(id.made_at(), at);
        prop_assert_eq!(id.uuid().get_version_num(), 7);
        prop_assert_eq!(id.uuid().get_variant(), Variant::RFC4122);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        prop_assert_eq!(Id::from_uuid(id.uuid()), Ok(id));
        prop_assert_eq!(serde_json::from_str::<ThingId>(&serde_json::to_string(&ThingId::from(id)).unwrap()).unwrap(), ThingId::from(id));
    }

    #[test]
    fn another_region_in_front_is_refused((region, _, id) in ids(), (other, _, _) in ids()) {
        prop_assume!(region != other);
        prop_assert_eq!(format!("{other}-{}", id.uuid()).parse::<Id>(), Err(IdError::OtherRegion));
    }

    #[test]
    fn ids_sort_by_time((_, early, one) in ids(), (_, late, other) in ids()) {
        prop_assume!(early < late);
        prop_assert!(one < other);
        // The database compares the bytes, people the text of one region.
        prop_assert!(one.uuid().as_bytes() < other.uuid().as_bytes());
    }

    #[test]
    fn no_text_breaks_it(text in ".{0,60}") {
        prop_assert!(text.parse::<Id>().is_err());
    }

    #[test]
    fn bytes_that_are_no_id_are_refused(high: u64, low: u64) {
        let uuid = Uuid::from_u64_pair(high, low);
        match Id::from_uuid(uuid) {
            Ok(id) => prop_assert_eq!(id.to_string().parse(), Ok(id)),
            Err(error) => prop_assert!(uuid.get_version_num() != 7 || uuid.get_variant() != Variant::RFC4122 || error == IdError::NoRegion),
        }
    }
}

#[test]
fn one_spelling_only() {
    let id = Id::from_parts(region("eu"), datetime!(2026-03-01 0:00 UTC), u64::MAX);
    let text = id.to_string();
    assert!(text.starts_with("eu-019"), "{text}");
    let bare = id.uuid();
    for other in [
        text.to_uppercase(),
        format!("eu-{}", bare.as_simple()),
        format!("eu-{}", bare.as_braced()),
        format!("eu_{bare}"),
        format!(" {text}"),
        bare.to_string(),
        format!("EU-{bare}"),
        format!("e1-{bare}"),
    ] {
        assert!(matches!(other.parse::<Id>(), Err(IdError::Malformed)), "{other}");
    }
}

#[test]
fn other_uuids_are_refused() {
    let random: Uuid = "9b2f4c1e-58f3-4d0b-9c39-2f6f4d2f8f11".parse().unwrap();
    assert_eq!(Id::from_uuid(random), Err(IdError::NotVersion7));
    assert_eq!(Id::from_uuid(Uuid::nil()), Err(IdError::NotVersion7));
    // Version 7, but 31 is no letter.
    let foreign: Uuid = "0198f2c4-0000-7fff-8000-000000000000".parse().unwrap();
    assert_eq!(Id::from_uuid(foreign), Err(IdError::NoRegion));
}

#[test]
fn ids_of_one_seed_are_the_same_and_differ_among_each_other() {
    let (clock, _) = Clock::manual(datetime!(2026-03-01 0:00 UTC));
    let make = |seed| Ids::seeded(region("jp"), clock.clone(), seed);
    let (one, same, other) = (make(1), make(1), make(2));
    let first: ThingId = one.next();
    assert_eq!(first, same.next::<ThingId>());
    assert_ne!(first, other.next::<ThingId>());
    assert_ne!(first, one.next::<ThingId>());
    assert_eq!(first.region(), region("jp"));
    assert_eq!(format!("{first:?}"), first.to_string());
}

#[test]
fn a_field_that_is_no_id_is_named_and_its_value_is_not() {
    let violation = parse::<ThingId>("case_id", "eu-secret").unwrap_err();
    assert_eq!(violation.field, "case_id");
    assert!(!violation.description.contains("secret"), "{}", violation.description);
    assert_eq!(parse_optional::<ThingId>("case_id", ""), Ok(None));
    assert!(parse_optional::<ThingId>("case_id", "x").is_err());
}
