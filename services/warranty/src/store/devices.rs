//! Devices, read with their product.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::{Date, OffsetDateTime};

use super::products;
use crate::domain::country::Country;
use crate::domain::device::{CustomerId, Device, DeviceId, Evidence};
use crate::domain::product::{Product, ProductId};

/// The constraint on the serial number.
pub const SERIAL_NUMBER_KEY: &str = "devices_serial_number_key";

const TABLE: &str = "devices";

/// A row of `devices` joined with its product.
struct Row {
    id: DeviceId,
    product_id: ProductId,
    serial_number: String,
    owner_customer_id: Option<CustomerId>,
    purchase_country_code: String,
    purchase_date: Date,
    purchase_date_evidence: String,
    sold_used: bool,
    registered_at: OffsetDateTime,
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

impl TryFrom<Row> for Registered {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let device = Device {
            id: row.id,
            product_id: row.product_id,
            serial_number: row.serial_number,
            owner: row.owner_customer_id,
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
            registered_at: row.registered_at,
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

/// Adds a device. Breaks [`SERIAL_NUMBER_KEY`] where its serial number is taken.
pub async fn insert(connection: &mut PgConnection, device: &Device) -> Result<(), DbError> {
    sqlx::query!(
        "insert into devices (id, product_id, serial_number, owner_customer_id, purchase_country_code, purchase_date,
                              purchase_date_evidence, sold_used, registered_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        device.id.uuid(),
        device.product_id.uuid(),
        device.serial_number,
        device.owner.map(CustomerId::uuid),
        device.purchase_country.code(),
        device.purchase_date,
        device.evidence.as_str(),
        device.sold_used,
        device.registered_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The device with this id.
pub async fn get(connection: &mut PgConnection, id: DeviceId) -> Result<Option<Registered>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select devices.id as "id: DeviceId", product_id as "product_id: ProductId", serial_number,
                  owner_customer_id as "owner_customer_id: CustomerId", purchase_country_code, purchase_date,
                  purchase_date_evidence, sold_used, registered_at, model_code, name, product_line, limited_warranty_months,
                  release_date, created_at
           from devices join products on products.id = devices.product_id
           where devices.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(Registered::try_from)
    .transpose()
}

/// The device with this serial number.
pub async fn find(connection: &mut PgConnection, serial_number: &str) -> Result<Option<Registered>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select devices.id as "id: DeviceId", product_id as "product_id: ProductId", serial_number,
                  owner_customer_id as "owner_customer_id: CustomerId", purchase_country_code, purchase_date,
                  purchase_date_evidence, sold_used, registered_at, model_code, name, product_line, limited_warranty_months,
                  release_date, created_at
           from devices join products on products.id = devices.product_id
           where serial_number = $1"#,
        serial_number,
    )
    .fetch_optional(connection)
    .await?
    .map(Registered::try_from)
    .transpose()
}

/// All devices, newest first, after one, `limit` at most.
pub async fn list(
    connection: &mut PgConnection,
    after: Option<DeviceId>,
    limit: i64,
) -> Result<Vec<Registered>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select devices.id as "id: DeviceId", product_id as "product_id: ProductId", serial_number,
                  owner_customer_id as "owner_customer_id: CustomerId", purchase_country_code, purchase_date,
                  purchase_date_evidence, sold_used, registered_at, model_code, name, product_line, limited_warranty_months,
                  release_date, created_at
           from devices join products on products.id = devices.product_id
           where $1::uuid is null or devices.id < $1
           order by devices.id desc limit $2"#,
        after.map(DeviceId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Registered::try_from)
    .collect()
}

/// The devices of one owner, newest first, after one, `limit` at most. A statement of its own, not a filter that may be
/// null: else the plan of the one would be that of the other.
pub async fn list_of_owner(
    connection: &mut PgConnection,
    owner: CustomerId,
    after: Option<DeviceId>,
    limit: i64,
) -> Result<Vec<Registered>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select devices.id as "id: DeviceId", product_id as "product_id: ProductId", serial_number,
                  owner_customer_id as "owner_customer_id: CustomerId", purchase_country_code, purchase_date,
                  purchase_date_evidence, sold_used, registered_at, model_code, name, product_line, limited_warranty_months,
                  release_date, created_at
           from devices join products on products.id = devices.product_id
           where owner_customer_id = $1 and ($2::uuid is null or devices.id < $2)
           order by devices.id desc limit $3"#,
        owner.uuid(),
        after.map(DeviceId::uuid),
        limit,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Registered::try_from)
    .collect()
}
