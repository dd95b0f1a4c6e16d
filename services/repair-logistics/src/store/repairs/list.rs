//! Lists of repairs, newest first. A statement for each way to look, not one with filters that may be null: else the
//! plan of the one would be that of the other.

use sqlx::PgConnection;
use support_chassis::db::DbError;

use super::Row;
use crate::domain::provider::ProviderId;
use crate::domain::repair::{CaseId, DecisionId, DeviceId, Repair, RepairId};
use crate::domain::state::State;

/// The names of the states looked for; empty for all.
fn names(states: &[State]) -> Vec<String> {
    states.iter().map(|state| state.as_str().to_owned()).collect()
}

fn repairs(rows: Vec<Row>) -> Result<Vec<Repair>, DbError> {
    rows.into_iter().map(Repair::try_from).collect()
}

/// The repairs of one case, of one organisation or all, in some states or all, after one, `limit` at most.
pub async fn list_of_case(
    connection: &mut PgConnection,
    case: CaseId,
    organisation: Option<&str>,
    states: &[State],
    after: Option<RepairId>,
    limit: i64,
) -> Result<Vec<Repair>, DbError> {
    // A case has a handful of repairs: the filters behind the key cost nothing.
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: RepairId", case_id as "case_id: CaseId", provider_id as "provider_id: ProviderId",
                  organisation_id, device_id as "device_id: DeviceId", serial_number, state, outcome, problem, language,
                  diagnosis_code, coverage_outcome, coverage_decision_id as "coverage_decision_id: DecisionId",
                  partner_reference, version, submitted_at, updated_at
           from repairs
           where case_id = $1 and ($2::text is null or organisation_id = $2)
             and (cardinality($3::text[]) = 0 or state = any($3)) and ($4::uuid is null or id < $4)
           order by id desc limit $5"#,
        case.uuid(),
        organisation,
        &names(states),
        after.map(RepairId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    repairs(rows)
}

/// The repairs of one organisation, in some states or all, after one, `limit` at most.
pub async fn list_of_organisation(
    connection: &mut PgConnection,
    organisation: &str,
    states: &[State],
    after: Option<RepairId>,
    limit: i64,
) -> Result<Vec<Repair>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: RepairId", case_id as "case_id: CaseId", provider_id as "provider_id: ProviderId",
                  organisation_id, device_id as "device_id: DeviceId", serial_number, state, outcome, problem, language,
                  diagnosis_code, coverage_outcome, coverage_decision_id as "coverage_decision_id: DecisionId",
                  partner_reference, version, submitted_at, updated_at
           from repairs
           where organisation_id = $1 and (cardinality($2::text[]) = 0 or state = any($2))
             and ($3::uuid is null or id < $3)
           order by id desc limit $4"#,
        organisation,
        &names(states),
        after.map(RepairId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    repairs(rows)
}

/// All repairs, in some states or all, after one, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    states: &[State],
    after: Option<RepairId>,
    limit: i64,
) -> Result<Vec<Repair>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: RepairId", case_id as "case_id: CaseId", provider_id as "provider_id: ProviderId",
                  organisation_id, device_id as "device_id: DeviceId", serial_number, state, outcome, problem, language,
                  diagnosis_code, coverage_outcome, coverage_decision_id as "coverage_decision_id: DecisionId",
                  partner_reference, version, submitted_at, updated_at
           from repairs
           where (cardinality($1::text[]) = 0 or state = any($1)) and ($2::uuid is null or id < $2)
           order by id desc limit $3"#,
        &names(states),
        after.map(RepairId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?;
    repairs(rows)
}
