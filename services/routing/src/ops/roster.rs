//! When agents are planned to be at work.

use std::ops::RangeInclusive;

use support_chassis::db::{DbError, Tx};
use time::{Date, Duration, OffsetDateTime, UtcOffset};

use super::agents::working;
use super::events;
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
    store::roster::put_pattern(tx.conn(), id, pattern).await?;
    tell(tx, &agent).await
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
        Some(exception) => store::roster::put_exception(tx.conn(), id, exception).await?,
        None => store::roster::remove_exception(tx.conn(), id, day).await?,
    }
    tell(tx, &agent).await?;
    Ok(schedule(tx, &agent, &beside(day..=day)).await?)
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
