//! Starts a service.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use tokio::net::TcpListener;

use super::{Kit, Parts, Service, StartError, gauges};
use crate::client::Peer;
use crate::clock::Clock;
use crate::db::{Db, PendingMigration};
use crate::feed::{self, Feed};
use crate::id::{Ids, Region};
use crate::idempotency;
use crate::lifecycle::{Fault, Lifecycle};
use crate::privacy;
use crate::server::{Server, ServerOptions, ShedLimits};
use crate::settings::{Common, Settings};
use crate::standard::{Api, Book, Follower, seed};
use crate::vault::{EVERY as ROTATE_EVERY, Rotation};

/// How often events that nobody needs any more are deleted.
const PRUNE_FEED_EVERY: Duration = Duration::from_mins(10);
/// How often answers to old request ids are deleted.
const PRUNE_REQUESTS_EVERY: Duration = Duration::from_hours(1);
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
    run_at(service, settings, lifecycle, listener, Clock::system()).await
}

/// [`run`] with another clock, for tests of what happens in time. Passports, too, are held against it.
///
/// # Errors
///
/// As [`run`].
pub async fn run_at(
    service: &'static Service,
    settings: &Settings,
    lifecycle: &Lifecycle,
    listener: Option<TcpListener>,
    clock: Clock,
) -> Result<Running, StartError> {
    let resolved = service.settings(settings);
    let common = Arc::new(resolved.check(true)?);
    let wrong = |(path, what): (String, String)| StartError::setting(service.name, &path, what);
    let signer = common.passport.signer(service.name).map_err(wrong)?.map(Arc::new);
    // Before what is slow: a taken port should be known at once.
    let (listener, address) = listen(listener, common.listen).await?;
    let vault = common
        .vault
        .vault()
        .map_err(|wrong| StartError::settings(service.name, wrong))?;
    let db = connect(service, &common)
        .await?
        .with_clock(clock.clone())
        .with_vault(vault);
    let book = match open_book(service, &common, &db).await {
        Ok(book) => book,
        Err(error) => {
            db.close().await;
            return Err(error);
        }
    };
    let kit = Kit {
        name: service.name,
        region: common.region,
        ids: Ids::new(common.region, clock.clone()),
        clock,
        db: db.clone(),
        lifecycle: lifecycle.child(),
        common,
        signer,
        book,
        undeclared: Arc::default(),
        resolved: Arc::new(resolved),
        peers: Arc::default(),
    };
    match start(service, &kit, listener).await {
        Ok(()) => {
            tracing::info!(service = service.name, %address, "serving");
            Ok(Running {
                name: service.name,
                address,
                lifecycle: kit.lifecycle,
                drain: kit.common.server.drain(),
                db,
            })
        }
        Err(error) => {
            // The service's own start may have begun work already.
            kit.lifecycle.drain("the service did not start");
            db.close().await;
            Err(error)
        }
    }
}

/// Makes the parts, and once none of them can fail any more, starts them.
async fn start(service: &'static Service, kit: &Kit, listener: TcpListener) -> Result<(), StartError> {
    seed(kit.book(), &kit.ids)
        .await
        .map_err(|error| StartError::other("what this build ships of the standard was not published", error))?;
    let parts = (service.start)(kit.clone()).await?;
    all_declared(kit)?;
    let peers = sources(kit, &parts)?;
    let regions = followed(kit)?;
    let trust = kit
        .common
        .passport
        .trust()
        .map_err(|faults| StartError::settings(service.name, faults))?;
    let limits = &kit.common.server;
    let options = ServerOptions {
        trust,
        clock: kit.clock.clone(),
        limits: ShedLimits {
            calls: limits.max_in_flight,
            streams: limits.max_streams,
        },
        drain: limits.drain(),
        reflection: limits.reflection,
    };
    let mut server = parts
        .served
        .into_iter()
        .fold(Server::new(options), |server, (_, serve)| serve(server))
        .service(Feed::server(kit.db.clone(), &kit.common.feed));
    if !service.standards.is_empty() {
        server = server.service(Api::server(kit.book().clone(), kit.ids.clone()));
    }
    if let Some(data) = parts.personal {
        server = server.service(privacy::Api::server(kit.db.clone(), data));
    }

    let life = &kit.lifecycle;
    let name = |task: &str| format!("{}: {task}", service.name);
    spawn_upkeep(kit, &name);
    if let Some(vault) = kit.db.vault() {
        let rotation = Arc::new(Rotation::new(&kit.db, vault, &kit.common.vault, parts.rotated));
        let round = move || {
            let rotation = Arc::clone(&rotation);
            async move { rotation.round().await }
        };
        life.spawn(name("keys"), life.every(ROTATE_EVERY, None, round));
    }
    for ((source, consume), (peer, consumer)) in parts.consumed.into_iter().zip(peers) {
        let consuming = consume(kit.db.clone(), consumer, peer, life.draining());
        life.spawn(name(&format!("events of {source}")), unfailing(consuming));
    }
    for (source, peer, region) in regions {
        let consumer = kit.signer()?.issuer().to_owned();
        let (db, follower, stop) = (
            kit.db.clone(),
            Follower::new(kit.book().clone(), region),
            life.draining(),
        );
        let task = format!("standard of {region}");
        let following =
            async move { feed::consume(db, &consumer, &source, FeedServiceClient::new(peer), follower, stop).await };
        life.spawn(name(&task), unfailing(following));
    }
    for (task, work) in parts.work {
        life.spawn(name(task), work);
    }
    life.spawn(name("server"), server.serve(listener, life.draining(), life.aborting()));
    Ok(())
}

/// The peers to be consumed, and the name under which this service is known to them: that of its own passport.
fn sources(kit: &Kit, parts: &Parts) -> Result<Vec<(Peer, String)>, StartError> {
    let mut seen = BTreeSet::new();
    parts
        .consumed
        .iter()
        .map(|(source, _)| {
            if !seen.insert(*source) {
                // Both would move the one position of the source, and each would miss what the other took.
                return Err(StartError::other(
                    format!("{} consumes {source} twice", kit.name),
                    "one consumer a source",
                ));
            }
            Ok((kit.peer(source)?, kit.signer()?.issuer().to_owned()))
        })
        .collect()
}

/// What is known of the service's documents, and what this build ships of them.
async fn open_book(service: &'static Service, common: &Common, db: &Db) -> Result<Book, StartError> {
    let book = Book::new(
        service.name,
        service.standards,
        common.region,
        &common.standard,
        db.clone(),
    )
    .map_err(|error| StartError::other("what this build ships of the standard cannot hold", error))?;
    book.open().await.map_err(|source| StartError::Database {
        service: service.name,
        source,
    })?;
    Ok(book)
}

/// A service reads only documents that it declares: of others nothing would ever be published.
fn all_declared(kit: &Kit) -> Result<(), StartError> {
    let undeclared = kit.undeclared.lock().unwrap_or_else(PoisonError::into_inner);
    match undeclared.first() {
        None => Ok(()),
        Some(document) => Err(StartError::other(
            format!("{} reads the document {document}", kit.name),
            "it is not among the standards of the service",
        )),
    }
}

/// The regions to be followed, each with the name of the source. None where the service has no documents.
fn followed(kit: &Kit) -> Result<Vec<(String, Peer, Region)>, StartError> {
    if kit.book().snapshot().documents().is_empty() {
        return Ok(Vec::new());
    }
    let regions = kit.common.standard.regions.iter();
    regions
        .map(|(region, endpoints)| {
            let peer = kit.other_region(*region, endpoints)?;
            Ok((format!("{}@{region}", kit.name), peer, *region))
        })
        .collect()
}

/// What every service does unasked.
fn spawn_upkeep(kit: &Kit, name: &impl Fn(&str) -> String) {
    let Kit {
        db,
        clock,
        common,
        lifecycle: life,
        ..
    } = kit;
    life.spawn(
        name("feed"),
        unfailing(feed::run(db.clone(), common.feed.clone(), life.draining())),
    );
    let (pruned, now, kept) = (db.clone(), clock.clone(), common.feed.retention());
    life.spawn(
        name("feed retention"),
        life.every(PRUNE_FEED_EVERY, None, move || {
            let (pruned, now) = (pruned.clone(), now.clone());
            async move { feed::prune(&pruned, &now, kept).await.map(drop) }
        }),
    );
    let (pruned, now, kept) = (db.clone(), clock.clone(), common.database.request_retention());
    life.spawn(
        name("request retention"),
        life.every(PRUNE_REQUESTS_EVERY, None, move || {
            let (pruned, now) = (pruned.clone(), now.clone());
            async move { idempotency::prune(&pruned, &now, kept).await.map(drop) }
        }),
    );
    life.spawn(name("gauges"), gauges::observe(kit.name, db, life));
    if !kit.book().snapshot().documents().is_empty() {
        kit.book().heard().observe(kit.name, clock.clone());
        let keeping = kit.book().clone().keep(common.feed.poll_interval());
        let stop = life.draining();
        life.spawn(
            name("standard"),
            unfailing(async move { stop.run_until_cancelled(keeping).await.unwrap_or(()) }),
        );
    }
}

async fn unfailing(task: impl Future<Output = ()>) -> Result<(), Infallible> {
    task.await;
    Ok(())
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
