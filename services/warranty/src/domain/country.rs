//! Countries.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A country by its code of ISO 3166-1 alpha-2.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

/// The officially assigned codes, and `XK`, which the standard leaves to its users and the Union uses for Kosovo.
///
/// A code that is none must not pass: a sale in `UK` or `EL` would silently lose the law of its country.
const CODES: &str = "\
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD \
CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF \
GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA \
NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI \
SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
VN VU WF WS XK YE YT ZA ZM ZW";

impl Country {
    /// The country with this code; none where no country has it.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let sought: [u8; 2] = code.as_bytes().try_into().ok()?;
        // Two letters and a space, in order: looked up for every row that is read.
        let (mut from, mut until) = (0, CODES.len() / 3 + 1);
        while from < until {
            let middle = usize::midpoint(from, until);
            match CODES.as_bytes()[3 * middle..3 * middle + 2].cmp(&sought) {
                Ordering::Equal => return Some(Self(sought)),
                Ordering::Less => from = middle + 1,
                Ordering::Greater => until = middle,
            }
        }
        None
    }

    /// All of them, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        CODES.split(' ').filter_map(Self::from_code)
    }

    /// The code, two upper-case letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // ASCII letters, by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Not the code of a country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the code of a country")]
pub struct UnknownCountry;

impl TryFrom<String> for Country {
    type Error = UnknownCountry;

    fn try_from(code: String) -> Result<Self, UnknownCountry> {
        Self::from_code(&code).ok_or(UnknownCountry)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.code().to_owned()
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_of_the_standard_are_countries() {
        assert_eq!(CODES.split(' ').count(), 250);
        assert!(CODES.split(' ').is_sorted());
        for code in ["DE", "GB", "GR", "US", "JP", "XK", "ZW"] {
            assert_eq!(
                Country::from_code(code)
                    .map(|country| country.code().to_owned())
                    .as_deref(),
                Some(code)
            );
        }
        assert!(CODES.split(' ').all(|code| Country::from_code(code).is_some()));
        for none in ["UK", "EL", "EU", "de", "D", "DEU", "", "D ", "ZZ"] {
            assert_eq!(Country::from_code(none), None, "{none}");
        }
    }
}
