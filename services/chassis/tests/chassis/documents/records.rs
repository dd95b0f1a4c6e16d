//! Records, and what follows from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use support_chassis::id::{Id, Region};
use support_chassis::standard::content::digest;
use support_chassis::standard::records::Standing;
use support_chassis::standard::{Place, Publication, PublicationId, Record, Records, Tenure, Withdrawal};
use support_proto::support::standard::v1::{AuthorityMoved, StandardPublished, StandardWithdrawn};
use time::macros::{date, datetime};
use time::{Date, Duration, OffsetDateTime};

pub(super) const TERMS: &str = "warranty/coverage-terms";
const START: OffsetDateTime = datetime!(2026-03-01 8:00 UTC);

pub(super) fn region(text: &str) -> Region {
    text.parse().unwrap()
}

/// The day so many days after the first of March.
pub(super) fn day(number: i64) -> Date {
    date!(2026 - 03 - 01) + Duration::days(number)
}

/// The hour so many hours after the beginning.
pub(super) fn hour(number: i64) -> OffsetDateTime {
    START + Duration::hours(number)
}

pub(super) fn id<T: From<Id>>(place: &str, at: OffsetDateTime, number: u64) -> T {
    Id::from_parts(region(place), at, number).into()
}

/// A global version under tenure 0, published in the hour of its version and holding from its day on.
pub(super) fn published(place: &str, version: i64) -> Publication {
    let at = hour(version);
    let content = format!(r#"{{"version":{version},"by":"{place}"}}"#);
    Publication {
        id: id(place, at, version.unsigned_abs()),
        document: TERMS.to_owned(),
        place: Place::Global,
        version,
        effective_from: day(version),
        published_at: at,
        author: "staff:a".to_owned(),
        approver: "staff:b".to_owned(),
        reason: "as agreed".to_owned(),
        digest: digest(&content),
        content: Arc::from(content),
        tenure: None,
    }
}

pub(super) fn with_content(publication: Publication, content: &str) -> Publication {
    Publication {
        content: Arc::from(content),
        digest: digest(content),
        ..publication
    }
}

pub(super) fn withdrawn(place: &str, publication: PublicationId, from: i64, at: i64) -> Withdrawal {
    Withdrawal {
        id: id(place, hour(at), from.unsigned_abs()),
        publication,
        from_day: day(from),
        withdrawn_at: hour(at),
        author: "staff:a".to_owned(),
        approver: String::new(),
        reason: "was wrong".to_owned(),
    }
}

/// A tenure that `to` holds, recorded by `by`, where the last version known was `last`.
pub(super) fn tenure(by: &str, to: &str, number: i64, at: i64, last: i64) -> Tenure {
    Tenure {
        id: id(by, hour(at), number.unsigned_abs()),
        number,
        region: region(to),
        taken: by == to,
        last_versions: BTreeMap::from([(TERMS.to_owned(), last)]),
        moved_at: hour(at),
        author: "operator:o".to_owned(),
        reason: "so it is".to_owned(),
    }
}

/// The records with the authority at first in `eu`.
pub(super) fn records(all: impl IntoIterator<Item = Record>) -> Records {
    let mut records = Records::new(region("eu"));
    for record in all {
        assert!(records.add(record.clone()), "there already: {record:?}");
    }
    records
}

/// The version that holds everywhere on each of the first ten days; 0 for none.
fn versions(records: &Records) -> Vec<i64> {
    (0..10)
        .map(|on| {
            records
                .holding(TERMS, &Place::Global, day(on))
                .map_or(0, |held| held.version)
        })
        .collect()
}

#[test]
fn the_last_that_has_begun_holds() {
    let second = Publication {
        effective_from: day(6),
        ..published("eu", 2)
    };
    let third = Publication {
        effective_from: day(4),
        ..published("eu", 3)
    };
    let all = records([published("eu", 1), second, third.clone()].map(Record::Publication));
    assert_eq!(versions(&all), [0, 1, 1, 1, 3, 3, 2, 2, 2, 2]);
    assert_eq!(all.next_version(TERMS, &Place::Global), 4);
    assert_eq!(all.next_version(TERMS, &Place::country("DE")), 1);
    assert_eq!(
        all.turning_days(TERMS, &Place::Global).into_iter().collect::<Vec<_>>(),
        [day(1), day(4), day(6)]
    );

    // Of two that begin on one day the one published later, and of these the one with the higher id.
    let same_day = Publication {
        effective_from: day(4),
        ..published("eu", 4)
    };
    let same_hour = Publication {
        published_at: hour(4),
        effective_from: day(4),
        ..published("eu", 5)
    };
    let more = records([published("eu", 1), third.clone(), same_day.clone()].map(Record::Publication));
    assert_eq!(versions(&more), [0, 1, 1, 1, 4, 4, 4, 4, 4, 4]);
    assert!(same_hour.id > same_day.id);
    let more = records([same_hour, published("eu", 1), third, same_day].map(Record::Publication));
    assert_eq!(versions(&more), [0, 1, 1, 1, 5, 5, 5, 5, 5, 5]);
    // The hour counts before the id.
    let early_id = Publication {
        id: id("eu", hour(-9), 6),
        published_at: hour(6),
        effective_from: day(4),
        ..published("eu", 6)
    };
    let mut latest = more.clone();
    latest.add(Record::Publication(early_id));
    assert_eq!(versions(&latest), [0, 1, 1, 1, 6, 6, 6, 6, 6, 6]);
    let ranked: Vec<i64> = more
        .ranked(TERMS, &Place::Global, day(9))
        .iter()
        .map(|one| one.version)
        .collect();
    assert_eq!(ranked, [5, 4, 3, 1]);
}

#[test]
fn what_is_withdrawn_gives_way_to_what_was_before() {
    let (first, second) = (published("eu", 1), published("eu", 2));
    let withdrawal = withdrawn("eu", second.id, 5, 50);
    // The withdrawal may come first: it waits for what it withdraws.
    let mut all = records([Record::Withdrawal(withdrawal.clone()), Record::Publication(first)]);
    assert_eq!(versions(&all), [0, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    all.add(Record::Publication(second.clone()));
    assert_eq!(versions(&all), [0, 1, 2, 2, 2, 1, 1, 1, 1, 1]);
    assert_eq!(all.withdrawn_from(&second), Some(day(5)));
    // Of several the earliest day counts, and none changes what held before.
    all.add(Record::Withdrawal(withdrawn("eu", second.id, 4, 40)));
    all.add(Record::Withdrawal(withdrawn("eu", second.id, 7, 70)));
    assert_eq!(versions(&all), [0, 1, 2, 2, 1, 1, 1, 1, 1, 1]);
    assert!(!all.add(Record::Withdrawal(withdrawal)), "the same record again");
    assert_eq!(all.withdrawals(second.id).count(), 3);
}

#[test]
fn who_takes_the_authority_voids_what_it_had_not_heard_of() {
    // eu publishes 1 to 4; jp, which had heard of 2 versions, takes the authority and publishes its own 3.
    let taken = tenure("jp", "jp", 1, 30, 2);
    let own = Publication {
        tenure: Some(taken.id),
        ..published("jp", 3)
    };
    let mut all = records((1..=4).map(|version| Record::Publication(published("eu", version))));
    assert_eq!(all.holder().region, region("eu"));
    assert_eq!(all.last_versions(), BTreeMap::from([(TERMS.to_owned(), 4)]));

    all.add(Record::Publication(own.clone()));
    assert_eq!(all.standing(&own), Standing::AwaitsTenure);
    assert_eq!(versions(&all), [0, 1, 2, 3, 4, 4, 4, 4, 4, 4]);
    all.add(Record::Tenure(taken.clone()));
    assert_eq!(all.standing(&own), Standing::Valid);
    assert_eq!((all.holder().region, all.holder().number()), (region("jp"), 1));
    assert_eq!(versions(&all), [0, 1, 2, 3, 3, 3, 3, 3, 3, 3]);
    let held = all.holding(TERMS, &Place::Global, day(9)).unwrap();
    assert_eq!(held.id, own.id);
    assert_eq!(all.standing(&published("eu", 2)), Standing::Valid);
    assert_eq!(all.standing(&published("eu", 3)), Standing::Void);
    assert_eq!(all.last_versions(), BTreeMap::from([(TERMS.to_owned(), 3)]));
    assert_eq!(
        all.next_version(TERMS, &Place::Global),
        5,
        "no number twice, void or not"
    );
    // Overlays hold whoever has the authority.
    let overlay = Publication {
        place: Place::country("DE"),
        ..published("eu", 9)
    };
    assert_eq!(all.standing(&overlay), Standing::Valid);
    // A document of which the new holder knew nothing had no version that counts.
    let other = Publication {
        document: "warranty/other".to_owned(),
        ..published("eu", 1)
    };
    assert_eq!(all.standing(&other), Standing::Void);
}

#[test]
fn of_two_that_take_the_authority_at_once_the_first_has_it() {
    let (jp, us) = (tenure("jp", "jp", 1, 30, 1), tenure("us", "us", 1, 31, 1));
    let by = |tenure: &Tenure, place: &str, version| Publication {
        tenure: Some(tenure.id),
        ..published(place, version)
    };
    let (of_jp, of_us) = (by(&jp, "jp", 2), by(&us, "us", 3));
    let mut all = records([
        Record::Publication(published("eu", 1)),
        Record::Tenure(us.clone()),
        Record::Publication(of_us.clone()),
    ]);
    // As us sees it, until it hears of jp.
    assert_eq!(versions(&all), [0, 1, 1, 3, 3, 3, 3, 3, 3, 3]);
    all.add(Record::Tenure(jp.clone()));
    all.add(Record::Publication(of_jp.clone()));
    assert_eq!(all.holder().region, region("jp"));
    assert_eq!(all.standing(&of_us), Standing::Void);
    assert_eq!(versions(&all), [0, 1, 2, 2, 2, 2, 2, 2, 2, 2]);
    // It is the hour that counts, not the id.
    let early_id = Tenure {
        id: id("us", hour(1), 7),
        ..us.clone()
    };
    assert!(early_id.id < jp.id && early_id.moved_at > jp.moved_at);
    let both = records([Record::Tenure(early_id), Record::Tenure(jp.clone())]);
    assert_eq!(both.holder().region, region("jp"));
    // In the same moment the lower id has it.
    let mut tie = records([
        Record::Tenure(us.clone()),
        Record::Tenure(Tenure {
            moved_at: us.moved_at,
            ..jp.clone()
        }),
    ]);
    let lower = if jp.id < us.id { "jp" } else { "us" };
    assert_eq!(tie.holder().region, region(lower));
    // A later number decides, whoever had it before.
    tie.add(Record::Tenure(tenure("us", "br", 2, 20, 1)));
    assert_eq!(tie.holder().region, region("br"));
}

#[test]
fn only_who_holds_a_tenure_publishes_under_it() {
    let given = tenure("eu", "jp", 1, 30, 1);
    let under = Publication {
        tenure: Some(given.id),
        ..published("us", 2)
    };
    let all = records([Record::Tenure(given.clone())]);
    assert_eq!(all.standing(&under), Standing::Void, "us under the tenure of jp");
    assert_eq!(
        all.standing(&published("us", 1)),
        Standing::Void,
        "us under tenure 0 of eu"
    );
    assert_eq!(all.standing(&published("eu", 1)), Standing::Valid);
    assert_eq!(
        all.standing(&published("eu", 2)),
        Standing::Void,
        "after it was given away"
    );
    let own = Publication {
        tenure: Some(given.id),
        ..published("jp", 2)
    };
    assert_eq!(all.standing(&own), Standing::Valid);
    // Given back, what jp published and the new record knows stays.
    let back = Tenure {
        last_versions: BTreeMap::from([(TERMS.to_owned(), 2)]),
        ..tenure("jp", "eu", 2, 60, 2)
    };
    let mut all = records([Record::Tenure(given), Record::Tenure(back.clone())]);
    assert_eq!(all.standing(&own), Standing::Valid);
    assert_eq!(
        all.standing(&published("eu", 3)),
        Standing::Void,
        "under its old tenure"
    );
    let renewed = Publication {
        tenure: Some(back.id),
        ..published("eu", 3)
    };
    assert_eq!(all.standing(&renewed), Standing::Valid);
    // A number that is none decides nothing.
    all.add(Record::Tenure(tenure("us", "us", 0, 1, 0)));
    assert_eq!(all.holder().number(), 2);
}

#[test]
fn only_who_holds_the_authority_withdraws_global_versions() {
    let (first, second) = (published("eu", 1), published("eu", 2));
    let after = |by: &str, at: i64, tenures: &[Tenure]| {
        let given = tenures.iter().cloned().map(Record::Tenure);
        let all = [Record::Publication(first.clone()), Record::Publication(second.clone())];
        let withdrawal = Record::Withdrawal(withdrawn(by, second.id, 5, at));
        records(all.into_iter().chain(given).chain([withdrawal]))
            .withdrawn_from(&second)
            .is_some()
    };
    let given = [tenure("eu", "jp", 1, 30, 2)];
    let back = [given[0].clone(), tenure("jp", "eu", 2, 60, 2)];
    assert!(after("eu", 20, &[]));
    assert!(!after("us", 20, &[]), "never held it");
    assert!(after("eu", 29, &given), "before it gave it away");
    assert!(!after("eu", 31, &given), "after it gave it away");
    assert!(after("jp", 31, &given));
    assert!(after("jp", 29, &given), "its clock is behind");
    assert!(after("jp", 59, &back));
    assert!(!after("jp", 61, &back));
    assert!(after("eu", 29, &back));
    assert!(!after("eu", 45, &back), "it has it again, but had not then");
    assert!(after("eu", 61, &back));
    // Of an overlay whoever does it was allowed to.
    let overlay = Publication {
        place: Place::country("DE"),
        ..published("eu", 1)
    };
    let all = records([
        Record::Publication(overlay.clone()),
        Record::Withdrawal(withdrawn("jp", overlay.id, 3, 1)),
    ]);
    assert_eq!(all.withdrawn_from(&overlay), Some(day(3)));
}

#[test]
fn a_name_means_one_content_whatever_else_comes() {
    let taken = tenure("jp", "jp", 1, 30, 1);
    let of_eu = published("eu", 2);
    let of_jp = Publication {
        tenure: Some(taken.id),
        ..published("jp", 2)
    };
    let germany = |place: &str| Publication {
        id: id(place, hour(2), 99),
        place: Place::country("DE"),
        ..published(place, 2)
    };
    let (before, after) = (germany("eu"), germany("uk"));
    let mut all = records([Record::Publication(of_eu.clone()), Record::Publication(before.clone())]);
    let names = [&of_eu, &of_jp, &before, &after].map(Publication::basis_layer);
    assert_eq!(names[0].digest, None, "only eu publishes under tenure 0");
    assert!(names[1..].iter().all(|name| name.digest.is_some()));
    let meant = |all: &Records, number: usize| all.named(TERMS, &names[number]).map(|one| one.id);
    assert_eq!((meant(&all, 0), meant(&all, 2)), (Some(of_eu.id), Some(before.id)));
    assert_eq!((meant(&all, 1), meant(&all, 3)), (None, None), "not known yet");
    for record in [of_jp.clone(), after.clone(), published("us", 2)] {
        all.add(Record::Publication(record));
    }
    all.add(Record::Tenure(taken));
    // What is void by now still says what was decided by it.
    assert_eq!(all.standing(&of_eu), Standing::Void);
    for (number, publication) in [&of_eu, &of_jp, &before, &after].into_iter().enumerate() {
        assert_eq!(meant(&all, number), Some(publication.id));
    }
    // An overlay without its digest is never written, and so means nothing.
    let bare = support_chassis::standard::BasisLayer {
        digest: None,
        ..names[2].clone()
    };
    assert!(all.named(TERMS, &bare).is_none());
}

/// Makes an event no record.
type Damage = fn(&mut StandardPublished);

#[test]
fn records_come_back_from_the_wire_and_damaged_ones_do_not() {
    let moved = tenure("jp", "jp", 1, 30, 2);
    let publication = Publication {
        tenure: Some(moved.id),
        ..published("jp", 3)
    };
    let withdrawal = withdrawn("jp", publication.id, 5, 40);
    let event = StandardPublished::from(&publication);
    assert_eq!(Publication::try_from(event.clone()), Ok(publication.clone()));
    assert_eq!(
        Withdrawal::try_from(StandardWithdrawn::from(&withdrawal)),
        Ok(withdrawal.clone())
    );
    assert_eq!(Tenure::try_from(AuthorityMoved::from(&moved)), Ok(moved.clone()));
    let overlay = Publication {
        place: Place::site("cork-1"),
        tenure: None,
        ..publication
    };
    assert_eq!(Publication::try_from(StandardPublished::from(&overlay)), Ok(overlay));

    let damages: [(&str, Damage); 10] = [
        ("publication_id", |event| event.publication_id = "jp-1".to_owned()),
        ("document", |event| event.document = "terms".to_owned()),
        ("place", |event| event.place = "country/de".to_owned()),
        ("version", |event| event.version = 0),
        ("effective_from", |event| {
            event.effective_from.as_mut().unwrap().day = 32;
        }),
        ("effective_from", |event| event.effective_from = None),
        ("published_at", |event| event.published_at = None),
        ("digest", |event| event.content.push(' ')),
        ("tenure_id", |event| event.tenure_id = "0".to_owned()),
        ("tenure_id", |event| event.place = "country/DE".to_owned()),
    ];
    for (field, damage) in damages {
        let mut broken = event.clone();
        damage(&mut broken);
        assert_eq!(Publication::try_from(broken).unwrap_err().field, field);
    }
    let mut broken = AuthorityMoved::from(&moved);
    broken.number = 0;
    assert_eq!(Tenure::try_from(broken).unwrap_err().field, "number");
    let mut broken = AuthorityMoved::from(&moved);
    broken.region = "Japan".to_owned();
    assert_eq!(Tenure::try_from(broken).unwrap_err().field, "region");
    let mut broken = AuthorityMoved::from(&moved);
    broken.last_versions.insert("x".to_owned(), 1);
    assert_eq!(Tenure::try_from(broken).unwrap_err().field, "last_versions");
    let mut broken = StandardWithdrawn::from(&withdrawal);
    broken.from_day = None;
    assert_eq!(Withdrawal::try_from(broken).unwrap_err().field, "from_day");
}
