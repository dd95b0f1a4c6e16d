//! Transfers.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;

use crate::domain::device::{CustomerId, DeviceId, Owner, Transfer, TransferId, TransferState};

/// The constraint that a device is offered once at a time.
pub const ONE_OPEN: &str = "device_transfers_one_open";

const TABLE: &str = "device_transfers";

struct Row {
    id: TransferId,
    device_id: DeviceId,
    from_customer_id: Option<CustomerId>,
    from_organisation: Option<String>,
    to_customer_id: Option<CustomerId>,
    to_organisation: Option<String>,
    state: String,
    offered_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
}

impl TryFrom<Row> for Transfer {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            device_id: row.device_id,
            from: stored(
                Owner::of(row.from_customer_id, row.from_organisation),
                TABLE,
                "from_customer_id",
            )?,
            to: Owner::of(row.to_customer_id, row.to_organisation),
            state: stored(TransferState::from_name(&row.state), TABLE, "state")?,
            offered_at: row.offered_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
        })
    }
}

macro_rules! select_transfers {
    ($end:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select id as "id: TransferId", device_id as "device_id: DeviceId",
                      from_customer_id as "from_customer_id: CustomerId", from_organisation,
                      to_customer_id as "to_customer_id: CustomerId", to_organisation, state, offered_at, expires_at,
                      ended_at
               from device_transfers
               "# + $end
            $(, $argument)*
        )
    };
}

/// Adds a transfer. Breaks [`ONE_OPEN`] where the device is offered already.
pub async fn insert(connection: &mut PgConnection, transfer: &Transfer) -> Result<(), DbError> {
    let (from, to) = (&transfer.from, transfer.to.as_ref());
    sqlx::query!(
        "insert into device_transfers (id, device_id, from_customer_id, from_organisation, to_customer_id, to_organisation,
                                       state, offered_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        transfer.id.uuid(),
        transfer.device_id.uuid(),
        from.customer().map(CustomerId::uuid),
        from.organisation(),
        to.and_then(Owner::customer).map(CustomerId::uuid),
        to.and_then(Owner::organisation),
        transfer.state.as_str(),
        transfer.offered_at,
        transfer.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The hash of the code of an open offer that names nobody; says whether there is such an offer.
pub async fn set_code(connection: &mut PgConnection, id: TransferId, hash: &[u8; 32]) -> Result<bool, DbError> {
    let set = sqlx::query!(
        "update device_transfers set code_hash = $2
         where id = $1 and state = 'offered' and to_customer_id is null and to_organisation is null",
        id.uuid(),
        hash,
    )
    .execute(connection)
    .await?;
    Ok(set.rows_affected() == 1)
}

/// The transfer with this id.
pub async fn get(connection: &mut PgConnection, id: TransferId) -> Result<Option<Transfer>, DbError> {
    select_transfers!("where id = $1", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Transfer::try_from)
        .transpose()
}

/// The open transfer with a code of this hash.
pub async fn find_by_code(connection: &mut PgConnection, hash: &[u8; 32]) -> Result<Option<Transfer>, DbError> {
    select_transfers!("where code_hash = $1", hash)
        .fetch_optional(connection)
        .await?
        .map(Transfer::try_from)
        .transpose()
}

/// The open transfer of a device, whether its time is over or not.
pub async fn open_of(connection: &mut PgConnection, device_id: DeviceId) -> Result<Option<Transfer>, DbError> {
    select_transfers!("where device_id = $1 and state = 'offered'", device_id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Transfer::try_from)
        .transpose()
}

/// Ends an open transfer. Its device is locked.
pub async fn end(
    connection: &mut PgConnection,
    id: TransferId,
    state: TransferState,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "update device_transfers set state = $2, ended_at = $3, code_hash = null where id = $1",
        id.uuid(),
        state.as_str(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Devices with an open transfer whose time is over, `limit` at most, the one that has waited longest first.
pub async fn overdue(connection: &mut PgConnection, now: OffsetDateTime, limit: i64) -> Result<Vec<DeviceId>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select device_id as "device_id: DeviceId" from device_transfers
           where state = 'offered' and expires_at <= $1 order by expires_at limit $2"#,
        now,
        limit,
    )
    .fetch_all(connection)
    .await?)
}
