//! What became of repairs: to see what other procedures would have meant.

use std::collections::BTreeSet;

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::standard::Reach;
use time::OffsetDateTime;

use super::TABLE;
use crate::domain::provider::Kind;
use crate::domain::repair::RepairId;

/// A repair that was carried through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The repair.
    pub id: RepairId,
    /// What kind of place it was.
    pub kind: Kind,
    /// When the device came in.
    pub received_at: OffsetDateTime,
    /// When it was back.
    pub returned_at: OffsetDateTime,
}

/// An order whose device has not come in yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The repair.
    pub id: RepairId,
    /// When it was ordered.
    pub submitted_at: OffsetDateTime,
}

/// A reach as the statements below take it: whether the countries are the only ones or those left out, and which.
fn countries(reach: &Reach) -> (bool, Vec<String>) {
    let listed = |countries: &BTreeSet<String>| countries.iter().cloned().collect();
    match reach {
        Reach::Only(countries) => (true, listed(countries)),
        Reach::AllBut(countries) => (false, listed(countries)),
    }
}

/// The latest repairs after which a device went back, at providers where the rules of a place hold, `limit` at most.
pub async fn carried(connection: &mut PgConnection, reach: &Reach, limit: i64) -> Result<Vec<Carried>, DbError> {
    let (only, countries) = countries(reach);
    sqlx::query!(
        r#"select repairs.id as "id: RepairId", kind, received_at as "received_at!", updated_at
           from repairs join providers on providers.id = repairs.provider_id
           where state = 'returned' and received_at is not null and (country_code = any($1)) = $2
           order by repairs.id desc limit $3"#,
        &countries,
        only,
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Carried {
            id: row.id,
            kind: stored(Kind::from_name(&row.kind), TABLE, "kind")?,
            received_at: row.received_at,
            returned_at: row.updated_at,
        })
    })
    .collect()
}

/// The latest orders whose devices have not come in yet, at providers where the rules of a place hold, `limit` at most.
pub async fn waiting(connection: &mut PgConnection, reach: &Reach, limit: i64) -> Result<Vec<Waiting>, DbError> {
    let (only, countries) = countries(reach);
    let rows = sqlx::query!(
        r#"select repairs.id as "id: RepairId", submitted_at
           from repairs join providers on providers.id = repairs.provider_id
           where state = 'submitted' and (country_code = any($1)) = $2
           order by repairs.id desc limit $3"#,
        &countries,
        only,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let waiting = rows.into_iter().map(|row| Waiting {
        id: row.id,
        submitted_at: row.submitted_at,
    });
    Ok(waiting.collect())
}
