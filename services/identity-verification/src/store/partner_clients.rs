//! Clients of partners' systems.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::id::Id;
use support_chassis::page::Page;
use time::OffsetDateTime;
use uuid::Uuid;

use super::digest;
use crate::domain::ids::{LocationId, PartnerClientId};
use crate::domain::partner::{Access, Certificates, ClientKeys, PartnerClient, Secrets};

const TABLE: &str = "partner_clients";

/// By when they were made, in microseconds since 1970, then by id.
pub type SortKey = (i64, PartnerClientId);

struct Row {
    id: PartnerClientId,
    organisation_id: String,
    display_name: String,
    scopes: Vec<String>,
    secret_hash: Option<Vec<u8>>,
    previous_secret_hash: Option<Vec<u8>>,
    previous_secret_until: Option<OffsetDateTime>,
    locations: Vec<Uuid>,
    technician_required: bool,
    jwks: Option<String>,
    jwks_url: Option<String>,
    certificate_thumbprints: Vec<String>,
    certificate_names: Vec<String>,
    certificate_required: bool,
    suspended_at: Option<OffsetDateTime>,
    suspend_reason: Option<String>,
    created_at: OffsetDateTime,
}

impl TryFrom<Row> for PartnerClient {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        let hash = |column, bytes: Option<Vec<u8>>| bytes.map(|bytes| digest(TABLE, column, &bytes)).transpose();
        let locations = row
            .locations
            .into_iter()
            .map(|uuid| Id::from_uuid(uuid).ok().map(LocationId::from))
            .collect();
        let previous = hash("previous_secret_hash", row.previous_secret_hash)?;
        Ok(Self {
            id: row.id,
            organisation_id: row.organisation_id,
            display_name: row.display_name,
            access: Access {
                scopes: row.scopes,
                locations: stored(locations, TABLE, "locations")?,
                technician_required: row.technician_required,
            },
            secrets: Secrets {
                current: hash("secret_hash", row.secret_hash)?,
                previous: previous.zip(row.previous_secret_until),
            },
            keys: match (row.jwks, row.jwks_url) {
                (Some(text), _) => ClientKeys::Here(text),
                (None, Some(url)) => ClientKeys::At(url),
                (None, None) => ClientKeys::None,
            },
            certificates: Certificates {
                thumbprints: row.certificate_thumbprints,
                names: row.certificate_names,
                required: row.certificate_required,
            },
            suspended: row.suspended_at.zip(row.suspend_reason),
            created_at: row.created_at,
        })
    }
}

/// Writes a new client with its secret, and nothing that comes later.
pub async fn insert(connection: &mut PgConnection, new: &PartnerClient) -> Result<(), DbError> {
    sqlx::query!(
        "insert into partner_clients (id, organisation_id, display_name, scopes, secret_hash, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        new.id.uuid(),
        new.organisation_id,
        new.display_name,
        &new.access.scopes,
        new.secrets.current.as_ref().map(<[u8; 32]>::as_slice),
        new.created_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes everything of a locked client that can change.
pub async fn update(connection: &mut PgConnection, client: &PartnerClient) -> Result<(), DbError> {
    let (jwks, jwks_url) = match &client.keys {
        ClientKeys::None => (None, None),
        ClientKeys::Here(text) => (Some(text.as_str()), None),
        ClientKeys::At(url) => (None, Some(url.as_str())),
    };
    let locations: Vec<Uuid> = client.access.locations.iter().map(|location| location.uuid()).collect();
    let previous = client.secrets.previous.as_ref();
    let suspended = client.suspended.as_ref();
    sqlx::query!(
        "update partner_clients set scopes = $2, locations = $3, technician_required = $4, secret_hash = $5,
             previous_secret_hash = $6, previous_secret_until = $7, jwks = $8, jwks_url = $9, certificate_thumbprints = $10,
             certificate_names = $11, certificate_required = $12, suspended_at = $13, suspend_reason = $14
         where id = $1",
        client.id.uuid(),
        &client.access.scopes,
        &locations,
        client.access.technician_required,
        client.secrets.current.as_ref().map(<[u8; 32]>::as_slice),
        previous.map(|(hash, _)| hash.as_slice()),
        previous.map(|(_, until)| *until),
        jwks,
        jwks_url,
        &client.certificates.thumbprints,
        &client.certificates.names,
        client.certificates.required,
        suspended.map(|(at, _)| *at),
        suspended.map(|(_, reason)| reason.as_str()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a client. `uuid` may be anything.
pub async fn get(connection: &mut PgConnection, uuid: Uuid) -> Result<Option<PartnerClient>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: PartnerClientId", organisation_id, display_name, scopes, secret_hash, previous_secret_hash,
             previous_secret_until, locations, technician_required, jwks, jwks_url, certificate_thumbprints,
             certificate_names, certificate_required, suspended_at, suspend_reason, created_at
         from partner_clients where id = $1"#,
        uuid,
    )
    .fetch_optional(connection)
    .await?
    .map(PartnerClient::try_from)
    .transpose()
}

/// Reads a client and keeps others from changing it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: PartnerClientId) -> Result<Option<PartnerClient>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: PartnerClientId", organisation_id, display_name, scopes, secret_hash, previous_secret_hash,
             previous_secret_until, locations, technician_required, jwks, jwks_url, certificate_thumbprints,
             certificate_names, certificate_required, suspended_at, suspend_reason, created_at
         from partner_clients where id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?
    .map(PartnerClient::try_from)
    .transpose()
}

/// Clients of one organisation or all, newest first: one more than the page holds.
pub async fn list(
    connection: &mut PgConnection,
    organisation: Option<&str>,
    page: &Page<SortKey>,
) -> Result<Vec<PartnerClient>, DbError> {
    let (after_at, after_id) = match &page.after {
        Some((at, id)) => (Some(super::from_microseconds(*at)), Some(id.uuid())),
        None => (None, None),
    };
    sqlx::query_as!(
        Row,
        r#"select id as "id: PartnerClientId", organisation_id, display_name, scopes, secret_hash, previous_secret_hash,
             previous_secret_until, locations, technician_required, jwks, jwks_url, certificate_thumbprints,
             certificate_names, certificate_required, suspended_at, suspend_reason, created_at
         from partner_clients
         where ($1::text is null or organisation_id = $1) and ($2::timestamptz is null or (created_at, id) < ($2, $3))
         order by created_at desc, id desc limit $4"#,
        organisation,
        after_at,
        after_id,
        page.limit(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(PartnerClient::try_from)
    .collect()
}

/// The sort key of a client.
#[must_use]
pub fn sort_key(client: &PartnerClient) -> SortKey {
    (super::microseconds(client.created_at), client.id)
}

/// The ids of the suspended clients.
pub async fn suspended(connection: &mut PgConnection, limit: i64) -> Result<Vec<PartnerClientId>, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select id as "id: PartnerClientId" from partner_clients where suspended_at is not null order by id limit $1"#,
        limit,
    )
    .fetch_all(connection)
    .await?)
}

/// Notes that a client has brought something it signed. Whether it is the first time.
pub async fn note_assertion(
    connection: &mut PgConnection,
    client: PartnerClientId,
    jti_hash: &[u8; 32],
    expires_at: OffsetDateTime,
) -> Result<bool, DbError> {
    let written = sqlx::query!(
        "insert into partner_assertions (client_id, jti_hash, expires_at) values ($1, $2, $3) on conflict do nothing",
        client.uuid(),
        jti_hash,
        expires_at,
    )
    .execute(connection)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// Forgets what was signed and has run out.
pub async fn prune_assertions(
    connection: &mut PgConnection,
    before: OffsetDateTime,
    limit: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "delete from partner_assertions where ctid in
             (select ctid from partner_assertions where expires_at < $1 limit $2)",
        before,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(())
}
