//! A pattern of a name: `{surname-core}, {given-initial} {surname-prefix}`.

use icu_casemap::CaseMapper;
use icu_locale::LanguageIdentifier;
use icu_segmenter::GraphemeClusterSegmenter;

use super::Person;
use super::rules::Rules;

/// A part of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Title,
    Given,
    GivenInformal,
    Given2,
    Surname,
    SurnamePrefix,
    SurnameCore,
    Surname2,
    Generation,
    Credentials,
}

/// How much of a part is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    /// The first letters of its words, as the locale abbreviates them; `retain` keeps the hyphens between them.
    Initials {
        retain: bool,
    },
    /// The first letter.
    Monogram,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Capitals {
    AsItIs,
    All,
    First,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Field {
    kind: Kind,
    extent: Extent,
    capitals: Capitals,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Field(Field),
    Literal(String),
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
}

impl Pattern {
    /// Reads a pattern of CLDR; none where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(literal.to_owned()));
            }
            let (field, after) = after.split_once('}')?;
            pieces.push(Piece::Field(field_of(field)?));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Some(Self { pieces })
    }

    /// How many of its parts there are, and the fewer there are not the more.
    pub(super) fn fits(&self, person: &Person) -> (usize, std::cmp::Reverse<usize>) {
        let there = self.fields().filter(|field| person.part(field.kind).is_some()).count();
        (there, std::cmp::Reverse(self.fields().count() - there))
    }

    fn fields(&self) -> impl Iterator<Item = &Field> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Field(field) => Some(field),
            Piece::Literal(_) => None,
        })
    }

    /// The name; punctuation around a part that is missing goes with it.
    pub(super) fn write(&self, person: &Person, rules: &Rules) -> String {
        // Who has one name alone has it in the place of the surname where the pattern has no other for it.
        let shows_given = |field: &Field| {
            matches!(field.kind, Kind::Given | Kind::GivenInformal) && !matches!(field.extent, Extent::Initials { .. })
        };
        let stands_in = person.surname.is_empty() && !self.fields().any(shows_given);
        let value = |field: &Field| {
            let kind = match field.kind {
                Kind::Surname | Kind::SurnameCore if stands_in => Kind::Given,
                Kind::Given | Kind::GivenInformal if stands_in => return None,
                kind => kind,
            };
            Some(field.write(&person.part(kind)?, rules))
        };
        let mut text = String::new();
        // Literals since the last part that was there: the first, and the latest after another that was missing.
        let (mut first, mut last): (Option<&str>, Option<&str>) = (None, None);
        let mut is_missing = false;
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) if is_missing => last = Some(literal),
                Piece::Literal(literal) => first = Some(literal),
                Piece::Field(field) => match value(field) {
                    None => {
                        is_missing = true;
                        last = None;
                    }
                    Some(value) => {
                        if !text.is_empty() {
                            text.push_str(&joined(first.unwrap_or_default(), last.unwrap_or_default()));
                        }
                        text.push_str(&value);
                        (first, last, is_missing) = (None, None, false);
                    }
                },
            }
        }
        if !is_missing {
            text.push_str(first.unwrap_or_default());
        }
        text
    }
}

/// Two literals that have come together, with one space between them, as ICU joins them: `,` of the first before what follows
/// the spaces of the second.
fn joined(first: &str, second: &str) -> String {
    if first.ends_with(second) {
        return first.to_owned();
    }
    let lead = first.find(char::is_whitespace).unwrap_or(first.len());
    let (lead, space) = first.split_at(lead);
    let tail = second.trim_start_matches(|character: char| !character.is_whitespace());
    let after = second
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + second[at..].chars().next().map_or(0, char::len_utf8));
    let space = space.chars().next().or_else(|| tail.chars().next());
    format!(
        "{lead}{}{}",
        space.map_or_else(String::new, String::from),
        &second[after..]
    )
}

fn field_of(text: &str) -> Option<Field> {
    let mut parts = text.split('-');
    let kind = parts.next()?;
    let modifiers: Vec<&str> = parts.collect();
    let has = |modifier: &str| modifiers.contains(&modifier);
    let kind = match kind {
        "title" => Kind::Title,
        "given" if has("informal") => Kind::GivenInformal,
        "given" => Kind::Given,
        "given2" => Kind::Given2,
        "surname" if has("prefix") => Kind::SurnamePrefix,
        "surname" if has("core") => Kind::SurnameCore,
        "surname" => Kind::Surname,
        "surname2" => Kind::Surname2,
        "generation" => Kind::Generation,
        "credentials" => Kind::Credentials,
        _ => return None,
    };
    let extent = if has("monogram") {
        Extent::Monogram
    } else if has("initial") {
        Extent::Initials { retain: has("retain") }
    } else {
        Extent::Whole
    };
    let capitals = if has("allCaps") {
        Capitals::All
    } else if has("initialCap") {
        Capitals::First
    } else {
        Capitals::AsItIs
    };
    Some(Field { kind, extent, capitals })
}

impl Field {
    fn write(self, value: &str, rules: &Rules) -> String {
        let text = match self.extent {
            Extent::Whole => value.to_owned(),
            Extent::Monogram => first_letter(value).to_owned(),
            Extent::Initials { retain } => {
                let initials = |word: &str| {
                    if retain {
                        let of_parts = word.split('-').map(|part| rules.initial(first_letter(part)));
                        of_parts.collect::<Vec<_>>().join("-")
                    } else {
                        rules.initial(first_letter(word))
                    }
                };
                let mut words = value.split_whitespace().map(initials);
                let first = words.next().unwrap_or_default();
                words.fold(first, |before, word| rules.initials(&before, &word))
            }
        };
        match self.capitals {
            Capitals::AsItIs => text,
            Capitals::All => upper(&text, rules.language()),
            Capitals::First => {
                let first = first_letter(&text);
                format!("{}{}", upper(first, rules.language()), &text[first.len()..])
            }
        }
    }
}

fn first_letter(text: &str) -> &str {
    let end = GraphemeClusterSegmenter::new().segment_str(text).nth(1);
    &text[..end.unwrap_or(text.len())]
}

fn upper(text: &str, language: &LanguageIdentifier) -> String {
    CaseMapper::new().uppercase_to_string(text, language).into_owned()
}
