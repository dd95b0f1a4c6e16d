//! What is known, in six languages.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;
use support_proto::support::localisation::v1::{
    ArticleKind, ArticleProfile, Audience, Block, BlockKind, CreateArticleDraftRequest,
};
use support_proto::support::types::v1::ProductLine;

/// The articles, as people write them.
const ARTICLES: &str = include_str!("articles.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Article {
    slug: String,
    kind: String,
    symptoms: Vec<String>,
    audience: String,
    product_lines: Vec<String>,
    texts: BTreeMap<String, Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    title: String,
    paragraph: String,
    steps: Vec<String>,
    warning: String,
}

/// Every article in every language it has, without request ids: those in English, from which the others are translated, and
/// the others.
pub(super) fn articles() -> anyhow::Result<(Vec<CreateArticleDraftRequest>, Vec<CreateArticleDraftRequest>)> {
    let articles: Vec<Article> = serde_json::from_str(ARTICLES)?;
    let mut all = Vec::new();
    for article in articles {
        let profile = ArticleProfile {
            kind: ArticleKind::from_str_name(&article.kind)
                .context("no such kind of article")?
                .into(),
            audience: Audience::from_str_name(&article.audience)
                .context("no such audience")?
                .into(),
            product_lines: article
                .product_lines
                .iter()
                .map(|line| {
                    ProductLine::from_str_name(line)
                        .map(i32::from)
                        .context("no such product line")
                })
                .collect::<anyhow::Result<Vec<i32>>>()?,
            symptoms: article.symptoms,
            ..ArticleProfile::default()
        };
        for (language, text) in article.texts {
            all.push(CreateArticleDraftRequest {
                slug: article.slug.clone(),
                profile: Some(profile.clone()),
                language,
                title: text.title.clone(),
                blocks: blocks(text),
                ..CreateArticleDraftRequest::default()
            });
        }
    }
    Ok(all.into_iter().partition(|draft| draft.language == "en"))
}

fn blocks(text: Text) -> Vec<Block> {
    let block = |kind: BlockKind, text: String| Block {
        kind: kind.into(),
        text,
    };
    let mut blocks = vec![block(BlockKind::Paragraph, text.paragraph)];
    blocks.extend(text.steps.into_iter().map(|step| block(BlockKind::Step, step)));
    blocks.push(block(BlockKind::Warning, text.warning));
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_articles_can_be_read() {
        let (sources, translations) = articles().unwrap();
        assert_eq!(sources.len(), 4, "every article has an English text");
        assert_eq!(translations.len(), 11, "every other text of every article");
        assert!(
            translations
                .iter()
                .any(|article| article.language == "ar" && article.blocks.len() > 3)
        );
    }
}
