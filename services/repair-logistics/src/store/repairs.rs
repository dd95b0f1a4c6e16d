//! Repairs.

mod list;
mod past;

use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx, stored};
use support_chassis::vault::{Held, KeyRow, Vault};
use time::OffsetDateTime;

pub use list::{Wanted, list, list_of_case, list_of_organisation};
pub use past::{Carried, Waiting, carried, waiting};

use super::sealed;
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

/// No `Debug`: it holds people's words.
struct Row {
    id: RepairId,
    case_id: CaseId,
    provider_id: ProviderId,
    organisation_id: Option<String>,
    device_id: DeviceId,
    serial_number: String,
    state: String,
    outcome: Option<String>,
    customer_id: CustomerId,
    problem: String,
    sealed_problem: Option<Vec<u8>>,
    sealed_note: Option<Vec<u8>>,
    wrapped_by: Option<String>,
    wrapped: Option<Vec<u8>>,
    erased_at: Option<OffsetDateTime>,
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

/// A repair, with whose case it belongs to and what there is of their data key.
#[derive(Debug, Clone)]
pub struct Found {
    /// The repair.
    pub repair: Repair,
    /// Whose case it belongs to.
    pub customer: CustomerId,
    /// Their data key.
    pub held: Held,
}

impl Row {
    fn read(self, vault: &Vault) -> Result<Found, DbError> {
        let row = self;
        let key = KeyRow {
            wrapped_by: row.wrapped_by,
            wrapped: row.wrapped,
            erased_at: row.erased_at,
        };
        let held = vault.held_in(row.customer_id.uuid(), key)?;
        let problem = sealed::open_problem(&held, row.id, row.sealed_problem.as_deref(), &row.problem)?;
        let note = sealed::open_note(&held, row.id, row.sealed_note.as_deref(), row.note.as_deref())?;
        let outcome = row
            .outcome
            .map(|name| stored(Outcome::from_name(&name), TABLE, "outcome"))
            .transpose()?;
        let repair = Repair {
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
            problem,
            language: row.language,
            coverage: stored(Coverage::from_name(&row.coverage_outcome), TABLE, "coverage_outcome")?,
            decision_id: row.coverage_decision_id,
            pays: pays(
                row.customer_pays.as_deref(),
                row.customer_pays_currency.zip(row.customer_pays_minor),
            )?,
            entitlement_id: row.entitlement_id,
            partner_reference: row.partner_reference,
            note,
            due: Due {
                received_at: row.received_at,
                step: row.step_due_at,
                back: row.return_due_at,
            },
            procedures_version: row.procedures_version,
            version: row.version,
            submitted_at: row.submitted_at,
            updated_at: row.updated_at,
        };
        Ok(Found {
            repair,
            customer: row.customer_id,
            held,
        })
    }
}

/// Reads repairs: `select_repairs!("where ...", arguments)`. The columns stand here and nowhere else. Whose case it is and their data key
/// are read along, so that they cost no query of their own.
macro_rules! select_repairs {
    ($rest:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::store::repairs::Row,
            r#"select id as "id: _", repairs.case_id as "case_id: _", provider_id as "provider_id: _", organisation_id,
                   device_id as "device_id: _", serial_number, state, outcome, problem, language, diagnosis_code,
                   coverage_outcome, coverage_decision_id as "coverage_decision_id: _", partner_reference, note,
                   received_at, step_due_at, return_due_at, procedures_version, version,
                   entitlement_id as "entitlement_id: _", customer_pays, customer_pays_currency, customer_pays_minor,
                   submitted_at, updated_at, known_cases.customer_id as "customer_id: _", sealed_problem, sealed_note,
                   wrapped_by as "wrapped_by?", wrapped as "wrapped?", erased_at as "erased_at?"
               from repairs join known_cases on known_cases.case_id = repairs.case_id
                   left join customer_keys on customer_keys.customer_id = known_cases.customer_id "# + $rest
            $(, $argument)*
        )
    };
}
use select_repairs;

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

/// Adds a repair that was just ordered for a case of `customer`. Breaks [`CASE_FKEY`] where the case is not known,
/// [`PARTNER_REFERENCE_KEY`] where the reference is taken.
///
/// # Errors
///
/// [`VaultError::Erased`](support_chassis::vault::VaultError::Erased) where the customer was erased, and the database's.
pub async fn insert(tx: &mut Tx, vault: &Vault, repair: &Repair, customer: CustomerId) -> Result<(), DbError> {
    let now = tx.now();
    let key = vault.make(tx.conn(), customer.uuid(), now).await?;
    let (customer_pays, currency, minor) = columns(repair.pays.as_ref());
    sqlx::query!(
        "insert into repairs (id, case_id, provider_id, organisation_id, device_id, serial_number, state, outcome,
                              sealed_problem, language, diagnosis_code, coverage_outcome, coverage_decision_id,
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
        sealed::seal_problem(&key, repair.id, repair.problem.as_deref().unwrap_or_default())?,
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
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes how far a repair is that was `found` and locked.
pub async fn update(tx: &mut Tx, vault: &Vault, found: &Found, repair: &Repair) -> Result<(), DbError> {
    let now = tx.now();
    let note = match (&repair.note, &found.held) {
        (None, _) => None,
        (Some(note), Held::Key(key)) => Some(sealed::seal_note(key, repair.id, note)?),
        // Ordered by a build that did not seal yet. Of whoever was erased there is no note.
        (Some(note), Held::Never | Held::Erased) => {
            let key = vault.make(tx.conn(), found.customer.uuid(), now).await?;
            Some(sealed::seal_note(&key, repair.id, note)?)
        }
    };
    sqlx::query!(
        "update repairs
         set state = $2, outcome = $3, diagnosis_code = $4, version = $5, updated_at = $6, note = null, sealed_note = $7,
             received_at = $8, step_due_at = $9, return_due_at = $10, procedures_version = $11
         where id = $1",
        repair.id.uuid(),
        repair.progress.state.as_str(),
        repair.progress.outcome.map(Outcome::as_str),
        repair.progress.diagnosis_code,
        repair.version,
        repair.updated_at,
        note,
        repair.due.received_at,
        repair.due.step,
        repair.due.back,
        repair.procedures_version,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The repair with this id.
pub async fn get(connection: &mut PgConnection, vault: &Vault, id: RepairId) -> Result<Option<Found>, DbError> {
    select_repairs!("where id = $1", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(|row| row.read(vault))
        .transpose()
}

/// The repair with this id, locked until the transaction ends.
pub async fn lock(connection: &mut PgConnection, vault: &Vault, id: RepairId) -> Result<Option<Found>, DbError> {
    select_repairs!("where id = $1 for update of repairs", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(|row| row.read(vault))
        .transpose()
}
