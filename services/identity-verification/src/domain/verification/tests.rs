use proptest::prelude::*;
use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::macros::datetime;

use super::*;

const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const LIFETIME: Duration = Duration::from_mins(10);

fn verification(known: bool) -> Verification {
    let ids = Ids::seeded("eu".parse().unwrap(), Clock::manual(START).0, 7);
    let new = NewVerification {
        id: ids.next(),
        subject: known.then(|| Subject {
            customer_id: ids.next(),
            contact_point_id: ids.next(),
        }),
        method: Method::EmailCode,
        purpose: Purpose::GeneralHelp,
        case_id: None,
        languages: Vec::new(),
        contact_key: [1; 32],
        code_mac: [2; 32],
        sealed_code: Some(vec![3]),
    };
    Verification::start(new, START, LIFETIME).unwrap()
}

#[test]
fn the_right_code_approves_once() {
    let mut it = verification(true);
    let subject = it.subject.unwrap();
    assert_eq!(it.check(false, START), Checked::Wrong { checks_left: 4 });
    assert_eq!(it.check(true, START), Checked::Approved(subject));
    assert_eq!(
        (it.state, it.ended_at, it.sealed_code.is_none()),
        (State::Approved, Some(START), true)
    );
    assert_eq!(it.check(true, START), Checked::NotOpen(State::Approved));
}

#[test]
fn the_fifth_wrong_code_ends_it() {
    let mut it = verification(true);
    for left in (0..5).rev() {
        assert_eq!(it.check(false, START), Checked::Wrong { checks_left: left });
    }
    assert_eq!(it.state, State::MaxAttempts);
    assert_eq!(it.check(true, START), Checked::TooMany);
    assert_eq!(it.checks, CHECKS_LIMIT);
}

#[test]
fn nobody_is_never_approved() {
    let mut it = verification(false);
    for left in (0..5).rev() {
        assert_eq!(it.check(true, START), Checked::Wrong { checks_left: left });
    }
    assert_eq!(it.check(true, START), Checked::TooMany);
}

#[test]
fn a_code_works_until_its_last_microsecond() {
    let over = START + LIFETIME;
    let before = over - Duration::from_micros(1);
    assert!(matches!(verification(true).check(true, before), Checked::Approved(_)));
    let mut it = verification(true);
    assert_eq!(it.check(true, over), Checked::NotOpen(State::Expired));
    assert_eq!(it.send_again(over), Err(SendRefused::NotOpen(State::Expired)));
    assert_eq!(it.cancel(over), Err(State::Expired));
    assert_eq!(it.checks, 0);
    assert!(!it.expire(before));
    assert!(it.expire(over));
    assert!(!it.expire(over), "only once");
    assert!(it.sealed_code.is_none());
}

#[test]
fn it_is_sent_five_times_at_most() {
    let mut it = verification(true);
    for left in (0..4).rev() {
        assert_eq!(it.send_again(START), Ok(()));
        assert_eq!(it.sends_left(), left);
    }
    assert_eq!(it.send_again(START), Err(SendRefused::NoSendsLeft));
    // The code that is there already still works.
    assert!(matches!(it.check(true, START), Checked::Approved(_)));
}

/// What somebody may do with a verification.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Check(bool),
    Send,
    Cancel,
    Expire,
    Wait(u64),
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        3 => prop::bool::weighted(0.2).prop_map(Deed::Check),
        2 => Just(Deed::Send),
        1 => Just(Deed::Expire),
        2 => (0_u64..240).prop_map(Deed::Wait),
        1 => prop::bool::weighted(0.3).prop_map(|cancel| if cancel { Deed::Cancel } else { Deed::Wait(1) }),
    ];
    prop::collection::vec(deed, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn whatever_is_done_the_limits_hold(known in any::<bool>(), deeds in deeds()) {
        let mut it = verification(known);
        let (mut now, mut approvals, mut tried) = (START, 0, 0);
        for deed in deeds {
            let before = it.clone();
            match deed {
                Deed::Check(matches) => match it.check(matches, now) {
                    Checked::Approved(_) => {
                        prop_assert!(matches && known && now < it.expires_at && before.state == State::Challenged);
                        approvals += 1;
                        tried += 1;
                    }
                    Checked::Wrong { checks_left } => {
                        prop_assert!(!matches || !known);
                        tried += 1;
                        prop_assert_eq!(checks_left, CHECKS_LIMIT - tried);
                    }
                    Checked::TooMany => prop_assert_eq!(tried, CHECKS_LIMIT),
                    Checked::NotOpen(state) => {
                        prop_assert!(!state.is_open());
                        prop_assert_eq!(&it, &before, "a refusal changes nothing");
                    }
                },
                Deed::Send => if it.send_again(now).is_err() {
                    prop_assert_eq!(&it, &before, "a refusal changes nothing");
                },
                Deed::Cancel => { let _ = it.cancel(now); }
                Deed::Expire => { it.expire(now); }
                Deed::Wait(seconds) => now += Duration::from_secs(seconds),
            }
            // Every change of state is one that the table has.
            prop_assert!(
                before.state == it.state
                    || super::super::machine::TRANSITIONS.iter().any(|(from, _, to)| (*from, *to) == (before.state, it.state))
            );
            prop_assert!((1..=SENDS_LIMIT).contains(&it.sends) && (0..=CHECKS_LIMIT).contains(&it.checks));
            prop_assert!(approvals <= 1);
            prop_assert_eq!(it.checks, tried);
            // What the database's constraints demand.
            prop_assert_eq!(it.ended_at.is_none(), it.state.is_open());
            prop_assert!(it.sealed_code.is_none() || it.state.is_open());
            prop_assert!(it.state != State::Approved || it.subject.is_some());
        }
    }

    /// Somebody who cannot know learns nothing from the answers: with the same wrong codes, a verification of somebody and
    /// one of nobody answer alike.
    #[test]
    fn a_verification_of_nobody_answers_like_any_other(deeds in deeds()) {
        let (mut known, mut unknown, mut now) = (verification(true), verification(false), START);
        for deed in deeds {
            match deed {
                // To the outsider every code is wrong.
                Deed::Check(_) => prop_assert_eq!(known.check(false, now), unknown.check(false, now)),
                Deed::Send => prop_assert_eq!(known.send_again(now), unknown.send_again(now)),
                Deed::Cancel => prop_assert_eq!(known.cancel(now), unknown.cancel(now)),
                Deed::Expire => prop_assert_eq!(known.expire(now), unknown.expire(now)),
                Deed::Wait(seconds) => now += Duration::from_secs(seconds),
            }
            prop_assert_eq!(known.state_at(now), unknown.state_at(now));
            prop_assert_eq!((known.sends_left(), known.checks_left()), (unknown.sends_left(), unknown.checks_left()));
        }
    }
}
