//! What is known of articles beside their words.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use support_proto::support::localisation::v1::ArticleKind;
use time::OffsetDateTime;

use crate::domain::article::{Audience, Profile};
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
#[derive(Debug, Clone)]
pub struct Facts {
    articles: Vec<Option<Arc<ArticleFact>>>,
    /// What decides who may read each, side by side: it is asked of every text that has the words.
    shelves: Vec<Option<Shelf>>,
    numbers: Arc<HashMap<ArticleId, usize>>,
    /// How helpful each has been: from 0, never, to 1, always; a half where nothing is known.
    helpful: Arc<Vec<f32>>,
    /// How helpful the most helpful one has been.
    most_helpful: f32,
}

/// Where an article stands: for whom, and among which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shelf {
    /// Who may read it.
    pub audience: Audience,
    /// What kind of article it is.
    pub kind: ArticleKind,
}

/// Where nothing is known of how helpful an article has been.
const UNKNOWN: f32 = 0.5;

impl Default for Facts {
    fn default() -> Self {
        Self {
            articles: Vec::new(),
            shelves: Vec::new(),
            numbers: Arc::default(),
            helpful: Arc::default(),
            most_helpful: UNKNOWN,
        }
    }
}

impl Facts {
    /// The article with this number; none where it was taken out.
    #[must_use]
    pub fn article(&self, number: u64) -> Option<&Arc<ArticleFact>> {
        self.articles.get(usize::try_from(number).ok()?)?.as_ref()
    }

    /// Where the article with this number stands; none where it was taken out.
    #[must_use]
    pub fn shelf(&self, number: u64) -> Option<Shelf> {
        *self.shelves.get(usize::try_from(number).ok()?)?
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
            .unwrap_or(UNKNOWN)
    }

    /// All articles.
    pub fn articles(&self) -> impl Iterator<Item = &Arc<ArticleFact>> {
        self.articles.iter().flatten()
    }

    /// How helpful the most helpful article has been.
    #[must_use]
    pub fn most_helpful(&self) -> f32 {
        self.most_helpful
    }

    /// The article with this id; none where there is none, or it was taken out.
    #[must_use]
    pub fn find(&self, id: ArticleId) -> Option<&Arc<ArticleFact>> {
        self.article(self.number(id)?)
    }

    /// Takes over what an article is now; none where it was taken out. A new one gets a number.
    pub fn put(&mut self, id: ArticleId, fact: Option<ArticleFact>) -> u64 {
        let number = if let Some(number) = self.numbers.get(&id) {
            *number
        } else {
            self.articles.push(None);
            self.shelves.push(None);
            Arc::make_mut(&mut self.numbers).insert(id, self.articles.len() - 1);
            self.articles.len() - 1
        };
        self.shelves[number] = fact.as_ref().map(|fact| Shelf {
            audience: fact.profile.audience,
            kind: fact.profile.kind,
        });
        self.articles[number] = fact.map(Arc::new);
        number as u64
    }

    /// These, with what is known of how helpful they have been.
    #[must_use]
    pub fn with_helpful(&self, figures: impl IntoIterator<Item = (ArticleId, f32)>) -> Self {
        let mut helpful = vec![UNKNOWN; self.articles.len()];
        let mut most_helpful = UNKNOWN;
        for (id, figure) in figures {
            most_helpful = most_helpful.max(figure);
            if let Some(place) = self.numbers.get(&id).and_then(|number| helpful.get_mut(*number)) {
                *place = figure;
            }
        }
        Self {
            helpful: Arc::new(helpful),
            most_helpful,
            ..self.clone()
        }
    }
}
