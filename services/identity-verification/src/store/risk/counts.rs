//! What is counted: whom a source begins verifications of, and codes by SMS by prefix and calling code.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

use crate::domain::risk::Counts;

/// Counts that a source uses something, and says how many things it has used since `since`, this one included. Beyond `limit` and
/// one more nothing is counted, so that no source has more rows than that.
pub async fn count_use(
    connection: &mut PgConnection,
    source: &[u8; 32],
    used: &[u8; 32],
    (since, now): (OffsetDateTime, OffsetDateTime),
    limit: i64,
) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"with others as (
             select count(*) as number from (
                 select from source_uses where source_key = $1 and used_key <> $2 and seen_at > $3 limit $5
             ) as counted
         ),
         noted as (
             insert into source_uses (source_key, used_key, seen_at)
             select $1, $2, $4 from others where number < $5
             on conflict (source_key, used_key) do update set seen_at = excluded.seen_at
         )
         select number + 1 as "number!" from others"#,
        source,
        used,
        since,
        now,
        limit.saturating_add(1),
    )
    .fetch_one(connection)
    .await?)
}

/// Counts a code that is about to be sent in the hour of the clock that `hour` begins, and gives what there is for each key: within
/// that hour this one included, and within the 24 hours before without it. Others wait until the transaction ends.
pub async fn count_send(
    connection: &mut PgConnection,
    keys: &[[u8; 32]; 2],
    hour: OffsetDateTime,
) -> Result<[Counts; 2], DbError> {
    let given = [keys[0].to_vec(), keys[1].to_vec()];
    let rows = sqlx::query!(
        r#"with noted as (
             insert into send_counts (counted_key, hour, sent, approved)
             select key, $2, 1, 0 from unnest($1::bytea[]) as key order by key
             on conflict (counted_key, hour) do update set sent = least(send_counts.sent + 1, 1000000000)
             returning counted_key, sent, approved
         ),
         before as (
             select counted_key, sum(sent) as sent, sum(approved) as approved from send_counts
             where counted_key = any($1) and hour < $2 and hour > $2 - interval '24 hours'
             group by counted_key
         )
         select noted.counted_key as "counted_key!", noted.sent::bigint as "this_hour!",
             (noted.sent - 1 + coalesce(before.sent, 0))::bigint as "sent!",
             (noted.approved + coalesce(before.approved, 0))::bigint as "approved!"
         from noted left join before on before.counted_key = noted.counted_key"#,
        &given,
        hour,
    )
    .fetch_all(connection)
    .await?;
    Ok(keys.map(|key| {
        let row = rows.iter().find(|row| row.counted_key == key);
        row.map_or_else(Counts::default, |row| Counts {
            sent_this_hour: row.this_hour,
            sent: row.sent,
            approved: row.approved,
        })
    }))
}

/// Counts a code that came back, in the hour that it was sent in as nearly as is known: where it was sent a little before the hour
/// of the clock, in the one that has it.
pub async fn count_approval(
    connection: &mut PgConnection,
    keys: &[[u8; 32]; 2],
    hour: OffsetDateTime,
) -> Result<(), DbError> {
    let given = [keys[0].to_vec(), keys[1].to_vec()];
    sqlx::query!(
        "insert into send_counts (counted_key, hour, sent, approved)
         select key, $2, 0, 1 from unnest($1::bytea[]) as key order by key
         on conflict (counted_key, hour) do update set approved = least(send_counts.approved + 1, 1000000000)",
        &given,
        hour,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes counts of hours before `before` and uses of before `used_before`, at most `limit` of each, and says how many they were.
pub async fn prune(
    connection: &mut PgConnection,
    before: OffsetDateTime,
    used_before: OffsetDateTime,
    limit: i64,
) -> Result<u64, DbError> {
    let sends = sqlx::query!(
        "delete from send_counts where (counted_key, hour) in (
             select counted_key, hour from send_counts where hour < $1 order by hour limit $2 for update skip locked
         )",
        before,
        limit,
    )
    .execute(&mut *connection)
    .await?;
    let uses = sqlx::query!(
        "delete from source_uses where (source_key, used_key) in (
             select source_key, used_key from source_uses where seen_at < $1 order by seen_at limit $2
             for update skip locked
         )",
        used_before,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(sends.rows_affected() + uses.rows_affected())
}
