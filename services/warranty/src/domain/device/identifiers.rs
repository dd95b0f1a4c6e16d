//! The numbers that name one device: what is printed on it, and by what it is known to a network.

use std::fmt;

/// Not a number of this kind, or its check digit is wrong. The number itself is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is none, or its check digit is wrong")]
pub struct InvalidIdentifier;

/// An International Mobile Equipment Identity: 15 digits (3GPP TS 23.003, 6.2.1), the last of which is the check digit of
/// Luhn (the same, annex B).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Imei(String);

/// A Mobile Equipment Identifier: 14 hexadecimal digits in upper case (3GPP2 S.R0048-A). Its check digit is neither sent nor
/// stored.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Meid(String);

/// The numbers of a device's radios.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identifiers {
    /// The IMEI.
    pub imei: Option<Imei>,
    /// The IMEI of a second radio; none without a first.
    pub imei2: Option<Imei>,
    /// The MEID.
    pub meid: Option<Meid>,
}

/// What somebody may have read from a device.
#[derive(Clone, PartialEq, Eq)]
pub struct Sought {
    /// The serial number that it would be; none where it has not the form of one.
    pub serial_number: Option<String>,
    /// The IMEI and MEID that it would be.
    pub numbers: Vec<String>,
}

impl Imei {
    /// Reads an IMEI; spaces, hyphens, slashes and dots mean nothing.
    ///
    /// # Errors
    ///
    /// Where it has not 15 digits, is all zeros, or its check digit is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        let digits = compact(text);
        let is_imei = digits.len() == 15 && is_decimal(&digits) && !is_zero(&digits) && luhn(&digits, 10) == Some(0);
        is_imei.then_some(Self(digits)).ok_or(InvalidIdentifier)
    }

    /// The 15 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Meid {
    /// Reads a MEID: 14 hexadecimal digits or 18 decimal ones, each with or without a check digit; spaces, hyphens, slashes, dots and
    /// case mean nothing.
    ///
    /// The decimal form writes the first 32 bits with ten digits and the other 24 with eight. The check digit is Luhn's: to base 10
    /// over decimal digits, to base 16 where there is a letter among them.
    ///
    /// # Errors
    ///
    /// Where it is neither, is all zeros, or its check digit is wrong.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        let mut digits = compact(text);
        // Before it is cut anywhere.
        if !digits.is_ascii() {
            return Err(InvalidIdentifier);
        }
        if matches!(digits.len(), 15 | 19) {
            let body = &digits[..digits.len() - 1];
            let base = if is_decimal(body) { 10 } else { 16 };
            if luhn(&digits, base) != Some(0) {
                return Err(InvalidIdentifier);
            }
            digits.pop();
        }
        let hexadecimal = match digits.len() {
            14 if digits.bytes().all(|digit| digit.is_ascii_hexdigit()) => digits,
            18 if is_decimal(&digits) => from_decimal(&digits).ok_or(InvalidIdentifier)?,
            _ => return Err(InvalidIdentifier),
        };
        if is_zero(&hexadecimal) {
            return Err(InvalidIdentifier);
        }
        Ok(Self(hexadecimal))
    }

    /// The 14 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Identifiers {
    /// Every number that is given.
    #[must_use]
    pub fn all(&self) -> Vec<&str> {
        let imeis = [&self.imei, &self.imei2].into_iter().flatten().map(Imei::as_str);
        imeis.chain(self.meid.as_ref().map(Meid::as_str)).collect()
    }
}

impl Sought {
    /// What `text` may be. Also an IMEI without its check digit or with the version of its software (IMEISV, 16 digits).
    #[must_use]
    pub fn read(text: &str) -> Self {
        let compact = compact(text);
        let mut numbers = Vec::new();
        if matches!(compact.len(), 14 | 16) && is_decimal(&compact) {
            let body = &compact[..14];
            numbers.push(format!("{body}{}", check_digit(body, 10)));
        }
        numbers.extend(Imei::parse(&compact).map(|imei| imei.0));
        numbers.extend(Meid::parse(&compact).map(|meid| meid.0));
        Self {
            serial_number: is_serial_number(&compact).then_some(compact),
            numbers,
        }
    }
}

/// Whether this is a serial number: 8 to 20 upper-case letters and digits without I and O.
#[must_use]
pub fn is_serial_number(text: &str) -> bool {
    let is_of_it = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'Z') && !matches!(byte, b'I' | b'O');
    (8..=20).contains(&text.len()) && text.bytes().all(is_of_it)
}

/// Without what only helps to read, in upper case.
fn compact(text: &str) -> String {
    text.chars()
        .filter(|letter| !matches!(letter, ' ' | '-' | '/' | '.' | '\u{a0}' | '\t'))
        .map(|letter| letter.to_ascii_uppercase())
        .collect()
}

fn is_decimal(digits: &str) -> bool {
    digits.bytes().all(|digit| digit.is_ascii_digit())
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|digit| digit == b'0')
}

fn from_decimal(digits: &str) -> Option<String> {
    let maker: u32 = digits[..10].parse().ok()?;
    let serial: u32 = digits[10..].parse().ok().filter(|serial| *serial < 1 << 24)?;
    Some(format!("{maker:08X}{serial:06X}"))
}

/// The sum of Luhn over digits of which the last one is the check digit, modulo `base`: 0 where it is right; none where there is
/// something else among them.
fn luhn(digits: &str, base: u32) -> Option<u32> {
    let mut sum = 0;
    for (place, digit) in digits.chars().rev().enumerate() {
        let digit = digit.to_digit(base)?;
        let weighed = if place % 2 == 0 { digit } else { digit * 2 };
        sum += weighed / base + weighed % base;
    }
    Some(sum % base)
}

/// The digit that makes the sum right.
fn check_digit(body: &str, base: u32) -> char {
    let sum = luhn(&format!("{body}0"), base).unwrap_or_default();
    char::from_digit((base - sum) % base, base).map_or('0', |digit| digit.to_ascii_uppercase())
}

macro_rules! printed_as_nothing {
    ($($name:ident),+) => {$(
        /// Nothing of it: it names a device, and so a person.
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), " { personal }"))
            }
        }
    )+};
}

printed_as_nothing!(Imei, Meid, Sought);

#[cfg(test)]
mod tests;
