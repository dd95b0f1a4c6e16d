//! A warranty service that answers as a test wants, and remembers what it was asked.

use std::any::TypeId;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use support_chassis::clock::{Clock, timestamp};
use support_chassis::error::{Answer, CommonErrorReason};
use support_chassis::id::{Id, Ids};
use support_chassis::passport::{ACTOR_HEADER, PASSPORT_HEADER};
use support_proto::support::types::v1::{Money, ProductLine};
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::coverage_service_server::{CoverageService, CoverageServiceServer};
use support_proto::support::warranty::v1::device_service_server::{DeviceService, DeviceServiceServer};
use support_proto::support::warranty::v1::entitlement_service_server::{EntitlementService, EntitlementServiceServer};
use support_proto::support::warranty::v1::{CoverageOutcome, Damage, PaymentKind, WarrantyErrorReason};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status};

/// What it knows and remembers.
pub(crate) struct State {
    ids: Ids,
    clock: Clock,
    /// Device and product line by serial number.
    pub(crate) devices: HashMap<String, (Id, ProductLine)>,
    /// Decisions by request id: the same call again gets the same one.
    pub(crate) decisions: HashMap<String, warranty::CoverageDecision>,
    /// What was asked with the last question of coverage.
    pub(crate) asked_last: warranty::DecideCoverageRequest,
    /// Plans by serial number: they cover what fell or got wet, for a fee.
    pub(crate) plans: HashMap<String, Plan>,
    /// What is owed for a device whatever happened to it, by serial number.
    pub(crate) owed: HashMap<String, CoverageOutcome>,
    /// Entitlements by request id: the same call again gets the same one, however old.
    pub(crate) reserved: HashMap<String, warranty::Entitlement>,
    /// The passports that came with the last reservation.
    pub(crate) passports_of_reservation: (Option<String>, Option<String>),
    /// How many of the next reservations find that somebody else was quicker and took one from the plan.
    pub(crate) overtaken: usize,
    /// What it answers to reservations alone.
    pub(crate) fails_reserving_with: Option<Status>,
    /// How often it was asked for a device.
    pub(crate) lookups: usize,
    /// How often it was asked for a decision.
    pub(crate) asked: usize,
    /// The passports that came with the last call but those that reserve: the caller's, and who acts.
    pub(crate) passports: (Option<String>, Option<String>),
    /// What it answers to everything, if not what it was asked.
    pub(crate) fails_with: Option<Status>,
    /// What it answers to questions of coverage alone.
    pub(crate) fails_deciding_with: Option<Status>,
}

/// A plan for a device.
pub(crate) struct Plan {
    /// What a repair under it costs, in cents.
    pub(crate) fee: i64,
    /// How many it still gives.
    pub(crate) left: u32,
}

/// What a repair costs that nothing covers, in cents.
pub(crate) const PRICE: i64 = 59_900;

/// How long a reservation lives.
const RESERVED_FOR: Duration = Duration::from_mins(15);

#[derive(Clone)]
pub(crate) struct FakeWarranty {
    state: Arc<Mutex<State>>,
}

/// A fake that listens; it ends with this.
pub(crate) struct Listening {
    pub(crate) fake: FakeWarranty,
    pub(crate) address: SocketAddr,
    server: JoinHandle<()>,
}

impl Listening {
    /// Closes the port. Connections that were made stay.
    pub(crate) async fn stop(&self) {
        self.server.abort();
        while !self.server.is_finished() {
            tokio::task::yield_now().await;
        }
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl FakeWarranty {
    pub(crate) async fn start(ids: Ids, clock: Clock) -> Listening {
        let state = State {
            ids,
            clock,
            devices: HashMap::new(),
            decisions: HashMap::new(),
            asked_last: warranty::DecideCoverageRequest::default(),
            plans: HashMap::new(),
            owed: HashMap::new(),
            reserved: HashMap::new(),
            passports_of_reservation: (None, None),
            overtaken: 0,
            fails_reserving_with: None,
            lookups: 0,
            asked: 0,
            passports: (None, None),
            fails_with: None,
            fails_deciding_with: None,
        };
        let fake = Self {
            state: Arc::new(Mutex::new(state)),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tonic::transport::Server::builder()
            .add_service(DeviceServiceServer::new(fake.clone()))
            .add_service(CoverageServiceServer::new(fake.clone()))
            .add_service(EntitlementServiceServer::new(fake.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        let server = tokio::spawn(async move { serving.await.unwrap() });
        Listening { fake, address, server }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// A device that it knows from now on.
    pub(crate) fn knows(&self, serial_number: &str, line: ProductLine) {
        let mut state = self.state();
        let id = state.ids.next();
        state.devices.insert(serial_number.to_owned(), (id, line));
    }

    fn arrived<T: 'static>(&self, request: &Request<T>) -> Result<MutexGuard<'_, State>, Status> {
        let mut state = self.state();
        let header = |name| {
            let value = request.metadata().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        let passports = (header(PASSPORT_HEADER), header(ACTOR_HEADER));
        if TypeId::of::<T>() == TypeId::of::<warranty::ReserveEntitlementRequest>() {
            state.passports_of_reservation = passports;
        } else {
            state.passports = passports;
        }
        match &state.fails_with {
            Some(status) => Err(status.clone()),
            None => Ok(state),
        }
    }
}

fn payment(kind: PaymentKind) -> warranty::CustomerPayment {
    warranty::CustomerPayment {
        kind: kind.into(),
        amount: None,
    }
}

fn nothing() -> warranty::CustomerPayment {
    payment(PaymentKind::Nothing)
}

/// So many cents.
pub(crate) fn euros(minor_units: i64) -> warranty::CustomerPayment {
    warranty::CustomerPayment {
        amount: Some(Money {
            currency_code: "EUR".to_owned(),
            minor_units,
        }),
        ..payment(PaymentKind::Amount)
    }
}

fn refusal(code: Code, reason: WarrantyErrorReason) -> Status {
    Answer::new(code, "support.warranty.v1", reason.as_str_name(), "refused").to_status()
}

fn no_such_device() -> Status {
    refusal(Code::NotFound, WarrantyErrorReason::DeviceNotFound)
}

/// What warranty says to a partner without the scope.
pub(crate) fn scope_missing() -> Status {
    Answer::common(
        Code::PermissionDenied,
        CommonErrorReason::ScopeMissing,
        "the caller lacks the scope",
    )
    .to_status()
}

#[tonic::async_trait]
impl DeviceService for FakeWarranty {
    async fn lookup_device(
        &self,
        request: Request<warranty::LookupDeviceRequest>,
    ) -> Result<Response<warranty::LookupDeviceResponse>, Status> {
        let mut state = self.arrived(&request)?;
        state.lookups += 1;
        let (id, line) = *state
            .devices
            .get(&request.get_ref().serial_number)
            .ok_or_else(no_such_device)?;
        let product = warranty::Product {
            product_line: line.into(),
            ..Default::default()
        };
        let device = warranty::Device {
            device_id: id.to_string(),
            product: Some(product),
            ..Default::default()
        };
        Ok(Response::new(warranty::LookupDeviceResponse { device: Some(device) }))
    }

    async fn register_device(
        &self,
        _: Request<warranty::RegisterDeviceRequest>,
    ) -> Result<Response<warranty::RegisterDeviceResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn get_device(
        &self,
        _: Request<warranty::GetDeviceRequest>,
    ) -> Result<Response<warranty::GetDeviceResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn list_devices(
        &self,
        _: Request<warranty::ListDevicesRequest>,
    ) -> Result<Response<warranty::ListDevicesResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }
}

#[tonic::async_trait]
impl CoverageService for FakeWarranty {
    /// Refuses what was changed without authority, covers what failed by itself, and takes money for the rest.
    async fn decide_coverage(
        &self,
        request: Request<warranty::DecideCoverageRequest>,
    ) -> Result<Response<warranty::DecideCoverageResponse>, Status> {
        let mut state = self.arrived(&request)?;
        if let Some(status) = &state.fails_deciding_with {
            return Err(status.clone());
        }
        state.asked += 1;
        let request = request.get_ref();
        state.asked_last.clone_from(request);
        let (device, _) = *state.devices.get(&request.serial_number).ok_or_else(no_such_device)?;
        let plan = state.plans.get(&request.serial_number).filter(|plan| plan.left > 0);
        let owed = state.owed.get(&request.serial_number).copied();
        let (outcome, pays) = match (owed, request.damage(), plan) {
            (Some(owed), ..) => (owed, nothing()),
            (None, Damage::UnauthorisedChange | Damage::Loss | Damage::Theft, _) => {
                (CoverageOutcome::Refused, payment(PaymentKind::NoRepair))
            }
            (None, Damage::None, _) => (CoverageOutcome::LimitedWarranty, nothing()),
            (None, Damage::Accidental | Damage::Liquid, Some(plan)) => (CoverageOutcome::Plan, euros(plan.fee)),
            (None, Damage::Accidental | Damage::Liquid, None) => (CoverageOutcome::OutOfWarranty, euros(PRICE)),
            (None, ..) => (CoverageOutcome::OutOfWarranty, payment(PaymentKind::Unknown)),
        };
        let new = warranty::CoverageDecision {
            decision_id: state.ids.next::<Id>().to_string(),
            device_id: device.to_string(),
            outcome: outcome.into(),
            pays: Some(pays),
            ..Default::default()
        };
        let decision = state.decisions.entry(request.request_id.clone()).or_insert(new).clone();
        Ok(Response::new(warranty::DecideCoverageResponse {
            decision: Some(decision),
        }))
    }

    async fn get_coverage_decision(
        &self,
        _: Request<warranty::GetCoverageDecisionRequest>,
    ) -> Result<Response<warranty::GetCoverageDecisionResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }
}

#[tonic::async_trait]
impl EntitlementService for FakeWarranty {
    /// Reserves what a decision of this fake grants, and takes it from the plan.
    async fn reserve_entitlement(
        &self,
        request: Request<warranty::ReserveEntitlementRequest>,
    ) -> Result<Response<warranty::ReserveEntitlementResponse>, Status> {
        let mut guard = self.arrived(&request)?;
        let state = &mut *guard;
        if let Some(status) = &state.fails_reserving_with {
            return Err(status.clone());
        }
        let request = request.into_inner();
        let answer = |entitlement: &warranty::Entitlement| {
            Ok(Response::new(warranty::ReserveEntitlementResponse {
                entitlement: Some(entitlement.clone()),
            }))
        };
        if let Some(before) = state.reserved.get(&request.request_id) {
            assert_eq!(
                before.decision_id, request.decision_id,
                "another request under the same id"
            );
            return answer(before);
        }
        let decision = state
            .decisions
            .values()
            .find(|decision| decision.decision_id == request.decision_id)
            .ok_or_else(|| refusal(Code::NotFound, WarrantyErrorReason::DecisionNotFound))?;
        let outcome = decision.outcome();
        if matches!(outcome, CoverageOutcome::OutOfWarranty | CoverageOutcome::Refused) {
            return Err(refusal(Code::FailedPrecondition, WarrantyErrorReason::NothingGranted));
        }
        let serial_number = state
            .devices
            .iter()
            .find(|(_, (id, _))| id.to_string() == decision.device_id)
            .map(|(serial_number, _)| serial_number.clone());
        let plan = serial_number.and_then(|serial_number| state.plans.get_mut(&serial_number));
        if let (CoverageOutcome::Plan, Some(plan)) = (outcome, plan) {
            if state.overtaken > 0 {
                state.overtaken -= 1;
                plan.left = plan.left.saturating_sub(1);
                return Err(refusal(
                    Code::FailedPrecondition,
                    WarrantyErrorReason::EntitlementUsedUp,
                ));
            }
            if plan.left == 0 {
                return Err(refusal(
                    Code::FailedPrecondition,
                    WarrantyErrorReason::EntitlementUsedUp,
                ));
            }
            plan.left -= 1;
        }
        let now = state.clock.now();
        let entitlement = warranty::Entitlement {
            entitlement_id: state.ids.next::<Id>().to_string(),
            device_id: decision.device_id.clone(),
            decision_id: request.decision_id,
            outcome: outcome.into(),
            state: warranty::EntitlementState::Reserved.into(),
            reserve_time: Some(timestamp(now)),
            expire_time: Some(timestamp(now + RESERVED_FOR)),
            ..Default::default()
        };
        state.reserved.insert(request.request_id, entitlement.clone());
        answer(&entitlement)
    }

    async fn commit_entitlement(
        &self,
        _: Request<warranty::CommitEntitlementRequest>,
    ) -> Result<Response<warranty::CommitEntitlementResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn release_entitlement(
        &self,
        _: Request<warranty::ReleaseEntitlementRequest>,
    ) -> Result<Response<warranty::ReleaseEntitlementResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn extend_entitlement(
        &self,
        _: Request<warranty::ExtendEntitlementRequest>,
    ) -> Result<Response<warranty::ExtendEntitlementResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn get_entitlement(
        &self,
        _: Request<warranty::GetEntitlementRequest>,
    ) -> Result<Response<warranty::GetEntitlementResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn list_entitlements(
        &self,
        _: Request<warranty::ListEntitlementsRequest>,
    ) -> Result<Response<warranty::ListEntitlementsResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }
}
