//! `RiskService`.

pub mod shown;

use support_chassis::call::Call;
use support_chassis::clock::{Clock, from_timestamp};
use support_chassis::db::Db;
use support_chassis::error::Violation;
use support_chassis::id::parse;
use support_chassis::page;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::risk_service_server::RiskService;
use tonic::{Request, Response, Status};

use self::shown::{assessment, read_ground, read_outcome};
use crate::domain::audit::{Action, Deed};
use crate::domain::contact::Contact;
use crate::domain::ids::VerificationId;
use crate::domain::risk::Report;
use crate::domain::risk::place::Place;
use crate::error::IdentityError;
use crate::keys::{CodeKeys, Counted};
use crate::ops::Means;
use crate::ops::review_risk::{self, Reviewed};
use crate::store;
use crate::store::risk::known::NumberReport;

/// How many assessments a page holds where nobody says.
const PAGE_SIZE: u32 = 50;
/// How many it holds at most.
const PAGE_LIMIT: u32 = 200;

/// `RiskService`.
#[derive(Debug, Clone)]
pub struct RiskApi {
    /// The service's database.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// What verifications are made with.
    pub means: Means,
}

/// What a front end reports, its device as a keyed hash.
pub(super) fn report(keys: &CodeKeys, given: Option<&pb::FrontEndReport>) -> Report {
    let device = given
        .map(|given| given.device_id.as_str())
        .filter(|device| !device.is_empty());
    let place = given.and_then(|given| given.place.as_ref());
    Report {
        device: device.map(|device| keys.counter(Counted::Device(device))),
        place: place.and_then(|place| Place::new(place.latitude, place.longitude)),
    }
}

impl RiskApi {
    /// What there is to show of a page of assessments.
    async fn shown(
        &self,
        ids: Vec<(VerificationId, crate::domain::risk::Assessment)>,
    ) -> Result<Vec<pb::RiskAssessment>, IdentityError> {
        let mut connection = self.db.read().await?;
        let named: Vec<_> = ids.iter().map(|(id, _)| *id).collect();
        let mut reviews = store::risk::reviews(&mut connection, &named).await?;
        let now = self.clock.now();
        let mut told = Vec::with_capacity(ids.len());
        for (id, found) in ids {
            let Some(verification) = store::verifications::get(&mut connection, id).await? else {
                continue;
            };
            let (own, others) = reviews.into_iter().partition(|review| review.verification_id == id);
            reviews = others;
            let reviewed = Reviewed {
                verification,
                assessment: found,
                reviews: own,
            };
            told.push(assessment(&reviewed, now));
        }
        Ok(told)
    }
}

#[tonic::async_trait]
impl RiskService for RiskApi {
    async fn get_risk_assessment(
        &self,
        request: Request<pb::GetRiskAssessmentRequest>,
    ) -> Result<Response<pb::GetRiskAssessmentResponse>, Status> {
        let id: VerificationId = parse("verification_id", &request.get_ref().verification_id)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let found = store::risk::get(&mut connection, id)
            .await
            .map_err(IdentityError::from)?
            .ok_or(IdentityError::VerificationNotFound)?;
        drop(connection);
        let assessment = self.shown(vec![(id, found)]).await?.pop();
        Ok(Response::new(pb::GetRiskAssessmentResponse { assessment }))
    }

    async fn list_risk_assessments(
        &self,
        request: Request<pb::ListRiskAssessmentsRequest>,
    ) -> Result<Response<pb::ListRiskAssessmentsResponse>, Status> {
        let request = request.into_inner();
        let outcome = read_outcome(request.outcome());
        let binding = ("ListRiskAssessments", request.outcome);
        let page = page::parse(request.page_size, &request.page_token, PAGE_SIZE, PAGE_LIMIT, &binding)
            .map_err(IdentityError::from)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let found = store::risk::list(&mut connection, outcome, &page)
            .await
            .map_err(IdentityError::from)?;
        drop(connection);
        let (found, next_page_token) = page.cut(found, store::risk::sort_key);
        Ok(Response::new(pb::ListRiskAssessmentsResponse {
            assessments: self.shown(found).await?,
            next_page_token,
        }))
    }

    async fn clear_risk_block(
        &self,
        request: Request<pb::ClearRiskBlockRequest>,
    ) -> Result<Response<pb::ClearRiskBlockResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: VerificationId = parse("verification_id", &request.verification_id)?;
        let ground = read_ground(request.ground())?;
        let (means, reviewer) = (self.means.clone(), call.caller().subject.clone());
        let outcome = self
            .db
            .write(&call, &request, async move |tx| {
                let done = review_risk::clear_block(tx, &means, id, ground, reviewer).await?;
                let assessment = Some(assessment(&done, tx.now()));
                Ok::<_, IdentityError>(pb::ClearRiskBlockResponse { assessment })
            })
            .await;
        let answer = super::refusal_on_record(&self.db, &call, outcome, |error| {
            matches!(error, IdentityError::ReviewerInvolved).then(|| Deed {
                subject_id: Some(id.uuid()),
                ..Deed::new(Action::RiskReviewed, None)
            })
        })
        .await?;
        Ok(Response::new(answer))
    }

    async fn deny_verification(
        &self,
        request: Request<pb::DenyVerificationRequest>,
    ) -> Result<Response<pb::DenyVerificationResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: VerificationId = parse("verification_id", &request.verification_id)?;
        let ground = read_ground(request.ground())?;
        let (means, reviewer) = (self.means.clone(), call.caller().subject.clone());
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let done = review_risk::deny_verification(tx, &means, id, ground, reviewer).await?;
                let assessment = Some(assessment(&done, tx.now()));
                Ok::<_, IdentityError>(pb::DenyVerificationResponse { assessment })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn report_number(
        &self,
        request: Request<pb::ReportNumberRequest>,
    ) -> Result<Response<pb::ReportNumberResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let number = Contact::phone(&request.phone).map_err(|error| Violation::new("phone", error.to_string()))?;
        let at = request
            .event_time
            .as_ref()
            .and_then(from_timestamp)
            .filter(|at| *at <= self.clock.now())
            .ok_or_else(|| Violation::new("event_time", "is no time, or in the future"))?;
        let report = match request.event() {
            pb::NumberEvent::SimSwapped => NumberReport {
                sim_swapped_at: Some(at),
                ..NumberReport::default()
            },
            pb::NumberEvent::Ported => NumberReport {
                ported_at: Some(at),
                ..NumberReport::default()
            },
            pb::NumberEvent::Unspecified => return Err(Violation::new("event", "is none of the events").into()),
        };
        let means = self.means.clone();
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                review_risk::report_number(tx, &means, &number, &report).await?;
                Ok::<_, IdentityError>(pb::ReportNumberResponse {})
            })
            .await?;
        Ok(Response::new(answer))
    }
}
