//! Regions.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A region (cell) of the deployment: two letters, `eu`, `jp`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region([u8; 2]);

/// Not two lower-case ASCII letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a region is two lower-case letters")]
pub struct InvalidRegion;

impl Region {
    pub(super) const FIRST: Self = Self(*b"aa");

    /// The ten bits that stand for it in an id.
    pub(super) fn bits(self) -> u16 {
        let [first, second] = self.0.map(|letter| u16::from(letter - b'a'));
        first << 5 | second
    }

    /// The region that ten bits of an id stand for; none where one of them is no letter.
    pub(super) fn from_bits(bits: u16) -> Option<Self> {
        let letter = |value: u16| {
            u8::try_from(value)
                .ok()
                .filter(|value| *value < 26)
                .map(|value| value + b'a')
        };
        Some(Self([letter(bits >> 5)?, letter(bits & 0x1f)?]))
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // ASCII letters, by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl FromStr for Region {
    type Err = InvalidRegion;

    fn from_str(text: &str) -> Result<Self, InvalidRegion> {
        match text.as_bytes() {
            [first @ b'a'..=b'z', second @ b'a'..=b'z'] => Ok(Self([*first, *second])),
            _ => Err(InvalidRegion),
        }
    }
}

impl TryFrom<String> for Region {
    type Error = InvalidRegion;

    fn try_from(text: String) -> Result<Self, InvalidRegion> {
        text.parse()
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.as_str().to_owned()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

impl fmt::Debug for Region {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}
