//! Whether a decision that was stored can be made again, bit for bit.
//!
//! A decision is sealed when it is made: its answer is written as JSON, field by field in the order of their declaration, and
//! digested. Made again from the facts and the question that were stored with it, by the versions of the standard that it
//! names, it must have the same digest.

use sha2::{Digest as _, Sha256};

use super::coverage::Decision;

/// The number of the engine: of [`decide`](super::coverage::decide), and of how a [`Decision`] is written. A change by which a
/// decision on the same facts would read otherwise gives it the next number; a test holds a decision to its digest, so that
/// none is missed. 0 is what decided before there were numbers; 1 added days and months to what a law gives repair by repair,
/// 2 all days before all months.
pub const ENGINE: i16 = 2;

/// The length of most answers as JSON, in bytes.
const LENGTH: usize = 6 * 1024;

/// By what a decision is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// The number of the engine that made it.
    pub engine: i16,
    /// SHA-256 of its answer; none of those that were made before it was kept.
    pub digest: Option<[u8; 32]>,
}

/// What became of making a decision again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reproduction {
    /// It is the same, bit for bit; its digest.
    Same([u8; 32]),
    /// It is not the same, although this engine made it; the digest that it has now.
    Different([u8; 32]),
    /// It is not the same: an earlier engine made it; the digest that it has now.
    EarlierEngine([u8; 32]),
    /// The rules that it names cannot be had.
    RulesUnknown,
    /// It was made before decisions were stored with all they were made from.
    NotRecorded,
}

/// Writes a decision and seals it.
///
/// # Errors
///
/// Where it holds a day that cannot be written.
pub fn seal(decision: &Decision) -> Result<(String, Seal), serde_json::Error> {
    let mut answer = Vec::with_capacity(LENGTH);
    serde_json::to_writer(&mut answer, decision)?;
    let answer = String::from_utf8(answer).map_err(serde::ser::Error::custom)?;
    let seal = Seal {
        engine: ENGINE,
        digest: Some(Sha256::digest(&answer).into()),
    };
    Ok((answer, seal))
}

/// Holds a decision that was made again against the seal of the one that was stored; none where it could not be made again.
#[must_use]
pub fn compare(stored: Seal, again: Option<&Decision>) -> Reproduction {
    let Some(digest) = stored.digest else {
        return Reproduction::NotRecorded;
    };
    match again.and_then(|decision| seal(decision).ok()?.1.digest) {
        None => Reproduction::RulesUnknown,
        Some(now) if now == digest => Reproduction::Same(now),
        Some(now) if stored.engine == ENGINE => Reproduction::Different(now),
        Some(now) => Reproduction::EarlierEngine(now),
    }
}

#[cfg(test)]
mod tests;
