//! A localisation of a test's own: it delivers the catalogues that the test gives it, and breaks when it is told to.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use support_chassis::passport::PASSPORT_HEADER;
use support_proto::support::localisation::v1::delivery_service_server::{DeliveryService, DeliveryServiceServer};
use support_proto::support::localisation::v1::{
    CatalogueChange, DeliveredMessage, Direction, Locale, RecallMessageRequest, RecallMessageResponse,
    WatchCataloguesRequest, WatchCataloguesResponse,
};
use support_words::digest;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// A localisation of a test's own. Clones are the same.
#[derive(Debug, Clone)]
pub struct Localisation(Arc<watch::Sender<State>>);

#[derive(Debug, Clone, Default)]
struct State {
    /// The messages of each locale; its version is how often it was published to.
    catalogues: BTreeMap<String, (i64, BTreeMap<String, String>)>,
    fails: bool,
    hangs: bool,
    asked: Vec<WatchCataloguesRequest>,
}

impl Localisation {
    /// With these locales, without a message. English is the default, whether it is named or not.
    #[must_use]
    pub fn new(locales: &[&str]) -> Self {
        let catalogues = locales.iter().chain(&["en"]);
        let catalogues = catalogues
            .map(|tag| ((*tag).to_owned(), (0, BTreeMap::new())))
            .collect();
        Self(Arc::new(watch::Sender::new(State {
            catalogues,
            ..State::default()
        })))
    }

    /// Serves it on a port of its own.
    pub async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(self.server())
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        address
    }

    /// The gRPC service, for a server of the test's own.
    #[must_use]
    pub fn server(&self) -> DeliveryServiceServer<Self> {
        DeliveryServiceServer::new(self.clone())
    }

    /// Publishes messages of a locale, beside those that it has.
    pub fn publish<K: Into<String>, P: Into<String>>(&self, locale: &str, messages: impl IntoIterator<Item = (K, P)>) {
        self.0.send_modify(|state| {
            let (version, patterns) = state.catalogues.get_mut(locale).expect("a locale there is");
            *version += 1;
            patterns.extend(messages.into_iter().map(|(key, pattern)| (key.into(), pattern.into())));
        });
    }

    /// Whether it breaks off all streams and refuses new ones.
    pub fn fail(&self, fails: bool) {
        self.0.send_modify(|state| state.fails = fails);
    }

    /// Whether it takes calls and never answers them.
    pub fn hang(&self, hangs: bool) {
        self.0.send_modify(|state| state.hangs = hangs);
    }

    /// What it was asked for so far.
    #[must_use]
    pub fn asked(&self) -> Vec<WatchCataloguesRequest> {
        self.0.borrow().asked.clone()
    }
}

impl State {
    /// All there is, in place of whatever is held.
    fn whole(&self, key_prefixes: &[String]) -> WatchCataloguesResponse {
        let wanted = |key: &str| key_prefixes.is_empty() || key_prefixes.iter().any(|prefix| key.starts_with(prefix));
        let change = |(tag, (version, patterns)): (&String, &(i64, BTreeMap<String, String>))| {
            let patterns = patterns.iter().filter(|(key, _)| wanted(key));
            CatalogueChange {
                locale: tag.clone(),
                version: *version,
                replaces_all: true,
                digest: digest(patterns.clone().map(|(key, pattern)| (key.as_str(), pattern.as_str()))),
                messages: patterns
                    .map(|(key, pattern)| DeliveredMessage {
                        key: key.clone(),
                        pattern: pattern.clone(),
                    })
                    .collect(),
                removed_keys: Vec::new(),
            }
        };
        let locale = |tag: &String| Locale {
            tag: tag.clone(),
            direction: if tag == "ar" {
                Direction::RightToLeft.into()
            } else {
                Direction::LeftToRight.into()
            },
            ..Locale::default()
        };
        WatchCataloguesResponse {
            locales: self.catalogues.keys().map(locale).collect(),
            default_locale: "en".to_owned(),
            changes: self
                .catalogues
                .iter()
                .filter(|(_, (version, _))| *version > 0)
                .map(change)
                .collect(),
            is_current: true,
        }
    }
}

#[tonic::async_trait]
impl DeliveryService for Localisation {
    type WatchCataloguesStream = BoxStream<'static, Result<WatchCataloguesResponse, Status>>;

    async fn watch_catalogues(
        &self,
        request: Request<WatchCataloguesRequest>,
    ) -> Result<Response<Self::WatchCataloguesStream>, Status> {
        let has_passport = request.metadata().contains_key(PASSPORT_HEADER);
        assert!(has_passport, "a service calls in its own name");
        let request = request.into_inner();
        let mut states = self.0.subscribe();
        self.0.send_modify(|state| state.asked.push(request.clone()));
        if states.wait_for(|state| !state.hangs).await.is_err() || states.borrow_and_update().fails {
            return Err(Status::unavailable("on fire"));
        }
        states.mark_changed();
        let messages = stream::unfold(Some((states, request.key_prefixes)), |watched| async {
            let (mut states, key_prefixes) = watched?;
            states.changed().await.ok()?;
            let state = states.borrow_and_update().clone();
            if state.fails {
                return Some((Err(Status::unavailable("on fire")), None));
            }
            Some((Ok(state.whole(&key_prefixes)), Some((states, key_prefixes))))
        });
        Ok(Response::new(messages.boxed()))
    }

    async fn recall_message(
        &self,
        _: Request<RecallMessageRequest>,
    ) -> Result<Response<RecallMessageResponse>, Status> {
        Err(Status::unimplemented("not played here"))
    }
}
