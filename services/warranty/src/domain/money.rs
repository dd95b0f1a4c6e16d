//! Money: an amount in the minor unit of its currency. Nothing is rounded but where a [`Rounding`] is named, and nothing
//! overflows unseen.

use std::cmp::Ordering;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use support_chassis::named;

/// A currency of ISO 4217 that people pay with: one that has a minor unit.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// That of the United States.
    pub const US_DOLLAR: Self = Self(iso_currency::Currency::USD);

    /// The currency with this code, three upper-case letters; none where no currency that people pay with has it.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some() && !currency.is_fund() && !currency.is_special())
            .map(Self)
    }

    /// The code: `EUR`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.0.code()
    }

    /// How many digits of an amount stand after the point, 0 to 4: 2 for EUR, 0 for JPY.
    #[must_use]
    pub fn exponent(&self) -> u16 {
        self.0.exponent().unwrap_or(0)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// By their codes.
impl Ord for Currency {
    fn cmp(&self, other: &Self) -> Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::from_code(&code).ok_or_else(|| D::Error::custom("not the code of a currency that people pay with"))
    }
}

named! {
    /// What becomes of less than one minor unit.
    Rounding {
        /// To the nearest, halves away from zero.
        HalfUp = "half_up",
        /// To the nearest, halves to the even one.
        HalfEven = "half_even",
        /// Towards zero.
        Down = "down",
        /// Away from zero.
        Up = "up",
    }
}

/// An amount of money. Amounts of different currencies are neither more nor less than each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    /// The currency.
    pub currency: Currency,
    /// In the currency's minor unit: cents for EUR, yen for JPY. Negative where it goes to the customer.
    pub minor: i64,
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.currency == other.currency).then(|| self.minor.cmp(&other.minor))
    }
}

impl Amount {
    /// So much of a currency.
    #[must_use]
    pub const fn new(currency: Currency, minor: i64) -> Self {
        Self { currency, minor }
    }

    /// Nothing.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(currency, 0)
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(&self) -> bool {
        self.minor == 0
    }

    /// Both together; none where their currencies differ or it is more than can be written.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.minor.checked_add(other.minor))
            .flatten()
            .map(|minor| Self { minor, ..self })
    }

    /// What is left of it without the other; none where their currencies differ or it is more than can be written.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        (self.currency == other.currency)
            .then(|| self.minor.checked_sub(other.minor))
            .flatten()
            .map(|minor| Self { minor, ..self })
    }

    /// `numerator / denominator` of it: what is left of a year, a tax. None where the denominator is 0 or it is more than can
    /// be written.
    #[must_use]
    pub fn checked_part(self, numerator: u64, denominator: u64, rounding: Rounding) -> Option<Self> {
        let product = i128::from(self.minor) * i128::from(numerator);
        let denominator = i128::from(denominator);
        let (quotient, rest) = (product.checked_div(denominator)?, product.checked_rem(denominator)?);
        // Both signs follow the product's; the denominator is above 0.
        let twice = rest.abs() * 2;
        let away = match rounding {
            Rounding::Down => false,
            Rounding::Up => rest != 0,
            Rounding::HalfUp => twice >= denominator,
            Rounding::HalfEven => twice > denominator || (twice == denominator && quotient % 2 != 0),
        };
        let rounded = quotient + if away { product.signum() } else { 0 };
        i64::try_from(rounded).ok().map(|minor| Self { minor, ..self })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::from_code(code).unwrap()
    }

    #[test]
    fn currencies_are_those_that_people_pay_with() {
        for (code, exponent) in [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CNY", 2), ("KRW", 0), ("ISK", 0)] {
            assert_eq!(currency(code).code(), code);
            assert_eq!(currency(code).exponent(), exponent, "{code}");
        }
        for none in ["XAU", "XXX", "CLF", "eur", "EURO", "", "ZZZ"] {
            assert_eq!(Currency::from_code(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_less_than_a_minor_unit_is_rounded_as_named() {
        let table = [
            // Amount, part, half up, half even, down, up.
            (5, (1, 2), [3, 2, 2, 3]),
            (7, (1, 2), [4, 4, 3, 4]),
            (-5, (1, 2), [-3, -2, -2, -3]),
            (10, (1, 3), [3, 3, 3, 4]),
            (20, (1, 3), [7, 7, 6, 7]),
            (-20, (1, 3), [-7, -7, -6, -7]),
            (12, (1, 3), [4, 4, 4, 4]),
            (0, (1, 3), [0, 0, 0, 0]),
        ];
        for (minor, (numerator, denominator), rounded) in table {
            let amount = Amount::new(currency("EUR"), minor);
            for (rounding, expected) in Rounding::ALL.iter().zip(rounded) {
                let part = amount.checked_part(numerator, denominator, *rounding).unwrap();
                assert_eq!(part.minor, expected, "{minor} × {numerator}/{denominator} {rounding:?}");
            }
        }
    }

    #[test]
    fn nothing_overflows_and_no_currencies_mix() {
        let (euros, yen) = (Amount::new(currency("EUR"), 100), Amount::new(currency("JPY"), 100));
        assert_eq!(euros.checked_add(yen), None);
        assert_eq!(euros.checked_sub(yen), None);
        assert_eq!(euros.partial_cmp(&yen), None);
        assert_ne!(euros, yen);
        let most = Amount::new(currency("EUR"), i64::MAX);
        assert_eq!(most.checked_add(euros), None);
        assert_eq!(most.checked_part(2, 1, Rounding::Down), None);
        assert_eq!(euros.checked_part(1, 0, Rounding::Down), None);
        assert_eq!(most.checked_part(u64::MAX, u64::MAX, Rounding::Down), Some(most));
    }

    #[test]
    fn an_amount_is_written_with_its_currency() {
        let amount = Amount::new(currency("EUR"), 12_900);
        let text = serde_json::to_string(&amount).unwrap();
        assert_eq!(text, r#"{"currency":"EUR","minor":12900}"#);
        assert_eq!(serde_json::from_str::<Amount>(&text).unwrap(), amount);
        assert!(serde_json::from_str::<Amount>(r#"{"currency":"XAU","minor":1}"#).is_err());
    }

    proptest! {
        #[test]
        fn a_part_and_the_rest_are_the_whole(
            minor in -1_000_000_000_i64..1_000_000_000, of in 1..5000_u64, whole in 1..5000_u64,
        ) {
            prop_assume!(of <= whole);
            let amount = Amount::new(currency("EUR"), minor);
            let (down, up) = (amount.checked_part(of, whole, Rounding::Down), amount.checked_part(of, whole, Rounding::Up));
            let rest = amount.checked_part(whole - of, whole, Rounding::Up).unwrap();
            prop_assert_eq!(down.unwrap().checked_add(rest).unwrap(), amount);
            prop_assert!((up.unwrap().minor - down.unwrap().minor).abs() <= 1);
            for rounding in [Rounding::HalfUp, Rounding::HalfEven] {
                let part = amount.checked_part(of, whole, rounding).unwrap();
                prop_assert!(part == down.unwrap() || part == up.unwrap());
            }
        }
    }
}
