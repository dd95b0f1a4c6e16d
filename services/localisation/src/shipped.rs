//! The texts that come with the software: one file a locale under `messages/`, made to be read and reviewed by people who
//! know the language.

use std::collections::BTreeMap;

use toml::Value;

/// The files by locale, the source first: a translation is checked against it.
const FILES: [(&str, &str); 12] = [
    ("en", include_str!("../messages/en.toml")),
    ("ar", include_str!("../messages/ar.toml")),
    ("de", include_str!("../messages/de.toml")),
    ("es", include_str!("../messages/es.toml")),
    ("fr", include_str!("../messages/fr.toml")),
    ("hi", include_str!("../messages/hi.toml")),
    ("ja", include_str!("../messages/ja.toml")),
    ("ko", include_str!("../messages/ko.toml")),
    ("pt-BR", include_str!("../messages/pt-BR.toml")),
    ("ru", include_str!("../messages/ru.toml")),
    ("zh-Hans", include_str!("../messages/zh-Hans.toml")),
    ("zh-Hant", include_str!("../messages/zh-Hant.toml")),
];

/// The texts of one locale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipped {
    /// The locale's tag.
    pub locale: &'static str,
    /// The patterns by key.
    pub messages: BTreeMap<String, String>,
}

/// A file of ours cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ShippedError {
    /// It is no TOML.
    #[error("the shipped messages of {locale} cannot be read")]
    Malformed {
        /// The locale.
        locale: &'static str,
        /// Why.
        #[source]
        source: toml::de::Error,
    },
    /// Something in it is neither a table nor a text.
    #[error("the shipped message {key} of {locale} is no text")]
    NoText {
        /// The locale.
        locale: &'static str,
        /// The message.
        key: String,
    },
}

/// The texts of all locales, the source first.
///
/// # Errors
///
/// Only by a fault of the files, which a test would have found.
pub fn shipped() -> Result<Vec<Shipped>, ShippedError> {
    FILES.iter().map(|(locale, file)| read(locale, file)).collect()
}

fn read(locale: &'static str, file: &str) -> Result<Shipped, ShippedError> {
    let table: toml::Table = toml::from_str(file).map_err(|source| ShippedError::Malformed { locale, source })?;
    let mut messages = BTreeMap::new();
    let mut open: Vec<(String, Value)> = table.into_iter().collect();
    while let Some((key, value)) = open.pop() {
        match value {
            // A text over several lines begins and ends with a line break that is no part of it.
            Value::String(pattern) => drop(messages.insert(key, pattern.trim().to_owned())),
            Value::Table(table) => open.extend(table.into_iter().map(|(name, value)| (format!("{key}.{name}"), value))),
            _ => return Err(ShippedError::NoText { locale, key }),
        }
    }
    Ok(Shipped { locale, messages })
}

#[cfg(test)]
mod tests;
