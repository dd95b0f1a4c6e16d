//! Which of the articles that have the words comes first.
//!
//! The score of an article is that of its words, times a factor for each thing that the words do not say. The factors are
//! close to one: they decide between texts that fit about as well, and never lift one that does not fit above one that does.
//! An article about another product line is the exception.

use support_proto::support::localisation::v1::ArticleKind;
use time::OffsetDateTime;

use super::facts::{ArticleFact, Facts, Shelf, TextFact};
use crate::domain::article::Audience;

/// Who asks, and with what in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Who reads.
    pub reader: Audience,
    /// The product line; none where it is not known.
    pub product_line: Option<i16>,
    /// The product, as a model code; empty where it is not known.
    pub product: String,
    /// What kind of article is wanted; none for every one.
    pub kind: Option<ArticleKind>,
    /// What time it is.
    pub now: OffsetDateTime,
}

/// What an article about another product line is worth.
const OTHER_LINE: f32 = 0.35;
/// What an article about another product of the same line is worth.
const OTHER_PRODUCT: f32 = 0.6;
/// What an article about the very product line is worth, beside one about all.
const SAME_LINE: f32 = 1.15;
/// What an article about the very product is worth.
const SAME_PRODUCT: f32 = 1.3;
/// What a translation is worth whose source says something else by now.
const STALE: f32 = 0.9;
/// What an article is worth that nobody has looked at when it was time.
const OVERDUE: f32 = 0.93;
/// How far an article that always helped stands above one that never did: from 1 - this to 1 + this.
const HELPFUL: f32 = 0.25;
/// How far an article of today stands above one from long ago.
const FRESH: f32 = 0.12;
/// After how many days half of that is left.
const HALF_FRESH_DAYS: f32 = 180.0;

/// The highest factor that an article may have for who asks.
#[must_use]
pub fn highest(asked: &Asked, facts: &Facts) -> f32 {
    let about = if asked.product.is_empty() {
        asked.product_line.map_or(1.0, |_| SAME_LINE)
    } else {
        SAME_PRODUCT
    };
    about * helped(facts.most_helpful()) * (1.0 + FRESH)
}

/// By how much a score is multiplied for how helpful an article has been.
fn helped(helpful: f32) -> f32 {
    1.0 - HELPFUL + 2.0 * HELPFUL * helpful.clamp(0.0, 1.0)
}

/// Whether the reader may have what stands there, and wants it.
#[must_use]
pub fn is_for(shelf: Shelf, asked: &Asked) -> bool {
    shelf.audience <= asked.reader && asked.kind.is_none_or(|kind| kind == shelf.kind)
}

/// By how much the score of an article's words is multiplied.
#[must_use]
pub fn factor(article: &ArticleFact, text: &TextFact, helpful: f32, asked: &Asked) -> f32 {
    let profile = &article.profile;
    let mut factor = about(article, asked) * helped(helpful);
    let days = (asked.now - text.published_at).as_seconds_f32().max(0.0) / 86_400.0;
    factor *= 1.0 + FRESH * (-days / HALF_FRESH_DAYS).exp2();
    if text.is_stale {
        factor *= STALE;
    }
    if profile.review_on.is_some_and(|day| day < asked.now.date()) {
        factor *= OVERDUE;
    }
    factor
}

fn about(article: &ArticleFact, asked: &Asked) -> f32 {
    let profile = &article.profile;
    if !asked.product.is_empty() && !profile.products.is_empty() {
        return if profile.products.contains(&asked.product) {
            SAME_PRODUCT
        } else {
            OTHER_PRODUCT
        };
    }
    match asked.product_line {
        Some(_) if profile.product_lines.is_empty() => 1.0,
        Some(line) if profile.product_lines.contains(&line) => SAME_LINE,
        Some(_) => OTHER_LINE,
        None => 1.0,
    }
}

/// How helpful an article has been, from what came of it: from 0 to 1, drawn towards a half as long as little is known, so
/// that one vote does not move it far. What it was used for to resolve a case counts as a vote for it.
#[must_use]
pub fn helpfulness(good: i64, bad: i64) -> f32 {
    /// How many votes of either kind are taken for granted.
    const PRIOR: f32 = 4.0;
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than its first digits")]
    let (good, bad) = (good.max(0) as f32, bad.max(0) as f32);
    (good + PRIOR) / (good + bad + 2.0 * PRIOR)
}

#[cfg(test)]
mod tests;
