//! Errors in the caller's language.
//!
//! A caller who says which languages it reads (`accept-language`) gets a `google.rpc.LocalizedMessage` with every error:
//! a sentence that can be shown to a person. The sentences are localisation's, held here in memory. An error never waits
//! for words, and without words it is answered without.

use std::convert::Infallible;

use http::{HeaderMap, Request, Response, header};
use support_chassis::call::accept_language;
use support_chassis::client::Peer;
use support_chassis::error::{bound, explain, failed, read_status, write_status};
use support_chassis::server::{Around, Door, answer};
use support_words::catalogue::Arguments;
use support_words::client;
use support_words::wire::LOCALE_DEGRADED;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tonic_types::{ErrorDetails, StatusExt as _};

/// The beginning of the keys of errors.
const KEY_PREFIX: &str = "error.";

/// Gives errors words.
#[derive(Clone)]
pub(crate) struct Words {
    held: client::Words,
}

impl Words {
    pub(crate) fn new(localisation: &Peer) -> Self {
        Self {
            held: client::Words::new(localisation, &[KEY_PREFIX]),
        }
    }

    /// Keeps the sentences as localisation has them, until `stop`.
    pub(crate) fn keep(&self, stop: CancellationToken) -> impl Future<Output = Result<(), Infallible>> + Send + use<> {
        self.held.keep(stop)
    }

    /// The status with words in the language that the caller's headers ask for, where there are any.
    pub(crate) fn complete(&self, status: Status, headers: &HeaderMap) -> Status {
        let languages = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        match languages {
            Some(languages) if status.get_details_localized_message().is_none() => {
                self.told(&status, languages).unwrap_or(status)
            }
            _ => status,
        }
    }

    /// The status with words in the best of `languages`.
    fn told(&self, status: &Status, languages: &str) -> Option<Status> {
        let explained = explain(status);
        let key = key(&explained.domain, &explained.reason)?;
        let tags = tags(languages);
        if tags.is_empty() {
            return None;
        }
        let sentence = self.held.text(&key, &tags, &Arguments::new()).ok()?;
        // A sentence with a hole in it is none: nobody fills placeholders here.
        if sentence.degradations.iter().any(|missing| missing != LOCALE_DEGRADED) {
            return None;
        }
        let mut details: ErrorDetails = status.get_error_details();
        details.set_localized_message(sentence.locale, sentence.text);
        let told = Status::with_error_details_and_metadata(
            status.code(),
            status.message(),
            details,
            status.metadata().clone(),
        );
        Some(bound(told))
    }
}

/// The catalogue's key for a reason: `support.case.v1`, `CASE_ERROR_REASON_CASE_NOT_FOUND` has `error.case.case_not_found`.
fn key(domain: &str, reason: &str) -> Option<String> {
    let package = domain.strip_prefix("support.")?.strip_suffix(".v1")?;
    let (_, name) = reason.split_once("_ERROR_REASON_")?;
    let package = if package == "types" { "common" } else { package };
    Some(format!("error.{package}.{}", name.to_ascii_lowercase()))
}

/// The tags of an `accept-language` value, best first. Where none is a tag, the caller has said nothing, and is not told in
/// the default language.
fn tags(languages: &str) -> Vec<String> {
    let mut tags = accept_language(languages);
    tags.retain(|tag| {
        let mut parts = tag.split('-');
        let language = parts.next().unwrap_or_default();
        (2..=8).contains(&language.len())
            && language.bytes().all(|byte| byte.is_ascii_alphabetic())
            && parts.all(|part| (1..=8).contains(&part.len()))
    });
    tags
}

impl Around for Words {
    async fn around<S: Door>(self, request: Request<Body>, inner: S) -> Response<Body> {
        let languages = request
            .headers()
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned);
        let mut response = answer(inner, request).await;
        // Statuses in trailers, after messages were sent, are the end of a stream: a program reads those.
        if let Some(languages) = languages
            && failed(response.headers())
            && let Some(status) = read_status(response.headers())
            && let Some(told) = self.told(&status, &languages)
        {
            write_status(&told, response.headers_mut());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_the_reasons() {
        let found = |domain, reason| key(domain, reason).unwrap();
        assert_eq!(
            found("support.case.v1", "CASE_ERROR_REASON_CASE_NOT_FOUND"),
            "error.case.case_not_found"
        );
        assert_eq!(
            found("support.types.v1", "COMMON_ERROR_REASON_INTERNAL"),
            "error.common.internal"
        );
        assert_eq!(key("example.com", "X_ERROR_REASON_Y"), None);
        assert_eq!(key("support.case.v1", "nothing"), None);
    }

    #[test]
    fn only_tags_count() {
        assert_eq!(
            tags("de-AT;q=0.9, en, *;q=0.1, <x>, 12, e-, abcdefghi"),
            ["en", "de-AT"]
        );
    }
}
