//! The words that a code goes out with. They come from localisation; where it gives none, the code goes without.

use std::fmt;

use support_chassis::client::Peer;
use support_chassis::error::{PeerError, from_peer};
use support_proto::support::localisation::v1::message_service_client::MessageServiceClient;
use support_proto::support::localisation::v1::{Argument, RenderMessageRequest, RenderMessageResponse};

use crate::domain::code::Code;

/// The key of the subject line.
pub const SUBJECT_KEY: &str = "verification.code.subject";
/// The key of the text.
pub const BODY_KEY: &str = "verification.code.body";
/// What is asked for where nobody is known to read anything else.
const DEFAULT_LANGUAGE: &str = "en";
/// The most languages that localisation takes.
const LANGUAGES_LIMIT: usize = 20;
/// The tag of text in no language (BCP 47).
pub const NO_LANGUAGE: &str = "und";

/// A message. Prints nothing of itself: there is a code in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The subject line: one line.
    pub subject: String,
    /// The text.
    pub body: String,
    /// The language, BCP 47; [`NO_LANGUAGE`] where there are no words.
    pub language: String,
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Text")
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

/// Where words come from.
#[derive(Debug, Clone)]
pub struct Words {
    localisation: Peer,
    product_name: String,
}

impl Words {
    /// Words of `localisation`, or else only the name of the product.
    #[must_use]
    pub fn new(localisation: &Peer, product_name: impl Into<String>) -> Self {
        Self {
            localisation: localisation.own(),
            product_name: product_name.into(),
        }
    }

    /// The message that carries `code`, which works for `minutes` more, in the best of `languages` that there is.
    ///
    /// # Errors
    ///
    /// Where localisation does not answer, or has no such message.
    pub async fn render(&self, code: &Code, minutes: u32, languages: &[String]) -> Result<Text, PeerError> {
        let (subject, body) = tokio::try_join!(
            self.message(SUBJECT_KEY, code, minutes, languages),
            self.message(BODY_KEY, code, minutes, languages),
        )?;
        Ok(Text {
            subject: one_line(&subject.text),
            body: body.text,
            language: body.locale,
        })
    }

    /// A message without words.
    #[must_use]
    pub fn wordless(&self, code: &Code) -> Text {
        let product = &self.product_name;
        Text {
            subject: one_line(product),
            body: format!("{product}: {}\n", code.digits()),
            language: NO_LANGUAGE.to_owned(),
        }
    }

    async fn message(
        &self,
        key: &str,
        code: &Code,
        minutes: u32,
        languages: &[String],
    ) -> Result<RenderMessageResponse, PeerError> {
        let mut languages: Vec<String> = languages.iter().take(LANGUAGES_LIMIT).cloned().collect();
        if languages.is_empty() {
            languages.push(DEFAULT_LANGUAGE.to_owned());
        }
        let argument = |name: &str| Argument {
            name: name.to_owned(),
            ..Argument::default()
        };
        let request = RenderMessageRequest {
            key: key.to_owned(),
            languages,
            arguments: vec![
                Argument {
                    text: Some(code.digits().to_owned()),
                    ..argument("code")
                },
                Argument {
                    number: Some(minutes.into()),
                    ..argument("minutes")
                },
            ],
            ..RenderMessageRequest::default()
        };
        MessageServiceClient::new(self.localisation.clone())
            .render_message(request)
            .await
            .map(tonic::Response::into_inner)
            .map_err(|status| from_peer("localisation", status))
    }
}

/// A header is one line; a catalogue is written by people.
fn one_line(text: &str) -> String {
    text.split(char::is_control)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line() {
        assert_eq!(
            one_line("Your code\r\nBcc: everybody@example.com\n"),
            "Your code Bcc: everybody@example.com"
        );
    }
}
