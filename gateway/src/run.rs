//! Starts the gateway.

use std::any::Any;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http::Response;
use support_chassis::client::{Account, EndpointError, Peer};
use support_chassis::clock::Clock;
use support_chassis::keyset::Fetcher;
use support_chassis::lifecycle::{Fault, Lifecycle};
use support_chassis::server::accept::{Protocols, Speaks, accept};
use support_chassis::server::tls::{Tls, TlsError};
use support_chassis::server::{AroundLayer, CatchPanic, Deadlines, Metrics, Shed, ShedLimits, Stack, Trace, Typed};
use support_chassis::settings::{Common, Environment, Settings, SettingsError};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::service::Routes as TonicRoutes;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::HealthService;
use tower::ServiceBuilder;
use tower::util::BoxCloneSyncService;
use tower_http::catch_panic::CatchPanicLayer;

use crate::admit::Admit;
use crate::bodies::Bodies;
use crate::credentials::{ASK_EVERY, Credentials, KeySetError, Keys, Revoked};
use crate::front::{Front, cors};
use crate::health::Health;
use crate::named::ContractError;
use crate::pass::Pass;
use crate::routes::{Routes, SERVICES};
use crate::settings::{DEFAULTS, DEVELOPMENT_ISSUER, GatewaySettings, NAME, TlsSettings, setting_docs};
use crate::split::Split;
use crate::words::Words;

/// What tasks get beyond the time that calls have to finish.
const DRAIN_MARGIN: Duration = Duration::from_secs(3);
/// How often the keys of identity-verification are renewed unasked.
const KEYS_EVERY: Duration = Duration::from_mins(5);
/// How often they are asked for while there are none.
const NO_KEYS_EVERY: Duration = Duration::from_secs(1);

/// The gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The settings are wrong; all faults are named.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A setting is missing that the gateway cannot do without.
    #[error("gateway: setting {path} {what}")]
    Setting {
        /// Its path.
        path: String,
        /// What is wrong.
        what: String,
    },
    /// The address of a service is none.
    #[error("gateway: setting peers.{service} is no address")]
    Endpoint {
        /// The service.
        service: &'static str,
        /// What is wrong with it.
        #[source]
        source: EndpointError,
    },
    /// An issuer's keys cannot be used.
    #[error("gateway: an issuer's keys cannot be used")]
    Keys(#[source] KeySetFault),
    /// TLS cannot be had as the settings want it.
    #[error("gateway: the settings under tls cannot be used")]
    Tls(#[from] TlsError),
    /// The port cannot be had.
    #[error("gateway: cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Methods of the contract cannot be passed on as they ask.
    #[error("gateway: the contract cannot be served")]
    Contract(#[from] ContractError),
    /// Reflection could not be built from the compiled contract.
    #[error("gateway: the contract cannot be described")]
    Reflection(#[source] tonic_reflection::server::Error),
}

/// Why an issuer's keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct KeySetFault(#[from] KeySetError);

impl StartError {
    /// 64 for wrong settings, 1 for everything else.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::Setting { .. } | Self::Endpoint { .. } | Self::Keys(_) | Self::Tls(_) => 64,
            Self::Listen { .. } | Self::Contract(_) | Self::Reflection(_) => 1,
        }
    }
}

/// A gateway that runs.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its life: draining it ends the gateway alone.
    pub lifecycle: Lifecycle,
    drain: Duration,
}

impl Running {
    /// Waits until the gateway has ended, because it was asked to or because it had to.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub async fn finished(self) -> Result<(), Fault> {
        self.lifecycle.finished(self.drain + DRAIN_MARGIN).await
    }
}

/// Starts the gateway: checks its settings, takes its port (`listener`, or the one that the settings name) and serves. It
/// needs no service to be up; calls to one that is not are answered UNAVAILABLE.
///
/// # Errors
///
/// Whatever of this failed. Nothing runs then.
pub async fn run(
    settings: &Settings,
    lifecycle: &Lifecycle,
    listener: Option<TcpListener>,
) -> Result<Running, StartError> {
    let resolved = settings.resolve(NAME, DEFAULTS, setting_docs());
    let common = resolved.check(false)?;
    let own_settings: GatewaySettings = resolved.section()?;
    let clock = Clock::system();
    let wrong = |(path, what): (String, String)| StartError::Setting { path, what };
    let signer = common
        .passport
        .signer(NAME)
        .map_err(wrong)?
        .map(Arc::new)
        .ok_or_else(|| StartError::Setting {
            path: "passport.signing_key".to_owned(),
            what: "is not set, and the gateway signs passports".to_owned(),
        })?;
    refuse_development(&own_settings, common.environment)?;
    let tls = tls(&own_settings.tls)?;
    let (listener, address) = listen(listener, common.listen).await?;
    let peers = connect(&common, &Account::new(Arc::clone(&signer), clock.clone()))?;
    let named = |wanted: &str| {
        peers
            .iter()
            .find(|(name, _, _)| *name == wanted)
            .map(|(_, _, peer)| peer.clone())
    };
    // Both stand in the list that `peers` was made from.
    let missing = |service: &str| StartError::Setting {
        path: format!("peers.{service}"),
        what: "is not set".into(),
    };
    let identity = named("identity-verification").ok_or_else(|| missing("identity-verification"))?;
    let localisation = named("localisation").ok_or_else(|| missing("localisation"))?;
    let keys = Arc::new(keys(&own_settings, common.environment, identity.clone())?);
    let revoked = Arc::new(Revoked::new(identity, clock.clone()));
    let credentials = Credentials::new(
        Arc::clone(&keys),
        Arc::clone(&revoked),
        signer,
        common.passport.lifetime(),
        clock,
        common.region,
    );
    let life = lifecycle.child();
    let health = Health::new(peers.iter().map(|(name, ..)| *name)).await;
    let routes = Arc::new(Routes::new(support_proto::descriptors(), peers.iter().cloned())?);
    let bodies = Bodies::new();
    let own = own_routes(&health, &routes, common.server.reflection)?;
    let admit = Admit::new(Arc::new(credentials), routes, bodies.clone());
    let words = Words::new(&localisation);
    let kept_words = words.keep(life.draining());
    let pass = Pass::behind(own_settings.trusted_proxies);
    let calls = stack(&common, (admit, pass), words.clone(), own, life.draining());
    let front = ServiceBuilder::new()
        .layer(CatchPanicLayer::custom(panicked))
        .layer(cors(&own_settings.allowed_origins))
        .service(Front::new(
            calls,
            health.clone(),
            words,
            bodies,
            own_settings.max_json_bytes,
            own_settings.tls.trust_client_cert_header,
        ));
    let front = BoxCloneSyncService::new(
        ServiceBuilder::new()
            .map_response(|response: Response<_>| response.map(Body::new))
            .service(front),
    );
    let drain = common.server.drain();

    life.spawn("gateway: words", kept_words);
    life.spawn("gateway: keys", renew_keys(keys, life.draining()));
    life.spawn("gateway: revoked grants", ask_revoked(revoked, life.draining()));
    let asked: Vec<_> = peers.into_iter().map(|(name, _, peer)| (name, peer)).collect();
    life.spawn(
        "gateway: health",
        ask_health(health, asked, own_settings.health_interval(), life.draining()),
    );
    let (draining, aborting) = (life.draining(), life.aborting());
    life.spawn("gateway: server", async move {
        let speaks = Speaks {
            protocols: Protocols::Http1And2,
            tls,
        };
        accept(listener, speaks, front, draining, aborting, drain).await;
        Ok::<_, Infallible>(())
    });
    tracing::info!(%address, "gateway serving");
    Ok(Running {
        address,
        lifecycle: life,
        drain,
    })
}

/// The layers that every call goes through, gRPC within, outermost first: as in the chassis' server, with words for errors
/// outside of everything that may refuse, and with admission where a service checks the passport.
fn stack(
    common: &Common,
    (admit, pass): (Admit, Pass),
    words: Words,
    own: TonicRoutes,
    draining: CancellationToken,
) -> Stack {
    let limits = ShedLimits {
        calls: common.server.max_in_flight,
        streams: common.server.max_streams,
    };
    let calls = ServiceBuilder::new().layer(AroundLayer(admit)).service(pass);
    let routes = Split {
        own: own.prepare(),
        calls,
    };
    BoxCloneSyncService::new(
        ServiceBuilder::new()
            .layer(AroundLayer(Trace))
            .layer(AroundLayer(Metrics::new()))
            .layer(AroundLayer(words))
            .layer(AroundLayer(Typed))
            .layer(AroundLayer(CatchPanic))
            .layer(AroundLayer(Shed::new(limits)))
            .layer(AroundLayer(Deadlines::new(draining)))
            .service(routes),
    )
}

/// What the gateway answers itself: health and, where wanted, reflection of the whole contract.
fn own_routes(health: &Health, routes: &Routes, reflection: bool) -> Result<TonicRoutes, StartError> {
    let served = routes.served();
    let mut routes = TonicRoutes::builder();
    routes.add_service(HealthServer::new(HealthService::from_health_reporter(
        health.reporter(),
    )));
    if reflection {
        let builder = || {
            let builder = tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(support_proto::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
                .with_service_name("grpc.health.v1.Health");
            served
                .iter()
                .fold(builder, |builder, name| builder.with_service_name(name.as_str()))
        };
        // Both versions: tools in the field still ask for the older one.
        routes.add_service(builder().build_v1().map_err(StartError::Reflection)?);
        routes.add_service(builder().build_v1alpha().map_err(StartError::Reflection)?);
    }
    Ok(routes.routes())
}

/// Every service with its package, connected when it is first called.
fn connect(common: &Common, account: &Account) -> Result<Vec<(&'static str, &'static str, Peer)>, StartError> {
    SERVICES
        .iter()
        .map(|(service, package)| {
            let endpoints = common.peers.endpoints(service).ok_or_else(|| StartError::Setting {
                path: format!("peers.{service}"),
                what: "is not set, and the gateway passes calls on to it".to_owned(),
            })?;
            let peer = Peer::connect(service, endpoints, account.clone())
                .map_err(|source| StartError::Endpoint { service, source })?;
            Ok((*service, *package, peer))
        })
        .collect()
}

/// The keys that tokens are checked with. Those that come in the clear are for trying things out.
fn keys(settings: &GatewaySettings, environment: Environment, identity: Peer) -> Result<Keys, StartError> {
    let fetcher = Fetcher::new(environment == Environment::Development);
    Keys::new(&settings.issuers, &settings.audience, identity, &fetcher)
        .map_err(|error| StartError::Keys(KeySetFault(error)))
}

/// Refuses, where it matters, whom a local system believes.
fn refuse_development(settings: &GatewaySettings, environment: Environment) -> Result<(), StartError> {
    if environment != Environment::Production {
        return Ok(());
    }
    match settings
        .issuers
        .iter()
        .position(|issuer| issuer.issuer == DEVELOPMENT_ISSUER)
    {
        None => Ok(()),
        Some(index) => Err(StartError::Setting {
            path: format!("gateway.issuers.{index}"),
            what: "is the issuer of a local system, which vouches for anyone: not in production".to_owned(),
        }),
    }
}

fn tls(settings: &TlsSettings) -> Result<Option<Tls>, StartError> {
    let given = |path: &Path| (path != Path::new("")).then(|| path.to_owned());
    let authorities = given(&settings.client_authorities_file);
    let wrong = |path: &str, what: &str| StartError::Setting {
        path: format!("gateway.tls.{path}"),
        what: what.to_owned(),
    };
    match (given(&settings.certificate_file), given(&settings.key_file)) {
        (None, None) if authorities.is_some() => Err(wrong(
            "client_authorities_file",
            "is set, and certificate_file is not: without TLS there are no client certificates",
        )),
        (None, None) => Ok(None),
        (Some(_), Some(_)) if settings.trust_client_cert_header => Err(wrong(
            "trust_client_cert_header",
            "is set beside certificate_file: who speaks TLS with the clients, the gateway or a proxy?",
        )),
        (Some(certificate), Some(key)) => Ok(Some(Tls::read(&certificate, &key, authorities.as_deref())?)),
        (None, Some(_)) => Err(wrong("certificate_file", "is not set, and key_file is")),
        (Some(_), None) => Err(wrong("key_file", "is not set, and certificate_file is")),
    }
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

async fn renew_keys(keys: Arc<Keys>, draining: CancellationToken) -> Result<(), Infallible> {
    let renewing = async {
        loop {
            tokio::join!(keys.fetch(), keys.fetch_issuers());
            let has_all = keys.complete() && keys.has_issuers();
            tokio::time::sleep(if has_all { KEYS_EVERY } else { NO_KEYS_EVERY }).await;
        }
    };
    draining.run_until_cancelled(renewing).await;
    Ok(())
}

async fn ask_revoked(revoked: Arc<Revoked>, draining: CancellationToken) -> Result<(), Infallible> {
    let asking = async {
        loop {
            tokio::join!(revoked.ask(), revoked.ask_suspended());
            tokio::time::sleep(ASK_EVERY).await;
        }
    };
    draining.run_until_cancelled(asking).await;
    Ok(())
}

async fn ask_health(
    health: Health,
    peers: Vec<(&'static str, Peer)>,
    every: Duration,
    draining: CancellationToken,
) -> Result<(), Infallible> {
    let asking = async {
        loop {
            health.ask(&peers).await;
            // Sooner while somebody is missing: at a start they come one by one.
            tokio::time::sleep(if health.complete() {
                every
            } else {
                every.min(Duration::from_millis(250))
            })
            .await;
        }
    };
    draining.run_until_cancelled(asking).await;
    health.stop().await;
    Ok(())
}

/// A panic outside of the calls' own stack, which has its own catcher.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    tracing::error!("a request made the gateway panic");
    crate::json::problem::problem(&support_chassis::error::internal_status())
}
