//! A pattern cut into words and codes.

use mf2_syntax::parse_model;

/// A piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'p> {
    /// What a translator translates, in the spelling of MessageFormat 2.
    Words(&'p str),
    /// What stays as it is.
    Code(&'p str),
}

/// Cuts a pattern; the pieces put together are the pattern. One that is not well-formed is all words: nobody knows where
/// its codes end.
pub(super) fn cut(pattern: &str) -> Vec<Piece<'_>> {
    let parsed = parse_model(pattern);
    if parsed.message.is_none() || parsed.diagnostics.iter().next().is_some() {
        return vec![Piece::Words(pattern)];
    }
    let beginning = pattern.trim_start_matches(|c: char| c.is_whitespace() || is_mark(c));
    let is_complex = beginning.starts_with('.') || beginning.starts_with("{{");
    let mut pieces = Vec::new();
    let mut scan = Scan { pattern, at: 0 };
    let mut is_words = !is_complex;
    let mut from = 0;
    while scan.at < pattern.len() {
        let rest = &pattern[scan.at..];
        if is_words {
            if is_complex && rest.starts_with("}}") {
                push(&mut pieces, Piece::Words(&pattern[from..scan.at]));
                from = scan.at;
                scan.at += 2;
                is_words = false;
            } else if rest.starts_with('{') {
                push(&mut pieces, Piece::Words(&pattern[from..scan.at]));
                from = scan.at;
                scan.skip_braces();
                push(&mut pieces, Piece::Code(&pattern[from..scan.at]));
                from = scan.at;
            } else {
                scan.skip_character();
            }
        } else if rest.starts_with("{{") {
            scan.at += 2;
            push(&mut pieces, Piece::Code(&pattern[from..scan.at]));
            from = scan.at;
            is_words = true;
        } else if rest.starts_with('{') {
            scan.skip_braces();
        } else if rest.starts_with('|') {
            scan.skip_quoted();
        } else {
            scan.skip_character();
        }
    }
    let last = &pattern[from..];
    push(
        &mut pieces,
        if is_words {
            Piece::Words(last)
        } else {
            Piece::Code(last)
        },
    );
    pieces
}

fn push<'p>(pieces: &mut Vec<Piece<'p>>, piece: Piece<'p>) {
    let (Piece::Words(text) | Piece::Code(text)) = piece;
    if !text.is_empty() {
        pieces.push(piece);
    }
}

/// The marks of direction that may stand around what is no text.
fn is_mark(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2066}'..='\u{2069}')
}

struct Scan<'p> {
    pattern: &'p str,
    at: usize,
}

impl Scan<'_> {
    fn next(&self) -> Option<char> {
        self.pattern[self.at..].chars().next()
    }

    /// Goes past a character, or an escape.
    fn skip_character(&mut self) {
        if self.next() == Some('\\') {
            self.at += 1;
        }
        self.at += self.next().map_or(0, char::len_utf8);
    }

    /// Goes past a literal in bars.
    fn skip_quoted(&mut self) {
        self.at += 1;
        while let Some(character) = self.next() {
            if character == '|' {
                self.at += 1;
                return;
            }
            self.skip_character();
        }
    }

    /// Goes past a placeholder.
    fn skip_braces(&mut self) {
        while let Some(character) = self.next() {
            match character {
                '|' => self.skip_quoted(),
                '}' => {
                    self.at += 1;
                    return;
                }
                _ => self.skip_character(),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Piece::{Code, Words};
    use super::*;

    #[test]
    fn words_are_parted_from_what_is_no_words() {
        assert_eq!(cut("Hello."), [Words("Hello.")]);
        assert_eq!(
            cut("A \\{ {$x :string u=|}|} b{#i}c{/i}"),
            [
                Words("A \\{ "),
                Code("{$x :string u=|}|}"),
                Words(" b"),
                Code("{#i}"),
                Words("c"),
                Code("{/i}")
            ]
        );
        assert_eq!(
            cut(".input {$n :integer}\n.match $n\n|{{| {{a}}\none {{One {$n}\\}}}\n* {{}}"),
            [
                Code(".input {$n :integer}\n.match $n\n|{{| {{"),
                Words("a"),
                Code("}}\none {{"),
                Words("One "),
                Code("{$n}"),
                Words("\\}"),
                Code("}}\n* {{"),
                Code("}}")
            ]
        );
        assert_eq!(cut("broken {$x"), [Words("broken {$x")]);
        assert_eq!(cut(""), []);
    }
}
