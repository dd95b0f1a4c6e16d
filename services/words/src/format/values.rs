//! Numbers, money, dates, times and measures.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use super::person::{self, Manner, Person};
use super::relative::{self, RelativeUnit};
use crate::catalogue::{Arguments, Catalogue, CompileError, Day, ListKind, Money, Value};
use crate::conventions::inherited;
use crate::list;
use crate::reader::Reader;
use crate::tag::Tag;

/// How many locales are kept compiled: more than there are, with their regions.
const KEPT: usize = 400;

/// The units that measures are in, as CLDR calls them.
pub const UNITS: [&str; 44] = [
    "ampere",
    "bit",
    "byte",
    "celsius",
    "centimeter",
    "day",
    "fahrenheit",
    "foot",
    "gigabyte",
    "gigahertz",
    "gram",
    "hertz",
    "hour",
    "inch",
    "kilobyte",
    "kilogram",
    "kilohertz",
    "kilometer",
    "kilowatt",
    "liter",
    "megabit",
    "megabyte",
    "megahertz",
    "megapixel",
    "meter",
    "mile",
    "milliampere",
    "milligram",
    "milliliter",
    "millimeter",
    "millisecond",
    "minute",
    "month",
    "ounce",
    "percent",
    "petabyte",
    "pixel",
    "pound",
    "second",
    "terabyte",
    "volt",
    "watt",
    "week",
    "year",
];

/// How long a form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Length {
    /// 04.03.26, 5 GB.
    Short,
    /// 04.03.2026, 5 GB.
    Medium,
    /// 4 March 2026, 5 gigabytes.
    Long,
}

impl Length {
    const ALL: [Self; 3] = [Self::Short, Self::Medium, Self::Long];

    fn of_date(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Medium => "medium",
            Self::Long => "long",
        }
    }

    fn of_unit(self) -> &'static str {
        match self {
            Self::Short | Self::Medium => "short",
            Self::Long => "long",
        }
    }
}

/// A value to be written.
#[derive(Clone, PartialEq)]
pub enum Written {
    /// A number.
    Number(f64),
    /// A share of one.
    Share(f64),
    /// An amount of money.
    Money(Money),
    /// A day and the time of day, in milliseconds since 1970 in UTC.
    Time(i64),
    /// The time of day alone.
    TimeOfDay(i64),
    /// A day of the calendar.
    Day(Day),
    /// So many of one of the [`UNITS`].
    Measure(f64, String),
    /// How far away something is in time.
    Relative(i64, RelativeUnit),
    /// Texts in a row.
    List(ListKind, Vec<String>),
    /// The name of a person, which the length of the manner is taken from.
    Name(Box<Person>, Manner),
}

/// What writes values, with what it has compiled.
#[derive(Debug, Default)]
pub struct Formats {
    compiled: RwLock<HashMap<Tag, Arc<Catalogue>>>,
}

impl Formats {
    /// Writes a value by the rules of `tag`; none where it cannot be written.
    ///
    /// # Errors
    ///
    /// Only by our own fault.
    pub fn write(
        &self,
        tag: &Tag,
        value: Written,
        length: Length,
        reader: &Reader,
    ) -> Result<Option<String>, CompileError> {
        let date = length.of_date();
        let (key, value) = match value {
            Written::Number(number) => ("number".to_owned(), Value::Number(number)),
            Written::Share(share) => ("percent".to_owned(), Value::Number(share)),
            Written::Money(money) => ("money".to_owned(), Value::Money(money)),
            Written::Time(time) => (format!("datetime.{date}"), Value::Time(time)),
            Written::TimeOfDay(time) => ("time".to_owned(), Value::Time(time)),
            Written::Day(day) => (format!("date.{date}"), Value::Day(day)),
            Written::Measure(amount, unit) => (format!("unit.{unit}.{}", length.of_unit()), Value::Number(amount)),
            Written::Relative(amount, unit) => return Ok(relative::written(tag, amount, unit, length)),
            Written::List(kind, texts) => return Ok(list::joined(tag, kind, &texts)),
            Written::Name(person, manner) => return Ok(person::written(tag, &person, manner)),
        };
        let arguments = Arguments::from([("v".to_owned(), value)]);
        // Nothing is kept for regions that CLDR knows nothing else of: anybody may name any.
        let tag = inherited(tag).unwrap_or_else(|| tag.clone());
        let rendered = self.catalogue(&tag)?.render_for(&key, &arguments, reader);
        Ok(rendered
            .filter(|rendered| rendered.degradations.is_empty())
            .map(|rendered| rendered.text))
    }

    fn catalogue(&self, tag: &Tag) -> Result<Arc<Catalogue>, CompileError> {
        let held = self
            .compiled
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(tag)
            .cloned();
        if let Some(held) = held {
            return Ok(held);
        }
        let (catalogue, _) = Catalogue::compile(tag, &patterns())?;
        let catalogue = Arc::new(catalogue);
        let mut compiled = self.compiled.write().unwrap_or_else(PoisonError::into_inner);
        // Regions that nobody comes from could fill the memory: what is asked for again is soon compiled again.
        if compiled.len() >= KEPT {
            compiled.clear();
        }
        compiled.insert(tag.clone(), Arc::clone(&catalogue));
        Ok(catalogue)
    }
}

/// A message for every form of a value.
fn patterns() -> BTreeMap<String, String> {
    let mut patterns = BTreeMap::from([
        ("number".to_owned(), "{$v :number}".to_owned()),
        ("percent".to_owned(), "{$v :percent maximumFractionDigits=1}".to_owned()),
        ("money".to_owned(), "{$v :currency}".to_owned()),
        ("time".to_owned(), "{$v :time}".to_owned()),
    ]);
    for length in Length::ALL {
        let date = length.of_date();
        patterns.insert(format!("date.{date}"), format!("{{$v :date length={date}}}"));
        patterns.insert(
            format!("datetime.{date}"),
            format!("{{$v :datetime dateLength={date}}}"),
        );
        let display = length.of_unit();
        for unit in UNITS {
            patterns.insert(
                format!("unit.{unit}.{display}"),
                format!("{{$v :unit unit={unit} unitDisplay={display}}}"),
            );
        }
    }
    patterns
}
