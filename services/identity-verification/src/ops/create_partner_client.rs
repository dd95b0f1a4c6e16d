//! Makes a client for a partner's system.

use support_chassis::db::Tx;

use crate::domain::audit::{Action, Deed};
use crate::domain::ids::PartnerClientId;
use crate::domain::partner::{Access, Certificates, ClientKeys, PartnerClient, Secrets, sorted};
use crate::error::IdentityError;
use crate::keys::secret_hash;
use crate::store;

/// What a new client is made of.
pub struct NewPartnerClient {
    /// Its id.
    pub id: PartnerClientId,
    /// The partner's organisation.
    pub organisation_id: String,
    /// What it is for.
    pub display_name: String,
    /// The scopes it may be given.
    pub scopes: Vec<String>,
}

/// Makes a client whose secret is `secret`. Of that only a hash is kept.
///
/// # Errors
///
/// Those of the database.
pub async fn create_partner_client(
    tx: &mut Tx,
    new: NewPartnerClient,
    secret: &str,
) -> Result<PartnerClient, IdentityError> {
    let client = PartnerClient {
        id: new.id,
        organisation_id: new.organisation_id,
        display_name: new.display_name,
        access: Access {
            scopes: sorted(&new.scopes),
            ..Access::default()
        },
        secrets: Secrets {
            current: Some(secret_hash(secret)),
            previous: None,
        },
        keys: ClientKeys::None,
        certificates: Certificates::default(),
        suspended: None,
        created_at: tx.now(),
    };
    store::partner_clients::insert(tx, &client).await?;
    let deed = Deed {
        subject_id: Some(client.id.uuid()),
        ..Deed::new(Action::PartnerClientCreated, None)
    };
    store::audit::record(tx, &deed).await?;
    Ok(client)
}
