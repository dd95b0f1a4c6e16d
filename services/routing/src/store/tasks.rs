//! Tasks and what happened to them.

use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};
use support_chassis::outbox::{self, trace_parent};
use time::OffsetDateTime;
use uuid::Uuid;

use super::read;
use crate::domain::{
    AgentId, Attributes, CaseId, Change, Changed, Country, Entry, Named, Reason, Task, TaskId, TaskState,
};

pub(super) struct Row {
    pub(super) id: TaskId,
    pub(super) version: i64,
    pub(super) case_id: CaseId,
    pub(super) state: String,
    pub(super) channel: String,
    pub(super) language: String,
    pub(super) product_line: Option<String>,
    pub(super) priority: i16,
    pub(super) weight: i32,
    pub(super) agent_id: Option<AgentId>,
    pub(super) offer_count: i32,
    pub(super) queue_time: OffsetDateTime,
    pub(super) accept_time: Option<OffsetDateTime>,
    pub(super) end_time: Option<OffsetDateTime>,
    pub(super) country_code: Option<String>,
    pub(super) standard_basis: Option<String>,
}

impl TryFrom<Row> for Task {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            version: row.version,
            case_id: row.case_id,
            state: read(&row.state, "tasks", "state")?,
            channel: read(&row.channel, "tasks", "channel")?,
            language: read(&row.language, "tasks", "language")?,
            product_line: row
                .product_line
                .map(|line| read(&line, "tasks", "product_line"))
                .transpose()?,
            priority: row.priority,
            weight: row.weight,
            agent: row.agent_id,
            offer_count: row.offer_count,
            queue_time: row.queue_time,
            accept_time: row.accept_time,
            end_time: row.end_time,
            country: row
                .country_code
                .map(|code| read(&code, "tasks", "country_code"))
                .transpose()?,
            basis: row.standard_basis,
        })
    }
}

/// The columns of [`Row`], and whatever decides which rows.
macro_rules! select {
    ($rest:tt $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"
            select id as "id: TaskId", version, case_id as "case_id: CaseId", state, channel, language, product_line,
                priority, weight, agent_id as "agent_id: AgentId", offer_count, queue_time, accept_time, end_time,
                country_code, standard_basis
            from tasks
            "# + $rest
            $(, $argument)*
        )
    };
}

/// Writes a new task that the event `source` asked for, the first entry of its history and the event that tells of it, in one
/// statement: what comes to the service comes by it, one after another. False where that event's task is there already.
pub async fn insert(
    tx: &mut Tx,
    opened: &Changed,
    attributes: &Attributes,
    named: &Named,
    source: Uuid,
    event: &outbox::Entry,
) -> Result<bool, DbError> {
    let Changed { task, entry, .. } = opened;
    let further: Vec<String> = attributes.further_languages.iter().map(ToString::to_string).collect();
    let written = sqlx::query_scalar!(
        r#"with task as (
             insert into tasks (id, version, source_event_id, case_id, state, channel, language, product_line, priority, weight, queue_time,
                 country_code, standard_basis, severity, area, segment, cause, model, further_languages, last_agent_id, account_manager_id)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
             on conflict on constraint tasks_one_for_each_opening do nothing
             returning id
         ), noted as (
             insert into task_history (task_id, sequence, change, occurred_at, standard_basis) select id, $2, $12, $13, $15 from task
         ), told as (
             insert into outbox (event_id, event_type, subject_id, occurred_at, trace_parent, payload)
             select $24, $25, id, $13, $26, $27 from task
         )
         select count(*) as "count!" from task"#,
        task.id.uuid(),
        task.version,
        source,
        task.case_id.uuid(),
        task.state.as_str(),
        task.channel.as_str(),
        task.language.as_str(),
        task.product_line.map(crate::domain::ProductLine::as_str),
        task.priority,
        task.weight,
        task.queue_time,
        entry.change.as_str(),
        entry.at,
        task.country.as_ref().map(Country::as_str),
        task.basis,
        attributes.severity.as_str(),
        attributes.area.map(crate::domain::Area::as_str),
        attributes.segment.map(crate::domain::Segment::as_str),
        attributes.cause.as_str(),
        attributes.model,
        &further,
        named.last_agent.map(AgentId::uuid),
        named.account_manager.map(AgentId::uuid),
        event.event_id(entry.at).uuid(),
        event.event_type,
        trace_parent(),
        event.payload,
    )
    .fetch_one(tx.conn())
    .await?;
    tx.mark_appended();
    Ok(written == 1)
}

/// Who finished the latest task of a case that somebody finished.
pub async fn last_agent(connection: &mut PgConnection, case: CaseId) -> Result<Option<AgentId>, DbError> {
    let agent = sqlx::query_scalar!(
        r#"select agent_id as "agent_id: AgentId" from tasks
         where case_id = $1 and state = 'completed' order by end_time desc limit 1"#,
        case.uuid(),
    );
    Ok(agent.fetch_optional(connection).await?.flatten())
}

/// Reads a task.
pub async fn find(connection: &mut PgConnection, id: TaskId) -> Result<Option<Task>, DbError> {
    select!("where id = $1", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Task::try_from)
        .transpose()
}

/// Reads those of the tasks that there are.
pub async fn those(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Task>, DbError> {
    select!("where id = any($1)", ids)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Task::try_from)
        .collect()
}

/// Locks and reads a task.
pub async fn lock(connection: &mut PgConnection, id: TaskId) -> Result<Option<Task>, DbError> {
    select!("where id = $1 for no key update", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Task::try_from)
        .transpose()
}

/// Locks and reads those of the tasks that nobody else has locked.
pub async fn lock_free(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Task>, DbError> {
    select!("where id = any($1) order by id for no key update skip locked", ids)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Task::try_from)
        .collect()
}

/// Locks and reads the tasks that an agent, locked already, has offered.
pub async fn lock_offered_to(connection: &mut PgConnection, agent: AgentId) -> Result<Vec<Task>, DbError> {
    select!(
        "where id in (select task_id from offers where agent_id = $1 and ended_at is null)
             and agent_id = $1 and state = 'offered' order by id for no key update",
        agent.uuid()
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Task::try_from)
    .collect()
}

/// The tasks of a case that have not ended, oldest first.
pub async fn open_of_case(connection: &mut PgConnection, case: CaseId) -> Result<Vec<TaskId>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: TaskId" from tasks where case_id = $1 and end_time is null order by id"#,
        case.uuid(),
    )
    .fetch_all(connection)
    .await?)
}

/// Which tasks to list. What is empty or none demands nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// In one of these states.
    pub states: Vec<TaskState>,
    /// Of this case.
    pub case: Option<CaseId>,
    /// Of this agent.
    pub agent: Option<AgentId>,
}

/// Reads tasks, newest first.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    before: Option<TaskId>,
    limit: i64,
) -> Result<Vec<Task>, DbError> {
    let states: Vec<String> = filter.states.iter().map(|state| state.as_str().to_owned()).collect();
    select!(
        "where (cardinality($1::text[]) = 0 or state = any($1))
             and ($2::uuid is null or case_id = $2)
             and ($3::uuid is null or id in (
                 select id from tasks where worked_by = $3
                 union all select task_id from offers where agent_id = $3 and ended_at is null
             ))
             and ($4::uuid is null or id < $4)
         order by id desc limit $5",
        &states,
        filter.case.map(CaseId::uuid),
        filter.agent.map(AgentId::uuid),
        before.map(TaskId::uuid),
        limit
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Task::try_from)
    .collect()
}

/// What happened to a task, in order; empty where there is no such task.
pub async fn history(connection: &mut PgConnection, id: TaskId) -> Result<Vec<Entry>, DbError> {
    sqlx::query!(
        r#"select sequence, change, agent_id as "agent_id: AgentId", agent_load, agent_capacity, occurred_at, standard_basis,
             relaxed_steps, candidates, asked_again
         from task_history where task_id = $1 order by sequence"#,
        id.uuid(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        let book = match (row.agent_id, row.agent_load, row.agent_capacity) {
            (Some(agent), Some(load), Some(capacity)) => Some((agent, load, capacity)),
            _ => None,
        };
        let change: Change = read(&row.change, "task_history", "change")?;
        let reason = match (row.relaxed_steps, row.candidates, row.asked_again) {
            (Some(relaxed_steps), Some(candidates), Some(asked_again)) => Some(Reason {
                relaxed_steps,
                candidates,
                asked_again,
            }),
            _ => None,
        };
        Ok(Entry {
            task: id,
            sequence: row.sequence,
            change,
            book,
            at: row.occurred_at,
            basis: row.standard_basis,
            reason,
        })
    })
    .collect()
}
