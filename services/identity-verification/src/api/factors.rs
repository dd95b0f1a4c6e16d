//! `FactorService`.

mod devices;
mod requests;

use support_chassis::call::Call;
use support_chassis::clock::{Clock, timestamp};
use support_chassis::db::Db;
use support_chassis::id::parse;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::factor_service_server::FactorService;
use support_proto::support::options::v1::CallerKind;
use tonic::{Request, Response, Status};

use self::requests::{code, document, owner, proof, recovery_code_text};
use super::risk::report;
use super::verifications::VerificationApi;
use super::verifications::stored::StoredCheck;
use super::{may_see, parse as read, present};
use crate::domain::ids::{AuthenticatorId, CustomerId, GrantId, VerificationId};
use crate::domain::risk::Report;
use crate::error::IdentityError;
use crate::ops::authenticators as bind;
use crate::ops::challenge_factor::challenge_factor;
use crate::ops::redeem_factor::{By, Proof, redeem_factor};
use crate::ops::renew_session::renew_session;
use crate::store;

/// How many revoked grants are given at once: with a gateway that asks every second, more than are ever revoked in one.
const REVOKED_LIMIT: i64 = 10_000;

/// `FactorService`.
#[derive(Debug, Clone)]
pub struct FactorApi {
    /// What verifications are served with.
    pub verifications: VerificationApi,
    /// The name that authenticator apps show beside the account.
    pub product_name: String,
}

/// By whom a proof is brought: where the call comes from, and in whose session. The gateway tells the former; what comes
/// without it, from within, is told by who calls.
pub(super) fn by<T>(call: &Call, request: &Request<T>, report: Report) -> By {
    let caller = call.caller();
    let told = request
        .metadata()
        .get("x-support-source")
        .and_then(|value| value.to_str().ok());
    let source = match caller.kind {
        CallerKind::Staff | CallerKind::Customer => Some(format!("{} {}", caller.kind_name(), caller.person())),
        _ => told.map(|told| format!("network {told}")),
    };
    By {
        source,
        session: (caller.kind == CallerKind::Customer)
            .then(|| call.customer_in_person())
            .flatten(),
        staff: (caller.kind == CallerKind::Staff).then(|| caller.subject.clone()),
        report,
    }
}

impl FactorApi {
    fn db(&self) -> &Db {
        &self.verifications.db
    }

    fn clock(&self) -> &Clock {
        &self.verifications.clock
    }

    /// What a front end reports.
    fn report(&self, given: Option<&pb::FrontEndReport>) -> Report {
        report(&self.verifications.means.keys, given)
    }

    /// Tries a proof and stores the outcome under the call's request id.
    async fn redeem<Q>(
        &self,
        call: &Call,
        request: &Q,
        id: VerificationId,
        proof: Proof,
        by: By,
    ) -> Result<StoredCheck, IdentityError>
    where
        Q: support_proto::codec::Change,
    {
        let means = self.verifications.means.clone();
        let stored: StoredCheck = self
            .db()
            .write(call, request, async move |tx| {
                let redeemed = redeem_factor(tx, &means, id, &proof, &by).await?;
                Ok::<_, IdentityError>(StoredCheck::of(&redeemed, tx.now()))
            })
            .await?;
        self.verifications.metrics.checked(&stored);
        Ok(stored)
    }
}

#[tonic::async_trait]
impl FactorService for FactorApi {
    async fn list_authenticators(
        &self,
        request: Request<pb::ListAuthenticatorsRequest>,
    ) -> Result<Response<pb::ListAuthenticatorsResponse>, Status> {
        let call = Call::of(&request)?;
        let customer: CustomerId = parse("customer_id", &request.get_ref().customer_id)?;
        may_see(&call, customer)?;
        let mut connection = self.db().read().await.map_err(IdentityError::from)?;
        store::customers::country_of(&mut connection, customer)
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::CustomerNotFound)?;
        let held = store::authenticators::of_customer(
            &mut connection,
            &self.verifications.means.vault,
            customer,
            self.clock().now(),
        )
        .await
        .map_err(IdentityError::from)?;
        let shows_names = call.caller().kind == CallerKind::Customer;
        let authenticators = held.iter().map(|held| present::authenticator(held, shows_names));
        Ok(Response::new(pb::ListAuthenticatorsResponse {
            authenticators: authenticators.collect(),
        }))
    }

    async fn remove_authenticator(
        &self,
        request: Request<pb::RemoveAuthenticatorRequest>,
    ) -> Result<Response<pb::RemoveAuthenticatorResponse>, Status> {
        let call = Call::of(&request)?;
        let owner = owner(&call)?;
        let request = request.into_inner();
        let id: AuthenticatorId = parse("authenticator_id", &request.authenticator_id)?;
        let means = self.verifications.means.clone();
        let answer = self
            .db()
            .write(&call, &request, async move |tx| {
                bind::remove(tx, &means, owner, id).await?;
                Ok::<_, IdentityError>(pb::RemoveAuthenticatorResponse {})
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn enrol_totp(
        &self,
        request: Request<pb::EnrolTotpRequest>,
    ) -> Result<Response<pb::EnrolTotpResponse>, Status> {
        let call = Call::of(&request)?;
        let owner = owner(&call)?;
        let name = request.into_inner().display_name;
        // No request id: the answer holds a secret, and nothing of it may be stored.
        let mut tx = self.db().begin_for(&call).await.map_err(IdentityError::from)?;
        let (made, secret) = bind::enrol_totp(&mut tx, &self.verifications.means, owner, name).await?;
        tx.commit().await.map_err(IdentityError::from)?;
        let secret = secret.base32();
        Ok(Response::new(pb::EnrolTotpResponse {
            uri: requests::otpauth(&self.product_name, &made.display_name, &secret),
            authenticator: Some(present::authenticator(&made, true)),
            secret,
        }))
    }

    async fn confirm_totp(
        &self,
        request: Request<pb::ConfirmTotpRequest>,
    ) -> Result<Response<pb::ConfirmTotpResponse>, Status> {
        let call = Call::of(&request)?;
        let owner = owner(&call)?;
        let request = request.into_inner();
        let id: AuthenticatorId = parse("authenticator_id", &request.authenticator_id)?;
        let code = code("code", &request.code)?;
        let means = self.verifications.means.clone();
        // A wrong code is stored as an answer without an authenticator: its failure must be committed.
        let answer: pb::ConfirmTotpResponse = self
            .db()
            .write(&call, &request, async move |tx| {
                let made = bind::confirm_totp(tx, &means, owner, id, &code).await?;
                Ok::<_, IdentityError>(pb::ConfirmTotpResponse {
                    authenticator: made.map(|made| present::authenticator(&made, true)),
                })
            })
            .await?;
        if answer.authenticator.is_none() {
            return Err(IdentityError::AuthenticatorRefused.into());
        }
        Ok(Response::new(answer))
    }

    async fn enrol_passkey(
        &self,
        request: Request<pb::EnrolPasskeyRequest>,
    ) -> Result<Response<pb::EnrolPasskeyResponse>, Status> {
        let call = Call::of(&request)?;
        let owner = owner(&call)?;
        let name = request.into_inner().display_name;
        let mut tx = self.db().begin_for(&call).await.map_err(IdentityError::from)?;
        let (made, options_json) = bind::enrol_passkey(&mut tx, &self.verifications.means, owner, name).await?;
        tx.commit().await.map_err(IdentityError::from)?;
        Ok(Response::new(pb::EnrolPasskeyResponse {
            authenticator: Some(present::authenticator(&made, true)),
            options_json,
        }))
    }

    async fn confirm_passkey(
        &self,
        request: Request<pb::ConfirmPasskeyRequest>,
    ) -> Result<Response<pb::ConfirmPasskeyResponse>, Status> {
        let call = Call::of(&request)?;
        let owner = owner(&call)?;
        let request = request.into_inner();
        let id: AuthenticatorId = parse("authenticator_id", &request.authenticator_id)?;
        let (means, json) = (self.verifications.means.clone(), request.credential_json.clone());
        let answer = self
            .db()
            .write(&call, &request, async move |tx| {
                let made = bind::confirm_passkey(tx, &means, owner, id, &json).await?;
                Ok::<_, IdentityError>(pb::ConfirmPasskeyResponse {
                    authenticator: Some(present::authenticator(&made, true)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn enrol_push_device(
        &self,
        request: Request<pb::EnrolPushDeviceRequest>,
    ) -> Result<Response<pb::EnrolPushDeviceResponse>, Status> {
        let call = Call::of(&request)?;
        let owner = owner(&call)?;
        let request = request.into_inner();
        devices::signed_enrolment(owner.customer_id, &request)?;
        let (means, name, key) = (
            self.verifications.means.clone(),
            request.display_name.clone(),
            request.public_key.clone(),
        );
        let answer = self
            .db()
            .write(&call, &request, async move |tx| {
                let made = bind::enrol_device(tx, &means, owner, name, &key).await?;
                Ok::<_, IdentityError>(pb::EnrolPushDeviceResponse {
                    authenticator: Some(present::authenticator(&made, true)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn create_support_pin(
        &self,
        request: Request<pb::CreateSupportPinRequest>,
    ) -> Result<Response<pb::CreateSupportPinResponse>, Status> {
        let call = Call::of(&request)?;
        let owner = owner(&call)?;
        let mut tx = self.db().begin_for(&call).await.map_err(IdentityError::from)?;
        let (pin, expires_at) = bind::create_pin(&mut tx, &self.verifications.means, owner.customer_id).await?;
        tx.commit().await.map_err(IdentityError::from)?;
        Ok(Response::new(pb::CreateSupportPinResponse {
            pin,
            expire_time: Some(timestamp(expires_at)),
        }))
    }

    async fn create_recovery_codes(
        &self,
        request: Request<pb::CreateRecoveryCodesRequest>,
    ) -> Result<Response<pb::CreateRecoveryCodesResponse>, Status> {
        let call = Call::of(&request)?;
        let owner = owner(&call)?;
        let mut tx = self.db().begin_for(&call).await.map_err(IdentityError::from)?;
        let codes = bind::create_recovery_codes(&mut tx, &self.verifications.means, owner).await?;
        tx.commit().await.map_err(IdentityError::from)?;
        Ok(Response::new(pb::CreateRecoveryCodesResponse {
            codes: codes.iter().map(recovery_code_text).collect(),
        }))
    }

    async fn challenge_factor(
        &self,
        request: Request<pb::ChallengeFactorRequest>,
    ) -> Result<Response<pb::ChallengeFactorResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: VerificationId = parse("verification_id", &request.verification_id)?;
        let method = read::wanted_method("method", request.method)?;
        let means = self.verifications.means.clone();
        let answer = self
            .db()
            .write(&call, &request, async move |tx| {
                let challenged = challenge_factor(tx, &means, id, method).await?;
                Ok::<_, IdentityError>(pb::ChallengeFactorResponse {
                    verification: Some(present::verification(&challenged.verification, tx.now())),
                    options_json: challenged.options_json.unwrap_or_default(),
                    number: challenged.number.unwrap_or_default().into(),
                    expire_time: challenged.expires_at.map(timestamp),
                })
            })
            .await?;
        self.verifications.deliveries.notify_one();
        Ok(Response::new(answer))
    }

    async fn redeem_factor(
        &self,
        request: Request<pb::RedeemFactorRequest>,
    ) -> Result<Response<pb::RedeemFactorResponse>, Status> {
        let call = Call::of(&request)?;
        let by = by(&call, &request, self.report(request.get_ref().report.as_ref()));
        let request = request.into_inner();
        let id: VerificationId = parse("verification_id", &request.verification_id)?;
        let is_code = !request.code.is_empty();
        let proof = proof(&request)?;
        let stored = self.redeem(&call, &request, id, proof, by).await?;
        let outcome = stored.outcome(id).map_err(|error| match error {
            IdentityError::CodeWrong { checks_left } if !is_code => IdentityError::FactorWrong { checks_left },
            other => other,
        })?;
        let answer = self.verifications.admit(outcome).await?;
        Ok(Response::new(pb::RedeemFactorResponse {
            verification: answer.verification,
            grant: answer.grant,
            session_token: answer.session_token,
        }))
    }

    async fn check_pin(&self, request: Request<pb::CheckPinRequest>) -> Result<Response<pb::CheckPinResponse>, Status> {
        let call = Call::of(&request)?;
        let by = by(&call, &request, Report::default());
        let request = request.into_inner();
        let id: VerificationId = parse("verification_id", &request.verification_id)?;
        let proof = Proof::Pin(request.pin.clone());
        // Whatever the PIN has opened is the customer's: the agent hears a yes or a no.
        match self.redeem(&call, &request, id, proof, by).await?.outcome(id) {
            Ok(_) => Ok(Response::new(pb::CheckPinResponse { right: true })),
            Err(IdentityError::CodeWrong { .. }) => Ok(Response::new(pb::CheckPinResponse { right: false })),
            Err(other) => Err(other.into()),
        }
    }

    async fn witness_document(
        &self,
        request: Request<pb::WitnessDocumentRequest>,
    ) -> Result<Response<pb::WitnessDocumentResponse>, Status> {
        let call = Call::of(&request)?;
        let by = by(&call, &request, Report::default());
        let request = request.into_inner();
        let id: VerificationId = parse("verification_id", &request.verification_id)?;
        let proof = Proof::Document {
            kind: document(request.document_type)?,
            store: request.store_id.clone(),
            witness: call.caller().subject.clone(),
        };
        let outcome = self.redeem(&call, &request, id, proof, by).await?.outcome(id);
        let answer = outcome.map_err(|error| match error {
            // Nobody stands before the witness whose contact point nobody has.
            IdentityError::CodeWrong { checks_left } => IdentityError::FactorWrong { checks_left },
            other => other,
        })?;
        Ok(Response::new(pb::WitnessDocumentResponse {
            verification: answer.verification,
        }))
    }

    async fn list_push_prompts(
        &self,
        request: Request<pb::ListPushPromptsRequest>,
    ) -> Result<Response<pb::ListPushPromptsResponse>, Status> {
        Ok(Response::new(
            devices::prompts(self.db(), self.clock().now(), request.get_ref()).await?,
        ))
    }

    async fn answer_push_prompt(
        &self,
        request: Request<pb::AnswerPushPromptRequest>,
    ) -> Result<Response<pb::AnswerPushPromptResponse>, Status> {
        let call = Call::of(&request)?;
        Ok(Response::new(
            devices::answer(self.db(), &call, request.into_inner()).await?,
        ))
    }

    async fn renew_session(
        &self,
        request: Request<pb::RenewSessionRequest>,
    ) -> Result<Response<pb::RenewSessionResponse>, Status> {
        let call = Call::of(&request)?;
        let owner = owner(&call)?;
        let grant_id = call.caller().grant_id.as_deref().and_then(|grant| grant.parse().ok());
        let id: GrantId = grant_id.ok_or(IdentityError::GrantNotFound)?;
        let request = request.into_inner();
        let answer: pb::RenewSessionResponse = self
            .db()
            .write(&call, &request, async move |tx| {
                let grant = renew_session(tx, id, owner.customer_id).await?;
                Ok::<_, IdentityError>(pb::RenewSessionResponse {
                    grant: Some(present::grant(&grant, tx.now())),
                    session_token: String::new(),
                })
            })
            .await?;
        let (grant, session_token) = self
            .verifications
            .session(answer.grant.as_ref())
            .await?
            .ok_or(IdentityError::GrantEnded)?;
        Ok(Response::new(pb::RenewSessionResponse {
            grant: Some(present::grant(&grant, self.clock().now())),
            session_token,
        }))
    }

    async fn list_revoked_grants(
        &self,
        request: Request<pb::ListRevokedGrantsRequest>,
    ) -> Result<Response<pb::ListRevokedGrantsResponse>, Status> {
        let since = requests::since(request.get_ref().since_time)?;
        let mut connection = self.db().read().await.map_err(IdentityError::from)?;
        let revoked = store::grants::revoked(&mut connection, since, self.clock().now(), REVOKED_LIMIT)
            .await
            .map_err(IdentityError::from)?;
        let grants = revoked
            .into_iter()
            .map(|(id, revoked_at, expires_at)| pb::RevokedGrant {
                grant_id: id.to_string(),
                revoke_time: Some(timestamp(revoked_at)),
                expire_time: Some(timestamp(expires_at)),
            });
        Ok(Response::new(pb::ListRevokedGrantsResponse {
            grants: grants.collect(),
        }))
    }
}
