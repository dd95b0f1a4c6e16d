//! Codes and notifications on their way.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::ids::{ContactPointId, DeliveryId, VerificationId};
use crate::domain::verification::Way;
use crate::words::{CatalogueVersion, Origin};

/// What a delivery carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freight {
    /// The code of a verification.
    Code(VerificationId),
    /// Notifications.
    Notice,
}

/// A delivery that a worker has taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimed {
    /// Its id.
    pub id: DeliveryId,
    /// What it carries.
    pub freight: Freight,
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

/// Takes on at most `limit` deliveries of codes that are due at `now`, the longest due first, and keeps other workers from them
/// until `lease_end`. A worker that dies leaves them to be taken on again then.
pub async fn claim(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    lease_end: OffsetDateTime,
    limit: i64,
) -> Result<Vec<Claimed>, DbError> {
    let rows = sqlx::query!(
        r#"update deliveries set due_at = $2, attempts = attempts + 1
         where id in (
             select id from deliveries where state = 'pending' and verification_id is not null and due_at <= $1
             order by due_at limit $3
             for update skip locked
         )
         returning id as "id: DeliveryId", verification_id as "verification_id!: VerificationId", attempts,
             render_failures"#,
        now,
        lease_end,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let claimed = rows.into_iter().map(|row| Claimed {
        id: row.id,
        freight: Freight::Code(row.verification_id),
        attempts: row.attempts,
        render_failures: row.render_failures,
    });
    Ok(claimed.collect())
}

/// The same for deliveries of notifications.
pub async fn claim_notices(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    lease_end: OffsetDateTime,
    limit: i64,
) -> Result<Vec<Claimed>, DbError> {
    let rows = sqlx::query!(
        r#"update deliveries set due_at = $2, attempts = least(attempts + 1, 32000)
         where id in (
             select id from deliveries where state = 'pending' and verification_id is null and due_at <= $1
             order by due_at limit $3
             for update skip locked
         )
         returning id as "id: DeliveryId", attempts, render_failures"#,
        now,
        lease_end,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let claimed = rows.into_iter().map(|row| Claimed {
        id: row.id,
        freight: Freight::Notice,
        attempts: row.attempts,
        render_failures: row.render_failures,
    });
    Ok(claimed.collect())
}

/// A delivery of notifications, to an address.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// Where it goes.
    pub contact_point: ContactPointId,
    /// What it is about.
    pub about: Option<Uuid>,
    /// When it is sent.
    pub due_at: OffsetDateTime,
    /// Until when it is worth it.
    pub expires_at: OffsetDateTime,
    /// The message that an e-mail begins with.
    pub greeting_key: &'a str,
    /// The message that it ends with.
    pub closing_key: &'a str,
}

/// Writes a delivery of notifications.
pub async fn insert_notice(
    connection: &mut PgConnection,
    id: DeliveryId,
    notice: &Notice<'_>,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into deliveries
             (id, contact_point_id, about_id, state, due_at, expires_at, greeting_key, closing_key, created_at)
         values ($1, $2, $3, 'pending', $4, $5, $6, $7, $8)",
        id.uuid(),
        notice.contact_point.uuid(),
        notice.about,
        notice.due_at,
        notice.expires_at,
        notice.greeting_key,
        notice.closing_key,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds to a delivery of notifications about the same that no worker has taken on yet: it goes out when the first of what it carries is due,
/// and is worth it as long as the last. Gives none where none waits. The customer must be locked.
pub async fn join_waiting(connection: &mut PgConnection, notice: &Notice<'_>) -> Result<Option<DeliveryId>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"update deliveries set due_at = least(due_at, $3), expires_at = greatest(expires_at, $4)
         where id = (
             select id from deliveries
             where state = 'pending' and verification_id is null and attempts = 0
                 and contact_point_id = $1 and about_id is not distinct from $2
             order by due_at limit 1
             for update skip locked
         )
         returning id as "id: DeliveryId""#,
        notice.contact_point.uuid(),
        notice.about,
        notice.due_at,
        notice.expires_at,
    )
    .fetch_optional(connection)
    .await?)
}

/// Writes down where the words of an e-mail's subject line came from.
pub async fn set_subject(
    connection: &mut PgConnection,
    id: DeliveryId,
    key: &str,
    version: &CatalogueVersion,
) -> Result<(), DbError> {
    sqlx::query!(
        "update deliveries set subject_key = $2, subject_locale = $3, subject_version = $4 where id = $1 and state = 'sent'",
        id.uuid(),
        key,
        version.locale,
        version.version,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Ends a delivery, unless it has ended, and says whether it had not. `origin` is where the words of a code came from that were sent.
pub async fn end(
    connection: &mut PgConnection,
    id: DeliveryId,
    end: End,
    origin: Option<&Origin>,
    now: OffsetDateTime,
) -> Result<bool, DbError> {
    let (state, reason) = end.columns();
    let done = sqlx::query!(
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
    Ok(done.rows_affected() == 1)
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

/// How many codes wait that were due before `since`.
pub async fn count_overdue(connection: &mut PgConnection, since: OffsetDateTime) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!" from deliveries
         where state = 'pending' and verification_id is not null and due_at < $1"#,
        since
    )
    .fetch_one(connection)
    .await?)
}
