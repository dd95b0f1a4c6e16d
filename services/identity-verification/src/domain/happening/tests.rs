use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::OffsetDateTime;
use time::macros::datetime;

use super::*;
use crate::domain::contact::Contact;
use crate::domain::customer::Name;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

/// A customer with addresses, each vouched for or not, verified or not.
fn customer(points: &[(&str, bool, bool)]) -> Customer {
    let ids = Ids::seeded("eu".parse().unwrap(), Clock::manual(NOW).0, 1);
    let contact_points = points.iter().map(|(text, vouched, verified)| ContactPoint {
        id: ids.next(),
        contact: Contact::email(text).or_else(|_| Contact::phone(text)).unwrap(),
        verified_at: verified.then_some(NOW),
        vouched: *vouched,
    });
    Customer {
        contact_points: contact_points.collect(),
        id: ids.next(),
        name: Name {
            given: "Ada".into(),
            family: "L".into(),
            display: "Ada L".into(),
        },
        languages: vec!["en".into()],
        country_code: "GB".into(),
        created_at: NOW,
        version: 1,
    }
}

fn rule() -> Rule {
    Rule {
        basis: "test".into(),
        channels: vec![ContactKind::Email, ContactKind::Phone],
        reach: Reach::Verified,
        urgent: false,
        may_be_muted: true,
        wait: Duration::ZERO,
        worth: Duration::from_hours(24),
        quiet: Quiet {
            from: 1260,
            until: 480,
            on_holidays: false,
        },
        keys: Keys {
            subject: "a".into(),
            text: "b".into(),
            more: None,
            greeting: "c".into(),
            closing: "d".into(),
        },
    }
}

/// Where it is told, by a rule.
fn told(rule: &Rule, customer: &Customer, preferences: &Preferences) -> Result<Vec<String>, Nowhere> {
    let points = rule.addresses(Kind::CaseOpened, customer, preferences, None, |_| true)?;
    Ok(points.iter().map(|point| point.contact.value().to_owned()).collect())
}

const ALL: &[(&str, bool, bool)] = &[
    ("+4930123456", true, true),
    ("old@x.de", true, false),
    ("a@x.de", true, true),
    ("b@x.de", false, true),
    ("added@x.de", false, false),
];

#[test]
fn it_is_told_at_the_first_verified_address_of_the_first_kind() {
    let (customer, as_it_is) = (customer(ALL), Preferences::default());
    assert_eq!(told(&rule(), &customer, &as_it_is), Ok(vec!["a@x.de".to_owned()]));
    let phones_first = Rule {
        channels: vec![ContactKind::Phone, ContactKind::Email],
        ..rule()
    };
    assert_eq!(
        told(&phones_first, &customer, &as_it_is),
        Ok(vec!["+4930123456".to_owned()])
    );
    let by_phone = Preferences {
        preferred: Some(ContactKind::Phone),
        ..Preferences::default()
    };
    assert_eq!(told(&rule(), &customer, &by_phone), Ok(vec!["+4930123456".to_owned()]));
    let mail_alone = Rule {
        channels: vec![ContactKind::Email],
        ..rule()
    };
    assert_eq!(told(&mail_alone, &customer, &by_phone), Ok(vec!["a@x.de".to_owned()]));
}

#[test]
fn an_address_that_nobody_verified_counts_only_where_the_rules_say_so() {
    let customer = customer(&[("old@x.de", true, false), ("added@x.de", false, false)]);
    let as_it_is = Preferences::default();
    assert_eq!(told(&rule(), &customer, &as_it_is), Err(Nowhere::NoAddress));
    let vouched = Rule {
        reach: Reach::Proven,
        ..rule()
    };
    assert_eq!(told(&vouched, &customer, &as_it_is), Ok(vec!["old@x.de".to_owned()]));
}

#[test]
fn a_warning_goes_to_all_but_the_changed_address() {
    let customer = customer(ALL);
    let warning = Rule {
        reach: Reach::Everywhere,
        may_be_muted: false,
        ..rule()
    };
    let muted = Preferences {
        muted: vec![Kind::ContactPointAdded],
        ..Preferences::default()
    };
    let at = |changed: usize, phones: bool| {
        let points = warning.addresses(
            Kind::ContactPointAdded,
            &customer,
            &muted,
            Some(customer.contact_points[changed].id),
            |kind| phones || kind == ContactKind::Email,
        );
        points.map(|points| points.iter().map(|point| point.contact.value()).collect::<Vec<_>>())
    };
    assert_eq!(at(4, true), Ok(vec!["+4930123456", "old@x.de", "a@x.de", "b@x.de"]));
    assert_eq!(at(2, false), Ok(vec!["old@x.de", "b@x.de"]));
}

#[test]
fn who_is_told_nowhere_is_told_nowhere_for_a_reason() {
    let one = customer(&[("+4930123456", true, true)]);
    let as_it_is = Preferences::default();
    let addresses = |rule: &Rule, preferences: &Preferences, changed, phones: bool| {
        let found = rule.addresses(Kind::CaseOpened, &one, preferences, changed, |_| phones);
        found.map(|points| points.len())
    };
    let silent = Rule {
        channels: Vec::new(),
        ..rule()
    };
    let muted = Preferences {
        muted: vec![Kind::CaseOpened],
        ..Preferences::default()
    };
    assert_eq!(addresses(&silent, &as_it_is, None, true), Err(Nowhere::NotTold));
    assert_eq!(addresses(&rule(), &muted, None, true), Err(Nowhere::Muted));
    assert_eq!(addresses(&rule(), &as_it_is, None, false), Err(Nowhere::NoSmsCarrier));
    let changed = Some(one.contact_points[0].id);
    assert_eq!(
        addresses(&rule(), &as_it_is, changed, true),
        Err(Nowhere::NoOtherAddress)
    );
    assert_eq!(addresses(&rule(), &as_it_is, None, true), Ok(1));
}

#[test]
fn all_states_of_a_repair_are_one_track() {
    for kind in Kind::ALL {
        assert_eq!(
            kind.as_str().starts_with("repair_"),
            kind.track() == Track::Repair,
            "{kind:?}"
        );
    }
}
