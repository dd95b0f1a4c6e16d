//! Lets a client in.

use support_chassis::call::Certificate;
use support_chassis::db::Db;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::ids::{LocationId, PartnerClientId};
use crate::domain::partner::PartnerClient;
use crate::error::IdentityError;
use crate::keys::{AssertionRefused, ClientKeyRing, is_secret};
use crate::store;

/// What a client shows and asks for.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// Who it says it is. Anything.
    pub client_id: &'a str,
    /// Its secret; empty for none.
    pub secret: &'a str,
    /// What it signed; empty for none.
    pub assertion: &'a str,
    /// The certificate of its connection.
    pub certificate: Option<&'a Certificate>,
    /// The scopes wanted; empty for all it may have.
    pub scopes: &'a [String],
    /// The locations wanted; empty for all it may have.
    pub locations: &'a [LocationId],
    /// Who will call; empty for nobody in particular.
    pub technician: &'a str,
}

/// A client that was let in, and what its token carries.
#[derive(Debug)]
pub struct Admitted {
    /// The client.
    pub client: PartnerClient,
    /// The scopes.
    pub scopes: Vec<String>,
    /// The locations; empty for the whole organisation.
    pub locations: Vec<LocationId>,
    /// Who calls.
    pub technician: Option<String>,
    /// The thumbprint of the certificate that the token is bound to.
    pub certificate: Option<String>,
}

/// Lets in who shows to be a client, and says what its token carries. What is not granted, and that a client is suspended, is
/// told only to who has shown to be it.
///
/// # Errors
///
/// [`IdentityError::ClientUnknown`], [`IdentityError::ClientRefused`] (the secret), [`IdentityError::AssertionRefused`],
/// [`IdentityError::ClientKeysUnreachable`], [`IdentityError::CertificateWrong`], [`IdentityError::ClientSuspended`],
/// [`IdentityError::ScopeNotGranted`], [`IdentityError::LocationNotGranted`], [`IdentityError::TechnicianMissing`].
pub async fn authenticate_client(
    db: &Db,
    keys: &ClientKeyRing,
    now: OffsetDateTime,
    asked: &Asked<'_>,
) -> Result<Admitted, IdentityError> {
    let uuid = asked.client_id.parse().map_or(Uuid::nil(), PartnerClientId::uuid);
    let found = store::partner_clients::get(&mut *db.read().await?, uuid).await?;
    let client = found.ok_or(IdentityError::ClientUnknown)?;
    let certificate = asked.certificate.filter(|shown| client.certificates.include(shown));
    let by_certificate = asked.secret.is_empty() && asked.assertion.is_empty();
    if !asked.assertion.is_empty() {
        // No connection is held while keys are fetched.
        let brought = keys.check(&client, asked.assertion, now).await?;
        let is_first = {
            let mut connection = db.read().await?;
            store::partner_clients::note_assertion(&mut connection, client.id, &brought.jti_hash, brought.kept_until)
                .await?
        };
        if !is_first {
            return Err(IdentityError::AssertionRefused(AssertionRefused::Replayed));
        }
    } else if !by_certificate || !client.certificates.any() {
        // All are compared, so that the time does not tell which one was right.
        let is_right = client
            .secrets
            .good(now)
            .fold(false, |right, hash| is_secret(asked.secret, &hash) | right);
        if !is_right {
            return Err(IdentityError::ClientRefused);
        }
    }
    let is_bound = by_certificate || client.certificates.required;
    if is_bound && certificate.is_none() {
        return Err(IdentityError::CertificateWrong);
    }
    if client.suspended.is_some() {
        return Err(IdentityError::ClientSuspended);
    }
    let scopes = client
        .access
        .scopes_for(asked.scopes)
        .map_err(|scope| IdentityError::ScopeNotGranted { scope })?;
    let locations = client
        .access
        .locations_for(asked.locations)
        .map_err(|location| IdentityError::LocationNotGranted { location })?;
    if client.access.technician_required && asked.technician.is_empty() {
        return Err(IdentityError::TechnicianMissing);
    }
    Ok(Admitted {
        certificate: certificate
            .filter(|_| is_bound)
            .map(|certificate| certificate.thumbprint.clone()),
        technician: Some(asked.technician.to_owned()).filter(|technician| !technician.is_empty()),
        client,
        scopes,
        locations,
    })
}
