//! Codes of authenticator apps: TOTP (RFC 6238) over HOTP (RFC 4226) with HMAC-SHA-1, six digits and steps of 30 seconds,
//! which is what every app in use understands.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use time::OffsetDateTime;

/// How long a code is shown, in seconds.
const STEP: i64 = 30;
/// How many bytes of secret: the length of the hash (RFC 4226, section 4, R6 asks for 128 bits and recommends 160).
pub const SECRET_BYTES: usize = 20;

/// The secret that an app and we share. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; SECRET_BYTES]);

impl TotpSecret {
    /// A secret of these bytes, which must be random.
    #[must_use]
    pub fn new(bytes: [u8; SECRET_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8; SECRET_BYTES] {
        &self.0
    }

    /// The code of a step, 0 to 999,999.
    #[must_use]
    pub fn code(&self, step: i64) -> u32 {
        truncate(&self.mac(step)) % 1_000_000
    }

    /// The step whose code this is: the step at `now` or, as clocks differ, one of the `drift` steps before and after it,
    /// and none at or before `used`, since a code is good once (RFC 6238, section 5.2).
    ///
    /// Computes them all, whichever is right.
    #[must_use]
    pub fn step_of(&self, code: u32, now: OffsetDateTime, drift: u8, used: Option<i64>) -> Option<i64> {
        let drift = i64::from(drift);
        let now = step_at(now);
        (now - drift..=now + drift).fold(None, |found, step| {
            let is_right = self.code(step) == code && used.is_none_or(|used| step > used);
            if is_right { Some(step) } else { found }
        })
    }

    /// The secret as people type it: base32 (RFC 4648) without padding.
    #[must_use]
    pub fn base32(&self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        // 20 bytes are 32 groups of five bits: nothing is left over.
        (0..SECRET_BYTES * 8 / 5)
            .map(|group| {
                let bit = group * 5;
                let pair = u16::from_be_bytes([self.0[bit / 8], self.0.get(bit / 8 + 1).copied().unwrap_or(0)]);
                char::from(LETTERS[usize::from(pair >> (11 - bit % 8) & 31)])
            })
            .collect()
    }

    fn mac(&self, step: i64) -> [u8; 20] {
        // HMAC itself fills keys up to the block with zeros (RFC 2104, 2); done here, no key can be of a wrong length.
        let mut block = [0; 64];
        block[..SECRET_BYTES].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha1>::new(&block.into());
        mac.update(&step.to_be_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// The step of a time.
#[must_use]
pub fn step_at(now: OffsetDateTime) -> i64 {
    now.unix_timestamp().div_euclid(STEP)
}

/// Dynamic truncation (RFC 4226, section 5.3).
fn truncate(mac: &[u8; 20]) -> u32 {
    let offset = usize::from(mac[19] & 0xf);
    let word = [mac[offset], mac[offset + 1], mac[offset + 2], mac[offset + 3]];
    u32::from_be_bytes(word) & 0x7fff_ffff
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TotpSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: TotpSecret = TotpSecret(*b"12345678901234567890");

    #[test]
    fn the_vectors_of_rfc_6238() {
        // Appendix B, the rows of SHA-1: eight digits there, of which the last six are ours.
        for (seconds, eight) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap();
            assert_eq!(truncate(&SECRET.mac(step_at(at))) % 100_000_000, eight, "{seconds}");
            assert_eq!(SECRET.code(step_at(at)), eight % 1_000_000, "{seconds}");
        }
    }

    #[test]
    fn the_vectors_of_rfc_4226() {
        let codes = [
            755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489,
        ];
        for (counter, code) in (0..).zip(codes) {
            assert_eq!(SECRET.code(counter), code, "{counter}");
        }
    }

    #[test]
    fn a_code_is_good_within_the_drift_and_once() {
        let now = OffsetDateTime::from_unix_timestamp(1_111_111_111).unwrap();
        let step = step_at(now);
        for (off, drift, expected) in [
            (0, 0, true),
            (-1, 0, false),
            (-1, 1, true),
            (1, 1, true),
            (2, 1, false),
            (-2, 2, true),
        ] {
            let found = SECRET.step_of(SECRET.code(step + off), now, drift, None);
            assert_eq!(found, expected.then_some(step + off), "{off} within {drift}");
        }
        let code = SECRET.code(step);
        assert_eq!(SECRET.step_of(code, now, 1, Some(step - 1)), Some(step));
        assert_eq!(SECRET.step_of(code, now, 1, Some(step)), None, "used");
        assert_eq!(
            SECRET.step_of(SECRET.code(step - 1), now, 1, Some(step)),
            None,
            "before one that was used"
        );
    }

    #[test]
    fn a_secret_is_typed_in_base32_and_not_printed() {
        assert_eq!(SECRET.base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(format!("{SECRET:?}"), "TotpSecret(..)");
    }
}
