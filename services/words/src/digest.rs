//! Whether two catalogues are the same: the contract's digest of one (`CatalogueChange.digest`).

use sha2::{Digest as _, Sha256};

/// The digest of a catalogue's messages, which come ascending by key, each with its pattern.
#[must_use]
pub fn digest<'m>(messages: impl IntoIterator<Item = (&'m str, &'m str)>) -> String {
    let mut hash = Sha256::new();
    for (key, pattern) in messages {
        for part in [key, pattern] {
            write(&mut hash, part);
            hash.update(b"\n");
        }
    }
    hex::encode(hash.finalize())
}

/// The text with a backslash before every backslash and every line feed, so that no two lists of texts are written alike.
fn write(hash: &mut Sha256, text: &str) {
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'\\' | b'\n')) {
        hash.update(&rest[..at]);
        hash.update([b'\\', rest[at]]);
        rest = &rest[at + 1..];
    }
    hash.update(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_contract_says() {
        // printf 'a\nA \\\\ B\\\nC\nb\nB\n' | sha256sum
        assert_eq!(
            digest([("a", "A \\ B\nC"), ("b", "B")]),
            hex::encode(Sha256::digest(b"a\nA \\\\ B\\\nC\nb\nB\n"))
        );
        assert_eq!(
            digest([]),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn no_two_catalogues_are_written_alike() {
        let all = [
            digest([("a", "b\nc"), ("d", "e")]),
            digest([("a", "b"), ("c\nd", "e")]),
            digest([("a", "b\\"), ("c", "d")]),
            digest([("a", "b\\\nc\nd")]),
            digest([("a", "b"), ("c", "d")]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one), "{at}");
        }
    }
}
