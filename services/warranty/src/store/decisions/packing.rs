//! How what a decision holds is packed: by zstd with a dictionary of what decisions are made of.
//!
//! Decisions are very much alike: the rules of a country, their sources and keys stand in each of them, word for word. A
//! dictionary that knows them leaves some hundred bytes of four thousand, which fit into a row, need no further compression, and
//! are a tenth of what the database's journal has to take. What is unpacked is what was packed, byte for byte, so that the
//! seal of a decision holds for it as before.
//!
//! A dictionary stands beside the code under its number, and the number stands in the row. It is never changed: what was
//! packed with it could not be read any more. A better one (`cargo run --release --example pack_dictionary` makes one of
//! the terms that are shipped) gets the next number and packs from then on; the others unpack what they have packed. Terms that
//! it does not know are packed as well, only less tightly.

use std::cell::RefCell;
use std::io;
use std::sync::LazyLock;

use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::{CParameter, get_frame_content_size};

/// The dictionaries, number 1 first.
const DICTIONARIES: [&[u8]; 1] = [include_bytes!("../../../packing/1.dictionary")];
/// The number of the dictionary that packs.
pub const PACKING: i16 = 1;
/// How hard zstd tries. More is smaller by a few bytes and slower by as many microseconds.
const LEVEL: i32 = 1;
/// The most bytes that anything unpacked has: far more than any decision.
const MOST: u64 = 16 * 1024 * 1024;

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARIES[DICTIONARIES.len() - 1], LEVEL));
static DECODERS: LazyLock<[DecoderDictionary<'static>; DICTIONARIES.len()]> =
    LazyLock::new(|| DICTIONARIES.map(DecoderDictionary::copy));

thread_local! {
    // Some hundred kilobytes each, which cost more to make than to use.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSORS: RefCell<[Option<Decompressor<'static>>; DICTIONARIES.len()]> =
        const { RefCell::new([const { None }; DICTIONARIES.len()]) };
}

/// Packs with the dictionary [`PACKING`].
///
/// # Errors
///
/// Where memory is short.
pub fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        let compressor = match compressor {
            Some(compressor) => compressor,
            none => {
                let mut made = Compressor::with_prepared_dictionary(&ENCODER)?;
                // The row says which it is.
                made.set_parameter(CParameter::DictIdFlag(false))?;
                none.insert(made)
            }
        };
        compressor.compress(bytes)
    })
}

/// Unpacks what was packed with the dictionary of this number; none where there is no such dictionary, or it is not what that
/// packs.
#[must_use]
pub fn unpack(number: i16, packed: &[u8]) -> Option<Vec<u8>> {
    let place = usize::try_from(number).ok()?.checked_sub(1)?;
    let length = get_frame_content_size(packed).ok()??;
    let capacity = usize::try_from(length).ok().filter(|_| length <= MOST)?;
    DECOMPRESSORS.with_borrow_mut(|decompressors| {
        let decompressor = match decompressors.get_mut(place)? {
            Some(decompressor) => decompressor,
            none => none.insert(Decompressor::with_prepared_dictionary(&DECODERS[place]).ok()?),
        };
        decompressor.decompress(packed, capacity).ok()
    })
}

#[cfg(test)]
mod tests;
