//! Languages that nobody speaks, made from the source: what a front end does with them it will do with a real one.
//!
//! Placeholders, markup and forms stay as they are; only what a person would read is changed. So a text without accents or
//! brackets on a page does not come from a catalogue, one without its closing bracket is cut off, and one that does not run
//! from right to left stands in a place that does not mirror.

use std::borrow::Cow;

use mf2_model::{Message, Pattern, PatternPart};
use mf2_syntax::{parse_model, serialize};

/// A language that nobody speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pseudo {
    /// `en-XA`: letters with accents, at least 40 % longer, in brackets.
    Accented,
    /// `ar-XB`: words run from right to left.
    RightToLeft,
}

impl Pseudo {
    /// Its tag, as CLDR has it.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Accented => "en-XA",
            Self::RightToLeft => "ar-XB",
        }
    }

    /// A message in this language; none where the source text is not well-formed.
    #[must_use]
    pub fn translate(self, pattern: &str) -> Option<String> {
        let parsed = parse_model(pattern);
        let mut message = parsed.message.filter(|_| parsed.diagnostics.is_empty())?;
        match &mut message {
            Message::Pattern(message) => message.pattern = self.pattern(&message.pattern),
            Message::Select(message) => {
                for variant in &mut message.variants {
                    variant.value = self.pattern(&variant.value);
                }
            }
            _ => return None,
        }
        serialize(&message).ok()
    }

    fn pattern<'p>(self, pattern: &Pattern<'p>) -> Pattern<'p> {
        let mut parts: Vec<PatternPart<'p>> = pattern
            .parts()
            .iter()
            .map(|part| match part {
                PatternPart::Text(text) => PatternPart::Text(Cow::Owned(match self {
                    Self::Accented => text.chars().map(accented).collect(),
                    Self::RightToLeft => turned(text),
                })),
                part => part.clone(),
            })
            .collect();
        if self == Self::Accented {
            let length: usize = pattern
                .parts()
                .iter()
                .map(|part| match part {
                    PatternPart::Text(text) => text.chars().count(),
                    _ => 0,
                })
                .sum();
            parts.insert(0, PatternPart::Text(Cow::Borrowed("[")));
            parts.push(PatternPart::Text(Cow::Owned(format!("{}]", padding(length)))));
        }
        Pattern::from(parts)
    }
}

/// Two fifths of `length` characters, in words, so that lines break as they would.
fn padding(length: usize) -> String {
    const WORDS: &str = " one two three four five six seven eight nine ten";
    WORDS.chars().cycle().take((length * 2).div_ceil(5)).collect()
}

/// The words each turned round, as right-to-left text: by an override, so that every letter stays what it was.
fn turned(text: &str) -> String {
    let mut turned = String::with_capacity(text.len() * 2);
    let mut is_word = false;
    for character in text.chars() {
        if character.is_alphanumeric() != is_word {
            // Right-to-left mark and override; and the end of it, with a mark again.
            turned.push_str(if is_word {
                "\u{202c}\u{200f}"
            } else {
                "\u{200f}\u{202e}"
            });
            is_word = !is_word;
        }
        turned.push(character);
    }
    if is_word {
        turned.push_str("\u{202c}\u{200f}");
    }
    turned
}

fn accented(character: char) -> char {
    match character {
        'a' => 'å',
        'b' => 'ƀ',
        'c' => 'ç',
        'd' => 'ð',
        'e' => 'é',
        'f' => 'ƒ',
        'g' => 'ĝ',
        'h' => 'ĥ',
        'i' => 'î',
        'j' => 'ĵ',
        'k' => 'ķ',
        'l' => 'ļ',
        'm' => 'ɱ',
        'n' => 'ñ',
        'o' => 'ö',
        'p' => 'þ',
        'q' => 'ǫ',
        'r' => 'ŕ',
        's' => 'š',
        't' => 'ţ',
        'u' => 'û',
        'v' => 'ṽ',
        'w' => 'ŵ',
        'x' => 'ẋ',
        'y' => 'ý',
        'z' => 'ž',
        'A' => 'Å',
        'B' => 'Ɓ',
        'C' => 'Ç',
        'D' => 'Ð',
        'E' => 'É',
        'F' => 'Ƒ',
        'G' => 'Ĝ',
        'H' => 'Ĥ',
        'I' => 'Î',
        'J' => 'Ĵ',
        'K' => 'Ķ',
        'L' => 'Ļ',
        'M' => 'Ṁ',
        'N' => 'Ñ',
        'O' => 'Ö',
        'P' => 'Þ',
        'Q' => 'Ǫ',
        'R' => 'Ŕ',
        'S' => 'Š',
        'T' => 'Ţ',
        'U' => 'Û',
        'V' => 'Ṽ',
        'W' => 'Ŵ',
        'X' => 'Ẋ',
        'Y' => 'Ý',
        'Z' => 'Ž',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::check;

    #[test]
    fn letters_get_accents_and_texts_grow_and_are_bracketed() {
        assert_eq!(
            Pseudo::Accented.translate("Hello, {$name}!").as_deref(),
            Some("[Ĥéļļö, {$name}! one]")
        );
        assert_eq!(
            Pseudo::Accented.translate(".input {$n :integer}\n.match $n\none {{{#b}A{/b} day}}\n* {{{$n} days}}"),
            Some(".input {$n :integer}\n.match $n\none {{[{#b}Å{/b} ðåý o]}}\n* {{[{$n} ðåýš o]}}".to_owned())
        );
        assert_eq!(Pseudo::Accented.translate("\\{x\\}").as_deref(), Some("[\\{ẋ\\} o]"));
        assert_eq!(Pseudo::Accented.translate("{$x"), None);
    }

    #[test]
    fn words_run_from_right_to_left() {
        assert_eq!(
            Pseudo::RightToLeft.translate("Two words, {$name}.").as_deref(),
            Some("\u{200f}\u{202e}Two\u{202c}\u{200f} \u{200f}\u{202e}words\u{202c}\u{200f}, {$name}.")
        );
    }

    proptest! {
        #[test]
        fn what_a_message_takes_stays(text in "[a-zA-Z ,é日]{0,40}", name in "[a-z]{1,8}") {
            for pattern in [
                format!("{text}{{${name}}}{text}"),
                format!(".input {{${name} :integer}} .match ${name} one {{{{{text}}}}} * {{{{{text}{{${name}}}}}}}"),
            ] {
                for pseudo in [Pseudo::Accented, Pseudo::RightToLeft] {
                    let translated = pseudo.translate(&pattern).unwrap();
                    prop_assert_eq!(check(&translated), check(&pattern), "{}", translated);
                }
            }
            let longer = Pseudo::Accented.translate(&text).unwrap();
            prop_assert!(longer.chars().count() * 5 >= text.chars().count() * 7);
        }
    }
}
