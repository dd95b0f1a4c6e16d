//! Texts: which source text one was made from, and whether it is out of date.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a source text.
pub type SourceHash = [u8; 32];

/// The hash of a source text, over its bytes in UTF-8.
#[must_use]
pub fn source_hash(pattern: &str) -> SourceHash {
    Sha256::digest(pattern.as_bytes()).into()
}

/// A hash as it is written: 64 hexadecimal digits; empty for none.
#[must_use]
pub fn written_hash(hash: Option<SourceHash>) -> String {
    hash.map(hex::encode).unwrap_or_default()
}

/// A hash as it is written; none where it is empty or none.
#[must_use]
pub fn read_hash(text: &str) -> Option<SourceHash> {
    let mut hash = SourceHash::default();
    hex::decode_to_slice(text, &mut hash).ok()?;
    Some(hash)
}

/// A hash as it is stored.
///
/// # Errors
///
/// Where it is none.
pub(crate) fn stored_hash(bytes: Option<Vec<u8>>) -> Result<Option<SourceHash>, ()> {
    bytes.map(|bytes| SourceHash::try_from(bytes).map_err(drop)).transpose()
}

/// Whether a translation made from the source text with the hash `made_from` is out of date beside `source`. What is a
/// translation of nothing known is.
#[must_use]
pub fn is_stale(made_from: Option<SourceHash>, source: &str) -> bool {
    made_from != Some(source_hash(source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_translation_is_out_of_date_where_its_source_is_another() {
        let hash = source_hash("Hello");
        assert!(!is_stale(Some(hash), "Hello"));
        assert!(is_stale(Some(hash), "Hello."));
        assert!(is_stale(None, "Hello"));
    }

    #[test]
    fn hashes_are_written_and_read() {
        let hash = source_hash("abc");
        let written = written_hash(Some(hash));
        assert_eq!(
            written,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(read_hash(&written), Some(hash));
        assert_eq!(written_hash(None), "");
        for none in ["", "ba78", "x"] {
            assert_eq!(read_hash(none), None);
        }
        assert_eq!(stored_hash(Some(vec![1])), Err(()));
        assert_eq!(stored_hash(Some(hash.to_vec())), Ok(Some(hash)));
        assert_eq!(stored_hash(None), Ok(None));
    }
}
