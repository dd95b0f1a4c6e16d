//! What came of articles: votes, uses in cases, answers offered before a person is needed.

use sha2::{Digest as _, Sha256};
use support_chassis::call::Caller;
use support_chassis::db::{DbError, Tx};
use support_chassis::error::Violations;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::types::v1::ProductLine;
use time::OffsetDateTime;

use crate::domain::article::Audience;
use crate::error::Error;
use crate::ids::{ArticleId, CaseId, CustomerId, OfferId};
use crate::ops::articles::audience_of;
use crate::standard::knowledge::Rules;
use crate::store::articles::{self, Article};
use crate::store::feedback::{self, Offer, Use};
use support_words::tag::Tag;

/// Who calls, as a digest that is another for everything it is bound to: the same reader is known again for the same
/// article, and cannot be followed to the next.
#[must_use]
pub fn digest_of(caller: &Caller, bound_to: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(caller.kind_name().as_bytes());
    digest.update([0x1f]);
    digest.update(caller.subject.as_bytes());
    digest.update([0x1f]);
    digest.update(bound_to.as_bytes());
    digest.finalize().into()
}

/// Notes whether the text of an article in a language was helpful.
///
/// # Errors
///
/// There is no such text that the caller may read.
pub async fn rate(tx: &mut Tx, caller: &Caller, slug: &str, language: &Tag, is_helpful: bool) -> Result<(), Error> {
    let article = readable(tx, slug, language, audience_of(caller.kind)).await?;
    let voter = digest_of(caller, &article.id.to_string());
    let at = tx.now();
    feedback::vote(tx, article.id, language, &voter, is_helpful, at).await?;
    Ok(())
}

/// Notes that an article was used in a case, which was resolved at `resolved_at` where it is already.
///
/// # Errors
///
/// There is no such text that the caller may read.
pub async fn record_use(
    tx: &mut Tx,
    caller: &Caller,
    slug: &str,
    language: &Tag,
    case: CaseId,
    resolved_at: Option<OffsetDateTime>,
) -> Result<(), Error> {
    let article = readable(tx, slug, language, audience_of(caller.kind)).await?;
    let used = Use {
        case,
        language: language.to_string(),
        used_at: tx.now(),
        resolved_at,
    };
    feedback::used(tx, article.id, &used, &caller.subject).await?;
    Ok(())
}

async fn readable(tx: &mut Tx, slug: &str, language: &Tag, reader: Audience) -> Result<Article, Error> {
    articles::find(tx, slug, reader)
        .await?
        .filter(|article| article.languages.contains(language))
        .ok_or(Error::ArticleNotFound)
}

/// What an offer is bound to where its owner is known again.
const OFFER: &str = "offer";

/// An offer to the caller.
#[must_use]
pub fn offer_to(
    caller: &Caller,
    id: OfferId,
    language: Tag,
    product_line: ProductLine,
    at: OffsetDateTime,
    articles: Vec<(ArticleId, Tag, i64)>,
) -> Offer {
    let customer = (caller.kind == CallerKind::Customer)
        .then(|| caller.subject.parse::<CustomerId>().ok())
        .flatten();
    Offer {
        id,
        language,
        product_line: i16::try_from(i32::from(product_line)).unwrap_or_default(),
        customer,
        owner: digest_of(caller, OFFER),
        at,
        articles,
    }
}

/// Notes what came of an offer.
///
/// # Errors
///
/// The caller was made no such offer, or the article was not among those offered.
pub async fn record_outcome(
    tx: &mut Tx,
    caller: &Caller,
    offer: OfferId,
    has_ended: bool,
    ended_by: Option<ArticleId>,
) -> Result<(), Error> {
    let offered = feedback::offered(tx, offer, &digest_of(caller, OFFER))
        .await?
        .ok_or(Error::OfferNotFound)?;
    let mut fields = Violations::new();
    fields.require(
        ended_by.is_none_or(|article| has_ended && offered.contains(&article)),
        "article_id",
        "must be one of the articles offered, and only where the matter is ended",
    );
    fields.finish(Some(()))?;
    let at = tx.now();
    feedback::outcome(tx, offer, has_ended, ended_by, at).await?;
    Ok(())
}

/// A customer has opened a case: what was offered to them shortly before did not end the matter.
///
/// # Errors
///
/// Where the database fails.
pub async fn case_opened(
    tx: &mut Tx,
    rules: &Rules,
    customer: CustomerId,
    case: CaseId,
    product_line: ProductLine,
    at: OffsetDateTime,
) -> Result<(), DbError> {
    let line = i16::try_from(i32::from(product_line)).unwrap_or_default();
    feedback::came_back(tx, customer, case, line, at - rules.comes_back_within()).await
}

/// A case was resolved at `at`, or is open again where that is none.
///
/// # Errors
///
/// Where the database fails.
pub async fn case_resolved(tx: &mut Tx, case: CaseId, at: Option<OffsetDateTime>) -> Result<(), DbError> {
    feedback::resolved(tx, case, at).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_followed_from_one_article_to_the_next() {
        let (one, other) = (Caller::service("a"), Caller::service("b"));
        assert_eq!(digest_of(&one, "x"), digest_of(&one, "x"));
        assert_ne!(digest_of(&one, "x"), digest_of(&one, "y"));
        assert_ne!(digest_of(&one, "x"), digest_of(&other, "x"));
    }
}
