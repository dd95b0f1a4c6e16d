//! What people wrote. It may say anything about anyone, so `Debug` shows only how long it is.

use std::fmt;

/// Why a text cannot be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Shorter or longer than it may be.
    #[error("is too short or too long")]
    Length,
    /// It holds the character NUL, which PostgreSQL cannot store in a text.
    #[error("holds the character NUL")]
    Nul,
}

fn check(text: &str, shortest: usize, longest: usize) -> Result<(), InvalidText> {
    if text.contains('\0') {
        return Err(InvalidText::Nul);
    }
    if (shortest..=longest).contains(&text.chars().count()) {
        Ok(())
    } else {
        Err(InvalidText::Length)
    }
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $shortest:literal, $longest:literal) => {
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const MAX_LENGTH: usize = $longest;

            /// Takes the text.
            ///
            /// # Errors
            ///
            /// [`InvalidText`], where it is too short, too long or holds NUL.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidText> {
                let text = text.into();
                check(&text, $shortest, $longest)?;
                Ok(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({} characters)"), self.0.chars().count())
            }
        }
    };
}

words! {
    /// A line that says what a case is about, 1 to 200 characters.
    Subject, 1, 200
}
words! {
    /// The concern in the customer's words, up to 10,000 characters.
    Description, 0, 10_000
}
/// What a customer wrote of a case when it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseWords {
    /// A line that says what it is about.
    pub subject: Subject,
    /// The concern in the customer's words.
    pub description: Description,
}

words! {
    /// What was said, 1 to 20,000 characters.
    Body, 1, 20_000
}
words! {
    /// A reference of the system that a case came from, 1 to 100 characters. What that system writes there is not ours
    /// to know, so it is treated like people's words.
    SourceReference, 1, 100
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_never_print_themselves() {
        let subject = Subject::parse("Müllers Telefon brennt").unwrap();
        assert_eq!(format!("{subject:?}"), "Subject(22 characters)");
        assert_eq!(subject.as_str(), "Müllers Telefon brennt");
    }

    #[test]
    fn lengths_are_counted_in_characters_and_nul_is_refused() {
        assert!(Subject::parse("ü".repeat(200)).is_ok());
        assert_eq!(Subject::parse("ü".repeat(201)), Err(InvalidText::Length));
        assert_eq!(Subject::parse(""), Err(InvalidText::Length));
        assert!(Description::parse("").is_ok());
        assert_eq!(Body::parse("a\0b"), Err(InvalidText::Nul));
    }
}
