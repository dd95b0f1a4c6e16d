//! The service's own keys.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::KeyInit as _;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use super::VaultError;
use super::cipher::{self, DataKey, KEY_LENGTH, NONCE_LENGTH};

/// Keys with names, the first of which is the one in use. Prints nothing of them.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRing {
    keys: Vec<Named>,
}

#[derive(Clone, PartialEq, Eq)]
struct Named {
    name: String,
    secret: [u8; KEY_LENGTH],
}

/// Why a text is no key ring. Says nothing of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKeyRing {
    /// There is none.
    #[error("holds no key")]
    Empty,
    /// A line that is no name with a key behind it.
    #[error("line {0} is not a name of a-z, 0-9 and - and, after a space, base64 of 32 random bytes")]
    Line(usize),
    /// A name or a key that is there twice.
    #[error("line {0} repeats a name or a key")]
    Twice(usize),
}

/// What a value is found by under one of the look-up keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// The key's name.
    pub key: String,
    /// HMAC-SHA-256 of the field's name and the value.
    pub hash: [u8; 32],
}

/// A data key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrapped {
    pub(super) by: String,
    pub(super) bytes: Vec<u8>,
}

impl KeyRing {
    /// Reads a key ring: a line for each key, its name and base64 of 32 bytes; empty lines and those that begin with `#` are
    /// left out.
    ///
    /// # Errors
    ///
    /// [`InvalidKeyRing`].
    pub fn parse(text: &str) -> Result<Self, InvalidKeyRing> {
        let (mut names, mut secrets) = (BTreeSet::new(), BTreeSet::new());
        let mut keys = Vec::new();
        for (line, text) in (1..).zip(text.lines().map(str::trim)) {
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let key = Named::parse(text).ok_or(InvalidKeyRing::Line(line))?;
            if !names.insert(key.name.clone()) || !secrets.insert(key.secret) {
                return Err(InvalidKeyRing::Twice(line));
            }
            keys.push(key);
        }
        if keys.is_empty() {
            return Err(InvalidKeyRing::Empty);
        }
        Ok(Self { keys })
    }

    /// The names of the keys, the one in use first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.name.as_str())
    }

    /// Whether a key of this is in the other one: what one ring is for must tell nothing of what the other is for.
    #[must_use]
    pub fn shares_a_key_with(&self, other: &Self) -> bool {
        let secrets: BTreeSet<_> = self.keys.iter().map(|key| key.secret).collect();
        other.keys.iter().any(|key| secrets.contains(&key.secret))
    }

    /// The name of the key in use. A ring has at least one.
    pub(super) fn first(&self) -> &str {
        self.names().next().unwrap_or_default()
    }

    /// Wraps a data key with the key in use.
    pub(super) fn wrap(
        &self,
        customer: Uuid,
        data_key: &[u8; KEY_LENGTH],
        nonce: [u8; NONCE_LENGTH],
    ) -> Result<Wrapped, VaultError> {
        let key = self.keys.first().ok_or(VaultError::NoKey)?;
        Ok(Wrapped {
            by: key.name.clone(),
            bytes: cipher::seal(&key.wrapping(), &key.bound_to(customer), data_key, nonce)?,
        })
    }

    pub(super) fn unwrap(&self, customer: Uuid, wrapped: &Wrapped) -> Result<DataKey, VaultError> {
        Ok(DataKey::new(customer, &self.unwrap_bytes(customer, wrapped)?))
    }

    /// The same data key under the key in use.
    pub(super) fn rewrap(
        &self,
        customer: Uuid,
        wrapped: &Wrapped,
        nonce: [u8; NONCE_LENGTH],
    ) -> Result<Wrapped, VaultError> {
        self.wrap(customer, &self.unwrap_bytes(customer, wrapped)?, nonce)
    }

    fn unwrap_bytes(&self, customer: Uuid, wrapped: &Wrapped) -> Result<[u8; KEY_LENGTH], VaultError> {
        let key = self.named(&wrapped.by)?;
        cipher::open(&key.wrapping(), &key.bound_to(customer), &wrapped.bytes)?
            .try_into()
            .map_err(|_| VaultError::Broken)
    }

    /// Seals what is the service's own and no customer's, with the key in use.
    pub(super) fn seal_own(
        &self,
        aad: &[u8],
        plain: &[u8],
        nonce: [u8; NONCE_LENGTH],
    ) -> Result<(String, Vec<u8>), VaultError> {
        let key = self.keys.first().ok_or(VaultError::NoKey)?;
        Ok((key.name.clone(), cipher::seal(&key.answering(), aad, plain, nonce)?))
    }

    pub(super) fn open_own(&self, by: &str, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        cipher::open(&self.named(by)?.answering(), aad, sealed)
    }

    fn named(&self, name: &str) -> Result<&Named, VaultError> {
        self.keys
            .iter()
            .find(|key| key.name == name)
            .ok_or_else(|| VaultError::UnknownKey(name.to_owned()))
    }

    pub(super) fn lookups(&self, field: &str, text: &str) -> Vec<Lookup> {
        let lookup = |key: &Named| Lookup {
            key: key.name.clone(),
            hash: hmac(&key.looking(), &[field.as_bytes(), &[0], text.as_bytes()]),
        };
        self.keys.iter().map(lookup).collect()
    }
}

impl Named {
    fn parse(line: &str) -> Option<Self> {
        let (name, key) = line.split_once(char::is_whitespace)?;
        let plausible = (1..=32).contains(&name.len())
            && name
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let key = key.trim();
        let bytes = STANDARD.decode(key).or_else(|_| URL_SAFE_NO_PAD.decode(key)).ok()?;
        plausible.then_some(Self {
            name: name.to_owned(),
            secret: bytes.try_into().ok()?,
        })
    }

    /// A key for each use, derived from the one that was given (RFC 5869, one block of its expand step).
    fn wrapping(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&hmac(&self.secret, &[b"support.vault.v1 wrap", &[1]]).into())
    }

    fn answering(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&hmac(&self.secret, &[b"support.vault.v1 answer", &[1]]).into())
    }

    fn looking(&self) -> [u8; 32] {
        hmac(&self.secret, &[b"support.vault.v1 lookup", &[1]])
    }

    fn bound_to(&self, customer: Uuid) -> Vec<u8> {
        [
            b"support.vault.v1 data key".as_slice(),
            customer.as_bytes(),
            self.name.as_bytes(),
        ]
        .concat()
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.names()).finish()
    }
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC itself fills keys up to the block with zeros (RFC 2104, 2); done here, no key can be of a wrong length.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new(&block.into());
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Field;
    use super::*;

    const NAME: Field = Field::new("customers.given_name");

    fn ring(keys: &[(&str, u8)]) -> KeyRing {
        let lines: Vec<_> = keys
            .iter()
            .map(|(name, byte)| format!("{name} {}", STANDARD.encode([*byte; 32])))
            .collect();
        KeyRing::parse(&lines.join("\n")).unwrap()
    }

    #[test]
    fn a_ring_is_read_line_by_line() {
        let text = format!(
            "# since May\n\n  b {}\na\t{}\n",
            STANDARD.encode([1; 32]),
            STANDARD.encode([2; 32])
        );
        assert_eq!(KeyRing::parse(&text).unwrap().names().collect::<Vec<_>>(), ["b", "a"]);
    }

    #[test]
    fn what_is_no_ring_is_refused_by_its_line() {
        let key = |byte: u8| STANDARD.encode([byte; 32]);
        for (text, wrong) in [
            (String::new(), InvalidKeyRing::Empty),
            ("# none\n".to_owned(), InvalidKeyRing::Empty),
            (key(1), InvalidKeyRing::Line(1)),
            (format!("a {}\nB {}", key(1), key(2)), InvalidKeyRing::Line(2)),
            (format!("a {}", STANDARD.encode([1; 31])), InvalidKeyRing::Line(1)),
            (format!("a {}\na {}", key(1), key(2)), InvalidKeyRing::Twice(2)),
            (format!("a {}\nb {}", key(1), key(1)), InvalidKeyRing::Twice(2)),
        ] {
            assert_eq!(KeyRing::parse(&text).unwrap_err(), wrong, "{text}");
        }
    }

    #[test]
    fn a_data_key_unwraps_only_for_its_customer_and_by_its_key() {
        let (customer, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let wrapped = ring(&[("a", 1)]).wrap(customer, &[9; 32], [3; 24]).unwrap();
        assert_eq!(wrapped.bytes.len(), 73);
        let unwrap = |ring: &KeyRing, customer| ring.unwrap(customer, &wrapped).map(drop);
        assert_eq!(unwrap(&ring(&[("b", 2), ("a", 1)]), customer), Ok(()));
        assert_eq!(unwrap(&ring(&[("a", 1)]), other), Err(VaultError::Broken));
        assert_eq!(unwrap(&ring(&[("a", 2)]), customer), Err(VaultError::Broken));
        let gone = Err(VaultError::UnknownKey("a".into()));
        assert_eq!(unwrap(&ring(&[("b", 1)]), customer), gone, "a key is known by its name");
    }

    #[test]
    fn a_look_up_differs_by_key_field_and_value() {
        let rings = ring(&[("b", 2), ("a", 1)]);
        let found = rings.lookups("email", "ada@example.com");
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].key, "b");
        assert_ne!(found[0].hash, found[1].hash);
        assert_eq!(ring(&[("a", 1)]).lookups("email", "ada@example.com"), found[1..]);
        for (field, text) in [("phone", "ada@example.com"), ("email", "adb@example.com")] {
            assert_ne!(rings.lookups(field, text)[0].hash, found[0].hash);
        }
    }

    #[test]
    fn rings_that_share_a_key_are_told() {
        assert!(ring(&[("a", 1), ("b", 2)]).shares_a_key_with(&ring(&[("c", 2)])));
        assert!(!ring(&[("a", 1)]).shares_a_key_with(&ring(&[("a", 2)])));
    }

    #[test]
    fn debug_names_keys_and_shows_none() {
        assert_eq!(format!("{:?}", ring(&[("b", 2), ("a", 1)])), r#"["b", "a"]"#);
    }

    proptest! {
        /// However often keys are added, put first and taken out again, what was sealed at the beginning opens.
        #[test]
        fn rotation_keeps_everything_readable(customer: u128, secret: [u8; 32], plain: Vec<u8>, steps in 1..8_u8) {
            let customer = Uuid::from_u128(customer);
            let name = |step: u8| format!("k{step}");
            let first = ring(&[(&name(0), 1)]);
            let mut wrapped = first.wrap(customer, &secret, [0; 24]).unwrap();
            let sealed = first.unwrap(customer, &wrapped).unwrap().seal(NAME, &plain).unwrap();
            for step in 1..=steps {
                let (old, new) = (name(step - 1), name(step));
                let both = ring(&[(&new, step + 1), (&old, step)]);
                prop_assert_eq!(both.unwrap(customer, &wrapped).unwrap().open(NAME, &sealed), Ok(plain.clone()));
                wrapped = both.rewrap(customer, &wrapped, [step; 24]).unwrap();
                prop_assert_eq!(&wrapped.by, &new);
                let alone = ring(&[(&new, step + 1)]);
                prop_assert_eq!(alone.unwrap(customer, &wrapped).unwrap().open(NAME, &sealed), Ok(plain.clone()));
            }
        }
    }
}
