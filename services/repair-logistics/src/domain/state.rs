//! How far a repair is, and what moves it on: a table, and one function that reads it.

use support_chassis::named;

named! {
    /// How far a repair is.
    State {
        /// Ordered; the device is not there yet.
        Submitted = "submitted",
        /// The device is there.
        Received = "received",
        /// What is wrong is known.
        Diagnosed = "diagnosed",
        /// Somebody works on it.
        InRepair = "in_repair",
        /// The work has ended; the device waits to go back.
        Finished = "finished",
        /// The device is back with the customer.
        Returned = "returned",
        /// The order was taken back.
        Canceled = "canceled",
    }
}

named! {
    /// What a repair came to.
    Outcome {
        /// It works again.
        Repaired = "repaired",
        /// It could be repaired, but was not.
        Repairable = "repairable",
        /// It cannot be repaired.
        EndOfLife = "end_of_life",
        /// Nobody could tell.
        Unknown = "unknown",
    }
}

named! {
    /// What moves a repair on.
    Verb {
        /// The device has come in.
        ReceiveDevice = "receive_device",
        /// What is wrong has been found.
        RecordDiagnosis = "record_diagnosis",
        /// Work begins.
        StartRepair = "start_repair",
        /// Work has ended, and it works again.
        FinishRepaired = "finish_repaired",
        /// Work has ended, or never began, and it does not work.
        FinishUnrepaired = "finish_unrepaired",
        /// The device is back in the customer's hand.
        ReturnDevice = "return_device",
        /// The order is taken back.
        CancelRepair = "cancel_repair",
    }
}

/// Which verb leads from which state to which. What is not here is not allowed.
///
/// - What has come in must go back: no way leads from RECEIVED to CANCELED.
/// - What was not worked on was not repaired: only without success does a diagnosis end the work.
pub const TRANSITIONS: &[(State, Verb, State)] = &[
    (State::Submitted, Verb::ReceiveDevice, State::Received),
    (State::Submitted, Verb::CancelRepair, State::Canceled),
    (State::Received, Verb::RecordDiagnosis, State::Diagnosed),
    (State::Diagnosed, Verb::StartRepair, State::InRepair),
    (State::Diagnosed, Verb::FinishUnrepaired, State::Finished),
    (State::InRepair, Verb::FinishRepaired, State::Finished),
    (State::InRepair, Verb::FinishUnrepaired, State::Finished),
    (State::Finished, Verb::ReturnDevice, State::Returned),
];

/// The repair's state does not allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAllowed {
    /// The state it is in.
    pub state: State,
    /// What was asked for.
    pub verb: Verb,
}

/// The state that `verb` leads to from `state`.
///
/// # Errors
///
/// Where it leads nowhere.
pub fn transition(state: State, verb: Verb) -> Result<State, NotAllowed> {
    TRANSITIONS
        .iter()
        .find(|(from, by, _)| *from == state && *by == verb)
        .map(|(_, _, to)| *to)
        .ok_or(NotAllowed { state, verb })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_and_a_verb_lead_to_one_state_at_most() {
        for (place, (from, by, _)) in TRANSITIONS.iter().enumerate() {
            let again = TRANSITIONS
                .iter()
                .skip(place + 1)
                .any(|(other, verb, _)| other == from && verb == by);
            assert!(!again, "{from:?} {by:?}");
        }
    }

    #[test]
    fn every_state_is_reached_and_two_are_ends() {
        let mut reached = vec![State::Submitted];
        let mut at = 0;
        while at < reached.len() {
            let onward = Verb::ALL.iter().filter_map(|verb| transition(reached[at], *verb).ok());
            for next in onward.collect::<Vec<_>>() {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            }
            at += 1;
        }
        assert_eq!(reached.len(), State::ALL.len());
        let ends: Vec<_> = State::ALL
            .iter()
            .filter(|state| Verb::ALL.iter().all(|verb| transition(**state, *verb).is_err()))
            .collect();
        assert_eq!(ends, [&State::Returned, &State::Canceled]);
    }
}
