//! YAML as it is written: what a file says and where it says it, so that a fault can be named with its line, and a value
//! changed without touching what stands around it.
//!
//! JSON is YAML too, so this reads both. What makes a text say something elsewhere than where it stands (anchors, aliases,
//! tags, several documents) is refused.

mod edit;
mod shape;
mod write;

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle};

pub(crate) use edit::update;
pub(crate) use shape::Shape;
pub(crate) use write::{Notes, Style, block, field_lines, json};

/// How deep a file may be nested: far beyond what a document is.
const DEPTH_LIMIT: usize = 64;

/// A place in a text: line and column from 1, as editors count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// A text is no YAML, or more than is read here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct YamlError {
    pub(crate) at: Mark,
    pub(crate) what: String,
}

/// A text with what it says.
#[derive(Debug)]
pub(crate) struct Tree {
    pub(crate) root: Node,
    /// Where comments stand, in order, each from its `#` to the end of its line.
    pub(crate) comments: Vec<Range<usize>>,
}

/// Something that is said.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// Its bytes. Of a collection in block style from its first key or dash to the end of its last value.
    pub(crate) span: Range<usize>,
    pub(crate) at: Mark,
    pub(crate) says: Says,
}

/// What is said.
#[derive(Debug, Clone)]
pub(crate) enum Says {
    Scalar { text: String, style: ScalarStyle },
    Map { flow: bool, entries: Vec<Entry> },
    List { flow: bool, items: Vec<Node> },
}

/// A key with its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Range<usize>,
    pub(crate) at: Mark,
    pub(crate) value: Node,
}

impl Node {
    /// The value under a key of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries of a map; none of anything else.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.says {
            Says::Map { entries, .. } => entries,
            _ => &[],
        }
    }

    /// The text of a scalar.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.says {
            Says::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// Reads a text.
pub(crate) fn parse(text: &str) -> Result<Tree, YamlError> {
    let mut reader = Reader {
        text,
        events: Parser::new_from_str(text),
        comments: Vec::new(),
        depth: 0,
    };
    let root = reader.document()?;
    Ok(Tree {
        root,
        comments: reader.comments,
    })
}

struct Reader<'t> {
    text: &'t str,
    events: Parser<'t, granit_parser::StrInput<'t>>,
    comments: Vec<Range<usize>>,
    depth: usize,
}

fn mark(span: &Span) -> Mark {
    Mark {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}

fn scan_error(error: &ScanError) -> YamlError {
    YamlError {
        at: Mark {
            line: error.marker().line(),
            column: error.marker().col() + 1,
        },
        what: format!("is not YAML: {}", error.info()),
    }
}

fn refuse<T>(span: &Span, what: impl Into<String>) -> Result<T, YamlError> {
    Err(YamlError {
        at: mark(span),
        what: what.into(),
    })
}

impl<'t> Reader<'t> {
    /// The next event that is no comment.
    fn next(&mut self) -> Result<(Event<'t>, Span), YamlError> {
        loop {
            match self.events.next_event() {
                Some(Ok((Event::Comment(..), span))) => self.comments.push(bytes(&span)),
                Some(Ok(event)) => return Ok(event),
                Some(Err(error)) => return Err(scan_error(&error)),
                None => return Ok((Event::StreamEnd, Span::default())),
            }
        }
    }

    fn document(&mut self) -> Result<Node, YamlError> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(..), _) => {}
                (Event::StreamEnd | Event::DocumentEnd, span) => return refuse(&span, "says nothing"),
                (event, span) => {
                    let root = self.node(event, &span)?;
                    return match (self.next()?, self.next()?) {
                        ((Event::DocumentEnd, _), (Event::StreamEnd, _)) => Ok(root),
                        (_, (_, span)) => refuse(&span, "a file says one thing: a second document begins here"),
                    };
                }
            }
        }
    }

    fn node(&mut self, event: Event<'t>, span: &Span) -> Result<Node, YamlError> {
        if event.anchor_id().is_some() || event.is_alias() {
            return refuse(span, "anchors and aliases are not read here: write the value out");
        }
        if event.tag().is_some() {
            return refuse(span, "tags are not read here");
        }
        if self.depth >= DEPTH_LIMIT {
            return refuse(span, "is nested too deeply");
        }
        self.depth += 1;
        let node = match event {
            Event::Scalar(value, style, ..) => Node {
                span: self.scalar_bytes(span, style),
                at: mark(span),
                says: Says::Scalar {
                    // The parser says `~` where nothing stands.
                    text: if bytes(span).is_empty() {
                        String::new()
                    } else {
                        value.into_owned()
                    },
                    style,
                },
            },
            Event::MappingStart(style, ..) => self.map(style == StructureStyle::Flow, span)?,
            Event::SequenceStart(style, ..) => self.list(style == StructureStyle::Flow, span)?,
            _ => return refuse(span, "is not YAML as it is read here"),
        };
        self.depth -= 1;
        Ok(node)
    }

    /// The bytes of a scalar. Of one in block style from its sign (`|`) on, without the blank lines after it.
    fn scalar_bytes(&self, span: &Span, style: ScalarStyle) -> Range<usize> {
        let span = bytes(span);
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return span;
        }
        let sign = if style == ScalarStyle::Literal { '|' } else { '>' };
        let start = self.text[..span.start].rfind(sign).unwrap_or(span.start);
        start..start + self.text[start..span.end].trim_end().len()
    }

    fn map(&mut self, flow: bool, start: &Span) -> Result<Node, YamlError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut keys = HashSet::new();
        let end = loop {
            let (event, span) = self.next()?;
            let (key, at, key_span) = match event {
                Event::MappingEnd => break bytes(&span).end,
                event if event.anchor_id().is_some() => return refuse(&span, "anchors are not read here"),
                Event::Scalar(key, ..) => (key.into_owned(), mark(&span), bytes(&span)),
                _ => return refuse(&span, "a key is a text"),
            };
            if !keys.insert(key.clone()) {
                return refuse(&span, format!("{key} is said twice"));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, &span)?;
            entries.push(Entry {
                key,
                key_span,
                at,
                value,
            });
        };
        let begin = bytes(start).start;
        let last = entries.last().map_or(begin, |entry| entry.value.span.end);
        Ok(Node {
            span: begin..if flow { end } else { last },
            at: mark(start),
            says: Says::Map { flow, entries },
        })
    }

    fn list(&mut self, flow: bool, start: &Span) -> Result<Node, YamlError> {
        let mut items = Vec::new();
        let end = loop {
            match self.next()? {
                (Event::SequenceEnd, span) => break bytes(&span).end,
                (event, span) => items.push(self.node(event, &span)?),
            }
        };
        let begin = bytes(start).start;
        let last = items.last().map_or(begin, |item: &Node| item.span.end);
        Ok(Node {
            span: begin..if flow { end } else { last },
            at: mark(start),
            says: Says::List { flow, items },
        })
    }
}

/// The bytes of a span. Of a text in memory the parser always knows them.
fn bytes(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or_default()
}

/// The text with everything but `kept` blank: what stands there can be read alone and still has its lines and columns.
pub(crate) fn only(text: &str, kept: &Range<usize>) -> String {
    text.char_indices()
        .map(|(at, letter)| match letter {
            letter if kept.contains(&at) => letter,
            '\n' | '\r' => letter,
            _ => ' ',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_has_its_place() {
        let text =
            "# head\ndocument: a/b # here\n\ncontent:\n  - x: 1 # one\n    y: [1, 2]\n  - |\n    text\n\nlast:\n";
        let tree = parse(text).unwrap();
        let said = |node: &Node| text[node.span.clone()].to_owned();
        let document = tree.root.get("document").unwrap();
        assert_eq!(
            (document.at, said(&document.value).as_str()),
            (Mark { line: 2, column: 1 }, "a/b")
        );
        let content = &tree.root.get("content").unwrap().value;
        assert_eq!(said(content), "- x: 1 # one\n    y: [1, 2]\n  - |\n    text");
        let Says::List { items, .. } = &content.says else {
            panic!("{content:?}")
        };
        assert_eq!(said(&items[0]), "x: 1 # one\n    y: [1, 2]");
        assert_eq!(said(&items[0].get("y").unwrap().value), "[1, 2]");
        assert_eq!(items[0].get("y").unwrap().at, Mark { line: 6, column: 5 });
        assert_eq!(said(&items[1]), "|\n    text");
        assert!(tree.root.get("last").unwrap().value.span.is_empty());
        let comments: Vec<_> = tree.comments.iter().map(|span| &text[span.clone()]).collect();
        assert_eq!(comments, ["# head", "# here", "# one"]);
    }

    #[test]
    fn json_is_read_too() {
        let text = "{\n\t\"document\": \"a/b\",\n\t\"content\": {\"x\": [1, 2]}\n}\n";
        let tree = parse(text).unwrap();
        let content = tree.root.get("content").unwrap();
        assert_eq!(&text[content.value.span.clone()], "{\"x\": [1, 2]}");
        assert_eq!(content.at, Mark { line: 3, column: 2 });
    }

    #[test]
    fn what_is_not_read_here_is_refused_with_its_place() {
        for (text, line, column, words) in [
            ("", 1, 1, "says nothing"),
            ("# only this\n", 2, 1, "says nothing"),
            ("a: 1\nb: 2\na: 3\n", 3, 1, "a is said twice"),
            ("a: &x 1\nb: *x\n", 1, 7, "anchors"),
            ("a: !!str 1\n", 1, 10, "tags"),
            ("a: 1\n---\nb: 2\n", 2, 1, "second document"),
            ("a: [1\n", 1, 4, "not YAML"),
            ("a: 1\n b: 2\n", 2, 3, "not YAML"),
            ("? [a]\n: 1\n", 1, 3, "a key is a text"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.what.contains(words), "{text:?}: {error:?}");
            assert_eq!(error.at, Mark { line, column }, "{text:?}: {error:?}");
        }
        let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        assert!(parse(&deep).unwrap_err().what.contains("deep"));
    }

    #[test]
    fn what_is_kept_stays_where_it_was() {
        let text = "ä: 1\nc: {ö: 2}\nd: 3\n";
        let tree = parse(text).unwrap();
        let kept = only(text, &tree.root.get("c").unwrap().value.span);
        assert_eq!(kept, "    \n   {ö: 2}\n    \n");
    }
}
