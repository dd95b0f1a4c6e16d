//! Countries.

use std::fmt;
use std::str::FromStr;

/// A country by its code of ISO 3166-1 alpha-2: `DE`. That there is such a country is not checked; the standard's
/// territories know which ones are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// Not two capital letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a country code of ISO 3166-1 alpha-2")]
pub struct InvalidCountry;

impl Country {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Country {
    type Err = InvalidCountry;

    fn from_str(code: &str) -> Result<Self, InvalidCountry> {
        match code.as_bytes() {
            [first, second] if first.is_ascii_uppercase() && second.is_ascii_uppercase() => Ok(Self([*first, *second])),
            _ => Err(InvalidCountry),
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_two_capital_letters() {
        assert_eq!(
            "DE".parse::<Country>().map(|country| country.to_string()),
            Ok("DE".to_owned())
        );
        for code in ["", "D", "de", "DEU", "Dé", "D1"] {
            assert_eq!(code.parse::<Country>(), Err(InvalidCountry), "{code}");
        }
    }
}
