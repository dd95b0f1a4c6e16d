//! Hands the parts of a text that was cut to the index as they are.

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// What stands between two parts: no word has it.
pub(super) const SEPARATOR: char = '\u{1f}';

/// Takes what stands between separators for the parts.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    token: Token,
}

/// The parts of one text.
pub(super) struct PartStream<'t> {
    token: &'t mut Token,
    rest: Option<&'t str>,
}

impl Tokenizer for Parts {
    type TokenStream<'t> = PartStream<'t>;

    fn token_stream<'t>(&'t mut self, text: &'t str) -> PartStream<'t> {
        self.token.reset();
        PartStream {
            token: &mut self.token,
            rest: Some(text).filter(|text| !text.is_empty()),
        }
    }
}

impl TokenStream for PartStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(rest) = self.rest else {
            return false;
        };
        let (part, after) = match rest.split_once(SEPARATOR) {
            Some((part, after)) => (part, Some(after)),
            None => (rest, None),
        };
        self.rest = after;
        self.token.position = self.token.position.wrapping_add(1);
        self.token.text.clear();
        self.token.text.push_str(part);
        true
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_those_between_separators() {
        let mut parts = Parts::default();
        for (text, expected) in [
            ("", [].as_slice()),
            ("a", &["a"]),
            ("a\u{1f}b c\u{1f}d", &["a", "b c", "d"]),
        ] {
            let mut stream = parts.token_stream(text);
            let mut found = Vec::new();
            while let Some(token) = stream.next() {
                found.push(token.text.clone());
            }
            assert_eq!(found, expected);
        }
    }
}
