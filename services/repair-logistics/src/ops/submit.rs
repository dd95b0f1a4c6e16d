//! Orders a repair. Before the transaction come the checks that need no lock, and warranty is asked to decide and to reserve; in it
//! only what was agreed is written. Where it is never written, the reservation expires by itself.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::vault::{Held, Vault};
use support_proto::support::repair::v1::RepairSubmitted;
use support_proto::support::warranty::v1::Damage;

use super::Viewer;
use crate::domain::payment::Amount;
use crate::domain::provider::Provider;
use crate::domain::repair::{CaseId, CustomerId, Due, EntitlementId, Progress, Repair};
use crate::domain::step::Actor;
use crate::error::Error;
use crate::warranty::{Decided, KnownDevice};
use crate::{store, wire};

/// A repair to order.
#[derive(Clone)]
pub struct Order {
    /// The case it belongs to.
    pub case_id: CaseId,
    /// The code of the provider.
    pub provider_code: String,
    /// The device's serial number.
    pub serial_number: String,
    /// What the customer says is wrong: a person's words.
    pub problem: String,
    /// The language of `problem`, BCP 47.
    pub language: String,
    /// How the device came to harm.
    pub damage: Damage,
    /// What the customer sees, a code of warranty's.
    pub symptom: Option<String>,
    /// The component that is to be repaired.
    pub component: Option<String>,
    /// The most that the customer has agreed to pay; none where nobody asked.
    pub agreed_to_pay: Option<Amount>,
    /// The partner's own reference.
    pub partner_reference: Option<String>,
}

/// What was found out about an order before it is written.
#[derive(Debug, Clone)]
pub struct Agreed {
    /// Who carries it out.
    pub provider: Provider,
    /// Whose case it is.
    pub customer: CustomerId,
    /// The device.
    pub device: KnownDevice,
    /// What is owed for it.
    pub decided: Decided,
    /// What was reserved for it; none where nothing has to be.
    pub entitlement: Option<EntitlementId>,
    /// The procedures by which it was agreed.
    pub procedures_version: String,
}

/// Checks what can be checked without asking anybody: gives the provider and whose case it is. Nothing of it changes
/// for the worse until the order is written: providers stay as they are, and a case once known stays known. Only the customer may be
/// erased meanwhile, and then it is not written.
pub async fn check_order(
    connection: &mut PgConnection,
    vault: &Vault,
    viewer: &Viewer,
    order: &Order,
) -> Result<(Provider, CustomerId), Error> {
    let provider = store::providers::find(connection, &order.provider_code)
        .await?
        .filter(|provider| viewer.sees_provider(provider))
        .ok_or(Error::ProviderNotFound)?;
    let customer = store::cases::customer(connection, order.case_id)
        .await?
        .ok_or(Error::CaseNotFound)?;
    match vault.held(connection, customer.uuid()).await? {
        Held::Erased => Err(Error::CustomerErased),
        Held::Key(_) | Held::Never => Ok((provider, customer)),
    }
}

/// Writes the order.
pub async fn submit_repair(
    tx: &mut Tx,
    (ids, vault): (&Ids, &Vault),
    order: &Order,
    agreed: &Agreed,
    by: &Actor,
) -> Result<Repair, Error> {
    let now = tx.now();
    let repair = Repair {
        id: ids.next(),
        case_id: order.case_id,
        provider_id: agreed.provider.id,
        organisation: agreed.provider.house.organisation().map(str::to_owned),
        device_id: agreed.device.id,
        serial_number: order.serial_number.clone(),
        progress: Progress::submitted(),
        problem: Some(order.problem.clone()),
        language: order.language.clone(),
        coverage: agreed.decided.coverage,
        decision_id: agreed.decided.decision_id,
        pays: Some(agreed.decided.pays.clone()),
        entitlement_id: agreed.entitlement,
        partner_reference: order.partner_reference.clone(),
        note: None,
        due: Due::default(),
        procedures_version: Some(agreed.procedures_version.clone()),
        version: 1,
        submitted_at: now,
        updated_at: now,
    };
    store::repairs::insert(tx, vault, &repair, agreed.customer).await?;
    store::steps::insert(tx, &repair, by).await?;
    let event = RepairSubmitted {
        repair_id: repair.id.to_string(),
        case_id: repair.case_id.to_string(),
        provider_id: repair.provider_id.to_string(),
        device_id: repair.device_id.to_string(),
        coverage_outcome: wire::coverage(repair.coverage).into(),
        entitlement_id: repair.entitlement_id.map(|id| id.to_string()).unwrap_or_default(),
    };
    tx.append(repair.id, &event).await?;
    Ok(repair)
}
