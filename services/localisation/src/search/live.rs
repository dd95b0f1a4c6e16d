//! Keeps what is searched up to date.
//!
//! What is published in this process is found when its publishing is answered; other replicas look for changes every second
//! (`refresh_interval_ms`), which is one small statement where nothing has changed. A process whose database is away
//! searches what it has.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use sqlx::PgConnection;
use support_chassis::db::{Db, DbError};
use tokio::sync::mpsc;

use super::build::{Amount, Batch, settle, take_over};
use super::facts::{ArticleFact, Facts, TextFact};
use super::index::{Piece, Searchable};
use super::rank::helpfulness;
use super::state::{Hit, Search, State};
use crate::error::Error;
use crate::ids::ArticleId;
use crate::store::search::{self, Changed, CurrentText, TextKey};
use support_words::tag::Tag;

/// How many articles are read at once, each in all of its languages.
const AT_ONCE: usize = 200;
/// How many times that may have been read and not be indexed yet.
const READ_AHEAD: usize = 2;
/// How long an excerpt is at most, in characters.
const EXCERPT: usize = 240;

/// What is searched, kept up to date. Clones share it.
#[derive(Debug, Clone)]
pub struct Live(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    db: Db,
    state: RwLock<Arc<State>>,
    /// The number of the last change that is in the state; held by who takes over further ones.
    change: tokio::sync::Mutex<i64>,
}

impl Live {
    /// Reads and indexes all articles.
    ///
    /// # Errors
    ///
    /// Where the database fails.
    pub async fn load(db: Db) -> Result<Self, Error> {
        let live = Self(Arc::new(Shared {
            db,
            state: RwLock::default(),
            // Articles from before changes were counted have number 0.
            change: tokio::sync::Mutex::new(-1),
        }));
        live.refresh().await?;
        live.refresh_figures().await?;
        Ok(live)
    }

    /// What is searched now.
    #[must_use]
    pub fn current(&self) -> Arc<State> {
        Arc::clone(&self.0.state.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Searches, beside the threads that answer calls.
    ///
    /// # Errors
    ///
    /// Where an index cannot be read.
    pub async fn search(&self, search: Search<'_>) -> Result<Vec<Hit>, Error> {
        let state = self.current();
        let text = search.text.to_owned();
        let Search {
            mode,
            languages,
            asked,
            limit,
            ..
        } = search;
        let hits = tokio::task::spawn_blocking(move || {
            state.search(&Search {
                text: &text,
                mode,
                languages,
                asked,
                limit,
            })
        })
        .await??;
        Ok(hits)
    }

    /// Takes over what has been published since.
    ///
    /// # Errors
    ///
    /// Where the database fails. What is held stays.
    pub async fn refresh(&self) -> Result<(), Error> {
        let mut change = self.0.change.lock().await;
        let mut connection = self.0.db.read().await?;
        let changed = search::changed(&mut connection, *change).await?;
        let Some(last) = changed.iter().map(|article| article.change).max() else {
            return Ok(());
        };
        let amount = if *change < 0 {
            Amount::Everything
        } else {
            Amount::Change
        };
        let state = self.current();
        let (sender, mut batches) = mpsc::channel(READ_AHEAD);
        let indexed = Arc::clone(&state);
        let build = tokio::task::spawn_blocking(move || {
            take_over(&indexed, std::iter::from_fn(|| batches.blocking_recv()), amount)
        });
        let read = read(&mut connection, changed, &state.facts, sender).await;
        drop(connection);
        let next = build.await?;
        read?;
        self.hold(next?);
        *change = last;
        Ok(())
    }

    fn hold(&self, next: State) {
        *self.0.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
    }

    /// Joins pieces of the indexes that have become many, beside whatever else is done.
    ///
    /// # Errors
    ///
    /// Where an index cannot be written. What is held stays.
    pub async fn settle(&self) -> Result<(), Error> {
        let state = self.current();
        let settled = tokio::task::spawn_blocking(move || {
            let mut settled: Vec<(Tag, Settled)> = Vec::new();
            for (language, index) in &state.indexes {
                let before = index.pieces.to_vec();
                let after = settle(language, before.clone(), &state.facts, usize::MAX)?;
                if after.len() < before.len() {
                    settled.push((language.clone(), Settled { before, after }));
                }
            }
            Ok::<_, tantivy::TantivyError>(settled)
        })
        .await??;
        if settled.is_empty() {
            return Ok(());
        }
        let _one = self.0.change.lock().await;
        let mut next = (*self.current()).clone();
        for (language, settled) in settled {
            let now = next
                .indexes
                .get(&language)
                .and_then(|index| settled.among(&index.pieces));
            if let Some(pieces) = now {
                let index = Searchable::new(&language, pieces);
                next.indexes.insert(language, index);
            }
        }
        self.hold(next);
        Ok(())
    }

    /// As [`Live::refresh`] after a publishing, which is done whatever becomes of this: the next look finds it.
    pub async fn refresh_or_warn(&self) {
        if let Err(error) = self.refresh().await {
            tracing::warn!(%error, "what was published is not searched yet");
        }
    }

    /// Takes over how helpful articles have been.
    ///
    /// # Errors
    ///
    /// Where the database fails. What is held stays.
    pub async fn refresh_figures(&self) -> Result<(), Error> {
        let _one = self.0.change.lock().await;
        let mut connection = self.0.db.read().await?;
        let figures = search::helpful(&mut connection).await?;
        let figures = figures
            .into_iter()
            .map(|figure| (figure.article, helpfulness(figure.good, figure.bad)));
        let state = self.current();
        let facts = Arc::new(state.facts.with_helpful(figures));
        let indexes = state.indexes.clone();
        self.hold(State { facts, indexes });
        Ok(())
    }
}

/// The pieces of an index, and what has become of them.
struct Settled {
    before: Vec<Arc<Piece>>,
    after: Vec<Arc<Piece>>,
}

impl Settled {
    /// Those in place of the former ones, beside what came meanwhile; none where somebody else has joined some of them.
    fn among(self, now: &[Arc<Piece>]) -> Option<Vec<Arc<Piece>>> {
        let is_in = |pieces: &[Arc<Piece>], piece| pieces.iter().any(|other| Arc::ptr_eq(other, piece));
        if !self.before.iter().all(|piece| is_in(now, piece)) {
            return None;
        }
        let new = now.iter().filter(|piece| !is_in(&self.before, piece)).cloned();
        Some(self.after.into_iter().chain(new).collect())
    }
}

/// Reads articles that have changed, as far as they have: a text whose version is known already is not read again.
async fn read(
    connection: &mut PgConnection,
    changed: Vec<Changed>,
    known: &Facts,
    batches: mpsc::Sender<Batch>,
) -> Result<(), DbError> {
    let mut changed = changed.into_iter().peekable();
    while changed.peek().is_some() {
        let articles: Vec<Changed> = changed.by_ref().take(AT_ONCE).collect();
        let ids: Vec<ArticleId> = articles.iter().map(|article| article.id).collect();
        let texts = search::texts(connection, &ids).await?;
        let new: Vec<TextKey> = texts
            .iter()
            .filter(|text| known_text(known, text).is_none())
            .map(|text| (text.article, text.language.clone(), text.version))
            .collect();
        let bodies = search::bodies(connection, &new).await?;
        // Whoever indexes ends before all is read only where that has failed, and says so.
        if batches.send(batch(articles, texts, bodies, known)).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// What is known of a text already, where it is the same version.
fn known_text<'k>(known: &'k Facts, text: &CurrentText) -> Option<&'k TextFact> {
    known
        .find(text.article)?
        .texts
        .get(&text.language)
        .filter(|fact| fact.version == text.version)
}

fn batch(
    articles: Vec<Changed>,
    texts: Vec<CurrentText>,
    mut read: HashMap<(ArticleId, Tag), String>,
    known: &Facts,
) -> Batch {
    let mut bodies = Vec::new();
    let mut by_article: BTreeMap<ArticleId, BTreeMap<Tag, TextFact>> = BTreeMap::new();
    for text in texts {
        let begins = if let Some(fact) = known_text(known, &text) {
            fact.excerpt.clone()
        } else {
            let body = read.remove(&(text.article, text.language.clone())).unwrap_or_default();
            let begins = excerpt(&body);
            bodies.push((text.article, text.language.clone(), body));
            begins
        };
        let fact = TextFact {
            version: text.version,
            title: text.title,
            excerpt: begins,
            published_at: text.published_at,
            source_version: text.source_version,
            is_stale: text.is_stale,
        };
        by_article.entry(text.article).or_default().insert(text.language, fact);
    }
    let articles = articles
        .into_iter()
        .map(|article| {
            let texts = by_article.remove(&article.id).unwrap_or_default();
            let fact = (!article.is_retired).then_some(ArticleFact {
                id: article.id,
                slug: article.slug,
                profile: article.profile,
                source: article.source,
                texts,
            });
            (article.id, fact)
        })
        .collect();
    Batch { articles, bodies }
}

fn excerpt(body: &str) -> String {
    let line = body.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(EXCERPT) {
        None => line,
        Some((end, _)) => {
            let cut = &line[..end];
            // At the end of a word, where the script has any.
            let cut = cut.rsplit_once(' ').map_or(cut, |(words, _)| words);
            format!("{cut}…")
        }
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use support_proto::support::localisation::v1::ArticleKind;
    use time::macros::datetime;

    use super::*;
    use crate::domain::article::{Audience, Profile};

    #[test]
    fn a_text_that_has_not_changed_is_not_indexed_again() {
        let (clock, _) = Clock::manual(datetime!(2026-01-01 00:00 UTC));
        let id: ArticleId = Ids::seeded("eu".parse().unwrap(), clock, 7).next();
        let (en, de) = (Tag::parse("en").unwrap(), Tag::parse("de").unwrap());
        let article = || Changed {
            id,
            slug: "a".to_owned(),
            profile: Profile::plain(ArticleKind::HowTo, Audience::Customer),
            source: en.clone(),
            is_retired: false,
            change: 1,
        };
        let text = |language: &Tag, version| CurrentText {
            article: id,
            language: language.clone(),
            version,
            title: "A".to_owned(),
            published_at: datetime!(2026-01-01 00:00 UTC),
            source_version: None,
            is_stale: version == 1,
        };
        let body = |language: &Tag, body: &str| ((id, language.clone()), body.to_owned());
        let mut facts = Facts::default();
        let read = HashMap::from([body(&en, "Hold the key."), body(&de, "Taste halten.")]);
        let first = batch(vec![article()], vec![text(&en, 1), text(&de, 1)], read, &facts);
        assert_eq!(first.bodies.len(), 2);
        for (id, fact) in first.articles {
            facts.put(id, fact);
        }
        // The source has another version: it alone is indexed, and the translation known to be stale.
        let read = HashMap::from([body(&en, "Press the key.")]);
        let second = batch(vec![article()], vec![text(&en, 2), text(&de, 1)], read, &facts);
        assert_eq!(second.bodies, [(id, en.clone(), "Press the key.".to_owned())]);
        let texts = &second.articles[0].1.as_ref().unwrap().texts;
        assert_eq!(texts[&en].excerpt, "Press the key.");
        assert_eq!(
            (texts[&de].excerpt.as_str(), texts[&de].is_stale),
            ("Taste halten.", true)
        );
        // What was taken out has nothing that it could keep.
        facts.put(id, None);
        let read = HashMap::from([body(&en, "Press the key."), body(&de, "Taste halten.")]);
        let again = batch(vec![article()], vec![text(&en, 2), text(&de, 1)], read, &facts);
        assert_eq!(again.bodies.len(), 2);
    }

    #[test]
    fn an_excerpt_ends_with_a_word() {
        assert_eq!(excerpt(" Hold the\nkey. "), "Hold the key.");
        let long = excerpt(&"word ".repeat(100));
        assert!(long.ends_with("word…") && long.chars().count() <= EXCERPT + 1, "{long}");
        // A script without spaces is cut where it is.
        assert_eq!(excerpt(&"电".repeat(300)).chars().count(), EXCERPT + 1);
    }
}
