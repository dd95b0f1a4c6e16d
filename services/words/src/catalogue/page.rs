//! Where a message is written.

use mf2::{FallbackSource, Isolation, Part, PartSink};

/// Where a message is written, and what could not be.
pub(super) struct Page {
    pub(super) text: String,
    /// The names of the values that could not be written.
    pub(super) fallbacks: Vec<String>,
    isolates_all: bool,
    /// The isolate that opens the value that is being written, and where that begins.
    value: Option<(Isolation, usize)>,
}

impl Page {
    pub(super) fn new(is_right_to_left: bool) -> Self {
        Self {
            text: String::with_capacity(USUAL),
            fallbacks: Vec::new(),
            isolates_all: is_right_to_left,
            value: None,
        }
    }

    /// Begins a value.
    fn open(&mut self, opened: Isolation) {
        self.value = Some((opened, self.text.len()));
        if self.isolates_all {
            self.text.push_str(opened.as_str());
        }
    }

    /// Ends a value.
    ///
    /// In a text from left to right, a value without a letter that runs the other way cannot disturb its surroundings, and
    /// goes without isolates: they are invisible, yet stick to a code that a customer selects and copies.
    fn close(&mut self) {
        let Some((opened, begin)) = self.value.take() else {
            return;
        };
        if self.isolates_all {
            self.text.push_str(Isolation::Pdi.as_str());
        } else if self.text[begin..].chars().any(turns_direction) {
            self.text.insert_str(begin, opened.as_str());
            self.text.push_str(Isolation::Pdi.as_str());
        }
    }
}

/// How many bytes most messages take, written out.
const USUAL: usize = 160;

impl PartSink for Page {
    fn part(&mut self, part: Part<'_>) {
        match part {
            Part::Text(text) => self.text.push_str(text),
            Part::BidiIsolation(Isolation::Pdi) => self.close(),
            Part::BidiIsolation(opened) => self.open(opened),
            Part::Expression(expression) => expression.write(&mut self.text),
            Part::Fallback(source) => {
                self.text.push('{');
                source.write(&mut self.text);
                self.text.push('}');
                if let FallbackSource::Variable(name) = source {
                    self.fallbacks.push(name.to_owned());
                }
            }
            // Markup is for front ends that lay the text out; plain text has none.
            _ => {}
        }
    }
}

/// Whether a character runs from right to left or controls direction: the blocks that the Unicode Character Database
/// sets apart for such scripts (`DerivedBidiClass`, defaults R and AL), and the marks, embeddings and isolates.
fn turns_direction(character: char) -> bool {
    matches!(
        character,
        '\u{590}'..='\u{8ff}'
            | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}'
    )
}
