//! The index of one language.

use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::ColumnValues;
use tantivy::indexer::IndexWriterOptions;
use tantivy::schema::{FAST, Field, INDEXED, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{PreTokenizedString, Token as IndexToken};
use tantivy::{
    DocId, Index, IndexReader, IndexWriter, ReloadPolicy, Score, Searcher, SegmentOrdinal, SegmentReader,
    TantivyDocument, Term,
};

use super::facts::Facts;
use super::rank::{Asked, HIGHEST, factor};
use super::tokens::{Token, Tokens};
use support_words::tag::Tag;

/// How much memory a writer may fill before it writes a segment: the least there is. Writers live only as long as something
/// is written.
const WRITER_BYTES: usize = 15_000_000;

/// The fields of an index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// The number of the article.
    pub(super) key: Field,
    /// The words of title and text.
    pub(super) words: Field,
    /// Their roots, or pairs.
    pub(super) roots: Field,
    /// The words of the title.
    pub(super) title_words: Field,
    /// Their roots, or pairs.
    pub(super) title_roots: Field,
}

/// The index of one language. Clones share it.
#[derive(Clone)]
pub struct LanguageIndex {
    index: Index,
    reader: IndexReader,
    fields: Fields,
    tokens: Tokens,
}

impl std::fmt::Debug for LanguageIndex {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("LanguageIndex")
    }
}

/// A text to be indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedText {
    /// The number of the article.
    pub number: u64,
    /// The title.
    pub title: String,
    /// The words of all blocks.
    pub body: String,
}

impl LanguageIndex {
    /// An empty index for texts in the language of a tag.
    ///
    /// # Errors
    ///
    /// Where there is no memory for it.
    pub fn new(tag: &Tag) -> tantivy::Result<Self> {
        let mut schema = Schema::builder();
        let key = schema.add_u64_field("key", INDEXED | FAST);
        // How often, but not where: no query asks for words beside each other.
        let indexing = TextFieldIndexing::default()
            .set_tokenizer("raw")
            .set_index_option(IndexRecordOption::WithFreqs);
        let options = TextOptions::default().set_indexing_options(indexing);
        let mut text = |name| schema.add_text_field(name, options.clone());
        let fields = Fields {
            key,
            words: text("words"),
            roots: text("roots"),
            title_words: text("title_words"),
            title_roots: text("title_roots"),
        };
        let index = Index::create_in_ram(schema.build());
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self {
            index,
            reader,
            fields,
            tokens: Tokens::of(tag.as_str()),
        })
    }

    /// Begins to write. Nobody finds what is written before [`Writing::finish`].
    ///
    /// # Errors
    ///
    /// Where somebody else is writing.
    pub fn write(&self) -> tantivy::Result<Writing<'_>> {
        let options = IndexWriterOptions::builder()
            .num_worker_threads(1)
            .num_merge_threads(1)
            .memory_budget_per_thread(WRITER_BYTES)
            .build();
        Ok(Writing {
            of: self,
            writer: self.index.writer_with_options(options)?,
        })
    }

    /// The index as it is now.
    #[must_use]
    pub fn now(&self) -> Searchable {
        Searchable {
            searcher: self.reader.searcher(),
            fields: self.fields,
            tokens: self.tokens,
        }
    }
}

/// An index that is being written.
pub struct Writing<'i> {
    of: &'i LanguageIndex,
    writer: IndexWriter,
}

impl Writing<'_> {
    /// Takes the text of an article out.
    pub fn remove(&self, number: u64) {
        self.writer
            .delete_term(Term::from_field_u64(self.of.fields.key, number));
    }

    /// Puts the text of an article in, in place of what there was of it.
    ///
    /// # Errors
    ///
    /// Where the index cannot be written.
    pub fn put(&self, text: &IndexedText) -> tantivy::Result<()> {
        self.remove(text.number);
        self.add(text)
    }

    /// Puts the text of an article in of which there is none.
    ///
    /// # Errors
    ///
    /// Where the index cannot be written.
    pub fn add(&self, text: &IndexedText) -> tantivy::Result<()> {
        let fields = self.of.fields;
        let title = self.of.tokens.cut(&text.title);
        let body = self.of.tokens.cut(&text.body);
        let mut document = TantivyDocument::new();
        document.add_u64(fields.key, text.number);
        document.add_pre_tokenized_text(fields.title_words, terms(title.iter(), false));
        document.add_pre_tokenized_text(fields.title_roots, terms(title.iter(), true));
        document.add_pre_tokenized_text(fields.words, terms(title.iter().chain(&body), false));
        document.add_pre_tokenized_text(fields.roots, terms(title.iter().chain(&body), true));
        self.writer.add_document(document)?;
        Ok(())
    }

    /// Makes what was written findable.
    ///
    /// # Errors
    ///
    /// Where the index cannot be written.
    pub fn finish(mut self) -> tantivy::Result<()> {
        self.writer.commit()?;
        self.writer.wait_merging_threads()?;
        self.of.reader.reload()
    }
}

fn terms<'t>(tokens: impl Iterator<Item = &'t Token>, roots: bool) -> PreTokenizedString {
    let texts = tokens.filter_map(|token| match token {
        Token::Word { root, .. } if roots => Some(root.clone()),
        Token::Word { word, .. } => Some(word.clone()),
        Token::Pair(pair) => roots.then(|| pair.clone()),
        Token::Character(one) => roots.then(|| one.to_string()),
        Token::Ideographs(word) => (!roots).then(|| word.clone()),
        Token::Stretch(_) => None,
    });
    let tokens = texts
        .enumerate()
        .map(|(position, text)| IndexToken {
            position,
            text,
            ..IndexToken::default()
        })
        .collect();
    PreTokenizedString {
        text: String::new(),
        tokens,
    }
}

/// The index of one language at one moment. Clones share it.
#[derive(Clone)]
pub struct Searchable {
    pub(super) searcher: Searcher,
    pub(super) fields: Fields,
    pub(super) tokens: Tokens,
}

impl std::fmt::Debug for Searchable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Searchable")
    }
}

/// Collects the articles that come first, by their words and by all else that is known of them.
pub(super) struct Best {
    pub(super) facts: Arc<Facts>,
    pub(super) asked: Arc<Asked>,
    pub(super) language: Tag,
    pub(super) limit: usize,
}

/// The best of a segment.
pub(super) struct BestOfSegment {
    facts: Arc<Facts>,
    asked: Arc<Asked>,
    language: Tag,
    limit: usize,
    keys: Arc<dyn ColumnValues<u64>>,
    found: Vec<(Score, u64)>,
    /// What is lower than this is not among the best.
    floor: Score,
}

impl Collector for Best {
    type Fruit = Vec<(Score, u64)>;
    type Child = BestOfSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<BestOfSegment> {
        Ok(BestOfSegment {
            facts: Arc::clone(&self.facts),
            asked: Arc::clone(&self.asked),
            language: self.language.clone(),
            limit: self.limit,
            keys: segment.fast_fields().column_first_or_default("key")?,
            found: Vec::new(),
            floor: 0.0,
        })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(&self, fruits: Vec<Vec<(Score, u64)>>) -> tantivy::Result<Vec<(Score, u64)>> {
        let mut found: Vec<_> = fruits.into_iter().flatten().collect();
        cut(&mut found, self.limit);
        found.sort_unstable_by(order);
        Ok(found)
    }
}

impl SegmentCollector for BestOfSegment {
    type Fruit = Vec<(Score, u64)>;

    fn collect(&mut self, doc: DocId, score: Score) {
        // What is known of an article lies anywhere in memory: most need not be looked at.
        if score * HIGHEST < self.floor {
            return;
        }
        let number = self.keys.get_val(doc);
        let Some(article) = self.facts.article(number) else {
            return;
        };
        let Some(text) = article.texts.get(&self.language) else {
            return;
        };
        let Some(factor) = factor(article, text, self.facts.helpful(number), &self.asked) else {
            return;
        };
        self.found.push((score * factor, number));
        // Twice as many as wanted, then cut: each is looked at a constant number of times.
        if self.found.len() >= 2 * self.limit + 64 {
            cut(&mut self.found, self.limit);
            self.floor = self.found.iter().map(|(score, _)| *score).fold(Score::MAX, Score::min);
        }
    }

    fn harvest(self) -> Vec<(Score, u64)> {
        self.found
    }
}

/// The best first; of equal ones the older article.
fn order(one: &(Score, u64), other: &(Score, u64)) -> std::cmp::Ordering {
    other.0.total_cmp(&one.0).then(one.1.cmp(&other.1))
}

fn cut(found: &mut Vec<(Score, u64)>, limit: usize) {
    if limit > 0 && found.len() > limit {
        found.select_nth_unstable_by(limit - 1, order);
        found.truncate(limit);
    }
}
