use std::time::Duration;

use proptest::prelude::*;
use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::macros::datetime;

use super::*;
use crate::domain::grant::Assurance;
use crate::domain::rules::{CodeRules, PurposeRules, Rules};

const START: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const LIFETIME: Duration = Duration::from_mins(10);
const SENDS_LIMIT: i16 = 5;
const CHECKS_LIMIT: i16 = 5;

/// The widest limits there are.
fn limits() -> Limits {
    Limits {
        basis: "x/y@1".into(),
        sends: SENDS_LIMIT,
        checks: CHECKS_LIMIT,
        sends_per_hour: 10,
        expires_at: START + LIFETIME,
        assurance: Assurance::Aal1,
        methods: vec![Method::EmailCode, Method::SmsCode],
    }
}

fn verification(known: bool) -> Verification {
    within(limits(), known.then(limits))
}

/// A verification answered by some limits, of somebody whose country has others, or of nobody.
fn within(limits: Limits, own: Option<Limits>) -> Verification {
    let ids = Ids::seeded("eu".parse().unwrap(), Clock::manual(START).0, 7);
    let new = NewVerification {
        id: ids.next(),
        subject: own.map(|limits| Subject {
            customer_id: ids.next(),
            contact_point_id: ids.next(),
            country_code: "GB".into(),
            limits,
            grant_lifetime: Duration::from_mins(30),
        }),
        method: Method::EmailCode,
        purpose: Purpose::GeneralHelp,
        case_id: None,
        acts_for: None,
        agent: None,
        languages: Vec::new(),
        contact_key: [1; 32],
        code_mac: [2; 32],
        sealed_code: Some(vec![3]),
        limits,
        country_code: None,
        proven: vec![],
        sends: true,
    };
    Verification::start(new, START).unwrap()
}

#[test]
fn the_right_code_approves_once() {
    let mut it = verification(true);
    let subject = it.subject.clone().unwrap();
    assert_eq!(
        it.check(Method::EmailCode, false, START),
        Checked::Wrong { checks_left: 4 }
    );
    assert_eq!(it.check(Method::EmailCode, true, START), Checked::Approved(subject));
    assert_eq!(
        (it.state, it.ended_at, it.sealed_code.is_none()),
        (State::Approved, Some(START), true)
    );
    assert_eq!(
        it.check(Method::EmailCode, true, START),
        Checked::NotOpen(State::Approved)
    );
}

#[test]
fn the_fifth_wrong_code_ends_it() {
    let mut it = verification(true);
    for left in (0..5).rev() {
        assert_eq!(
            it.check(Method::EmailCode, false, START),
            Checked::Wrong { checks_left: left }
        );
    }
    assert_eq!(it.state, State::MaxAttempts);
    assert_eq!(it.check(Method::EmailCode, true, START), Checked::TooMany);
    assert_eq!(it.checks, CHECKS_LIMIT);
}

#[test]
fn nobody_is_never_approved() {
    let mut it = verification(false);
    for left in (0..5).rev() {
        assert_eq!(
            it.check(Method::EmailCode, true, START),
            Checked::Wrong { checks_left: left }
        );
    }
    assert_eq!(it.check(Method::EmailCode, true, START), Checked::TooMany);
}

#[test]
fn a_code_works_until_its_last_microsecond() {
    let over = START + LIFETIME;
    let before = over - Duration::from_micros(1);
    assert!(matches!(
        verification(true).check(Method::EmailCode, true, before),
        Checked::Approved(_)
    ));
    let mut it = verification(true);
    assert_eq!(
        it.check(Method::EmailCode, true, over),
        Checked::NotOpen(State::Expired)
    );
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
    assert!(matches!(it.check(Method::EmailCode, true, START), Checked::Approved(_)));
}

#[test]
fn stricter_limits_are_those_it_is_answered_by() {
    let strict = Limits {
        sends: 2,
        checks: 1,
        expires_at: START + Duration::from_mins(3),
        ..limits()
    };
    let mut it = within(strict.clone(), Some(strict));
    assert_eq!((it.sends_left(), it.checks_left()), (1, 1));
    assert_eq!(it.send_again(START), Ok(()));
    assert_eq!(it.send_again(START), Err(SendRefused::NoSendsLeft));
    let over = START + Duration::from_mins(3);
    assert_eq!(
        (it.state_at(over - Duration::from_micros(1)), it.state_at(over)),
        (State::Challenged, State::Expired)
    );
    assert_eq!(
        it.check(Method::EmailCode, false, START),
        Checked::Wrong { checks_left: 0 }
    );
    assert_eq!(it.state, State::MaxAttempts);
}

#[test]
fn beyond_the_own_limits_of_the_customer_no_code_is_right_and_none_goes_out() {
    let own = Limits {
        sends: 2,
        checks: 2,
        sends_per_hour: 4,
        expires_at: START + Duration::from_mins(3),
        ..limits()
    };
    // What it is answered by allows five of each, and ten minutes.
    let it = || within(limits(), Some(own.clone()));
    let over = START + Duration::from_mins(3);

    let mut in_time = it();
    assert_eq!(
        in_time.check(Method::EmailCode, false, START),
        Checked::Wrong { checks_left: 4 }
    );
    let just_before = over - Duration::from_micros(1);
    assert!(matches!(
        in_time.check(Method::EmailCode, true, just_before),
        Checked::Approved(_)
    ));

    let mut late = it();
    assert_eq!(late.works_until(), Some(over));
    assert_eq!(
        late.check(Method::EmailCode, true, over),
        Checked::Wrong { checks_left: 4 }
    );

    let mut tried = it();
    for left in [4, 3] {
        assert_eq!(
            tried.check(Method::EmailCode, false, START),
            Checked::Wrong { checks_left: left }
        );
    }
    assert_eq!(
        tried.check(Method::EmailCode, true, START),
        Checked::Wrong { checks_left: 2 }
    );

    let mut sent = it();
    assert_eq!((sent.way(4, START), sent.way(5, START)), (Way::Out, Way::Withheld));
    assert_eq!(sent.way(4, over), Way::Withheld);
    assert_eq!(sent.send_again(START), Ok(()));
    assert_eq!(sent.way(1, START), Way::Out);
    assert_eq!(sent.send_again(START), Ok(()), "it is not told");
    assert_eq!(sent.way(1, START), Way::Withheld);
    assert_eq!(verification(false).way(1, START), Way::Nowhere);

    // What it is answered by binds as well.
    let mut said_stricter = within(own.clone(), Some(limits()));
    assert_eq!(said_stricter.works_until(), Some(over));
    assert_eq!(
        said_stricter.check(Method::EmailCode, true, over),
        Checked::NotOpen(State::Expired)
    );
}

#[test]
fn whom_the_rules_of_their_country_do_not_let_be_verified_so_is_never_approved() {
    let ids = Ids::seeded("eu".parse().unwrap(), Clock::manual(START).0, 8);
    let rules = Rules {
        basis: "x/y@1+country/DE@1".into(),
        codes: CodeRules {
            lifetime: LIFETIME,
            sends: SENDS_LIMIT,
            checks: CHECKS_LIMIT,
            sends_per_hour: 10,
        },
        purpose: Some(PurposeRules {
            assurance: Assurance::Aal1,
            methods: vec![Method::SmsCode],
            grant_lifetime: Duration::from_mins(5),
        }),
    };
    let (customer, point) = (ids.next(), ids.next());
    let by = |method| Subject::new(customer, point, "DE".into(), &rules, (method, &limits()), START);
    assert_eq!(by(Method::SmsCode).grant_lifetime, Duration::from_mins(5));
    assert_eq!(by(Method::SmsCode).limits, Limits::new(&rules, START));
    let stronger = Rules {
        purpose: Some(PurposeRules {
            assurance: Assurance::Aal2,
            methods: vec![Method::SmsCode, Method::Totp],
            grant_lifetime: Duration::from_mins(5),
        }),
        ..rules.clone()
    };
    let asked_less = Subject::new(
        customer,
        point,
        "DE".into(),
        &stronger,
        (Method::SmsCode, &limits()),
        START,
    );
    assert_eq!(
        (asked_less.limits.checks, asked_less.limits.methods),
        (0, vec![]),
        "its country asks for more than is said"
    );
    let mut it = Verification {
        subject: Some(by(Method::EmailCode)),
        ..verification(true)
    };
    assert_eq!(it.way(1, START), Way::Withheld);
    for left in (0..5).rev() {
        assert_eq!(
            it.check(Method::EmailCode, true, START),
            Checked::Wrong { checks_left: left }
        );
    }
    assert_eq!(
        it.subject.unwrap().limits.basis,
        rules.basis,
        "what it was refused by is known"
    );
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

fn any_limits() -> impl Strategy<Value = Limits> {
    (1_i16..=5, 1_i16..=5, 60_u64..=600).prop_map(|(sends, checks, seconds)| Limits {
        sends,
        checks,
        expires_at: START + Duration::from_secs(seconds),
        ..limits()
    })
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
                Deed::Check(matches) => match it.check(Method::EmailCode, matches, now) {
                    Checked::Approved(_) => {
                        prop_assert!(matches && known && now < it.limits.expires_at && before.state == State::Challenged);
                        approvals += 1;
                        tried += 1;
                    }
                    Checked::Refused(_) => prop_assert!(false, "of delegations it knows nothing"),
                    Checked::Wrong { checks_left } => {
                        prop_assert!(!matches || !known);
                        tried += 1;
                        prop_assert_eq!(checks_left, CHECKS_LIMIT - tried);
                    }
                    Checked::Proven => prop_assert!(false, "one factor is all that is needed"),
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

    /// Several factors, right and wrong, in any order: it is approved when what was proven comes to what is needed, never
    /// sooner, by methods that count, each once, and with no more wrong ones than checks.
    #[test]
    fn proofs_add_up_to_the_assurance_that_is_needed(
        needed in prop::sample::select(vec![Assurance::Aal1, Assurance::Aal2]),
        methods in prop::sample::subsequence(Method::ALL.to_vec(), 1..=Method::ALL.len()),
        before in prop::sample::subsequence(Method::ALL.to_vec(), 0..=1),
        known in any::<bool>(),
        tries in prop::collection::vec((prop::sample::select(Method::ALL.to_vec()), prop::bool::weighted(0.6)), 0..12),
    ) {
        let asked = Limits { assurance: needed, methods: methods.clone(), ..limits() };
        let mut it = Verification {
            proven: before.into_iter().filter(|method| known && methods.contains(method)).collect(),
            ..within(asked.clone(), known.then_some(asked))
        };
        let mut wrong = 0;
        for (method, matches) in tries {
            let was = it.clone();
            let counts = known && matches && methods.contains(&method) && !was.proven.contains(&method);
            match it.check(method, matches, START) {
                Checked::Refused(_) => prop_assert!(false, "of delegations it knows nothing"),
                Checked::Approved(_) => {
                    prop_assert!(counts && it.state == State::Approved);
                    prop_assert!(Assurance::of(&it.proven) >= Some(needed));
                }
                Checked::Proven => {
                    prop_assert!(counts && it.state == State::Challenged);
                    prop_assert!(Assurance::of(&it.proven) < Some(needed));
                    prop_assert_eq!(it.checks, was.checks, "what is right costs nothing");
                }
                Checked::Wrong { checks_left } => {
                    prop_assert!(!counts);
                    wrong += 1;
                    prop_assert_eq!(checks_left, CHECKS_LIMIT - wrong);
                    prop_assert_eq!(&it.proven, &was.proven);
                }
                Checked::TooMany => prop_assert_eq!(wrong, CHECKS_LIMIT),
                Checked::NotOpen(state) => prop_assert_eq!(state, State::Approved),
            }
            prop_assert!(it.proven.iter().all(|method| methods.contains(method)));
            prop_assert!(wrong <= CHECKS_LIMIT);
        }
    }

    /// Whatever is answered, nothing is approved and nothing goes out beyond the limits of the customer's own country.
    #[test]
    fn own_limits_hold_whatever_is_said(said in any_limits(), own in any_limits(), deeds in deeds()) {
        let (mut it, mut now) = (within(said.clone(), Some(own.clone())), START);
        prop_assert!(it.works_until() == Some(said.expires_at.min(own.expires_at)));
        for deed in deeds {
            match deed {
                Deed::Check(matches) => if let Checked::Approved(_) = it.check(Method::EmailCode, matches, now) {
                    prop_assert!(it.checks <= said.checks.min(own.checks));
                    prop_assert!(now < said.expires_at.min(own.expires_at));
                },
                Deed::Send => if it.send_again(now).is_ok() && it.way(1, now) == Way::Out {
                    prop_assert!(it.sends <= said.sends.min(own.sends));
                    prop_assert!(now < said.expires_at.min(own.expires_at));
                },
                Deed::Cancel => { let _ = it.cancel(now); }
                Deed::Expire => { it.expire(now); }
                Deed::Wait(seconds) => now += Duration::from_secs(seconds),
            }
            prop_assert!(it.checks <= said.checks && it.sends <= said.sends.max(1));
        }
    }

    /// Somebody who cannot know learns nothing from the answers: with the same wrong codes, a verification of somebody and
    /// one of nobody answer alike, whatever the rules of the somebody's country are.
    #[test]
    fn a_verification_of_nobody_answers_like_any_other(own in any_limits(), deeds in deeds()) {
        let (mut known, mut unknown, mut now) = (within(limits(), Some(own)), verification(false), START);
        for deed in deeds {
            match deed {
                // To the outsider every code is wrong.
                Deed::Check(_) => prop_assert_eq!(known.check(Method::EmailCode, false, now), unknown.check(Method::EmailCode, false, now)),
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
