//! What every column holds: texts for all to read, and no words of a customer.

use sqlx::PgPool;
use support_testing::{Holds, columns_are_known};

use crate::world::migrated;

const KNOWN: &[(Holds, &str)] = &[
    (
        Holds::Code,
        "answer_offer_articles.language answer_offers.language article_blocks.language article_drafts.language
         article_drafts.slug article_texts.language article_uses.language article_votes.language articles.products
         articles.slug articles.source_language articles.symptoms catalogue_versions.locale locales.english_name
         locales.native_name locales.tag message_drafts.key message_drafts.locale messages.key messages.locale",
    ),
    (
        Holds::Id,
        "article_drafts.approver article_drafts.writers article_texts.approved_by article_texts.published_by
         article_uses.used_by articles.owner catalogue_versions.published_by message_drafts.approver
         message_drafts.author message_sets.published_by messages.approver messages.author",
    ),
    (
        Holds::Staff,
        "article_blocks.body article_drafts.block_bodies article_drafts.profile article_drafts.remark
         article_drafts.title article_texts.title message_drafts.comment message_drafts.pattern message_sets.note
         messages.pattern",
    ),
    // Digests also of who was offered answers and of who voted.
    (
        Holds::Digest,
        "answer_offers.owner article_texts.content_hash article_texts.source_hash article_votes.voter
         message_drafts.source_hash messages.source_hash",
    ),
];

#[tokio::test]
async fn what_every_column_holds_is_known() {
    let database = migrated().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    columns_are_known(&pool, KNOWN).await;
}

#[tokio::test]
#[should_panic(expected = "[\"article_votes.nickname\"]")]
async fn a_column_that_was_forgotten_is_found() {
    let database = migrated().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    sqlx::query("alter table article_votes add column nickname text")
        .execute(&pool)
        .await
        .unwrap();
    columns_are_known(&pool, KNOWN).await;
}
