//! Telephone numbers, by the metadata of libphonenumber.

use phonenumber::{Mode, PhoneNumber, country};

/// A telephone number.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone {
    /// Whether it is one that can be in use.
    pub is_valid: bool,
    /// E.164.
    pub e164: String,
    /// As it is written to be dialled from anywhere.
    pub international: String,
    /// As it is written in its country.
    pub national: String,
    /// The country, ISO 3166; empty where it is of none.
    pub country: String,
}

impl std::fmt::Debug for Phone {
    /// Whether it is one: the number is a person's.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Phone")
            .field("is_valid", &self.is_valid)
            .finish_non_exhaustive()
    }
}

/// Reads a number as somebody in `country` (ISO 3166, or empty) dials it; none where it is no number.
#[must_use]
pub fn read(number: &str, country: &str) -> Option<Phone> {
    let dialled_in: Option<country::Id> = if country.is_empty() {
        None
    } else {
        Some(country.parse().ok()?)
    };
    let number: PhoneNumber = phonenumber::parse(dialled_in, number).ok()?;
    let written = |mode| number.format().mode(mode).to_string();
    Some(Phone {
        is_valid: number.is_valid(),
        e164: written(Mode::E164),
        international: written(Mode::International),
        national: written(Mode::National),
        country: number
            .country()
            .id()
            .map_or_else(String::new, |id| id.as_ref().to_owned()),
    })
}
