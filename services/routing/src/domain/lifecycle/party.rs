//! More than one agent in a contact: one has the task, others have joined.

use time::OffsetDateTime;

use super::{Changed, Refused, entry, transition};
use crate::domain::{AgentId, Book, Change, Task, TaskState};

/// An agent who has joined the contact of a task that another has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Participant {
    /// Who.
    pub agent: AgentId,
    /// How much of their capacity it takes.
    pub weight: i32,
}

/// A task and those who have joined its contact. Only a task that is accepted has any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The task.
    pub task: Task,
    /// Who has joined, in the order in which they did.
    pub joined: Vec<Participant>,
}

impl Party {
    /// An agent joins.
    ///
    /// # Errors
    ///
    /// [`Refused`]; nothing has happened then.
    pub fn join(&mut self, book: &Book, most: usize, at: OffsetDateTime) -> Result<Changed, Refused> {
        self.allow(Change::Joined)?;
        if self.task.agent == Some(book.agent) || self.place(book.agent).is_some() {
            return Err(Refused::JoinedAlready);
        }
        if self.joined.len() >= most {
            return Err(Refused::Full);
        }
        let (after, weight) = book.taking(self.task.channel).ok_or(Refused::NoRoom)?;
        self.joined.push(Participant {
            agent: book.agent,
            weight,
        });
        Ok(self.changed(Change::Joined, after, at))
    }

    /// An agent who has joined leaves.
    ///
    /// # Errors
    ///
    /// [`Refused`]; nothing has happened then.
    pub fn leave(&mut self, book: &Book, at: OffsetDateTime) -> Result<Changed, Refused> {
        self.allow(Change::Left)?;
        let place = self.place(book.agent).ok_or(Refused::NotJoined)?;
        let participant = self.joined.remove(place);
        let book = book.giving_back(self.task.channel, participant.weight, at);
        Ok(self.changed(Change::Left, book, at))
    }

    /// An agent who has joined has the task from now on, and whoever had it has joined. Neither holds more or less than before.
    ///
    /// # Errors
    ///
    /// [`Refused`]; nothing has happened then.
    pub fn hand_over(&mut self, book: &Book, at: OffsetDateTime) -> Result<Changed, Refused> {
        self.allow(Change::HandedOver)?;
        let place = self.place(book.agent).ok_or(Refused::NotJoined)?;
        let before = self.task.agent.ok_or(Refused::NotTheHolder)?;
        let participant = self.joined.remove(place);
        self.joined.push(Participant {
            agent: before,
            weight: self.task.weight,
        });
        self.task.agent = Some(participant.agent);
        self.task.weight = participant.weight;
        Ok(self.changed(Change::HandedOver, *book, at))
    }

    fn place(&self, agent: AgentId) -> Option<usize> {
        self.joined.iter().position(|participant| participant.agent == agent)
    }

    fn allow(&self, change: Change) -> Result<(), Refused> {
        match transition(Some(self.task.state), change) {
            Some(TaskState::Accepted) => Ok(()),
            _ => Err(Refused::State {
                state: self.task.state,
                change,
            }),
        }
    }

    fn changed(&mut self, change: Change, book: Book, at: OffsetDateTime) -> Changed {
        self.task.version += 1;
        Changed {
            task: self.task.clone(),
            entry: entry(&self.task, change, Some(&book), at),
            book: Some(book),
            offer_end: None,
            shortlist: None,
        }
    }
}
