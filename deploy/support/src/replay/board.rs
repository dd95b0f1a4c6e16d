//! What the callers and the staff of one replay know of each other: what is said on the telephone, and does not pass through
//! the system.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::session::Caller;

/// Where a call stands.
#[derive(Debug, Clone)]
pub enum Stage {
    /// The case is not open yet.
    Before,
    /// Waits for an answer.
    Waiting,
    /// An agent has taken it, at this time of day.
    Answered {
        /// Seconds since the day's midnight.
        at: f64,
    },
    /// The conversation is over and its task is done; whoever led it can settle the case.
    Talked {
        /// When it was taken, in seconds since the day's midnight.
        at: f64,
        /// The agent.
        agent: Box<Caller>,
    },
    /// The caller has given up.
    GaveUp,
}

/// All calls of a run, by key.
#[derive(Debug)]
pub struct Board {
    /// How source references of this run begin.
    prefix: String,
    lines: HashMap<String, Line>,
    cases: Mutex<HashMap<String, String>>,
}

/// One call.
#[derive(Debug)]
pub struct Line {
    /// How long the conversation takes, in seconds of the day.
    pub service: f64,
    stage: watch::Sender<Stage>,
}

impl Board {
    /// A board of calls with their lengths of service.
    pub fn new(prefix: String, calls: impl IntoIterator<Item = (String, f64)>) -> Self {
        let lines = calls.into_iter().map(|(key, service)| {
            (
                key,
                Line {
                    service,
                    stage: watch::Sender::new(Stage::Before),
                },
            )
        });
        Self {
            prefix,
            lines: lines.collect(),
            cases: Mutex::default(),
        }
    }

    /// The source reference of a call's case.
    #[must_use]
    pub fn source_reference(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// How all of them begin.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The call that a source reference names, if it is of this run.
    #[must_use]
    pub fn key_of<'a>(&self, source_reference: &'a str) -> Option<&'a str> {
        source_reference
            .strip_prefix(&self.prefix)
            .filter(|key| self.lines.contains_key(*key))
    }

    /// A call.
    #[must_use]
    pub fn line(&self, key: &str) -> Option<&Line> {
        self.lines.get(key)
    }

    /// Notes whose case it is, so that whoever is offered it need not ask.
    pub fn note_case(&self, case_id: &str, key: &str) {
        let mut cases = self.cases.lock().unwrap_or_else(PoisonError::into_inner);
        cases.insert(case_id.to_owned(), key.to_owned());
    }

    /// Whose case it is, as far as noted.
    #[must_use]
    pub fn call_of(&self, case_id: &str) -> Option<String> {
        self.cases
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(case_id)
            .cloned()
    }
}

impl Line {
    /// The caller begins to wait, unless the call is further already.
    pub fn wait(&self) {
        self.stage.send_if_modified(|stage| {
            let begins = matches!(stage, Stage::Before);
            if begins {
                *stage = Stage::Waiting;
            }
            begins
        });
    }

    /// An agent answers. False where the caller has given up.
    #[must_use]
    pub fn answer(&self, at: f64) -> bool {
        let mut is_there = true;
        self.stage.send_if_modified(|stage| match stage {
            Stage::Before | Stage::Waiting => {
                *stage = Stage::Answered { at };
                true
            }
            Stage::Answered { .. } | Stage::Talked { .. } => false,
            Stage::GaveUp => {
                is_there = false;
                false
            }
        });
        is_there
    }

    /// The caller gives up. False where somebody has answered.
    #[must_use]
    pub fn give_up(&self) -> bool {
        self.stage.send_if_modified(|stage| {
            let waits = matches!(stage, Stage::Before | Stage::Waiting);
            if waits {
                *stage = Stage::GaveUp;
            }
            waits
        })
    }

    /// The conversation that was taken up at `at` is over.
    pub fn talked(&self, at: f64, agent: Caller) {
        self.stage.send_replace(Stage::Talked {
            at,
            agent: Box::new(agent),
        });
    }

    /// Waits until somebody has answered; gives when.
    pub async fn answered(&self) -> f64 {
        let mut stage = self.stage.subscribe();
        loop {
            if let Stage::Answered { at } | Stage::Talked { at, .. } = *stage.borrow_and_update() {
                return at;
            }
            if stage.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits until the conversation is over; gives who led it.
    pub async fn over(&self) -> Caller {
        let mut stage = self.stage.subscribe();
        loop {
            if let Stage::Talked { agent, .. } = &*stage.borrow_and_update() {
                return Caller::clone(agent);
            }
            if stage.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_answered_or_given_up_and_never_both() {
        let board = Board::new(
            "replay/x/".to_owned(),
            [("A-1".to_owned(), 3.0), ("A-2".to_owned(), 3.0)],
        );
        let (one, two) = (board.line("A-1").unwrap(), board.line("A-2").unwrap());
        one.wait();
        assert!(one.answer(5.0) && !one.give_up());
        two.wait();
        assert!(two.give_up() && !two.give_up() && !two.answer(5.0));
        assert_eq!(board.key_of("replay/x/A-1"), Some("A-1"));
        assert_eq!(
            (board.key_of("replay/y/A-1"), board.key_of("replay/x/A-3")),
            (None, None)
        );
        assert_eq!(board.source_reference("A-2"), "replay/x/A-2");
    }
}
