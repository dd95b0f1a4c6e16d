//! Codes on their way.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

use crate::domain::ids::{DeliveryId, VerificationId};
use crate::domain::verification::Way;
use crate::words::Origin;

/// A delivery that a worker has taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: DeliveryId,
    /// Whose code it carries.
    pub verification_id: VerificationId,
    /// How often it was tried, this time included.
    pub attempts: i16,
    /// How often localisation did not give the text.
    pub render_failures: i16,
}

/// How a delivery ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was taken by the mail server or the local outbox.
    Sent,
    /// There is nothing to deliver (any more): nobody has the address, or the verification has ended.
    Dropped(&'static str),
    /// It cannot be delivered.
    Failed(&'static str),
}

impl End {
    fn columns(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Sent => ("sent", None),
            Self::Dropped(reason) => ("dropped", Some(reason)),
            Self::Failed(reason) => ("failed", Some(reason)),
        }
    }
}

/// Writes a delivery of the code of a verification, due now. Where it does not go out it is written as well, ended at once:
/// the same statement is run for known and unknown addresses, so that they take the same time.
pub async fn insert(
    connection: &mut PgConnection,
    id: DeliveryId,
    verification: VerificationId,
    way: Way,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let (state, reason) = match way {
        Way::Out => ("pending", None),
        Way::Nowhere => End::Dropped("no_recipient").columns(),
        Way::Withheld => End::Dropped("withheld").columns(),
    };
    sqlx::query!(
        "insert into deliveries (id, verification_id, state, reason, due_at, created_at, ended_at)
         values ($1, $2, $3, $4, $5, $5, $6)",
        id.uuid(),
        verification.uuid(),
        state,
        reason,
        now,
        (way != Way::Out).then_some(now),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes on at most `limit` deliveries that are due at `now`, the longest due first, and keeps other workers from them
/// until `lease_end`. A worker that dies leaves them to be taken on again then.
pub async fn claim(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    lease_end: OffsetDateTime,
    limit: i64,
) -> Result<Vec<Claimed>, DbError> {
    Ok(sqlx::query_as!(
        Claimed,
        r#"update deliveries set due_at = $2, attempts = attempts + 1
         where id in (
             select id from deliveries where state = 'pending' and due_at <= $1
             order by due_at limit $3
             for update skip locked
         )
         returning id as "id: DeliveryId", verification_id as "verification_id: VerificationId", attempts, render_failures"#,
        now,
        lease_end,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// Ends a delivery, unless it has ended. `origin` is where the words came from that were sent.
pub async fn end(
    connection: &mut PgConnection,
    id: DeliveryId,
    end: End,
    origin: Option<&Origin>,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let (state, reason) = end.columns();
    sqlx::query!(
        "update deliveries
         set state = $2, reason = $3, ended_at = $4,
             subject_locale = $5, subject_version = $6, body_locale = $7, body_version = $8
         where id = $1 and state = 'pending'",
        id.uuid(),
        state,
        reason,
        now,
        origin.map(|origin| origin.subject.locale.as_str()),
        origin.map(|origin| origin.subject.version),
        origin.map(|origin| origin.body.locale.as_str()),
        origin.map(|origin| origin.body.version),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Puts a delivery off until `due_at`.
pub async fn put_off(
    connection: &mut PgConnection,
    id: DeliveryId,
    due_at: OffsetDateTime,
    render_failures: i16,
) -> Result<(), DbError> {
    sqlx::query!(
        "update deliveries set due_at = $2, render_failures = $3 where id = $1 and state = 'pending'",
        id.uuid(),
        due_at,
        render_failures,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// How many deliveries wait at `now` that were due before `since`.
pub async fn count_overdue(connection: &mut PgConnection, since: OffsetDateTime) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from deliveries where state = 'pending' and due_at < $1"#,
        since
    )
    .fetch_one(connection)
    .await?)
}
