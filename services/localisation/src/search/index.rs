//! The index of one language: pieces that never change.
//!
//! What is published makes a small piece of its own, at the cost of its own words. Whether a text in a piece is still the one
//! to be found, the facts say ([`super::facts`]): a piece knows of which version each of its texts is, and one that is no
//! longer current is passed over. Pieces are joined as they become many (`super::join`), and what is no longer current is
//! left out then.

use std::sync::{Arc, LazyLock};

use tantivy::directory::RamDirectory;
use tantivy::index::{IndexBuilder, SegmentReader};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{Index, ReloadPolicy, Searcher, SingleSegmentIndexWriter, TantivyDocument, Term};

use super::parts::{Parts, SEPARATOR};
use super::tokens::{Cutter, Token, Tokens};
use support_words::tag::Tag;

/// How much memory the table of words of a small piece begins with, in bytes; it grows.
const SMALL: usize = 200_000;
/// The same for one that is to hold many texts.
const LARGE: usize = 6_000_000;
/// How much memory a piece may fill while it is written, in bytes: what is written next begins another one.
const FULL: usize = 400_000_000;

/// The fields of an index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// The roots of the words of title and text, or pairs.
    pub(super) roots: Field,
    /// The words as they are, where they may have other roots.
    pub(super) words: Field,
    /// The roots of the title, or its pairs.
    pub(super) title: Field,
    /// The words of the title that have other roots.
    pub(super) title_words: Field,
    /// Long words spelt from their end, where words are put together: `Fotodrucker` is found by `drucker`.
    pub(super) ends: Field,
}

struct Layout {
    schema: Schema,
    fields: Fields,
}

/// What all indexes are made of.
static LAYOUT: LazyLock<Layout> = LazyLock::new(|| {
    let mut schema = Schema::builder();
    // How often, but not where: no query asks for words beside each other.
    let indexing = |option| {
        TextFieldIndexing::default()
            .set_tokenizer("parts")
            .set_index_option(option)
    };
    let counted = TextOptions::default().set_indexing_options(indexing(IndexRecordOption::WithFreqs));
    let noted = TextOptions::default().set_indexing_options(indexing(IndexRecordOption::Basic).set_fieldnorms(false));
    let fields = Fields {
        roots: schema.add_text_field("roots", counted.clone()),
        words: schema.add_text_field("words", counted.clone()),
        title: schema.add_text_field("title", counted.clone()),
        title_words: schema.add_text_field("title_words", counted),
        ends: schema.add_text_field("ends", noted),
    };
    Layout {
        schema: schema.build(),
        fields,
    }
});

/// The shortest word that may be put together of others, in characters.
pub(super) const COMPOUND: usize = 8;

/// A text to be indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedText {
    /// The number of the article.
    pub number: u64,
    /// The version of the text.
    pub version: i64,
    /// The title.
    pub title: String,
    /// The words of all blocks.
    pub body: String,
}

/// Which text stands at a place of a piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the article.
    pub(super) number: u64,
    /// The version of the text.
    pub(super) version: i64,
}

/// Some texts of one language, indexed.
pub(super) struct Piece {
    pub(super) index: Index,
    pub(super) searcher: Searcher,
    /// The texts by their places.
    pub(super) places: Vec<Place>,
}

impl Piece {
    /// Reads what was written; none where that is nothing.
    pub(super) fn read(index: Index, places: Vec<Place>) -> tantivy::Result<Option<Self>> {
        if places.is_empty() {
            return Ok(None);
        }
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Some(Self {
            searcher: reader.searcher(),
            index,
            places,
        }))
    }

    pub(super) fn segment(&self) -> &SegmentReader {
        self.searcher.segment_reader(0)
    }
}

/// A piece that is being written.
pub(super) struct Writing {
    cutter: Cutter,
    is_large: bool,
    writer: SingleSegmentIndexWriter,
    places: Vec<Place>,
    full: Vec<Piece>,
}

impl Writing {
    /// Begins to write texts in the language of a tag: many, where `is_large`.
    pub(super) fn new(tag: &Tag, is_large: bool) -> tantivy::Result<Self> {
        Ok(Self {
            cutter: Cutter::new(Tokens::of(tag.as_str())),
            is_large,
            writer: writer(is_large)?,
            places: Vec::new(),
            full: Vec::new(),
        })
    }

    /// Writes a text.
    pub(super) fn add(&mut self, text: &IndexedText) -> tantivy::Result<()> {
        let fields = LAYOUT.fields;
        let title = self.cutter.cut(&text.title);
        let body = self.cutter.cut(&text.body);
        let tokens = *self.cutter.tokens();
        let mut document = TantivyDocument::new();
        document.add_text(fields.title, joined(title.iter().filter_map(root)));
        document.add_text(fields.title_words, joined(title.iter().filter_map(other_than_root)));
        let all = || title.iter().chain(&body);
        document.add_text(fields.roots, joined(all().filter_map(root)));
        document.add_text(fields.words, joined(all().filter_map(|token| whole(token, tokens))));
        if tokens.has_compounds() {
            let ends: Vec<String> = all().filter_map(reversed).collect();
            document.add_text(fields.ends, joined(ends.iter().map(String::as_str)));
        }
        self.writer.add_document(document)?;
        self.places.push(Place {
            number: text.number,
            version: text.version,
        });
        if self.writer.mem_usage() > FULL {
            let next = writer(self.is_large)?;
            let written = std::mem::replace(&mut self.writer, next);
            let places = std::mem::take(&mut self.places);
            self.full.extend(Piece::read(written.finalize()?, places)?);
        }
        Ok(())
    }

    /// What was written, to be read.
    pub(super) fn finish(mut self) -> tantivy::Result<Vec<Piece>> {
        self.full.extend(Piece::read(self.writer.finalize()?, self.places)?);
        Ok(self.full)
    }
}

fn writer(is_large: bool) -> tantivy::Result<SingleSegmentIndexWriter> {
    let tokenizers = TokenizerManager::new();
    tokenizers.register("parts", Parts::default());
    IndexBuilder::new()
        .schema(LAYOUT.schema.clone())
        .tokenizers(tokenizers)
        .single_segment_index_writer(RamDirectory::create(), if is_large { LARGE } else { SMALL })
}

fn joined<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let mut joined = String::new();
    for text in texts {
        if !joined.is_empty() {
            joined.push(SEPARATOR);
        }
        joined.push_str(text);
    }
    joined
}

fn root(token: &Token) -> Option<&str> {
    match token {
        Token::Word { root, .. } => Some(root),
        Token::Pair(part) | Token::Character(part) => Some(part),
        Token::Ideographs(_) | Token::Stretch(_) => None,
    }
}

/// What a token says beside its root.
fn whole(token: &Token, tokens: Tokens) -> Option<&str> {
    match token {
        Token::Word { word, .. } => tokens.has_roots().then_some(word),
        Token::Ideographs(word) => Some(word),
        Token::Pair(_) | Token::Character(_) | Token::Stretch(_) => None,
    }
}

fn other_than_root(token: &Token) -> Option<&str> {
    match token {
        Token::Word { word, root, .. } => (word != root).then_some(word),
        _ => None,
    }
}

/// A long word from its end.
fn reversed(token: &Token) -> Option<String> {
    match token {
        Token::Word { word, .. } if word.chars().nth(COMPOUND - 1).is_some() => Some(word.chars().rev().collect()),
        _ => None,
    }
}

/// The index of one language at one moment. Clones share it.
#[derive(Clone)]
pub struct Searchable {
    pub(super) tokens: Tokens,
    pub(super) pieces: Arc<[Arc<Piece>]>,
    /// How many texts there are in all pieces.
    pub(super) texts: u64,
}

impl std::fmt::Debug for Searchable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Searchable({} texts in {} pieces)",
            self.texts,
            self.pieces.len()
        )
    }
}

impl Searchable {
    /// The index of the language of a tag, of these pieces.
    pub(super) fn new(tag: &Tag, pieces: Vec<Arc<Piece>>) -> Self {
        Self {
            tokens: Tokens::of(tag.as_str()),
            texts: pieces.iter().map(|piece| piece.places.len() as u64).sum(),
            pieces: pieces.into(),
        }
    }

    /// The fields of all indexes.
    pub(super) fn fields() -> Fields {
        LAYOUT.fields
    }

    /// The field of all words as they are.
    pub(super) fn vocabulary(&self) -> Field {
        if self.tokens.has_roots() {
            LAYOUT.fields.words
        } else {
            LAYOUT.fields.roots
        }
    }

    /// How many texts have a term.
    pub(super) fn frequency(&self, field: Field, text: &str) -> tantivy::Result<u64> {
        let term = Term::from_field_text(field, text);
        let mut texts = 0;
        for piece in &*self.pieces {
            texts += u64::from(piece.segment().inverted_index(field)?.doc_freq(&term)?);
        }
        Ok(texts)
    }
}
