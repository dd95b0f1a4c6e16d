//! Secrets and names.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::error::{Context as _, Result};

/// `bytes` random bytes of the kernel, as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: usize) -> Result<String> {
    let source = Path::new("/dev/urandom");
    let mut buffer = vec![0_u8; bytes];
    File::open(source)
        .and_then(|mut file| file.read_exact(&mut buffer))
        .context("read", source)?;
    Ok(buffer.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    }))
}

/// FNV-1a, 64 bits: the same in every version of this program, which std's hasher does not promise.
pub(crate) fn stable_hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn hash_is_the_published_one() {
        // Test vectors of the FNV reference implementation.
        assert_eq!(super::stable_hash(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(super::stable_hash(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn secrets_differ() {
        let (one, two) = (super::hex(24).unwrap(), super::hex(24).unwrap());
        assert_eq!(one.len(), 48);
        assert_ne!(one, two);
    }
}
