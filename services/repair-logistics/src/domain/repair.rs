//! A repair: one device, from the order to the customer's hand.

use std::fmt;

use support_chassis::{id_type, named};
use time::OffsetDateTime;

use super::payment::Pays;
use super::procedures::Procedures;
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

id_type! {
    /// Names an entitlement of warranty: what was reserved for a repair.
    EntitlementId
}

named! {
    /// What is owed for a repair. What warranty refuses is not ordered, so it is not here.
    Coverage {
        /// Free of charge under the maker's limited warranty.
        LimitedWarranty = "limited_warranty",
        /// Free of charge under the law of the country of purchase.
        StatutoryRight = "statutory_right",
        /// Free of charge, because the device was repaired not long ago.
        RepairWarranty = "repair_warranty",
        /// Under a plan, for its fee.
        Plan = "plan",
        /// Free of charge, of what the maker knows to be faulty in these devices.
        ServiceProgram = "service_program",
        /// Free of charge, because the maker wants to.
        Goodwill = "goodwill",
        /// At a price.
        OutOfWarranty = "out_of_warranty",
    }
}

impl Coverage {
    /// Whether warranty keeps book of it: a repair at a price uses nothing up.
    #[must_use]
    pub const fn is_reserved(self) -> bool {
        !matches!(self, Self::OutOfWarranty)
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
    /// What the customer says is wrong; none where they were erased. A person's words: never in a log or an event.
    pub problem: Option<String>,
    /// The language of `problem`, BCP 47.
    pub language: String,
    /// What is owed for it.
    pub coverage: Coverage,
    /// The decision that says so.
    pub decision_id: DecisionId,
    /// What the customer pays; none of repairs from before prices were kept.
    pub pays: Option<Pays>,
    /// What was reserved for it; none where nothing was.
    pub entitlement_id: Option<EntitlementId>,
    /// The partner's own reference.
    pub partner_reference: Option<String>,
    /// What was said of the last step that was taken with a note. A person's words: never in a log or an event.
    pub note: Option<String>,
    /// What is due when.
    pub due: Due,
    /// The procedures that its last step was taken by; none of repairs from before there were any.
    pub procedures_version: Option<String>,
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

/// When the device came in, and what is due when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Due {
    /// When the device came in; none before that.
    pub received_at: Option<OffsetDateTime>,
    /// When the next step is due; none before the device is there and once it is back.
    pub step: Option<OffsetDateTime>,
    /// When the device is due back; none before it is there.
    pub back: Option<OffsetDateTime>,
}

/// Why a step is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepRefused {
    /// The repair's state does not allow it.
    State(NotAllowed),
    /// The order may not be begun any more since then.
    OrderExpired(OffsetDateTime),
    /// It is only taken with a note.
    NoteRequired(Verb),
}

impl From<NotAllowed> for StepRefused {
    fn from(refused: NotAllowed) -> Self {
        Self::State(refused)
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

    /// The repair after `step`, of which `note` was said, by `procedures` at `now`. Of a customer who was erased no note is kept.
    ///
    /// # Errors
    ///
    /// Where its state does not allow it, or the procedures do not.
    pub fn after(
        &self,
        step: Step,
        note: Option<String>,
        procedures: &Procedures,
        now: OffsetDateTime,
    ) -> Result<Self, StepRefused> {
        let verb = step.verb();
        let progress = self.progress.after(step)?;
        let valid_until = self.submitted_at + procedures.order_valid_for;
        if verb == Verb::ReceiveDevice && now > valid_until {
            return Err(StepRefused::OrderExpired(valid_until));
        }
        if note.is_none() && procedures.note_required_for.contains(&verb) {
            return Err(StepRefused::NoteRequired(verb));
        }
        let note = note.or_else(|| self.note.clone()).filter(|_| self.problem.is_some());
        let turnaround = procedures.turnaround;
        let is_received = verb == Verb::ReceiveDevice;
        let due = Due {
            received_at: if is_received { Some(now) } else { self.due.received_at },
            step: turnaround.step_due(progress.state, now, self.due.step),
            back: if is_received {
                Some(now + turnaround.whole())
            } else {
                self.due.back
            },
        };
        Ok(Self {
            progress,
            note,
            due,
            procedures_version: Some(procedures.version.clone()),
            version: self.version + 1,
            updated_at: now,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::Duration;
    use time::macros::datetime;

    use super::*;
    use crate::domain::procedures::Turnaround;
    use crate::domain::provider::ProductLine;

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

    fn procedures() -> Procedures {
        Procedures {
            version: "repair-logistics/repair-procedures@1".to_owned(),
            turnaround: Turnaround {
                diagnose_within: Duration::days(1),
                repair_within: Duration::days(4),
                return_within: Duration::days(2),
            },
            product_lines: vec![ProductLine::Phone],
            order_valid_for: Duration::days(30),
            note_required_for: vec![Verb::FinishUnrepaired],
        }
    }

    const ORDERED: OffsetDateTime = datetime!(2026-03-01 10:00 UTC);

    fn ordered() -> Repair {
        let ids = Ids::new("eu".parse().unwrap(), Clock::system());
        Repair {
            id: ids.next(),
            case_id: ids.next(),
            provider_id: ids.next(),
            organisation: None,
            device_id: ids.next(),
            serial_number: "AAAA0001".to_owned(),
            progress: Progress::submitted(),
            problem: Some("broken".to_owned()),
            language: "en".to_owned(),
            coverage: Coverage::LimitedWarranty,
            decision_id: ids.next(),
            pays: Some(Pays::Nothing),
            entitlement_id: None,
            partner_reference: None,
            note: None,
            due: Due::default(),
            procedures_version: None,
            version: 1,
            submitted_at: ORDERED,
            updated_at: ORDERED,
        }
    }

    #[test]
    fn due_times_follow_the_procedures_of_the_step() {
        let (quick, mut slow) = (procedures(), procedures());
        slow.version = "repair-logistics/repair-procedures@2".to_owned();
        slow.turnaround.return_within = Duration::days(20);
        let days = |days| ORDERED + Duration::days(days);
        let received = ordered().after(Step::ReceiveDevice, None, &quick, days(3)).unwrap();
        assert_eq!(
            received.due,
            Due {
                received_at: Some(days(3)),
                step: Some(days(4)),
                back: Some(days(10)),
            }
        );
        let found = Step::RecordDiagnosis("BATTERY".to_owned());
        let diagnosed = received.after(found, None, &quick, days(5)).unwrap();
        assert_eq!(diagnosed.due.step, Some(days(9)));
        let begun = diagnosed.after(Step::StartRepair, None, &slow, days(8)).unwrap();
        assert_eq!(begun.due.step, Some(days(9)), "beginning puts nothing off");
        assert_eq!(begun.procedures_version.as_deref(), Some(slow.version.as_str()));
        let finished = begun
            .after(Step::Finish(Outcome::Repaired), None, &slow, days(9))
            .unwrap();
        assert_eq!((finished.due.step, finished.due.back), (Some(days(29)), Some(days(10))));
        let back = finished.after(Step::ReturnDevice, None, &quick, days(11)).unwrap();
        assert_eq!((back.due.step, back.due.back), (None, Some(days(10))));
    }

    #[test]
    fn an_order_is_begun_while_it_is_valid() {
        let last = ORDERED + Duration::days(30);
        assert!(ordered().after(Step::ReceiveDevice, None, &procedures(), last).is_ok());
        let late = last + Duration::microseconds(1);
        let refused = ordered().after(Step::ReceiveDevice, None, &procedures(), late);
        assert_eq!(refused.unwrap_err(), StepRefused::OrderExpired(last));
        assert!(
            ordered().after(Step::Cancel, None, &procedures(), late).is_ok(),
            "an old order can be taken back"
        );
    }

    #[test]
    fn a_note_is_asked_for_where_the_procedures_do_and_stays() {
        let step = |repair: &Repair, step, note: Option<&str>| {
            repair.after(step, note.map(str::to_owned), &procedures(), ORDERED)
        };
        let received = step(&ordered(), Step::ReceiveDevice, Some("no box")).unwrap();
        let diagnosed = step(&received, Step::RecordDiagnosis("BOARD".to_owned()), None).unwrap();
        assert_eq!(diagnosed.note.as_deref(), Some("no box"));
        let refused = step(&diagnosed, Step::Finish(Outcome::EndOfLife), None).unwrap_err();
        assert_eq!(refused, StepRefused::NoteRequired(Verb::FinishUnrepaired));
        let finished = step(&diagnosed, Step::Finish(Outcome::EndOfLife), Some("no such board")).unwrap();
        assert_eq!(finished.note.as_deref(), Some("no such board"));
        // What is not possible at all is no question of a note.
        let refused = step(&received, Step::Finish(Outcome::EndOfLife), None).unwrap_err();
        assert!(matches!(refused, StepRefused::State(_)));
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
