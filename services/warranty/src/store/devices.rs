//! Devices, read with their product.

pub mod affected;
pub mod history;
pub mod marks;
pub mod owners;
pub mod proofs;
pub mod purchases;
pub mod replacements;
pub mod standing;
pub mod transfers;

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::{Date, OffsetDateTime};

use super::products;
use super::sweep::Stretch;
use crate::domain::country::Country;
use crate::domain::device::{
    Chain, CustomerId, Device, DeviceId, Evidence, Flag, Identifiers, Imei, Lock, Meid, Owner, Sought,
};
use crate::domain::product::{Product, ProductId};

/// The constraint on the serial number.
pub const SERIAL_NUMBER_KEY: &str = "devices_serial_number_key";
/// The constraint on IMEI and MEID.
pub const IDENTIFIERS_KEY: &str = "device_identifiers_pkey";

const TABLE: &str = "devices";

/// A row of `devices` joined with its product.
struct Row {
    id: DeviceId,
    product_id: ProductId,
    serial_number: String,
    imei: Option<String>,
    imei2: Option<String>,
    meid: Option<String>,
    configuration: Option<String>,
    owner_customer_id: Option<CustomerId>,
    owner_organisation: Option<String>,
    seller_reference: Option<String>,
    purchase_country_code: String,
    purchase_date: Date,
    purchase_date_evidence: String,
    sold_used: bool,
    first_activated_on: Option<Date>,
    locks: Vec<String>,
    flags: Vec<String>,
    origin_id: Option<DeviceId>,
    chain_place: Option<i16>,
    replaces: Option<DeviceId>,
    replaced_by: Option<DeviceId>,
    registered_at: OffsetDateTime,
    retired_at: Option<OffsetDateTime>,
    model_code: String,
    name: String,
    product_line: String,
    limited_warranty_months: i16,
    release_date: Date,
    created_at: OffsetDateTime,
}

/// A device and what it is one of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The device.
    pub device: Device,
    /// Its product.
    pub product: Product,
}

/// The statement that reads devices with their products, and how it ends.
macro_rules! select_devices {
    ($end:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select devices.id as "id: DeviceId", product_id as "product_id: ProductId", serial_number, imei, imei2, meid,
                      configuration, owner_customer_id as "owner_customer_id: CustomerId", owner_organisation,
                      seller_reference, purchase_country_code, purchase_date, purchase_date_evidence, sold_used,
                      first_activated_on, locks, flags, origin_id as "origin_id: DeviceId", chain_place,
                      case when origin_id is not null
                           then (select old_device_id from device_replacements where new_device_id = devices.id) end
                          as "replaces: DeviceId",
                      case when origin_id is not null
                           then (select new_device_id from device_replacements where old_device_id = devices.id) end
                          as "replaced_by: DeviceId",
                      registered_at, retired_at, model_code, name, product_line, limited_warranty_months, release_date,
                      created_at
               from devices join products on products.id = devices.product_id
               "# + $end
            $(, $argument)*
        )
    };
}

impl TryFrom<Row> for Registered {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let imei = |text: Option<String>, column| stored_identifier(text, column, |text| Imei::parse(text).ok());
        let device = Device {
            id: row.id,
            product_id: row.product_id,
            serial_number: row.serial_number,
            identifiers: Identifiers {
                imei: imei(row.imei, "imei")?,
                imei2: imei(row.imei2, "imei2")?,
                meid: stored_identifier(row.meid, "meid", |text| Meid::parse(text).ok())?,
            },
            configuration: row.configuration,
            owner: row.owner_customer_id,
            organisation: row.owner_organisation,
            seller_reference: row.seller_reference,
            purchase_country: stored(
                Country::from_code(&row.purchase_country_code),
                TABLE,
                "purchase_country_code",
            )?,
            purchase_date: row.purchase_date,
            evidence: stored(
                Evidence::from_name(&row.purchase_date_evidence),
                TABLE,
                "purchase_date_evidence",
            )?,
            sold_used: row.sold_used,
            first_activated_on: row.first_activated_on,
            locks: locks(&row.locks)?,
            flags: flags(&row.flags)?,
            chain: row
                .origin_id
                .zip(row.chain_place)
                .map(|(origin, place)| Chain { origin, place }),
            replaces: row.replaces,
            replaced_by: row.replaced_by,
            registered_at: row.registered_at,
            retired_at: row.retired_at,
        };
        let product = products::Row {
            id: row.product_id,
            model_code: row.model_code,
            name: row.name,
            product_line: row.product_line,
            limited_warranty_months: row.limited_warranty_months,
            release_date: row.release_date,
            created_at: row.created_at,
        };
        Ok(Self {
            device,
            product: product.try_into()?,
        })
    }
}

fn stored_identifier<T>(
    text: Option<String>,
    column: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, DbError> {
    text.map(|text| stored(read(&text), TABLE, column)).transpose()
}

/// The locks that a row names, in a fixed order.
fn locks(names: &[String]) -> Result<Vec<Lock>, DbError> {
    let mut read: Vec<Lock> = names
        .iter()
        .map(|name| stored(Lock::from_name(name), TABLE, "locks"))
        .collect::<Result<_, _>>()?;
    read.sort_unstable();
    Ok(read)
}

/// The flags that a row names, in a fixed order.
fn flags(names: &[String]) -> Result<Vec<Flag>, DbError> {
    let mut read: Vec<Flag> = names
        .iter()
        .map(|name| stored(Flag::from_name(name), TABLE, "flags"))
        .collect::<Result<_, _>>()?;
    read.sort_unstable();
    Ok(read)
}

/// Adds devices that have neither locks nor flags yet, in one statement. Breaks [`SERIAL_NUMBER_KEY`] or [`IDENTIFIERS_KEY`]
/// where one of their numbers is taken; then none is added.
pub async fn insert(connection: &mut PgConnection, devices: &[&Device]) -> Result<(), DbError> {
    let texts = |read: fn(&Device) -> Option<&str>| -> Vec<Option<String>> {
        devices.iter().map(|device| read(device).map(str::to_owned)).collect()
    };
    let ids: Vec<_> = devices.iter().map(|device| device.id.uuid()).collect();
    let products: Vec<_> = devices.iter().map(|device| device.product_id.uuid()).collect();
    let serial_numbers = texts(|device| Some(&device.serial_number));
    let imeis = texts(|device| device.identifiers.imei.as_ref().map(Imei::as_str));
    let second_imeis = texts(|device| device.identifiers.imei2.as_ref().map(Imei::as_str));
    let meids = texts(|device| device.identifiers.meid.as_ref().map(Meid::as_str));
    let configurations = texts(|device| device.configuration.as_deref());
    let owners: Vec<_> = devices
        .iter()
        .map(|device| device.owner.map(CustomerId::uuid))
        .collect();
    let organisations = texts(|device| device.organisation.as_deref());
    let sellers = texts(|device| device.seller_reference.as_deref());
    let countries = texts(|device| Some(device.purchase_country.code()));
    let days: Vec<_> = devices.iter().map(|device| device.purchase_date).collect();
    let evidences = texts(|device| Some(device.evidence.as_str()));
    let used: Vec<_> = devices.iter().map(|device| device.sold_used).collect();
    let activations: Vec<_> = devices.iter().map(|device| device.first_activated_on).collect();
    let origins: Vec<_> = devices
        .iter()
        .map(|device| device.chain.map(|chain| chain.origin.uuid()))
        .collect();
    let places: Vec<_> = devices
        .iter()
        .map(|device| device.chain.map(|chain| chain.place))
        .collect();
    let registered: Vec<_> = devices.iter().map(|device| device.registered_at).collect();
    sqlx::query!(
        "insert into devices (id, product_id, serial_number, imei, imei2, meid, configuration, owner_customer_id,
                              owner_organisation, seller_reference, purchase_country_code, purchase_date,
                              purchase_date_evidence, sold_used, first_activated_on, origin_id, chain_place,
                              registered_at)
         select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[],
                              $9::text[], $10::text[], $11::text[], $12::date[], $13::text[], $14::boolean[], $15::date[],
                              $16::uuid[], $17::smallint[], $18::timestamptz[])",
        &ids,
        &products,
        &serial_numbers as &[Option<String>],
        &imeis as &[Option<String>],
        &second_imeis as &[Option<String>],
        &meids as &[Option<String>],
        &configurations as &[Option<String>],
        &owners as &[Option<_>],
        &organisations as &[Option<String>],
        &sellers as &[Option<String>],
        &countries as &[Option<String>],
        &days,
        &evidences as &[Option<String>],
        &used,
        &activations as &[Option<Date>],
        &origins as &[Option<_>],
        &places as &[Option<i16>],
        &registered,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The device with this id.
pub async fn get(connection: &mut PgConnection, id: DeviceId) -> Result<Option<Registered>, DbError> {
    select_devices!("where devices.id = $1", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Registered::try_from)
        .transpose()
}

/// The device with this id, locked: whoever changes it waits for this transaction.
pub async fn lock(connection: &mut PgConnection, id: DeviceId) -> Result<Option<Registered>, DbError> {
    // Apart from the reading, which then sees what the transaction it waited for has written, in other tables too.
    sqlx::query!("select 1 as one from devices where id = $1 for update", id.uuid())
        .fetch_optional(&mut *connection)
        .await?;
    get(connection, id).await
}

/// The device with this serial number.
pub async fn find(connection: &mut PgConnection, serial_number: &str) -> Result<Option<Registered>, DbError> {
    select_devices!("where serial_number = $1", serial_number)
        .fetch_optional(connection)
        .await?
        .map(Registered::try_from)
        .transpose()
}

/// The device that has what was read from it: by its serial number, else by IMEI or MEID, an IMEI before a MEID.
pub async fn seek(connection: &mut PgConnection, sought: &Sought) -> Result<Option<Registered>, DbError> {
    if let Some(serial_number) = &sought.serial_number
        && let Some(found) = find(connection, serial_number).await?
    {
        return Ok(Some(found));
    }
    select_devices!(
        "join device_identifiers on device_identifiers.device_id = devices.id
         where device_identifiers.value = any($1)
         order by length(device_identifiers.value) desc limit 1",
        &sought.numbers,
    )
    .fetch_optional(connection)
    .await?
    .map(Registered::try_from)
    .transpose()
}

/// The devices with these serial numbers.
pub async fn of_serial_numbers(
    connection: &mut PgConnection,
    serial_numbers: &[String],
) -> Result<Vec<Registered>, DbError> {
    select_devices!("where serial_number = any($1)", serial_numbers)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Registered::try_from)
        .collect()
}

/// Which of these IMEI and MEID a device has, and which one.
pub async fn taken(connection: &mut PgConnection, numbers: &[String]) -> Result<Vec<(String, DeviceId)>, DbError> {
    let rows = sqlx::query!(
        r#"select value, device_id as "device_id: DeviceId" from device_identifiers where value = any($1)"#,
        numbers,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.value, row.device_id)).collect())
}

/// What these products are sold as; of one of which the catalogue names no configuration, nothing.
pub async fn configurations(
    connection: &mut PgConnection,
    products: &[ProductId],
) -> Result<HashMap<ProductId, HashSet<String>>, DbError> {
    let ids: Vec<_> = products.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select product_id as "product_id: ProductId", configuration from product_configurations
           where product_id = any($1)"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let mut found: HashMap<_, HashSet<_>> = HashMap::new();
    for row in rows {
        found.entry(row.product_id).or_default().insert(row.configuration);
    }
    Ok(found)
}

/// The devices with these serial numbers, in any order.
pub async fn find_all(connection: &mut PgConnection, serial_numbers: &[String]) -> Result<Vec<Registered>, DbError> {
    select_devices!("where serial_number = any($1)", serial_numbers)
        .fetch_all(connection)
        .await?
        .into_iter()
        .map(Registered::try_from)
        .collect()
}

/// The devices of a stretch, newest first.
pub async fn of_stretch(connection: &mut PgConnection, stretch: &Stretch) -> Result<Vec<Registered>, DbError> {
    select_devices!(
        "where purchase_country_code = $1 and devices.id >= $2 and ($3::uuid is null or devices.id < $3)
         order by devices.id desc",
        stretch.country.code(),
        stretch.first,
        stretch.end,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Registered::try_from)
    .collect()
}

/// All devices, newest first, after one, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    after: Option<DeviceId>,
    limit: i64,
) -> Result<Vec<Registered>, DbError> {
    select_devices!(
        "where $1::uuid is null or devices.id < $1 order by devices.id desc limit $2",
        after.map(DeviceId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Registered::try_from)
    .collect()
}

/// The devices of one owner, newest first, after one, `limit` at most. Statements of their own, not filters that may be null:
/// else the plan of the one would be that of the other.
pub async fn list_of_owner(
    connection: &mut PgConnection,
    owner: &Owner,
    after: Option<DeviceId>,
    limit: i64,
) -> Result<Vec<Registered>, DbError> {
    let after = after.map(DeviceId::uuid);
    let rows = match owner {
        Owner::Customer(customer) => {
            select_devices!(
                "where owner_customer_id = $1 and ($2::uuid is null or devices.id < $2)
                 order by devices.id desc limit $3",
                customer.uuid(),
                after,
                limit,
            )
            .fetch_all(connection)
            .await?
        }
        Owner::Organisation(organisation) => {
            select_devices!(
                "where owner_organisation = $1 and ($2::uuid is null or devices.id < $2)
                 order by devices.id desc limit $3",
                organisation,
                after,
                limit,
            )
            .fetch_all(connection)
            .await?
        }
    };
    rows.into_iter().map(Registered::try_from).collect()
}
