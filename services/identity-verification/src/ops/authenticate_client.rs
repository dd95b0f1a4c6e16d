//! Lets a client in.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::ids::PartnerClientId;
use crate::domain::partner::PartnerClient;
use crate::error::IdentityError;
use crate::keys::is_secret;
use crate::store;

/// The client that `client_id` and `secret` belong to, and the scopes its token carries. Whatever is wrong, the refusal is
/// the same and comes after the same steps: a look-up, a hash, a comparison.
///
/// # Errors
///
/// [`IdentityError::ClientRefused`].
pub async fn authenticate_client(
    connection: &mut PgConnection,
    client_id: &str,
    secret: &str,
    wanted: &[String],
) -> Result<(PartnerClient, Vec<String>), IdentityError> {
    let uuid = client_id.parse().map_or(Uuid::nil(), PartnerClientId::uuid);
    let found = store::partner_clients::get(connection, uuid).await?;
    // No secret has a hash of zeros that anybody could find.
    let hash = found.as_ref().map_or([0; 32], |(_, hash)| *hash);
    let is_right = is_secret(secret, &hash);
    found
        .filter(|_| is_right)
        .and_then(|(client, _)| client.scopes_for(wanted).map(|scopes| (client, scopes)))
        .ok_or(IdentityError::ClientRefused)
}
