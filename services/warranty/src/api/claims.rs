//! `EntitlementService`.

use support_chassis::call::Call;
use support_chassis::clock::timestamp;
use support_chassis::error::{InvalidFields, Violation, Violations, into_status};
use support_chassis::{day, id, page};
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::entitlement_service_server::EntitlementService;
use support_proto::support::warranty::v1::{
    CommitEntitlementRequest, CommitEntitlementResponse, ExtendEntitlementRequest, ExtendEntitlementResponse,
    GetEntitlementRequest, GetEntitlementResponse, ListEntitlementsRequest, ListEntitlementsResponse,
    ReleaseEntitlementRequest, ReleaseEntitlementResponse, ReserveEntitlementRequest, ReserveEntitlementResponse,
};
use time::{Date, Duration};
use tonic::{Request, Response, Status};

use super::{Api, PAGE_SIZE, PAGE_SIZE_LIMIT};
use crate::domain::claim::Claim;
use crate::error::Error;
use crate::ops::{self, AskReserve, Viewer};
use crate::wire;

#[tonic::async_trait]
impl EntitlementService for Api {
    async fn reserve_entitlement(
        &self,
        request: Request<ReserveEntitlementRequest>,
    ) -> Result<Response<ReserveEntitlementResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let ask = AskReserve {
            decision: id::parse("decision_id", &request.decision_id)?,
            reference: Some(request.reference.clone()).filter(|reference| !reference.is_empty()),
        };
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let claim = ops::reserve_claim(tx, &self.ids, &self.rules, &viewer, ask).await?;
                Ok(ReserveEntitlementResponse {
                    entitlement: Some(present(claim)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn commit_entitlement(
        &self,
        request: Request<CommitEntitlementRequest>,
    ) -> Result<Response<CommitEntitlementResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let id = id::parse("entitlement_id", &request.entitlement_id)?;
        let days = repair_days(&request)?;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let claim = ops::commit_claim(tx, &viewer, id, days).await?;
                Ok(CommitEntitlementResponse {
                    entitlement: Some(present(claim)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn release_entitlement(
        &self,
        request: Request<ReleaseEntitlementRequest>,
    ) -> Result<Response<ReleaseEntitlementResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let id = id::parse("entitlement_id", &request.entitlement_id)?;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let claim = ops::release_claim(tx, &viewer, id).await?;
                Ok(ReleaseEntitlementResponse {
                    entitlement: Some(present(claim)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn extend_entitlement(
        &self,
        request: Request<ExtendEntitlementRequest>,
    ) -> Result<Response<ExtendEntitlementResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.into_inner();
        let id = id::parse("entitlement_id", &request.entitlement_id)?;
        let longer = Duration::minutes(request.minutes.into());
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let claim = ops::extend_claim(tx, &viewer, id, longer).await?;
                Ok(ExtendEntitlementResponse {
                    entitlement: Some(present(claim)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_entitlement(
        &self,
        request: Request<GetEntitlementRequest>,
    ) -> Result<Response<GetEntitlementResponse>, Status> {
        let viewer = Viewer::of(&Call::of(&request)?);
        let id = id::parse("entitlement_id", &request.get_ref().entitlement_id)?;
        let claim = ops::claim(&mut *self.db.read().await?, &viewer, id).await?;
        Ok(Response::new(GetEntitlementResponse {
            entitlement: Some(present(claim)),
        }))
    }

    async fn list_entitlements(
        &self,
        request: Request<ListEntitlementsRequest>,
    ) -> Result<Response<ListEntitlementsResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.get_ref();
        let mut fields = Violations::new();
        let device = fields.take(id::parse("device_id", &request.device_id));
        let states: Option<Vec<_>> = request.states().map(wire::read_claim_state).collect();
        let states = fields.take(states.ok_or_else(|| Violation::new("states", "must be states of an entitlement")));
        let (device, states) = fields.finish((device, states))?;
        let caller = call.caller();
        let binding = (
            "ListEntitlements",
            &request.device_id,
            &request.states,
            caller.kind_name(),
            &caller.organisation,
        );
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &binding,
        )
        .map_err(into_status)?;
        let mut connection = self.db.read().await?;
        let (claims, next_page_token) = ops::list_claims(&mut connection, &viewer, device, &states, &page).await?;
        Ok(Response::new(ListEntitlementsResponse {
            entitlements: claims.into_iter().map(present).collect(),
            next_page_token,
        }))
    }
}

/// The days of a repair: both or none.
fn repair_days(request: &CommitEntitlementRequest) -> Result<Option<(Date, Date)>, InvalidFields> {
    let (received, returned) = match (request.received_on, request.returned_on) {
        (None, None) => return Ok(None),
        (received, returned) => (received, returned),
    };
    let mut fields = Violations::new();
    let received = fields.take(wire::read_date("received_on", received.unwrap_or_default()));
    let returned = fields.take(wire::read_date("returned_on", returned.unwrap_or_default()));
    let in_order = received
        .zip(returned)
        .is_none_or(|(received, returned)| received <= returned);
    fields.require(in_order, "returned_on", "must not be before received_on");
    fields.finish(received.zip(returned).map(Some))
}

fn present(claim: Claim) -> warranty::Entitlement {
    let (period_from, period_until) = claim.grant.period.unzip();
    let limit = claim.grant.pool.as_ref().map_or(0, |pool| pool.slots);
    warranty::Entitlement {
        entitlement_id: claim.id.to_string(),
        device_id: claim.device_id.to_string(),
        decision_id: claim.decision_id.map(|id| id.to_string()).unwrap_or_default(),
        outcome: wire::outcome(claim.grant.outcome).into(),
        state: wire::claim_state(claim.state).into(),
        plan_id: claim.grant.plan.map(|id| id.to_string()).unwrap_or_default(),
        period_from: period_from.map(day::to_proto),
        period_until: period_until.map(day::to_proto),
        number: claim.slot.map_or(0, |slot| i32::from(slot) + 1),
        limit: limit.into(),
        rule_id: claim.grant.rule_id.unwrap_or_default(),
        over_limit: claim.over_limit,
        day: Some(day::to_proto(claim.day)),
        components: claim.components,
        repair_id: claim.repair_id.map(|id| id.to_string()).unwrap_or_default(),
        reference: claim.reference.unwrap_or_default(),
        reserve_time: Some(timestamp(claim.reserved_at)),
        expire_time: claim.expires_at.map(timestamp),
        end_time: claim.ended_at.map(timestamp),
        received_on: claim.received_on.map(day::to_proto),
        returned_on: claim.returned_on.map(day::to_proto),
    }
}
