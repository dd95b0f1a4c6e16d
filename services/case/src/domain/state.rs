//! The state machine of a case, as a table.

use std::fmt::Write as _;

use support_chassis::named;

use super::kinds::CloseReason;

named! {
    /// How far a case is.
    State {
        /// Waiting for a person.
        Open = "open",
        /// A person works on it.
        Assigned = "assigned",
        /// Settled, as far as we know; the customer may object.
        Resolved = "resolved",
        /// Over.
        Closed = "closed",
    }
}

/// What can be done with a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Give it to an agent, also from one agent to another.
    Assign,
    /// Say how much is at stake.
    Rate,
    /// Say in which language it is held.
    Speak,
    /// Say that the concern is settled.
    Resolve,
    /// Object to that.
    Reopen,
    /// End it for good.
    Close(CloseReason),
    /// Say something, as the customer.
    Hear,
    /// Say something, as staff.
    Tell,
}

impl Action {
    /// All actions.
    pub const ALL: &'static [Self] = &[
        Self::Assign,
        Self::Rate,
        Self::Speak,
        Self::Resolve,
        Self::Reopen,
        Self::Close(CloseReason::Solved),
        Self::Close(CloseReason::Withdrawn),
        Self::Close(CloseReason::Duplicate),
        Self::Close(CloseReason::NoAnswer),
        Self::Hear,
        Self::Tell,
    ];

    /// Its name in errors and diagrams.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assign => "assign",
            Self::Rate => "change_severity",
            Self::Speak => "change_language",
            Self::Resolve => "resolve",
            Self::Reopen => "reopen",
            Self::Close(CloseReason::Solved) => "close_solved",
            Self::Close(CloseReason::Withdrawn) => "close_withdrawn",
            Self::Close(CloseReason::Duplicate) => "close_duplicate",
            Self::Close(CloseReason::NoAnswer) => "close_no_answer",
            Self::Hear => "customer_message",
            Self::Tell => "staff_message",
        }
    }
}

/// All that may be done: from a state, by an action, to a state. What is not here is refused.
///
/// An open case can be resolved without being assigned: the agent who took the task may be done before routing's
/// event has arrived here.
pub const TRANSITIONS: &[(State, Action, State)] = &[
    (State::Open, Action::Assign, State::Assigned),
    (State::Open, Action::Rate, State::Open),
    (State::Open, Action::Speak, State::Open),
    (State::Open, Action::Resolve, State::Resolved),
    (State::Open, Action::Close(CloseReason::Withdrawn), State::Closed),
    (State::Open, Action::Close(CloseReason::Duplicate), State::Closed),
    (State::Open, Action::Close(CloseReason::NoAnswer), State::Closed),
    (State::Open, Action::Hear, State::Open),
    (State::Open, Action::Tell, State::Open),
    (State::Assigned, Action::Assign, State::Assigned),
    (State::Assigned, Action::Rate, State::Assigned),
    (State::Assigned, Action::Speak, State::Assigned),
    (State::Assigned, Action::Resolve, State::Resolved),
    (State::Assigned, Action::Close(CloseReason::Withdrawn), State::Closed),
    (State::Assigned, Action::Close(CloseReason::Duplicate), State::Closed),
    (State::Assigned, Action::Close(CloseReason::NoAnswer), State::Closed),
    (State::Assigned, Action::Hear, State::Assigned),
    (State::Assigned, Action::Tell, State::Assigned),
    (State::Resolved, Action::Reopen, State::Open),
    (State::Resolved, Action::Hear, State::Open),
    (State::Resolved, Action::Tell, State::Resolved),
    (State::Resolved, Action::Close(CloseReason::Solved), State::Closed),
    (State::Resolved, Action::Close(CloseReason::Withdrawn), State::Closed),
];

/// A case's state does not allow what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a case that is {} does not allow {}", .state.as_str(), .action.as_str())]
pub struct IllegalAction {
    /// The state it is in.
    pub state: State,
    /// What was asked.
    pub action: Action,
}

/// The state that `action` leads to.
///
/// # Errors
///
/// [`IllegalAction`], where the table has no such line.
pub fn transition(state: State, action: Action) -> Result<State, IllegalAction> {
    TRANSITIONS
        .iter()
        .find(|(from, by, _)| *from == state && *by == action)
        .map(|(_, _, to)| *to)
        .ok_or(IllegalAction { state, action })
}

/// The table as a Mermaid diagram, as the README shows it.
#[must_use]
pub fn diagram() -> String {
    let mut text = "stateDiagram-v2\n    [*] --> open\n".to_owned();
    for from in State::ALL {
        for to in State::ALL {
            let actions: Vec<_> = TRANSITIONS
                .iter()
                .filter(|(begin, _, end)| begin == from && end == to)
                .map(|(_, action, _)| action.as_str())
                .collect();
            if !actions.is_empty() {
                let _ = writeln!(
                    text,
                    "    {} --> {}: {}",
                    from.as_str(),
                    to.as_str(),
                    actions.join(", ")
                );
            }
        }
    }
    text.push_str("    closed --> [*]\n");
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_pair_has_at_most_one_end() {
        let mut seen = BTreeSet::new();
        for (from, action, _) in TRANSITIONS {
            assert!(
                seen.insert((from.as_str(), action.as_str())),
                "{from:?} {action:?} stands twice"
            );
        }
    }

    #[test]
    fn nothing_leaves_closed() {
        for action in Action::ALL {
            let refused = IllegalAction {
                state: State::Closed,
                action: *action,
            };
            assert_eq!(transition(State::Closed, *action), Err(refused));
        }
    }

    #[test]
    fn solved_is_what_was_resolved() {
        for state in State::ALL {
            let may = transition(*state, Action::Close(CloseReason::Solved)).is_ok();
            assert_eq!(may, *state == State::Resolved, "{state:?}");
        }
    }

    #[test]
    fn the_readme_shows_this_table() {
        let readme = include_str!("../../README.md");
        assert!(
            readme.contains(&diagram()),
            "the diagram in README.md should be:\n{}",
            diagram()
        );
    }
}
