//! What a message may be.
//!
//! A message is Unicode MessageFormat 2. It is checked when it is published, not when a customer waits for it: its syntax
//! and data model, its functions, and that it takes the same placeholders as the source text it translates.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use mf2_syntax::{analyze, parse_model};

use super::functions;

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
    /// The source language has no message with its key.
    NoSource,
    /// Its key stands more than once in one publishing.
    Twice,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed { what, at: Some(at) } => write!(formatter, "{what} at byte {at}"),
            Self::Malformed { what, at: None } => formatter.write_str(what),
            Self::UnknownFunction(name) => write!(formatter, "unknown function :{name}"),
            Self::Placeholders { missing, surplus } => {
                formatter.write_str("placeholders differ from the source's:")?;
                for name in missing {
                    write!(formatter, " ${name} is missing")?;
                }
                for name in surplus {
                    write!(formatter, " ${name} is not in the source")?;
                }
                Ok(())
            }
            Self::NoSource => formatter.write_str("the source language has no message with this key"),
            Self::Twice => formatter.write_str("stands more than once in this publishing"),
        }
    }
}

/// The names of the values that a message takes, without `$`.
pub type Placeholders = BTreeSet<String>;

/// Checks a pattern by itself.
///
/// # Errors
///
/// The first fault.
pub fn check(pattern: &str) -> Result<Placeholders, Fault> {
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
    Ok(analysis.externals.iter().map(|name| name.nfc.to_string()).collect())
}

/// Checks what is to be published in one locale: `messages` in their order, each a key and a pattern. `source` gives the
/// placeholders of the source texts by key; none where the locale is the source itself. Answers with every faulty
/// message, by its index.
pub fn check_all<'m>(
    messages: impl IntoIterator<Item = (&'m str, &'m str)>,
    source: Option<&BTreeMap<String, Placeholders>>,
) -> Vec<(usize, Fault)> {
    let mut seen = BTreeSet::new();
    messages
        .into_iter()
        .enumerate()
        .filter_map(|(index, (key, pattern))| {
            let fault = if seen.insert(key) {
                check_against(key, pattern, source).err()
            } else {
                Some(Fault::Twice)
            };
            fault.map(|fault| (index, fault))
        })
        .collect()
}

fn check_against(key: &str, pattern: &str, source: Option<&BTreeMap<String, Placeholders>>) -> Result<(), Fault> {
    let own = check(pattern)?;
    let Some(source) = source else { return Ok(()) };
    let source = source.get(key).ok_or(Fault::NoSource)?;
    if own == *source {
        return Ok(());
    }
    Err(Fault::Placeholders {
        missing: source.difference(&own).cloned().collect(),
        surplus: own.difference(source).cloned().collect(),
    })
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
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Placeholders {
        list.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn placeholders_are_all_that_a_message_takes() {
        assert_eq!(check("Hello."), Ok(names(&[])));
        assert_eq!(check("{$b} and {$a :integer}"), Ok(names(&["a", "b"])));
        assert_eq!(
            check(".input {$n :integer} .local $m = {$n :number} .match $n one {{{$m} of {$all}}} * {{{$m}}}"),
            Ok(names(&["all", "n"]))
        );
    }

    #[test]
    fn what_cannot_be_compiled_is_named_with_its_place() {
        for (pattern, what) in [
            ("{$a", "syntax error at byte "),
            (".match $n * {{x}}", "a selector names no function at byte 7"),
            (
                ".input {$n :integer} .match $n one {{x}}",
                "the variant that catches everything else (`*`) is missing",
            ),
            (
                ".input {$n :integer} .match $n one two {{x}} * {{y}}",
                "a variant has not as many keys as there are selectors",
            ),
            (
                ".input {$n :integer} .input {$n :number} {{x}}",
                "a variable is declared twice",
            ),
            ("{$n :shout}", "unknown function :shout"),
        ] {
            let fault = check(pattern).unwrap_err().to_string();
            assert!(fault.starts_with(what), "{pattern}: {fault}");
        }
    }

    #[test]
    fn every_faulty_message_is_named() {
        let source = BTreeMap::from([("a".to_owned(), names(&["x"])), ("b".to_owned(), names(&[]))]);
        let faults = check_all(
            [
                ("a", "{$x}"),
                ("b", "{$y}"),
                ("c", "new"),
                ("a", "{$x}"),
                ("b", "{"),
                ("d", "{$x :nope}"),
            ],
            Some(&source),
        );
        assert_eq!(
            faults[0],
            (
                1,
                Fault::Placeholders {
                    missing: vec![],
                    surplus: vec!["y".to_owned()]
                }
            )
        );
        assert_eq!(faults[1], (2, Fault::NoSource));
        assert_eq!(faults[2], (3, Fault::Twice));
        assert_eq!(faults[3], (4, Fault::Twice));
        assert_eq!(faults[4], (5, Fault::UnknownFunction("nope".to_owned())));
        assert_eq!(faults.len(), 5);
        assert_eq!(check_all([("c", "new")], None), []);
    }
}
