//! Lists of repairs, newest first. A statement for each way to look, not one with filters that may be null: else the
//! plan of the one would be that of the other.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

use super::Row;
use crate::domain::provider::ProviderId;
use crate::domain::repair::{CaseId, DecisionId, DeviceId, EntitlementId, Repair, RepairId};
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

fn repairs(rows: Vec<Row>) -> Result<Vec<Repair>, DbError> {
    rows.into_iter().map(Repair::try_from).collect()
}

/// The repairs of one case, of one organisation or all, that are wanted, after one, `limit` at most.
pub async fn list_of_case(
    connection: &mut PgConnection,
    case: CaseId,
    organisation: Option<&str>,
    wanted: Wanted<'_>,
    after: Option<RepairId>,
    limit: i64,
) -> Result<Vec<Repair>, DbError> {
    // A case has a handful of repairs: the filters behind the key cost nothing.
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: RepairId", case_id as "case_id: CaseId", provider_id as "provider_id: ProviderId",
                  organisation_id, device_id as "device_id: DeviceId", serial_number, state, outcome, problem, language,
                  diagnosis_code, coverage_outcome, coverage_decision_id as "coverage_decision_id: DecisionId",
                  partner_reference, note, received_at, step_due_at, return_due_at, procedures_version, version,
                  entitlement_id as "entitlement_id: EntitlementId", customer_pays, customer_pays_currency, customer_pays_minor,
                  submitted_at, updated_at
           from repairs
           where case_id = $1 and ($2::text is null or organisation_id = $2)
             and (cardinality($3::text[]) = 0 or state = any($3)) and ($4::uuid is null or id < $4)
             and ($6::timestamptz is null or step_due_at < $6)
           order by id desc limit $5"#,
        case.uuid(),
        organisation,
        &wanted.names(),
        after.map(RepairId::uuid),
        limit,
        wanted.due_before,
    )
    .fetch_all(connection)
    .await?;
    repairs(rows)
}

/// The repairs of one organisation that are wanted, after one, `limit` at most.
pub async fn list_of_organisation(
    connection: &mut PgConnection,
    organisation: &str,
    wanted: Wanted<'_>,
    after: Option<RepairId>,
    limit: i64,
) -> Result<Vec<Repair>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: RepairId", case_id as "case_id: CaseId", provider_id as "provider_id: ProviderId",
                  organisation_id, device_id as "device_id: DeviceId", serial_number, state, outcome, problem, language,
                  diagnosis_code, coverage_outcome, coverage_decision_id as "coverage_decision_id: DecisionId",
                  partner_reference, note, received_at, step_due_at, return_due_at, procedures_version, version,
                  entitlement_id as "entitlement_id: EntitlementId", customer_pays, customer_pays_currency, customer_pays_minor,
                  submitted_at, updated_at
           from repairs
           where organisation_id = $1 and (cardinality($2::text[]) = 0 or state = any($2))
             and ($3::uuid is null or id < $3) and ($5::timestamptz is null or step_due_at < $5)
           order by id desc limit $4"#,
        organisation,
        &wanted.names(),
        after.map(RepairId::uuid),
        limit,
        wanted.due_before,
    )
    .fetch_all(connection)
    .await?;
    repairs(rows)
}

/// All repairs that are wanted, after one, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    wanted: Wanted<'_>,
    after: Option<RepairId>,
    limit: i64,
) -> Result<Vec<Repair>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id: RepairId", case_id as "case_id: CaseId", provider_id as "provider_id: ProviderId",
                  organisation_id, device_id as "device_id: DeviceId", serial_number, state, outcome, problem, language,
                  diagnosis_code, coverage_outcome, coverage_decision_id as "coverage_decision_id: DecisionId",
                  partner_reference, note, received_at, step_due_at, return_due_at, procedures_version, version,
                  entitlement_id as "entitlement_id: EntitlementId", customer_pays, customer_pays_currency, customer_pays_minor,
                  submitted_at, updated_at
           from repairs
           where (cardinality($1::text[]) = 0 or state = any($1)) and ($2::uuid is null or id < $2)
             and ($4::timestamptz is null or step_due_at < $4)
           order by id desc limit $3"#,
        &wanted.names(),
        after.map(RepairId::uuid),
        limit,
        wanted.due_before,
    )
    .fetch_all(connection)
    .await?;
    repairs(rows)
}
