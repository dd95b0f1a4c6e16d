//! `RepairService`.

mod parse;

use support_chassis::call::Call;
use support_chassis::{id, page};
use support_proto::codec::Change;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::repair::v1::repair_service_server::RepairService;
use support_proto::support::repair::v1::{
    CancelRepairRequest, CancelRepairResponse, FinishRepairRequest, FinishRepairResponse, GetRepairRequest,
    GetRepairResponse, ListRepairsRequest, ListRepairsResponse, ReceiveDeviceRequest, ReceiveDeviceResponse,
    RecordDiagnosisRequest, RecordDiagnosisResponse, Repair, ReturnDeviceRequest, ReturnDeviceResponse,
    StartRepairRequest, StartRepairResponse, SubmitRepairRequest, SubmitRepairResponse,
};
use time::Duration;
use tonic::{Request, Response, Status};

use super::{Api, PAGE_SIZE, present};
use crate::domain::provider::Provider;
use crate::domain::repair::{EntitlementId, Step};
use crate::error::Error;
use crate::ops::{self, Agreed, Move, Order, Viewer};
use crate::warranty::{Decided, Question};
use crate::{standard, store};

/// The most entries on a page.
const PAGE_SIZE_LIMIT: u32 = 1000;

/// How often coverage is decided for one order, where others take what was granted.
const MOST_DECISIONS: u8 = 5;
/// A reservation that expires sooner is not relied on.
const LEAST_LEFT: Duration = Duration::minutes(1);

/// A verb that takes a repair a step further: its request, what it makes of it, its answer.
macro_rules! step {
    ($api:expr, $request:expr, $answer:ident, |$message:ident| $step:expr) => {{
        let call = Call::of(&$request)?;
        let $message = $request.into_inner();
        let wanted = Move {
            repair: id::parse("repair_id", &$message.repair_id)?,
            etag: $message.etag.clone(),
            step: $step,
            note: parse::note(&$message.note)?,
            by: ops::actor(&call),
        };
        let viewer = Viewer::of(&call);
        let answer = $api
            .db
            .write::<_, _, Error, _>(&call, &$message, async |tx| {
                let repair = ops::move_on(tx, &$api.vault, &$api.procedures, &viewer, wanted).await?;
                Ok($answer {
                    repair: Some(present::repair(repair)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }};
}

#[tonic::async_trait]
impl RepairService for Api {
    async fn submit_repair(
        &self,
        request: Request<SubmitRepairRequest>,
    ) -> Result<Response<SubmitRepairResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let order = parse::order(&request)?;
        // Before warranty is asked: an order that was taken needs no second decision, even while warranty is down.
        if let Some(answer) = self.db.replayed(&call, &request).await? {
            return Ok(Response::new(answer));
        }
        let agreed = self.agree(&call, request.request_id(), &order).await?;
        let answer = self
            .db
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let repair =
                    ops::submit_repair(tx, (&self.ids, &self.vault), &order, &agreed, &ops::actor(&call)).await?;
                Ok(SubmitRepairResponse {
                    repair: Some(present::repair(repair)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_repair(&self, request: Request<GetRepairRequest>) -> Result<Response<GetRepairResponse>, Status> {
        let call = Call::of(&request)?;
        let id = id::parse("repair_id", &request.get_ref().repair_id)?;
        let mut connection = self.db.read().await?;
        let repair = ops::repair(&mut connection, &self.vault, &Viewer::of(&call), id).await?;
        call.check_case(repair.case_id)?;
        let steps = store::steps::list(&mut connection, id).await.map_err(Error::from)?;
        drop(connection);
        let is_customer = call.caller().kind == CallerKind::Customer;
        let steps = steps.into_iter().map(|step| present::step(step, is_customer)).collect();
        let mut repair = present::repair(repair);
        if call.caller().kind == CallerKind::Service {
            // No service needs what people wrote to each other.
            repair.problem.clear();
            repair.note.clear();
        }
        Ok(Response::new(GetRepairResponse {
            repair: Some(repair),
            steps,
        }))
    }

    async fn list_repairs(
        &self,
        request: Request<ListRepairsRequest>,
    ) -> Result<Response<ListRepairsResponse>, Status> {
        let call = Call::of(&request)?;
        let viewer = Viewer::of(&call);
        let request = request.get_ref();
        if !request.case_id.is_empty() {
            call.check_case(&request.case_id)?;
        }
        let filter = parse::filter(request, &viewer, self.clock.now())?;
        let caller = call.caller();
        let binding = (
            "ListRepairs",
            &request.case_id,
            &request.states,
            request.overdue_only,
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
        .map_err(Error::from)?;
        let (repairs, next_page_token) =
            ops::list_repairs(&mut *self.db.read().await?, &self.vault, &viewer, &filter, &page).await?;
        let repairs: Vec<Repair> = repairs.into_iter().map(present::repair).collect();
        Ok(Response::new(ListRepairsResponse {
            repairs,
            next_page_token,
        }))
    }

    async fn receive_device(
        &self,
        request: Request<ReceiveDeviceRequest>,
    ) -> Result<Response<ReceiveDeviceResponse>, Status> {
        step!(self, request, ReceiveDeviceResponse, |message| Step::ReceiveDevice)
    }

    async fn record_diagnosis(
        &self,
        request: Request<RecordDiagnosisRequest>,
    ) -> Result<Response<RecordDiagnosisResponse>, Status> {
        step!(self, request, RecordDiagnosisResponse, |message| Step::RecordDiagnosis(
            message.diagnosis_code.clone()
        ))
    }

    async fn start_repair(
        &self,
        request: Request<StartRepairRequest>,
    ) -> Result<Response<StartRepairResponse>, Status> {
        step!(self, request, StartRepairResponse, |message| Step::StartRepair)
    }

    async fn finish_repair(
        &self,
        request: Request<FinishRepairRequest>,
    ) -> Result<Response<FinishRepairResponse>, Status> {
        step!(self, request, FinishRepairResponse, |message| Step::Finish(
            parse::outcome(message.outcome())?
        ))
    }

    async fn return_device(
        &self,
        request: Request<ReturnDeviceRequest>,
    ) -> Result<Response<ReturnDeviceResponse>, Status> {
        step!(self, request, ReturnDeviceResponse, |message| Step::ReturnDevice)
    }

    async fn cancel_repair(
        &self,
        request: Request<CancelRepairRequest>,
    ) -> Result<Response<CancelRepairResponse>, Status> {
        step!(self, request, CancelRepairResponse, |message| Step::Cancel)
    }
}

impl Api {
    /// Finds out all that has to be known of an order, outside of any transaction: the provider and the case here, the
    /// device and what is owed at warranty.
    async fn agree(&self, call: &Call, request_id: &str, order: &Order) -> Result<Agreed, Error> {
        let (provider, customer) = {
            let mut connection = self.db.read().await?;
            ops::check_order(&mut connection, &self.vault, &Viewer::of(call), order).await?
        };
        let device = self.warranty.device(call, &order.serial_number).await?;
        if !provider.repairs(device.product_line) {
            return Err(Error::ProductLineNotRepaired(device.product_line));
        }
        let procedures = standard::held_at(&self.procedures, &provider, self.clock.now());
        procedures.check_kind(provider.house.kind(), device.product_line)?;
        let (decided, entitlement) = self.secure(call, request_id, order, &provider).await?;
        Ok(Agreed {
            provider,
            customer,
            device,
            decided,
            entitlement,
            procedures_version: procedures.version,
        })
    }

    /// Has warranty decide, and reserves what it grants. Where others take it in between, or the reservation of an earlier try has
    /// expired, it is decided again: the customer gets the best of what is left then.
    async fn secure(
        &self,
        call: &Call,
        request_id: &str,
        order: &Order,
        provider: &Provider,
    ) -> Result<(Decided, Option<EntitlementId>), Error> {
        let question = Question {
            serial_number: &order.serial_number,
            damage: order.damage,
            symptom: order.symptom.as_deref(),
            component: order.component.as_deref(),
            place: &provider.country_code,
        };
        for round in 0..MOST_DECISIONS {
            let decided = self.warranty.decide(call, request_id, &question, round).await?;
            if !decided.pays.is_within(order.agreed_to_pay.as_ref()) {
                return Err(Error::PriceNotAgreed(decided.pays));
            }
            if !decided.coverage.is_reserved() {
                return Ok((decided, None));
            }
            let reserved = self.warranty.reserve(call, decided.decision_id).await?;
            let still = self.clock.now() + LEAST_LEFT;
            if let Some(reserved) = reserved.filter(|reserved| reserved.expires_at > still) {
                return Ok((decided, Some(reserved.id)));
            }
        }
        Err(Error::Overtaken)
    }
}
