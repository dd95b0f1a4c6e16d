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
        "insert into catalogue_versions (locale, version, id, published_at, published_by) values ('en', 1, $1, now(), 'x')",
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
        "insert into articles (id, slug, audience, product_lines) values ($1, 'a', 1, '{}')",
        article.uuid()
    )
    .execute(db.pool())
    .await
    .unwrap();
    sqlx::query!(
        "insert into article_texts (article_id, language, version, title, published_at, published_by)
         values ($1, 'en', 1, 'A', now(), 'x')",
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
        "insert into catalogue_versions values ('fr', 1, gen_random_uuid(), now(), 'x')",
        "catalogue_versions_locale_exists",
    ),
    (
        "insert into catalogue_versions values ('de', 0, gen_random_uuid(), now(), 'x')",
        "catalogue_versions_version_positive",
    ),
    (
        "insert into catalogue_versions values ('en', 1, gen_random_uuid(), now(), 'x')",
        "catalogue_versions_key",
    ),
    (
        "insert into catalogue_versions select 'de', 1, id, now(), 'x' from catalogue_versions",
        "catalogue_versions_id_unique",
    ),
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
        "insert into articles values (gen_random_uuid(), 'a', 1, '{}')",
        "articles_slug_unique",
    ),
    (
        "insert into articles values (gen_random_uuid(), 'B', 1, '{}')",
        "articles_slug_form",
    ),
    (
        "insert into articles values (gen_random_uuid(), 'b', 4, '{}')",
        "articles_audience_known",
    ),
    (
        "insert into articles values (gen_random_uuid(), 'b', 1, '{null}')",
        "articles_product_lines_whole",
    ),
    (
        "insert into articles select id, 'b', 1, '{}' from articles",
        "articles_pkey",
    ),
    (
        "insert into article_texts values (gen_random_uuid(), 'en', 1, 'x', now(), 'x')",
        "article_texts_article_exists",
    ),
    (
        "insert into article_texts select id, 'fr', 1, 'x', now(), 'x' from articles",
        "article_texts_language_exists",
    ),
    (
        "insert into article_texts select id, 'de', 0, 'x', now(), 'x' from articles",
        "article_texts_version_positive",
    ),
    (
        "insert into article_texts select id, 'de', 1, '', now(), 'x' from articles",
        "article_texts_title_length",
    ),
    (
        "insert into article_texts select id, 'en', 1, 'x', now(), 'x' from articles",
        "article_texts_key",
    ),
    (
        "insert into article_blocks select id, 'en', 1, 0, 1, 'x' from articles",
        "article_blocks_place_positive",
    ),
    (
        "insert into article_blocks select id, 'en', 1, 2, 5, 'x' from articles",
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
        &["locales", "catalogue_versions", "messages", "articles", "article_texts", "article_blocks"].map(str::to_owned),
    )
    .fetch_all(db.pool())
    .await
    .unwrap();
    assert_eq!(untried, [""; 0]);
}
