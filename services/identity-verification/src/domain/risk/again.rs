//! What was noticed before, weighed again by other rules: for whoever asks what these would have done.

use super::{Bounds, Outcome, RiskRules, Signal};

/// What was noticed about a verification, and what else decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Past {
    /// What was noticed when it was started, with how much of it there was.
    pub at_start: Vec<(Signal, i32)>,
    /// What was noticed besides until something was proven; none where nothing was.
    pub at_proof: Option<Vec<(Signal, i32)>>,
    /// Whether a reviewer's clearance held.
    pub is_cleared: bool,
    /// Whether the methods that counted at the start could come to AAL2.
    pub could_raise: bool,
    /// The same once something was proven.
    pub could_raise_at_proof: bool,
}

impl Past {
    /// What it would have come to. What stops a verification at its start keeps it from all that was noticed later. Signals that were
    /// not looked at then, since they weighed nothing or were beyond a limit, nobody knows now: these rules may come to more than this.
    #[must_use]
    pub fn outcome(&self, rules: &RiskRules) -> Outcome {
        let bounds = |can_raise| Bounds {
            is_cleared: self.is_cleared,
            can_raise,
        };
        let begun = rules.sum(&self.at_start);
        let outcome = rules.outcome(begun, bounds(self.could_raise), Outcome::None);
        match &self.at_proof {
            Some(later) if outcome < Outcome::Blocked => {
                let bounds = bounds(self.could_raise_at_proof);
                rules.outcome(begun + rules.sum(later), bounds, outcome)
            }
            _ => outcome,
        }
    }
}

impl RiskRules {
    fn sum(&self, noticed: &[(Signal, i32)]) -> i32 {
        let counted = noticed
            .iter()
            .filter(|(signal, measure)| self.notices(*signal, *measure));
        counted.map(|(signal, _)| i32::from(self.weights.of(*signal))).sum()
    }

    /// Whether what was measured of a signal is within the limits of these rules. How many subjects or cases a source had, and how many
    /// codes went out, was counted up to the limit of then: of these nothing can be said.
    fn notices(&self, signal: Signal, measure: i32) -> bool {
        let measured = i64::from(measure);
        match signal {
            Signal::ContactChanged => measured < self.contact_changed_days,
            Signal::NumberPorted => measured < self.ported_days,
            Signal::SimSwapped => measured < self.sim_swapped_days,
            Signal::ImpossibleTravel => measure > self.travel_km_per_hour,
            Signal::NumberVoip
            | Signal::NumberPremium
            | Signal::NewDevice
            | Signal::DeviceSwitched
            | Signal::ManySubjects
            | Signal::ManyCases
            | Signal::NumberPumped => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};
    use time::macros::datetime;

    use super::*;
    use crate::domain::risk::{Assessment, Weights};

    fn past(at_start: &[Signal], at_proof: &[Signal]) -> Past {
        let noticed = |signals: &[Signal]| signals.iter().map(|signal| (*signal, 0)).collect();
        Past {
            at_start: noticed(at_start),
            at_proof: Some(noticed(at_proof)),
            is_cleared: false,
            could_raise: true,
            could_raise_at_proof: true,
        }
    }

    #[test]
    fn other_weights_and_thresholds_come_to_something_else() {
        let rules = RiskRules::SHIPPED;
        let swapped = past(&[], &[Signal::SimSwapped]);
        assert_eq!(swapped.outcome(&rules), Outcome::Blocked);
        for (block_at, deny_at, expected) in [
            (81, 200, Outcome::Raised),
            (80, 200, Outcome::Blocked),
            (60, 80, Outcome::Denied),
        ] {
            let other = RiskRules {
                block_at,
                deny_at,
                ..rules
            };
            assert_eq!(swapped.outcome(&other), expected);
        }
        let mut lighter = rules;
        lighter.weights = Weights([0; 11]);
        assert_eq!(swapped.outcome(&lighter), Outcome::None);
        let cleared = Past {
            is_cleared: true,
            ..swapped.clone()
        };
        assert_eq!(cleared.outcome(&rules), Outcome::Raised);
        let weak = Past {
            could_raise_at_proof: false,
            ..cleared
        };
        assert_eq!(weak.outcome(&rules), Outcome::Blocked);
    }

    #[test]
    fn what_is_beyond_a_narrower_limit_is_not_noticed() {
        let rules = RiskRules::SHIPPED;
        for (signal, measure, narrower) in [
            (
                Signal::ContactChanged,
                3,
                RiskRules {
                    contact_changed_days: 3,
                    ..rules
                },
            ),
            (
                Signal::NumberPorted,
                10,
                RiskRules {
                    ported_days: 10,
                    ..rules
                },
            ),
            (
                Signal::SimSwapped,
                5,
                RiskRules {
                    sim_swapped_days: 5,
                    ..rules
                },
            ),
            (
                Signal::ImpossibleTravel,
                1_500,
                RiskRules {
                    travel_km_per_hour: 1_500,
                    ..rules
                },
            ),
        ] {
            let noticed = Past {
                at_proof: Some(vec![(signal, measure)]),
                ..past(&[], &[])
            };
            assert!(noticed.outcome(&rules) > Outcome::None, "{signal:?}");
            assert_eq!(noticed.outcome(&narrower), Outcome::None, "{signal:?}");
        }
    }

    #[test]
    fn what_stops_at_the_start_comes_to_nothing_later() {
        let mut rules = RiskRules::SHIPPED;
        rules.deny_at = 120;
        let premium = past(&[Signal::NumberPremium], &[Signal::SimSwapped]);
        assert_eq!(
            premium.outcome(&rules),
            Outcome::Blocked,
            "not denied: nothing was proven"
        );
    }

    proptest! {
        /// By the rules of then it is what it was then.
        #[test]
        fn the_same_rules_come_to_the_same(
            signals in subsequence(Signal::ALL.to_vec(), 0..=Signal::ALL.len()),
            begun in 0_usize..=11,
            is_cleared: bool,
            (could_raise, could_raise_at_proof) in (any::<bool>(), any::<bool>()),
            raise_at in select(vec![10, 40, 90]),
        ) {
            let rules = RiskRules { raise_at, ..RiskRules::SHIPPED };
            let now = datetime!(2026-03-01 12:00 UTC);
            let (first, later) = signals.split_at(begun.min(signals.len()));
            let mut assessment = Assessment {
                findings: Vec::new(),
                score: 0,
                outcome: Outcome::None,
                basis: String::new(),
                assessed_at: now,
                started_by: None,
                device: None,
                counted: None,
            };
            let measure = |signal: Signal| if signal == Signal::ImpossibleTravel { 2_000 } else { 0 };
            for (noticed, can_raise) in [(first, could_raise), (later, could_raise_at_proof)] {
                if assessment.outcome >= Outcome::Blocked {
                    break;
                }
                for signal in noticed {
                    assessment.note(*signal, measure(*signal), &rules, now);
                }
                assessment.weigh(&rules, Bounds { is_cleared, can_raise }, "", now);
            }
            let noticed = |signals: &[Signal]| signals.iter().map(|signal| (*signal, measure(*signal))).collect();
            let again = Past {
                at_start: noticed(first),
                at_proof: Some(noticed(later)),
                is_cleared,
                could_raise,
                could_raise_at_proof,
            };
            prop_assert_eq!(again.outcome(&rules), assessment.outcome);
        }
    }
}
