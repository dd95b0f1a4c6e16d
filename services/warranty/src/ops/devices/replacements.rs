//! Replacements.

use support_chassis::db::Tx;
use support_chassis::error::Violation;
use support_chassis::id::{Id, Ids};
use support_proto::support::warranty::v1::DeviceReplaced;
use time::Date;

use super::transfers::withdraw_open;
use super::{check_configuration, locked, registered_event};
use crate::domain::device::{
    Actor, Chain, Device, DeviceId, Identifiers, OwnedReason, ReplacementReason, ReplacementRefusal, check_replacement,
};
use crate::domain::zone;
use crate::error::Error;
use crate::ops::{Viewer, plans};
use crate::store::devices::replacements::{self, NewReplacement};
use crate::store::devices::{Registered, owners};
use crate::{store, wire};

/// A unit that comes in the place of another.
#[derive(Debug, Clone)]
pub struct NewReplacementUnit {
    /// The unit to be replaced.
    pub device_id: DeviceId,
    /// The model code of the other one; none for the same model.
    pub model_code: Option<String>,
    /// Its serial number.
    pub serial_number: String,
    /// The numbers of its radios.
    pub identifiers: Identifiers,
    /// The maker's code of its configuration; none for that of the unit it replaces.
    pub configuration: Option<String>,
    /// When the old one was handed in; none for the day on which the other was handed over.
    pub received: Option<Date>,
    /// When the other one was handed over; none for today at the place.
    pub replaced: Option<Date>,
    /// Why.
    pub reason: ReplacementReason,
    /// The repair it was a result of.
    pub repair_id: Option<Id>,
}

impl From<ReplacementRefusal> for Error {
    fn from(refusal: ReplacementRefusal) -> Self {
        match refusal {
            ReplacementRefusal::Retired => Self::DeviceRetired,
            ReplacementRefusal::Locked(obstacles) => Self::DeviceLocked(obstacles),
            ReplacementRefusal::OtherLine => Self::ReplacementMismatch,
            ReplacementRefusal::Contradicted => Self::PurchaseContradicted,
            ReplacementRefusal::OutOfOrder => {
                Violation::new("received_on", "must not be after the day of the replacement").into()
            }
            ReplacementRefusal::AfterToday => {
                Violation::new("replaced_on", "must not be after today at the place of purchase").into()
            }
        }
    }
}

/// Retires a unit and registers the one that comes in its place. Gives both.
pub async fn replace_device(
    tx: &mut Tx,
    ids: &Ids,
    (viewer, actor): (&Viewer, &Actor),
    new: NewReplacementUnit,
) -> Result<(Registered, Registered), Error> {
    let mut old = locked(tx, viewer, new.device_id).await?;
    let product = match &new.model_code {
        Some(code) => store::products::find(tx, code).await?.ok_or(Error::ProductNotFound)?,
        None => old.product.clone(),
    };
    let now = tx.now();
    let today = zone::latest_day(now, old.device.purchase_country);
    let replaced = new.replaced.unwrap_or(today);
    let replacement = NewReplacement {
        id: ids.next(),
        received: new.received.unwrap_or(replaced),
        replaced,
        reason: new.reason,
        repair_id: new.repair_id,
    };
    let came = replacements::came_on(tx, old.device.id).await?;
    let days = (replacement.received, replaced);
    check_replacement((&old.device, &old.product), &product, new.reason, came, days, today)?;
    let configurations = store::devices::configurations(tx, &[product.id]).await?;
    check_configuration(&product, new.configuration.as_deref(), &configurations)?;
    withdraw_open(tx, old.device.id).await?;
    replacements::retire(tx, old.device.id, now).await?;
    let configuration = new.configuration.or_else(|| {
        let is_same = product.id == old.product.id;
        old.device.configuration.clone().filter(|_| is_same)
    });
    let chain = old.device.chain.unwrap_or(Chain {
        origin: old.device.id,
        place: 0,
    });
    let device = Device {
        id: ids.next(),
        product_id: product.id,
        serial_number: new.serial_number,
        identifiers: new.identifiers,
        configuration,
        first_activated_on: None,
        locks: Vec::new(),
        flags: Vec::new(),
        chain: Some(Chain {
            place: chain.place.saturating_add(1),
            ..chain
        }),
        replaces: Some(old.device.id),
        replaced_by: None,
        registered_at: now,
        retired_at: None,
        // The sale and who has it are those of the old one.
        ..old.device.clone()
    };
    store::devices::insert(tx, &[&device]).await?;
    let reference = Some(old.device.id.into());
    owners::insert_first(tx, &[&device], OwnedReason::Replaced, reference, actor).await?;
    replacements::insert(tx, (&old.device, &device), &replacement, actor, now).await?;
    plans::device_replaced(tx, old.device.id, device.id).await?;
    tx.append(device.id, &registered_event(&device)).await?;
    let event = DeviceReplaced {
        device_id: old.device.id.to_string(),
        replacement_device_id: device.id.to_string(),
        reason: wire::devices::replacement_reason(replacement.reason).into(),
        repair_id: replacement.repair_id.map(|id| id.to_string()).unwrap_or_default(),
    };
    tx.append(old.device.id, &event).await?;
    old.device.chain = Some(chain);
    old.device.replaced_by = Some(device.id);
    old.device.retired_at = Some(now);
    Ok((old, Registered { device, product }))
}
