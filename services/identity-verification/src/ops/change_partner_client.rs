//! Changes clients of partners' systems.

use std::time::Duration;

use support_chassis::db::Tx;

use crate::domain::audit::{Action, Deed};
use crate::domain::ids::PartnerClientId;
use crate::domain::partner::{Access, Certificates, ClientKeys, PartnerClient, Secrets};
use crate::error::IdentityError;
use crate::keys::secret_hash;
use crate::store;

/// What is changed of a client.
#[derive(Debug)]
pub enum ClientChange {
    /// What its tokens may carry.
    Access(Access),
    /// How it shows who it is.
    Keys {
        /// Where its public keys are.
        keys: ClientKeys,
        /// The certificates it may show.
        certificates: Certificates,
        /// Whether its secrets end.
        end_secrets: bool,
    },
    /// Its secret; the last one stays good for `overlap`.
    Secret {
        /// The hash of the new one.
        hash: [u8; 32],
        /// For how long the last one stays good.
        overlap: Duration,
    },
    /// It is suspended; one that is stays as it is.
    Suspend {
        /// Why: a code.
        reason: String,
    },
    /// It is not suspended any more.
    Resume,
}

impl ClientChange {
    /// What stands on record of it, and which fields it may have changed.
    fn on_record(&self) -> (Action, Vec<&'static str>) {
        match self {
            Self::Access(_) => (
                Action::PartnerLocationsChanged,
                vec!["scopes", "locations", "technician_required"],
            ),
            Self::Keys { end_secrets, .. } => {
                let mut fields = vec!["keys", "certificates"];
                fields.extend(end_secrets.then_some("secrets"));
                (Action::PartnerCredentialsChanged, fields)
            }
            Self::Secret { .. } => (Action::PartnerSecretRotated, vec!["secrets"]),
            Self::Suspend { .. } => (Action::PartnerClientSuspended, Vec::new()),
            Self::Resume => (Action::PartnerClientResumed, Vec::new()),
        }
    }

    /// A new secret.
    #[must_use]
    pub fn secret(secret: &str, overlap: Duration) -> Self {
        Self::Secret {
            hash: secret_hash(secret),
            overlap,
        }
    }
}

/// Changes a client; gives it as it is then.
///
/// # Errors
///
/// [`IdentityError::ClientNotFound`].
pub async fn change_partner_client(
    tx: &mut Tx,
    id: PartnerClientId,
    change: ClientChange,
) -> Result<PartnerClient, IdentityError> {
    let now = tx.now();
    let mut client = store::partner_clients::lock(tx, id)
        .await?
        .ok_or(IdentityError::ClientNotFound)?;
    let (action, fields) = change.on_record();
    match change {
        ClientChange::Access(access) => client.access = access,
        ClientChange::Keys {
            keys,
            certificates,
            end_secrets,
        } => {
            client.keys = keys;
            client.certificates = certificates;
            if end_secrets {
                client.secrets = Secrets::default();
            }
        }
        ClientChange::Secret { hash, overlap } => client.secrets.rotate(hash, now, now + overlap),
        ClientChange::Suspend { reason } => {
            client.suspended.get_or_insert((now, reason));
        }
        ClientChange::Resume => client.suspended = None,
    }
    store::partner_clients::update(tx, &client).await?;
    let deed = Deed {
        subject_id: Some(id.uuid()),
        fields,
        ..Deed::new(action, None)
    };
    store::audit::record(tx, &deed).await?;
    Ok(client)
}
