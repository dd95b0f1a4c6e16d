//! Starts a service.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::{Kit, Service, StartError, gauges};
use crate::clock::Clock;
use crate::db::{Db, PendingMigration};
use crate::id::Ids;
use crate::lifecycle::{Fault, Lifecycle};
use crate::server::{Server, ServerOptions, ShedLimits};
use crate::settings::{Common, Settings};

/// What tasks get beyond the time that calls have to finish.
const DRAIN_MARGIN: Duration = Duration::from_secs(3);

/// A service that runs.
#[derive(Debug)]
pub struct Running {
    /// Its name.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its life: draining it ends this service alone.
    pub lifecycle: Lifecycle,
    drain: Duration,
    db: Db,
}

impl Running {
    /// Waits until the service has ended, because it was asked to or because it had to, and closes its connections.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn finished(self) -> Result<(), Fault> {
        // The server bounds its calls itself; only what is stuck beyond that is a fault.
        let ended = self.lifecycle.finished(self.drain + DRAIN_MARGIN).await;
        // A connection that a stuck task still holds must not hold up the end.
        let _ = tokio::time::timeout(Duration::from_secs(1), self.db.close()).await;
        ended
    }
}

/// The migrations that [`migrate`] applied, in their order.
pub type Applied = Vec<PendingMigration>;

/// Brings a service's database up to date.
///
/// # Errors
///
/// Wrong settings, or a database that cannot be reached or migrated.
pub async fn migrate(service: &'static Service, settings: &Settings) -> Result<Applied, StartError> {
    let common = service.settings(settings).check(true)?;
    let unusable = |source| StartError::Database {
        service: service.name,
        source,
    };
    let db = Db::connect(&common.database).await.map_err(unusable)?;
    let pending = db.pending_migrations(service.migrator).await.map_err(unusable)?;
    let migrated = db.migrate(service.migrator).await.map_err(unusable);
    db.close().await;
    migrated.map(|()| pending)
}

/// Starts a service: checks its settings, takes its port (`listener`, or the one that the settings name), connects to its
/// database, refuses to start where migrations are missing, starts its parts, and says SERVING.
///
/// # Errors
///
/// Whatever of this failed. Nothing of the service runs then.
pub async fn run(
    service: &'static Service,
    settings: &Settings,
    lifecycle: &Lifecycle,
    listener: Option<TcpListener>,
) -> Result<Running, StartError> {
    let resolved = service.settings(settings);
    let common = Arc::new(resolved.check(true)?);
    // Before what is slow: a taken port should be known at once.
    let (listener, address) = listen(listener, common.listen).await?;
    let db = connect(service, &common).await?;
    let lifecycle = lifecycle.child();
    let clock = Clock::system();
    let wrong = |(path, what): (String, String)| StartError::setting(service.name, &path, what);
    let signer = common.passport.signer(service.name).map_err(wrong)?.map(Arc::new);
    let trust = common
        .passport
        .trust()
        .map_err(|faults| StartError::settings(service.name, faults))?;
    let kit = Kit {
        name: service.name,
        region: common.region,
        ids: Ids::new(common.region, clock.clone()),
        clock: clock.clone(),
        db: db.clone(),
        lifecycle: lifecycle.clone(),
        common: Arc::clone(&common),
        signer,
        resolved: Arc::new(resolved),
    };
    let parts = (service.start)(kit).await?;
    let options = ServerOptions {
        trust,
        clock,
        limits: ShedLimits {
            calls: common.server.max_in_flight,
            streams: common.server.max_streams,
        },
        drain: common.server.drain(),
        reflection: common.server.reflection,
    };
    let server = parts
        .served
        .into_iter()
        .fold(Server::new(options), |server, (_, serve)| serve(server));
    lifecycle.spawn(
        format!("{}: server", service.name),
        server.serve(listener, lifecycle.draining(), lifecycle.aborting()),
    );
    lifecycle.spawn(
        format!("{}: gauges", service.name),
        gauges::observe(service.name, &db, &lifecycle),
    );
    for (name, task) in parts.work {
        lifecycle.spawn(format!("{}: {name}", service.name), task);
    }
    Ok(Running {
        name: service.name,
        address,
        lifecycle,
        drain: common.server.drain(),
        db,
    })
}

async fn listen(given: Option<TcpListener>, address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = match given {
        Some(listener) => listener,
        None => TcpListener::bind(address).await.map_err(failed)?,
    };
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

async fn connect(service: &'static Service, common: &Common) -> Result<Db, StartError> {
    let unusable = |source| StartError::Database {
        service: service.name,
        source,
    };
    let db = Db::connect(&common.database).await.map_err(unusable)?;
    let pending = db.pending_migrations(service.migrator).await.map_err(unusable)?;
    if pending.is_empty() {
        return Ok(db);
    }
    db.close().await;
    Err(StartError::PendingMigrations {
        service: service.name,
        pending,
    })
}
