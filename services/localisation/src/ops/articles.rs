//! Publishing and reading articles.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};
use support_chassis::id::Ids;
use support_proto::support::localisation::v1::ArticlePublished;
use support_proto::support::options::v1::CallerKind;

use crate::domain::article::Audience;
use crate::error::Error;
use crate::store::articles::{self, Article, Block, Text};
use support_words::locale::choose;
use support_words::tag::Tag;

/// An article as somebody reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The article.
    pub article: Article,
    /// The language of the text.
    pub language: Tag,
    /// The text.
    pub text: Text,
    /// Its blocks; empty in lists.
    pub blocks: Vec<Block>,
}

/// What is to be published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewText {
    /// The slug.
    pub slug: String,
    /// Who may read it.
    pub audience: Audience,
    /// The product lines, as numbers of the contract, ascending.
    pub product_lines: Vec<i16>,
    /// The language, the tag of a locale.
    pub language: Tag,
    /// The title.
    pub title: String,
    /// The text.
    pub blocks: Vec<Block>,
}

/// The audience that a kind of caller belongs to: it may read what is for this one and for those around it.
#[must_use]
pub fn audience_of(kind: CallerKind) -> Audience {
    match kind {
        CallerKind::Unspecified | CallerKind::Anonymous | CallerKind::Customer => Audience::Customer,
        CallerKind::Partner => Audience::Partner,
        CallerKind::Staff | CallerKind::Operator | CallerKind::Service => Audience::Staff,
    }
}

/// Publishes an article, or the next version of it in one language; `by` is who publishes.
///
/// # Errors
///
/// Where the database fails, or there is no locale of that language.
pub async fn publish(tx: &mut Tx, ids: &Ids, new: &NewText, by: &str) -> Result<Read, Error> {
    let id = articles::upsert(tx, ids.next(), &new.slug, new.audience, &new.product_lines).await?;
    let at = tx.now();
    let version = articles::insert_text(tx, id, &new.language, &new.title, &new.blocks, by, at)
        .await
        .map_err(|error| match error.constraint() {
            Some("article_texts_language_exists") => Error::LocaleNotFound,
            _ => Error::Database(error),
        })?;
    let event = ArticlePublished {
        article_id: id.to_string(),
        language: new.language.to_string(),
        version,
    };
    tx.append(id, &event).await?;
    let article = articles::find(tx, &new.slug, Audience::Staff)
        .await?
        .ok_or(DbError::Corrupt {
            table: "articles",
            column: "slug",
        })?;
    let text = Text {
        article: id.uuid(),
        title: new.title.clone(),
        version,
        published_at: at,
    };
    Ok(Read {
        article,
        language: new.language.clone(),
        text,
        blocks: new.blocks.clone(),
    })
}

/// Reads an article in the best of its languages for who reads `languages`; `default` where none fits.
///
/// # Errors
///
/// [`Error::ArticleNotFound`], where there is none or its audience leaves the reader out.
pub async fn get(
    connection: &mut PgConnection,
    slug: &str,
    reader: Audience,
    languages: &[String],
    default: &Tag,
) -> Result<Read, Error> {
    let article = articles::find(connection, slug, reader)
        .await?
        .ok_or(Error::ArticleNotFound)?;
    // What is published is never changed, so that the text cannot turn between these statements.
    let mut read = in_best_language(connection, vec![article], languages, default).await?;
    let mut read = read.pop().ok_or(Error::ArticleNotFound)?;
    read.blocks = articles::blocks(connection, read.article.id, &read.language, read.text.version).await?;
    Ok(read)
}

/// Gives each article the current text in the best of its languages, without blocks.
pub async fn in_best_language(
    connection: &mut PgConnection,
    articles: Vec<Article>,
    languages: &[String],
    default: &Tag,
) -> Result<Vec<Read>, DbError> {
    let wanted: Vec<_> = articles
        .iter()
        .filter_map(|article| Some((article.id, choose(languages, &article.languages, default)?)))
        .collect();
    let mut texts: BTreeMap<_, _> = articles::texts(connection, &wanted)
        .await?
        .into_iter()
        .map(|text| (text.article, text))
        .collect();
    let chosen: BTreeMap<_, _> = wanted
        .into_iter()
        .map(|(article, language)| (article, language.clone()))
        .collect();
    Ok(articles
        .into_iter()
        .filter_map(|article| {
            let language = chosen.get(&article.id)?.clone();
            let text = texts.remove(&article.id.uuid())?;
            Some(Read {
                article,
                language,
                text,
                blocks: Vec::new(),
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_reads_what_is_for_their_circle_and_those_around_it() {
        use CallerKind::{Anonymous, Customer, Operator, Partner, Service, Staff};
        for (kind, readable) in [
            (Anonymous, vec![Audience::Customer]),
            (Customer, vec![Audience::Customer]),
            (Partner, vec![Audience::Customer, Audience::Partner]),
            (Staff, Audience::ALL.to_vec()),
            (Operator, Audience::ALL.to_vec()),
            (Service, Audience::ALL.to_vec()),
        ] {
            let found: Vec<_> = Audience::ALL
                .into_iter()
                .filter(|audience| *audience <= audience_of(kind))
                .collect();
            assert_eq!(found, readable, "{kind:?}");
        }
    }
}
