//! Binds authenticators to a customer, and ends them.

use support_chassis::db::Tx;
use support_chassis::vault::Vault;
use support_proto::support::identity::v1::{AuthenticatorBound, AuthenticatorEnded};
use time::OffsetDateTime;

use super::{Means, tell_owner};
use crate::api::present;
use crate::domain::audit::Action;
use crate::domain::authenticator::{
    Authenticator, AuthenticatorState, MOST_OF_A_KIND, PENDING_LIFETIME, RECOVERY_CODES, RecoveryCode,
};
use crate::domain::code::Code;
use crate::domain::failures::Failures;
use crate::domain::grant::Assurance;
use crate::domain::happening::Kind;
use crate::domain::ids::{AuthenticatorId, CustomerId};
use crate::domain::totp::TotpSecret;
use crate::domain::verification::Method;
use crate::error::IdentityError;
use crate::keys::{Counted, Kept};
use crate::store;
use crate::store::authenticators::Secrets;

/// The customer who changes what they have, and how surely they are known.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// Who.
    pub customer_id: CustomerId,
    /// How surely.
    pub assurance: Option<Assurance>,
}

/// Locks the customer, so that two changes come one after the other, and refuses whoever is not known surely enough: with
/// an authenticator bound, whoever holds no more than a mailbox must not bind another (NIST SP 800-63B-4, section 4.1.2).
async fn lock(tx: &mut Tx, vault: &Vault, owner: Owner) -> Result<Vec<Authenticator>, IdentityError> {
    store::customers::lock_outline(tx, owner.customer_id)
        .await?
        .ok_or(IdentityError::CustomerNotFound)?;
    guarded(tx, vault, owner).await
}

/// What a locked customer has bound; refused where that asks for more than whoever changes the account has shown.
pub(super) async fn guarded(tx: &mut Tx, vault: &Vault, owner: Owner) -> Result<Vec<Authenticator>, IdentityError> {
    let now = tx.now();
    let held = store::authenticators::of_customer(tx, vault, owner.customer_id, now).await?;
    if held.iter().any(Authenticator::is_guarded) && owner.assurance < Some(Assurance::Aal2) {
        return Err(IdentityError::StepUpNeeded);
    }
    Ok(held)
}

async fn admit(tx: &mut Tx, vault: &Vault, owner: Owner, method: Method) -> Result<(), IdentityError> {
    let held = lock(tx, vault, owner).await?;
    let of_kind = held.iter().filter(|held| held.method == method).count();
    if i64::try_from(of_kind).is_ok_and(|held| held >= MOST_OF_A_KIND) {
        return Err(IdentityError::TooManyAuthenticators { limit: MOST_OF_A_KIND });
    }
    Ok(())
}

fn made(
    id: AuthenticatorId,
    owner: Owner,
    method: Method,
    display_name: String,
    now: OffsetDateTime,
    pending: bool,
) -> Authenticator {
    Authenticator {
        id,
        customer_id: owner.customer_id,
        method,
        display_name,
        state: if pending {
            AuthenticatorState::Pending
        } else {
            AuthenticatorState::Active
        },
        created_at: now,
        used_at: None,
        expires_at: pending.then(|| now + PENDING_LIFETIME),
        uses_left: 0,
    }
}

/// A pending authenticator of the owner.
async fn pending(
    tx: &mut Tx,
    vault: &Vault,
    owner: Owner,
    id: AuthenticatorId,
    method: Method,
) -> Result<Authenticator, IdentityError> {
    lock(tx, vault, owner).await?;
    let now = tx.now();
    store::authenticators::lock(tx, vault, id, now)
        .await?
        .filter(|found| {
            found.customer_id == owner.customer_id
                && found.method == method
                && found.state == AuthenticatorState::Pending
        })
        .ok_or(IdentityError::AuthenticatorNotFound)
}

async fn bound(tx: &mut Tx, means: &Means, authenticator: &Authenticator) -> Result<(), IdentityError> {
    let (customer, made) = (authenticator.customer_id, authenticator.id.uuid());
    store::audit::record_change(tx, Action::AuthenticatorBound, customer, made).await?;
    let event = AuthenticatorBound {
        authenticator_id: authenticator.id.to_string(),
        customer_id: authenticator.customer_id.to_string(),
        method: present::method(authenticator.method).into(),
    };
    tx.append(authenticator.id, &event).await?;
    Ok(tell_owner(tx, &means.ids, Kind::AuthenticatorBound, customer).await?)
}

async fn end(
    tx: &mut Tx,
    owner: CustomerId,
    method: Method,
    only: Option<AuthenticatorId>,
) -> Result<(), IdentityError> {
    let now = tx.now();
    for authenticator in store::authenticators::end(tx, owner, method, only, now).await? {
        let event = AuthenticatorEnded {
            authenticator_id: authenticator.to_string(),
            customer_id: owner.to_string(),
            method: present::method(method).into(),
            locked: false,
        };
        tx.append(authenticator, &event).await?;
        store::audit::record_change(tx, Action::AuthenticatorEnded, owner, authenticator.uuid()).await?;
    }
    Ok(())
}

/// Gives a secret for an authenticator app, which counts once it is confirmed.
///
/// # Errors
///
/// [`IdentityError::StepUpNeeded`], [`IdentityError::TooManyAuthenticators`].
pub async fn enrol_totp(
    tx: &mut Tx,
    means: &Means,
    owner: Owner,
    display_name: String,
) -> Result<(Authenticator, TotpSecret), IdentityError> {
    admit(tx, &means.vault, owner, Method::Totp).await?;
    let authenticator = made(means.ids.next(), owner, Method::Totp, display_name, tx.now(), true);
    let secret = TotpSecret::new(means.chance.bytes());
    let sealed = means
        .keys
        .seal_secret(authenticator.id, &secret, means.chance.bytes())?;
    let with = Secrets {
        secret: Some(&sealed),
        ..Secrets::default()
    };
    store::authenticators::insert(tx, &means.vault, &authenticator, with).await?;
    Ok((authenticator, secret))
}

/// Confirms an app with a code of it; none where it is not one. The transaction must be committed either way: the failure
/// is counted.
///
/// # Errors
///
/// [`IdentityError::AuthenticatorNotFound`], [`IdentityError::StepUpNeeded`], [`IdentityError::FactorWait`].
pub async fn confirm_totp(
    tx: &mut Tx,
    means: &Means,
    owner: Owner,
    id: AuthenticatorId,
    code: &Code,
) -> Result<Option<Authenticator>, IdentityError> {
    let mut authenticator = pending(tx, &means.vault, owner, id, Method::Totp).await?;
    let now = tx.now();
    let country = store::customers::country_of(tx, owner.customer_id).await?;
    let rules = means.policy.factors(country.as_deref(), now);
    // Counted by the authenticator itself: what comes of it concerns nobody else.
    let mut key = [0; 32];
    key[..16].copy_from_slice(id.uuid().as_bytes());
    let key = means.keys.counter(Counted::Failures(&key, Method::Totp));
    let mut failures: Failures = store::factors::lock_failures(tx, &key, now).await?;
    if let Some(retry_after) = failures.wait(now) {
        return Err(IdentityError::FactorWait { retry_after });
    }
    let (sealed, _) = store::authenticators::secrets(tx, id).await?;
    let secret = means.keys.open_secret(id, &sealed.unwrap_or_default())?;
    let Some(step) = secret.step_of(code.number(), now, rules.totp_drift_steps, None) else {
        failures.fail(now, rules.failures_before_wait);
        store::factors::set_failures(tx, &key, &failures).await?;
        return Ok(None);
    };
    store::authenticators::activate_app(tx, id, step).await?;
    authenticator.state = AuthenticatorState::Active;
    authenticator.expires_at = None;
    bound(tx, means, &authenticator).await?;
    Ok(Some(authenticator))
}

/// Begins the registration of a passkey; what the browser is to be asked for.
///
/// # Errors
///
/// [`IdentityError::StepUpNeeded`], [`IdentityError::TooManyAuthenticators`], [`IdentityError::AuthenticatorRefused`] for a
/// name that no browser takes.
pub async fn enrol_passkey(
    tx: &mut Tx,
    means: &Means,
    owner: Owner,
    display_name: String,
) -> Result<(Authenticator, String), IdentityError> {
    admit(tx, &means.vault, owner, Method::Passkey).await?;
    let existing = store::authenticators::credentials(tx, owner.customer_id).await?;
    let begun = means
        .passkeys
        .begin_registration(owner.customer_id, &display_name, existing)
        .map_err(|_| IdentityError::AuthenticatorRefused)?;
    let authenticator = made(means.ids.next(), owner, Method::Passkey, display_name, tx.now(), true);
    let with = Secrets {
        ceremony: Some(&begun.ceremony),
        ..Secrets::default()
    };
    store::authenticators::insert(tx, &means.vault, &authenticator, with).await?;
    Ok((authenticator, begun.options_json))
}

/// Ends the registration of a passkey with the browser's answer.
///
/// # Errors
///
/// [`IdentityError::AuthenticatorNotFound`], [`IdentityError::AuthenticatorRefused`], [`IdentityError::StepUpNeeded`].
pub async fn confirm_passkey(
    tx: &mut Tx,
    means: &Means,
    owner: Owner,
    id: AuthenticatorId,
    json: &str,
) -> Result<Authenticator, IdentityError> {
    let mut authenticator = pending(tx, &means.vault, owner, id, Method::Passkey).await?;
    let (_, ceremony) = store::authenticators::secrets(tx, id).await?;
    let made = means
        .passkeys
        .end_registration(&ceremony.unwrap_or_default(), json)
        .map_err(|_| IdentityError::AuthenticatorRefused)?;
    store::authenticators::activate_passkey(tx, id, &made.credential_id, &made.static_state, &made.dynamic_state)
        .await?;
    authenticator.state = AuthenticatorState::Active;
    authenticator.expires_at = None;
    bound(tx, means, &authenticator).await?;
    Ok(authenticator)
}

/// Registers a device whose key has signed for it.
///
/// # Errors
///
/// [`IdentityError::StepUpNeeded`], [`IdentityError::TooManyAuthenticators`].
pub async fn enrol_device(
    tx: &mut Tx,
    means: &Means,
    owner: Owner,
    display_name: String,
    public_key: &[u8],
) -> Result<Authenticator, IdentityError> {
    admit(tx, &means.vault, owner, Method::Push).await?;
    let authenticator = made(means.ids.next(), owner, Method::Push, display_name, tx.now(), false);
    let with = Secrets {
        secret: Some(public_key),
        ..Secrets::default()
    };
    store::authenticators::insert(tx, &means.vault, &authenticator, with).await?;
    bound(tx, means, &authenticator).await?;
    Ok(authenticator)
}

/// Makes a support PIN in the place of the one before it, and says until when it works.
///
/// # Errors
///
/// [`IdentityError::CustomerNotFound`].
pub async fn create_pin(
    tx: &mut Tx,
    means: &Means,
    owner: CustomerId,
) -> Result<(String, OffsetDateTime), IdentityError> {
    let customer = store::customers::lock_outline(tx, owner)
        .await?
        .ok_or(IdentityError::CustomerNotFound)?;
    let now = tx.now();
    let expires_at = now + means.policy.factors(Some(&customer.country_code), now).pin_lifetime;
    // Neither the end of the one nor the making of the other is news: a PIN is for a call to come.
    store::authenticators::end(tx, owner, Method::SupportPin, None, now).await?;
    let pin = means.chance.pin();
    let mac = means.keys.kept_mac(Kept::Pin, owner.uuid(), &pin);
    let owner = Owner {
        customer_id: owner,
        assurance: None,
    };
    let authenticator = Authenticator {
        expires_at: Some(expires_at),
        ..made(means.ids.next(), owner, Method::SupportPin, String::new(), now, false)
    };
    let with = Secrets {
        secret: Some(&mac),
        ..Secrets::default()
    };
    store::authenticators::insert(tx, &means.vault, &authenticator, with).await?;
    let made = authenticator.id.uuid();
    store::audit::record_change(tx, Action::SupportPinCreated, owner.customer_id, made).await?;
    Ok((pin, expires_at))
}

/// Makes ten recovery codes in the place of those before.
///
/// # Errors
///
/// [`IdentityError::StepUpNeeded`].
pub async fn create_recovery_codes(
    tx: &mut Tx,
    means: &Means,
    owner: Owner,
) -> Result<Vec<RecoveryCode>, IdentityError> {
    lock(tx, &means.vault, owner).await?;
    end(tx, owner.customer_id, Method::RecoveryCode, None).await?;
    let authenticator = made(
        means.ids.next(),
        owner,
        Method::RecoveryCode,
        String::new(),
        tx.now(),
        false,
    );
    let codes: Vec<_> = (0..RECOVERY_CODES)
        .map(|_| RecoveryCode::new(means.chance.bytes()))
        .collect();
    let macs: Vec<Vec<u8>> = codes
        .iter()
        .map(|code| {
            means
                .keys
                .kept_mac(Kept::Recovery, owner.customer_id.uuid(), code.letters())
                .to_vec()
        })
        .collect();
    store::authenticators::insert(tx, &means.vault, &authenticator, Secrets::default()).await?;
    store::authenticators::insert_recovery_codes(tx, authenticator.id, &macs).await?;
    bound(tx, means, &authenticator).await?;
    Ok(codes)
}

/// Ends an authenticator of the owner.
///
/// # Errors
///
/// [`IdentityError::AuthenticatorNotFound`], [`IdentityError::StepUpNeeded`].
pub async fn remove(tx: &mut Tx, means: &Means, owner: Owner, id: AuthenticatorId) -> Result<(), IdentityError> {
    lock(tx, &means.vault, owner).await?;
    let now = tx.now();
    let found = store::authenticators::lock(tx, &means.vault, id, now)
        .await?
        .filter(|found| found.customer_id == owner.customer_id)
        .ok_or(IdentityError::AuthenticatorNotFound)?;
    end(tx, owner.customer_id, found.method, Some(id)).await?;
    Ok(tell_owner(tx, &means.ids, Kind::AuthenticatorEnded, owner.customer_id).await?)
}
