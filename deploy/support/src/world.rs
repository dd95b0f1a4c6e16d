//! The whole system in one process, beside a private PostgreSQL.
//!
//! Nothing is simplified for it: every service has its own port, database and role, they call each other over the network
//! with passports signed by their own keys, and all of it ends in order. What is different from production is where it
//! comes from: keys and passwords are made once and kept in the data directory, e-mails stay in the local outbox, and
//! staff and operators are vouched for by a development issuer whose key lies in the data directory too.

mod issuer;
mod ports;
pub(crate) mod private;
mod secrets;
mod settings;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use support_chassis::lifecycle::{Fault, Lifecycle};
use support_chassis::service::{self, Running};
use support_chassis::settings::Settings;
use support_postgres::{Consent, Options, Search, Server};
use tokio::net::TcpListener;

pub use issuer::{AGENT_SCOPES, Issuer, OPERATOR, OPERATOR_SCOPES, PARTNER_SCOPES};
pub use ports::Ports;
pub use secrets::Secrets;

use crate::keys::rings;
use crate::services::SERVICES;

/// The folder of the keys of personal data, in the data directory.
pub const KEYS: &str = "keys";
/// How long the services may take to find each other after they have started.
const READY_LIMIT: Duration = Duration::from_mins(1);
/// How long everything may take to end once it is asked to.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// How a world is to be.
#[derive(Debug, Clone)]
pub struct WorldOptions {
    /// Where its data live.
    pub data_dir: PathBuf,
    /// On which ports it listens.
    pub ports: Ports,
    /// Whether a crash of the machine must lose nothing. Tests do without.
    pub durable: bool,
    /// Whether PostgreSQL may be installed where there is none.
    pub install: Consent,
    /// Whether the data directory is removed at the end.
    pub throw_away: bool,
    /// Settings that win over those of the world, as TOML; empty for none.
    pub overrides: String,
}

impl WorldOptions {
    /// A world that stays: `support up`.
    #[must_use]
    pub fn persistent(data_dir: impl Into<PathBuf>, port_base: u16) -> Self {
        Self {
            data_dir: data_dir.into(),
            ports: Ports::from_base(port_base),
            durable: true,
            install: Consent::Given,
            throw_away: false,
            overrides: String::new(),
        }
    }

    /// A world for a test, on any free ports, gone at its end.
    #[must_use]
    pub fn throw_away(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            ports: Ports::any(),
            durable: false,
            install: Consent::Withheld,
            throw_away: true,
            overrides: String::new(),
        }
    }
}

/// A system that runs.
#[derive(Debug)]
pub struct World {
    /// Where callers connect.
    pub gateway_url: String,
    /// Where each service listens, by name.
    pub services: Vec<(&'static str, std::net::SocketAddr)>,
    /// Who vouches for staff and operators here.
    pub issuer: Issuer,
    /// Its life: draining it ends everything.
    pub lifecycle: Lifecycle,
    /// How to look into its PostgreSQL, as a line for the shell.
    pub psql_line: String,
    /// The version of its PostgreSQL.
    pub postgres_major: u32,
    running: Vec<Running>,
    gateway: support_gateway::Running,
    postgres: Option<Server>,
}

impl World {
    /// Starts everything and waits until every service serves. `progress` hears a line for each step.
    ///
    /// # Errors
    ///
    /// In words for people: what failed, and what to do where we know. Everything that was started is stopped again.
    pub async fn start(
        options: WorldOptions,
        lifecycle: Lifecycle,
        mut progress: impl FnMut(&str) + Send + 'static,
    ) -> anyhow::Result<Self> {
        // Before anything slow: a port that is taken should be known at once.
        let mut listeners = options.ports.bind().await?;
        let secrets = Secrets::load_or_make(&options.data_dir)?;
        let keys = options.data_dir.join(KEYS);
        rings::make(&keys)?;
        let (postgres, progress) = {
            let options = options.clone();
            tokio::task::spawn_blocking(move || {
                let server = start_postgres(&options, &mut progress);
                (server, progress)
            })
            .await?
        };
        let mut progress = progress;
        let postgres = postgres?;
        let mut urls = Vec::new();
        for service in SERVICES {
            let url = postgres
                .ensure_service_database(service.name, secrets.database_password(service.name))
                .await
                .with_context(|| format!("the database of {} could not be prepared", service.name))?;
            urls.push((service.name, url));
        }
        let issuer = secrets.issuer();
        let settings = settings::settings(&secrets, &issuer, &urls, &listeners, &keys, &options.overrides)?;
        progress("bringing the databases up to date");
        migrate(&settings).await?;

        progress("starting the services");
        let mut running = Vec::new();
        for service in SERVICES {
            let listener = take(&mut listeners, service.name)?;
            running.push(service::run(service, &settings, &lifecycle, Some(listener)).await?);
        }
        let listener = take(&mut listeners, support_gateway::NAME)?;
        let gateway = support_gateway::run(&settings, &lifecycle, Some(listener)).await?;
        let world = Self {
            gateway_url: format!("http://{}", gateway.address),
            services: running.iter().map(|running| (running.name, running.address)).collect(),
            issuer,
            lifecycle,
            psql_line: postgres.psql_line(),
            postgres_major: postgres.major(),
            running,
            gateway,
            postgres: Some(postgres),
        };
        world.wait_until_ready().await?;
        Ok(world)
    }

    /// The superuser's URL of its PostgreSQL, to look at what the services keep.
    #[must_use]
    pub fn superuser_url(&self) -> String {
        self.postgres.as_ref().map(Server::superuser_url).unwrap_or_default()
    }

    /// Waits until the gateway finds every service serving.
    async fn wait_until_ready(&self) -> anyhow::Result<()> {
        use tonic_health::pb::HealthCheckRequest;
        use tonic_health::pb::health_check_response::ServingStatus;
        use tonic_health::pb::health_client::HealthClient;

        let end = Instant::now() + READY_LIMIT;
        let channel = tonic::transport::Endpoint::from_shared(self.gateway_url.clone())?.connect_lazy();
        let mut health = HealthClient::new(channel);
        loop {
            let asked = health.check(HealthCheckRequest { service: String::new() }).await;
            if asked.is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving) {
                return Ok(());
            }
            if let Some(fault) = self.lifecycle.fault() {
                return Err(fault).context("a part of the system failed while it was starting");
            }
            if Instant::now() > end {
                bail!("the services did not all come up within {} s", READY_LIMIT.as_secs());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the system has ended, because it was asked to or because it had to, and stops PostgreSQL last.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn finished(mut self) -> Result<(), Fault> {
        let ending = async {
            // The gateway first, so that no call meets a service that is gone.
            let mut first = self.gateway.finished().await;
            for running in self.running {
                first = first.and(running.finished().await);
            }
            first
        };
        self.lifecycle.draining().cancelled().await;
        let ended = tokio::time::timeout(STOP_LIMIT, ending)
            .await
            .unwrap_or(Err(Fault::Aborted));
        if let Some(postgres) = self.postgres.take() {
            let stopped = tokio::task::spawn_blocking(move || postgres.stop()).await;
            if let Ok(Err(error)) = stopped {
                tracing::error!(error = &error as &dyn std::error::Error, "postgresql did not stop");
            }
        }
        ended
    }

    /// Asks everything to end, and waits for it.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn stop(self) -> Result<(), Fault> {
        self.lifecycle.drain("asked to stop");
        self.finished().await
    }
}

fn take(listeners: &mut Vec<(&'static str, TcpListener)>, name: &str) -> anyhow::Result<TcpListener> {
    let at = listeners
        .iter()
        .position(|(owner, _)| *owner == name)
        .context("every part has a port")?;
    Ok(listeners.swap_remove(at).1)
}

fn start_postgres(options: &WorldOptions, progress: &mut (impl FnMut(&str) + Send)) -> anyhow::Result<Server> {
    let mut say = |line: &str| progress(line);
    let binaries = support_postgres::ensure_installed(&Search::from_environment(), options.install, &mut say)?;
    progress(&format!(
        "starting postgresql {} from {}",
        binaries.major(),
        binaries.dir().display()
    ));
    let place = options.data_dir.join("postgres");
    let mut wanted = if options.throw_away {
        Options::throw_away(place)
    } else {
        Options::persistent(place, options.ports.postgres())
    };
    wanted.port = options.ports.postgres();
    wanted.durable = options.durable;
    wanted.binaries = Some(binaries);
    let server = Server::start(&wanted)?;
    if let Some(elsewhere) = server.relocated() {
        progress(&format!("postgresql keeps its files in {}", elsewhere.display()));
    }
    Ok(server)
}

/// Brings every database up to date, all at the same time.
async fn migrate(settings: &Settings) -> anyhow::Result<()> {
    let migrating = SERVICES.iter().map(|service| async move {
        service::migrate(service, settings)
            .await
            .with_context(|| format!("the database of {}", service.name))
    });
    futures_util::future::try_join_all(migrating).await.map(drop)
}

/// The data directory of `support up` as others find it: where its gateway listens, if one was ever started there.
///
/// # Errors
///
/// Where nothing was ever started there.
pub fn known_gateway(data_dir: &Path) -> anyhow::Result<String> {
    let file = data_dir.join("gateway.url");
    let url = std::fs::read_to_string(&file).with_context(|| {
        format!(
            "no system was started in {}: run `support up` first",
            data_dir.display()
        )
    })?;
    Ok(url.trim().to_owned())
}

/// Notes where the gateway of a data directory listens, for commands that look for it.
///
/// # Errors
///
/// Where the file cannot be written.
pub fn note_gateway(data_dir: &Path, url: &str) -> std::io::Result<()> {
    std::fs::write(data_dir.join("gateway.url"), format!("{url}\n"))
}
