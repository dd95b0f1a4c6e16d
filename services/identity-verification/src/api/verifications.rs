//! `VerificationService`.

pub mod stored;

use std::sync::Arc;

use support_chassis::call::Call;
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::error::{Violation, Violations};
use support_chassis::id::{parse, parse_optional};
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::verification_service_server::VerificationService;
use support_proto::support::identity::v1::{
    CancelVerificationRequest, CancelVerificationResponse, CheckCodeRequest, CheckCodeResponse, GetVerificationRequest,
    GetVerificationResponse, ResendCodeRequest, ResendCodeResponse, StartVerificationRequest,
    StartVerificationResponse, VerificationMethod,
};
use support_proto::support::options::v1::CallerKind;
use tokio::sync::Notify;
use tonic::{Request, Response, Status};

use self::stored::StoredCheck;
use super::parse::{contact, method, purpose};
use super::present;
use super::risk::report;
use crate::chance::Chance;
use crate::domain::audit::{Action, Deed};
use crate::domain::code::Code;
use crate::domain::grant::Grant;
use crate::domain::ids::{CustomerId, GrantId, VerificationId};
use crate::domain::machine::State;
use crate::error::IdentityError;
use crate::keys::TokenKeys;
use crate::metrics::Metrics;
use crate::ops::Means;
use crate::ops::cancel_verification::cancel_verification;
use crate::ops::redeem_factor::{By, Proof, redeem_factor};
use crate::ops::resend_code::resend_code;
use crate::ops::start_verification::{Claim, Start, start_verification};
use crate::store;

/// `VerificationService`.
#[derive(Debug, Clone)]
pub struct VerificationApi {
    /// The service's database.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// What verifications are made with.
    pub means: Means,
    /// For session tokens.
    pub tokens: Arc<TokenKeys>,
    /// Where token ids come from.
    pub chance: Chance,
    /// Told when there is a code to deliver.
    pub deliveries: Arc<Notify>,
    /// Counts codes.
    pub metrics: Metrics,
}

fn parse_start(call: &Call, request: &StartVerificationRequest, by: By) -> Result<Start, IdentityError> {
    let mut fields = Violations::new();
    let claim = if request.customer_id.is_empty() {
        fields
            .take(contact("contact_point", request.contact_point.as_ref()))
            .map(|contact| Claim::Contact {
                contact,
                own: call.customer_in_person(),
            })
    } else {
        fields
            .take(parse::<CustomerId>("customer_id", &request.customer_id))
            .map(Claim::Customer)
    };
    let purpose = fields.take(purpose(request.purpose));
    // A code is what goes without saying, and goes by the way of the contact point, whichever of the two is said.
    let method = VerificationMethod::try_from(request.method)
        .ok()
        .and_then(method)
        .filter(|method| !method.is_sent());
    let case_id = fields.take(parse_optional("case_id", &request.case_id));
    let acts_for = fields.take(parse_optional("acts_for_customer_id", &request.acts_for_customer_id));
    let (claim, purpose, case_id, acts_for) = fields.finish((claim, purpose, case_id, acts_for))?;
    if let Claim::Customer(customer) = &claim
        && call.caller().kind != CallerKind::Staff
        && (method.is_none() || call.customer_in_person() != Some(*customer))
    {
        return Err(IdentityError::SubjectNotAllowed);
    }
    let session = call.customer_in_person().zip(
        call.caller()
            .grant_id
            .as_deref()
            .and_then(|grant| grant.parse::<GrantId>().ok()),
    );
    Ok(Start {
        claim,
        purpose,
        languages: request.languages.clone(),
        case_id,
        country_code: (!request.country_code.is_empty()).then(|| request.country_code.clone()),
        method,
        step_up: session.filter(|_| request.step_up),
        acts_for,
        by,
    })
}

fn verification_id(text: &str) -> Result<VerificationId, Violation> {
    parse("verification_id", text)
}

impl VerificationApi {
    /// The answer to a code that was approved, now or by an earlier call with the same request id. The token is made
    /// here, each time, and never stored.
    pub(super) async fn admit(&self, mut answer: CheckCodeResponse) -> Result<CheckCodeResponse, IdentityError> {
        if answer.grant.is_none() {
            return Ok(answer);
        }
        let (_, token) = self.session(answer.grant.as_ref()).await?.ok_or_else(|| {
            let verification = answer.verification.as_ref().map(|told| told.verification_id.as_str());
            match verification.unwrap_or_default().parse() {
                Ok(id) => IdentityError::VerificationNotOpen {
                    id,
                    state: State::Approved,
                },
                Err(_) => IdentityError::Impossible("a stored approval without a verification"),
            }
        })?;
        answer.session_token = token;
        Ok(answer)
    }

    /// A grant as it is now, with a fresh token of it; none where it has ended.
    pub(super) async fn session(&self, grant: Option<&pb::Grant>) -> Result<Option<(Grant, String)>, IdentityError> {
        let grant_id: GrantId = grant
            .and_then(|grant| grant.grant_id.parse().ok())
            .ok_or(IdentityError::Impossible("a stored answer without a grant"))?;
        let now = self.clock.now();
        let mut connection = self.db.read().await?;
        let grant = store::grants::get(&mut connection, grant_id)
            .await?
            .ok_or(IdentityError::Impossible("an approval whose grant is gone"))?;
        if !grant.is_live(now) {
            return Ok(None);
        }
        let token = self.tokens.session_token(&grant, now, &self.chance)?;
        Ok(Some((grant, token)))
    }
}

#[tonic::async_trait]
impl VerificationService for VerificationApi {
    async fn start_verification(
        &self,
        request: Request<StartVerificationRequest>,
    ) -> Result<Response<StartVerificationResponse>, Status> {
        let call = Call::of(&request)?;
        let report = report(&self.means.keys, request.get_ref().report.as_ref());
        let by = super::factors::by(&call, &request, report);
        let request = request.into_inner();
        let start = parse_start(&call, &request, by)?;
        let means = self.means.clone();
        let (acts_for, case_id) = (start.acts_for, start.case_id);
        let outcome = self
            .db
            .write(&call, &request, async move |tx| {
                let started = start_verification(tx, &means, start).await?;
                let verification = Some(present::verification(&started, tx.now()));
                Ok::<_, IdentityError>(StartVerificationResponse { verification })
            })
            .await;
        let answer = super::refusal_on_record(&self.db, &call, outcome, |error| {
            matches!(error, IdentityError::DelegationRefused { .. }).then(|| Deed {
                case_id,
                ..Deed::new(Action::DelegateRefused, acts_for)
            })
        })
        .await?;
        self.deliveries.notify_one();
        Ok(Response::new(answer))
    }

    async fn resend_code(&self, request: Request<ResendCodeRequest>) -> Result<Response<ResendCodeResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id = verification_id(&request.verification_id)?;
        let means = self.means.clone();
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let resent = resend_code(tx, &means, id).await?;
                let verification = Some(present::verification(&resent, tx.now()));
                Ok::<_, IdentityError>(ResendCodeResponse { verification })
            })
            .await?;
        self.deliveries.notify_one();
        Ok(Response::new(answer))
    }

    async fn check_code(&self, request: Request<CheckCodeRequest>) -> Result<Response<CheckCodeResponse>, Status> {
        let call = Call::of(&request)?;
        let report = report(&self.means.keys, request.get_ref().report.as_ref());
        let by = super::factors::by(&call, &request, report);
        let request = request.into_inner();
        let mut fields = Violations::new();
        let id = fields.take(verification_id(&request.verification_id));
        let code = fields
            .take(Code::parse(request.code.as_bytes()).map_err(|error| Violation::new("code", error.to_string())));
        let (id, code) = fields.finish((id, code)).map_err(IdentityError::from)?;
        let means = self.means.clone();
        // A wrong code is stored as an answer too: the check it cost must be committed although the call fails, and the
        // same call sent again must not cost another.
        let stored: StoredCheck = self
            .db
            .write(&call, &request, async move |tx| {
                let redeemed = redeem_factor(tx, &means, id, &Proof::Code(code), &by).await?;
                Ok::<_, IdentityError>(StoredCheck::of(&redeemed, tx.now()))
            })
            .await?;
        self.metrics.checked(&stored);
        Ok(Response::new(self.admit(stored.outcome(id)?).await?))
    }

    async fn get_verification(
        &self,
        request: Request<GetVerificationRequest>,
    ) -> Result<Response<GetVerificationResponse>, Status> {
        let id = verification_id(&request.get_ref().verification_id)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let verification = store::verifications::get(&mut connection, id)
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::VerificationNotFound)?;
        let verification = Some(present::verification(&verification, self.clock.now()));
        Ok(Response::new(GetVerificationResponse { verification }))
    }

    async fn cancel_verification(
        &self,
        request: Request<CancelVerificationRequest>,
    ) -> Result<Response<CancelVerificationResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id = verification_id(&request.verification_id)?;
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let canceled = cancel_verification(tx, id).await?;
                let verification = Some(present::verification(&canceled, tx.now()));
                Ok::<_, IdentityError>(CancelVerificationResponse { verification })
            })
            .await?;
        Ok(Response::new(answer))
    }
}
