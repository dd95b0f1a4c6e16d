//! `PlanService`.

mod parse;
mod present;

use support_chassis::call::Call;
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::error::into_status;
use support_chassis::id::Ids;
use support_chassis::standard::Standard;
use support_chassis::{id, page};
use support_proto::support::warranty::v1::plan_service_server::PlanService;
use support_proto::support::warranty::v1::{
    self as warranty, CancelPlanRequest, CancelPlanResponse, EnrolPlanRequest, EnrolPlanResponse, GetPlanRequest,
    GetPlanResponse, ListPlanOffersRequest, ListPlanOffersResponse, ListPlansRequest, ListPlansResponse, PlanTerms,
    PreviewPlanCancellationRequest, PreviewPlanCancellationResponse, QuotePlanRequest, QuotePlanResponse,
    RecordPlanPaymentRequest, RecordPlanPaymentResponse, RenewPlanRequest, RenewPlanResponse, SetPlanRenewalRequest,
    SetPlanRenewalResponse, TransferPlanRequest, TransferPlanResponse,
};
use tonic::{Request, Response, Status};

use super::{PAGE_SIZE, PAGE_SIZE_LIMIT};
use crate::domain::plan::Plan;
use crate::error::Error;
use crate::ops::Viewer;
use crate::ops::plans as ops;

/// The plans behind their gRPC service.
#[derive(Clone, Debug)]
pub struct PlanApi {
    db: Db,
    ids: Ids,
    clock: Clock,
    terms: Standard<PlanTerms>,
}

impl PlanApi {
    /// The plans of a database, by the terms of plans.
    #[must_use]
    pub fn new(db: Db, ids: Ids, clock: Clock, terms: Standard<PlanTerms>) -> Self {
        Self { db, ids, clock, terms }
    }

    fn show(&self, plan: &Plan, viewer: &Viewer) -> warranty::Plan {
        let day = ops::today(self.clock.now(), plan.country);
        present::plan(plan, viewer, day)
    }
}

#[tonic::async_trait]
impl PlanService for PlanApi {
    async fn list_plan_offers(
        &self,
        request: Request<ListPlanOffersRequest>,
    ) -> Result<Response<ListPlanOffersResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let ask = parse::offers(request.get_ref(), &viewer)?;
        let mut connection = self.db.read().await?;
        let found = ops::offers(&mut connection, &self.terms, &viewer, &ask, self.clock.now()).await?;
        Ok(Response::new(ListPlanOffersResponse {
            offers: found.offers.into_iter().map(present::offered).collect(),
            terms_version: found.version,
        }))
    }

    async fn quote_plan(&self, request: Request<QuotePlanRequest>) -> Result<Response<QuotePlanResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let ask = parse::quote(&request, &viewer)?;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let quote = ops::quote(tx, &self.ids, &self.terms, &viewer, &ask).await?;
                Ok(QuotePlanResponse {
                    quote: Some(present::quote(&quote)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn enrol_plan(&self, request: Request<EnrolPlanRequest>) -> Result<Response<EnrolPlanResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let enrol = parse::enrol(&request, &viewer)?;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let plan = ops::enrol(tx, &self.ids, &viewer, &enrol).await?;
                Ok(EnrolPlanResponse {
                    plan: Some(self.show(&plan, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_plan(&self, request: Request<GetPlanRequest>) -> Result<Response<GetPlanResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let id = id::parse("plan_id", &request.get_ref().plan_id)?;
        let plan = ops::plan(&mut *self.db.read().await?, &viewer, id).await?;
        Ok(Response::new(GetPlanResponse {
            plan: Some(self.show(&plan, &viewer)),
        }))
    }

    async fn list_plans(&self, request: Request<ListPlansRequest>) -> Result<Response<ListPlansResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.get_ref();
        let ask = parse::list(request)?;
        // A list is bound to who asks: the filters alone do not say whose plans they are.
        let binding = (
            "ListPlans",
            &request.device_id,
            &request.holder_customer_id,
            request.state,
            &call.caller().subject,
        );
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &binding,
        )
        .map_err(into_status)?;
        let (plans, next_page_token) = ops::list(&mut *self.db.read().await?, &viewer, &ask, &page).await?;
        Ok(Response::new(ListPlansResponse {
            plans: plans.iter().map(|plan| self.show(plan, &viewer)).collect(),
            next_page_token,
        }))
    }

    async fn renew_plan(&self, request: Request<RenewPlanRequest>) -> Result<Response<RenewPlanResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let id = id::parse("plan_id", &request.plan_id)?;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let plan = ops::renew(tx, &self.terms, &viewer, id).await?;
                Ok(RenewPlanResponse {
                    plan: Some(self.show(&plan, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn set_plan_renewal(
        &self,
        request: Request<SetPlanRenewalRequest>,
    ) -> Result<Response<SetPlanRenewalResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let id = id::parse("plan_id", &request.plan_id)?;
        let renews = request.renews;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let plan = ops::set_renewal(tx, &viewer, id, renews).await?;
                Ok(SetPlanRenewalResponse {
                    plan: Some(self.show(&plan, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn record_plan_payment(
        &self,
        request: Request<RecordPlanPaymentRequest>,
    ) -> Result<Response<RecordPlanPaymentResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let (id, payment) = parse::payment(&request)?;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let plan = ops::record_payment(tx, &self.ids, &viewer, id, payment).await?;
                Ok(RecordPlanPaymentResponse {
                    plan: Some(self.show(&plan, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn preview_plan_cancellation(
        &self,
        request: Request<PreviewPlanCancellationRequest>,
    ) -> Result<Response<PreviewPlanCancellationResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let id = id::parse("plan_id", &request.get_ref().plan_id)?;
        let mut connection = self.db.read().await?;
        let previewed = ops::preview(&mut connection, &viewer, id, self.clock.now()).await?;
        Ok(Response::new(present::preview(previewed)))
    }

    async fn cancel_plan(&self, request: Request<CancelPlanRequest>) -> Result<Response<CancelPlanResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let (id, refund) = parse::cancel(&request)?;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let plan = ops::cancel(tx, &viewer, id, refund).await?;
                Ok(CancelPlanResponse {
                    plan: Some(self.show(&plan, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn transfer_plan(
        &self,
        request: Request<TransferPlanRequest>,
    ) -> Result<Response<TransferPlanResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let (id, to) = (
            id::parse("plan_id", &request.plan_id)?,
            id::parse("device_id", &request.device_id)?,
        );
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let plan = ops::transfer(tx, &viewer, id, to).await?;
                Ok(TransferPlanResponse {
                    plan: Some(self.show(&plan, &viewer)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }
}
