//! Values that a message can hold beside texts, numbers and times: days, money, and several values in one.

use std::fmt;

use mf2::{CustomValue, Date, DateTime, Measure, MeasureUnit, Number, Time};

/// A day of the calendar, in no time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day(Date);

impl Day {
    /// The day of this year, month (1 to 12) and day of the month; none where the calendar has no such day.
    #[must_use]
    pub fn new(year: i32, month: i32, day: i32) -> Option<Self> {
        Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?).map(Self)
    }

    /// Its beginning, which no zone moves to another day.
    pub(super) fn midnight(self) -> DateTime<'static> {
        DateTime::floating(self.0, Time::MIDNIGHT)
    }
}

/// An amount of money.
#[derive(Clone)]
pub struct Money {
    code: [u8; 3],
    minor: i64,
    /// The amount in the currency, exactly: `-12.50`.
    amount: Number,
    /// The digits to show, as `mf2`'s `:currency` writes it down; 0 for as many as are usual.
    flags: u32,
}

impl Money {
    /// `minor` minor units (cents for EUR, yen for JPY) of the currency `code`, ISO 4217; none where there is no such
    /// currency, or it has no minor unit.
    #[must_use]
    pub fn new(code: &str, minor: i64) -> Option<Self> {
        let exponent = iso_currency::Currency::from_code(code)?.exponent()?;
        let digits = usize::from(exponent);
        let padded = format!("{:0>1$}", minor.unsigned_abs(), digits + 1);
        let (whole, fraction) = padded.split_at(padded.len() - digits);
        let sign = if minor < 0 { "-" } else { "" };
        let point = if digits == 0 { "" } else { "." };
        // CLDR shows no hundredths of currencies where nobody pays any (LBP, IQD). Where there are some they
        // are shown: an amount is never rounded on its way to who pays it.
        let flags = if fraction.bytes().all(|digit| digit == b'0') {
            0
        } else {
            (u32::from(exponent) + 2) << FRACTION_DIGITS_AT
        };
        Some(Self {
            code: code.as_bytes().try_into().ok()?,
            minor,
            amount: Number::parse(&format!("{sign}{whole}{point}{fraction}"))?,
            flags,
        })
    }
}

/// By the currency and the minor units, of which all else follows.
impl PartialEq for Money {
    fn eq(&self, other: &Self) -> bool {
        (self.code, self.minor) == (other.code, other.minor)
    }
}

impl Eq for Money {}

impl fmt::Debug for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Money")
            .field("code", &String::from_utf8_lossy(&self.code))
            .field("minor", &self.minor)
            .finish_non_exhaustive()
    }
}

/// Where `:currency` keeps the option `fractionDigits` in a measure's flags: 0 for none, else two more than the digits. A
/// test holds it against the version of `mf2` that is pinned.
const FRACTION_DIGITS_AT: u32 = 5;

impl CustomValue for Money {
    fn as_measure(&self) -> Option<Measure<'_>> {
        let unit = MeasureUnit::Currency(self.code);
        Some(Measure::new(self.amount.clone(), unit, self.flags))
    }
}

/// Several values.
#[derive(Clone, PartialEq, Eq)]
pub struct List {
    /// How they are joined.
    pub kind: ListKind,
    /// The values in their order.
    pub items: Vec<Item>,
}

/// How values are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// All of them.
    And,
    /// One of them.
    Or,
}

/// One of several values.
#[derive(Clone, PartialEq, Eq)]
pub enum Item {
    /// A text.
    Text(String),
    /// The text of the message with this key.
    Message(String),
}
