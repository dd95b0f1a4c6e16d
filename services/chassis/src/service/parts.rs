//! Everything a service adds.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;

use crate::client::Peer;
use crate::db::Db;
use crate::feed;
use crate::lifecycle::BoxError;
use crate::privacy::{Eraser, ORDERED_BY, PersonalData};
use crate::server::Server;
use crate::vault::Rotated;

/// Adds a gRPC service to a server that is being put together.
pub(super) type Serve = Box<dyn FnOnce(Server) -> Server + Send>;

/// Consumes the feed of a peer into a database, under a name, until it is told to stop.
pub(super) type Consume = Box<dyn FnOnce(Db, String, Peer, CancellationToken) -> BoxFuture<'static, ()> + Send>;

/// Everything a service adds to what the chassis brings: the gRPC services it serves, the events it consumes, the work it
/// does unasked. The chassis adds the event feed, health and reflection.
#[derive(Default)]
pub struct Parts {
    pub(super) served: Vec<(&'static str, Serve)>,
    pub(super) consumed: Vec<(&'static str, Consume)>,
    pub(super) work: Vec<(&'static str, BoxFuture<'static, Result<(), BoxError>>)>,
    pub(super) personal: Option<Arc<dyn PersonalData>>,
    pub(super) rotated: Option<Arc<dyn Rotated>>,
}

impl Parts {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Serves a generated gRPC service.
    #[must_use]
    pub fn serve<S>(mut self, service: S) -> Self
    where
        S: tower::Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
    {
        self.served
            .push((S::NAME, Box::new(move |server| server.service(service))));
        self
    }

    /// Applies the events of another service, named as in the settings of peers; once for each source.
    #[must_use]
    pub fn consume(mut self, source: &'static str, handler: impl feed::Consumer) -> Self {
        let consume: Consume = Box::new(move |db, name, peer, stop| {
            async move { feed::consume(db, &name, source, FeedServiceClient::new(peer), handler, stop).await }.boxed()
        });
        self.consumed.push((source, consume));
        self
    }

    /// Hands out what the service holds on customers, and erases whom identity-verification says: see
    /// [`privacy`](crate::privacy). The settings must name that service among the peers.
    #[must_use]
    pub fn personal(mut self, data: impl PersonalData) -> Self {
        let data: Arc<dyn PersonalData> = Arc::new(data);
        self.personal = Some(Arc::clone(&data));
        self.consume(ORDERED_BY, Eraser(data))
    }

    /// Brings up to the keys of the settings what is more than data keys and stored answers: see [`vault`](crate::vault).
    #[must_use]
    pub fn rotated(mut self, rotated: impl Rotated) -> Self {
        self.rotated = Some(Arc::new(rotated));
        self
    }

    /// Runs a task as long as the service lives: mostly [`Lifecycle::every`](crate::lifecycle::Lifecycle::every). It
    /// ends when the lifecycle drains; if it ends before, the service does.
    #[must_use]
    pub fn work<E: Into<BoxError>>(
        mut self,
        name: &'static str,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) -> Self {
        self.work
            .push((name, task.map(|result| result.map_err(Into::into)).boxed()));
        self
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let served: Vec<_> = self.served.iter().map(|(name, _)| name).collect();
        let consumed: Vec<_> = self.consumed.iter().map(|(source, _)| source).collect();
        let work: Vec<_> = self.work.iter().map(|(name, _)| name).collect();
        f.debug_struct("Parts")
            .field("served", &served)
            .field("consumed", &consumed)
            .field("work", &work)
            .field("personal", &self.personal.is_some())
            .finish_non_exhaustive()
    }
}
