//! Asks a provider of number intelligence what it knows of a telephone number: a web hook of the operator's provider, or of a small
//! program before it.
//!
//! `POST` of JSON, `{"number": "+41790001122"}`, with the secret as a bearer token. The answer, 200:
//! `{"line": "mobile", "ported_at": "2026-02-03T10:00:00Z", "sim_swapped_at": null}`. `line` is `voip` or `premium` where it is that,
//! and anything else is an ordinary line; what is not known is null or missing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use prost::bytes::Bytes;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::domain::risk::number::Line;
use crate::settings::CheckedHook;
use crate::store::risk::known::NumberReport;

/// The longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 16 * 1024;

/// Asks what is known of numbers. Clones share its connections.
#[derive(Clone)]
pub struct Numbers(Arc<Inner>);

struct Inner {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    authorization: Option<HeaderValue>,
    timeout: Duration,
}

/// Why nothing was learned. Says what kind of answer came and not what it said, since that may quote numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumbersError {
    /// The provider did not answer, or not with 200.
    #[error("the provider did not answer: {status}")]
    Status {
        /// The status of its answer; 0 where there was none.
        status: u16,
    },
    /// The answer cannot be read.
    #[error("the provider's answer cannot be read")]
    Unreadable,
    /// The provider took too long.
    #[error("the provider took too long")]
    TimedOut,
}

#[derive(Serialize)]
struct Asked<'a> {
    number: &'a str,
}

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    line: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    ported_at: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    sim_swapped_at: Option<OffsetDateTime>,
}

impl Numbers {
    /// A provider at the address that the settings name. Connects when it is first asked.
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

    /// What is known of a telephone number, E.164, at `now`.
    ///
    /// # Errors
    ///
    /// [`NumbersError`].
    pub async fn ask(&self, number: &str, now: OffsetDateTime) -> Result<NumberReport, NumbersError> {
        tokio::time::timeout(self.0.timeout, self.asked(number, now))
            .await
            .map_err(|_| NumbersError::TimedOut)?
    }

    async fn asked(&self, number: &str, now: OffsetDateTime) -> Result<NumberReport, NumbersError> {
        let body = serde_json::to_vec(&Asked { number }).map_err(|_| NumbersError::Unreadable)?;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.0.url.clone())
            .header(CONTENT_TYPE, "application/json");
        if let Some(authorization) = &self.0.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request
            .body(Full::from(body))
            .map_err(|_| NumbersError::Status { status: 0 })?;
        let answer = self.0.client.request(request).await;
        let answer = answer.map_err(|_| NumbersError::Status { status: 0 })?;
        let status = answer.status().as_u16();
        if status != 200 {
            return Err(NumbersError::Status { status });
        }
        let body = Limited::new(answer.into_body(), ANSWER_LIMIT).collect().await;
        let body = body.map_err(|_| NumbersError::Unreadable)?.to_bytes();
        read(&body, now)
    }
}

/// Reads an answer. What would lie in the future is as if it were now: a provider's clock is its own.
fn read(body: &[u8], now: OffsetDateTime) -> Result<NumberReport, NumbersError> {
    let told: Told = serde_json::from_slice(body).map_err(|_| NumbersError::Unreadable)?;
    let past = |at: Option<OffsetDateTime>| at.map(|at| at.min(now));
    Ok(NumberReport {
        line: told.line.as_deref().and_then(Line::from_name),
        ported_at: past(told.ported_at),
        sim_swapped_at: past(told.sim_swapped_at),
        asked_at: Some(now),
    })
}

impl fmt::Debug for Numbers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Numbers(..)")
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    #[test]
    fn what_is_not_known_is_not_told() {
        let blank = NumberReport {
            asked_at: Some(NOW),
            ..NumberReport::default()
        };
        for body in [&b"{}"[..], br#"{"line": "mobile", "ported_at": null, "more": 1}"#] {
            assert_eq!(read(body, NOW), Ok(blank));
        }
        let told =
            br#"{"line": "voip", "ported_at": "2026-02-03T10:00:00Z", "sim_swapped_at": "2031-01-01T00:00:00+02:00"}"#;
        let expected = NumberReport {
            line: Some(Line::Voip),
            ported_at: Some(datetime!(2026-02-03 10:00 UTC)),
            sim_swapped_at: Some(NOW),
            asked_at: Some(NOW),
        };
        assert_eq!(read(told, NOW), Ok(expected));
        for body in [&b""[..], b"1", br#"{"ported_at": "yesterday"}"#] {
            assert_eq!(read(body, NOW), Err(NumbersError::Unreadable));
        }
    }
}
