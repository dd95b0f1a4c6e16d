//! Risk as the contract carries it.

use std::cmp::Reverse;

use support_chassis::clock::timestamp;
use support_chassis::error::Violation;
use support_proto::support::identity::v1 as pb;
use time::OffsetDateTime;

use crate::api::present;
use crate::domain::risk::{Decision, Ground, Outcome, Signal};
use crate::ops::review_risk::Reviewed;
use crate::store::risk::Review;

/// An assessment at `now`.
#[must_use]
pub fn assessment(reviewed: &Reviewed, now: OffsetDateTime) -> pb::RiskAssessment {
    let (verification, assessment) = (&reviewed.verification, &reviewed.assessment);
    let mut findings = assessment.findings.clone();
    findings.sort_by_key(|found| Reverse(found.weight));
    let text = |id: Option<String>| id.unwrap_or_default();
    pb::RiskAssessment {
        verification_id: verification.id.to_string(),
        outcome: outcome(assessment.outcome).into(),
        score: assessment.score,
        findings: findings
            .iter()
            .map(|found| pb::RiskFinding {
                signal: signal(found.signal).into(),
                weight: found.weight.into(),
                measure: found.measure,
                find_time: Some(timestamp(found.found_at)),
            })
            .collect(),
        standard_basis: assessment.basis.clone(),
        assess_time: Some(timestamp(assessment.assessed_at)),
        reviews: reviewed.reviews.iter().map(review).collect(),
        state: present::state(verification.state_at(now)).into(),
        purpose: present::purpose(verification.purpose).into(),
        case_id: text(verification.case_id.map(|id| id.to_string())),
        customer_id: text(
            verification
                .subject
                .as_ref()
                .map(|subject| subject.customer_id.to_string()),
        ),
    }
}

fn review(review: &Review) -> pb::RiskReview {
    pb::RiskReview {
        decision: decision(review.decision).into(),
        ground: ground(review.ground).into(),
        reviewer: review.reviewer.clone(),
        review_time: Some(timestamp(review.reviewed_at)),
        expire_time: review.clears.map(|(_, expires_at)| timestamp(expires_at)),
    }
}

/// What was noticed.
#[must_use]
pub fn signal(signal: Signal) -> pb::RiskSignal {
    match signal {
        Signal::ContactChanged => pb::RiskSignal::ContactChanged,
        Signal::NumberPorted => pb::RiskSignal::NumberPorted,
        Signal::NumberVoip => pb::RiskSignal::NumberVoip,
        Signal::NumberPremium => pb::RiskSignal::NumberPremium,
        Signal::SimSwapped => pb::RiskSignal::SimSwapped,
        Signal::ImpossibleTravel => pb::RiskSignal::ImpossibleTravel,
        Signal::NewDevice => pb::RiskSignal::NewDevice,
        Signal::DeviceSwitched => pb::RiskSignal::DeviceSwitched,
        Signal::ManySubjects => pb::RiskSignal::ManySubjects,
        Signal::ManyCases => pb::RiskSignal::ManyCases,
        Signal::NumberPumped => pb::RiskSignal::NumberPumped,
    }
}

/// What it came to.
#[must_use]
pub fn outcome(outcome: Outcome) -> pb::RiskOutcome {
    match outcome {
        Outcome::None => pb::RiskOutcome::None,
        Outcome::Raised => pb::RiskOutcome::Raised,
        Outcome::Blocked => pb::RiskOutcome::Blocked,
        Outcome::Denied => pb::RiskOutcome::Denied,
    }
}

/// What was decided.
#[must_use]
pub fn decision(decision: Decision) -> pb::RiskDecision {
    match decision {
        Decision::Cleared => pb::RiskDecision::Cleared,
        Decision::Denied => pb::RiskDecision::Denied,
    }
}

/// Why.
#[must_use]
pub fn ground(ground: Ground) -> pb::RiskGround {
    match ground {
        Ground::SeenInPerson => pb::RiskGround::SeenInPerson,
        Ground::CalledBack => pb::RiskGround::CalledBack,
        Ground::Explained => pb::RiskGround::Explained,
        Ground::SignalWrong => pb::RiskGround::SignalWrong,
        Ground::Impersonation => pb::RiskGround::Impersonation,
        Ground::NotAskedFor => pb::RiskGround::NotAskedFor,
    }
}

/// Reads a ground.
pub(super) fn read_ground(given: pb::RiskGround) -> Result<Ground, Violation> {
    Ground::ALL
        .iter()
        .copied()
        .find(|known| ground(*known) == given)
        .ok_or_else(|| Violation::new("ground", "is none of the grounds"))
}

/// Reads an outcome; none where none is named.
pub(super) fn read_outcome(given: pb::RiskOutcome) -> Option<Outcome> {
    Outcome::ALL.iter().copied().find(|known| outcome(*known) == given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contract_names_what_we_name() {
        for &known in Signal::ALL {
            let name = signal(known).as_str_name().to_ascii_lowercase();
            assert_eq!(name, format!("risk_signal_{}", known.as_str()));
        }
        for &known in Ground::ALL {
            assert_eq!(read_ground(ground(known)).unwrap(), known);
        }
        for &known in Outcome::ALL {
            assert_eq!(read_outcome(outcome(known)), Some(known));
        }
        assert_eq!(read_outcome(pb::RiskOutcome::Unspecified), None);
    }
}
