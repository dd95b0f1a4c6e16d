//! Errors in the caller's language.
//!
//! A caller who says which languages it reads (`accept-language`) gets a `google.rpc.LocalizedMessage` with every error:
//! a sentence that can be shown to a person. The sentences are localisation's, held here and renewed in the background.
//! An error never waits for words beyond a moment, and without words it is answered without.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Request, Response, header};
use moka::future::Cache;
use support_chassis::call::accept_language;
use support_chassis::client::Peer;
use support_chassis::error::{bound, explain, failed, read_status, write_status};
use support_chassis::server::{Around, Door, answer};
use support_proto::support::localisation::v1::locale_service_client::LocaleServiceClient;
use support_proto::support::localisation::v1::message_service_client::MessageServiceClient;
use support_proto::support::localisation::v1::{GetCatalogueRequest, NegotiateLocaleRequest};
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;
use tonic_types::{ErrorDetails, StatusExt as _};

/// How long an error waits for words that are not at hand.
const PATIENCE: Duration = Duration::from_millis(300);
/// How long words are kept; what is published meets callers after this.
const KEPT: Duration = Duration::from_mins(1);

/// A locale's sentences for errors, by key.
struct Sentences {
    locale: String,
    by_key: HashMap<String, String>,
}

/// Gives errors words.
#[derive(Clone)]
pub(crate) struct Words {
    localisation: Peer,
    /// The locale for the tags of an `accept-language` value.
    chosen: Cache<String, Arc<str>>,
    sentences: Cache<Arc<str>, Arc<Sentences>>,
}

impl Words {
    pub(crate) fn new(localisation: &Peer) -> Self {
        Self {
            localisation: localisation.own(),
            chosen: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(Duration::from_hours(1))
                .build(),
            sentences: Cache::builder().max_capacity(1_000).time_to_live(KEPT).build(),
        }
    }

    /// The status with words in the language that the caller's headers ask for, where there are any.
    pub(crate) async fn complete(&self, status: Status, headers: &HeaderMap) -> Status {
        let languages = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok());
        match languages {
            Some(languages) if status.get_details_localized_message().is_none() => {
                self.told(&status, languages).await.unwrap_or(status)
            }
            _ => status,
        }
    }

    /// The status with words in the best of `languages`.
    async fn told(&self, status: &Status, languages: &str) -> Option<Status> {
        let explained = explain(status);
        let key = key(&explained.domain, &explained.reason)?;
        let sentences = tokio::time::timeout(PATIENCE, self.sentences(languages)).await.ok()??;
        let sentence = sentences.by_key.get(&key)?;
        let mut details: ErrorDetails = status.get_error_details();
        details.set_localized_message(sentences.locale.as_str(), sentence.as_str());
        let told = Status::with_error_details_and_metadata(
            status.code(),
            status.message(),
            details,
            status.metadata().clone(),
        );
        Some(bound(told))
    }

    async fn sentences(&self, languages: &str) -> Option<Arc<Sentences>> {
        let tags = tags(languages);
        if tags.is_empty() {
            return None;
        }
        // By the tags, not by the header as it is: that may be long, and would be kept.
        let languages = tags.join(",");
        let locale = if let Some(locale) = self.chosen.get(&languages).await {
            locale
        } else {
            let asked = NegotiateLocaleRequest { languages: tags };
            let peer = self.localisation.by(Instant::now() + PATIENCE);
            let found = LocaleServiceClient::new(peer)
                .negotiate_locale(asked)
                .await
                .ok()?
                .into_inner();
            let locale: Arc<str> = found.locale?.tag.into();
            self.chosen.insert(languages, Arc::clone(&locale)).await;
            locale
        };
        self.sentences
            .optionally_get_with(Arc::clone(&locale), self.fetch(Arc::clone(&locale)))
            .await
    }

    async fn fetch(&self, locale: Arc<str>) -> Option<Arc<Sentences>> {
        let peer = self.localisation.by(Instant::now() + PATIENCE);
        let asked = GetCatalogueRequest {
            locale: locale.to_string(),
        };
        let catalogue = MessageServiceClient::new(peer)
            .get_catalogue(asked)
            .await
            .ok()?
            .into_inner();
        let by_key = catalogue
            .messages
            .into_iter()
            // Sentences without placeholders or escapes are their own rendering; no error's sentence has any.
            .filter(|message| message.key.starts_with("error.") && !message.pattern.contains(['{', '\\']))
            .map(|message| (message.key, message.pattern))
            .collect();
        Some(Arc::new(Sentences {
            locale: locale.to_string(),
            by_key,
        }))
    }
}

/// The catalogue's key for a reason: `support.case.v1`, `CASE_ERROR_REASON_CASE_NOT_FOUND` has `error.case.case_not_found`.
fn key(domain: &str, reason: &str) -> Option<String> {
    let package = domain.strip_prefix("support.")?.strip_suffix(".v1")?;
    let (_, name) = reason.split_once("_ERROR_REASON_")?;
    let package = if package == "types" { "common" } else { package };
    Some(format!("error.{package}.{}", name.to_ascii_lowercase()))
}

/// The tags of an `accept-language` value, best first, as far as they can be asked for: one that is no tag would have the
/// whole question refused.
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
            && let Some(told) = self.told(&status, &languages).await
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
    fn only_tags_are_asked_for() {
        assert_eq!(
            tags("de-AT;q=0.9, en, *;q=0.1, <x>, 12, e-, abcdefghi"),
            ["en", "de-AT"]
        );
    }
}
