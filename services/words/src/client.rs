//! The words of localisation, held by whoever shows them.
//!
//! A [`Words`] follows localisation's stream of catalogues and holds what has come. A message is written out from memory
//! in microseconds, and nobody waits for words: before the first catalogues have come there are none, and whoever asks
//! goes without. What was published meets readers within a second. Cut off, it goes on with the catalogues it has, and
//! asks for what it has missed once localisation is back.

mod held;

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rand::RngExt as _;
use support_chassis::client::Peer;
use support_proto::support::localisation::v1::delivery_service_client::DeliveryServiceClient;
use support_proto::support::localisation::v1::{RenderedText, WatchCataloguesRequest};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use self::held::{Held, Malformed};
use crate::catalogue::{Arguments, CompileError};
use crate::snapshot::Snapshot;
use crate::{metrics, wire};

/// The pause after a stream ended; doubled with each that brought nothing.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A source that is silent for so long is gone, whatever the connection says: it speaks every fifteen seconds.
const LONGEST_SILENCE: Duration = Duration::from_mins(1);
/// So many endings in a row without a message are worth a line in the log.
const WORTH_A_WARNING: u32 = 5;

/// The words of localisation, held in memory. Clones share them.
#[derive(Clone)]
pub struct Words(Arc<Shared>);

struct Shared {
    localisation: Peer,
    key_prefixes: Vec<String>,
    current: RwLock<Option<Arc<Snapshot>>>,
    /// Counts the sets that were taken over.
    taken: watch::Sender<u64>,
}

/// Why there are no words for a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoWords {
    /// No catalogues have come yet.
    #[error("no catalogues have come yet")]
    NoCatalogues,
    /// No locale has the message.
    #[error("no locale has the message")]
    NoMessage,
}

/// Why a stream ended.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error("source ended the stream: {0}")]
    Status(#[from] Box<Status>),
    #[error("source went silent")]
    Silent,
    #[error("source closed the stream")]
    Closed,
    #[error("source sent what cannot be taken: {0}")]
    Malformed(#[from] Malformed),
    #[error("catalogues could not be compiled: {0}")]
    Compile(#[from] CompileError),
    #[error("compiling was cut off")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}

impl Words {
    /// The words of `localisation` whose keys begin with one of `key_prefixes`; all, where there is none. Asked for in the
    /// caller's own name, since no word depends on who asks. [`Words::keep`] brings them.
    #[must_use]
    pub fn new(localisation: &Peer, key_prefixes: &[&str]) -> Self {
        Self(Arc::new(Shared {
            localisation: localisation.own(),
            key_prefixes: key_prefixes.iter().map(|prefix| (*prefix).to_owned()).collect(),
            current: RwLock::new(None),
            taken: watch::Sender::new(0),
        }))
    }

    /// Follows localisation until `stop`. Never fails: it comes back to whatever broke off.
    pub fn keep(&self, stop: CancellationToken) -> impl Future<Output = Result<(), Infallible>> + Send + use<> {
        let words = self.clone();
        async move {
            stop.run_until_cancelled(words.follow()).await;
            Ok(())
        }
    }

    /// What is held; none before the first catalogues have come.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes the message `key` out for who reads `languages`, best first, and counts what is missing or wrong in it.
    ///
    /// # Errors
    ///
    /// Where there are no words, which is counted as well.
    pub fn text(&self, key: &str, languages: &[String], arguments: &Arguments) -> Result<RenderedText, NoWords> {
        let Some(current) = self.current() else {
            metrics::wordless("catalogues");
            return Err(NoWords::NoCatalogues);
        };
        wire::text(&current, key, languages, arguments).ok_or_else(|| {
            metrics::wordless("message");
            NoWords::NoMessage
        })
    }

    /// The same, with the key in braces where no locale has the message; none where no catalogues have come yet.
    #[must_use]
    pub fn text_or_key(&self, key: &str, languages: &[String], arguments: &Arguments) -> Option<RenderedText> {
        let Some(current) = self.current() else {
            metrics::wordless("catalogues");
            return None;
        };
        Some(wire::text_or_key(&current, key, languages, arguments))
    }

    /// Waits until the first catalogues have come. For whoever has nothing else to do: a start-up, a test.
    pub async fn arrived(&self) {
        // The sender lives as long as `self`.
        let _ = self.0.taken.subscribe().wait_for(|taken| *taken > 0).await;
    }

    async fn follow(&self) -> Infallible {
        let mut held = Held::default();
        let mut pause = FIRST_PAUSE;
        let mut fruitless = 0_u32;
        loop {
            let mut messages = 0_u64;
            let Err(ended) = self.session(&mut held, &mut messages).await;
            if messages > 0 {
                (pause, fruitless) = (FIRST_PAUSE, 0);
            } else {
                fruitless = fruitless.saturating_add(1);
            }
            match &ended {
                Ended::Malformed(_) | Ended::Compile(_) | Ended::Interrupted(_) => {
                    tracing::error!(%ended, "catalogues are not taken over, asking again");
                    // What cannot be taken now will hardly be in a moment.
                    pause = pause.max(Duration::from_secs(1));
                }
                _ if fruitless == WORTH_A_WARNING => {
                    tracing::warn!(%ended, "catalogues do not arrive, going on with what is held");
                }
                _ => tracing::debug!(%ended, "asking for catalogues again"),
            }
            let jittered = pause.mul_f64(rand::rng().random_range(0.5..1.0));
            pause = (pause * 2).min(LONGEST_PAUSE);
            tokio::time::sleep(jittered).await;
        }
    }

    /// One stream, to its end.
    async fn session(&self, held: &mut Held, messages: &mut u64) -> Result<Infallible, Ended> {
        held.begin();
        let request = WatchCataloguesRequest {
            held: held.told(),
            locales: Vec::new(),
            key_prefixes: self.0.key_prefixes.clone(),
        };
        let mut client = DeliveryServiceClient::new(self.0.localisation.clone());
        let mut stream = tokio::time::timeout(LONGEST_SILENCE, client.watch_catalogues(request))
            .await
            .map_err(|_| Ended::Silent)??
            .into_inner();
        loop {
            let message = tokio::time::timeout(LONGEST_SILENCE, stream.message())
                .await
                .map_err(|_| Ended::Silent)??
                .ok_or(Ended::Closed)?;
            *messages += 1;
            let news = !(message.changes.is_empty() && message.locales.is_empty());
            let is_current = message.is_current;
            held.take(message)?;
            if is_current && (news || held.is_unsettled()) {
                self.settle(held).await?;
            }
        }
    }

    /// Takes over what has come.
    async fn settle(&self, held: &mut Held) -> Result<(), Ended> {
        let mut working = std::mem::take(held);
        // Thousands of messages are milliseconds of work, which no call should wait for.
        let (working, settled) = tokio::task::spawn_blocking(move || {
            let settled = working.settle();
            (working, settled)
        })
        .await?;
        *held = working;
        if let Some(snapshot) = settled? {
            *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(snapshot));
            self.0.taken.send_modify(|taken| *taken += 1);
        }
        Ok(())
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Words")
            .field("localisation", &self.0.localisation)
            .field("key_prefixes", &self.0.key_prefixes)
            .finish_non_exhaustive()
    }
}
