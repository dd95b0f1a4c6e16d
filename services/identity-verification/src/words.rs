//! The words that messages go out with. They come from localisation's catalogues, which are held in memory; where there are
//! none, a code goes without, and a notification waits.

use std::convert::Infallible;
use std::fmt;

use support_chassis::client::Peer;
use support_proto::support::localisation::v1::{Direction, RenderedText};
use support_words::catalogue::{Arguments, Value};
use support_words::client::{self, NoWords};
use tokio_util::sync::CancellationToken;

use crate::domain::code::Code;

/// The key of the subject line.
pub const SUBJECT_KEY: &str = "verification.code.subject";
/// The key of the text.
pub const BODY_KEY: &str = "verification.code.body";
/// The beginnings of all that is held: codes, and what the rules of notifications may name.
pub const KEY_PREFIXES: &[&str] = &["verification.", "notice.", "case.", "repair.state.", "plan.name."];
/// What is asked for where nobody is known to read anything else.
const DEFAULT_LANGUAGE: &str = "en";
/// The tag of text in no language (BCP 47).
pub const NO_LANGUAGE: &str = "und";

/// A message. Prints nothing of itself: there is a code in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// The subject line: one line.
    pub subject: String,
    /// The text.
    pub body: String,
    /// The text as HTML, where it has that.
    pub html: Option<String>,
    /// The language, BCP 47; [`NO_LANGUAGE`] where there are no words.
    pub language: String,
    /// Whether it is read from the right.
    pub is_right_to_left: bool,
    /// Where the words came from; none where there are none.
    pub origin: Option<Origin>,
}

/// The catalogues that a message came from: with [`SUBJECT_KEY`] and [`BODY_KEY`], what localisation finds its words by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// That of the subject line.
    pub subject: CatalogueVersion,
    /// That of the text.
    pub body: CatalogueVersion,
}

/// A locale's catalogue at a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueVersion {
    /// The locale, BCP 47.
    pub locale: String,
    /// The version.
    pub version: i64,
}

impl CatalogueVersion {
    /// Of both, where both are known.
    pub(crate) fn of(locale: Option<String>, version: Option<i64>) -> Option<Self> {
        let (locale, version) = locale.zip(version)?;
        Some(Self { locale, version })
    }
}

impl From<&RenderedText> for CatalogueVersion {
    fn from(text: &RenderedText) -> Self {
        Self {
            locale: text.locale.clone(),
            version: text.version,
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Text")
            .field("language", &self.language)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

/// Where words come from.
#[derive(Debug, Clone)]
pub struct Words {
    held: client::Words,
    product_name: String,
}

impl Words {
    /// Words of `localisation`, or else only the name of the product.
    #[must_use]
    pub fn new(localisation: &Peer, product_name: impl Into<String>) -> Self {
        Self {
            held: client::Words::new(localisation, KEY_PREFIXES),
            product_name: product_name.into(),
        }
    }

    /// Keeps the words as localisation has them, until `stop`.
    pub fn keep(&self, stop: CancellationToken) -> impl Future<Output = Result<(), Infallible>> + Send + use<> {
        self.held.keep(stop)
    }

    /// Waits until the first words have come. They are on their way when the service starts.
    pub async fn arrived(&self) {
        self.held.arrived().await;
    }

    /// A message of the catalogues, in the best of `languages` that there is.
    ///
    /// # Errors
    ///
    /// Where no catalogues have come yet, or they have no such message.
    pub fn text(&self, key: &str, languages: &[String], arguments: &Arguments) -> Result<RenderedText, NoWords> {
        let default = [DEFAULT_LANGUAGE.to_owned()];
        let languages = if languages.is_empty() { &default } else { languages };
        self.held.text(key, languages, arguments)
    }

    /// The name of the maker's support.
    #[must_use]
    pub fn product_name(&self) -> &str {
        &self.product_name
    }

    /// The message that carries `code`, which works for `minutes` more, in the best of `languages` that there is.
    ///
    /// # Errors
    ///
    /// Where no catalogues have come yet, or they have no such message.
    pub fn render(&self, code: &Code, minutes: u32, languages: &[String]) -> Result<Text, NoWords> {
        let arguments = Arguments::from([
            ("code".to_owned(), Value::Text(code.digits().to_owned())),
            ("minutes".to_owned(), Value::Number(minutes.into())),
        ]);
        let subject = self.text(SUBJECT_KEY, languages, &arguments)?;
        let body = self.text(BODY_KEY, languages, &arguments)?;
        Ok(Text {
            origin: Some(Origin {
                subject: CatalogueVersion::from(&subject),
                body: CatalogueVersion::from(&body),
            }),
            subject: one_line(&subject.text),
            is_right_to_left: body.direction() == Direction::RightToLeft,
            body: body.text,
            html: None,
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
            html: None,
            language: NO_LANGUAGE.to_owned(),
            is_right_to_left: false,
            origin: None,
        }
    }
}

/// A header is one line; a catalogue is written by people.
pub(crate) fn one_line(text: &str) -> String {
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
