//! One-time codes.

use std::fmt;

use rand::CryptoRng;

/// How many codes there are: six digits.
const CODES: u32 = 1_000_000;
/// The largest multiple of [`CODES`] that 32 bits hold. Draws from there on are thrown away: kept, they would make some
/// codes likelier than others.
const FAIR: u32 = u32::MAX - u32::MAX % CODES;

/// A one-time code of six digits. Prints nothing of itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Code([u8; 6]);

/// Not six ASCII digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a code of six digits")]
pub struct InvalidCode;

impl Code {
    /// A code, each of the million as likely as any other.
    pub fn draw<R: CryptoRng + ?Sized>(chance: &mut R) -> Self {
        loop {
            let drawn = chance.next_u32();
            if drawn < FAIR {
                return Self::from_number(drawn % CODES);
            }
        }
    }

    fn from_number(number: u32) -> Self {
        let mut digits = [b'0'; 6];
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            // A remainder by ten always fits.
            *digit += u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        Self(digits)
    }

    /// Reads six ASCII digits.
    ///
    /// # Errors
    ///
    /// [`InvalidCode`].
    pub fn parse(text: &[u8]) -> Result<Self, InvalidCode> {
        let digits: [u8; 6] = text.try_into().map_err(|_| InvalidCode)?;
        if digits.iter().all(u8::is_ascii_digit) {
            Ok(Self(digits))
        } else {
            Err(InvalidCode)
        }
    }

    /// The same as a number, 0 to 999,999.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.0
            .iter()
            .fold(0, |number, digit| number * 10 + u32::from(digit - b'0'))
    }

    /// The six digits. Whoever reads them can redeem them.
    #[must_use]
    pub fn digits(&self) -> &str {
        // ASCII digits, by construction.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Code(..)")
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use rand::rngs::StdRng;
    use rand::{SeedableRng as _, TryCryptoRng, TryRng};

    use super::*;

    /// Gives given numbers, one after the other.
    struct Given(Vec<u32>);

    impl TryRng for Given {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            Ok(self.0.remove(0))
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            unreachable!("codes are drawn from 32 bits")
        }

        fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Infallible> {
            unreachable!("codes are drawn from 32 bits")
        }
    }

    impl TryCryptoRng for Given {}

    #[test]
    fn codes_keep_their_zeros_and_unfair_draws_are_thrown_away() {
        let mut given = Given(vec![42, 999_999, 1_000_000, FAIR, u32::MAX, 7, FAIR - 1]);
        let drawn: Vec<String> = (0..5).map(|_| Code::draw(&mut given).digits().to_owned()).collect();
        assert_eq!(drawn, ["000042", "999999", "000000", "000007", "999999"]);
        assert_eq!(FAIR % CODES, 0);
    }

    #[test]
    fn codes_are_spread_evenly() {
        // 100,000 draws in 10 bins of each digit: 4.9 standard deviations (p < 0.000001 a bin) around 10,000.
        let mut chance = StdRng::seed_from_u64(20_261_121);
        let mut seen = [[0_u32; 10]; 6];
        for _ in 0..100_000 {
            for (place, digit) in Code::draw(&mut chance).digits().bytes().enumerate() {
                seen[place][usize::from(digit - b'0')] += 1;
            }
        }
        for counts in seen {
            assert!(
                counts.iter().all(|count| (9_535..=10_465).contains(count)),
                "{counts:?}"
            );
        }
    }

    #[test]
    fn only_six_digits_are_a_code_and_debug_hides_them() {
        for text in ["", "12345", "1234567", "12345a", "12 456", "１２３４５６"] {
            assert_eq!(Code::parse(text.as_bytes()), Err(InvalidCode), "{text:?}");
        }
        let code = Code::parse(b"012345").unwrap();
        assert_eq!((code.digits(), code.number()), ("012345", 12_345));
        assert_eq!(format!("{code:?}"), "Code(..)");
    }
}
