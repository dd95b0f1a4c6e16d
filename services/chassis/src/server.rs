//! Takes calls: HTTP/2 in, the layers, tonic's routes.
//!
//! The layers stand in one order, outermost first, each for a reason ([`Server::stack`]):
//!
//! 1. [`Trace`] opens the span, so that whatever any other layer logs belongs to the call.
//! 2. [`Metrics`] measures what the caller sees, refusals of the layers below included.
//! 3. [`Typed`] gives every status an `ErrorInfo`: outside of all that may answer with a bare one.
//! 4. [`CatchPanic`] turns a panic into INTERNAL; inside `Typed` and `Metrics`, so that it is measured and answered.
//! 5. [`Shed`] refuses what is too much before any work is done for it; health checks go past it.
//! 6. [`Deadline`] starts the clock; inside `Shed`, since what is refused needs no timer.
//! 7. [`Authenticate`] checks the method and the passport and puts the [`Call`](crate::call::Call) into the request.
//!
//! tonic's own server is not used: its timer answers CANCELLED and stands outside of every layer one can add, and it
//! cannot bound a drain. [`accept`] is what remains of it. The gateway composes the same layers around its own routes.

pub mod accept;
mod around;
mod authenticate;
mod deadline;
mod ending;
pub(crate) mod labels;
mod metrics;
mod observed;
mod panic;
mod shed;
pub mod tls;
mod trace;
mod typed;

use std::convert::Infallible;
use std::time::Duration;

use http::{Request, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::{Routes, RoutesBuilder};
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, HealthService};
use tower::ServiceBuilder;
use tower::util::BoxCloneSyncService;

pub use around::{Around, AroundLayer, AroundService, Door, answer};
pub use authenticate::Authenticate;
pub use deadline::{Deadline, Deadlines};
pub use labels::code_label;
pub use metrics::Metrics;
pub use observed::Observed;
pub use panic::CatchPanic;
pub use shed::{Shed, ShedLimits};
pub use trace::{Trace, extract_context};
pub use typed::Typed;

use crate::clock::Clock;
use crate::passport::Trust;

/// The layers and what stands within them, as one type.
pub type Stack = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// What a server is told.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Whose passports are believed.
    pub trust: Trust,
    /// What time it is, for passports.
    pub clock: Clock,
    /// How much is taken on at once.
    pub limits: ShedLimits,
    /// How long calls in flight may take to finish once the server is told to stop.
    pub drain: Duration,
    /// Whether the server describes its methods to whoever asks.
    pub reflection: bool,
}

impl ServerOptions {
    /// Options with the usual limits: 1024 calls and 10,000 streams at once, 20 s to drain, reflection.
    #[must_use]
    pub fn new(trust: Trust, clock: Clock) -> Self {
        Self {
            trust,
            clock,
            limits: ShedLimits::default(),
            drain: Duration::from_secs(20),
            reflection: true,
        }
    }
}

/// A server that is being put together.
#[derive(Debug)]
pub struct Server {
    options: ServerOptions,
    routes: RoutesBuilder,
    names: Vec<String>,
    health: HealthReporter,
}

/// A server's reflection could not be built from the compiled contract.
#[derive(Debug, thiserror::Error)]
#[error("the descriptors of the contract cannot be served")]
pub struct ReflectionError(#[from] tonic_reflection::server::Error);

impl Server {
    /// A server without services. Health is `NOT_SERVING` until [`serve`](Self::serve).
    #[must_use]
    pub fn new(options: ServerOptions) -> Self {
        Self {
            options,
            routes: Routes::builder(),
            names: Vec::new(),
            health: HealthReporter::new(),
        }
    }

    /// Adds a tonic service.
    #[must_use]
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: tower::Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.names.push(S::NAME.to_owned());
        self.routes.add_service(service);
        self
    }

    /// Where the health of a service, or of the whole (`""`), can be set from outside.
    #[must_use]
    pub fn health(&self) -> HealthReporter {
        self.health.clone()
    }

    /// The layers around `routes`, which are told by `draining` when to end.
    pub fn stack<S: Door + Sync>(options: &ServerOptions, draining: CancellationToken, routes: S) -> Stack {
        // In the order of the module's comment.
        BoxCloneSyncService::new(
            ServiceBuilder::new()
                .layer(AroundLayer(Trace))
                .layer(AroundLayer(Metrics::new()))
                .layer(AroundLayer(Typed))
                .layer(AroundLayer(CatchPanic))
                .layer(AroundLayer(Shed::new(options.limits)))
                .layer(AroundLayer(Deadlines::new(draining.clone())))
                .layer(AroundLayer(Authenticate::new(
                    options.trust.clone(),
                    options.clock.clone(),
                    draining,
                )))
                .service(routes),
        )
    }

    /// Serves until `draining` is cancelled; then says `NOT_SERVING`, ends streams with a status that asks the client to
    /// come back, lets calls in flight finish within the bound of the options, and cuts what is left. `aborting` cuts at
    /// once.
    ///
    /// # Errors
    ///
    /// Where reflection is wanted and cannot be built. Nothing has been served then.
    pub async fn serve(
        mut self,
        listener: TcpListener,
        draining: CancellationToken,
        aborting: CancellationToken,
    ) -> Result<(), ReflectionError> {
        self.routes
            .add_service(tonic_health::pb::health_server::HealthServer::new(
                HealthService::from_health_reporter(self.health.clone()),
            ));
        if self.options.reflection {
            self.add_reflection()?;
        }
        self.report(ServingStatus::Serving).await;
        // Streams and connections end only after the balancer has been told, so that nobody who is sent away comes back
        // to the same door.
        let told = CancellationToken::new();
        let stack = Self::stack(&self.options, told.clone(), self.routes.clone().routes().prepare());
        let accept = accept::accept(
            listener,
            accept::Protocols::Http2,
            stack,
            told.clone(),
            aborting,
            self.options.drain,
        );
        let notice = async {
            draining.cancelled().await;
            self.report(ServingStatus::NotServing).await;
            told.cancel();
        };
        let mut accept = std::pin::pin!(accept);
        tokio::select! {
            () = &mut accept => {}
            () = notice => accept.await,
        }
        Ok(())
    }

    async fn report(&self, status: ServingStatus) {
        for name in self.names.iter().map(String::as_str).chain([""]) {
            self.health.set_service_status(name, status).await;
        }
    }

    fn add_reflection(&mut self) -> Result<(), ReflectionError> {
        let builder = || {
            let builder = tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(support_proto::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                .with_service_name("grpc.health.v1.Health");
            self.names
                .iter()
                .fold(builder, |builder, name| builder.with_service_name(name.as_str()))
        };
        // Both versions: tools in the field still ask for the older one.
        let (current, older) = (builder().build_v1()?, builder().build_v1alpha()?);
        self.routes.add_service(current).add_service(older);
        Ok(())
    }
}

/// Whether the path is one of health or reflection: asked by machines that carry no passport.
pub(crate) fn is_exempt(path: &str) -> bool {
    is_health(path) || is_reflection(path)
}

/// Whether the path is one of reflection.
pub(crate) fn is_reflection(path: &str) -> bool {
    path.starts_with("/grpc.reflection.")
}

/// Whether the path is a health check.
pub(crate) fn is_health(path: &str) -> bool {
    path.starts_with("/grpc.health.")
}

/// Whether answers to the path are a stream that may stay open.
pub(crate) fn is_stream(path: &str) -> bool {
    support_proto::policy::policy(path).map_or_else(|| is_exempt(path), |policy| policy.server_streaming)
}
