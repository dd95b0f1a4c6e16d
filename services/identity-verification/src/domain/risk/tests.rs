use proptest::prelude::*;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const OPEN: Bounds = Bounds {
    is_cleared: false,
    can_raise: true,
};

fn blank() -> Assessment {
    Assessment {
        findings: vec![],
        score: 0,
        outcome: Outcome::None,
        basis: String::new(),
        assessed_at: NOW,
        started_by: None,
        device: None,
        counted: None,
    }
}

fn weighed(signals: &[Signal], rules: &RiskRules, bounds: Bounds) -> Assessment {
    let mut assessment = blank();
    for signal in signals {
        assessment.note(*signal, 1, rules, NOW);
    }
    assessment.weigh(rules, bounds, "x/y@1", NOW);
    assessment
}

#[test]
fn what_is_shipped_comes_to_what_the_table_says() {
    use Signal::{
        ContactChanged, DeviceSwitched, ImpossibleTravel, ManySubjects, NewDevice, NumberPremium, NumberVoip,
        SimSwapped,
    };
    for (signals, outcome) in [
        (&[][..], Outcome::None),
        (&[NewDevice], Outcome::None),
        (&[NumberVoip, NewDevice], Outcome::None),
        (&[ManySubjects], Outcome::None),
        (&[ManySubjects, NewDevice], Outcome::Raised),
        (&[ContactChanged], Outcome::Raised),
        (&[ContactChanged, DeviceSwitched], Outcome::Blocked),
        (&[ImpossibleTravel], Outcome::Raised),
        (&[SimSwapped], Outcome::Blocked),
        (&[NumberPremium], Outcome::Blocked),
        (&[SimSwapped, NumberPremium, ContactChanged], Outcome::Denied),
    ] {
        assert_eq!(
            weighed(signals, &RiskRules::SHIPPED, OPEN).outcome,
            outcome,
            "{signals:?}"
        );
    }
}

#[test]
fn a_clearance_takes_a_block_to_a_proof_more_and_no_further() {
    let cleared = Bounds {
        is_cleared: true,
        can_raise: true,
    };
    let rules = RiskRules::SHIPPED;
    assert_eq!(weighed(&[Signal::SimSwapped], &rules, cleared).outcome, Outcome::Raised);
    assert_eq!(weighed(&[], &rules, cleared).outcome, Outcome::None);
    assert_eq!(weighed(Signal::ALL, &rules, cleared).outcome, Outcome::Denied);
    let stuck = Bounds {
        can_raise: false,
        ..cleared
    };
    assert_eq!(weighed(&[Signal::SimSwapped], &rules, stuck).outcome, Outcome::Blocked);
    assert_eq!(weighed(&[Signal::NewDevice], &rules, stuck).outcome, Outcome::None);
}

#[test]
fn a_signal_counts_once_and_one_without_weight_not_at_all() {
    let mut rules = RiskRules::SHIPPED;
    let mut assessment = blank();
    assessment.note(Signal::NewDevice, 2, &rules, NOW);
    assessment.note(Signal::NewDevice, 1, &rules, NOW + Duration::from_mins(1));
    assert_eq!(assessment.findings.len(), 1);
    assert_eq!(
        (assessment.findings[0].measure, assessment.findings[0].found_at),
        (2, NOW)
    );
    rules.weights = Weights([0; 11]);
    assert_eq!(
        weighed(Signal::ALL, &rules, OPEN),
        Assessment {
            basis: "x/y@1".into(),
            ..blank()
        }
    );
}

#[test]
fn codes_are_withheld_where_many_go_out_and_few_come_back() {
    let counts = |sent_this_hour, sent, approved| Counts {
        sent_this_hour,
        sent,
        approved,
    };
    assert_eq!(counts(31, 60, 5).pumped(30, 20), Some(8));
    assert_eq!(counts(30, 60, 5).pumped(30, 20), None, "not many");
    assert_eq!(
        counts(31, 60, 12).pumped(30, 20),
        None,
        "one in five is as many as are asked for"
    );
    assert_eq!(counts(31, 60, 11).pumped(30, 20), Some(18));
    assert_eq!(counts(1_000, 0, 0).pumped(30, 20), None);
    assert_eq!(counts(1_000, 1_000, 0).pumped(30, 0), None, "never withheld");
}

#[test]
fn days_are_counted_whole() {
    let at = |hours| Some(NOW - Duration::from_hours(hours));
    assert_eq!(days_ago(at(0), 7, NOW), Some(0));
    assert_eq!(days_ago(at(7 * 24 - 1), 7, NOW), Some(6));
    assert_eq!(days_ago(at(7 * 24), 7, NOW), None);
    assert_eq!(days_ago(at(0), 0, NOW), None, "never looked at");
    assert_eq!(days_ago(None, 7, NOW), None);
}

fn signals() -> impl Strategy<Value = Vec<Signal>> {
    prop::sample::subsequence(Signal::ALL.to_vec(), 0..=Signal::ALL.len())
}

fn rules() -> impl Strategy<Value = RiskRules> {
    (prop::array::uniform11(0_i16..=200), 1..=300, 1..=300, 1..=300).prop_map(
        |(weights, raise_at, block_at, deny_at)| RiskRules {
            weights: Weights(weights),
            raise_at,
            block_at,
            deny_at,
            ..RiskRules::SHIPPED
        },
    )
}

proptest! {
    #[test]
    fn more_signals_and_stricter_rules_never_come_to_less(
        fewer in signals(), more in signals(), rules in rules(), heavier in prop::array::uniform11(0_i16..=50),
        lower in (0_i32..=50, 0_i32..=50, 0_i32..=50), can_raise: bool, is_cleared: bool,
    ) {
        let bounds = Bounds { is_cleared, can_raise };
        let all: Vec<_> = fewer.iter().chain(&more).copied().collect();
        let before = weighed(&fewer, &rules, bounds);
        prop_assert!(weighed(&all, &rules, bounds).outcome >= before.outcome);
        let mut stricter = rules;
        for (weight, more) in stricter.weights.0.iter_mut().zip(heavier) {
            *weight += more;
        }
        stricter.raise_at -= lower.0.min(rules.raise_at - 1);
        stricter.block_at -= lower.1.min(rules.block_at - 1);
        stricter.deny_at -= lower.2.min(rules.deny_at - 1);
        prop_assert!(weighed(&fewer, &stricter, bounds).outcome >= before.outcome);
    }

    #[test]
    fn weighing_again_never_comes_to_less(
        first in signals(), second in signals(), one in rules(), other in rules(), can_raise: bool, is_cleared: bool,
    ) {
        let bounds = Bounds { is_cleared, can_raise };
        let mut assessment = weighed(&first, &one, bounds);
        let before = assessment.outcome;
        for signal in second {
            assessment.note(signal, 1, &other, NOW);
        }
        prop_assert!(assessment.weigh(&other, bounds, "x/y@2", NOW) >= before);
        let score: i32 = assessment.findings.iter().map(|found| i32::from(found.weight)).sum();
        prop_assert_eq!(assessment.score, score);
    }
}
