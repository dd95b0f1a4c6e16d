//! Keeps what is searched up to date.
//!
//! What is published in this process is found when its publishing is answered; other replicas look for changes every second
//! (`refresh_interval_ms`), which is one small statement where nothing has changed. A process whose database is away
//! searches what it has.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use support_chassis::db::Db;

use super::build::{Batch, take_over};
use super::facts::{ArticleFact, TextFact};
use super::index::LanguageIndex;
use super::rank::helpfulness;
use super::state::{Hit, Search, State};
use crate::error::Error;
use crate::ids::ArticleId;
use crate::store::search::{self, Changed, CurrentText};
use support_words::tag::Tag;

/// How many articles are read at once, each in all of its languages.
const AT_ONCE: usize = 200;
/// How long an excerpt is at most, in characters.
const EXCERPT: usize = 240;

/// What is searched, kept up to date. Clones share it.
#[derive(Debug, Clone)]
pub struct Live(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    db: Db,
    state: RwLock<Arc<State>>,
    indexes: Arc<Mutex<BTreeMap<Tag, LanguageIndex>>>,
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
            indexes: Arc::default(),
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
        let is_first = *change < 0;
        let mut changed = changed.into_iter().peekable();
        let mut batches = Vec::new();
        while changed.peek().is_some() {
            let articles: Vec<Changed> = changed.by_ref().take(AT_ONCE).collect();
            let ids: Vec<ArticleId> = articles.iter().map(|article| article.id).collect();
            let texts = search::texts(&mut connection, &ids).await?;
            batches.push(batch(articles, texts));
        }
        drop(connection);
        let state = self.current();
        let indexes = Arc::clone(&self.0.indexes);
        let next = tokio::task::spawn_blocking(move || {
            let mut indexes = indexes.lock().unwrap_or_else(PoisonError::into_inner);
            take_over(&state, &mut indexes, batches, is_first)
        })
        .await??;
        // How helpful they are may have been read meanwhile.
        let mut held = self.0.state.write().unwrap_or_else(PoisonError::into_inner);
        *held = Arc::new(next);
        *change = last;
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
        *self.0.state.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(State { facts, indexes });
        Ok(())
    }
}

fn batch(articles: Vec<Changed>, texts: Vec<CurrentText>) -> Batch {
    let mut bodies = Vec::new();
    let mut by_article: BTreeMap<ArticleId, BTreeMap<Tag, TextFact>> = BTreeMap::new();
    for text in texts {
        let fact = TextFact {
            version: text.version,
            title: text.title,
            excerpt: excerpt(&text.body),
            published_at: text.published_at,
            source_version: text.source_version,
            is_stale: text.is_stale,
        };
        by_article
            .entry(text.article)
            .or_default()
            .insert(text.language.clone(), fact);
        bodies.push((text.article, text.language, text.body));
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
    use super::*;

    #[test]
    fn an_excerpt_ends_with_a_word() {
        assert_eq!(excerpt(" Hold the\nkey. "), "Hold the key.");
        let long = excerpt(&"word ".repeat(100));
        assert!(long.ends_with("word…") && long.chars().count() <= EXCERPT + 1, "{long}");
        // A script without spaces is cut where it is.
        assert_eq!(excerpt(&"电".repeat(300)).chars().count(), EXCERPT + 1);
    }
}
