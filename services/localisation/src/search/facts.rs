//! What is known of articles beside their words.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use time::OffsetDateTime;

use crate::domain::article::Profile;
use crate::ids::ArticleId;
use support_words::tag::Tag;

/// An article as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleFact {
    /// The id.
    pub id: ArticleId,
    /// The slug.
    pub slug: String,
    /// What it is and is about.
    pub profile: Profile,
    /// The language that the others are translated from.
    pub source: Tag,
    /// Its texts by language.
    pub texts: BTreeMap<Tag, TextFact>,
}

/// The current text of an article in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFact {
    /// The version.
    pub version: i64,
    /// The title.
    pub title: String,
    /// How the text begins.
    pub excerpt: String,
    /// When it was published.
    pub published_at: OffsetDateTime,
    /// The version of the source that it was translated from.
    pub source_version: Option<i64>,
    /// Whether the source says something else by now.
    pub is_stale: bool,
}

/// All articles, by the numbers under which the indexes know them. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    articles: Vec<Option<Arc<ArticleFact>>>,
    numbers: Arc<HashMap<ArticleId, usize>>,
    /// How helpful each has been: from 0, never, to 1, always; a half where nothing is known.
    helpful: Arc<Vec<f32>>,
}

impl Facts {
    /// The article with this number; none where it was taken out.
    #[must_use]
    pub fn article(&self, number: u64) -> Option<&Arc<ArticleFact>> {
        self.articles.get(usize::try_from(number).ok()?)?.as_ref()
    }

    /// The number of an article.
    #[must_use]
    pub fn number(&self, id: ArticleId) -> Option<u64> {
        self.numbers.get(&id).map(|number| *number as u64)
    }

    /// How helpful an article has been.
    #[must_use]
    pub fn helpful(&self, number: u64) -> f32 {
        usize::try_from(number)
            .ok()
            .and_then(|number| self.helpful.get(number))
            .copied()
            .unwrap_or(0.5)
    }

    /// How many texts there are.
    #[must_use]
    pub fn text_count(&self) -> usize {
        self.articles.iter().flatten().map(|article| article.texts.len()).sum()
    }

    /// These, and what has changed: articles as they are now, none for those that were taken out. New ones get numbers.
    #[must_use]
    pub fn with(&self, changed: Vec<(ArticleId, Option<ArticleFact>)>) -> Self {
        let mut articles = self.articles.clone();
        let mut numbers = Arc::clone(&self.numbers);
        for (id, fact) in changed {
            let number = if let Some(number) = numbers.get(&id) {
                *number
            } else {
                articles.push(None);
                Arc::make_mut(&mut numbers).insert(id, articles.len() - 1);
                articles.len() - 1
            };
            articles[number] = fact.map(Arc::new);
        }
        Self {
            articles,
            numbers,
            helpful: Arc::clone(&self.helpful),
        }
    }

    /// These, with what is known of how helpful they have been.
    #[must_use]
    pub fn with_helpful(&self, figures: impl IntoIterator<Item = (ArticleId, f32)>) -> Self {
        let mut helpful = vec![0.5; self.articles.len()];
        for (id, figure) in figures {
            if let Some(place) = self.numbers.get(&id).and_then(|number| helpful.get_mut(*number)) {
                *place = figure;
            }
        }
        Self {
            helpful: Arc::new(helpful),
            ..self.clone()
        }
    }
}
