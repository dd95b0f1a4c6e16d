//! Ids that say when they were made and where what they name lives.
//!
//! An [`Id`] is a UUID of version 7 (RFC 9562). Version 7 leaves twelve bits beside the milliseconds to the maker
//! (`rand_a`); the upper ten of them carry the region, five a letter, the other two and the last 62 are random. So an id
//! says where it lives even as the bare sixteen bytes of a `uuid` column, ids sort by time, and a table's primary key
//! grows at its end. Within a millisecond the order is by region, then by chance.
//!
//! ```text
//!  0                   1                   2                   3
//! |            unix time in milliseconds, upper 32 bits           |
//! |   milliseconds, lower 16     | ver=7 | letter1 | letter2 |rnd|
//! |var|                    random                                 |
//! |                        random                                 |
//! ```
//!
//! Outside the database an id is written as `<region>-<uuid>`, so that a gateway, a person or a log search need not
//! take it apart. The region is then there twice, and an id whose two regions differ is refused: it has been tampered
//! with.
//!
//! Each kind of id is a type of its own ([`id_type!`](crate::id_type)).

mod kind;
mod region;

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use time::OffsetDateTime;
use uuid::{Uuid, Variant};

use crate::clock::Clock;
use crate::error::Violation;

#[doc(hidden)]
pub use kind::reexport as __reexport;
pub use region::{InvalidRegion, Region};

/// The last millisecond that 48 bits hold.
const LAST_MILLISECOND: u64 = (1 << 48) - 1;

/// An id of no particular kind. Services use their own types, made by [`id_type!`](crate::id_type).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Uuid);

impl Id {
    /// An id made from its parts. Times outside 1970 to 10889 become the nearest that fits.
    #[must_use]
    pub fn from_parts(region: Region, at: OffsetDateTime, random: u64) -> Self {
        let milliseconds = at.unix_timestamp_nanos() / 1_000_000;
        let milliseconds = u64::try_from(milliseconds.max(0))
            .unwrap_or(LAST_MILLISECOND)
            .min(LAST_MILLISECOND);
        let random_a = u64::from(region.bits()) << 2 | random >> 62;
        let high = milliseconds << 16 | 0x7000 | random_a;
        let low = 1 << 63 | random & ((1 << 62) - 1);
        Self(Uuid::from_u64_pair(high, low))
    }

    /// The id that these bytes are.
    ///
    /// # Errors
    ///
    /// [`IdError`], where they are no UUID of version 7 with a region in it.
    pub fn from_uuid(uuid: Uuid) -> Result<Self, IdError> {
        if uuid.get_version_num() != 7 || uuid.get_variant() != Variant::RFC4122 {
            return Err(IdError::NotVersion7);
        }
        region_of(uuid).map(|_| Self(uuid)).ok_or(IdError::NoRegion)
    }

    /// The bare UUID, as a column of the database holds it.
    #[must_use]
    pub fn uuid(self) -> Uuid {
        self.0
    }

    /// Where what it names lives.
    #[must_use]
    pub fn region(self) -> Region {
        // No other `Id` can be made.
        region_of(self.0).unwrap_or(Region::FIRST)
    }

    /// When it was made, to the millisecond.
    #[must_use]
    pub fn made_at(self) -> OffsetDateTime {
        let milliseconds = self.0.as_u64_pair().0 >> 16;
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

fn region_of(uuid: Uuid) -> Option<Region> {
    Region::from_bits(u16::try_from(uuid.as_u64_pair().0 >> 2 & 0x3ff).ok()?)
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.region(), self.0.as_hyphenated())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let (region, uuid) = text.split_once('-').ok_or(IdError::Malformed)?;
        let region: Region = region.parse().map_err(|_| IdError::Malformed)?;
        // An id has one spelling: else two strings would name one thing, in caches and in logs.
        let is_canonical = uuid.len() == 36
            && uuid
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b'-'));
        let id = Self::from_uuid(
            Uuid::try_parse(uuid)
                .ok()
                .filter(|_| is_canonical)
                .ok_or(IdError::Malformed)?,
        )?;
        if id.region() == region {
            Ok(id)
        } else {
            Err(IdError::OtherRegion)
        }
    }
}

/// Why something is no id. No variant carries the value: it came from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not of the form `<region>-<uuid>`, lower case.
    #[error("is not an id of the form <region>-<uuid>")]
    Malformed,
    /// A UUID, of another version than 7.
    #[error("is not made from a version 7 uuid")]
    NotVersion7,
    /// A UUID of version 7 that says no region.
    #[error("says no region")]
    NoRegion,
    /// The region in front is not the one inside.
    #[error("names another region than the one it was made in")]
    OtherRegion,
}

/// Makes ids for what comes into being in one region. Clones share their source of chance.
#[derive(Clone, Debug)]
pub struct Ids {
    region: Region,
    clock: Clock,
    chance: Chance,
}

#[derive(Clone)]
enum Chance {
    System,
    Seeded(Arc<Mutex<StdRng>>),
}

impl fmt::Debug for Chance {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::System => "System",
            Self::Seeded(_) => "Seeded",
        })
    }
}

impl Ids {
    /// Ids with the operating system's randomness.
    #[must_use]
    pub fn new(region: Region, clock: Clock) -> Self {
        Self {
            region,
            clock,
            chance: Chance::System,
        }
    }

    /// Ids that are the same in every run with the same seed and clock. For tests and simulations.
    #[must_use]
    pub fn seeded(region: Region, clock: Clock, seed: u64) -> Self {
        Self {
            region,
            clock,
            chance: Chance::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))),
        }
    }

    /// The next id.
    #[must_use]
    pub fn next<T: From<Id>>(&self) -> T {
        let random = match &self.chance {
            Chance::System => rand::random(),
            Chance::Seeded(generator) => generator.lock().unwrap_or_else(PoisonError::into_inner).next_u64(),
        };
        Id::from_parts(self.region, self.clock.now(), random).into()
    }

    /// The region they are made in.
    #[must_use]
    pub fn region(&self) -> Region {
        self.region
    }
}

/// Reads the id in a field of a request.
///
/// # Errors
///
/// A violation of `field` that says what is wrong, without the value.
pub fn parse<T: From<Id>>(field: &str, value: &str) -> Result<T, Violation> {
    value
        .parse::<Id>()
        .map(T::from)
        .map_err(|error| Violation::new(field, error.to_string()))
}

/// Reads the id in a field of a request that may be left empty.
///
/// # Errors
///
/// A violation of `field`, where it is neither empty nor an id.
pub fn parse_optional<T: From<Id>>(field: &str, value: &str) -> Result<Option<T>, Violation> {
    if value.is_empty() {
        Ok(None)
    } else {
        parse(field, value).map(Some)
    }
}

#[cfg(test)]
mod tests;
