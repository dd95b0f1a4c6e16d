//! What is done with work by hand: who has joined a contact, what was said with a change, what an agent has in hand.

use std::collections::HashMap;

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{read, tasks};
use crate::domain::{
    AgentId, ByHand, Channel, HandCause, NoteId, Participant, Party, Presence, Task, TaskId, TaskState,
};

/// Those who have joined the contact of a task, in the order in which they did.
pub async fn participants(connection: &mut PgConnection, task: TaskId) -> Result<Vec<Participant>, DbError> {
    Ok(sqlx::query_as!(
        Participant,
        r#"select agent_id as "agent: AgentId", weight from task_participants where task_id = $1 order by joined_at, agent_id"#,
        task.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

/// Writes who has joined the contact of a locked task. The agents who come and go must be locked too.
pub async fn set_participants(
    connection: &mut PgConnection,
    party: &Party,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let agents: Vec<Uuid> = party.joined.iter().map(|joined| joined.agent.uuid()).collect();
    let weights: Vec<i32> = party.joined.iter().map(|joined| joined.weight).collect();
    sqlx::query!(
        "delete from task_participants where task_id = $1 and agent_id <> all($2)",
        party.task.id.uuid(),
        &agents,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into task_participants (task_id, agent_id, weight, joined_at)
         select $1, given.agent_id, given.weight, $4 from unnest($2::uuid[], $3::integer[]) as given (agent_id, weight)
         on conflict (task_id, agent_id) do nothing",
        party.task.id.uuid(),
        &agents,
        &weights,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes what a locked task asks for once it was given up, its queue where it was given one, and its place in line: what no plan's
/// decision changes. Nobody is held to be
/// the one who helped last any more, and another product is of another model.
pub async fn refile(connection: &mut PgConnection, task: &Task, queue: Option<&str>) -> Result<(), DbError> {
    sqlx::query!(
        "update tasks set language = $2, product_line = $3, priority = $4, queue_time = $5, last_agent_id = null,
             queue = coalesce($6, queue), model = case when product_line is distinct from $3 then '' else model end
         where id = $1",
        task.id.uuid(),
        task.language.as_str(),
        task.product_line.map(crate::domain::ProductLine::as_str),
        task.priority,
        task.queue_time,
        queue,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes what was said with the entry of a task's history at `sequence`.
pub async fn insert_hand(
    connection: &mut PgConnection,
    task: TaskId,
    sequence: i64,
    hand: &ByHand,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into task_hands (task_id, sequence, actor, cause, note_id) values ($1, $2, $3, $4, $5)",
        task.uuid(),
        sequence,
        hand.actor,
        hand.cause.map(HandCause::as_str),
        hand.note.map(NoteId::uuid),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was said with the entries of a task's history: their places, and who said what.
pub async fn hands(connection: &mut PgConnection, task: TaskId) -> Result<Vec<(i64, ByHand)>, DbError> {
    sqlx::query!(
        r#"select sequence, actor, cause, note_id as "note_id: NoteId" from task_hands where task_id = $1 order by sequence"#,
        task.uuid(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        let cause = row.cause.map(|cause| read(&cause, "task_hands", "cause")).transpose()?;
        Ok((
            row.sequence,
            ByHand {
                actor: row.actor,
                cause,
                note: row.note_id,
            },
        ))
    })
    .collect()
}

/// Whether an agent takes work, and where they work.
pub async fn standing(connection: &mut PgConnection, agent: AgentId) -> Result<Option<(Presence, String)>, DbError> {
    sqlx::query!("select presence, site from agents where id = $1", agent.uuid())
        .fetch_optional(connection)
        .await?
        .map(|row| Ok((read(&row.presence, "agents", "presence")?, row.site)))
        .transpose()
}

/// Something in an agent's hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InHand {
    /// The task, and who has joined it.
    pub party: Party,
    /// When its contact ended, where it has.
    pub contact_end: Option<OffsetDateTime>,
    /// The note that was left with it last.
    pub note: Option<NoteId>,
    /// Whether the customer is to be called back.
    pub is_callback: bool,
}

/// What an agent has in hand, offers left out, in the order of its making.
pub async fn in_hand(connection: &mut PgConnection, agent: AgentId) -> Result<Vec<InHand>, DbError> {
    let rows = sqlx::query!(
        r#"select t.id as "id!: TaskId",
             (select max(h.occurred_at) from task_history h where h.task_id = t.id and h.change = 'contact_ended') as contact_end,
             (select n.note_id from task_hands n where n.task_id = t.id and n.note_id is not null order by n.sequence desc limit 1)
                 as "note: NoteId",
             exists (select 1 from callbacks c where c.task_id = t.id) as "is_callback!"
         from (
             select id from tasks where worked_by = $1 and state in ('accepted', 'wrapping')
             union
             select task_id from task_participants where agent_id = $1
         ) as t
         order by t.id"#,
        agent.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut in_hand = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(task) = tasks::find(connection, row.id).await? else {
            continue;
        };
        let joined = participants(connection, row.id).await?;
        in_hand.push(InHand {
            party: Party { task, joined },
            contact_end: row.contact_end,
            note: row.note,
            is_callback: row.is_callback,
        });
    }
    Ok(in_hand)
}

/// What the agents have in hand, offers left out: whose hands, the task, and whether it is their own, in the order of its making.
pub async fn held_by(connection: &mut PgConnection, agents: &[Uuid]) -> Result<Vec<(AgentId, Task, bool)>, DbError> {
    let rows = sqlx::query!(
        r#"select agent_id as "agent!: AgentId", task_id as "task!: TaskId", is_own as "is_own!" from (
             select worked_by as agent_id, id as task_id, true as is_own from tasks
             where worked_by = any($1) and state in ('accepted', 'wrapping')
             union all
             select agent_id, task_id, false from task_participants where agent_id = any($1)
         ) as held order by task_id"#,
        agents,
    );
    let rows = rows.fetch_all(&mut *connection).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.task.uuid()).collect();
    let held = tasks::those(connection, &ids).await?.into_iter();
    let held: HashMap<TaskId, Task> = held.map(|task| (task.id, task)).collect();
    // What has ended between the two looks is told by the next.
    let is_held = |task: &&Task| matches!(task.state, TaskState::Accepted | TaskState::Wrapping);
    let held = |task: TaskId| held.get(&task).filter(is_held).cloned();
    Ok(rows
        .into_iter()
        .filter_map(|row| Some((row.agent, held(row.task)?, row.is_own)))
        .collect())
}

/// The sites of the agents who are not at work and hold something.
pub async fn sites_left(connection: &mut PgConnection) -> Result<Vec<String>, DbError> {
    Ok(
        sqlx::query_scalar!("select distinct site from agents where presence = 'offline' and load > 0 order by site")
            .fetch_all(connection)
            .await?,
    )
}

/// Since when the agents of a site may have been gone for what they hold to stay theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The site.
    pub site: String,
    /// For live contacts, and those that are being written up.
    pub live: OffsetDateTime,
    /// For all else, where no shift was planned; else it is theirs until the shift has ended by `live`.
    pub written: OffsetDateTime,
}

/// Tasks of agents who are gone and have been for longer than the bounds of their sites allow, with the agent, whoever has the task
/// or has joined it, and the site.
pub async fn left_behind(
    connection: &mut PgConnection,
    bounds: &[Bounds],
    limit: i64,
) -> Result<Vec<(TaskId, AgentId, String)>, DbError> {
    let live: Vec<String> = Channel::ALL
        .iter()
        .filter(|channel| channel.is_live())
        .map(|channel| channel.as_str().to_owned())
        .collect();
    let rows = sqlx::query!(
        r#"with gone as (
             select a.id, a.site, a.presence_since, a.shift_end, given.live, given.written
             from agents a join unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as given (site, live, written)
                 on given.site = a.site
             where a.presence = 'offline' and a.load > 0 and a.presence_since <= given.live
         )
         select t.id as "task!: TaskId", g.id as "agent!: AgentId", g.site as "site!"
         from gone g join tasks t on t.worked_by = g.id and t.state in ('accepted', 'wrapping')
         where t.state = 'wrapping' or t.channel = any($4) or case when g.shift_end is null then g.presence_since <= g.written else g.shift_end <= g.live end
         union all
         select p.task_id, g.id, g.site from gone g join task_participants p on p.agent_id = g.id
         limit $5"#,
        &bounds.iter().map(|bound| bound.site.clone()).collect::<Vec<_>>(),
        &bounds.iter().map(|bound| bound.live).collect::<Vec<_>>(),
        &bounds.iter().map(|bound| bound.written).collect::<Vec<_>>(),
        &live,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.task, row.agent, row.site)).collect())
}
