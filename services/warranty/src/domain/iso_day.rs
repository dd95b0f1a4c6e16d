//! Days as JSON has them: `2026-01-31` (RFC 3339, full-date). For `#[serde(with = "iso_day")]`, `iso_day::option` for a
//! day that may be missing, and `iso_day::list` for several.
//!
//! Written by hand: a decision holds some twenty days, and a description of the format that is interpreted for each of them
//! costs more than all else in it.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserializer, Serializer};
use time::{Date, Month};

/// How long a day is.
const LENGTH: usize = 10;

/// The day's digits; none where its year has more than four, or is before year 0.
fn digits(day: Date) -> Option<[u8; LENGTH]> {
    let (year, month, day) = day.to_calendar_date();
    let year = u16::try_from(year).ok().filter(|year| *year <= 9999)?;
    let (century, of_century) = (u8::try_from(year / 100).ok()?, u8::try_from(year % 100).ok()?);
    let mut text = *b"0000-00-00";
    for (at, number) in [(0, century), (2, of_century), (5, u8::from(month)), (8, day)] {
        text[at] += number / 10;
        text[at + 1] += number % 10;
    }
    Some(text)
}

/// The day of a text; none where the calendar has none such.
fn parse(text: &str) -> Option<Date> {
    let bytes: &[u8; LENGTH] = text.as_bytes().try_into().ok()?;
    let number = |range: std::ops::Range<usize>| {
        bytes[range].iter().try_fold(0_u16, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + u16::from(digit - b'0'))
        })
    };
    if bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let month = Month::try_from(u8::try_from(number(5..7)?).ok()?).ok()?;
    Date::from_calendar_date(number(0..4)?.into(), month, u8::try_from(number(8..10)?).ok()?).ok()
}

/// Writes a day.
///
/// # Errors
///
/// Where its year has not four digits.
pub fn serialize<S: Serializer>(day: &Date, serializer: S) -> Result<S::Ok, S::Error> {
    let digits = digits(*day).ok_or_else(|| serde::ser::Error::custom("a year has four digits"))?;
    serializer.serialize_str(std::str::from_utf8(&digits).map_err(serde::ser::Error::custom)?)
}

/// Reads a day.
///
/// # Errors
///
/// Where it is none.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    struct Day;

    impl Visitor<'_> for Day {
        type Value = Date;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a day such as 2026-01-31")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Date, E> {
            parse(text).ok_or_else(|| E::custom("not a day such as 2026-01-31"))
        }
    }

    deserializer.deserialize_str(Day)
}

/// A day that may be missing: `null` where it is.
pub mod option {
    use std::fmt;

    use serde::de::{self, Visitor};
    use serde::{Deserializer, Serializer};
    use time::Date;

    /// Writes a day, or that there is none.
    ///
    /// # Errors
    ///
    /// Where its year has not four digits.
    pub fn serialize<S: Serializer>(day: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
        match day {
            Some(day) => super::serialize(day, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a day, or that there is none.
    ///
    /// # Errors
    ///
    /// Where it is neither.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
        struct Maybe;

        impl<'de> Visitor<'de> for Maybe {
            type Value = Option<Date>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a day such as 2026-01-31, or null")
            }

            fn visit_none<E: de::Error>(self) -> Result<Option<Date>, E> {
                Ok(None)
            }

            fn visit_unit<E: de::Error>(self) -> Result<Option<Date>, E> {
                Ok(None)
            }

            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Date>, D::Error> {
                super::deserialize(deserializer).map(Some)
            }
        }

        deserializer.deserialize_option(Maybe)
    }
}

/// Days, in their order.
pub mod list {
    use serde::ser::SerializeSeq as _;
    use serde::{Deserialize, Deserializer, Serializer};
    use time::Date;

    /// A day among others.
    #[derive(Deserialize)]
    struct Day(#[serde(with = "super")] Date);

    /// A day among others, not ours.
    #[derive(serde::Serialize)]
    struct DayRef<'a>(#[serde(with = "super")] &'a Date);

    /// Writes days.
    ///
    /// # Errors
    ///
    /// Where the year of one has not four digits.
    pub fn serialize<S: Serializer>(days: &[Date], serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(days.len()))?;
        for day in days {
            list.serialize_element(&DayRef(day))?;
        }
        list.end()
    }

    /// Reads days.
    ///
    /// # Errors
    ///
    /// Where one is none.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Date>, D::Error> {
        Ok(Vec::<Day>::deserialize(deserializer)?
            .into_iter()
            .map(|Day(day)| day)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use time::macros::date;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Days {
        #[serde(with = "super")]
        first: Date,
        #[serde(default, with = "super::option")]
        last: Option<Date>,
    }

    #[test]
    fn days_are_written_and_read_alike() {
        for (days, text) in [
            (
                Days {
                    first: date!(2024 - 02 - 29),
                    last: Some(date!(9999 - 12 - 31)),
                },
                r#"{"first":"2024-02-29","last":"9999-12-31"}"#,
            ),
            (
                Days {
                    first: date!(0007 - 01 - 01),
                    last: None,
                },
                r#"{"first":"0007-01-01","last":null}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&days).unwrap(), text);
            assert_eq!(serde_json::from_str::<Days>(text).unwrap(), days);
        }
        let without: Days = serde_json::from_str(r#"{"first":"2024-02-29"}"#).unwrap();
        assert_eq!(without.last, None);
        for none in [
            "2023-02-29",
            "2023-2-28",
            "2023/02/28",
            "2023-13-01",
            "2023-00-10",
            "+023-01-01",
            "2023-01-01 ",
            "",
        ] {
            let text = format!(r#"{{"first":"{none}"}}"#);
            assert!(serde_json::from_str::<Days>(&text).is_err(), "{none}");
        }
        let before = Days {
            first: date!(-0001 - 01 - 01),
            last: None,
        };
        assert!(serde_json::to_string(&before).is_err());
    }
}
