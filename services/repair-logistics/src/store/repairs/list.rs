//! Lists of repairs, newest first. A statement for each way to look, not one with filters that may be null: else the
//! plan of the one would be that of the other.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::vault::Vault;
use time::OffsetDateTime;

use super::{Row, select_repairs};
use crate::domain::repair::{CaseId, Repair, RepairId};
use crate::domain::state::State;

/// Which repairs of a list are wanted.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Only those in these states; empty for all.
    pub states: &'a [State],
    /// Only those whose next step was due before then; none for all.
    pub due_before: Option<OffsetDateTime>,
}

impl Wanted<'_> {
    /// The names of the states looked for; empty for all.
    fn names(&self) -> Vec<String> {
        self.states.iter().map(|state| state.as_str().to_owned()).collect()
    }
}

fn repairs(vault: &Vault, rows: Vec<Row>) -> Result<Vec<Repair>, DbError> {
    rows.into_iter().map(|row| Ok(row.read(vault)?.repair)).collect()
}

/// The repairs of one case, of one organisation or all, that are wanted, after one, `limit` at most.
pub async fn list_of_case(
    connection: &mut PgConnection,
    vault: &Vault,
    case: CaseId,
    organisation: Option<&str>,
    wanted: Wanted<'_>,
    after: Option<RepairId>,
    limit: i64,
) -> Result<Vec<Repair>, DbError> {
    // A case has a handful of repairs: the filters behind the key cost nothing.
    let rows = select_repairs!(
        "where repairs.case_id = $1 and ($2::text is null or organisation_id = $2)
             and (cardinality($3::text[]) = 0 or state = any($3)) and ($4::uuid is null or id < $4)
             and ($6::timestamptz is null or step_due_at < $6)
           order by id desc limit $5",
        case.uuid(),
        organisation,
        &wanted.names(),
        after.map(RepairId::uuid),
        limit,
        wanted.due_before,
    )
    .fetch_all(connection)
    .await?;
    repairs(vault, rows)
}

/// The repairs of one organisation that are wanted, after one, `limit` at most.
pub async fn list_of_organisation(
    connection: &mut PgConnection,
    vault: &Vault,
    organisation: &str,
    wanted: Wanted<'_>,
    after: Option<RepairId>,
    limit: i64,
) -> Result<Vec<Repair>, DbError> {
    let rows = select_repairs!(
        "where organisation_id = $1 and (cardinality($2::text[]) = 0 or state = any($2))
             and ($3::uuid is null or id < $3) and ($5::timestamptz is null or step_due_at < $5)
           order by id desc limit $4",
        organisation,
        &wanted.names(),
        after.map(RepairId::uuid),
        limit,
        wanted.due_before,
    )
    .fetch_all(connection)
    .await?;
    repairs(vault, rows)
}

/// All repairs that are wanted, after one, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    vault: &Vault,
    wanted: Wanted<'_>,
    after: Option<RepairId>,
    limit: i64,
) -> Result<Vec<Repair>, DbError> {
    let rows = select_repairs!(
        "where (cardinality($1::text[]) = 0 or state = any($1)) and ($2::uuid is null or id < $2)
             and ($4::timestamptz is null or step_due_at < $4)
           order by id desc limit $3",
        &wanted.names(),
        after.map(RepairId::uuid),
        limit,
        wanted.due_before,
    )
    .fetch_all(connection)
    .await?;
    repairs(vault, rows)
}
