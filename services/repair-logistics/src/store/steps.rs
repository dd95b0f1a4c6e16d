//! The steps of repairs.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};

use crate::domain::repair::{Repair, RepairId};
use crate::domain::state::State;
use crate::domain::step::{Actor, Taken};

/// Writes the step that has brought a repair to where it is, and who took it.
pub async fn insert(connection: &mut PgConnection, repair: &Repair, by: &Actor) -> Result<(), DbError> {
    sqlx::query!(
        "insert into repair_steps (repair_id, version, state, taken_at, actor_kind, actor_id, technician)
         values ($1, $2, $3, $4, $5, $6, $7)",
        repair.id.uuid(),
        repair.version,
        repair.progress.state.as_str(),
        repair.updated_at,
        by.kind,
        by.id,
        by.technician,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The steps of a repair, in their order.
pub async fn list(connection: &mut PgConnection, repair: RepairId) -> Result<Vec<Taken>, DbError> {
    let rows = sqlx::query!(
        "select state, taken_at, actor_kind, actor_id, technician from repair_steps where repair_id = $1 order by version",
        repair.uuid(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Taken {
                state: stored(State::from_name(&row.state), "repair_steps", "state")?,
                at: row.taken_at,
                by: Actor {
                    kind: row.actor_kind,
                    id: row.actor_id,
                    technician: row.technician,
                },
            })
        })
        .collect()
}
