//! The pools from which counted uses are drawn.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};

use time::OffsetDateTime;

use super::{TABLE, column, select};
use crate::domain::claim::{Claim, ClaimId, Pool};

/// Puts those who draw on a pool in one line, until the transaction ends. It keeps them from failing at each other; what keeps the
/// last use from being taken twice is [`SLOT_KEY`](super::SLOT_KEY).
pub async fn lock(connection: &mut PgConnection, pool: &Pool) -> Result<(), DbError> {
    let key = format!("claims/{}/{}", pool.holder, pool.name);
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", key)
        .execute(connection)
        .await?;
    Ok(())
}

/// The first free place of a pool; none where as many uses live as there are, those over the limit too.
pub async fn free_slot(connection: &mut PgConnection, pool: &Pool) -> Result<Option<u16>, DbError> {
    let slot = sqlx::query_scalar!(
        r#"with taken as (
               select slot from claims
               where holder_id = $1 and pool = $2 and state in ('reserved', 'committed')
           )
           select number::smallint as "slot!"
           from generate_series(0, $3::integer - 1) as number
           where (select count(*) from taken) < $3::integer
             and not exists (select from taken where taken.slot = number)
           order by number limit 1"#,
        pool.holder.uuid(),
        pool.name,
        i32::from(column(pool.slots)),
    )
    .fetch_optional(connection)
    .await?;
    slot.map(|slot| stored(u16::try_from(slot).ok(), TABLE, "slot"))
        .transpose()
}

/// The reservations of a pool that are over at `now`, locked until the transaction ends.
pub async fn lock_over_of_pool(
    connection: &mut PgConnection,
    pool: &Pool,
    now: OffsetDateTime,
) -> Result<Vec<Claim>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"select id as "id: ClaimId" from claims
           where holder_id = $1 and pool = $2 and expires_at <= $3 for update"#,
        pool.holder.uuid(),
        pool.name,
        now,
    )
    .fetch_all(&mut *connection)
    .await?;
    select(connection, &ids).await
}
