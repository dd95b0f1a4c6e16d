//! The digests of fixed decisions, held against the number of the engine.

use super::*;
use crate::domain::coverage::{Decision, decide};
use crate::domain::facts::{Bar, Rules};

/// The engine whose digests stand in [`DIGESTS`].
const OF_ENGINE: i16 = 2;

/// What is fixed, what is owed, and the first half of the digest.
const DIGESTS: &[(&str, Outcome, &str)] = &[
    (
        "limited warranty",
        Outcome::LimitedWarranty,
        "4a1ece9d9fba7fb5f699878085fb2ace",
    ),
    (
        "statutory right",
        Outcome::StatutoryRight,
        "1453c4ddfe5fd8aeebc175ee7e235442",
    ),
    (
        "the last day of the law",
        Outcome::StatutoryRight,
        "626409b7d40d3bc19518d30b7d1c9c92",
    ),
    ("elsewhere", Outcome::StatutoryRight, "b3304cc2bfadc2da141e108f7d9d4449"),
    (
        "part by part",
        Outcome::LimitedWarranty,
        "3e5a1444aec6b42df3d5089e73c956ef",
    ),
    ("at a price", Outcome::OutOfWarranty, "b4ce01f292a02144fad8a02452157e12"),
    (
        "a plan would have covered it",
        Outcome::OutOfWarranty,
        "8ea9ba5d1a1ff30bdd39eb79aecfab0a",
    ),
    (
        "a price that is not known",
        Outcome::OutOfWarranty,
        "707a64a0d3c217c598c36e8d53cb9b59",
    ),
    (
        "sold used, repaired",
        Outcome::RepairWarranty,
        "6a1a2db7937866d2550008c5c312695d",
    ),
    (
        "another component was repaired",
        Outcome::OutOfWarranty,
        "b328e1fb25273ee66e44562c1c64404d",
    ),
    ("theft", Outcome::Refused, "46cf8611476d86490c8f330991cfbb1e"),
    ("barred", Outcome::Refused, "bca6d3b2a830a78cc0ac02a9d33057a4"),
    (
        "no parts any more",
        Outcome::Refused,
        "9ae52ba7ea5628a23868c54195508716",
    ),
    ("good will", Outcome::Goodwill, "26ab69b6f858f4d804af896f39c6214e"),
    (
        "good will used up",
        Outcome::OutOfWarranty,
        "e318b2882d780cf849236893f32b05fd",
    ),
    (
        "a service program of the unit before",
        Outcome::ServiceProgram,
        "875e6464d54a01fdaa9b727cda136bdc",
    ),
    (
        "a service program that was used",
        Outcome::OutOfWarranty,
        "2a29be4ef9d787a475a3bffe39db425b",
    ),
    ("a plan", Outcome::Plan, "ff8efe706641d4fc2ef5564b002e5a97"),
    (
        "a plan used up",
        Outcome::OutOfWarranty,
        "6456e2188997b15ffe848072453ca490",
    ),
    ("theft under a plan", Outcome::Plan, "b3fbb78ca73e166dcce2baef2bda57da"),
];

/// What it is called, what is known, what is asked.
type Case = (&'static str, Facts, Question);

fn changed<T>(mut value: T, change: impl FnOnce(&mut T)) -> T {
    change(&mut value);
    value
}

fn repaired(component: &str) -> Repairs {
    Repairs::new(vec![PastRepair {
        received: date!(2026 - 05 - 01),
        returned: date!(2026 - 05 - 10),
        components: vec![component.to_owned()],
    }])
}

fn fine(day: Date) -> Question {
    question(day, Damage::None)
}

fn of_battery(day: Date) -> Question {
    changed(fine(day), |asked| asked.component = Some("battery".to_owned()))
}

fn drains(day: Date) -> Question {
    changed(fine(day), |asked| asked.symptom = Some("drains".to_owned()))
}

fn of_law_and_maker() -> Vec<Case> {
    let early = date!(2024 - 12 - 31);
    let late = date!(2026 - 07 - 01);
    let by_part = |asked: &mut Question| asked.parts = vec!["P-BAT".to_owned(), "P-RIM".to_owned()];
    let of = |change: fn(&mut Facts)| changed(facts(), change);
    vec![
        ("limited warranty", facts(), fine(early)),
        ("statutory right", facts(), fine(date!(2025 - 12 - 31))),
        ("the last day of the law", facts(), fine(date!(2026 - 02 - 28))),
        ("elsewhere", facts(), Question::of(early, Damage::None, country("CH"))),
        ("part by part", facts(), changed(fine(early), by_part)),
        ("at a price", facts(), fine(late)),
        ("a plan would have covered it", facts(), question(early, Damage::Liquid)),
        (
            "a price that is not known",
            of(|facts| facts.unit.price_group.clear()),
            fine(late),
        ),
        (
            "sold used, repaired",
            of(|facts| {
                facts.sale.used = true;
                facts.sale.repairs = repaired("battery");
            }),
            of_battery(late),
        ),
        (
            "another component was repaired",
            of(|facts| facts.sale.repairs = repaired("camera")),
            of_battery(late),
        ),
        ("theft", facts(), question(early, Damage::Theft)),
        (
            "barred",
            of(|facts| facts.bars = vec![Bar::Stolen, Bar::ActivationLocked]),
            fine(early),
        ),
        (
            "no parts any more",
            of(|facts| facts.unit.obsolete_from = Some(date!(2026 - 06 - 01))),
            fine(late),
        ),
    ]
}

fn beyond() -> Vec<Case> {
    let after = date!(2026 - 03 - 15);
    let late = date!(2026 - 07 - 01);
    let of = |change: fn(&mut Facts)| changed(facts(), change);
    vec![
        ("good will", facts(), of_battery(after)),
        (
            "good will used up",
            of(|facts| facts.used.goodwill_on = vec![SOLD]),
            of_battery(after),
        ),
        (
            "a service program of the unit before",
            of(|facts| {
                facts.unit.serial_number = "BBBB0001".to_owned();
                facts.unit.earlier = vec![EarlierUnit {
                    model_code: MODEL.to_owned(),
                    serial_number: "AAAA0007".to_owned(),
                }];
            }),
            drains(late),
        ),
        (
            "a service program that was used",
            of(|facts| facts.used.programs = vec!["battery-program".to_owned()]),
            drains(late),
        ),
        (
            "a plan",
            of(|facts| facts.plans = vec![plan()]),
            question(late, Damage::Accidental),
        ),
        (
            "a plan used up",
            of(|facts| {
                let mut plan = plan();
                plan.incidents.as_mut().unwrap().per_12_months = 1;
                facts.plans = vec![plan];
            }),
            question(late, Damage::Accidental),
        ),
        (
            "theft under a plan",
            of(|facts| facts.plans = vec![plan()]),
            question(late, Damage::Theft),
        ),
    ]
}

fn cases() -> Vec<Case> {
    [of_law_and_maker(), beyond()].concat()
}

fn made(facts: &Facts, question: &Question) -> Decision {
    let (terms, prices, offers) = (terms(), prices(), offers());
    let rules = Rules {
        terms: &terms,
        prices: &prices,
        offers: &offers,
    };
    decide(&rules, facts, question).unwrap()
}

fn digest_of(decision: &Decision) -> String {
    let digest = seal(decision).unwrap().1.digest.unwrap();
    let half = digest.first_chunk().copied().map(u128::from_be_bytes).unwrap();
    format!("{half:032x}")
}

/// Where this fails, decisions on the same facts read otherwise than those that are stored. If that is meant, [`ENGINE`] gets
/// the next number, and [`OF_ENGINE`] and the digests follow it: so that what the earlier engine made is said to be of an
/// earlier engine, and not to be different.
#[test]
fn what_is_decided_changes_with_the_number_of_the_engine_alone() {
    let found: Vec<_> = cases()
        .iter()
        .map(|(name, facts, question)| {
            let decision = made(facts, question);
            (*name, decision.outcome, digest_of(&decision))
        })
        .collect();
    let expected: Vec<_> = DIGESTS
        .iter()
        .map(|(name, outcome, digest)| (*name, *outcome, (*digest).to_owned()))
        .collect();
    let lines: Vec<_> = found
        .iter()
        .map(|(name, outcome, digest)| format!("    ({name:?}, Outcome::{outcome:?}, {digest:?}),"))
        .collect();
    assert!(found == expected, "what is decided has changed:\n{}", lines.join("\n"));
    assert_eq!(ENGINE, OF_ENGINE, "the digests above are of another engine");
}

#[test]
fn everything_that_can_be_owed_is_in_the_table() {
    for outcome in Outcome::ALL {
        assert!(DIGESTS.iter().any(|(_, owed, _)| owed == outcome), "{outcome:?}");
    }
    let mut digests: Vec<_> = DIGESTS.iter().map(|(_, _, digest)| digest).collect();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), DIGESTS.len(), "no two are the same");
}

#[test]
fn what_was_stored_is_known_again() {
    for (name, facts, question) in cases() {
        let decision = made(&facts, &question);
        let (answer, stored) = seal(&decision).unwrap();
        let read: Decision = serde_json::from_str(&answer).unwrap();
        assert_eq!(read, decision, "{name}");
        let text = serde_json::to_string(&(&facts, &question)).unwrap();
        let (facts, question): (Facts, Question) = serde_json::from_str(&text).unwrap();
        let again = made(&facts, &question);
        let same = Reproduction::Same(stored.digest.unwrap());
        assert_eq!(compare(stored, Some(&again)), same, "{name}");
        // And another answer is not taken for it.
        let other = Decision {
            price: Some(euros(1)),
            ..decision
        };
        assert!(
            matches!(compare(stored, Some(&other)), Reproduction::Different(_)),
            "{name}"
        );
        let earlier = Seal { engine: 0, ..stored };
        assert!(
            matches!(compare(earlier, Some(&other)), Reproduction::EarlierEngine(_)),
            "{name}"
        );
        assert_eq!(compare(stored, None), Reproduction::RulesUnknown);
    }
}
