//! Devices that are prompted. A device proves itself by its signature and nothing else; whatever is wrong of that, it hears
//! that there is no such authenticator.

use ed25519_dalek::{Signature, VerifyingKey};
use support_chassis::call::Call;
use support_chassis::clock::{self, timestamp};
use support_chassis::db::Db;
use support_chassis::error::Violations;
use support_chassis::id::parse;
use support_proto::support::identity::v1 as pb;
use time::OffsetDateTime;

use crate::api::present;
use crate::domain::authenticator::QUESTION_LIFETIME;
use crate::domain::ids::{AuthenticatorId, CustomerId, VerificationId};
use crate::error::IdentityError;
use crate::store;

/// What a device signs: its use, then the parts, with a zero byte before each, which none of them holds.
fn message(what: &str, parts: &[&str]) -> Vec<u8> {
    let mut message = format!("support.identity.v1 push {what}").into_bytes();
    for part in parts {
        message.push(0);
        message.extend_from_slice(part.as_bytes());
    }
    message
}

fn is_signed(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let key = key.try_into().ok().and_then(|key| VerifyingKey::from_bytes(key).ok());
    let signature = Signature::from_slice(signature).ok();
    // Strict: keys of small order, which sign everything, are no keys.
    key.zip(signature)
        .is_some_and(|(key, signature)| key.verify_strict(message, &signature).is_ok())
}

/// Refuses an enrolment that the device's key has not signed.
pub(super) fn signed_enrolment(
    customer: CustomerId,
    request: &pb::EnrolPushDeviceRequest,
) -> Result<(), IdentityError> {
    let message = message("enrol", &[&customer.to_string(), &request.request_id]);
    if is_signed(&request.public_key, &message, &request.signature) {
        Ok(())
    } else {
        Err(IdentityError::AuthenticatorRefused)
    }
}

/// The prompts that wait for a device.
pub(super) async fn prompts(
    db: &Db,
    now: OffsetDateTime,
    request: &pb::ListPushPromptsRequest,
) -> Result<pb::ListPushPromptsResponse, IdentityError> {
    let mut fields = Violations::new();
    let id = fields.take(parse::<AuthenticatorId>("authenticator_id", &request.authenticator_id));
    let id = fields.finish(id)?;
    let seconds = request.sign_time.map_or(0, |time| time.seconds);
    let signed_at = request.sign_time.and_then(|time| clock::from_timestamp(&time));
    let is_fresh = signed_at.is_some_and(|at| (now - at).unsigned_abs() <= QUESTION_LIFETIME);
    let message = message("list", &[&request.authenticator_id, &seconds.to_string()]);
    let mut connection = db.read().await?;
    let (customer, _) = store::authenticators::device(&mut connection, id)
        .await?
        .filter(|(_, key)| is_fresh && is_signed(key, &message, &request.signature))
        .ok_or(IdentityError::AuthenticatorNotFound)?;
    let waiting = store::factors::prompts(&mut connection, customer, now).await?;
    Ok(pb::ListPushPromptsResponse {
        prompts: waiting
            .into_iter()
            .map(|prompt| pb::PushPrompt {
                verification_id: prompt.verification.to_string(),
                purpose: present::purpose(prompt.purpose).into(),
                create_time: Some(timestamp(prompt.created_at)),
                expire_time: Some(timestamp(prompt.expires_at)),
            })
            .collect(),
    })
}

/// Takes a device's answer.
pub(super) async fn answer(
    db: &Db,
    call: &Call,
    request: pb::AnswerPushPromptRequest,
) -> Result<pb::AnswerPushPromptResponse, IdentityError> {
    let mut fields = Violations::new();
    let device = fields.take(parse::<AuthenticatorId>("authenticator_id", &request.authenticator_id));
    let verification = fields.take(parse::<VerificationId>("verification_id", &request.verification_id));
    let (device, verification) = fields.finish((device, verification))?;
    let message = message("answer", &[&request.verification_id, &request.number.to_string()]);
    let (number, signature) = (i16::try_from(request.number).unwrap_or(0), request.signature.clone());
    db.write(call, &request, async move |tx| {
        let (customer, _) = store::authenticators::device(tx, device)
            .await?
            .filter(|(_, key)| is_signed(key, &message, &signature))
            .ok_or(IdentityError::AuthenticatorNotFound)?;
        let now = tx.now();
        let confirmed = store::factors::answer_prompt(tx, verification, (device, customer), number, now)
            .await?
            .ok_or(IdentityError::PromptNotFound)?;
        Ok(pb::AnswerPushPromptResponse { confirmed })
    })
    .await
}
