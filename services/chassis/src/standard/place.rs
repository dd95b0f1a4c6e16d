//! Where rules hold.

use std::fmt;
use std::str::FromStr;

/// A place that rules can be made for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Everywhere.
    Global,
    /// A group of countries, by its name: `eea`.
    Group(String),
    /// A country, by its code of ISO 3166-1 alpha-2: `DE`.
    Country(String),
    /// A site, by its name: `cork-1`.
    Site(String),
}

/// Not a place: `global`, `group/<name>`, `country/<code>`, `site/<name>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a place is global, group/<name>, country/<two capital letters> or site/<name>")]
pub struct InvalidPlace;

impl Place {
    /// A group of countries.
    #[must_use]
    pub fn group(name: impl Into<String>) -> Self {
        Self::Group(name.into())
    }

    /// A country.
    #[must_use]
    pub fn country(code: impl Into<String>) -> Self {
        Self::Country(code.into())
    }

    /// A site.
    #[must_use]
    pub fn site(name: impl Into<String>) -> Self {
        Self::Site(name.into())
    }
}

impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        match text.split_once('/') {
            None if text == "global" => Ok(Self::Global),
            Some(("group", name)) if is_name(name) => Ok(Self::group(name)),
            Some(("country", code)) if code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => {
                Ok(Self::country(code))
            }
            Some(("site", name)) if is_name(name) => Ok(Self::site(name)),
            _ => Err(InvalidPlace),
        }
    }
}

fn is_name(text: &str) -> bool {
    text.len() <= 40
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Global => formatter.write_str("global"),
            Self::Group(name) => write!(formatter, "group/{name}"),
            Self::Country(code) => write!(formatter, "country/{code}"),
            Self::Site(name) => write!(formatter, "site/{name}"),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_each() {
        for text in ["global", "group/eea", "country/DE", "site/cork-1"] {
            assert_eq!(
                text.parse::<Place>().map(|place| place.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "",
            "Global",
            "global/x",
            "country/de",
            "country/DEU",
            "site/",
            "site/-a",
            "group/EEA",
            "DE",
        ] {
            assert_eq!(text.parse::<Place>(), Err(InvalidPlace), "{text}");
        }
    }
}
