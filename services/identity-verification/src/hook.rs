//! Posts JSON to web hooks: addresses that the operator has named, each with a secret that this service is known by there.
//!
//! One try, within a time, over connections that are kept. Redirections are not followed: the secret is for whoever the operator has
//! named. What is answered is read by whoever wants to, up to a bound.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use prost::bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::{Instant, timeout_at};

use crate::settings::CheckedHook;

/// By what a receiver knows a message that it has had before.
static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 16 * 1024;

/// A web hook. Clones share its connections.
#[derive(Clone)]
pub struct Hook(Arc<Inner>);

struct Inner {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    authorization: Option<HeaderValue>,
    timeout: Duration,
}

/// Why there is no answer. Says nothing of what was asked or answered, which may hold numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// What was to be posted cannot be written.
    #[error("the message cannot be written")]
    Unwritable,
    /// Nobody answered.
    #[error("no answer")]
    NoAnswer,
    /// It took too long.
    #[error("no answer in time")]
    TimedOut,
    /// What was answered broke off, is too long, or is not what was asked for.
    #[error("the answer cannot be read")]
    Unreadable,
}

/// An answer, of which the status has come.
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    body: hyper::body::Incoming,
    deadline: Instant,
}

impl Hook {
    /// A hook as the settings name it. Connects when it is first asked.
    #[must_use]
    pub fn new(checked: CheckedHook) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .build();
        Self(Arc::new(Inner {
            client: Client::builder(TokioExecutor::new()).build(connector),
            url: checked.url,
            authorization: checked.authorization,
            timeout: checked.timeout,
        }))
    }

    /// Posts a message, under a key where the receiver is to know it again.
    ///
    /// # Errors
    ///
    /// [`HookError`], but for [`HookError::Unreadable`].
    pub async fn post<T: Serialize>(&self, message: &T, key: Option<&str>) -> Result<Answer, HookError> {
        let deadline = Instant::now() + self.0.timeout;
        let body = serde_json::to_vec(message).map_err(|_| HookError::Unwritable)?;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.0.url.clone())
            .header(CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.0.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(key) = key {
            request = request.header(&IDEMPOTENCY_KEY, key);
        }
        let request = request.body(Full::from(body)).map_err(|_| HookError::Unwritable)?;
        match timeout_at(deadline, self.0.client.request(request)).await {
            Ok(Ok(answer)) => Ok(Answer {
                status: answer.status().as_u16(),
                body: answer.into_body(),
                deadline,
            }),
            Ok(Err(_)) => Err(HookError::NoAnswer),
            Err(_) => Err(HookError::TimedOut),
        }
    }
}

impl Answer {
    /// What was answered, within what is left of the time.
    ///
    /// # Errors
    ///
    /// [`HookError::Unreadable`], [`HookError::TimedOut`].
    pub async fn json<T: DeserializeOwned>(self) -> Result<T, HookError> {
        let body = timeout_at(self.deadline, Limited::new(self.body, ANSWER_LIMIT).collect())
            .await
            .map_err(|_| HookError::TimedOut)?
            .map_err(|_| HookError::Unreadable)?
            .to_bytes();
        serde_json::from_slice(&body).map_err(|_| HookError::Unreadable)
    }
}

impl fmt::Debug for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Hook(..)")
    }
}
