//! A customer's data key, and what is done with it.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use uuid::Uuid;

use super::VaultError;

/// The first byte of everything sealed: what follows is nonce, ciphertext, tag.
const FORMAT: u8 = 1;
pub(super) const NONCE_LENGTH: usize = 24;
pub(super) const KEY_LENGTH: usize = 32;

/// What is sealed: a column, and the row where a customer has several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    name: &'static str,
    row: Option<Uuid>,
}

impl Field {
    /// A column, as `table.column`. The name is part of what is sealed: it stays what it is when the column is renamed.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, row: None }
    }

    /// The same in a row of its own.
    #[must_use]
    pub fn of(self, row: Uuid) -> Self {
        Self { row: Some(row), ..self }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    fn bound_to(self, customer: Uuid) -> Vec<u8> {
        // Ids are sixteen bytes and stand before the name, which ends the text: no two places have the same bytes.
        let row = self.row.unwrap_or_default();
        [
            b"support.vault.v1 field".as_slice(),
            customer.as_bytes(),
            row.as_bytes(),
            self.name.as_bytes(),
        ]
        .concat()
    }
}

/// A customer's data key. Prints nothing of itself.
#[derive(Clone)]
pub struct DataKey {
    customer: Uuid,
    cipher: XChaCha20Poly1305,
}

impl DataKey {
    /// The key that these bytes are, of `customer`.
    pub(super) fn new(customer: Uuid, bytes: &[u8; KEY_LENGTH]) -> Self {
        Self {
            customer,
            cipher: XChaCha20Poly1305::new(&(*bytes).into()),
        }
    }

    /// Whose it is.
    #[must_use]
    pub fn customer(&self) -> Uuid {
        self.customer
    }

    /// Seals `plain` with chance from the operating system.
    ///
    /// # Errors
    ///
    /// [`VaultError::Broken`] where the cipher refuses, which it does for 256 GiB.
    pub fn seal(&self, field: Field, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        self.seal_with(field, plain, rand::random())
    }

    /// Seals `plain` with a nonce that was never used with this key.
    ///
    /// # Errors
    ///
    /// As [`DataKey::seal`].
    pub fn seal_with(&self, field: Field, plain: &[u8], nonce: [u8; NONCE_LENGTH]) -> Result<Vec<u8>, VaultError> {
        seal(&self.cipher, &field.bound_to(self.customer), plain, nonce)
    }

    /// What [`DataKey::seal`] sealed for the same field of the same customer.
    ///
    /// # Errors
    ///
    /// [`VaultError::Broken`].
    pub fn open(&self, field: Field, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        open(&self.cipher, &field.bound_to(self.customer), sealed)
    }

    /// The same, where it is text.
    ///
    /// # Errors
    ///
    /// [`VaultError::Broken`].
    pub fn open_text(&self, field: Field, sealed: &[u8]) -> Result<String, VaultError> {
        String::from_utf8(self.open(field, sealed)?).map_err(|_| VaultError::Broken)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DataKey(..)")
    }
}

/// Format, nonce, ciphertext and tag.
pub(super) fn seal(
    cipher: &XChaCha20Poly1305,
    aad: &[u8],
    plain: &[u8],
    nonce: [u8; NONCE_LENGTH],
) -> Result<Vec<u8>, VaultError> {
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad })
        .map_err(|_| VaultError::Broken)?;
    Ok([[FORMAT].as_slice(), &nonce, &sealed].concat())
}

pub(super) fn open(cipher: &XChaCha20Poly1305, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
    let (&[FORMAT], rest) = sealed.split_first_chunk::<1>().ok_or(VaultError::Broken)? else {
        return Err(VaultError::Broken);
    };
    let (nonce, sealed) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(VaultError::Broken)?;
    cipher
        .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad })
        .map_err(|_| VaultError::Broken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAME: Field = Field::new("customers.given_name");

    fn key(customer: u128, byte: u8) -> DataKey {
        DataKey::new(Uuid::from_u128(customer), &[byte; 32])
    }

    #[test]
    fn equal_values_look_different() {
        let key = key(1, 1);
        assert_ne!(key.seal(NAME, b"Ada").unwrap(), key.seal(NAME, b"Ada").unwrap());
    }

    #[test]
    fn nothing_opens_in_another_place() {
        let key = key(1, 1);
        let row = Uuid::from_u128(7);
        let sealed = key.seal(NAME.of(row), b"Ada").unwrap();
        assert_eq!(key.open_text(NAME.of(row), &sealed).as_deref(), Ok("Ada"));
        let elsewhere = [
            key.open(NAME, &sealed),
            key.open(NAME.of(Uuid::from_u128(8)), &sealed),
            key.open(Field::new("customers.family_name").of(row), &sealed),
            self::key(2, 1).open(NAME.of(row), &sealed),
            self::key(1, 2).open(NAME.of(row), &sealed),
        ];
        for opened in elsewhere {
            assert_eq!(opened, Err(VaultError::Broken));
        }
    }

    #[test]
    fn debug_tells_nothing() {
        assert_eq!(format!("{:?}", key(1, 1)), "DataKey(..)");
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_again(customer: u128, secret: [u8; 32], nonce: [u8; 24], plain: Vec<u8>) {
            let key = DataKey::new(Uuid::from_u128(customer), &secret);
            let sealed = key.seal_with(NAME, &plain, nonce).unwrap();
            prop_assert_eq!(sealed.len(), plain.len() + 41);
            prop_assert_eq!(key.open(NAME, &sealed), Ok(plain));
        }

        #[test]
        fn another_customer_never_reads_it(one: u128, other: u128, secret: [u8; 32], plain: Vec<u8>) {
            prop_assume!(one != other);
            let sealed = DataKey::new(Uuid::from_u128(one), &secret).seal(NAME, &plain).unwrap();
            let opened = DataKey::new(Uuid::from_u128(other), &secret).open(NAME, &sealed);
            prop_assert_eq!(opened, Err(VaultError::Broken));
        }

        #[test]
        fn a_single_wrong_bit_is_noticed(plain: Vec<u8>, place: prop::sample::Index, bit in 0..8_u8) {
            let key = key(1, 1);
            let mut sealed = key.seal(NAME, &plain).unwrap();
            let index = place.index(sealed.len());
            sealed[index] ^= 1 << bit;
            prop_assert_eq!(key.open(NAME, &sealed), Err(VaultError::Broken));
        }

        #[test]
        fn anything_else_is_refused_without_a_panic(sealed: Vec<u8>) {
            prop_assert_eq!(key(1, 1).open(NAME, &sealed), Err(VaultError::Broken));
        }
    }
}
