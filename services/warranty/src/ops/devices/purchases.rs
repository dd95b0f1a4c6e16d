//! What is taken for a purchase, and its corrections.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::page::Page;
use support_proto::support::warranty::v1::{DeviceActivated, DevicePurchaseCorrected};
use time::Date;

use super::{check_activation_day, device, locked};
use crate::domain::coverage::DecisionId;
use crate::domain::device::{
    Actor, Contradicted, Device, DeviceId, Known, ProofId, Purchase, activated, check_purchase,
};
use crate::error::Error;
use crate::ops::Viewer;
use crate::store::devices::affected::{self, Affected};
use crate::store::devices::purchases::{self, Correction};
use crate::store::devices::{Registered, replacements};
use crate::wire;

/// An activation to write down.
#[derive(Debug, Clone, Copy)]
pub struct NewActivation {
    /// The device.
    pub device_id: DeviceId,
    /// The day.
    pub day: Date,
}

impl From<Contradicted> for Error {
    fn from(Contradicted: Contradicted) -> Self {
        Self::PurchaseContradicted
    }
}

/// Says when a device was first activated; the purchase becomes that day where it was no more than a guess.
pub async fn record_activation(
    tx: &mut Tx,
    ids: &Ids,
    (viewer, actor): (&Viewer, &Actor),
    new: NewActivation,
) -> Result<Registered, Error> {
    let mut registered = locked(tx, viewer, new.device_id).await?;
    check_activation_day(&registered.product, new.day, tx.now())
        .map_err(|wrong| support_chassis::error::Violation::new("day", wrong.description))?;
    let device = &mut registered.device;
    let (first, purchase) = activated(device, &registered.product, new.day)?;
    if device.first_activated_on == Some(first) {
        return Ok(registered);
    }
    purchases::set_activation(tx, device.id, first).await?;
    device.first_activated_on = Some(first);
    let event = DeviceActivated {
        device_id: device.id.to_string(),
    };
    tx.append(device.id, &event).await?;
    if let Some(purchase) = purchase {
        let known = Known {
            released: registered.product.release_date,
            activated: Some(first),
            handed_in: replacements::handed_in_on(tx, device.origin()).await?,
            today: first,
        };
        check_purchase(&known, purchase.day, purchase.used)?;
        correct(tx, ids, actor, device, purchase, None, None).await?;
        device.purchase_date = purchase.day;
    }
    Ok(registered)
}

/// Gives a device, and all units of which one replaced the other, another purchase; writes down what was before, and tells how many
/// decisions were made from it.
pub(super) async fn correct(
    tx: &mut Tx,
    ids: &Ids,
    actor: &Actor,
    device: &Device,
    purchase: Purchase,
    proof_id: Option<ProofId>,
    seller_reference: Option<&str>,
) -> Result<i32, Error> {
    purchases::correct(tx, device, &purchase, seller_reference).await?;
    let correction = Correction {
        id: ids.next(),
        device_id: device.id,
        proof_id,
        before: device.purchase(),
        after: purchase,
        decisions_affected: affected::count(tx, device.origin(), &purchase).await?,
    };
    let now = tx.now();
    purchases::insert(tx, &correction, actor, now).await?;
    let event = DevicePurchaseCorrected {
        device_id: device.id.to_string(),
        correction_id: correction.id.to_string(),
        proof_id: proof_id.map(|id| id.to_string()).unwrap_or_default(),
        purchase_date_evidence: wire::evidence(purchase.evidence).into(),
        decisions_affected: correction.decisions_affected,
    };
    tx.append(device.id, &event).await?;
    Ok(correction.decisions_affected)
}

/// Decisions that were made from another purchase than is known now, newest first, and the token of the next page.
pub async fn affected_decisions(
    connection: &mut PgConnection,
    viewer: &Viewer,
    id: DeviceId,
    page: &Page<DecisionId>,
) -> Result<(Vec<Affected>, String), Error> {
    let device = device(connection, viewer, id).await?.device;
    let decisions = affected::list(
        connection,
        device.origin(),
        &device.purchase(),
        page.after,
        page.limit(),
    )
    .await?;
    Ok(page.cut(decisions, |last| last.id))
}
