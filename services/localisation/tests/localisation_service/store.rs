//! What the database itself holds, whatever the program does.

use support_chassis::db::{Db, DbError};
use support_localisation::ids::{ArticleId, CatalogueVersionId};

use crate::world::{connect, ids, migrated};

async fn refused(db: &Db, statement: &'static str) -> String {
    let error = DbError::from(sqlx::raw_sql(statement).execute(db.pool()).await.expect_err(statement));
    error.constraint().map_or_else(|| format!("{error:?}"), str::to_owned)
}

/// One published message, one article with a text of one block.
async fn filled(db: &Db) {
    let version: CatalogueVersionId = ids().next();
    let article: ArticleId = ids().next();
    sqlx::query!(
        "insert into message_sets (number, kind, published_at, published_by, note) values (1, 2, now(), 'x', '')"
    )
    .execute(db.pool())
    .await
    .unwrap();
    sqlx::query!(
        "insert into message_drafts (locale, key, state, revision, pattern, author, changed_at)
         values ('en', 'a', 2, 1, 'A', 'x', now())"
    )
    .execute(db.pool())
    .await
    .unwrap();
    sqlx::query!(
        "insert into catalogue_versions (locale, version, id, published_at, published_by, set_number)
         values ('en', 1, $1, now(), 'x', 1)",
        version.uuid()
    )
    .execute(db.pool())
    .await
    .unwrap();
    sqlx::query!("insert into messages (locale, key, version, pattern, is_shipped) values ('en', 'a', 1, 'A', false)")
        .execute(db.pool())
        .await
        .unwrap();
    sqlx::query!(
        "insert into articles (id, slug, audience, product_lines, source_language) values ($1, 'a', 1, '{}', 'en')",
        article.uuid()
    )
    .execute(db.pool())
    .await
    .unwrap();
    sqlx::query!(
        "insert into article_texts (article_id, language, version, title, published_at, published_by, content_hash)
         values ($1, 'en', 1, 'A', now(), 'x', sha256('A'))",
        article.uuid()
    )
    .execute(db.pool())
    .await
    .unwrap();
    sqlx::query!(
        "insert into article_blocks (article_id, language, version, place, kind, body) values ($1, 'en', 1, 1, 1, 'A')",
        article.uuid()
    )
    .execute(db.pool())
    .await
    .unwrap();
    sqlx::raw_sql(
        "insert into article_drafts (id, slug, language, title, block_kinds, block_bodies, writers, created_at, updated_at)
         values (gen_random_uuid(), 'open', 'en', 'A', '{1}', '{x}', '{sam}', now(), now());
         insert into article_votes select id, 'en', sha256('a'), true, now() from articles;
         insert into article_uses (article_id, case_id, language, used_by, used_at)
         select id, gen_random_uuid(), 'en', 'x', now() from articles;
         insert into answer_offers (id, language, product_line, owner, offered_at)
         values (gen_random_uuid(), 'en', 0, sha256('x'), now());
         insert into answer_offer_articles select answer_offers.id, articles.id, 'en', 1, 1 from answer_offers, articles",
    )
    .execute(db.pool())
    .await
    .unwrap();
}

/// What must be refused, and by which constraint.
const REFUSED: &[(&str, &str)] = &[
    (
        "insert into locales (tag, native_name, english_name) values ('EN', 'x', 'x')",
        "locales_tag_form",
    ),
    (
        "insert into locales (tag, native_name, english_name) values ('fr', '', 'x')",
        "locales_native_name_length",
    ),
    (
        "insert into locales (tag, native_name, english_name) values ('fr', 'x', '')",
        "locales_english_name_length",
    ),
    (
        "insert into locales (tag, native_name, english_name) values ('en', 'x', 'x')",
        "locales_pkey",
    ),
    (
        "update locales set is_default = true where tag = 'de'",
        "locales_one_default",
    ),
    (
        "update locales set catalogue_version = -1",
        "locales_catalogue_version_not_negative",
    ),
    (
        "insert into catalogue_versions values ('fr', 1, gen_random_uuid(), now(), 'x', 1)",
        "catalogue_versions_locale_exists",
    ),
    (
        "insert into catalogue_versions values ('de', 0, gen_random_uuid(), now(), 'x', 1)",
        "catalogue_versions_version_positive",
    ),
    (
        "insert into catalogue_versions values ('en', 1, gen_random_uuid(), now(), 'x', 1)",
        "catalogue_versions_key",
    ),
    (
        "insert into catalogue_versions select 'de', 1, id, now(), 'x', 1 from catalogue_versions",
        "catalogue_versions_id_unique",
    ),
    (
        "insert into catalogue_versions values ('en', 2, gen_random_uuid(), now(), 'x', 1)",
        "catalogue_versions_one_in_a_set",
    ),
    (
        "insert into catalogue_versions values ('de', 1, gen_random_uuid(), now(), 'x', 2)",
        "catalogue_versions_set_exists",
    ),
    (
        "insert into messages values ('en', 'b', 1, 'x', false, '\\x00')",
        "messages_source_hash_length",
    ),
    (
        "insert into message_sets values (0, 2, now(), 'x', '')",
        "message_sets_number_positive",
    ),
    (
        "insert into message_sets values (1, 2, now(), 'x', '')",
        "message_sets_pkey",
    ),
    (
        "insert into message_sets values (2, 5, now(), 'x', '')",
        "message_sets_kind_known",
    ),
    (
        "insert into message_sets values (2, 2, now(), 'x', repeat('x', 501))",
        "message_sets_note_length",
    ),
    (
        "insert into message_sets values (3, 4, now(), 'x', '', 2)",
        "message_sets_rolled_back_to_exists",
    ),
    (
        "insert into message_sets values (2, 4, now(), 'x', '', 2)",
        "message_sets_rolled_back_to_older",
    ),
    (
        "insert into message_sets values (2, 2, now(), 'x', '', 1)",
        "message_sets_roll_back_says_where",
    ),
    (
        "insert into message_sets values (2, 4, now(), 'x', '')",
        "message_sets_roll_back_says_where",
    ),
    ("insert into message_set_head values (false, 1)", "message_set_head_one"),
    ("insert into message_set_head values (true, 1)", "message_set_head_pkey"),
    (
        "update message_set_head set number = -1",
        "message_set_head_not_negative",
    ),
    (
        "insert into message_drafts values ('fr', 'a', 2, 1, 'A', null, 'x', null, now())",
        "message_drafts_locale_exists",
    ),
    (
        "insert into message_drafts values ('en', 'A', 2, 1, 'A', null, 'x', null, now())",
        "message_drafts_key_form",
    ),
    (
        "insert into message_drafts values ('en', 'b', 1, 1, 'A', null, 'x', null, now())",
        "message_drafts_state_known",
    ),
    (
        "insert into message_drafts values ('en', 'b', 2, 0, 'A', null, 'x', null, now())",
        "message_drafts_revision_positive",
    ),
    (
        "insert into message_drafts values ('en', 'b', 2, 1, '', null, 'x', null, now())",
        "message_drafts_pattern_length",
    ),
    (
        "insert into message_drafts values ('en', 'b', 2, 1, 'A', '\\x00', 'x', null, now())",
        "message_drafts_source_hash_length",
    ),
    (
        "insert into message_drafts values ('en', 'b', 4, 1, 'A', null, 'x', null, now())",
        "message_drafts_approver_when_approved",
    ),
    (
        "insert into message_drafts values ('en', 'b', 3, 1, 'A', null, 'x', 'y', now())",
        "message_drafts_approver_when_approved",
    ),
    (
        "insert into message_drafts values ('en', 'b', 2, 1, 'A', null, 'x', null, now(), repeat('x', 1001))",
        "message_drafts_comment_length",
    ),
    (
        "insert into message_drafts values ('en', 'a', 2, 1, 'A', null, 'x', null, now())",
        "message_drafts_key",
    ),
    ("delete from message_sets", "message_sets_immutable"),
    (
        "insert into messages values ('en', 'A', 1, 'x', false)",
        "messages_key_form",
    ),
    (
        "insert into messages values ('en', repeat('a', 201), 1, 'x', false)",
        "messages_key_form",
    ),
    (
        "insert into messages values ('en', 'b', 1, '', false)",
        "messages_pattern_length",
    ),
    (
        "insert into messages values ('en', 'b', 1, repeat('x', 10001), false)",
        "messages_pattern_length",
    ),
    ("insert into messages values ('en', 'a', 1, 'x', false)", "messages_key"),
    (
        "insert into messages values ('en', 'a', 2, 'x', false)",
        "messages_version_exists",
    ),
    (
        "insert into articles (id, slug, audience, product_lines, source_language) values (gen_random_uuid(), 'a', 1, '{}', 'en')",
        "articles_slug_unique",
    ),
    (
        "insert into articles (id, slug, audience, product_lines, source_language) values (gen_random_uuid(), 'B', 1, '{}', 'en')",
        "articles_slug_form",
    ),
    (
        "insert into articles (id, slug, audience, product_lines, source_language) values (gen_random_uuid(), 'b', 4, '{}', 'en')",
        "articles_audience_known",
    ),
    (
        "insert into articles (id, slug, audience, product_lines, source_language) values (gen_random_uuid(), 'b', 1, '{null}', 'en')",
        "articles_product_lines_whole",
    ),
    (
        "insert into articles (id, slug, audience, product_lines, source_language) select id, 'b', 1, '{}', 'en' from articles",
        "articles_pkey",
    ),
    (
        "insert into article_texts (article_id, language, version, title, published_at, published_by, content_hash) values (gen_random_uuid(), 'en', 1, 'x', now(), 'x', sha256('x'))",
        "article_texts_article_exists",
    ),
    (
        "insert into article_texts (article_id, language, version, title, published_at, published_by, content_hash) select id, 'fr', 1, 'x', now(), 'x', sha256('x') from articles",
        "article_texts_language_exists",
    ),
    (
        "insert into article_texts (article_id, language, version, title, published_at, published_by, content_hash) select id, 'de', 0, 'x', now(), 'x', sha256('x') from articles",
        "article_texts_version_positive",
    ),
    (
        "insert into article_texts (article_id, language, version, title, published_at, published_by, content_hash) select id, 'de', 1, '', now(), 'x', sha256('x') from articles",
        "article_texts_title_length",
    ),
    (
        "insert into article_texts (article_id, language, version, title, published_at, published_by, content_hash) select id, 'en', 1, 'x', now(), 'x', sha256('x') from articles",
        "article_texts_key",
    ),
    (
        "insert into article_blocks select id, 'en', 1, 0, 1, 'x' from articles",
        "article_blocks_place_positive",
    ),
    (
        "insert into article_blocks select id, 'en', 1, 2, 8, 'x' from articles",
        "article_blocks_kind_known",
    ),
    (
        "insert into article_blocks select id, 'en', 1, 2, 1, '' from articles",
        "article_blocks_body_length",
    ),
    (
        "insert into article_blocks select id, 'en', 1, 1, 1, 'x' from articles",
        "article_blocks_key",
    ),
    (
        "insert into article_blocks select id, 'de', 1, 1, 1, 'x' from articles",
        "article_blocks_text_exists",
    ),
    ("update articles set kind = 5", "articles_kind_known"),
    ("update articles set products = '{null}'", "articles_products_whole"),
    ("update articles set symptoms = '{null}'", "articles_symptoms_whole"),
    ("update articles set owner = repeat('x', 201)", "articles_owner_length"),
    (
        "update articles set source_language = 'tlh'",
        "articles_source_language_exists",
    ),
    ("update articles set change = -1", "articles_change_not_negative"),
    (
        "insert into article_texts (article_id, language, version, title, published_at, published_by, content_hash)
         select id, 'de', 1, 'x', now(), 'x', 'x' from articles",
        "article_texts_content_hash_length",
    ),
    (
        "insert into article_texts (article_id, language, version, title, published_at, published_by, content_hash,
                                    source_version, source_hash)
         select id, 'de', 1, 'x', now(), 'x', sha256('x'), 1, 'x' from articles",
        "article_texts_source_hash_length",
    ),
    (
        "insert into article_texts (article_id, language, version, title, published_at, published_by, content_hash,
                                    source_version)
         select id, 'de', 1, 'x', now(), 'x', sha256('x'), 1 from articles",
        "article_texts_source_exists",
    ),
    ("insert into knowledge_state values (true, 1)", "knowledge_state_pkey"),
    (
        "insert into knowledge_state values (false, 1)",
        "knowledge_state_one_row",
    ),
    (
        "update knowledge_state set change = -1",
        "knowledge_state_change_not_negative",
    ),
    (
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, writers, created_at, updated_at) values (gen_random_uuid(), 'B', 'en', 1, 1, 'A', '{1}', '{x}', '{sam}', now(), now())",
        "article_drafts_slug_form",
    ),
    (
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, writers, created_at, updated_at) values (gen_random_uuid(), 'd', 'tlh', 1, 1, 'A', '{1}', '{x}', '{sam}', now(), now())",
        "article_drafts_language_exists",
    ),
    (
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, writers, created_at, updated_at) values (gen_random_uuid(), 'd', 'en', 6, 1, 'A', '{1}', '{x}', '{sam}', now(), now())",
        "article_drafts_state_known",
    ),
    (
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, writers, created_at, updated_at) values (gen_random_uuid(), 'd', 'en', 1, 0, 'A', '{1}', '{x}', '{sam}', now(), now())",
        "article_drafts_revision_positive",
    ),
    (
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, writers, created_at, updated_at) values (gen_random_uuid(), 'd', 'en', 1, 1, '', '{1}', '{x}', '{sam}', now(), now())",
        "article_drafts_title_length",
    ),
    (
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, writers, created_at, updated_at) values (gen_random_uuid(), 'd', 'en', 1, 1, 'A', '{1}', '{x}', '{}', now(), now())",
        "article_drafts_writers_some",
    ),
    (
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, writers, created_at, updated_at, remark) values (gen_random_uuid(), 'd', 'en', 1, 1, 'A', '{1}', '{x}', '{sam}', now(), now(), repeat('x', 2001))",
        "article_drafts_remark_length",
    ),
    (
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, writers, created_at, updated_at) values (gen_random_uuid(), 'd', 'en', 1, 1, 'A', '{}', '{x}', '{sam}', now(), now())",
        "article_drafts_blocks_whole",
    ),
    (
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, writers, created_at, updated_at) values (gen_random_uuid(), 'd', 'en', 4, 1, 'A', '{1}', '{x}', '{sam}', now(), now())",
        "article_drafts_published",
    ),
    (
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, writers, created_at, updated_at, approver) values (gen_random_uuid(), 'd', 'en', 1, 1, 'A', '{1}', '{x}', '{sam}', now(), now(), 'sam')",
        "article_drafts_four_eyes",
    ),
    (
        "insert into article_drafts (id, slug, language, state, revision, title, block_kinds, block_bodies, writers, created_at, updated_at) values (gen_random_uuid(), 'open', 'en', 1, 1, 'A', '{1}', '{x}', '{sam}', now(), now())",
        "article_drafts_one_open",
    ),
    (
        "insert into article_drafts select * from article_drafts",
        "article_drafts_pkey",
    ),
    (
        "insert into article_votes values (gen_random_uuid(), 'en', sha256('x'), true, now())",
        "article_votes_article_exists",
    ),
    (
        "insert into article_votes select id, 'tlh', sha256('x'), true, now() from articles",
        "article_votes_language_exists",
    ),
    (
        "insert into article_votes select id, 'en', 'x', true, now() from articles",
        "article_votes_voter_length",
    ),
    (
        "insert into article_votes select id, 'en', sha256('a'), true, now() from articles",
        "article_votes_key",
    ),
    (
        "insert into article_uses (article_id, case_id, language, used_by, used_at) values (gen_random_uuid(), gen_random_uuid(), 'en', 'x', now())",
        "article_uses_article_exists",
    ),
    (
        "insert into article_uses (article_id, case_id, language, used_by, used_at) select id, id, 'tlh', 'x', now() from articles",
        "article_uses_language_exists",
    ),
    (
        "insert into article_uses (article_id, case_id, language, used_by, used_at) select article_id, case_id, 'en', 'x', now() from article_uses",
        "article_uses_key",
    ),
    (
        "insert into answer_offers (id, language, product_line, owner, offered_at) values (gen_random_uuid(), 'en', 0, 'x', now())",
        "answer_offers_owner_length",
    ),
    (
        "insert into answer_offers (id, language, product_line, owner, offered_at, outcome, told_at) values (gen_random_uuid(), 'en', 0, sha256('x'), now(), 3, now())",
        "answer_offers_outcome_known",
    ),
    (
        "insert into answer_offers (id, language, product_line, owner, offered_at, ended_by) values (gen_random_uuid(), 'en', 0, sha256('x'), now(), gen_random_uuid())",
        "answer_offers_ended_by",
    ),
    (
        "insert into answer_offers (id, language, product_line, owner, offered_at, told_at) values (gen_random_uuid(), 'en', 0, sha256('x'), now(), now())",
        "answer_offers_told",
    ),
    (
        "insert into answer_offers select * from answer_offers",
        "answer_offers_pkey",
    ),
    (
        "insert into answer_offer_articles select gen_random_uuid(), id, 'en', 1, 1 from articles",
        "answer_offer_articles_offer_exists",
    ),
    (
        "insert into answer_offer_articles select id, gen_random_uuid(), 'en', 1, 1 from answer_offers",
        "answer_offer_articles_article_exists",
    ),
    (
        "insert into answer_offer_articles select answer_offers.id, articles.id, 'en', 1, 0 from answer_offers, articles",
        "answer_offer_articles_place_positive",
    ),
    (
        "insert into answer_offer_articles select * from answer_offer_articles",
        "answer_offer_articles_key",
    ),
    ("update messages set pattern = 'x'", "messages_immutable"),
    ("delete from messages", "messages_immutable"),
    ("truncate messages", "messages_immutable"),
    (
        "update catalogue_versions set published_by = 'x'",
        "catalogue_versions_immutable",
    ),
    ("update article_texts set title = 'x'", "article_texts_immutable"),
    ("delete from article_blocks", "article_blocks_immutable"),
];

#[tokio::test]
async fn every_constraint_holds() {
    let database = migrated().await;
    let db = connect(database.url()).await;
    filled(&db).await;
    for (statement, constraint) in REFUSED {
        assert_eq!(refused(&db, statement).await, *constraint, "{statement}");
    }
    // Constraints, unique indexes and triggers, of whichever there is one that nothing above provokes.
    let untried = sqlx::query_scalar!(
        r#"with tables as (
               select oid from pg_class where relkind = 'r' and relname = any ($2)
           ), named as (
               select conname::text as name from pg_constraint join tables on conrelid = tables.oid where contype <> 'n'
               union select indexrelid::regclass::text from pg_index join tables on indrelid = tables.oid where indisunique
               union select tgname::text from pg_trigger join tables on tgrelid = tables.oid where not tgisinternal
           )
           select name as "name!" from named where name <> all ($1) order by name"#,
        &REFUSED.iter().map(|(_, constraint)| (*constraint).to_owned()).collect::<Vec<_>>(),
        &[
            "locales",
            "catalogue_versions",
            "messages",
            "message_sets",
            "message_set_head",
            "message_drafts",
            "articles",
            "article_texts",
            "article_blocks",
            "knowledge_state",
            "article_drafts",
            "article_votes",
            "article_uses",
            "answer_offers",
            "answer_offer_articles",
        ]
        .map(str::to_owned),
    )
    .fetch_all(db.pool())
    .await
    .unwrap();
    assert_eq!(untried, [""; 0]);
}
