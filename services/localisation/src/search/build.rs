//! Indexing articles.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::facts::{ArticleFact, Facts};
use super::index::{IndexedText, Piece, Searchable, Writing};
use super::join::{due, join};
use super::state::State;
use crate::ids::ArticleId;
use support_words::tag::Tag;

/// Articles as they have become.
#[derive(Debug, Default)]
pub struct Batch {
    /// What is known of each; none of those that were taken out.
    pub articles: Vec<(ArticleId, Option<ArticleFact>)>,
    /// The words of those of their texts that are not indexed yet.
    pub bodies: Vec<(ArticleId, Tag, String)>,
}

/// How much there is to be taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// What has changed since, at once: by one thread, and no more is joined than can be in no time.
    Change,
    /// All that there is, by as many threads as there are processors.
    Everything,
}

/// The largest join that somebody waits for who publishes, in texts.
const PROMPT: usize = 1_000;
/// How many texts a thread is handed at once.
const AT_ONCE: usize = 256;

type Texts = Vec<(Tag, IndexedText)>;
type Pieces = BTreeMap<Tag, Vec<Arc<Piece>>>;

/// The state with the batches taken over.
///
/// # Errors
///
/// Where an index cannot be written, which only a fault could bring about.
pub fn take_over(state: &State, batches: impl IntoIterator<Item = Batch>, amount: Amount) -> tantivy::Result<State> {
    let mut facts = (*state.facts).clone();
    let batches = batches.into_iter().map(|batch| texts_of(&mut facts, batch));
    let (pieces, most) = match amount {
        Amount::Change => {
            let mut writers = Writers::new(false);
            for texts in batches {
                writers.add(texts)?;
            }
            (writers.finish()?, PROMPT)
        }
        Amount::Everything => (write_everything(batches)?, usize::MAX),
    };
    let written: Vec<(Tag, Vec<Arc<Piece>>)> = pieces
        .into_iter()
        .map(|(tag, new)| {
            let held = state
                .indexes
                .get(&tag)
                .map(|index| index.pieces.to_vec())
                .unwrap_or_default();
            let all = held.into_iter().chain(new).collect();
            (tag, all)
        })
        .collect();
    let facts = Arc::new(facts);
    let mut indexes = state.indexes.clone();
    indexes.extend(settle_all(written, &facts, most, amount)?);
    Ok(State { facts, indexes })
}

/// The pieces of an index, joined where that is due; none where they stand well.
pub(super) fn settle(
    language: &Tag,
    mut pieces: Vec<Arc<Piece>>,
    facts: &Facts,
    most: usize,
) -> tantivy::Result<Vec<Arc<Piece>>> {
    loop {
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.places.len()));
        let sizes: Vec<usize> = pieces.iter().map(|piece| piece.places.len()).collect();
        let Some(from) = due(&sizes, most) else {
            return Ok(pieces);
        };
        let joined = join(&pieces[from..], facts, language)?;
        pieces.truncate(from);
        pieces.extend(joined.map(Arc::new));
    }
}

fn settle_all(
    written: Vec<(Tag, Vec<Arc<Piece>>)>,
    facts: &Facts,
    most: usize,
    amount: Amount,
) -> tantivy::Result<Vec<(Tag, Searchable)>> {
    let one = |(tag, pieces)| -> tantivy::Result<_> {
        let index = Searchable::new(&tag, settle(&tag, pieces, facts, most)?);
        Ok((tag, index))
    };
    if amount == Amount::Change {
        return written.into_iter().map(one).collect();
    }
    let work = Mutex::new(written.into_iter());
    let next = || work.lock().unwrap_or_else(PoisonError::into_inner).next();
    let done = on_all_processors(|| std::iter::from_fn(next).map(one).collect::<tantivy::Result<Vec<_>>>());
    Ok(done?.into_iter().flatten().collect())
}

/// The texts of a batch that are to be indexed; what is known of its articles goes to the facts.
fn texts_of(facts: &mut Facts, batch: Batch) -> Texts {
    for (article, fact) in batch.articles {
        facts.put(article, fact);
    }
    let texts = batch.bodies.into_iter().filter_map(|(article, language, body)| {
        let number = facts.number(article)?;
        // An article that was taken out has no facts, and without them nobody finds it.
        let text = facts.article(number)?.texts.get(&language)?;
        let text = IndexedText {
            number,
            version: text.version,
            title: text.title.clone(),
            body,
        };
        Some((language, text))
    });
    texts.collect()
}

/// Writes a piece for each language that there is a text in.
struct Writers {
    are_large: bool,
    languages: BTreeMap<Tag, Writing>,
}

impl Writers {
    fn new(are_large: bool) -> Self {
        Self {
            are_large,
            languages: BTreeMap::new(),
        }
    }

    fn add(&mut self, texts: Texts) -> tantivy::Result<()> {
        for (language, text) in texts {
            if let Some(writing) = self.languages.get_mut(&language) {
                writing.add(&text)?;
            } else {
                let mut writing = Writing::new(&language, self.are_large)?;
                writing.add(&text)?;
                self.languages.insert(language, writing);
            }
        }
        Ok(())
    }

    fn finish(self) -> tantivy::Result<Pieces> {
        let mut pieces = Pieces::new();
        for (language, writing) in self.languages {
            pieces.insert(language, writing.finish()?.into_iter().map(Arc::new).collect());
        }
        Ok(pieces)
    }
}

/// Writes on all processors what comes.
fn write_everything(batches: impl Iterator<Item = Texts>) -> tantivy::Result<Pieces> {
    let (jobs, work) = sync_channel::<Texts>(2 * processors());
    let work = Mutex::new(work);
    let written = thread::scope(|scope| {
        let writing = scope.spawn(|| on_all_processors(|| write(&work)));
        for mut texts in batches {
            while !texts.is_empty() {
                let rest = texts.split_off(AT_ONCE.min(texts.len()));
                // Writers take whatever comes until there is no more.
                let _ = jobs.send(std::mem::replace(&mut texts, rest));
            }
        }
        drop(jobs);
        writing.join().unwrap_or_else(|panic| resume_unwind(panic))
    })?;
    let mut all = Pieces::new();
    for (language, pieces) in written.into_iter().flatten() {
        all.entry(language).or_default().extend(pieces);
    }
    Ok(all)
}

fn write(work: &Mutex<Receiver<Texts>>) -> tantivy::Result<Pieces> {
    let next = || work.lock().unwrap_or_else(PoisonError::into_inner).recv().ok();
    let mut writers = Writers::new(true);
    let mut failed = Ok(());
    for texts in std::iter::from_fn(next) {
        // Who failed goes on to take what comes, or nobody would.
        if failed.is_ok() {
            failed = writers.add(texts);
        }
    }
    failed?;
    writers.finish()
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// What a function gives on each processor.
fn on_all_processors<T: Send>(work: impl Fn() -> tantivy::Result<T> + Sync) -> tantivy::Result<Vec<T>> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..processors()).map(|_| scope.spawn(&work)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}
