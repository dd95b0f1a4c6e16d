//! Indexing articles.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::facts::ArticleFact;
use super::index::{IndexedText, LanguageIndex, Writing};
use super::state::State;
use crate::ids::ArticleId;
use support_words::tag::Tag;

/// Articles as they have become.
#[derive(Debug, Default)]
pub struct Batch {
    /// What is known of each; none of those that were taken out.
    pub articles: Vec<(ArticleId, Option<ArticleFact>)>,
    /// The words of their texts.
    pub bodies: Vec<(ArticleId, Tag, String)>,
}

/// The state with the batches taken over, and the indexes written. Where `is_first`, there is nothing yet that they could
/// replace.
///
/// # Errors
///
/// Where an index cannot be written.
pub fn take_over(
    state: &State,
    indexes: &mut BTreeMap<Tag, LanguageIndex>,
    batches: Vec<Batch>,
    is_first: bool,
) -> tantivy::Result<State> {
    let languages: BTreeSet<&Tag> = batches
        .iter()
        .flat_map(|batch| &batch.bodies)
        .map(|(_, language, _)| language)
        .collect();
    for language in languages {
        if !indexes.contains_key(language) {
            indexes.insert(language.clone(), LanguageIndex::new(language)?);
        }
    }
    let mut facts = (*state.facts).clone();
    let mut writing: BTreeMap<&Tag, Writing<'_>> = BTreeMap::new();
    for batch in batches {
        facts = facts.with(batch.articles);
        for (article, language, body) in batch.bodies {
            let (Some((tag, index)), Some(number)) = (indexes.get_key_value(&language), facts.number(article)) else {
                continue;
            };
            let title = facts
                .article(number)
                .and_then(|article| article.texts.get(&language))
                .map(|text| text.title.clone());
            // An article that was taken out has no facts, and without them nobody finds it.
            let Some(title) = title else { continue };
            let text = IndexedText { number, title, body };
            if !writing.contains_key(tag) {
                writing.insert(tag, index.write()?);
            }
            if let Some(writing) = writing.get(tag) {
                if is_first {
                    writing.add(&text)?;
                } else {
                    writing.put(&text)?;
                }
            }
        }
    }
    for writing in writing.into_values() {
        writing.finish()?;
    }
    Ok(State {
        facts: Arc::new(facts),
        indexes: indexes.iter().map(|(tag, index)| (tag.clone(), index.now())).collect(),
    })
}
