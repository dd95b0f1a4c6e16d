//! What is known, in six languages.

use std::collections::BTreeMap;

use anyhow::Context as _;
use serde::Deserialize;
use support_proto::support::localisation::v1::{Audience, Block, BlockKind, PublishArticleRequest};
use support_proto::support::types::v1::ProductLine;

/// The articles, as people write them.
const ARTICLES: &str = include_str!("articles.json");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Article {
    slug: String,
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

/// Every article in every language it has, without request ids.
pub(super) fn articles() -> anyhow::Result<Vec<PublishArticleRequest>> {
    let articles: Vec<Article> = serde_json::from_str(ARTICLES)?;
    let mut all = Vec::new();
    for article in articles {
        let audience = Audience::from_str_name(&article.audience).context("no such audience")?;
        let lines = article
            .product_lines
            .iter()
            .map(|line| {
                ProductLine::from_str_name(line)
                    .map(i32::from)
                    .context("no such product line")
            })
            .collect::<anyhow::Result<Vec<i32>>>()?;
        for (language, text) in article.texts {
            all.push(PublishArticleRequest {
                request_id: String::new(),
                slug: article.slug.clone(),
                audience: audience.into(),
                product_lines: lines.clone(),
                language,
                title: text.title.clone(),
                blocks: blocks(text),
            });
        }
    }
    Ok(all)
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
        let all = articles().unwrap();
        assert_eq!(all.len(), 15, "every text of every article");
        assert!(
            all.iter()
                .any(|article| article.language == "ar" && article.blocks.len() > 3)
        );
    }
}
