//! When agents are planned to be at work.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::read;
use crate::domain::{AgentId, Departure, Presence, Schedule, ShiftException, ShiftPattern};

/// Writes weeks of agents, locked, in the place of those from the same days; each at most once.
pub async fn put_patterns(connection: &mut PgConnection, patterns: &[(AgentId, &ShiftPattern)]) -> Result<(), DbError> {
    let agents: Vec<Uuid> = patterns.iter().map(|(agent, _)| agent.uuid()).collect();
    let days: Vec<Date> = patterns.iter().map(|(_, pattern)| pattern.from).collect();
    let hours: Vec<String> = patterns.iter().map(|(_, pattern)| pattern.hours().to_owned()).collect();
    sqlx::query!(
        "insert into shift_patterns (agent_id, from_day, hours) select * from unnest($1::uuid[], $2::date[], $3::text[])
         on conflict (agent_id, from_day) do update set hours = excluded.hours",
        &agents,
        &days,
        &hours,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes back the week of an agent, locked, from a day on. False where there is none.
pub async fn remove_pattern(connection: &mut PgConnection, agent: AgentId, from: Date) -> Result<bool, DbError> {
    let removed = sqlx::query!(
        "delete from shift_patterns where agent_id = $1 and from_day = $2",
        agent.uuid(),
        from
    )
    .execute(connection)
    .await?;
    Ok(removed.rows_affected() == 1)
}

/// Writes how days of agents, locked, depart, in the place of what was said of them; each at most once.
pub async fn put_exceptions(
    connection: &mut PgConnection,
    exceptions: &[(AgentId, &ShiftException)],
) -> Result<(), DbError> {
    let agents: Vec<Uuid> = exceptions.iter().map(|(agent, _)| agent.uuid()).collect();
    let days: Vec<Date> = exceptions.iter().map(|(_, exception)| exception.day).collect();
    let kinds = exceptions.iter().map(|(_, exception)| exception.departure.as_str());
    let kinds: Vec<String> = kinds.map(ToOwned::to_owned).collect();
    let hours = exceptions.iter().map(|(_, exception)| exception.hours().to_owned());
    let hours: Vec<String> = hours.collect();
    sqlx::query!(
        "insert into shift_exceptions (agent_id, day, kind, hours)
         select * from unnest($1::uuid[], $2::date[], $3::text[], $4::text[])
         on conflict (agent_id, day) do update set kind = excluded.kind, hours = excluded.hours",
        &agents,
        &days,
        &kinds,
        &hours,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Days of agents, locked, depart no more.
pub async fn remove_exceptions(connection: &mut PgConnection, days: &[(AgentId, Date)]) -> Result<(), DbError> {
    let agents: Vec<Uuid> = days.iter().map(|(agent, _)| agent.uuid()).collect();
    let days: Vec<Date> = days.iter().map(|(_, day)| *day).collect();
    sqlx::query!(
        "delete from shift_exceptions
         where (agent_id, day) in (select * from unnest($1::uuid[], $2::date[]))",
        &agents,
        &days,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What is planned for these agents, or for all who have not left, with the days among these that depart. Of whom nothing was ever
/// said is not among them.
pub async fn schedules(
    connection: &mut PgConnection,
    agents: Option<&[Uuid]>,
    days: &RangeInclusive<Date>,
) -> Result<HashMap<AgentId, Schedule>, DbError> {
    let mut schedules: HashMap<AgentId, Schedule> = HashMap::new();
    let patterns = sqlx::query!(
        r#"select p.agent_id as "agent: AgentId", a.time_zone, p.from_day, p.hours
         from shift_patterns p join agents a on a.id = p.agent_id
         where case when $1::uuid[] is null then a.deactivated_at is null else a.id = any($1) end and p.from_day <= $2"#,
        agents as Option<&[Uuid]>,
        days.end(),
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in patterns {
        let pattern = ShiftPattern::new(row.from_day, &row.hours).map_err(|_| corrupt("shift_patterns"))?;
        let schedule = schedules.entry(row.agent);
        schedule
            .or_insert_with(|| Schedule::new(&row.time_zone))
            .repeat(pattern);
    }
    let exceptions = sqlx::query!(
        r#"select e.agent_id as "agent: AgentId", a.time_zone, e.day, e.kind, e.hours
         from shift_exceptions e join agents a on a.id = e.agent_id
         where case when $1::uuid[] is null then a.deactivated_at is null else a.id = any($1) end and e.day between $2 and $3"#,
        agents as Option<&[Uuid]>,
        days.start(),
        days.end(),
    )
    .fetch_all(connection)
    .await?;
    for row in exceptions {
        let departure: Departure = read(&row.kind, "shift_exceptions", "kind")?;
        let exception = ShiftException::new(row.day, departure, &row.hours).map_err(|_| corrupt("shift_exceptions"))?;
        let schedule = schedules.entry(row.agent);
        schedule
            .or_insert_with(|| Schedule::new(&row.time_zone))
            .depart(exception);
    }
    Ok(schedules)
}

const fn corrupt(table: &'static str) -> DbError {
    DbError::Corrupt { table, column: "hours" }
}

/// Notes the end of the shift in which an agent, locked, has gone; none where none was planned.
pub async fn note_shift_end(
    connection: &mut PgConnection,
    agent: AgentId,
    end: Option<OffsetDateTime>,
) -> Result<(), DbError> {
    sqlx::query!("update agents set shift_end = $2 where id = $1", agent.uuid(), end)
        .execute(connection)
        .await?;
    Ok(())
}

/// The end of the shift in which an agent has gone.
pub async fn shift_end(connection: &mut PgConnection, agent: AgentId) -> Result<Option<OffsetDateTime>, DbError> {
    Ok(
        sqlx::query_scalar!("select shift_end from agents where id = $1", agent.uuid())
            .fetch_optional(connection)
            .await?
            .flatten(),
    )
}

/// An agent of a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfSite {
    /// Who.
    pub agent: AgentId,
    /// Their team.
    pub team: String,
    /// Their time zone, an IANA name.
    pub time_zone: String,
    /// Whether they take work.
    pub presence: Presence,
    /// Since when.
    pub since: OffsetDateTime,
}

/// The agents of a site who have not left, in the order of their ids, after the last of the page before.
pub async fn of_site(
    connection: &mut PgConnection,
    site: &str,
    after: Option<AgentId>,
    limit: i64,
) -> Result<Vec<OfSite>, DbError> {
    sqlx::query!(
        r#"select id as "id: AgentId", team, time_zone, presence, presence_since from agents
         where site = $1 and deactivated_at is null and ($2::uuid is null or id > $2) order by id limit $3"#,
        site,
        after.map(AgentId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(OfSite {
            agent: row.id,
            team: row.team,
            time_zone: row.time_zone,
            presence: read(&row.presence, "agents", "presence")?,
            since: row.presence_since,
        })
    })
    .collect()
}
