//! The states of a verification, as a table.
//!
//! | from        | challenge    | approve    | exhaust        | expire    | cancel     | deny     | block     |
//! |-------------|--------------|------------|----------------|-----------|------------|----------|-----------|
//! | created     | challenged   |            |                | expired   | canceled   | denied   | blocked   |
//! | challenged  | challenged   | approved   | `max_attempts` | expired   | canceled   | denied   | blocked   |
//!
//! All other states are ends: nothing leads out of them, so a code is good once.

use support_chassis::named;

named! {
    /// How far a verification is.
    State {
        /// Made; nothing has been sent yet.
        Created = "created",
        /// A code is on its way or there.
        Challenged = "challenged",
        /// The right code came back.
        Approved = "approved",
        /// Refused by policy.
        Denied = "denied",
        /// Nobody redeemed it in time.
        Expired = "expired",
        /// Too many wrong codes.
        MaxAttempts = "max_attempts",
        /// Given up by the caller.
        Canceled = "canceled",
        /// Stopped because of risk.
        Blocked = "blocked",
    }
}

/// What can happen to a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A code is sent, for the first time or again.
    Challenge,
    /// The right code came.
    Approve,
    /// The last check was used up by a wrong code.
    Exhaust,
    /// Its time is over.
    Expire,
    /// The caller gives it up.
    Cancel,
    /// Policy refuses it.
    Deny,
    /// Risk stops it.
    Block,
}

/// Every way from one state to another. There are no others.
pub const TRANSITIONS: &[(State, Step, State)] = &[
    (State::Created, Step::Challenge, State::Challenged),
    (State::Created, Step::Expire, State::Expired),
    (State::Created, Step::Cancel, State::Canceled),
    (State::Created, Step::Deny, State::Denied),
    (State::Created, Step::Block, State::Blocked),
    (State::Challenged, Step::Challenge, State::Challenged),
    (State::Challenged, Step::Approve, State::Approved),
    (State::Challenged, Step::Exhaust, State::MaxAttempts),
    (State::Challenged, Step::Expire, State::Expired),
    (State::Challenged, Step::Cancel, State::Canceled),
    (State::Challenged, Step::Deny, State::Denied),
    (State::Challenged, Step::Block, State::Blocked),
];

/// A step that a state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a verification that is {} does not allow this", .from.as_str())]
pub struct NotAllowed {
    /// The state.
    pub from: State,
}

/// The state that `step` leads to.
///
/// # Errors
///
/// [`NotAllowed`] where the table has no such way.
pub fn transition(from: State, step: Step) -> Result<State, NotAllowed> {
    TRANSITIONS
        .iter()
        .find(|(state, by, _)| (*state, *by) == (from, step))
        .map(|(_, _, to)| *to)
        .ok_or(NotAllowed { from })
}

impl State {
    /// Whether something can still happen.
    #[must_use]
    pub fn is_open(self) -> bool {
        TRANSITIONS.iter().any(|(from, _, _)| *from == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [Step; 7] = [
        Step::Challenge,
        Step::Approve,
        Step::Exhaust,
        Step::Expire,
        Step::Cancel,
        Step::Deny,
        Step::Block,
    ];

    #[test]
    fn only_what_is_open_can_be_left_and_an_approval_needs_a_code_sent() {
        for &state in State::ALL {
            let ways = STEPS.iter().filter(|step| transition(state, **step).is_ok()).count();
            let expected = match state {
                State::Created => 5,
                State::Challenged => 7,
                _ => 0,
            };
            assert_eq!(ways, expected, "{state:?}");
            assert_eq!(state.is_open(), ways > 0, "{state:?}");
        }
        let approvals: Vec<_> = TRANSITIONS.iter().filter(|(_, _, to)| *to == State::Approved).collect();
        assert_eq!(approvals, [&(State::Challenged, Step::Approve, State::Approved)]);
    }

    #[test]
    fn a_state_and_a_step_lead_to_one_state() {
        for (index, (from, step, _)) in TRANSITIONS.iter().enumerate() {
            assert!(
                TRANSITIONS[index + 1..]
                    .iter()
                    .all(|(other, by, _)| (other, by) != (from, step))
            );
        }
    }

    #[test]
    fn states_are_read_back_as_written() {
        for &state in State::ALL {
            assert_eq!(State::from_name(state.as_str()), Some(state));
        }
        assert_eq!(State::from_name("open"), None);
    }

    #[test]
    fn the_table_in_the_text_is_the_table_in_the_code() {
        let text = include_str!("machine.rs");
        let rows: Vec<Vec<&str>> = text
            .lines()
            .filter_map(|line| line.strip_prefix("//! | "))
            .map(|line| {
                line.trim_end_matches('|')
                    .split('|')
                    .map(|cell| cell.trim().trim_matches('`'))
                    .collect()
            })
            .collect();
        let mut told = Vec::new();
        for row in &rows[1..] {
            let from = State::from_name(row[0]).unwrap();
            for (step, to) in STEPS.iter().zip(&row[1..]).filter(|(_, to)| !to.is_empty()) {
                told.push((from, *step, State::from_name(to).unwrap()));
            }
        }
        told.sort_unstable();
        let mut known = TRANSITIONS.to_vec();
        known.sort_unstable();
        assert_eq!(told, known);
    }
}
