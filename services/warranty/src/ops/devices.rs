//! The devices.

mod import;
mod marks;
mod proofs;
mod purchases;
mod replacements;
mod transfers;

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::error::Violation;
use support_chassis::id::Ids;
use support_chassis::page::Page;
use support_proto::support::warranty::v1::DeviceRegistered;
use time::{Date, OffsetDateTime};

use super::Viewer;
use crate::domain::country::Country;
use crate::domain::device::{
    Actor, CustomerId, Device, DeviceId, Evidence, Identifiers, Known, OwnedReason, Owner, Sought, WrongPurchaseDate,
    check_purchase, check_purchase_date,
};
use crate::domain::product::{Product, ProductId};
use crate::domain::zone;
use crate::error::Error;
use crate::store;
use crate::store::devices::Registered;
use crate::store::devices::history::Entry;

pub use import::{ImportedDevice, import_devices};
pub use marks::{change_flag, change_lock};
pub use proofs::{list_proofs, proof, review_proof, submit_proof, withdraw_proof};
pub use purchases::{NewActivation, affected_decisions, record_activation};
pub use replacements::{NewReplacementUnit, replace_device};
pub use transfers::{
    AcceptBy, NewOffer, accept_transfer, end_transfer, expire_transfers, mint_code, offer_transfer, reassign_device,
    transfer,
};

/// The most that a device's history tells.
const HISTORY_LIMIT: i64 = 1000;

/// A device to register.
#[derive(Debug, Clone)]
pub struct NewDevice {
    /// The product's model code.
    pub model_code: String,
    /// The serial number.
    pub serial_number: String,
    /// The numbers of its radios.
    pub identifiers: Identifiers,
    /// The maker's code of its configuration.
    pub configuration: Option<String>,
    /// Who sold it.
    pub seller_reference: Option<String>,
    /// The customer who has it; none for the calling customer, or for nobody.
    pub owner: Option<CustomerId>,
    /// The organisation that has it.
    pub organisation: Option<String>,
    /// Where it was sold.
    pub purchase_country: Country,
    /// When it was handed to its first owner; estimated from the activation where that is all there is.
    pub purchase_date: Date,
    /// How sure that day is.
    pub evidence: Evidence,
    /// Whether it was sold used.
    pub sold_used: bool,
    /// When it was first activated.
    pub first_activated_on: Option<Date>,
}

/// Registers a device.
pub async fn register_device(
    tx: &mut Tx,
    ids: &Ids,
    viewer: &Viewer,
    actor: &Actor,
    new: NewDevice,
) -> Result<Registered, Error> {
    let owner = owner_for(viewer, new.owner, new.organisation.clone())?;
    if matches!(viewer, Viewer::Customer(_)) && new.evidence == Evidence::Proven {
        return Err(Violation::new(
            "purchase_date_evidence",
            "must not be proven before a proof was reviewed",
        )
        .into());
    }
    let product = store::products::find(tx, &new.model_code)
        .await?
        .ok_or(Error::ProductNotFound)?;
    let configurations = store::devices::configurations(tx, &[product.id]).await?;
    check_configuration(&product, new.configuration.as_deref(), &configurations)?;
    let now = tx.now();
    check_sale(&product, &new, now)?;
    let device = new.into_device(ids, &product, owner.as_ref(), now);
    store::devices::insert(tx, &[&device]).await?;
    store::devices::owners::insert_first(tx, &[&device], OwnedReason::Registered, None, actor).await?;
    tx.append(device.id, &registered_event(&device)).await?;
    Ok(Registered { device, product })
}

impl NewDevice {
    fn into_device(self, ids: &Ids, product: &Product, owner: Option<&Owner>, now: OffsetDateTime) -> Device {
        Device {
            id: ids.next(),
            product_id: product.id,
            serial_number: self.serial_number,
            identifiers: self.identifiers,
            configuration: self.configuration,
            owner: owner.and_then(Owner::customer),
            organisation: owner.and_then(Owner::organisation).map(str::to_owned),
            seller_reference: self.seller_reference,
            purchase_country: self.purchase_country,
            purchase_date: self.purchase_date,
            evidence: self.evidence,
            sold_used: self.sold_used,
            first_activated_on: self.first_activated_on,
            locks: Vec::new(),
            flags: Vec::new(),
            chain: None,
            replaces: None,
            replaced_by: None,
            registered_at: now,
            retired_at: None,
        }
    }
}

/// Who has it, nobody is told: they ask.
fn registered_event(device: &Device) -> DeviceRegistered {
    DeviceRegistered {
        device_id: device.id.to_string(),
        product_id: device.product_id.to_string(),
        owner_customer_id: String::new(),
    }
}

/// Whether `product` can have been sold and activated on these days, as seen now where it was sold.
fn check_sale(product: &Product, new: &NewDevice, now: OffsetDateTime) -> Result<(), Error> {
    let today = zone::latest_day(now, new.purchase_country);
    check_day(product, new.purchase_date, today)?;
    if let Some(activated) = new.first_activated_on {
        check_activation_day(product, activated, now)?;
    }
    let known = Known {
        released: product.release_date,
        activated: new.first_activated_on,
        handed_in: None,
        today,
    };
    check_purchase(&known, new.purchase_date, new.sold_used).map_err(|_| Error::PurchaseContradicted)
}

/// A configuration is one of those that the catalogue names for the product, where it names any.
fn check_configuration(
    product: &Product,
    configuration: Option<&str>,
    known: &HashMap<ProductId, HashSet<String>>,
) -> Result<(), Violation> {
    let is_known = match (configuration, known.get(&product.id)) {
        (Some(configuration), Some(known)) => known.contains(configuration),
        _ => true,
    };
    if is_known {
        Ok(())
    } else {
        Err(Violation::new("configuration", "must be one of the product's"))
    }
}

/// A day of purchase lies between the product's release and today.
fn check_day(product: &Product, day: Date, today: Date) -> Result<(), Violation> {
    check_purchase_date(product.release_date, day, today).map_err(|wrong| {
        let description = match wrong {
            WrongPurchaseDate::BeforeRelease => "must not be before the product was released",
            WrongPurchaseDate::AfterToday => "must not be after today at the place of purchase",
        };
        Violation::new("purchase_date", description)
    })
}

/// So does a day of activation, wherever on earth that was.
fn check_activation_day(product: &Product, day: Date, now: OffsetDateTime) -> Result<(), Violation> {
    let latest = now.date().next_day().unwrap_or(Date::MAX);
    check_purchase_date(product.release_date, day, latest).map_err(|_| {
        Violation::new(
            "first_activation_date",
            "must lie between the product's release and today",
        )
    })
}

/// Whose the device becomes: a customer registers for nobody else, a partner for its organisation or for nobody.
fn owner_for(
    viewer: &Viewer,
    customer: Option<CustomerId>,
    organisation: Option<String>,
) -> Result<Option<Owner>, Error> {
    match (viewer, customer, organisation) {
        (_, Some(_), Some(_)) => {
            Err(Violation::new("owner_organisation_id", "must not be given together with a customer").into())
        }
        (Viewer::Customer(own), None, None) => Ok(Some(Owner::Customer(*own))),
        (Viewer::Customer(own), Some(customer), None) if customer == *own => Ok(Some(Owner::Customer(*own))),
        (Viewer::Partner(own), None, Some(organisation)) if organisation == *own => {
            Ok(Some(Owner::Organisation(organisation)))
        }
        (Viewer::Partner(_), None, None) => Ok(None),
        (Viewer::Insider, customer, organisation) => Ok(Owner::of(customer, organisation)),
        (Viewer::Customer(_) | Viewer::Partner(_) | Viewer::Stranger, ..) => Err(Error::OwnerNotSelf),
    }
}

/// The device with this id, if the viewer may see it.
pub async fn device(connection: &mut PgConnection, viewer: &Viewer, id: DeviceId) -> Result<Registered, Error> {
    visible(store::devices::get(connection, id).await?, viewer)
}

/// The same, locked.
async fn locked(tx: &mut Tx, viewer: &Viewer, id: DeviceId) -> Result<Registered, Error> {
    visible(store::devices::lock(tx, id).await?, viewer)
}

/// The device with this serial number, if the viewer may see it.
pub async fn device_by_serial_number(
    connection: &mut PgConnection,
    viewer: &Viewer,
    serial_number: &str,
) -> Result<Registered, Error> {
    visible(store::devices::find(connection, serial_number).await?, viewer)
}

/// The device that has what was read from it, if the viewer may see it.
pub async fn seek_device(connection: &mut PgConnection, viewer: &Viewer, sought: &Sought) -> Result<Registered, Error> {
    visible(store::devices::seek(connection, sought).await?, viewer)
}

fn visible(found: Option<Registered>, viewer: &Viewer) -> Result<Registered, Error> {
    found
        .filter(|registered| viewer.sees(&registered.device))
        .ok_or(Error::DeviceNotFound)
}

/// Devices, newest first, and the token of the next page: of `owner`, or of the calling customer or partner, or all. Whoever
/// asks for another's gets none.
pub async fn list_devices(
    connection: &mut PgConnection,
    viewer: &Viewer,
    owner: Option<Owner>,
    page: &Page<DeviceId>,
) -> Result<(Vec<Registered>, String), Error> {
    let owner = match viewer {
        Viewer::Insider => owner,
        Viewer::Customer(_) | Viewer::Partner(_) if owner.is_none() || owner == viewer.owner() => viewer.owner(),
        Viewer::Customer(_) | Viewer::Partner(_) | Viewer::Stranger => return Ok((Vec::new(), String::new())),
    };
    let devices = match owner {
        Some(owner) => store::devices::list_of_owner(connection, &owner, page.after, page.limit()).await?,
        None => store::devices::list(connection, page.after, page.limit()).await?,
    };
    Ok(page.cut(devices, |last| last.device.id))
}

/// What has become of a device, if the viewer may see it.
pub async fn device_history(connection: &mut PgConnection, viewer: &Viewer, id: DeviceId) -> Result<Vec<Entry>, Error> {
    device(connection, viewer, id).await?;
    Ok(store::devices::history::of_device(connection, id, HISTORY_LIMIT).await?)
}
