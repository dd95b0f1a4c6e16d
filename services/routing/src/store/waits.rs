//! Who waits for what, who was taken, whose a case is, and who is called back.

use std::collections::HashMap;

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use super::tasks;
use crate::domain::{CaseId, CustomerId, Task, TaskId};
use crate::engine::Queued;

/// Notes whose a case is.
pub async fn note_customer(connection: &mut PgConnection, case: CaseId, customer: CustomerId) -> Result<(), DbError> {
    sqlx::query!(
        "insert into case_customers (case_id, customer_id) values ($1, $2) on conflict (case_id) do nothing",
        case.uuid(),
        customer.uuid(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whose a case is, where it is known.
pub async fn customer(connection: &mut PgConnection, case: CaseId) -> Result<Option<CustomerId>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select customer_id as "customer_id: CustomerId" from case_customers where case_id = $1"#,
        case.uuid(),
    )
    .fetch_optional(connection)
    .await?)
}

/// The oldest task of a case that has not ended.
pub async fn oldest_open(connection: &mut PgConnection, case: CaseId) -> Result<Option<Task>, DbError> {
    let Some(oldest) = tasks::open_of_case(connection, case).await?.into_iter().next() else {
        return Ok(None);
    };
    tasks::find(connection, oldest).await
}

/// What was taken lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The last position of the outbox that was looked at.
    pub position: i64,
    /// Whether some positions before were left out.
    pub is_cut: bool,
    /// When the first of them was written; none where there is none.
    pub since: Option<OffsetDateTime>,
    /// What was taken, as the plan sees it, and when, oldest first.
    pub taken: Vec<(Queued, OffsetDateTime)>,
}

/// What was taken, by what the outbox tells from behind the position `after`, the newest `limit` positions at most.
pub async fn taken(connection: &mut PgConnection, after: i64, limit: i64) -> Result<Taken, DbError> {
    let last = super::happened::last_position(connection).await?;
    let is_cut = after < last - limit;
    let after = after.max(last - limit);
    let since = sqlx::query_scalar!(
        "select occurred_at from outbox where position > $1 order by position limit 1",
        after
    )
    .fetch_optional(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        r#"select subject_id as "task: TaskId", occurred_at from outbox
         where position > $1 and position <= $2 and event_type = 'support.routing.v1.TaskAccepted'
         order by occurred_at"#,
        after,
        last,
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.task.uuid()).collect();
    let tasks = super::line::as_queued(connection, &ids).await?;
    let tasks: HashMap<TaskId, Queued> = tasks.into_iter().map(|task| (task.task, task)).collect();
    let taken = rows.into_iter();
    let taken = taken.filter_map(|row| Some((tasks.get(&row.task)?.clone(), row.occurred_at)));
    let taken = taken.collect();
    Ok(Taken {
        position: last,
        is_cut,
        since,
        taken,
    })
}

/// How a customer is called back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Not before this.
    pub earliest: Option<OffsetDateTime>,
    /// Best before this.
    pub latest: Option<OffsetDateTime>,
    /// How often they were called and not reached.
    pub attempts: i32,
}

/// How the customer of a task is called back; none where nobody asked for that.
pub async fn callback(connection: &mut PgConnection, task: TaskId) -> Result<Option<Callback>, DbError> {
    Ok(sqlx::query_as!(
        Callback,
        "select earliest, latest, attempts from callbacks where task_id = $1",
        task.uuid(),
    )
    .fetch_optional(connection)
    .await?)
}

/// Writes how the customer of a locked task is called back.
pub async fn put_callback(
    connection: &mut PgConnection,
    task: TaskId,
    callback: &Callback,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into callbacks (task_id, earliest, latest, attempts, requested_at) values ($1, $2, $3, $4, $5)
         on conflict (task_id) do update
             set earliest = excluded.earliest, latest = excluded.latest, attempts = excluded.attempts",
        task.uuid(),
        callback.earliest,
        callback.latest,
        callback.attempts,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Holds a locked task back until a time, or lets it into line; a callback is a call, whatever it was before.
pub async fn hold(connection: &mut PgConnection, task: &Task, until: Option<OffsetDateTime>) -> Result<(), DbError> {
    sqlx::query!(
        "update tasks set hold_until = $2, channel = $3 where id = $1",
        task.id.uuid(),
        until,
        task.channel.as_str(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a task is held back.
pub async fn held_until(connection: &mut PgConnection, task: TaskId) -> Result<Option<OffsetDateTime>, DbError> {
    Ok(
        sqlx::query_scalar!("select hold_until from tasks where id = $1", task.uuid())
            .fetch_optional(connection)
            .await?
            .flatten(),
    )
}

/// Tasks that wait and are held back no longer.
pub async fn due(connection: &mut PgConnection, now: OffsetDateTime, limit: i64) -> Result<Vec<Uuid>, DbError> {
    Ok(sqlx::query_scalar!(
        "select id from tasks where hold_until is not null and state = 'queued' and hold_until <= $1 order by hold_until limit $2",
        now,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// When the next of those that are held back is not any more.
pub async fn next_due(connection: &mut PgConnection) -> Result<Option<OffsetDateTime>, DbError> {
    Ok(
        sqlx::query_scalar!("select min(hold_until) from tasks where hold_until is not null and state = 'queued'")
            .fetch_one(connection)
            .await?,
    )
}
