//! A warranty service that answers as a test wants, and remembers what it was asked.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use support_chassis::error::{Answer, CommonErrorReason};
use support_chassis::id::{Id, Ids};
use support_chassis::passport::{ACTOR_HEADER, PASSPORT_HEADER};
use support_proto::support::types::v1::ProductLine;
use support_proto::support::warranty::v1 as warranty;
use support_proto::support::warranty::v1::coverage_service_server::{CoverageService, CoverageServiceServer};
use support_proto::support::warranty::v1::device_service_server::{DeviceService, DeviceServiceServer};
use support_proto::support::warranty::v1::{CoverageOutcome, Damage};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status};

/// What it knows and remembers.
pub(crate) struct State {
    ids: Ids,
    /// Device and product line by serial number.
    pub(crate) devices: HashMap<String, (Id, ProductLine)>,
    /// Decisions by request id.
    pub(crate) decisions: HashMap<String, String>,
    /// The repairs it was told of with the last question of coverage.
    pub(crate) told_repairs: Vec<warranty::PastRepair>,
    /// How often it was asked for a device.
    pub(crate) lookups: usize,
    /// How often it was asked for a decision.
    pub(crate) asked: usize,
    /// The passports that came with the last call: the caller's, and who acts.
    pub(crate) passports: (Option<String>, Option<String>),
    /// What it answers to everything, if not what it was asked.
    pub(crate) fails_with: Option<Status>,
    /// What it answers to questions of coverage alone.
    pub(crate) fails_deciding_with: Option<Status>,
}

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
    pub(crate) async fn start(ids: Ids) -> Listening {
        let state = State {
            ids,
            devices: HashMap::new(),
            decisions: HashMap::new(),
            told_repairs: Vec::new(),
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

    fn arrived<T>(&self, request: &Request<T>) -> Result<MutexGuard<'_, State>, Status> {
        let mut state = self.state();
        let header = |name| {
            request
                .metadata()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        state.passports = (header(PASSPORT_HEADER), header(ACTOR_HEADER));
        match &state.fails_with {
            Some(status) => Err(status.clone()),
            None => Ok(state),
        }
    }
}

fn no_such_device() -> Status {
    let reason = "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND";
    Answer::new(Code::NotFound, "support.warranty.v1", reason, "no such device").to_status()
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
        state.told_repairs.clone_from(&request.repairs);
        let (device, _) = *state.devices.get(&request.serial_number).ok_or_else(no_such_device)?;
        let new = state.ids.next::<Id>().to_string();
        let decision_id = state.decisions.entry(request.request_id.clone()).or_insert(new).clone();
        let outcome = match request.damage() {
            Damage::None => CoverageOutcome::LimitedWarranty,
            Damage::UnauthorisedChange | Damage::Loss | Damage::Theft => CoverageOutcome::Refused,
            _ => CoverageOutcome::OutOfWarranty,
        };
        let decision = warranty::CoverageDecision {
            decision_id,
            device_id: device.to_string(),
            outcome: outcome.into(),
            ..Default::default()
        };
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
