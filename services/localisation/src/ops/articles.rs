//! Publishing and reading articles.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};
use support_chassis::id::Ids;
use support_proto::support::localisation::v1::{ArticlePublished, ArticleRetired};
use support_proto::support::options::v1::CallerKind;
use time::Date;

use crate::domain::article::{Audience, Block, Profile, content_hash};
use crate::error::Error;
use crate::standard::knowledge::Rules;
use crate::store::articles::{self, Article, Text};
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
    /// What the article is to be; none leaves it as it is.
    pub profile: Option<Profile>,
    /// The language, the tag of a locale.
    pub language: Tag,
    /// The title.
    pub title: String,
    /// The text.
    pub blocks: Vec<Block>,
    /// The version of the source that it was translated from; none for the current one.
    pub source_version: Option<i64>,
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

/// Publishes an article, or the next version of it in one language; `by` is who publishes, `approver` who approved it. The
/// first language that an article has is the source of the others.
///
/// # Errors
///
/// Where the database fails, there is no locale of that language, no source it could be translated from, nothing is said
/// of what a new article is, or the rules ask for an approval and there is none.
pub async fn publish(
    tx: &mut Tx,
    ids: &Ids,
    rules: &Rules,
    new: &NewText,
    by: &str,
    approver: Option<&str>,
) -> Result<Read, Error> {
    // First of all: whoever publishes waits here for whoever came before, and finds what that one has written.
    let change = articles::next_change(tx).await?;
    let known = articles::find_any(tx, &new.slug).await?;
    let mut profile = new
        .profile
        .clone()
        .or_else(|| known.as_ref().map(|article| article.profile.clone()))
        .ok_or_else(profile_missing)?;
    if approver.is_none() && rules.asks_four_eyes(profile.kind) {
        return Err(Error::ApprovalMissing);
    }
    let at = tx.now();
    let latest = rules.latest_review(profile.kind, at.date());
    profile.review_on = Some(profile.review_on.map_or(latest, |day| day.min(latest)));
    let source = known.as_ref().map_or(&new.language, |article| &article.source);
    let translated_from = match &known {
        Some(article) if *source != new.language => Some(
            articles::content_hash(tx, article.id, source, new.source_version)
                .await?
                .ok_or(Error::SourceMissing)?,
        ),
        _ => None,
    };
    let id = articles::upsert(tx, ids.next(), &new.slug, &profile, source, change)
        .await
        .map_err(unknown_language)?;
    let text = articles::NewText {
        article: id,
        language: &new.language,
        title: &new.title,
        blocks: &new.blocks,
        content_hash: &content_hash(&new.title, &new.blocks),
        source: translated_from
            .as_ref()
            .map(|(version, hash)| (*version, hash.as_slice())),
        by,
        approver: approver.unwrap_or_default(),
        at,
    };
    let version = articles::insert_text(tx, text).await.map_err(unknown_language)?;
    let event = ArticlePublished {
        article_id: id.to_string(),
        language: new.language.to_string(),
        version,
    };
    tx.append(id, &event).await?;
    let mut read = in_language(tx, &new.slug, &new.language).await?;
    read.blocks.clone_from(&new.blocks);
    Ok(read)
}

pub(super) fn profile_missing() -> Error {
    let mut fields = support_chassis::error::Violations::new();
    fields.require(false, "profile", "must say what a new article is");
    match fields.finish(Some(())) {
        Err(error) => error.into(),
        Ok(()) => Error::ArticleNotFound,
    }
}

fn unknown_language(error: DbError) -> Error {
    match error.constraint() {
        Some("article_texts_language_exists" | "articles_source_language_exists") => Error::LocaleNotFound,
        _ => Error::Database(error),
    }
}

/// An article in one of its languages, without its blocks.
async fn in_language(connection: &mut PgConnection, slug: &str, language: &Tag) -> Result<Read, Error> {
    let article = articles::find_any(connection, slug)
        .await?
        .ok_or(Error::ArticleNotFound)?;
    let text = articles::texts(connection, &[(article.id, language)], None)
        .await?
        .pop()
        .ok_or(Error::ArticleNotFound)?;
    Ok(Read {
        article,
        language: language.clone(),
        text,
        blocks: Vec::new(),
    })
}

/// What a reader asks for.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'w> {
    /// The slug.
    pub slug: &'w str,
    /// Who reads it.
    pub reader: Audience,
    /// What they read, best first.
    pub languages: &'w [String],
    /// Which version; none for the current one.
    pub version: Option<i64>,
}

/// Reads an article in the best of its languages; `default` where none fits.
///
/// # Errors
///
/// [`Error::ArticleNotFound`], where there is none or its audience leaves the reader out.
pub async fn get(connection: &mut PgConnection, wanted: Wanted<'_>, default: &Tag) -> Result<Read, Error> {
    let article = articles::find(connection, wanted.slug, wanted.reader)
        .await?
        .ok_or(Error::ArticleNotFound)?;
    // What is published is never changed, so that the text cannot turn between these statements.
    let mut read = in_best_language(connection, vec![article], wanted.languages, wanted.version, default).await?;
    let mut read = read.pop().ok_or(Error::ArticleNotFound)?;
    read.blocks = articles::blocks(connection, read.article.id, &read.language, read.text.version).await?;
    Ok(read)
}

/// Gives each article the text in the best of its languages, without blocks: the current one, or that of `version`.
pub async fn in_best_language(
    connection: &mut PgConnection,
    articles: Vec<Article>,
    languages: &[String],
    version: Option<i64>,
    default: &Tag,
) -> Result<Vec<Read>, DbError> {
    let wanted: Vec<_> = articles
        .iter()
        .filter_map(|article| Some((article.id, choose(languages, &article.languages, default)?)))
        .collect();
    let mut texts: BTreeMap<_, _> = articles::texts(connection, &wanted, version)
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

/// Says that an article still holds; `on` is when it is to be looked at next, none for as late as the rules allow.
///
/// # Errors
///
/// No such article.
pub async fn review(tx: &mut Tx, rules: &Rules, slug: &str, on: Option<Date>) -> Result<Read, Error> {
    let change = articles::next_change(tx).await?;
    let article = articles::find(tx, slug, Audience::Staff)
        .await?
        .ok_or(Error::ArticleNotFound)?;
    let latest = rules.latest_review(article.profile.kind, tx.now().date());
    let on = on.map_or(latest, |day| day.min(latest));
    articles::set_review(tx, article.id, on, change).await?;
    in_language(tx, slug, &article.source).await
}

/// Takes an article out of all languages.
///
/// # Errors
///
/// No such article.
pub async fn retire(tx: &mut Tx, slug: &str) -> Result<(), Error> {
    let change = articles::next_change(tx).await?;
    let article = articles::find(tx, slug, Audience::Staff)
        .await?
        .ok_or(Error::ArticleNotFound)?;
    let at = tx.now();
    articles::retire(tx, article.id, at, change).await?;
    let event = ArticleRetired {
        article_id: article.id.to_string(),
    };
    tx.append(article.id, &event).await?;
    Ok(())
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
            let may_read: Vec<_> = Audience::ALL
                .into_iter()
                .filter(|audience| *audience <= audience_of(kind))
                .collect();
            assert_eq!(may_read, readable, "{kind:?}");
        }
    }
}
