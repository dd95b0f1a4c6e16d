//! Who waits for what, who was taken, whose a case is, and who is called back.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{read, tasks};
use crate::domain::waits::Kind;
use crate::domain::{CaseId, Country, CustomerId, Language, Task, TaskId};

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

/// A task that stands in line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InLine {
    /// The task.
    pub task: TaskId,
    /// What it waits for.
    pub kind: Kind,
    /// The priority it was queued with.
    pub priority: i16,
    /// Since when it waits.
    pub since: OffsetDateTime,
    /// Where it is served.
    pub country: Option<Country>,
}

/// All tasks that stand in line.
pub async fn in_line(connection: &mut PgConnection) -> Result<Vec<InLine>, DbError> {
    sqlx::query!(
        r#"select id as "id: TaskId", language, product_line, channel, priority, queue_time, country_code
         from tasks where state = 'queued' and end_time is null and hold_until is null"#
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(InLine {
            task: row.id,
            kind: kind(&row.language, row.product_line.as_deref(), &row.channel)?,
            priority: row.priority,
            since: row.queue_time,
            country: row
                .country_code
                .map(|code| read(&code, "tasks", "country_code"))
                .transpose()?,
        })
    })
    .collect()
}

fn kind(language: &str, product_line: Option<&str>, channel: &str) -> Result<Kind, DbError> {
    let language: Language = read(language, "tasks", "language")?;
    let product_line = product_line
        .map(|line| read(line, "tasks", "product_line"))
        .transpose()?;
    Ok(Kind::of(&language, product_line, read(channel, "tasks", "channel")?))
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
    /// What was taken, and when, oldest first.
    pub taken: Vec<(Kind, OffsetDateTime)>,
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
        "select t.language, t.product_line, t.channel, e.occurred_at
         from outbox e join tasks t on t.id = e.subject_id
         where e.position > $1 and e.position <= $2 and e.event_type = 'support.routing.v1.TaskAccepted'
         order by e.occurred_at",
        after,
        last,
    )
    .fetch_all(connection)
    .await?;
    let taken = rows
        .into_iter()
        .map(|row| {
            Ok((
                kind(&row.language, row.product_line.as_deref(), &row.channel)?,
                row.occurred_at,
            ))
        })
        .collect::<Result<_, DbError>>()?;
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
