//! Begins a factor of an open verification.

use std::time::Duration;

use support_chassis::db::Tx;
use time::OffsetDateTime;

use super::resend_code::send_again;
use super::{Means, NotAccepted};
use crate::domain::ids::VerificationId;
use crate::domain::verification::{Checked, Method, Verification};
use crate::error::IdentityError;
use crate::keys::Counted;
use crate::store;
use crate::store::factors::Challenge;

/// How long a passkey's ceremony is good: what the library counts.
const CEREMONY: Duration = Duration::from_mins(5);

/// What is needed for the proof.
#[derive(Debug)]
pub struct Challenged {
    /// The verification.
    pub verification: Verification,
    /// Of a passkey: what the browser is asked for.
    pub options_json: Option<String>,
    /// Of a push: the number to be shown.
    pub number: Option<i16>,
    /// Of a passkey or a push: until when it can be answered.
    pub expires_at: Option<OffsetDateTime>,
}

/// Begins a factor; wake the delivery once this is committed. A subject that has no passkey or device gets the same
/// answer, by the same statements.
///
/// # Errors
///
/// [`IdentityError::VerificationNotFound`], [`IdentityError::VerificationNotOpen`], [`IdentityError::TooManyChecks`],
/// [`IdentityError::MethodNotAccepted`], [`IdentityError::TooManySends`].
pub async fn challenge_factor(
    tx: &mut Tx,
    means: &Means,
    id: VerificationId,
    method: Method,
) -> Result<Challenged, IdentityError> {
    let now = tx.now();
    let mut verification = store::verifications::lock(tx, id)
        .await?
        .ok_or(IdentityError::VerificationNotFound)?;
    match verification.closed(now) {
        Some(Checked::NotOpen(state)) => return Err(IdentityError::VerificationNotOpen { id, state }),
        Some(_) => return Err(IdentityError::TooManyChecks),
        None => {}
    }
    let is_possible = !method.is_sent() || method == verification.method;
    if !is_possible || !verification.limits.methods.contains(&method) {
        return Err(NotAccepted::by(&verification).into());
    }
    let rules = means.policy.factors(verification.country_code.as_deref(), now);
    let mut challenged = Challenged {
        options_json: None,
        number: None,
        expires_at: None,
        verification: verification.clone(),
    };
    let (ceremony, lifetime) = match method {
        Method::Passkey => {
            let begun = means.passkeys.begin_authentication()?;
            challenged.options_json = Some(begun.options_json);
            (Some(begun.ceremony), CEREMONY)
        }
        Method::Push => {
            let key = means.keys.counter(Counted::Prompts(&verification.contact_key));
            let mut window = store::send_windows::lock(tx, &key, now).await?;
            window
                .admit(now, rules.pushes_per_hour)
                .map_err(|full| IdentityError::TooManySends {
                    retry_after: Some(full.retry_after),
                })?;
            store::send_windows::update(tx, &key, &window).await?;
            challenged.number = Some(means.chance.two_digits());
            (None, rules.push_lifetime)
        }
        _ => {
            send_again(tx, means, &mut verification).await?;
            challenged.verification = verification;
            return Ok(challenged);
        }
    };
    let expires_at = verification.limits.expires_at.min(now + lifetime);
    challenged.expires_at = Some(expires_at);
    let challenge = Challenge {
        verification: id,
        method,
        ceremony: ceremony.as_deref(),
        number: challenged.number,
        created_at: now,
        expires_at,
    };
    store::factors::put_challenge(tx, &challenge).await?;
    Ok(challenged)
}
