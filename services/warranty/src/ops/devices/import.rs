//! Many devices of an organisation at once.

use std::collections::{HashMap, HashSet};

use sqlx::Connection as _;
use support_chassis::db::{DbError, Tx};
use support_chassis::error::ServiceError as _;
use support_chassis::id::Ids;
use support_chassis::outbox::Entry;

use super::{NewDevice, check_configuration, check_sale, owner_for, registered_event};
use crate::domain::device::{Actor, Device, DeviceId, OwnedReason, Owner};
use crate::domain::product::Product;
use crate::error::Error;
use crate::ops::Viewer;
use crate::store;
use crate::store::devices::Registered;

/// How often an import is tried while others register the same devices at the same time.
const TRIES: usize = 3;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportedDevice {
    /// The device was registered.
    Registered(DeviceId),
    /// The same one was registered before, for the same organisation.
    Unchanged(DeviceId),
    /// These fields break their rules.
    Invalid(Vec<String>),
    /// There is no product with this model code.
    ProductNotFound,
    /// A device with this serial number is registered otherwise.
    DeviceExists,
    /// The IMEI or MEID is another device's.
    IdentifierTaken,
    /// An earlier row names the same device.
    Repeated,
}

/// Registers the devices of `organisation`, or of the calling partner's, row by row: of a row that was read wrongly, its fields. In a few
/// statements, however many there are.
pub async fn import_devices(
    tx: &mut Tx,
    ids: &Ids,
    (viewer, actor): (&Viewer, &Actor),
    organisation: Option<String>,
    rows: Vec<Result<NewDevice, Vec<String>>>,
) -> Result<Vec<ImportedDevice>, Error> {
    let organisation = organisation.or_else(|| match viewer {
        Viewer::Partner(own) => Some(own.clone()),
        Viewer::Customer(_) | Viewer::Insider | Viewer::Stranger => None,
    });
    let owner = owner_for(viewer, None, organisation)?.ok_or(Error::OwnerNotSelf)?;
    let mut tries = 0;
    loop {
        tries += 1;
        let (answers, devices) = sort_out(tx, ids, &owner, &rows).await?;
        let added: Vec<&Device> = devices.iter().collect();
        // What was not there when it was looked for may be there now: then the look is taken again.
        let mut attempt = tx.conn().begin().await.map_err(DbError::from)?;
        match store::devices::insert(&mut attempt, &added).await {
            Ok(()) => {
                attempt.commit().await.map_err(DbError::from)?;
                store::devices::owners::insert_first(tx, &added, OwnedReason::Imported, None, actor).await?;
                let events: Vec<_> = added
                    .iter()
                    .map(|device| Entry::new(device.id, &registered_event(device)))
                    .collect();
                tx.append_all(&events).await?;
                return Ok(answers);
            }
            Err(error) => {
                attempt.rollback().await.map_err(DbError::from)?;
                let refusal = Error::from(error);
                let is_race = matches!(refusal, Error::DeviceExists | Error::IdentifierTaken);
                if !is_race || tries == TRIES {
                    return Err(refusal);
                }
            }
        }
    }
}

/// What becomes of each row as things stand, and the devices to add.
async fn sort_out(
    tx: &mut Tx,
    ids: &Ids,
    owner: &Owner,
    rows: &[Result<NewDevice, Vec<String>>],
) -> Result<(Vec<ImportedDevice>, Vec<Device>), Error> {
    let sound = || rows.iter().flatten();
    let codes: HashSet<&str> = sound().map(|new| new.model_code.as_str()).collect();
    let mut products = HashMap::new();
    for code in codes {
        if let Some(product) = store::products::find(tx, code).await? {
            products.insert(code.to_owned(), product);
        }
    }
    let ids_of_products: Vec<_> = products.values().map(|product: &Product| product.id).collect();
    let configurations = store::devices::configurations(tx, &ids_of_products).await?;
    let serial_numbers: Vec<String> = sound().map(|new| new.serial_number.clone()).collect();
    let numbers: Vec<String> = sound()
        .flat_map(|new| new.identifiers.all())
        .map(str::to_owned)
        .collect();
    let known: HashMap<String, Registered> = store::devices::of_serial_numbers(tx, &serial_numbers)
        .await?
        .into_iter()
        .map(|registered| (registered.device.serial_number.clone(), registered))
        .collect();
    let taken: HashSet<String> = store::devices::taken(tx, &numbers)
        .await?
        .into_iter()
        .map(|(number, _)| number)
        .collect();
    let now = tx.now();
    let (mut seen, mut devices) = (HashSet::new(), Vec::new());
    let mut answer = |new: &NewDevice| {
        let names = || new.identifiers.all().into_iter().chain([new.serial_number.as_str()]);
        if names().any(|name| seen.contains(name)) {
            return ImportedDevice::Repeated;
        }
        let Some(product) = products.get(&new.model_code) else {
            return ImportedDevice::ProductNotFound;
        };
        if let Some(known) = known.get(&new.serial_number) {
            return if is_the_same(known, new, product, owner) {
                ImportedDevice::Unchanged(known.device.id)
            } else {
                ImportedDevice::DeviceExists
            };
        }
        if new.identifiers.all().into_iter().any(|number| taken.contains(number)) {
            return ImportedDevice::IdentifierTaken;
        }
        let sound = check_configuration(product, new.configuration.as_deref(), &configurations)
            .map_err(Error::from)
            .and_then(|()| check_sale(product, new, now));
        match sound {
            Ok(()) => {}
            Err(Error::InvalidFields(wrong)) => {
                return ImportedDevice::Invalid(
                    wrong
                        .answer()
                        .violations
                        .into_iter()
                        .map(|violation| violation.field)
                        .collect(),
                );
            }
            Err(_) => return ImportedDevice::Invalid(vec!["purchase_date".to_owned()]),
        }
        seen.extend(names().map(str::to_owned));
        let device = new.clone().into_device(ids, product, Some(owner), now);
        let id = device.id;
        devices.push(device);
        ImportedDevice::Registered(id)
    };
    let answers = rows
        .iter()
        .map(|row| match row {
            Ok(new) => answer(new),
            Err(fields) => ImportedDevice::Invalid(fields.clone()),
        })
        .collect();
    Ok((answers, devices))
}

fn is_the_same(known: &Registered, new: &NewDevice, product: &Product, owner: &Owner) -> bool {
    known.product.id == product.id
        && known.device.holder().as_ref() == Some(owner)
        && known.device.identifiers == new.identifiers
}
