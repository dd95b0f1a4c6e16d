//! What has happened lately, read from the outbox: to which tasks and to whom, not what.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use uuid::Uuid;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// Its position in the outbox.
    pub position: i64,
    /// Whether it happened to a task, not to an agent.
    pub is_of_task: bool,
    /// Whether a task was offered.
    pub is_offer: bool,
    /// What it happened to.
    pub subject: Uuid,
    /// The agents whom that task has ever been offered to; none where it was just offered.
    pub agents: Vec<Uuid>,
}

/// What stands in the outbox at the positions `also`, and the first `limit` after `after`, in their order.
pub async fn since(
    connection: &mut PgConnection,
    after: i64,
    also: &[i64],
    limit: i64,
) -> Result<Vec<Happened>, DbError> {
    let rows = sqlx::query!(
        r#"with happened as (
             (select position, event_type, subject_id from outbox where position = any($2))
             union all
             (select position, event_type, subject_id from outbox where position > $1 order by position limit $3)
         )
         select position as "position!", subject_id as "subject_id!",
             event_type = 'support.routing.v1.TaskOffered' as "is_offer!",
             event_type like 'support.routing.v1.Task%' as "is_of_task!",
             case when event_type = 'support.routing.v1.TaskOffered' then array[]::uuid[] else array(
                 select distinct h.agent_id from task_history h where h.task_id = subject_id and h.agent_id is not null
             ) end as "agents!"
         from happened order by position"#,
        after,
        also,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let happened = rows.into_iter().map(|row| Happened {
        position: row.position,
        is_of_task: row.is_of_task,
        is_offer: row.is_offer,
        subject: row.subject_id,
        agents: row.agents,
    });
    Ok(happened.collect())
}

/// To whom offers of the tasks stand.
pub async fn offered_to(connection: &mut PgConnection, tasks: &[Uuid]) -> Result<Vec<Uuid>, DbError> {
    let agents = sqlx::query_scalar!(
        "select agent_id from offers where task_id = any($1) and ended_at is null",
        tasks
    );
    Ok(agents.fetch_all(connection).await?)
}

/// The last position that was given out.
pub async fn last_position(connection: &mut PgConnection) -> Result<i64, DbError> {
    let last = sqlx::query_scalar!(
        r#"select case when is_called then last_value else 0 end as "last!" from outbox_positions"#
    );
    Ok(last.fetch_one(connection).await?)
}

/// The id of a new transaction.
pub async fn transaction(connection: &mut PgConnection) -> Result<u64, DbError> {
    let id = sqlx::query_scalar!(r#"select pg_current_xact_id()::text as "id!""#);
    transaction_id(&id.fetch_one(connection).await?)
}

/// The id of the oldest transaction that has not ended.
pub async fn oldest_transaction(connection: &mut PgConnection) -> Result<u64, DbError> {
    let id = sqlx::query_scalar!(r#"select pg_snapshot_xmin(pg_current_snapshot())::text as "id!""#);
    transaction_id(&id.fetch_one(connection).await?)
}

fn transaction_id(text: &str) -> Result<u64, DbError> {
    text.parse().map_err(|_| DbError::Corrupt {
        table: "outbox",
        column: "txid",
    })
}
