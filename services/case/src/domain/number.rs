//! The number of a case that people say on the phone.

use std::fmt;
use std::str::FromStr;

/// A case's number: `C-`, the digits of a sequence, and a check digit (Luhn, ISO/IEC 7812-1 annex B), which finds every
/// single wrong digit and nearly every swap of neighbours before the wrong customer's case is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CaseNumber(u64);

/// Not a case number, or one that was misheard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCaseNumber {
    /// Not `C-` and digits.
    #[error("is not C- and digits")]
    Malformed,
    /// The check digit does not fit the others.
    #[error("has a check digit that does not fit")]
    CheckDigit,
}

impl CaseNumber {
    /// The number made from what the database's sequence gave; none below 1.
    #[must_use]
    pub fn from_sequence(sequence: i64) -> Option<Self> {
        u64::try_from(sequence).ok().filter(|sequence| *sequence > 0).map(Self)
    }

    /// The sequence value, without the check digit.
    #[must_use]
    pub fn sequence(self) -> u64 {
        self.0
    }
}

/// The digit that goes behind `digits`: counted from the right, every second digit is doubled (its two digits then
/// added), beginning with the last; the check digit makes the sum a multiple of ten.
fn check_digit(mut digits: u64) -> u64 {
    let mut sum = 0;
    let mut is_doubled = true;
    while digits > 0 {
        let digit = digits % 10;
        sum += match digit * 2 {
            double if !is_doubled => double / 2,
            double if double > 9 => double - 9,
            double => double,
        };
        is_doubled = !is_doubled;
        digits /= 10;
    }
    (10 - sum % 10) % 10
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "C-{}{}", self.0, check_digit(self.0))
    }
}

impl FromStr for CaseNumber {
    type Err = InvalidCaseNumber;

    fn from_str(text: &str) -> Result<Self, InvalidCaseNumber> {
        let digits = text.strip_prefix("C-").ok_or(InvalidCaseNumber::Malformed)?;
        // A number has one spelling: no sign, no zeros in front.
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        let whole: u64 = digits
            .parse()
            .ok()
            .filter(|_| is_plain)
            .ok_or(InvalidCaseNumber::Malformed)?;
        if whole / 10 == 0 {
            return Err(InvalidCaseNumber::Malformed);
        }
        if check_digit(whole / 10) == whole % 10 {
            Ok(Self(whole / 10))
        } else {
            Err(InvalidCaseNumber::CheckDigit)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reckons_the_check_digit_of_the_standard() {
        // The example of the standard's usual expositions: 7992739871 takes a 3.
        assert_eq!(CaseNumber(7_992_739_871).to_string(), "C-79927398713");
        assert_eq!(CaseNumber(1_000_000).to_string(), "C-10000008");
        assert_eq!(CaseNumber::from_sequence(0), None);
        assert_eq!(CaseNumber::from_sequence(-1), None);
    }

    #[test]
    fn refuses_what_is_no_number() {
        for text in [
            "",
            "C-",
            "C-0",
            "10000008",
            "c-10000008",
            "C-+10000008",
            "C-010000008",
            "C-99999999999999999999",
        ] {
            assert!(text.parse::<CaseNumber>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(sequence in 1..i64::MAX / 10) {
            let number = CaseNumber::from_sequence(sequence).unwrap();
            prop_assert_eq!(number.to_string().parse(), Ok(number));
        }

        #[test]
        fn one_wrong_digit_is_found(sequence in 1..i64::MAX / 100, place in 0_usize..20, by in 1_u8..10) {
            let text = CaseNumber::from_sequence(sequence).unwrap().to_string();
            let mut digits = text.into_bytes();
            let place = 2 + place % (digits.len() - 2);
            digits[place] = b'0' + (digits[place] - b'0' + by) % 10;
            let wrong = String::from_utf8(digits).unwrap();
            prop_assert!(wrong.parse::<CaseNumber>().is_err(), "{} passes", wrong);
        }
    }
}
