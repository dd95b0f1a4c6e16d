//! Offers.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{read, tasks};
use crate::domain::{AgentId, Book, CaseId, Held, Offer, OfferEnd, OfferId, Presence, Sharing, Task, TaskId};

/// Reads an offer made to `agent`, and how it ended if it has.
pub async fn find(
    connection: &mut PgConnection,
    id: OfferId,
    agent: AgentId,
) -> Result<Option<(Offer, Option<OfferEnd>)>, DbError> {
    sqlx::query!(
        r#"select task_id as "task_id: TaskId", offered_at, expires_at, ended_as, standard_basis from offers
         where id = $1 and agent_id = $2"#,
        id.uuid(),
        agent.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(|row| {
        let end = row.ended_as.map(|word| read(&word, "offers", "ended_as")).transpose()?;
        let offer = Offer {
            id,
            task: row.task_id,
            agent,
            offered_at: row.offered_at,
            expires_at: row.expires_at,
            basis: row.standard_basis,
        };
        Ok((offer, end))
    })
    .transpose()
}

/// The offers that stand though their time is over, the oldest first: task and agent.
pub async fn due(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    limit: i64,
) -> Result<Vec<(TaskId, AgentId)>, DbError> {
    let rows = sqlx::query!(
        r#"select task_id as "task_id: TaskId", agent_id as "agent_id: AgentId" from offers
         where ended_at is null and expires_at <= $1 order by expires_at limit $2"#,
        now,
        limit,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.task_id, row.agent_id)).collect())
}

/// When the next of the offers that stand is over.
pub async fn next_due(connection: &mut PgConnection) -> Result<Option<OffsetDateTime>, DbError> {
    Ok(
        sqlx::query_scalar!("select min(expires_at) from offers where ended_at is null")
            .fetch_one(connection)
            .await?,
    )
}

/// Of the tasks, those whose offer stands and is over.
pub async fn overdue(
    connection: &mut PgConnection,
    tasks: &[Uuid],
    now: OffsetDateTime,
) -> Result<Vec<TaskId>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select task_id as "task_id: TaskId" from offers
         where task_id = any($1) and ended_at is null and expires_at <= $2"#,
        tasks,
        now,
    )
    .fetch_all(connection)
    .await?)
}

/// Locks and reads the agents and the tasks of offers that are to be made, of each the agent and the task at the same place, as far as
/// nobody else has locked either. In one statement: every offer waits for it.
pub async fn lock_free_pairs(
    connection: &mut PgConnection,
    agents: &[Uuid],
    tasks: &[Uuid],
) -> Result<Vec<(Book, Presence, Task)>, DbError> {
    sqlx::query!(
        r#"
        with agent as (
            select id, capacity, shares, apart, load, held, idle_since, presence from agents
            where id = any($1) order by id for no key update skip locked
        ), task as (
            select id, version, case_id, state, channel, language, product_line, priority, weight, agent_id, offer_count, queue_time,
                accept_time, end_time, country_code, standard_basis
            from tasks where id = any($2) order by id for no key update skip locked
        )
        select a.id as "agent!: AgentId", a.capacity as "capacity!", a.shares as "shares!", a.apart as "apart!", a.load as "load!",
            a.held as "held!", a.idle_since as "idle_since!", a.presence as "presence!",
            t.id as "id!: TaskId", t.version as "version!", t.case_id as "case_id!: CaseId", t.state as "state!",
            t.channel as "channel!", t.language as "language!", t.product_line, t.priority as "priority!", t.weight as "weight!",
            t.agent_id as "agent_id: AgentId", t.offer_count as "offer_count!", t.queue_time as "queue_time!", t.accept_time,
            t.end_time, t.country_code, t.standard_basis
        from unnest($1::uuid[], $2::uuid[]) as given (agent_id, task_id)
            join agent a on a.id = given.agent_id join task t on t.id = given.task_id
        "#,
        agents,
        tasks,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        let book = Book {
            agent: row.agent,
            capacity: row.capacity,
            sharing: Sharing::unpacked(row.shares, row.apart),
            load: row.load,
            held: Held::unpacked(row.held),
            idle_since: row.idle_since,
        };
        let task = tasks::Row {
            id: row.id,
            version: row.version,
            case_id: row.case_id,
            state: row.state,
            channel: row.channel,
            language: row.language,
            product_line: row.product_line,
            priority: row.priority,
            weight: row.weight,
            agent_id: row.agent_id,
            offer_count: row.offer_count,
            queue_time: row.queue_time,
            accept_time: row.accept_time,
            end_time: row.end_time,
            country_code: row.country_code,
            standard_basis: row.standard_basis,
        };
        Ok((book, read(&row.presence, "agents", "presence")?, task.try_into()?))
    })
    .collect()
}

struct Row {
    offer_id: OfferId,
    offered_to: AgentId,
    offered_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    offer_basis: Option<String>,
    id: TaskId,
    version: i64,
    case_id: CaseId,
    state: String,
    channel: String,
    language: String,
    product_line: Option<String>,
    priority: i16,
    weight: i32,
    agent_id: Option<AgentId>,
    offer_count: i32,
    queue_time: OffsetDateTime,
    accept_time: Option<OffsetDateTime>,
    end_time: Option<OffsetDateTime>,
    country_code: Option<String>,
    standard_basis: Option<String>,
}

impl TryFrom<Row> for (Offer, Task) {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let offer = Offer {
            id: row.offer_id,
            task: row.id,
            agent: row.offered_to,
            offered_at: row.offered_at,
            expires_at: row.expires_at,
            basis: row.offer_basis,
        };
        let task = tasks::Row {
            id: row.id,
            version: row.version,
            case_id: row.case_id,
            state: row.state,
            channel: row.channel,
            language: row.language,
            product_line: row.product_line,
            priority: row.priority,
            weight: row.weight,
            agent_id: row.agent_id,
            offer_count: row.offer_count,
            queue_time: row.queue_time,
            accept_time: row.accept_time,
            end_time: row.end_time,
            country_code: row.country_code,
            standard_basis: row.standard_basis,
        };
        Ok((offer, task.try_into()?))
    }
}

/// Offers that stand with their tasks, oldest first: the columns of [`Row`], and whatever else decides which.
macro_rules! standing {
    ($which:tt, $argument:expr) => {
        sqlx::query_as!(
            Row,
            r#"
            select o.id as "offer_id: OfferId", o.agent_id as "offered_to: AgentId", o.offered_at, o.expires_at,
                o.standard_basis as offer_basis,
                t.id as "id: TaskId", t.version, t.case_id as "case_id: CaseId", t.state, t.channel, t.language,
                t.product_line, t.priority, t.weight, t.agent_id as "agent_id: AgentId", t.offer_count, t.queue_time,
                t.accept_time, t.end_time, t.country_code, t.standard_basis
            from offers o join tasks t on t.id = o.task_id
            where o.ended_at is null and "# + $which + " order by o.offered_at, o.id",
            $argument
        )
    };
}

/// The offers that stand to any of the agents, oldest first, with their tasks.
pub async fn standing(connection: &mut PgConnection, agents: &[Uuid]) -> Result<Vec<(Offer, Task)>, DbError> {
    let rows = standing!("o.agent_id = any($1)", agents).fetch_all(connection).await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}

/// The offers of any of the tasks that stand, oldest first, with their tasks.
// The key is named twice: by the join alone, the planner may read all tasks to find a few.
pub async fn standing_of(connection: &mut PgConnection, tasks: &[Uuid]) -> Result<Vec<(Offer, Task)>, DbError> {
    let rows = standing!("o.task_id = any($1) and t.id = any($1)", tasks)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(TryFrom::try_from).collect()
}
