//! The settings that every service has.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::id::Region;

/// What every service is told, whatever its job.
#[derive(Debug, Clone)]
pub struct Common {
    /// The region this process serves.
    pub region: Region,
    /// What is at stake here.
    pub environment: Environment,
    /// Where to listen; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// The service's database.
    pub database: DatabaseSettings,
    /// How much the server takes on.
    pub server: ServerSettings,
    /// Who this service is and whom it believes.
    pub passport: PassportSettings,
    /// What personal data are sealed by.
    pub vault: VaultSettings,
    /// Where the other services are, by name (`identity-verification`): their endpoints, tried for the least busy.
    pub peers: Peers,
    /// Logs, traces and metrics.
    pub telemetry: TelemetrySettings,
    /// The event feed.
    pub feed: FeedSettings,
    /// The standard, and the regions it comes from.
    pub standard: StandardSettings,
}

/// What is at stake: some checks are stricter in production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// A developer's machine or a test.
    Development,
    /// Real people's concerns.
    Production,
}

impl Environment {
    /// As it is written in settings and in `deployment.environment.name`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
        }
    }
}

/// A service's database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseSettings {
    /// `postgres://role:password@host:port/database`.
    pub url: SecretString,
    /// The most connections the pool opens, at least 2.
    pub max_connections: u32,
    /// How long a call waits for a connection before it answers `UNAVAILABLE`, in milliseconds.
    pub acquire_timeout_ms: u64,
    /// The longest a statement may run, in milliseconds.
    pub statement_timeout_ms: u64,
    /// The longest a statement waits for a lock, in milliseconds.
    pub lock_timeout_ms: u64,
    /// The longest a transaction may sit idle before the server ends it, in milliseconds. It bounds how long a stuck
    /// transaction can hold back the feed.
    pub idle_in_transaction_timeout_ms: u64,
    /// For how many days the answer to a request id is kept.
    pub request_retention_days: u32,
}

impl DatabaseSettings {
    /// How long a call waits for a connection.
    #[must_use]
    pub fn acquire_timeout(&self) -> Duration {
        Duration::from_millis(self.acquire_timeout_ms)
    }

    /// The longest a statement may run.
    #[must_use]
    pub fn statement_timeout(&self) -> Duration {
        Duration::from_millis(self.statement_timeout_ms)
    }

    /// The longest a statement waits for a lock.
    #[must_use]
    pub fn lock_timeout(&self) -> Duration {
        Duration::from_millis(self.lock_timeout_ms)
    }

    /// The longest a transaction may sit idle.
    #[must_use]
    pub fn idle_in_transaction_timeout(&self) -> Duration {
        Duration::from_millis(self.idle_in_transaction_timeout_ms)
    }

    /// How long the answer to a request id is kept.
    #[must_use]
    pub fn request_retention(&self) -> Duration {
        days(self.request_retention_days)
    }
}

/// How much the server takes on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerSettings {
    /// Calls at work at the same time; one more is answered `RESOURCE_EXHAUSTED` at once.
    pub max_in_flight: usize,
    /// Streams open at the same time; they mostly wait, so there may be many.
    pub max_streams: usize,
    /// How long calls in flight may take to finish once the process is told to stop, in seconds.
    pub drain_seconds: u64,
    /// Whether the server describes its methods to whoever asks (gRPC server reflection).
    pub reflection: bool,
}

impl ServerSettings {
    /// How long calls in flight may take to finish at the end.
    #[must_use]
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds)
    }
}

/// Who this service is and whom it believes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassportSettings {
    /// The name in the passports this service signs; empty for the service's own name.
    pub issuer: String,
    /// The Ed25519 key to sign with: base64 of the 32-byte seed, or PKCS#8 PEM. Empty for none.
    pub signing_key: SecretString,
    /// A file that holds the same, for secrets that are mounted; empty for none.
    pub signing_key_file: PathBuf,
    /// How long a passport lives, in seconds.
    pub lifetime_seconds: u64,
    /// The signers whose passports are believed.
    pub trust: Vec<TrustSettings>,
}

impl PassportSettings {
    /// How long a passport lives.
    #[must_use]
    pub fn lifetime(&self) -> Duration {
        Duration::from_secs(self.lifetime_seconds)
    }
}

/// What personal data are sealed by, in services that hold any. A key ring is a line for each key: its name and base64 of 32
/// random bytes; the first is the one in use.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaultSettings {
    /// The keys that wrap the data keys of customers. Empty for none.
    pub keys: SecretString,
    /// A file that holds the same, for secrets that are mounted; empty for none.
    pub keys_file: PathBuf,
    /// The keys that look-ups are hashed by; other ones. Empty for none.
    pub lookup_keys: SecretString,
    /// A file that holds the same; empty for none.
    pub lookup_keys_file: PathBuf,
}

/// A signer whose passports are believed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct TrustSettings {
    /// Its name: `gateway`, or a service's.
    pub issuer: String,
    /// For whom it may speak.
    pub role: TrustRole,
    /// Its Ed25519 public key: base64 of the 32 bytes, or SPKI PEM.
    pub public_key: String,
}

/// For whom a signer may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TrustRole {
    /// For any caller: it authenticated them.
    Gateway,
    /// For itself alone.
    Service,
    /// For itself alone, as the same service in another region: it may follow the events that are kept, and do nothing else.
    Region,
}

/// Where the other services are, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Peers(BTreeMap<String, Vec<String>>);

impl Peers {
    /// The endpoints of a service; none where it is not configured.
    #[must_use]
    pub fn endpoints(&self, service: &str) -> Option<&[String]> {
        self.0.get(service).map(Vec::as_slice)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.0
            .iter()
            .map(|(name, endpoints)| (name.as_str(), endpoints.as_slice()))
    }
}

impl<'de> Deserialize<'de> for Peers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Endpoints {
            One(String),
            Many(Vec<String>),
        }
        let map = BTreeMap::<String, Endpoints>::deserialize(deserializer)?;
        Ok(Self(
            map.into_iter()
                .map(|(name, endpoints)| {
                    let endpoints = match endpoints {
                        // An environment variable is most easily written as a plain list with commas.
                        Endpoints::One(list) => list
                            .split(',')
                            .map(str::trim)
                            .filter(|url| !url.is_empty())
                            .map(str::to_owned)
                            .collect(),
                        Endpoints::Many(list) => list,
                    };
                    // The environment has no hyphens.
                    (name.replace('_', "-"), endpoints)
                })
                .collect(),
        ))
    }
}

/// Logs, traces and metrics.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelemetrySettings {
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged, as `RUST_LOG` would say it, which wins; empty for our own lines from info on and others' warnings.
    pub log_filter: String,
    /// The OTLP/gRPC collector that traces, metrics and logs go to; empty for none.
    pub otlp_endpoint: String,
    /// The share of traces kept, 0 to 1, where the caller has not decided.
    pub sample_ratio: f64,
    /// How often metrics are sent, in seconds.
    pub metric_interval_seconds: u64,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line, for collectors.
    Json,
    /// For people.
    Text,
}

/// The event feed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedSettings {
    /// For how many days events are kept at least; longer where a registered consumer has not read them.
    pub retention_days: u32,
    /// How often the outbox is looked at when nobody wakes the feed, in milliseconds.
    pub poll_interval_ms: u64,
    /// The longest silence on a subscription, in seconds.
    pub heartbeat_seconds: u64,
}

impl FeedSettings {
    /// How long events are kept at least.
    #[must_use]
    pub fn retention(&self) -> Duration {
        days(self.retention_days)
    }

    /// How often the outbox is looked at when nobody wakes the feed.
    #[must_use]
    pub fn poll_interval(&self) -> Duration {
        Duration::from_millis(self.poll_interval_ms)
    }

    /// The longest silence on a subscription.
    #[must_use]
    pub fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.heartbeat_seconds)
    }
}

/// The standard, and the regions it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardSettings {
    /// The region that holds the authority as long as it was never moved. The same in every region, and never changed.
    pub authority: Region,
    /// The regions that are followed, each with the endpoints of the same service there, tried for the least busy.
    pub regions: BTreeMap<Region, Vec<String>>,
}

/// The same, as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenStandard {
    authority: String,
    regions: Peers,
}

impl WrittenStandard {
    /// Reads it for a process in `region`, which has a standard or, like the gateway, none: what is said for all processes of
    /// a region need not make sense there.
    ///
    /// # Errors
    ///
    /// All faults at once, each with its path.
    pub(super) fn parse(&self, region: Region, has_standard: bool) -> Result<StandardSettings, Vec<(String, String)>> {
        let mut faults = Vec::new();
        let mut regions = BTreeMap::new();
        for (name, endpoints) in self.regions.iter() {
            match name.parse::<Region>() {
                Ok(other) if other == region => {
                    faults.push((name, "is this region itself".to_owned()));
                }
                Ok(other) => {
                    regions.insert(other, endpoints.to_owned());
                }
                Err(error) => faults.push((name, format!("is no region: {error}"))),
            }
            if endpoints.is_empty() || !endpoints.iter().all(|endpoint| is_http(endpoint)) {
                faults.push((name, "is no list of http or https urls".to_owned()));
            }
        }
        let mut faults: Vec<_> = faults
            .into_iter()
            .map(|(name, what)| (format!("standard.regions.{name}"), what))
            .collect();
        let mut wrong = |what: &str| faults.push(("standard.authority".to_owned(), what.to_owned()));
        let authority = match self.authority.parse::<Region>() {
            Ok(authority) => {
                if has_standard && authority != region && !regions.contains_key(&authority) {
                    wrong("is neither this region nor one in standard.regions");
                }
                authority
            }
            Err(_) if self.authority.is_empty() => {
                if !self.regions.is_empty() {
                    wrong("is not set; where other regions are followed, all must be told the same one");
                }
                region
            }
            Err(_) => {
                wrong("is no region: two lower-case letters, for example eu");
                region
            }
        };
        if faults.is_empty() {
            Ok(StandardSettings { authority, regions })
        } else {
            Err(faults)
        }
    }
}

pub(super) fn is_http(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn days(count: u32) -> Duration {
    Duration::from_secs(u64::from(count) * 86_400)
}
