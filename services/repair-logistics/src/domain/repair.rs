//! A repair: one device, from the order to the customer's hand.

use std::fmt;

use support_chassis::{id_type, named};
use time::OffsetDateTime;

use super::provider::ProviderId;
use super::state::{NotAllowed, Outcome, State, Verb, transition};

id_type! {
    /// Names a repair.
    RepairId
}

id_type! {
    /// Names a case of the case service.
    CaseId
}

id_type! {
    /// Names a customer of identity-verification.
    CustomerId
}

id_type! {
    /// Names a device of warranty.
    DeviceId
}

id_type! {
    /// Names a coverage decision of warranty.
    DecisionId
}

named! {
    /// What is owed for a repair. What warranty refuses is not ordered, so it is not here.
    Coverage {
        /// Free of charge under the maker's limited warranty.
        LimitedWarranty = "limited_warranty",
        /// Free of charge under the law of the country of purchase.
        StatutoryRight = "statutory_right",
        /// At a price.
        OutOfWarranty = "out_of_warranty",
    }
}

/// One repair of one device.
#[derive(Clone, PartialEq, Eq)]
pub struct Repair {
    /// Its id.
    pub id: RepairId,
    /// The case it belongs to.
    pub case_id: CaseId,
    /// Who carries it out.
    pub provider_id: ProviderId,
    /// The provider's organisation, who sees and moves it; none for the maker's own places.
    pub organisation: Option<String>,
    /// The device.
    pub device_id: DeviceId,
    /// The device's serial number.
    pub serial_number: String,
    /// How far it is, and what is known by then.
    pub progress: Progress,
    /// What the customer says is wrong. A person's words: never in a log or an event.
    pub problem: String,
    /// The language of `problem`, BCP 47.
    pub language: String,
    /// What is owed for it.
    pub coverage: Coverage,
    /// The decision that says so.
    pub decision_id: DecisionId,
    /// The partner's own reference.
    pub partner_reference: Option<String>,
    /// Rises with every change, from 1.
    pub version: i64,
    /// When it was ordered.
    pub submitted_at: OffsetDateTime,
    /// When it last moved.
    pub updated_at: OffsetDateTime,
}

/// Ids and states only: a repair may be logged, what its customer says may not.
impl fmt::Debug for Repair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Repair")
            .field("id", &self.id)
            .field("case_id", &self.case_id)
            .field("provider_id", &self.provider_id)
            .field("progress", &self.progress)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// How far a repair is, and what is known by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// How far it is.
    pub state: State,
    /// What the technician found, from the diagnosis on.
    pub diagnosis_code: Option<String>,
    /// What it came to, once it is finished.
    pub outcome: Option<Outcome>,
}

/// What happens to a repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The device has come in.
    ReceiveDevice,
    /// This was found.
    RecordDiagnosis(String),
    /// Work begins.
    StartRepair,
    /// Work has ended with this.
    Finish(Outcome),
    /// The device is back in the customer's hand.
    ReturnDevice,
    /// The order is taken back.
    Cancel,
}

impl Step {
    /// What it does to the state.
    #[must_use]
    pub fn verb(&self) -> Verb {
        match self {
            Self::ReceiveDevice => Verb::ReceiveDevice,
            Self::RecordDiagnosis(_) => Verb::RecordDiagnosis,
            Self::StartRepair => Verb::StartRepair,
            Self::Finish(Outcome::Repaired) => Verb::FinishRepaired,
            Self::Finish(Outcome::Repairable | Outcome::EndOfLife | Outcome::Unknown) => Verb::FinishUnrepaired,
            Self::ReturnDevice => Verb::ReturnDevice,
            Self::Cancel => Verb::CancelRepair,
        }
    }
}

impl Progress {
    /// A repair that was just ordered.
    #[must_use]
    pub fn submitted() -> Self {
        Self {
            state: State::Submitted,
            diagnosis_code: None,
            outcome: None,
        }
    }

    /// How far it is after `step`.
    ///
    /// # Errors
    ///
    /// Where its state does not allow it.
    pub fn after(&self, step: Step) -> Result<Self, NotAllowed> {
        let mut next = Self {
            state: transition(self.state, step.verb())?,
            ..self.clone()
        };
        match step {
            Step::RecordDiagnosis(code) => next.diagnosis_code = Some(code),
            Step::Finish(outcome) => next.outcome = Some(outcome),
            Step::ReceiveDevice | Step::StartRepair | Step::ReturnDevice | Step::Cancel => {}
        }
        Ok(next)
    }
}

impl Repair {
    /// Changes with every change of the repair.
    #[must_use]
    pub fn etag(&self) -> String {
        self.version.to_string()
    }

    /// The repair after `step`, at `now`.
    ///
    /// # Errors
    ///
    /// Where its state does not allow it.
    pub fn after(&self, step: Step, now: OffsetDateTime) -> Result<Self, NotAllowed> {
        Ok(Self {
            progress: self.progress.after(step)?,
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steps() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::ReceiveDevice),
            Just(Step::RecordDiagnosis("BATTERY".to_owned())),
            Just(Step::StartRepair),
            prop::sample::select(Outcome::ALL).prop_map(Step::Finish),
            Just(Step::ReturnDevice),
            Just(Step::Cancel),
        ]
    }

    #[test]
    fn a_device_goes_the_whole_way() {
        let way = [
            Step::ReceiveDevice,
            Step::RecordDiagnosis("BATTERY".to_owned()),
            Step::StartRepair,
            Step::Finish(Outcome::Repaired),
            Step::ReturnDevice,
        ];
        let end = way
            .into_iter()
            .try_fold(Progress::submitted(), |progress, step| progress.after(step))
            .unwrap();
        assert_eq!(end.state, State::Returned);
        assert_eq!(
            (end.diagnosis_code.as_deref(), end.outcome),
            (Some("BATTERY"), Some(Outcome::Repaired))
        );
    }

    #[test]
    fn only_what_was_worked_on_is_repaired() {
        let diagnosed = Progress::submitted()
            .after(Step::ReceiveDevice)
            .and_then(|progress| progress.after(Step::RecordDiagnosis("WATER".to_owned())))
            .unwrap();
        let refused = diagnosed.after(Step::Finish(Outcome::Repaired)).unwrap_err();
        assert_eq!((refused.state, refused.verb), (State::Diagnosed, Verb::FinishRepaired));
        for outcome in [Outcome::Repairable, Outcome::EndOfLife, Outcome::Unknown] {
            assert_eq!(diagnosed.after(Step::Finish(outcome)).unwrap().outcome, Some(outcome));
        }
        let received = Progress::submitted().after(Step::ReceiveDevice).unwrap();
        assert!(received.after(Step::Cancel).is_err(), "what has come in must go back");
    }

    proptest! {
        #[test]
        fn what_is_known_fits_the_state(steps in prop::collection::vec(steps(), 0..20)) {
            let mut progress = Progress::submitted();
            for step in steps {
                let before = progress.clone();
                match progress.after(step) {
                    Ok(next) => progress = next,
                    Err(refused) => prop_assert_eq!(refused.state, before.state),
                }
                let is_diagnosed = matches!(
                    progress.state, State::Diagnosed | State::InRepair | State::Finished | State::Returned
                );
                prop_assert_eq!(progress.diagnosis_code.is_some(), is_diagnosed);
                prop_assert_eq!(progress.outcome.is_some(), matches!(progress.state, State::Finished | State::Returned));
            }
        }
    }
}
