//! One-time codes at rest.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use uuid::Uuid;

use crate::domain::code::Code;
use crate::domain::contact::Contact;
use crate::domain::ids::{AuthenticatorId, VerificationId};
use crate::domain::totp::TotpSecret;
use crate::domain::verification::Method;

const NONCE_LENGTH: usize = 24;

/// Keys for codes and addresses, derived from the service key. Prints nothing of them.
#[derive(Clone)]
pub struct CodeKeys {
    mac: [u8; 32],
    contact: [u8; 32],
    factor: [u8; 32],
    seal: XChaCha20Poly1305,
}

/// Not base64 of 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no key: base64 of 32 random bytes")]
pub struct InvalidKey;

/// A sealed code that the key does not open: the service key was changed, or the row was tampered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed code cannot be opened with this service key")]
pub struct SealBroken;

impl CodeKeys {
    /// Reads a service key: base64 of 32 bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`].
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        let text = text.trim();
        let bytes = STANDARD
            .decode(text)
            .or_else(|_| URL_SAFE_NO_PAD.decode(text))
            .map_err(|_| InvalidKey)?;
        Ok(Self::new(&bytes.try_into().map_err(|_| InvalidKey)?))
    }

    /// The keys that a service key gives: one for each use, so that what one use reveals is of no use to another
    /// (HMAC-SHA-256 as the derivation, as in the expand step of RFC 5869 for one block).
    #[must_use]
    pub fn new(service_key: &[u8; 32]) -> Self {
        let derive = |label: &[u8]| hmac(service_key, &[label, &[1]]);
        Self {
            mac: derive(b"support.identity.v1 code"),
            contact: derive(b"support.identity.v1 contact"),
            factor: derive(b"support.identity.v1 factor"),
            seal: XChaCha20Poly1305::new(&derive(b"support.identity.v1 seal").into()),
        }
    }

    /// What sends to an address are counted by, whether anybody has it or not.
    #[must_use]
    pub fn contact_key(&self, contact: &Contact) -> [u8; 32] {
        hmac(
            &self.contact,
            &[
                contact.kind().as_str().as_bytes(),
                &[0],
                contact.comparable().as_bytes(),
            ],
        )
    }

    /// What is stored of the code of `verification`. Bound to it, so that rows cannot be swapped and equal codes look
    /// different.
    #[must_use]
    pub fn code_mac(&self, verification: VerificationId, code: &Code) -> [u8; 32] {
        hmac(&self.mac, &[verification.uuid().as_bytes(), code.digits().as_bytes()])
    }

    /// Whether `code` is the one that `mac` was made from, in a time that does not tell how much of it is right.
    #[must_use]
    pub fn is_code(&self, verification: VerificationId, code: &Code, mac: &[u8; 32]) -> bool {
        use subtle::ConstantTimeEq as _;
        self.code_mac(verification, code).ct_eq(mac).into()
    }

    /// The code, encrypted for `verification` (XChaCha20-Poly1305): its nonce of 192 bits can be random for ever.
    ///
    /// # Errors
    ///
    /// [`SealBroken`] where the cipher refuses, which it does for messages of 256 GiB.
    pub fn seal(
        &self,
        verification: VerificationId,
        code: &Code,
        nonce: [u8; NONCE_LENGTH],
    ) -> Result<Vec<u8>, SealBroken> {
        let uuid = verification.uuid();
        let payload = Payload {
            msg: code.digits().as_bytes(),
            aad: uuid.as_bytes(),
        };
        let sealed = self
            .seal
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealBroken)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The code that [`CodeKeys::seal`] encrypted for `verification`.
    ///
    /// # Errors
    ///
    /// [`SealBroken`].
    pub fn open(&self, verification: VerificationId, sealed: &[u8]) -> Result<Code, SealBroken> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>().ok_or(SealBroken)?;
        let uuid = verification.uuid();
        let payload = Payload {
            msg: sealed,
            aad: uuid.as_bytes(),
        };
        let digits = self
            .seal
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| SealBroken)?;
        Code::parse(&digits).map_err(|_| SealBroken)
    }
}

/// What is counted by a keyed hash.
#[derive(Debug, Clone, Copy)]
pub enum Counted<'a> {
    /// Failures of a factor of whoever has an address (by its own key), known or not.
    Failures(&'a [u8; 32], Method),
    /// Prompts to the devices of whoever has an address.
    Prompts(&'a [u8; 32]),
    /// Failures of a source of calls.
    Source(&'a str),
    /// Failures of a factor of whoever has an address, by somebody who is known to be them: in a session of theirs, or on a device
    /// that they were verified on.
    OwnFailures(&'a [u8; 32], Method),
    /// The subjects and cases that a source begins verifications of.
    Uses(&'a str),
    /// A subject or a case that a source uses: what it is, and which.
    Used(&'a str, &'a [u8]),
    /// A device that a front end is bound to.
    Device(&'a str),
    /// Codes that are sent to numbers of a prefix or a calling code.
    Range(&'a str),
}

/// What a customer keeps, as it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// A support PIN.
    Pin,
    /// A recovery code.
    Recovery,
}

impl CodeKeys {
    /// What something is counted by.
    #[must_use]
    pub fn counter(&self, counted: Counted<'_>) -> [u8; 32] {
        match counted {
            Counted::Failures(contact, method) => hmac(
                &self.factor,
                &[b"failures", &[0], method.as_str().as_bytes(), &[0], contact],
            ),
            Counted::Prompts(contact) => hmac(&self.factor, &[b"prompts", &[0], contact]),
            Counted::Source(source) => hmac(&self.factor, &[b"source", &[0], source.as_bytes()]),
            Counted::OwnFailures(contact, method) => hmac(
                &self.factor,
                &[b"own failures", &[0], method.as_str().as_bytes(), &[0], contact],
            ),
            Counted::Uses(source) => hmac(&self.factor, &[b"uses", &[0], source.as_bytes()]),
            Counted::Used(kind, which) => hmac(&self.factor, &[b"used", &[0], kind.as_bytes(), &[0], which]),
            Counted::Device(device) => hmac(&self.factor, &[b"device", &[0], device.as_bytes()]),
            Counted::Range(range) => hmac(&self.factor, &[b"range", &[0], range.as_bytes()]),
        }
    }

    /// What failures of these methods by whoever has an address (by its own key) are counted by, also those of its owner.
    #[must_use]
    pub fn failure_counters(&self, contact: &[u8; 32], methods: &[Method]) -> Vec<Vec<u8>> {
        let both = |method: &Method| {
            [
                Counted::Failures(contact, *method),
                Counted::OwnFailures(contact, *method),
            ]
        };
        let counted = methods.iter().flat_map(both);
        counted.map(|counted| self.counter(counted).to_vec()).collect()
    }

    /// What is stored of a PIN or a recovery code of a customer. Bound to both, so that rows cannot be swapped.
    #[must_use]
    pub fn kept_mac(&self, kept: Kept, customer: Uuid, text: &str) -> [u8; 32] {
        let label: &[u8] = match kept {
            Kept::Pin => b"pin",
            Kept::Recovery => b"recovery",
        };
        hmac(&self.factor, &[label, &[0], customer.as_bytes(), text.as_bytes()])
    }

    /// The secret of an authenticator app, encrypted for its authenticator (XChaCha20-Poly1305).
    ///
    /// # Errors
    ///
    /// [`SealBroken`] where the cipher refuses, which it does for messages of 256 GiB.
    pub fn seal_secret(
        &self,
        authenticator: AuthenticatorId,
        secret: &TotpSecret,
        nonce: [u8; NONCE_LENGTH],
    ) -> Result<Vec<u8>, SealBroken> {
        let aad = secret_aad(authenticator);
        let payload = Payload {
            msg: secret.bytes(),
            aad: &aad,
        };
        let sealed = self
            .seal
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SealBroken)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// The secret that [`CodeKeys::seal_secret`] encrypted for `authenticator`.
    ///
    /// # Errors
    ///
    /// [`SealBroken`].
    pub fn open_secret(&self, authenticator: AuthenticatorId, sealed: &[u8]) -> Result<TotpSecret, SealBroken> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LENGTH>().ok_or(SealBroken)?;
        let aad = secret_aad(authenticator);
        let payload = Payload { msg: sealed, aad: &aad };
        let bytes = self
            .seal
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| SealBroken)?;
        bytes.try_into().map(TotpSecret::new).map_err(|_| SealBroken)
    }
}

/// Not the bare id: a sealed code must not open as a secret, whatever ids there are.
fn secret_aad(authenticator: AuthenticatorId) -> Vec<u8> {
    [b"totp".as_slice(), authenticator.uuid().as_bytes()].concat()
}

impl fmt::Debug for CodeKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("CodeKeys(..)")
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
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::macros::datetime;

    use super::*;

    fn ids() -> Ids {
        Ids::seeded(
            "eu".parse().unwrap(),
            Clock::manual(datetime!(2026-03-01 12:00 UTC)).0,
            1,
        )
    }

    #[test]
    fn a_code_is_known_again_only_under_its_verification_and_key() {
        let (keys, others) = (CodeKeys::new(&[1; 32]), CodeKeys::new(&[2; 32]));
        let (mine, theirs) = (ids().next(), Ids::new("eu".parse().unwrap(), Clock::system()).next());
        let code = Code::parse(b"012345").unwrap();
        let mac = keys.code_mac(mine, &code);
        assert!(keys.is_code(mine, &code, &mac));
        assert!(!keys.is_code(mine, &Code::parse(b"012346").unwrap(), &mac));
        assert!(!keys.is_code(theirs, &code, &mac));
        assert!(!others.is_code(mine, &code, &mac));
    }

    #[test]
    fn a_sealed_code_opens_only_for_its_verification_and_key() {
        let (keys, others) = (CodeKeys::new(&[1; 32]), CodeKeys::new(&[2; 32]));
        let (mine, theirs) = (ids().next(), Ids::new("eu".parse().unwrap(), Clock::system()).next());
        let code = Code::parse(b"012345").unwrap();
        let sealed = keys.seal(mine, &code, [7; 24]).unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"012345"));
        assert_eq!(keys.open(mine, &sealed), Ok(code));
        assert_eq!(keys.open(theirs, &sealed), Err(SealBroken));
        assert_eq!(others.open(mine, &sealed), Err(SealBroken));
        assert_eq!(keys.open(mine, &sealed[..20]), Err(SealBroken));
        let mut tampered = sealed;
        tampered[30] ^= 1;
        assert_eq!(keys.open(mine, &tampered), Err(SealBroken));
    }

    #[test]
    fn a_sealed_secret_opens_only_for_its_authenticator_and_key() {
        let (keys, others) = (CodeKeys::new(&[1; 32]), CodeKeys::new(&[2; 32]));
        let (mine, theirs) = (ids().next(), Ids::new("eu".parse().unwrap(), Clock::system()).next());
        let secret = TotpSecret::new([3; 20]);
        let sealed = keys.seal_secret(mine, &secret, [7; 24]).unwrap();
        assert!(!sealed.windows(20).any(|window| window == [3; 20]));
        assert_eq!(keys.open_secret(mine, &sealed), Ok(secret));
        assert_eq!(keys.open_secret(theirs, &sealed), Err(SealBroken));
        assert_eq!(others.open_secret(mine, &sealed), Err(SealBroken));
    }

    #[test]
    fn what_is_counted_and_kept_is_told_apart() {
        let keys = CodeKeys::new(&[1; 32]);
        let (one, two) = ([1; 32], [2; 32]);
        let counted = [
            Counted::Failures(&one, Method::Totp),
            Counted::Failures(&two, Method::Totp),
            Counted::Failures(&one, Method::Passkey),
            Counted::Prompts(&one),
            Counted::Source("a"),
            Counted::Source("b"),
            Counted::OwnFailures(&one, Method::Totp),
            Counted::Uses("a"),
            Counted::Used("a", b"b"),
            Counted::Used("b", b"a"),
            Counted::Device("a"),
            Counted::Range("a"),
        ];
        let known: std::collections::BTreeSet<_> = counted.iter().map(|it| keys.counter(*it)).collect();
        assert_eq!(known.len(), counted.len());
        let customer = Uuid::from_u128(1);
        assert_ne!(
            keys.kept_mac(Kept::Pin, customer, "1"),
            keys.kept_mac(Kept::Recovery, customer, "1")
        );
    }

    #[test]
    fn sends_are_counted_by_address_not_by_spelling() {
        let keys = CodeKeys::new(&[1; 32]);
        let key = |text| keys.contact_key(&Contact::email(text).unwrap());
        assert_eq!(key("Ada@Example.com"), key("ada@example.com"));
        assert_ne!(key("ada@example.com"), key("adb@example.com"));
    }

    #[test]
    fn a_service_key_is_32_bytes() {
        assert!(CodeKeys::parse(&STANDARD.encode([9; 32])).is_ok());
        assert!(CodeKeys::parse(&URL_SAFE_NO_PAD.encode([255; 32])).is_ok());
        for text in ["", "secret", &STANDARD.encode([9; 31])] {
            assert!(CodeKeys::parse(text).is_err());
        }
    }
}
