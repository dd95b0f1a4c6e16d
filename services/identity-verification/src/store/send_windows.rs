//! When codes went to contact points lately.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

use crate::domain::sends::SendWindow;

/// Reads the window of a contact point, making an empty one where there is none, and keeps others from it until the
/// transaction ends.
pub async fn lock(
    connection: &mut PgConnection,
    contact_key: &[u8; 32],
    now: OffsetDateTime,
) -> Result<SendWindow, DbError> {
    // An upsert, as `select for update` cannot lock a row that is not there: two first sends would both find none.
    let sent_at = sqlx::query_scalar!(
        "insert into send_windows (contact_key, sent_at, touched_at) values ($1, '{}', $2)
         on conflict (contact_key) do update set touched_at = excluded.touched_at
         returning sent_at",
        contact_key,
        now,
    )
    .fetch_one(connection)
    .await?;
    Ok(SendWindow::new(sent_at))
}

/// Reads a window without keeping others from it; an empty one where there is none.
pub async fn get(connection: &mut PgConnection, key: &[u8; 32]) -> Result<SendWindow, DbError> {
    let sent_at = sqlx::query_scalar!("select sent_at from send_windows where contact_key = $1", key)
        .fetch_optional(connection)
        .await?;
    Ok(SendWindow::new(sent_at.unwrap_or_default()))
}

/// Writes a locked window.
pub async fn update(connection: &mut PgConnection, contact_key: &[u8; 32], window: &SendWindow) -> Result<(), DbError> {
    sqlx::query!(
        "update send_windows set sent_at = $2 where contact_key = $1",
        contact_key,
        window.sent_at()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes windows that nothing was sent in since `before`, at most `limit`, and says how many they were.
pub async fn prune(connection: &mut PgConnection, before: OffsetDateTime, limit: i64) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from send_windows where contact_key in (
             select contact_key from send_windows where touched_at < $1 order by touched_at limit $2 for update skip locked
         )",
        before,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
