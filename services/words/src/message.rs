//! What a message may be.
//!
//! A message is Unicode MessageFormat 2. It is checked when it is published, not when a customer waits for it: its syntax
//! and data model, its functions, the plural forms that its language needs, that it takes the same placeholders and markup
//! as the source text it translates, and the [`Rules`] that all texts keep to.

mod plurals;
pub mod rules;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use mf2_model::MarkupKind;
use mf2_syntax::{analyze, parse_model};

use super::functions;
use super::tag::Tag;
pub use rules::Rules;

/// The longest message, in characters.
pub const LONGEST: usize = 10_000;

/// Why a message cannot be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// It is not well-formed, or its data model is not valid. At a byte of the pattern, where the place is known.
    Malformed {
        /// What is wrong.
        what: &'static str,
        /// Where, in bytes from the beginning.
        at: Option<usize>,
    },
    /// It uses a function that there is not.
    UnknownFunction(String),
    /// Its placeholders are not those of the source text.
    Placeholders {
        /// Those the source has and it has not.
        missing: Vec<String>,
        /// Those it has and the source has not.
        surplus: Vec<String>,
    },
    /// Its markup is not that of the source text.
    Markup {
        /// What the source has and it has not: `#link`, `/link` or `#line-break/`.
        missing: Vec<String>,
        /// What it has and the source has not.
        surplus: Vec<String>,
    },
    /// Markup of this name is not closed as often as it is opened in one of its forms.
    MarkupOpen(String),
    /// It chooses by a number and lacks plural forms that the language needs.
    Plurals {
        /// The selector, without `$`.
        selector: String,
        /// The categories of CLDR that it lacks.
        missing: Vec<&'static str>,
    },
    /// One of its forms is too long.
    TooLong {
        /// How many characters it has without its placeholders.
        length: usize,
        /// How many it may have.
        longest: usize,
    },
    /// It translates a term by other words than those of the glossary.
    Glossary {
        /// The term.
        term: String,
        /// The words, one of which it must hold.
        words: Vec<String>,
    },
    /// It says what is never said.
    Forbidden(String),
    /// It spells a product's name in another way.
    ProductName {
        /// As it is spelled in the text.
        found: String,
        /// As it is spelled.
        name: String,
    },
    /// The source language has no message with its key.
    NoSource,
    /// Its key stands more than once in one publishing.
    Twice,
    /// It was made from another source text than the one it would stand beside.
    Stale,
    /// Nobody but its author has approved it.
    NotApproved,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { what, at: Some(at) } => write!(formatter, "{what} at byte {at}"),
            Self::Malformed { what, at: None } => formatter.write_str(what),
            Self::UnknownFunction(name) => write!(formatter, "unknown function :{name}"),
            Self::Placeholders { missing, surplus } => differ(formatter, "placeholders", "$", missing, surplus),
            Self::Markup { missing, surplus } => differ(formatter, "markup", "", missing, surplus),
            Self::MarkupOpen(name) => write!(formatter, "markup {name} is not closed as often as it is opened"),
            Self::Plurals { selector, missing } => {
                write!(
                    formatter,
                    "plural forms of the language are missing for ${selector}: {}",
                    missing.join(" ")
                )
            }
            Self::TooLong { length, longest } => {
                write!(formatter, "is {length} characters long and may have {longest}")
            }
            Self::Glossary { term, words } => {
                write!(formatter, "the glossary translates {term} by {}", words.join(" or "))
            }
            Self::Forbidden(phrase) => write!(formatter, "says what is never said: {phrase}"),
            Self::ProductName { found, name } => write!(formatter, "{found} is spelled {name}"),
            Self::NoSource => formatter.write_str("the source language has no message with this key"),
            Self::Twice => formatter.write_str("stands more than once in this publishing"),
            Self::Stale => formatter.write_str("is translated from another source text than the one of now"),
            Self::NotApproved => formatter.write_str("has not been approved by anybody but its author"),
        }
    }
}

fn differ(
    formatter: &mut fmt::Formatter<'_>,
    what: &str,
    sigil: &str,
    missing: &[String],
    surplus: &[String],
) -> fmt::Result {
    let verb = if what == "markup" { "differs" } else { "differ" };
    write!(formatter, "{what} {verb} from the source's:")?;
    for name in missing {
        write!(formatter, " {sigil}{name} is missing")?;
    }
    for name in surplus {
        write!(formatter, " {sigil}{name} is not in the source")?;
    }
    Ok(())
}

/// The names of the values that a message takes, without `$`.
pub type Placeholders = BTreeSet<String>;

/// Checks a pattern by itself.
///
/// # Errors
///
/// The first fault.
pub fn check(pattern: &str) -> Result<Placeholders, Fault> {
    parse(pattern).map(|parsed| parsed.placeholders)
}

/// A pattern that is sound by itself.
struct Parsed<'p> {
    model: mf2_model::Message<'p>,
    placeholders: Placeholders,
}

fn parse(pattern: &str) -> Result<Parsed<'_>, Fault> {
    let parsed = parse_model(pattern);
    if let Some(diagnostic) = parsed.diagnostics.iter().next() {
        let at = diagnostic.span.map(|span| span.start as usize);
        return Err(Fault::Malformed {
            what: describe(diagnostic.kind),
            at,
        });
    }
    let Some(model) = parsed.message else {
        return Err(Fault::Malformed {
            what: describe(mf2::ErrorKind::Syntax),
            at: None,
        });
    };
    let analysis = analyze(&model);
    if let Some(unknown) = analysis.functions.iter().find(|name| !functions::is_known(&name.nfc)) {
        return Err(Fault::UnknownFunction(unknown.nfc.to_string()));
    }
    let placeholders = analysis.externals.iter().map(|name| name.nfc.to_string()).collect();
    Ok(Parsed { model, placeholders })
}

/// What a text is checked beside.
#[derive(Debug, Clone, Copy)]
pub enum Source<'s> {
    /// It is the source text itself.
    Itself,
    /// The source text that it translates.
    Text(&'s str),
    /// There is no source text.
    None,
}

/// Everything that is wrong with one text of `locale`.
#[must_use]
pub fn faults(locale: &Tag, key: &str, pattern: &str, source: Source<'_>, rules: &Rules) -> Vec<Fault> {
    let own = match parse(pattern) {
        Ok(own) => own,
        Err(fault) => return vec![fault],
    };
    let mut faults = open_markup(&own.model);
    let forms = forms(&own.model);
    // A published source text that does not compile any more takes nothing that a translation could match.
    let source_text = match source {
        Source::Text(source) => parse(source).ok(),
        Source::Itself | Source::None => None,
    };
    let source_forms = source_text.as_ref().map(|source| self::forms(&source.model));
    match (&source_text, source) {
        (Some(source), _) => faults.extend(differences(&own, source)),
        (None, Source::Itself) => {}
        (None, _) => faults.push(Fault::NoSource),
    }
    faults.extend(plurals::missing(locale, &own.model));
    faults.extend(rules.faults(locale, key, &forms, source_forms.as_deref()));
    faults
}

/// How placeholders and markup differ.
fn differences(own: &Parsed<'_>, source: &Parsed<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    if own.placeholders != source.placeholders {
        faults.push(Fault::Placeholders {
            missing: source.placeholders.difference(&own.placeholders).cloned().collect(),
            surplus: own.placeholders.difference(&source.placeholders).cloned().collect(),
        });
    }
    let (ours, theirs) = (markup(&own.model), markup(&source.model));
    if ours != theirs {
        faults.push(Fault::Markup {
            missing: theirs.difference(&ours).cloned().collect(),
            surplus: ours.difference(&theirs).cloned().collect(),
        });
    }
    faults
}

/// The patterns of a message, one for each of its forms.
pub(crate) fn patterns<'m, 'p>(model: &'m mf2_model::Message<'p>) -> Vec<&'m mf2_model::Pattern<'p>> {
    match model {
        mf2_model::Message::Pattern(message) => vec![&message.pattern],
        mf2_model::Message::Select(message) => message.variants.iter().map(|variant| &variant.value).collect(),
        _ => Vec::new(),
    }
}

/// What stands in a text where a placeholder or markup does.
pub(crate) const OBJECT: char = '\u{fffc}';

/// The words of each form, with [`OBJECT`] for what is no text.
fn forms(model: &mf2_model::Message<'_>) -> Vec<String> {
    patterns(model)
        .into_iter()
        .map(|pattern| {
            let mut form = String::new();
            for part in pattern.parts() {
                match part {
                    mf2_model::PatternPart::Text(text) => form.push_str(text),
                    // Markup is not seen: what it encloses may be a part of a word.
                    mf2_model::PatternPart::Markup(_) => {}
                    _ => form.push(OBJECT),
                }
            }
            form
        })
        .collect()
}

fn markup_of<'m>(pattern: &'m mf2_model::Pattern<'_>) -> impl Iterator<Item = (MarkupKind, &'m str)> {
    pattern.parts().iter().filter_map(|part| match part {
        mf2_model::PatternPart::Markup(markup) => Some((markup.kind, markup.name.as_ref())),
        _ => None,
    })
}

/// The markup of a message, as it is written.
fn markup(model: &mf2_model::Message<'_>) -> BTreeSet<String> {
    patterns(model)
        .into_iter()
        .flat_map(markup_of)
        .map(|(kind, name)| match kind {
            MarkupKind::Open => format!("#{name}"),
            MarkupKind::Close => format!("/{name}"),
            MarkupKind::Standalone => format!("#{name}/"),
        })
        .collect()
}

/// The markup that is not closed as often as it is opened in some form.
fn open_markup(model: &mf2_model::Message<'_>) -> Vec<Fault> {
    let mut open = BTreeSet::new();
    for pattern in patterns(model) {
        let mut depth: BTreeMap<&str, i32> = BTreeMap::new();
        for (kind, name) in markup_of(pattern) {
            match kind {
                MarkupKind::Open => *depth.entry(name).or_default() += 1,
                MarkupKind::Close => *depth.entry(name).or_default() -= 1,
                MarkupKind::Standalone => {}
            }
        }
        open.extend(
            depth
                .into_iter()
                .filter(|(_, depth)| *depth != 0)
                .map(|(name, _)| name.to_owned()),
        );
    }
    open.into_iter().map(Fault::MarkupOpen).collect()
}

/// Checks what is to be published in one locale: `messages` in their order, each a key and a pattern. `source` gives the
/// source texts by key; none where the locale is the source itself. Answers with every fault of every message, by its
/// index.
#[must_use]
pub fn check_all<'m>(
    locale: &Tag,
    messages: impl IntoIterator<Item = (&'m str, &'m str)>,
    source: Option<&BTreeMap<String, String>>,
    rules: &Rules,
) -> Vec<(usize, Fault)> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (index, (key, pattern)) in messages.into_iter().enumerate() {
        if !seen.insert(key) {
            all.push((index, Fault::Twice));
            continue;
        }
        let source = match source {
            None => Source::Itself,
            Some(source) => source.get(key).map_or(Source::None, |source| Source::Text(source)),
        };
        all.extend(
            faults(locale, key, pattern, source, rules)
                .into_iter()
                .map(|fault| (index, fault)),
        );
    }
    all
}

fn describe(kind: mf2::ErrorKind) -> &'static str {
    use mf2::ErrorKind::{
        DuplicateDeclaration, DuplicateOptionName, DuplicateVariant, MissingFallbackVariant, MissingSelectorAnnotation,
        VariantKeyMismatch,
    };
    match kind {
        VariantKeyMismatch => "a variant has not as many keys as there are selectors",
        MissingFallbackVariant => "the variant that catches everything else (`*`) is missing",
        MissingSelectorAnnotation => "a selector names no function",
        DuplicateDeclaration => "a variable is declared twice",
        DuplicateOptionName => "an option is given twice",
        DuplicateVariant => "a variant stands twice",
        _ => "syntax error",
    }
}

#[cfg(test)]
mod tests;
