//! A system that runs, in this process, on a thread and a runtime of its own: tests have a runtime each and come and go.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use anyhow::Context as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use support::seed::{PartnerClient, REVIEWER, partner_clients, seed};
use support::session::{Caller, Patience, Session};
use support::world::{Issuer, World, WorldOptions};
use support_chassis::lifecycle::Lifecycle;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;

/// How long tokens for staff and operators are good.
const TOKENS: std::time::Duration = std::time::Duration::from_hours(1);

/// A system that runs.
#[derive(Debug)]
pub struct Town {
    /// Where callers connect.
    pub gateway_url: String,
    /// Who vouches for staff and operators.
    pub issuer: Issuer,
    /// The superuser's URL of its PostgreSQL.
    pub superuser_url: String,
    data_dir: PathBuf,
    lifecycle: Lifecycle,
    thread: Option<JoinHandle<()>>,
}

/// The town that all tests of this process share; it is filled like a new system, and ends with the process.
///
/// # Panics
///
/// Where it does not start.
pub fn shared() -> &'static Town {
    static SHARED: OnceLock<Town> = OnceLock::new();
    SHARED.get_or_init(|| Town::build("shared", ""))
}

impl Town {
    /// A town of a test's own, for what would disturb others or be disturbed. `overrides` are settings as TOML.
    ///
    /// # Panics
    ///
    /// Where it does not start.
    #[must_use]
    pub fn build(name: &str, overrides: &str) -> Self {
        keep_logs();
        let data_dir = places().join(format!("{}-{name}", std::process::id()));
        let (built, ready) = std::sync::mpsc::channel();
        let lifecycle = Lifecycle::new();
        let (life, dir, overrides) = (lifecycle.clone(), data_dir.clone(), overrides.to_owned());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
            let outcome = runtime.context("no runtime").map(|runtime| {
                runtime.block_on(async {
                    match Box::pin(start(&dir, life, overrides)).await {
                        Ok(world) => {
                            let seen = (world.gateway_url.clone(), world.issuer.clone(), world.superuser_url());
                            drop(built.send(Ok(seen)));
                            if let Err(fault) = world.finished().await {
                                tracing::error!(%fault, "the system did not end well");
                            }
                        }
                        Err(error) => drop(built.send(Err(error))),
                    }
                });
            });
            drop(outcome);
        });
        let (gateway_url, issuer, superuser_url) = match ready.recv() {
            Ok(Ok(town)) => town,
            Ok(Err(error)) => panic!("the system did not start: {error:#}"),
            Err(error) => panic!("the system did not start: {error}"),
        };
        Self {
            gateway_url,
            issuer,
            superuser_url,
            data_dir,
            lifecycle,
            thread: Some(thread),
        }
    }

    /// The folder of the keys of personal data.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.data_dir.join(support::world::KEYS)
    }

    /// A session with the gateway, that tells of a failure at once.
    ///
    /// # Panics
    ///
    /// Never: the address was given by the gateway.
    #[must_use]
    pub fn session(&self) -> Session {
        match Session::connect(self.gateway_url.clone()) {
            Ok(session) => session.with_patience(Patience::none()),
            Err(error) => panic!("{error}"),
        }
    }

    /// An operator.
    ///
    /// # Panics
    ///
    /// Never: tokens are fit for headers.
    #[must_use]
    pub fn operator(&self) -> Caller {
        match self.session().as_operator(&self.operator_token()) {
            Ok(caller) => caller,
            Err(error) => panic!("{error}"),
        }
    }

    /// A token of an operator.
    #[must_use]
    pub fn operator_token(&self) -> String {
        self.issuer.operator_token(TOKENS)
    }

    /// A token of the agent with this subject.
    #[must_use]
    pub fn agent_token(&self, subject: &str) -> String {
        self.issuer.agent_token(subject, TOKENS)
    }

    /// The credentials of a partner of the seed.
    ///
    /// # Panics
    ///
    /// Where there is no such partner.
    #[must_use]
    pub fn partner(&self, organisation: &str) -> PartnerClient {
        match partner_clients(&self.data_dir) {
            Ok(mut clients) => match clients.remove(organisation) {
                Some(client) => client,
                None => panic!("no partner {organisation}"),
            },
            Err(error) => panic!("{error:#}"),
        }
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.lifecycle.drain("the test is over");
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(
                ended.is_ok() || std::thread::panicking(),
                "the system panicked at its end"
            );
        }
        drop(std::fs::remove_dir_all(&self.data_dir));
    }
}

async fn start(data_dir: &Path, lifecycle: Lifecycle, overrides: String) -> anyhow::Result<World> {
    let options = WorldOptions {
        overrides,
        ..WorldOptions::throw_away(data_dir)
    };
    let world = World::start(options, lifecycle, |_| {}).await?;
    let tokens = (
        &*world.issuer.operator_token(TOKENS),
        &*world.issuer.operator_token_of(REVIEWER, TOKENS),
    );
    seed(&world.gateway_url, tokens, data_dir).await?;
    Ok(world)
}

/// Where towns keep their data. What processes that are gone left there is removed.
fn places() -> &'static Path {
    static PLACES: OnceLock<PathBuf> = OnceLock::new();
    PLACES.get_or_init(|| {
        let places = std::env::temp_dir().join("support-system-tests");
        forget_the_dead(&places);
        places
    })
}

/// Removes what processes that are gone left in a directory, by names that begin with the process's number.
pub(crate) fn forget_the_dead(places: &Path) {
    for entry in std::fs::read_dir(places).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name
            .to_str()
            .and_then(|name| name.split_once('-'))
            .map(|(process, _)| process.to_owned());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            drop(std::fs::remove_dir_all(entry.path()));
        }
    }
}

/// What was logged.
#[derive(Clone, Default)]
struct Logs(Arc<Mutex<Vec<u8>>>);

impl Write for Logs {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Logs {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn keep_logs() -> &'static Logs {
    static LOGS: OnceLock<Logs> = OnceLock::new();
    LOGS.get_or_init(|| {
        let logs = Logs::default();
        // All that our own code says, at its most talkative, and what the database client says of its statements.
        let filter = "debug,h2=info,hyper=info,hyper_util=info,tower=info,mio=info";
        // Traces are followed as with a collector; nobody collects them here.
        let tracer = SdkTracerProvider::builder().build().tracer("support-tests");
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        let subscriber = tracing_subscriber::registry()
            .with(EnvFilter::new(filter))
            .with(
                tracing_subscriber::fmt::layer()
                    .with_writer(logs.clone())
                    .with_ansi(false),
            )
            .with(tracing_opentelemetry::layer().with_tracer(tracer));
        // Whoever came first keeps it.
        drop(tracing::subscriber::set_global_default(subscriber));
        logs
    })
}

/// All that was logged in this process so far.
#[must_use]
pub fn logs() -> String {
    let logs = keep_logs().0.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&logs).into_owned()
}
