//! Request ids that come out the same whenever they are asked for.

use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

/// The request id of one step of one thing within one run, as a UUID of version 8 (RFC 9562, section 5.8) over the SHA-256
/// of the three. A program that was killed and started again asks with the same ids, and gets the stored answers.
///
/// The request must be the same as well: the same id with another body is refused.
#[must_use]
pub fn request_id(run: &str, key: &str, step: &str) -> String {
    uuid(run, key, step).to_string()
}

fn uuid(run: &str, key: &str, step: &str) -> Uuid {
    let mut digest = Sha256::new();
    for part in [run, key, step] {
        // The length first, so that no two triples run together into the same bytes.
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part.as_bytes());
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.finalize()[..16]);
    Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::{request_id, uuid};

    #[test]
    fn ids_are_the_same_every_time_and_differ_by_every_part() {
        // Fixed for good: a run that began under an older build must be able to end under this one.
        assert_eq!(
            request_id("run", "call", "open"),
            "ec0ecab1-3560-8470-b759-7120cc8d477a"
        );
        let all = [
            uuid("run", "call", "open"),
            uuid("run2", "call", "open"),
            uuid("run", "call2", "open"),
            uuid("run", "call", "open2"),
            uuid("runc", "all", "open"),
            uuid("run", "callo", "pen"),
        ];
        for (at, id) in all.iter().enumerate() {
            assert_eq!((id.get_version_num(), id.get_variant()), (8, uuid::Variant::RFC4122));
            assert!(!all[..at].contains(id), "{id} stands for two");
        }
    }
}
