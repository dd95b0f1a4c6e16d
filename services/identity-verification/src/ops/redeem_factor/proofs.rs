//! Whether a proof is right, and what it uses up.

use subtle::ConstantTimeEq as _;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use time::OffsetDateTime;
use uuid::Uuid;

use super::Proof;
use crate::domain::audit::Action;
use crate::domain::authenticator::RecoveryCode;
use crate::domain::happening::Kind;
use crate::domain::ids::{AuthenticatorId, VerificationId};
use crate::domain::rules::FactorRules;
use crate::domain::totp::TotpSecret;
use crate::domain::verification::{Method, Subject, Verification};
use crate::error::IdentityError;
use crate::keys::Kept;
use crate::ops::{Means, contact_point_changed};
use crate::store;
use crate::store::factors::PromptAnswer;

/// What a right proof used.
pub(super) enum Used {
    /// Nothing that is written down.
    Nothing,
    /// This authenticator.
    Authenticator(AuthenticatorId),
    /// A step of this app.
    Step(AuthenticatorId, i64),
    /// This PIN, which is gone.
    Pin(AuthenticatorId),
    /// This code of this set.
    Recovery(AuthenticatorId, i16),
    /// This passkey, of which something has changed.
    Passkey(AuthenticatorId, Vec<u8>),
}

/// Whose authenticators are looked for: the customer's, or, so that it is looked for all the same, those of an id that nobody has.
pub(super) fn whose(verification: &Verification) -> Uuid {
    let subject = verification.subject.as_ref();
    subject.map_or_else(|| verification.id.uuid(), |subject| subject.customer_id.uuid())
}

/// What the proof used, where it is right. The lookups are made for nobody's verifications as well.
pub(super) async fn held_against(
    tx: &mut Tx,
    means: &Means,
    verification: &Verification,
    proof: &Proof,
    rules: &FactorRules,
    now: OffsetDateTime,
) -> Result<Option<Used>, IdentityError> {
    let customer = verification.subject.as_ref().map(|subject| subject.customer_id);
    let whose = whose(verification);
    Ok(match proof {
        Proof::Code(code) => means
            .keys
            .is_code(verification.id, code, &verification.code_mac)
            .then_some(Used::Nothing),
        Proof::Totp(code) => {
            let number = code.number();
            let mut found = None;
            let apps = store::authenticators::lock_apps(tx, whose).await?;
            if apps.is_empty() {
                let _ = TotpSecret::new([0; 20]).step_of(number, now, rules.totp_drift_steps, None);
            }
            for app in apps {
                let secret = means.keys.open_secret(app.id, &app.secret)?;
                let step = secret.step_of(number, now, rules.totp_drift_steps, app.last_step);
                found = found.or(step.map(|step| Used::Step(app.id, step)));
            }
            found
        }
        Proof::Pin(pin) => {
            let mac = means.keys.kept_mac(Kept::Pin, whose, pin);
            store::authenticators::lock_pin(tx, whose, now)
                .await?
                .filter(|(_, kept)| kept.ct_eq(&mac).into())
                .map(|(id, _)| Used::Pin(id))
        }
        Proof::Recovery(code) => {
            let letters = code.as_ref().map_or("", RecoveryCode::letters);
            let mac = means.keys.kept_mac(Kept::Recovery, whose, letters);
            // Found by the keyed hash: how much of it is right nobody can tell from the time.
            store::authenticators::lock_recovery_code(tx, whose, &mac)
                .await?
                .map(|(id, ordinal)| Used::Recovery(id, ordinal))
        }
        Proof::Passkey(assertion) => {
            let ceremony = store::factors::take_ceremony(tx, verification.id, now).await?;
            let credential: &[u8] = assertion.as_ref().map_or(&[], |assertion| assertion.credential_id());
            let passkey = store::authenticators::lock_passkey(tx, whose, credential).await?;
            match (ceremony, assertion, passkey, customer) {
                (Some(ceremony), Some(assertion), Some(passkey), Some(customer)) => means
                    .passkeys
                    .end_authentication(
                        &ceremony,
                        assertion,
                        customer,
                        &passkey.static_state,
                        &passkey.dynamic_state,
                    )
                    .ok()
                    .map(|changed| Used::Passkey(passkey.id, changed)),
                _ => None,
            }
        }
        Proof::Push => match store::factors::take_answer(tx, verification.id, now).await? {
            PromptAnswer::None => return Err(IdentityError::PushPending),
            PromptAnswer::Confirmed(device) => Some(Used::Authenticator(device)),
            PromptAnswer::Refused => None,
        },
        Proof::Document { .. } => customer.map(|_| Used::Nothing),
    })
}

/// Writes down that the customer holds the address that a code came back from.
pub(super) async fn verified(
    tx: &mut Tx,
    ids: &Ids,
    method: Method,
    subject: &Subject,
    now: OffsetDateTime,
) -> Result<(), IdentityError> {
    let point = subject.contact_point_id;
    // From now on the address proves who its customer is, if it did not before: they hear of it at the others.
    if method.is_sent() && !store::customers::set_verified(tx, point, now).await? {
        let verified = contact_point_changed(ids, Kind::ContactPointVerified, subject.customer_id, point, now);
        store::happenings::record(tx, &verified, now).await?;
        let customer = subject.customer_id;
        store::audit::record_change(tx, Action::ContactPointVerified, customer, point.uuid()).await?;
    }
    Ok(())
}

/// Writes down what a right proof used, so that what is good once is good once.
pub(super) async fn use_up(
    tx: &mut Tx,
    (id, method): (VerificationId, Method),
    subject: &Subject,
    proof: &Proof,
    used: Used,
    now: OffsetDateTime,
) -> Result<(), IdentityError> {
    let authenticator = match used {
        Used::Nothing => None,
        Used::Authenticator(authenticator) => Some(authenticator),
        Used::Step(app, step) => {
            store::authenticators::use_step(tx, app, step).await?;
            Some(app)
        }
        Used::Pin(pin) => {
            store::authenticators::end(tx, subject.customer_id, Method::SupportPin, Some(pin), now).await?;
            Some(pin)
        }
        Used::Recovery(set, ordinal) => {
            store::authenticators::use_recovery_code(tx, set, ordinal, now).await?;
            Some(set)
        }
        Used::Passkey(passkey, changed) => {
            store::authenticators::set_dynamic_state(tx, passkey, &changed).await?;
            Some(passkey)
        }
    };
    if let Some(authenticator) = authenticator {
        store::authenticators::succeed(tx, authenticator, now).await?;
    }
    let document = match proof {
        Proof::Document { kind, store, witness } => Some((*kind, store.as_str(), witness.as_str())),
        _ => None,
    };
    let proof = store::factors::Proof {
        authenticator,
        document,
    };
    Ok(store::factors::insert_proof(tx, id, method, &proof, now).await?)
}
