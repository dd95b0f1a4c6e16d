//! Repairs.

mod list;
mod past;

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;

pub use list::{Wanted, list, list_of_case, list_of_organisation};
pub use past::{Carried, Waiting, carried, waiting};

use crate::domain::payment::{Amount, Pays};
use crate::domain::provider::ProviderId;
use crate::domain::repair::{
    CaseId, Coverage, CustomerId, DecisionId, DeviceId, Due, EntitlementId, Progress, Repair, RepairId,
};
use crate::domain::state::{Outcome, State};

/// The constraint on the case.
pub const CASE_FKEY: &str = "repairs_case_fkey";
/// The constraint on the partner's reference.
pub const PARTNER_REFERENCE_KEY: &str = "repairs_partner_reference_key";

const TABLE: &str = "repairs";

struct Row {
    id: RepairId,
    case_id: CaseId,
    provider_id: ProviderId,
    organisation_id: Option<String>,
    device_id: DeviceId,
    serial_number: String,
    state: String,
    outcome: Option<String>,
    problem: String,
    language: String,
    diagnosis_code: Option<String>,
    coverage_outcome: String,
    coverage_decision_id: DecisionId,
    entitlement_id: Option<EntitlementId>,
    customer_pays: Option<String>,
    customer_pays_currency: Option<String>,
    customer_pays_minor: Option<i64>,
    partner_reference: Option<String>,
    note: Option<String>,
    received_at: Option<OffsetDateTime>,
    step_due_at: Option<OffsetDateTime>,
    return_due_at: Option<OffsetDateTime>,
    procedures_version: Option<String>,
    version: i64,
    submitted_at: OffsetDateTime,
    updated_at: OffsetDateTime,
}

impl TryFrom<Row> for Repair {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let outcome = row
            .outcome
            .map(|name| stored(Outcome::from_name(&name), TABLE, "outcome"))
            .transpose()?;
        Ok(Self {
            id: row.id,
            case_id: row.case_id,
            provider_id: row.provider_id,
            organisation: row.organisation_id,
            device_id: row.device_id,
            serial_number: row.serial_number,
            progress: Progress {
                state: stored(State::from_name(&row.state), TABLE, "state")?,
                diagnosis_code: row.diagnosis_code,
                outcome,
            },
            problem: row.problem,
            language: row.language,
            coverage: stored(Coverage::from_name(&row.coverage_outcome), TABLE, "coverage_outcome")?,
            decision_id: row.coverage_decision_id,
            pays: pays(
                row.customer_pays.as_deref(),
                row.customer_pays_currency.zip(row.customer_pays_minor),
            )?,
            entitlement_id: row.entitlement_id,
            partner_reference: row.partner_reference,
            note: row.note,
            due: Due {
                received_at: row.received_at,
                step: row.step_due_at,
                back: row.return_due_at,
            },
            procedures_version: row.procedures_version,
            version: row.version,
            submitted_at: row.submitted_at,
            updated_at: row.updated_at,
        })
    }
}

fn pays(stated: Option<&str>, amount: Option<(String, i64)>) -> Result<Option<Pays>, DbError> {
    let pays = match (stated, amount) {
        (None, _) => return Ok(None),
        (Some("nothing"), _) => Some(Pays::Nothing),
        (Some("unknown"), _) => Some(Pays::Unknown),
        (Some("amount"), Some((currency, minor))) => Some(Pays::Amount(Amount { currency, minor })),
        _ => None,
    };
    stored(pays, TABLE, "customer_pays").map(Some)
}

/// What the columns of `pays` hold: what it is, and of an amount the currency and how much.
fn columns(pays: Option<&Pays>) -> (Option<&'static str>, Option<&str>, Option<i64>) {
    match pays {
        None => (None, None, None),
        Some(Pays::Nothing) => (Some("nothing"), None, None),
        Some(Pays::Unknown) => (Some("unknown"), None, None),
        Some(Pays::Amount(amount)) => (Some("amount"), Some(&amount.currency), Some(amount.minor)),
    }
}

/// Adds a repair that was just ordered. Breaks [`CASE_FKEY`] where the case is not known, [`PARTNER_REFERENCE_KEY`] where the reference is
/// taken.
pub async fn insert(connection: &mut PgConnection, repair: &Repair) -> Result<(), DbError> {
    let (customer_pays, currency, minor) = columns(repair.pays.as_ref());
    sqlx::query!(
        "insert into repairs (id, case_id, provider_id, organisation_id, device_id, serial_number, state, outcome,
                              problem, language, diagnosis_code, coverage_outcome, coverage_decision_id,
                              partner_reference, procedures_version, version, submitted_at, updated_at, entitlement_id,
                              customer_pays, customer_pays_currency, customer_pays_minor)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
        repair.id.uuid(),
        repair.case_id.uuid(),
        repair.provider_id.uuid(),
        repair.organisation,
        repair.device_id.uuid(),
        repair.serial_number,
        repair.progress.state.as_str(),
        repair.progress.outcome.map(Outcome::as_str),
        repair.problem,
        repair.language,
        repair.progress.diagnosis_code,
        repair.coverage.as_str(),
        repair.decision_id.uuid(),
        repair.partner_reference,
        repair.procedures_version,
        repair.version,
        repair.submitted_at,
        repair.updated_at,
        repair.entitlement_id.map(EntitlementId::uuid),
        customer_pays,
        currency,
        minor,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes how far a locked repair is.
pub async fn update(connection: &mut PgConnection, repair: &Repair) -> Result<(), DbError> {
    sqlx::query!(
        "update repairs
         set state = $2, outcome = $3, diagnosis_code = $4, version = $5, updated_at = $6, note = $7, received_at = $8,
             step_due_at = $9, return_due_at = $10, procedures_version = $11
         where id = $1",
        repair.id.uuid(),
        repair.progress.state.as_str(),
        repair.progress.outcome.map(Outcome::as_str),
        repair.progress.diagnosis_code,
        repair.version,
        repair.updated_at,
        repair.note,
        repair.due.received_at,
        repair.due.step,
        repair.due.back,
        repair.procedures_version,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The repair with this id, and whose case it belongs to.
pub async fn get(connection: &mut PgConnection, id: RepairId) -> Result<Option<(Repair, CustomerId)>, DbError> {
    let row = sqlx::query!(
        r#"select id as "id: RepairId", repairs.case_id as "case_id: CaseId", provider_id as "provider_id: ProviderId",
                  organisation_id, device_id as "device_id: DeviceId", serial_number, state, outcome, problem, language,
                  diagnosis_code, coverage_outcome, coverage_decision_id as "coverage_decision_id: DecisionId",
                  partner_reference, note, received_at, step_due_at, return_due_at, procedures_version, version,
                  entitlement_id as "entitlement_id: EntitlementId", customer_pays, customer_pays_currency, customer_pays_minor,
                  submitted_at, updated_at, customer_id as "customer_id: CustomerId"
           from repairs join known_cases on known_cases.case_id = repairs.case_id
           where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let customer = row.customer_id;
    let row = Row {
        id: row.id,
        case_id: row.case_id,
        provider_id: row.provider_id,
        organisation_id: row.organisation_id,
        device_id: row.device_id,
        serial_number: row.serial_number,
        state: row.state,
        outcome: row.outcome,
        problem: row.problem,
        language: row.language,
        diagnosis_code: row.diagnosis_code,
        coverage_outcome: row.coverage_outcome,
        coverage_decision_id: row.coverage_decision_id,
        entitlement_id: row.entitlement_id,
        customer_pays: row.customer_pays,
        customer_pays_currency: row.customer_pays_currency,
        customer_pays_minor: row.customer_pays_minor,
        partner_reference: row.partner_reference,
        note: row.note,
        received_at: row.received_at,
        step_due_at: row.step_due_at,
        return_due_at: row.return_due_at,
        procedures_version: row.procedures_version,
        version: row.version,
        submitted_at: row.submitted_at,
        updated_at: row.updated_at,
    };
    Ok(Some((row.try_into()?, customer)))
}

/// The repair with this id, locked until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: RepairId) -> Result<Option<Repair>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: RepairId", case_id as "case_id: CaseId", provider_id as "provider_id: ProviderId",
                  organisation_id, device_id as "device_id: DeviceId", serial_number, state, outcome, problem, language,
                  diagnosis_code, coverage_outcome, coverage_decision_id as "coverage_decision_id: DecisionId",
                  partner_reference, note, received_at, step_due_at, return_due_at, procedures_version, version,
                  entitlement_id as "entitlement_id: EntitlementId", customer_pays, customer_pays_currency, customer_pays_minor,
                  submitted_at, updated_at
           from repairs where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Repair::try_from)
    .transpose()
}
