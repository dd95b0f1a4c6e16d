//! The devices.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::error::Violation;
use support_chassis::id::Ids;
use support_chassis::page::Page;
use support_proto::support::warranty::v1::DeviceRegistered;
use time::Date;

use super::Viewer;
use crate::domain::country::Country;
use crate::domain::device::{CustomerId, Device, DeviceId, Evidence, WrongPurchaseDate, check_purchase_date};
use crate::domain::zone::latest_day;
use crate::error::Error;
use crate::store;
use crate::store::devices::Registered;

/// A device to register.
#[derive(Debug, Clone)]
pub struct NewDevice {
    /// The product's model code.
    pub model_code: String,
    /// The serial number.
    pub serial_number: String,
    /// Who has it; none for the calling customer, or for nobody.
    pub owner: Option<CustomerId>,
    /// Where it was sold.
    pub purchase_country: Country,
    /// When it was handed to its first owner.
    pub purchase_date: Date,
    /// How sure that day is.
    pub evidence: Evidence,
    /// Whether it was sold used.
    pub sold_used: bool,
}

/// Registers a device.
pub async fn register_device(tx: &mut Tx, ids: &Ids, viewer: &Viewer, new: NewDevice) -> Result<Registered, Error> {
    let owner = owner_for(viewer, new.owner)?;
    let product = store::products::find(tx, &new.model_code)
        .await?
        .ok_or(Error::ProductNotFound)?;
    let now = tx.now();
    let today = latest_day(now, new.purchase_country);
    check_purchase_date(&product, new.purchase_date, today).map_err(|wrong| {
        let description = match wrong {
            WrongPurchaseDate::BeforeRelease => "must not be before the product was released",
            WrongPurchaseDate::AfterToday => "must not be after today, anywhere in the country",
        };
        Violation::new("purchase_date", description)
    })?;
    let device = Device {
        id: ids.next(),
        product_id: product.id,
        serial_number: new.serial_number,
        owner,
        purchase_country: new.purchase_country,
        purchase_date: new.purchase_date,
        evidence: new.evidence,
        sold_used: new.sold_used,
        registered_at: now,
    };
    store::devices::insert(tx, &device).await?;
    let event = DeviceRegistered {
        device_id: device.id.to_string(),
        product_id: product.id.to_string(),
        owner_customer_id: owner.map(|owner| owner.to_string()).unwrap_or_default(),
    };
    tx.append(device.id, &event).await?;
    Ok(Registered { device, product })
}

/// Whose the device becomes: a customer registers for nobody else, a partner for nobody at all.
fn owner_for(viewer: &Viewer, named: Option<CustomerId>) -> Result<Option<CustomerId>, Error> {
    match (viewer, named) {
        (Viewer::Customer(customer), None) => Ok(Some(*customer)),
        (Viewer::Customer(customer), Some(owner)) if owner == *customer => Ok(Some(owner)),
        (Viewer::Partner(_), None) => Ok(None),
        (Viewer::Insider, owner) => Ok(owner),
        (Viewer::Customer(_) | Viewer::Partner(_) | Viewer::Stranger, _) => Err(Error::OwnerNotSelf),
    }
}

/// The device with this id, if the viewer may see it.
pub async fn device(connection: &mut PgConnection, viewer: &Viewer, id: DeviceId) -> Result<Registered, Error> {
    visible(store::devices::get(connection, id).await?, viewer)
}

/// The device with this serial number, if the viewer may see it.
pub async fn device_by_serial_number(
    connection: &mut PgConnection,
    viewer: &Viewer,
    serial_number: &str,
) -> Result<Registered, Error> {
    visible(store::devices::find(connection, serial_number).await?, viewer)
}

fn visible(found: Option<Registered>, viewer: &Viewer) -> Result<Registered, Error> {
    found
        .filter(|registered| viewer.sees(&registered.device))
        .ok_or(Error::DeviceNotFound)
}

/// Devices, newest first, and the token of the next page: of `owner`, or of the calling customer, or all. A customer who
/// asks for another's gets none.
pub async fn list_devices(
    connection: &mut PgConnection,
    viewer: &Viewer,
    owner: Option<CustomerId>,
    page: &Page<DeviceId>,
) -> Result<(Vec<Registered>, String), Error> {
    let owner = match viewer {
        Viewer::Customer(customer) if owner.is_none_or(|owner| owner == *customer) => Some(*customer),
        Viewer::Insider => owner,
        Viewer::Customer(_) | Viewer::Partner(_) | Viewer::Stranger => return Ok((Vec::new(), String::new())),
    };
    let devices = match owner {
        Some(owner) => store::devices::list_of_owner(connection, owner, page.after, page.limit()).await?,
        None => store::devices::list(connection, page.after, page.limit()).await?,
    };
    Ok(page.cut(devices, |last| last.device.id))
}
