//! Postal addresses, country by country: what a form asks for, and the lines on a parcel.
//!
//! `data/addresses.toml` has them, from the metadata of libaddressinput.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use icu_properties::CodePointMapData;
use icu_properties::props::Script;
use serde::Deserialize;

const FILE: &str = include_str!("../../data/addresses.toml");
/// Every other country.
const OTHERS: &str = "ZZ";

static ROWS: LazyLock<BTreeMap<String, Row>> = LazyLock::new(|| {
    // A test reads the file; without it addresses would be written as they are in most countries.
    toml::from_str(FILE).unwrap_or_default()
});

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Row {
    lines: String,
    latin: Option<String>,
    required: String,
    #[serde(default)]
    code: String,
    #[serde(rename = "D")]
    district: Option<String>,
    #[serde(rename = "C")]
    city: Option<String>,
    #[serde(rename = "S")]
    province: Option<String>,
    #[serde(rename = "Z")]
    postal_code: Option<String>,
}

/// A part of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Who it is for.
    Recipient,
    /// A company or an office.
    Organisation,
    /// The street and the number, or what stands for them.
    Street,
    /// A part of the city.
    District,
    /// The city.
    City,
    /// The province, state, prefecture.
    Province,
    /// The postal code.
    PostalCode,
    /// What large receivers have beside it (`CEDEX`).
    SortingCode,
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Recipient,
        Self::Organisation,
        Self::Street,
        Self::District,
        Self::City,
        Self::Province,
        Self::PostalCode,
        Self::SortingCode,
    ];

    /// Its name in profiles of regions.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Recipient => "recipient",
            Self::Organisation => "organisation",
            Self::Street => "street",
            Self::District => "district",
            Self::City => "city",
            Self::Province => "province",
            Self::PostalCode => "postal-code",
            Self::SortingCode => "sorting-code",
        }
    }

    fn letter(self) -> char {
        match self {
            Self::Recipient => 'N',
            Self::Organisation => 'O',
            Self::Street => 'A',
            Self::District => 'D',
            Self::City => 'C',
            Self::Province => 'S',
            Self::PostalCode => 'Z',
            Self::SortingCode => 'X',
        }
    }

    fn of(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.letter() == letter)
    }
}

/// What a form asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// In the order in which they are asked for and written.
    pub fields: Vec<Field>,
    /// What a postal code looks like: 9 for a digit, A for a letter, X for either, several with `|` between; empty where there is
    /// none, or none is known.
    pub code: &'static str,
}

/// A field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// What it holds.
    pub part: Part,
    /// What it is called there: `state`, `prefecture`, `eircode`.
    pub called: &'static str,
    /// Whether no address goes without it.
    pub is_required: bool,
}

impl Field {
    /// A part as it is called in most countries.
    #[must_use]
    pub fn usual(part: Part) -> Self {
        Self {
            part,
            called: usual(part),
            is_required: false,
        }
    }
}

/// An address, part by part. What is not known is empty.
#[derive(Default)]
pub struct Address {
    parts: BTreeMap<Part, Vec<String>>,
}

impl std::fmt::Debug for Address {
    /// Nothing: it is where somebody lives.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Address").finish_non_exhaustive()
    }
}

impl Address {
    /// The same with a part, in several lines where it has them.
    #[must_use]
    pub fn with(mut self, part: Part, lines: impl IntoIterator<Item = String>) -> Self {
        let lines = lines.into_iter().map(|line| line.trim().to_owned());
        let lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
        if !lines.is_empty() {
            self.parts.insert(part, lines);
        }
        self
    }

    /// Whether it has the part.
    #[must_use]
    pub fn has(&self, part: Part) -> bool {
        self.parts.contains_key(&part)
    }

    /// The postal code; empty where there is none.
    #[must_use]
    pub fn postal_code(&self) -> String {
        self.parts
            .get(&Part::PostalCode)
            .map_or_else(String::new, |lines| lines.concat())
    }

    /// Whether it is written in Latin letters alone.
    fn is_latin(&self) -> bool {
        let scripts = CodePointMapData::<Script>::new();
        self.parts
            .values()
            .flatten()
            .flat_map(|text| text.chars())
            .all(|character| {
                matches!(
                    scripts.get(character),
                    Script::Latin | Script::Common | Script::Inherited
                )
            })
    }
}

/// What a form asks for in a country (ISO 3166), in the order in which it is written in the country's script, or in Latin letters.
#[must_use]
pub fn form(country: &str, in_latin: bool) -> Form {
    let Some(row) = row(country) else {
        return Form {
            fields: Vec::new(),
            code: "",
        };
    };
    let fields = elements(layout(row, in_latin)).filter_map(|element| match element {
        Element::Part(Part::SortingCode) | Element::End | Element::Literal(_) => None,
        Element::Part(part) => Some(Field {
            part,
            called: called(row, part),
            is_required: row.required.contains(part.letter()),
        }),
    });
    Form {
        fields: fields.collect(),
        code: &row.code,
    }
}

/// The lines of an address in a country, and the parts that such addresses have no place for.
#[must_use]
pub fn lines(country: &str, address: &Address) -> (Vec<String>, Vec<Part>) {
    let Some(row) = row(country) else {
        return (Vec::new(), Vec::new());
    };
    let elements: Vec<Element<'_>> = elements(layout(row, address.is_latin())).collect();
    let has = |element: Option<&Element<'_>>| match element {
        Some(Element::Part(part)) => address.has(*part),
        _ => true,
    };
    let mut lines = vec![String::new()];
    // Of what has been kept, whether the last was a part: punctuation beside a part that is empty goes with it.
    let mut after_part = false;
    for (place, element) in elements.iter().enumerate() {
        match element {
            Element::End => {
                lines.push(String::new());
                after_part = false;
            }
            Element::Part(part) => {
                let texts = address.parts.get(part).map_or(&[][..], Vec::as_slice);
                for (number, text) in texts.iter().enumerate() {
                    if number > 0 {
                        lines.push(String::new());
                    }
                    lines.last_mut().into_iter().for_each(|line| line.push_str(text));
                    after_part = true;
                }
            }
            Element::Literal(text) => {
                let before = place.checked_sub(1).and_then(|before| elements.get(before));
                let follows_part = matches!(before, Some(Element::Part(_)));
                if has(elements.get(place + 1)) && (!follows_part || after_part) {
                    lines.last_mut().into_iter().for_each(|line| line.push_str(text));
                    after_part = false;
                }
            }
        }
    }
    lines.retain(|line| !line.trim().is_empty());
    let placed = |part: Part| elements.contains(&Element::Part(part));
    let unplaced = Part::ALL
        .into_iter()
        .filter(|part| address.has(*part) && !placed(*part));
    (lines, unplaced.collect())
}

/// Whether a postal code looks as `patterns` say, whatever its spaces, hyphens and capitals; any does where there are none.
#[must_use]
pub fn code_fits(patterns: &str, code: &str) -> bool {
    let plain = |text: &str| -> Vec<char> { text.chars().filter(|c| !matches!(c, ' ' | '-')).collect() };
    let code = plain(code);
    patterns.is_empty()
        || patterns.split('|').map(plain).any(|pattern| {
            pattern.len() == code.len()
                && pattern.iter().zip(&code).all(|(expected, found)| match expected {
                    '9' => found.is_ascii_digit(),
                    'A' => found.is_ascii_alphabetic(),
                    'X' => found.is_ascii_alphanumeric(),
                    other => other == found,
                })
        })
}

fn row(country: &str) -> Option<&'static Row> {
    ROWS.get(country).or_else(|| ROWS.get(OTHERS))
}

fn layout(row: &'static Row, in_latin: bool) -> &'static str {
    row.latin.as_deref().filter(|_| in_latin).unwrap_or(&row.lines)
}

fn called(row: &'static Row, part: Part) -> &'static str {
    let own = match part {
        Part::District => &row.district,
        Part::City => &row.city,
        Part::Province => &row.province,
        Part::PostalCode => &row.postal_code,
        Part::Recipient | Part::Organisation | Part::Street | Part::SortingCode => &None,
    };
    own.as_deref().unwrap_or(usual(part))
}

fn usual(part: Part) -> &'static str {
    match part {
        Part::Recipient => "recipient",
        Part::Organisation => "organisation",
        Part::Street => "street",
        Part::District => "suburb",
        Part::City => "city",
        Part::Province => "province",
        Part::PostalCode => "postal_code",
        Part::SortingCode => "sorting_code",
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Element<'l> {
    Part(Part),
    Literal(&'l str),
    End,
}

fn elements(layout: &str) -> impl Iterator<Item = Element<'_>> {
    let mut rest = layout;
    std::iter::from_fn(move || {
        if let Some(after) = rest.strip_prefix('%') {
            let letter = after.chars().next()?;
            rest = &after[letter.len_utf8()..];
            return Some(Part::of(letter).map_or(Element::End, Element::Part));
        }
        let end = rest.find('%').unwrap_or(rest.len());
        let (literal, after) = rest.split_at(end);
        rest = after;
        (!literal.is_empty()).then_some(Element::Literal(literal))
    })
}

/// What parts are called in any country, without repetition: the keys of their labels.
#[must_use]
pub fn all_called() -> std::collections::BTreeSet<&'static str> {
    let parts = |row: &'static Row| Part::ALL.into_iter().map(move |part| called(row, part));
    let every = ROWS.values().flat_map(parts);
    every.filter(|called| *called != usual(Part::SortingCode)).collect()
}

#[cfg(test)]
mod tests;
