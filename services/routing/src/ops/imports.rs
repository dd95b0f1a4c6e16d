//! Many agents are taken in at once.

use std::collections::HashMap;

use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::outbox::Entry;
use time::OffsetDateTime;

use super::agents::NewAgent;
use super::events;
use crate::domain::{Agent, AgentId, Certified};
use crate::error::Error;
use crate::store;

/// How many rows are written with one statement.
const BATCH: usize = 1_000;

/// What came of an import.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// How many agents were made.
    pub created: usize,
    /// How many were changed, those who came back among them.
    pub updated: usize,
    /// How many stood as their rows say.
    pub unchanged: usize,
}

/// A row that cannot be taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The row, from 0.
    pub row: usize,
    /// The field.
    pub field: String,
    /// What is wrong, without the value.
    pub fault: String,
}

/// Takes in agents, by their subjects, which must differ. Nothing may be committed where there are faults.
///
/// # Errors
///
/// What the database says.
pub async fn import(
    tx: &mut Tx,
    ids: &Ids,
    rows: &[NewAgent],
    now: OffsetDateTime,
) -> Result<Result<Imported, Vec<RowFault>>, Error> {
    let subjects: Vec<String> = rows.iter().map(|row| row.subject.clone()).collect();
    // No task is locked with them, and nobody who holds a task waits for an agent: this can wait, and not in a circle.
    let there = store::agents::lock_by_subjects(tx.conn(), &subjects).await?;
    let there: HashMap<&str, &Agent> = there.iter().map(|agent| (agent.subject.as_str(), agent)).collect();
    let mut work = Work::default();
    let mut faults = Vec::new();
    for (row, new) in rows.iter().enumerate() {
        let known = there.get(new.subject.as_str()).copied();
        if !work.take(known, ids, new, now) {
            faults.push(RowFault {
                row,
                field: "capacity".to_owned(),
                fault: "must leave room for what the agent holds now, side by side".to_owned(),
            });
        }
    }
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    let imported = Imported {
        created: work.created.len(),
        updated: work.updated,
        unchanged: rows.len() - work.created.len() - work.updated,
    };
    work.write(tx, now).await?;
    Ok(Ok(imported))
}

/// What is to be written.
#[derive(Debug, Default)]
struct Work {
    created: Vec<Agent>,
    changed: Vec<Agent>,
    granted: Vec<(AgentId, Certified)>,
    events: Vec<Entry>,
    /// How many are there already, and not as their rows say.
    updated: usize,
}

impl Work {
    /// False where the agent holds work that could not be held so.
    fn take(&mut self, known: Option<&Agent>, ids: &Ids, new: &NewAgent, now: OffsetDateTime) -> bool {
        let (agent, is_changed) = match known {
            None => {
                let agent = Agent::new(ids.next(), new.subject.clone(), new.details.clone(), now);
                (agent, false)
            }
            Some(known) => {
                let details = new.details.clone().in_order();
                let is_changed = details != known.details() || known.deactivated_at.is_some();
                let Some(after) = known.changed_to(details) else {
                    return false;
                };
                let after = Agent {
                    deactivated_at: None,
                    ..after
                };
                (after, is_changed)
            }
        };
        let stands = |one: &Certified| known.is_some_and(|known| known.certifications.contains(one));
        let granted: Vec<Certified> = new
            .certifications
            .iter()
            .filter_map(|brought| {
                let mut all = known.iter().flat_map(|known| &known.certifications);
                let stands = all.find(|one| one.certification == brought.certification);
                brought.instead_of(stands, now)
            })
            .filter(|one| !stands(one))
            .collect();
        let id = agent.id();
        match known {
            None => {
                self.events.push(Entry::new(id, &events::agent_created(id)));
                self.created.push(agent);
            }
            Some(_) if is_changed => {
                self.events.push(Entry::new(id, &events::agent_updated(&agent)));
                self.changed.push(agent);
            }
            Some(_) => {}
        }
        if known.is_some() && (is_changed || !granted.is_empty()) {
            self.updated += 1;
        }
        for one in granted {
            self.events.push(Entry::new(id, &events::agent_certified(id, &one)));
            self.granted.push((id, one));
        }
        true
    }

    async fn write(self, tx: &mut Tx, now: OffsetDateTime) -> Result<(), Error> {
        for agents in self.created.chunks(BATCH) {
            store::agents::insert(tx.conn(), agents, now).await?;
        }
        for agents in self.changed.chunks(BATCH) {
            store::agents::update(tx.conn(), agents).await?;
        }
        for granted in self.granted.chunks(BATCH) {
            store::training::grant(tx.conn(), granted).await?;
        }
        for events in self.events.chunks(BATCH) {
            tx.append_all(events).await?;
        }
        Ok(())
    }
}
