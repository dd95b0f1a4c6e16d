//! Clients of partners' systems.

use sqlx::PgConnection;
use support_chassis::db::DbError;

use super::digest;
use crate::domain::ids::PartnerClientId;
use crate::domain::partner::PartnerClient;

/// Writes a new client with the hash of its secret.
pub async fn insert(connection: &mut PgConnection, new: &PartnerClient, secret_hash: &[u8; 32]) -> Result<(), DbError> {
    sqlx::query!(
        "insert into partner_clients (id, organisation_id, display_name, scopes, secret_hash, created_at)
         values ($1, $2, $3, $4, $5, $6)",
        new.id.uuid(),
        new.organisation_id,
        new.display_name,
        &new.scopes,
        secret_hash,
        new.created_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads a client and the hash of its secret. `uuid` may be anything.
pub async fn get(
    connection: &mut PgConnection,
    uuid: uuid::Uuid,
) -> Result<Option<(PartnerClient, [u8; 32])>, DbError> {
    let row = sqlx::query!(
        r#"select id as "id: PartnerClientId", organisation_id, display_name, scopes, secret_hash, created_at
         from partner_clients where id = $1"#,
        uuid,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let client = PartnerClient {
            id: row.id,
            organisation_id: row.organisation_id,
            display_name: row.display_name,
            scopes: row.scopes,
            created_at: row.created_at,
        };
        Ok((client, digest("partner_clients", "secret_hash", &row.secret_hash)?))
    })
    .transpose()
}
