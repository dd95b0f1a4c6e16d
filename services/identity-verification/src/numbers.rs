//! Asks a provider of number intelligence what it knows of a telephone number: a web hook of the operator's provider, or of a small
//! program before it.
//!
//! `POST` of JSON, `{"number": "+41790001122"}`, with the secret as a bearer token. The answer, 200:
//! `{"line": "mobile", "ported_at": "2026-02-03T10:00:00Z", "sim_swapped_at": null}`. `line` is `voip` or `premium` where it is that,
//! and anything else is an ordinary line; what is not known is null or missing.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::domain::risk::number::Line;
use crate::hook::{Hook, HookError};
use crate::store::risk::known::NumberReport;

/// Asks what is known of numbers. Clones share its connections.
#[derive(Debug, Clone)]
pub struct Numbers(Hook);

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

#[derive(Debug, Deserialize)]
struct Told {
    #[serde(default)]
    line: Option<String>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    ported_at: Option<OffsetDateTime>,
    #[serde(default, with = "time::serde::rfc3339::option")]
    sim_swapped_at: Option<OffsetDateTime>,
}

impl Numbers {
    /// A provider behind this hook.
    #[must_use]
    pub fn new(hook: Hook) -> Self {
        Self(hook)
    }

    /// What is known of a telephone number, E.164, at `now`.
    ///
    /// # Errors
    ///
    /// [`NumbersError`].
    pub async fn ask(&self, number: &str, now: OffsetDateTime) -> Result<NumberReport, NumbersError> {
        let answer = self.0.post(&Asked { number }, None).await?;
        match answer.status {
            200 => Ok(read(&answer.json().await?, now)),
            status => Err(NumbersError::Status { status }),
        }
    }
}

impl From<HookError> for NumbersError {
    fn from(error: HookError) -> Self {
        match error {
            HookError::NoAnswer => Self::Status { status: 0 },
            HookError::TimedOut => Self::TimedOut,
            HookError::Unwritable | HookError::Unreadable => Self::Unreadable,
        }
    }
}

/// What an answer says. What would lie in the future is as if it were now: a provider's clock is its own.
fn read(told: &Told, now: OffsetDateTime) -> NumberReport {
    let past = |at: Option<OffsetDateTime>| at.map(|at| at.min(now));
    NumberReport {
        line: told.line.as_deref().and_then(Line::from_name),
        ported_at: past(told.ported_at),
        sim_swapped_at: past(told.sim_swapped_at),
        asked_at: Some(now),
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
        let of = |body: &[u8]| serde_json::from_slice(body).map(|told| read(&told, NOW)).ok();
        for body in [&b"{}"[..], br#"{"line": "mobile", "ported_at": null, "more": 1}"#] {
            assert_eq!(of(body), Some(blank));
        }
        let told =
            br#"{"line": "voip", "ported_at": "2026-02-03T10:00:00Z", "sim_swapped_at": "2031-01-01T00:00:00+02:00"}"#;
        let expected = NumberReport {
            line: Some(Line::Voip),
            ported_at: Some(datetime!(2026-02-03 10:00 UTC)),
            sim_swapped_at: Some(NOW),
            asked_at: Some(NOW),
        };
        assert_eq!(of(told), Some(expected));
        for body in [&b""[..], b"1", br#"{"ported_at": "yesterday"}"#] {
            assert_eq!(of(body), None);
        }
    }
}
