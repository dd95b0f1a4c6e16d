//! Fetches small JSON documents.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::rt::TokioExecutor;

use super::reach::{Guarded, Reach, is_refused};

/// The largest document, in bytes.
const SIZE_LIMIT: usize = 256 * 1024;
/// How long all of it may take.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// A document was not had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The address is none, or not encrypted where it must be.
    #[error("{0} is no address that can be asked")]
    Address(String),
    /// It leads inside, where only what the operator has named is asked.
    #[error("the address is not public")]
    NotPublic,
    /// Nobody answered, or what came broke off or was too large.
    #[error("no answer")]
    Connection,
    /// It took too long.
    #[error("no answer in time")]
    TimedOut,
    /// The answer is another than 200. Redirections are not followed: who could send them could send them anywhere.
    #[error("the answer was {0}")]
    Status(u16),
    /// What came is not what was asked for.
    #[error("the answer is not {0}")]
    Content(&'static str),
}

/// An address is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressRefused {
    /// It is none, or not encrypted where it must be.
    #[error("is no address of https")]
    NotHttps,
    /// It says by itself that it leads inside: an address of a private network, of the machine itself and the like.
    #[error("is no address that is public on the Internet")]
    NotPublic,
}

/// Fetches small JSON documents. Clones share its connections.
#[derive(Clone)]
pub struct Fetcher(Arc<Inner>);

/// A connection to somebody, where they may be reached.
type Connector = HttpsConnector<Guarded<HttpConnector<Guarded<GaiResolver>>>>;

struct Inner {
    client: Client<Connector, Empty<Bytes>>,
    plain: bool,
    reach: Reach,
}

impl Fetcher {
    /// Asks addresses that the operator has named, wherever they are: https alone, believing the authorities of the machine, or those
    /// that browsers believe where it has none; with `plain`, which is for development, http as well.
    #[must_use]
    pub fn new(plain: bool) -> Self {
        Self::reaching(Reach::Anywhere, plain)
    }

    /// The same for addresses that others have named: only those that are public on the Internet. That is looked at of the very
    /// addresses that are connected to, so that it does not matter what a name stood for when it was registered.
    #[must_use]
    pub fn for_public(plain: bool) -> Self {
        Self::reaching(Reach::PublicAlone, plain)
    }

    fn reaching(reach: Reach, plain: bool) -> Self {
        let builder = HttpsConnectorBuilder::new();
        let builder = match builder.with_native_roots() {
            Ok(builder) => builder,
            Err(_) => HttpsConnectorBuilder::new().with_webpki_roots(),
        };
        let mut connector = HttpConnector::new_with_resolver(Guarded::new(GaiResolver::new(), reach));
        connector.enforce_http(false);
        let connector = builder
            .https_or_http()
            .enable_http1()
            .wrap_connector(Guarded::new(connector, reach));
        Self(Arc::new(Inner {
            client: Client::builder(TokioExecutor::new()).build(connector),
            plain,
            reach,
        }))
    }

    /// Whether `url` may be asked at all.
    #[must_use]
    pub fn may_ask(&self, url: &str) -> bool {
        self.check(url).is_ok()
    }

    /// The same, and why not. What a name stands for is not looked at before it is asked.
    ///
    /// # Errors
    ///
    /// [`AddressRefused`].
    pub fn check(&self, url: &str) -> Result<(), AddressRefused> {
        self.address(url).ok_or(AddressRefused::NotHttps)?;
        if self.0.reach.refuses(url) {
            return Err(AddressRefused::NotPublic);
        }
        Ok(())
    }

    fn address(&self, url: &str) -> Option<Uri> {
        let uri: Uri = url.parse().ok()?;
        let is_good = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => self.0.plain,
            _ => false,
        };
        (is_good && uri.host().is_some()).then_some(uri)
    }

    /// The document at `url`.
    ///
    /// # Errors
    ///
    /// [`FetchError`].
    pub async fn text(&self, url: &str) -> Result<String, FetchError> {
        let uri = self.address(url).ok_or_else(|| FetchError::Address(url.to_owned()))?;
        let request = Request::builder()
            .method(Method::GET)
            .uri(uri)
            .header(ACCEPT, "application/json")
            .body(Empty::new())
            .map_err(|_| FetchError::Address(url.to_owned()))?;
        let fetching = async {
            let answer = self.0.client.request(request).await.map_err(|error| {
                if is_refused(&error) {
                    FetchError::NotPublic
                } else {
                    FetchError::Connection
                }
            })?;
            if answer.status() != StatusCode::OK {
                return Err(FetchError::Status(answer.status().as_u16()));
            }
            let body = Limited::new(answer.into_body(), SIZE_LIMIT)
                .collect()
                .await
                .map_err(|_| FetchError::Connection)?;
            String::from_utf8(body.to_bytes().into()).map_err(|_| FetchError::Content("text"))
        };
        tokio::time::timeout(TIME_LIMIT, fetching)
            .await
            .unwrap_or(Err(FetchError::TimedOut))
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Fetcher(..)")
    }
}
