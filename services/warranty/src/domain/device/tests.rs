//! The rules of devices, without a database: tables and properties.

use proptest::prelude::*;
use support_chassis::clock::Clock;
use support_chassis::id::{Id, Ids};
use time::macros::{date, datetime};
use time::{Date, Duration, OffsetDateTime};

use super::*;
use crate::domain::facts::Bar;
use crate::domain::product::{Product, ProductLine};

const NOW: OffsetDateTime = datetime!(2026-03-10 09:30 UTC);

fn ids() -> Ids {
    Ids::seeded("eu".parse().unwrap(), Clock::manual(NOW).0, 7)
}

fn country() -> Country {
    Country::from_code("DE").unwrap()
}

fn device(ids: &Ids) -> Device {
    Device {
        id: ids.next(),
        product_id: ids.next(),
        serial_number: "C39XK0A1B2".to_owned(),
        identifiers: Identifiers {
            imei: Imei::parse("490154203237518").ok(),
            ..Identifiers::default()
        },
        configuration: None,
        owner: Some(ids.next()),
        organisation: None,
        seller_reference: None,
        purchase_country: country(),
        purchase_date: date!(2025 - 03 - 01),
        evidence: Evidence::Declared,
        sold_used: false,
        first_activated_on: None,
        locks: Vec::new(),
        flags: Vec::new(),
        chain: None,
        replaces: None,
        replaced_by: None,
        registered_at: NOW,
        retired_at: None,
    }
}

#[test]
fn nothing_of_a_device_but_its_id_is_printed() {
    let device = device(&ids());
    let printed = format!("{device:?}");
    assert!(printed.contains(&device.id.to_string()));
    for secret in ["C39XK0A1B2", "490154203237518", &device.owner.unwrap().to_string()] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn what_is_set_is_lifted_by_somebody_and_by_nobody_for_every_reason() {
    use ActorKind::{Customer, Operator, Partner, Service, Staff, System};
    let device = device(&ids());
    for lock in Lock::ALL {
        let locked = Device {
            locks: vec![*lock],
            ..device.clone()
        };
        for (device, sets) in [(&device, true), (&locked, false)] {
            let may = |actor| {
                LockReason::ALL
                    .iter()
                    .filter(|reason| change_lock(device, actor, *lock, sets, **reason).is_ok())
                    .count()
            };
            assert!(may(Staff) > 0, "{lock:?} {sets}: staff must be able to");
            assert_eq!(may(Staff), may(Operator));
            assert_eq!((may(Partner), may(System)), (0, 0));
            for actor in [Customer, Staff, Service] {
                assert!(may(actor) < LockReason::ALL.len());
            }
        }
        assert_eq!(
            change_lock(&locked, Staff, *lock, true, LockReason::OwnerRequest),
            Err(MarkRefusal::State)
        );
    }
    let stolen = Device {
        locks: vec![Lock::Stolen],
        ..device
    };
    for reason in LockReason::ALL {
        let lifted = change_lock(&stolen, Customer, Lock::Stolen, false, *reason);
        assert_eq!(lifted, Err(MarkRefusal::NotAllowed), "{reason:?}");
    }
}

#[test]
fn every_lock_and_flag_says_what_it_bars() {
    let of = |locks: &[Lock], flags: &[Flag], retired| -> Vec<Bar> {
        Obstacle::of(locks, flags, retired)
            .into_iter()
            .map(Obstacle::bar)
            .collect()
    };
    assert_eq!(of(&[Lock::Stolen, Lock::Lost], &[], false), [Bar::Lost, Bar::Stolen]);
    let marks = [Flag::DemoUnit, Flag::Refurbished];
    assert_eq!(of(&[Lock::Activation], &marks, false), [Bar::ActivationLocked]);
    assert_eq!(of(&[], &[Flag::Seized], true), [Bar::Seized, Bar::Replaced]);
    assert_eq!(
        of(&[], &[Flag::Counterfeit, Flag::UnderInvestigation], false),
        [Bar::UnderInvestigation, Bar::NotGenuine]
    );
    // Who may not activate it may not give it away, but have it repaired.
    assert_eq!(Obstacle::of(&[Lock::Activation], &[], false), [Obstacle::Activation]);
}

#[test]
fn a_transfer_ends_once() {
    let ids = ids();
    let device = device(&ids);
    let (from, to) = (device.holder().unwrap(), Owner::Customer(ids.next()));
    let other = Owner::Organisation("airline".to_owned());
    let open = offer(ids.next(), &device, &from, Some(to.clone()), 7, NOW).unwrap();
    let last = NOW + Duration::days(7);
    assert_eq!(accept(&open, &device, &to, last - Duration::microseconds(1)), Ok(()));
    let expired = TransferRefusal::State(TransferState::Expired);
    assert_eq!(accept(&open, &device, &to, last), Err(expired.clone()));
    assert_eq!(end(&open, Some(&from), last), Err(expired));
    for (by, state) in [
        (None, TransferState::Withdrawn),
        (Some(&from), TransferState::Withdrawn),
        (Some(&to), TransferState::Declined),
    ] {
        assert_eq!(end(&open, by, NOW), Ok(state));
    }
    assert_eq!(end(&open, Some(&other), NOW), Err(TransferRefusal::NotForYou));
    assert_eq!(accept(&open, &device, &other, NOW), Err(TransferRefusal::NotForYou));
    for state in TransferState::ALL
        .iter()
        .filter(|state| **state != TransferState::Offered)
    {
        let ended = Transfer {
            state: *state,
            ..open.clone()
        };
        assert_eq!(accept(&ended, &device, &to, NOW), Err(TransferRefusal::State(*state)));
        assert_eq!(end(&ended, None, NOW), Err(TransferRefusal::State(*state)));
    }
    let retired = Device {
        retired_at: Some(NOW),
        ..device.clone()
    };
    assert_eq!(accept(&open, &retired, &to, NOW), Err(TransferRefusal::Retired));
    assert_eq!(
        offer(ids.next(), &device, &other, None, 7, NOW),
        Err(TransferRefusal::NotOwner)
    );
}

#[test]
fn codes_differ_and_are_read_as_they_are_spoken() {
    let ids = ids();
    let codes: Vec<String> = (0..1000).map(|_| new_code(&ids)).collect();
    let mut sorted = codes.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), codes.len());
    for code in &codes {
        assert_eq!(code.len(), 19);
        let spoken = code
            .to_lowercase()
            .replace('-', " ")
            .replace('0', "o")
            .replace('1', "l");
        assert_eq!(code_hash(code), code_hash(&spoken));
    }
    assert_ne!(code_hash(&codes[0]), code_hash(&codes[1]));
}

#[test]
fn two_people_see_every_proof() {
    let ids = ids();
    let actor = |kind, id: &str| Actor {
        kind,
        id: id.to_owned(),
    };
    let proof = Proof {
        id: ids.next(),
        origin: ids.next(),
        said: NewProof {
            device_id: ids.next(),
            kind: ProofKind::Receipt,
            day: date!(2025 - 06 - 15),
            country: country(),
            used: false,
            seller_reference: None,
            document_reference: "documents/1".to_owned(),
            case_id: Some(ids.next::<Id>()),
            case_agent: Some("agent-8".to_owned()),
        },
        submitter: actor(ActorKind::Staff, "agent-7"),
        submitter_organisation: None,
        submitted_at: NOW,
        state: ProofState::Submitted,
        reason: None,
        reviewer: None,
        ended_at: None,
    };
    for reason in ReviewReason::ALL {
        let state = if reason.accepts() {
            ProofState::Accepted
        } else {
            ProofState::Rejected
        };
        assert_eq!(review(&proof, &actor(ActorKind::Staff, "agent-9"), *reason), Ok(state));
        // Also where the same person comes with another kind of passport.
        for (kind, id) in [
            (ActorKind::Staff, "agent-7"),
            (ActorKind::Operator, "agent-7"),
            (ActorKind::Staff, "agent-8"),
        ] {
            assert_eq!(review(&proof, &actor(kind, id), *reason), Err(ProofRefusal::Involved));
        }
    }
    for state in ProofState::ALL.iter().filter(|state| **state != ProofState::Submitted) {
        let ended = Proof {
            state: *state,
            ..proof.clone()
        };
        let refusal = Err(ProofRefusal::State(*state));
        assert_eq!(
            review(&ended, &actor(ActorKind::Staff, "agent-9"), ReviewReason::ShowsSale).map(drop),
            refusal
        );
        assert_eq!(can_withdraw(&ended, &actor(ActorKind::Staff, "agent-9")), refusal);
    }
    assert_eq!(
        can_withdraw(&proof, &actor(ActorKind::Customer, "eu-1")),
        Err(ProofRefusal::NotYours)
    );
}

fn product(line: ProductLine) -> Product {
    let ids = ids();
    Product {
        id: ids.next(),
        model_code: "PHN-12-128".to_owned(),
        name: "Phone".to_owned(),
        product_line: line,
        limited_warranty_months: 12,
        release_date: date!(2020 - 01 - 15),
        created_at: NOW,
    }
}

fn days() -> impl Strategy<Value = Date> {
    (2_458_864..2_461_000_i32).prop_map(|day| Date::from_julian_day(day).unwrap())
}

proptest! {
    /// Of all activations the first counts, in whatever order they come; and a guess never ends later than it was.
    #[test]
    fn the_first_activation_counts(days in proptest::collection::vec(days(), 1..6), evidence in 0..3_usize) {
        let mut device = device(&ids());
        device.evidence = Evidence::ALL[evidence];
        let product = product(ProductLine::Phone);
        let said = device.purchase_date;
        for day in &days {
            let (first, purchase) = activated(&device, &product, *day).unwrap();
            device.first_activated_on = Some(first);
            if let Some(purchase) = purchase {
                device.purchase_date = purchase.day;
            }
        }
        let first = days.iter().min().copied();
        prop_assert_eq!(device.first_activated_on, first);
        let expected = if device.evidence == Evidence::Estimated { first.unwrap() } else { said };
        prop_assert_eq!(device.purchase_date, expected);
    }

    /// What a new device may have been sold on, a used one may; and with less known, more may.
    #[test]
    fn what_is_known_only_narrows(day in days(), activated in days(), handed_in in days()) {
        let known = |activated, handed_in| Known {
            released: date!(2020 - 01 - 15),
            activated,
            handed_in,
            today: date!(2026 - 03 - 10),
        };
        let all = check_purchase(&known(Some(activated), Some(handed_in)), day, false);
        if all.is_ok() {
            prop_assert!(check_purchase(&known(Some(activated), None), day, false).is_ok());
            prop_assert!(check_purchase(&known(Some(activated), Some(handed_in)), day, true).is_ok());
            prop_assert!(day <= handed_in && day <= activated.next_day().unwrap());
        } else {
            prop_assert!(day > handed_in || day > activated.next_day().unwrap());
        }
    }
}
