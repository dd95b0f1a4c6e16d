//! What was found, as it is answered: from memory alone.

use support_chassis::clock;
use support_proto::support::localisation::v1 as wire;
use time::Date;

use crate::api::knowledge::present::{audience, date};
use crate::search::facts::TextFact;
use crate::search::state::Hit;
use crate::store::feedback::{Figures, Use};
use support_words::locale::choose;
use support_words::tag::Tag;

/// The text of an article in the best of its languages for who reads `languages`.
pub(super) fn text_for<'h>(hit: &'h Hit, languages: &[String], default: &Tag) -> Option<(&'h Tag, &'h TextFact)> {
    let available: Vec<Tag> = hit.article.texts.keys().cloned().collect();
    let best = choose(languages, &available, default)?;
    hit.article.texts.get_key_value(best)
}

pub(super) fn found(hit: &Hit, languages: &[String], default: &Tag, today: Date) -> Option<wire::FoundArticle> {
    let (language, text) = text_for(hit, languages, default)?;
    let article = &hit.article;
    let profile = &article.profile;
    let state = if *language == article.source {
        wire::TranslationState::Source
    } else if text.is_stale {
        wire::TranslationState::Stale
    } else {
        wire::TranslationState::Current
    };
    let shown = wire::Article {
        article_id: article.id.to_string(),
        slug: article.slug.clone(),
        audience: audience(profile.audience).into(),
        product_lines: profile.product_lines.iter().copied().map(i32::from).collect(),
        language: language.to_string(),
        title: text.title.clone(),
        blocks: Vec::new(),
        version: text.version,
        publish_time: Some(clock::timestamp(text.published_at)),
        available_languages: article.texts.keys().map(ToString::to_string).collect(),
        kind: profile.kind.into(),
        products: profile.products.clone(),
        symptoms: profile.symptoms.clone(),
        owner: profile.owner.clone(),
        review_date: profile.review_on.map(date),
        is_review_due: profile.review_on.is_some_and(|day| day <= today),
        source_language: article.source.to_string(),
        translation_state: state.into(),
        source_version: text.source_version.unwrap_or_default(),
    };
    let corrections = hit
        .corrections
        .iter()
        .map(|correction| wire::Correction {
            word: correction.word.clone(),
            taken_for: correction.taken_for.clone(),
        })
        .collect();
    Some(wire::FoundArticle {
        article: Some(shown),
        excerpt: text.excerpt.clone(),
        score: hit.score,
        matched_language: if *language == hit.language {
            String::new()
        } else {
            hit.language.to_string()
        },
        corrections,
    })
}

pub(super) fn used(used: Use) -> wire::ArticleUse {
    wire::ArticleUse {
        case_id: used.case.to_string(),
        language: used.language,
        use_time: Some(clock::timestamp(used.used_at)),
        resolve_time: used.resolved_at.map(clock::timestamp),
    }
}

pub(super) fn figures(figures: Figures) -> wire::ArticleFigures {
    wire::ArticleFigures {
        slug: figures.slug,
        language: figures.language,
        helpful_votes: figures.helpful_votes,
        unhelpful_votes: figures.unhelpful_votes,
        offers: figures.offers,
        ended: figures.ended,
        ended_but_came_back: figures.ended_but_came_back,
        not_ended: figures.not_ended,
        unknown: figures.unknown,
        uses: figures.uses,
        resolved_uses: figures.resolved_uses,
    }
}
