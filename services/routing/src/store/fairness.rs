//! What a day at a site was like, agent by agent, without names.

use std::collections::HashMap;

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::{Date, Duration, OffsetDateTime};
use uuid::Uuid;

use super::read;
use crate::domain::fairness::{Deed, Record, Trade};
use crate::domain::{Agent, AgentId, TaskId};

/// How long before a day something that still bears on it may have been begun.
const BEFORE: Duration = Duration::days(1);

/// Notes what an agent has become.
pub async fn note_presence(connection: &mut PgConnection, agent: &Agent) -> Result<(), DbError> {
    sqlx::query!(
        "insert into agent_presences (agent_id, since, presence) values ($1, $2, $3)
         on conflict (agent_id, since) do update set presence = excluded.presence",
        agent.id().uuid(),
        agent.presence_since,
        agent.presence.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// When a day begins and ends at a site, by the time zone of most who work there; none where nobody does.
pub async fn bounds(
    connection: &mut PgConnection,
    site: &str,
    day: Date,
) -> Result<Option<(OffsetDateTime, OffsetDateTime)>, DbError> {
    let row = sqlx::query!(
        r#"with place as (select mode() within group (order by time_zone) as zone from agents where site = $1)
         select ($2::date)::timestamp at time zone zone as "begins!", ($2::date + 1)::timestamp at time zone zone as "ends!"
         from place where zone is not null"#,
        site,
        day,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.begins, row.ends)))
}

/// The agents of a site, and what each can do.
pub async fn trades(connection: &mut PgConnection, site: &str) -> Result<Vec<(AgentId, Trade)>, DbError> {
    sqlx::query!(
        r#"select a.id as "id: AgentId",
             array(select distinct split_part(l.language, '-', 1) as spoken from agent_languages l where l.agent_id = a.id
                 order by spoken) as "languages!",
             array(select s.product_line from agent_skills s where s.agent_id = a.id order by s.product_line) as "lines!"
         from agents a where a.site = $1"#,
        site,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        let lines = row.lines.iter();
        let trade = Trade {
            languages: row.languages,
            product_lines: lines
                .map(|line| read(line, "agent_skills", "product_line"))
                .collect::<Result<_, _>>()?,
        };
        Ok((row.id, trade))
    })
    .collect()
}

/// The records of agents that bear on the time from `from` to `until`.
pub async fn records(
    connection: &mut PgConnection,
    agents: &[AgentId],
    from: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<HashMap<AgentId, Record>, DbError> {
    let ids: Vec<Uuid> = agents.iter().map(|agent| agent.uuid()).collect();
    let mut records: HashMap<AgentId, Record> = HashMap::new();
    let presences = sqlx::query!(
        r#"select agent_id as "agent: AgentId", since, presence from agent_presences p
         where agent_id = any($1) and since < $3
             and since >= coalesce((
                 select max(b.since) from agent_presences b where b.agent_id = p.agent_id and b.since <= $2
             ), $2)
         order by agent_id, since"#,
        &ids,
        from,
        until,
    )
    .fetch_all(&mut *connection)
    .await?;
    for row in presences {
        let presence = read(&row.presence, "agent_presences", "presence")?;
        records
            .entry(row.agent)
            .or_default()
            .presences
            .push((row.since, presence));
    }
    // Ids begin with when they were made, so that what was made in a time is one range of the key.
    let (first, last) = (earliest(from - BEFORE), earliest(until));
    let deeds = sqlx::query!(
        r#"with task as (
             select task_id as id from offers where id >= $2 and id < $3 and agent_id = any($1)
             union
             select id from tasks where id >= $2 and id < $3 and agent_id = any($1)
         )
         select h.agent_id as "agent!: AgentId", h.task_id as "task!: TaskId", h.change, h.occurred_at, h.agent_load as "load!",
             t.weight
         from task join task_history h on h.task_id = task.id join tasks t on t.id = task.id
         where h.agent_id = any($1) and h.agent_load is not null and h.occurred_at < $4
         order by h.agent_id, h.occurred_at, h.task_id, h.sequence"#,
        &ids,
        first,
        last,
        until,
    )
    .fetch_all(connection)
    .await?;
    for row in deeds {
        records.entry(row.agent).or_default().deeds.push(Deed {
            task: row.task,
            change: read(&row.change, "task_history", "change")?,
            at: row.occurred_at,
            load: row.load,
            weight: row.weight,
        });
    }
    Ok(records)
}

/// Lower than any id that was made then or later.
fn earliest(at: OffsetDateTime) -> Uuid {
    let milliseconds = u64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
    Uuid::from_u64_pair(milliseconds << 16, 0)
}
