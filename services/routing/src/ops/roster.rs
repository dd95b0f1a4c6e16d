//! When agents are planned to be at work.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::RangeInclusive;

use support_chassis::db::{DbError, Tx};
use time::{Date, Duration, OffsetDateTime, UtcOffset};

use super::agents::working;
use super::events;
use super::imports::RowFault;
use crate::domain::{Agent, AgentId, Presence, Schedule, ShiftException, ShiftPattern};
use crate::error::Error;
use crate::store;

/// Sets the week of an agent from a day on.
///
/// # Errors
///
/// [`Error::AgentNotFound`], [`Error::AgentGone`].
pub async fn set_pattern(tx: &mut Tx, id: AgentId, pattern: &ShiftPattern) -> Result<(), Error> {
    let agent = working(tx, id).await?;
    store::roster::put_patterns(tx.conn(), &[(id, pattern)]).await?;
    tell(tx, &agent).await
}

/// Takes back the week of an agent from a day on. Where there is none, nothing changes.
///
/// # Errors
///
/// As [`set_pattern`].
pub async fn remove_pattern(tx: &mut Tx, id: AgentId, from: Date) -> Result<(), Error> {
    let agent = working(tx, id).await?;
    if store::roster::remove_pattern(tx.conn(), id, from).await? {
        tell(tx, &agent).await?;
    }
    Ok(())
}

/// Says how a day of an agent departs, or that it does not. Gives what is planned around it.
///
/// # Errors
///
/// As [`set_pattern`].
pub async fn set_exception(
    tx: &mut Tx,
    id: AgentId,
    day: Date,
    exception: Option<&ShiftException>,
) -> Result<Schedule, Error> {
    let agent = working(tx, id).await?;
    match exception {
        Some(exception) => store::roster::put_exceptions(tx.conn(), &[(id, exception)]).await?,
        None => store::roster::remove_exceptions(tx.conn(), &[(id, day)]).await?,
    }
    tell(tx, &agent).await?;
    Ok(schedule(tx, &agent, &beside(day..=day)).await?)
}

/// What is said of an agent, of a week or of a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Planned {
    /// The week from a day on.
    Week(ShiftPattern),
    /// A day; where nothing is said, it does not depart any more.
    Day(Date, Option<ShiftException>),
}

impl Planned {
    /// The day that it is about, or from which it holds.
    #[must_use]
    pub fn day(&self) -> Date {
        match self {
            Self::Week(pattern) => pattern.from,
            Self::Day(day, _) => *day,
        }
    }

    /// Whether it stands so already.
    fn stands(&self, schedule: Option<&Schedule>) -> bool {
        match self {
            Self::Week(pattern) => schedule.and_then(|one| one.pattern_from(pattern.from)) == Some(pattern),
            Self::Day(day, said) => schedule.and_then(|one| one.exception_on(*day)) == said.as_ref(),
        }
    }
}

/// How many rows are written with one statement.
const BATCH: usize = 1_000;

/// Takes in what is planned for agents, by their subjects, each week and day at most once. Gives how many rows changed something. Nothing
/// may be committed where there are faults.
///
/// # Errors
///
/// What the database says.
pub async fn import(tx: &mut Tx, rows: &[(String, Planned)]) -> Result<Result<usize, Vec<RowFault>>, Error> {
    let days = rows.iter().map(|(_, planned)| planned.day());
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else {
        return Ok(Ok(0));
    };
    let subjects: BTreeSet<&String> = rows.iter().map(|(subject, _)| subject).collect();
    let subjects: Vec<String> = subjects.into_iter().cloned().collect();
    let agents = store::agents::lock_by_subjects(tx.conn(), &subjects).await?;
    let agents: HashMap<&str, &Agent> = agents
        .iter()
        .filter(|agent| agent.deactivated_at.is_none())
        .map(|agent| (agent.subject.as_str(), agent))
        .collect();
    let ids: Vec<_> = agents.values().map(|agent| agent.id().uuid()).collect();
    let known = store::roster::schedules(tx.conn(), Some(&ids), &(first..=last)).await?;
    let (mut weeks, mut departing, mut kept, mut faults) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut changed: BTreeMap<AgentId, &Agent> = BTreeMap::new();
    for (row, (subject, planned)) in rows.iter().enumerate() {
        let Some(agent) = agents.get(subject.as_str()) else {
            faults.push(RowFault {
                row,
                field: "subject".to_owned(),
                fault: "is none of an agent who has not left".to_owned(),
            });
            continue;
        };
        let id = agent.id();
        if planned.stands(known.get(&id)) {
            continue;
        }
        changed.insert(id, agent);
        match planned {
            Planned::Week(pattern) => weeks.push((id, pattern)),
            Planned::Day(_, Some(exception)) => departing.push((id, exception)),
            Planned::Day(day, None) => kept.push((id, *day)),
        }
    }
    if !faults.is_empty() {
        return Ok(Err(faults));
    }
    for weeks in weeks.chunks(BATCH) {
        store::roster::put_patterns(tx.conn(), weeks).await?;
    }
    for departing in departing.chunks(BATCH) {
        store::roster::put_exceptions(tx.conn(), departing).await?;
    }
    for kept in kept.chunks(BATCH) {
        store::roster::remove_exceptions(tx.conn(), kept).await?;
    }
    for agent in changed.into_values() {
        tell(tx, agent).await?;
    }
    Ok(Ok(weeks.len() + departing.len() + kept.len()))
}

async fn tell(tx: &mut Tx, agent: &Agent) -> Result<(), Error> {
    tx.append(agent.id(), &events::shifts_changed(agent.id())).await?;
    if agent.presence == Presence::Offline {
        let end = end_of_shift(tx, agent, agent.presence_since).await?;
        store::roster::note_shift_end(tx.conn(), agent.id(), end).await?;
    }
    Ok(())
}

/// The end of the shift in which an agent goes at a moment; none where none is planned.
pub(super) async fn end_of_shift(
    tx: &mut Tx,
    agent: &Agent,
    gone: OffsetDateTime,
) -> Result<Option<OffsetDateTime>, DbError> {
    let day = gone.to_offset(UtcOffset::UTC).date();
    // Where the agent is, it may be the day before or after.
    let days = beside(day - Duration::days(1)..=day + Duration::days(1));
    Ok(schedule(tx, agent, &days).await?.end_of_shift(gone))
}

async fn schedule(tx: &mut Tx, agent: &Agent, days: &RangeInclusive<Date>) -> Result<Schedule, DbError> {
    let mut schedules = store::roster::schedules(tx.conn(), Some(&[agent.id().uuid()]), days).await?;
    let planned = schedules.remove(&agent.id());
    Ok(planned.unwrap_or_else(|| Schedule::new(&agent.time_zone)))
}

/// These days and those beside them, from which or into which a shift may last.
#[must_use]
pub fn beside(days: RangeInclusive<Date>) -> RangeInclusive<Date> {
    let (first, last) = days.into_inner();
    first - Duration::days(1)..=last + Duration::days(1)
}
