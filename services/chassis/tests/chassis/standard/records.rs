//! Records are written once, and the database sees to it.

use futures_util::FutureExt as _;
use support_chassis::db::{DatabaseSettings, Db, DbError};
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{Parts, Service, migrate, run};
use support_chassis::settings::{SettingDocs, Settings};
use support_chassis::standard::{AddError, Document, Place, Record, Tenure};
use support_proto::support::identity::v1::VerificationPolicy;

use super::{MIGRATOR, POLICY, World, country, policy, shorter};
use crate::data::database;

#[tokio::test(flavor = "multi_thread")]
async fn a_record_is_never_changed_or_deleted() {
    let world = World::new(&["eu"]).await;
    let eu = world.start("eu").await;
    let id = eu.publish(country("DE"), &shorter(100)).await;
    eu.withdraw(id).await;
    let mut tx = eu.kit.db.begin().await.unwrap();
    let mut adding = eu.book().adding(&mut tx).await.unwrap();
    let tenure = Tenure {
        id: eu.kit.ids.next(),
        number: 1,
        region: "us".parse().unwrap(),
        taken: false,
        last_versions: adding.snapshot().records().last_versions(),
        moved_at: eu.kit.clock.now(),
        author: "operator:one".to_owned(),
        reason: "the test asks for it".to_owned(),
    };
    adding.publish(&mut tx, Record::Tenure(tenure.clone())).await.unwrap();
    tx.commit().await.unwrap();
    eu.book().refresh().await.unwrap();
    assert_eq!(eu.book().snapshot().records().holder().tenure.as_deref(), Some(&tenure));

    for statement in [
        "update standard_publications set reason = 'another'",
        "delete from standard_publications",
        "truncate standard_publications cascade",
        "update standard_withdrawals set reason = 'another'",
        "delete from standard_withdrawals",
        "truncate standard_withdrawals",
        "update standard_tenures set reason = 'another'",
        "delete from standard_tenures",
        "truncate standard_tenures",
    ] {
        let refused = sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(eu.kit.db.pool())
            .await;
        let error = refused.unwrap_err();
        let words = error.to_string();
        assert!(words.contains("are never changed or deleted"), "{statement}: {words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_given_once_and_what_stands_in_its_place_is_seen() {
    let world = World::new(&["eu"]).await;
    let eu = world.start("eu").await;
    let known = eu.book().snapshot();
    let one = eu.publication(&known, Place::Global, &policy(300));
    let other = eu.publication(&known, Place::Global, &policy(200));
    let mut same = one.clone();
    same.reason = "another".to_owned();
    let add = async |record| {
        let mut tx = eu.kit.db.begin().await.unwrap();
        let mut adding = eu.book().adding(&mut tx).await.unwrap();
        let added = adding.publish(&mut tx, Record::Publication(record)).await;
        if added.is_ok() {
            tx.commit().await.unwrap();
        }
        added
    };
    add(one.clone()).await.unwrap();
    for again in [one, other, same] {
        assert!(matches!(add(again).await, Err(AddError::Contradicted)));
    }
}

/// Each value that no record has, by the constraint that refuses it.
#[tokio::test(flavor = "multi_thread")]
async fn the_database_takes_no_other_records() {
    let world = World::new(&["eu"]).await;
    let eu = world.start("eu").await;
    let db = Db::connect(&DatabaseSettings::small(world.region("eu").database.url()))
        .await
        .unwrap();
    let refused = async |statement: String| -> String {
        let error = sqlx::query(sqlx::AssertSqlSafe(statement.clone()))
            .execute(db.pool())
            .await;
        let error = DbError::from(error.expect_err(&statement));
        error.constraint().unwrap_or_default().to_owned()
    };
    let publication = |column: &str, value: &str| {
        let columns = [
            ("id", "gen_random_uuid()"),
            ("region", "'eu'"),
            ("document", "'ruler/territories'"),
            ("place", "'country/DE'"),
            ("version", "9"),
            ("effective_from", "'2026-03-01'"),
            ("published_at", "now()"),
            ("author", "'operator:one'"),
            ("approver", "null"),
            ("reason", "'why not'"),
            ("content", "'{}'"),
            ("digest", "encode(sha256('{}'), 'hex')"),
            ("tenure_id", "null"),
        ];
        let values: Vec<&str> = columns
            .iter()
            .map(|(name, given)| if *name == column { value } else { given })
            .collect();
        format!("insert into standard_publications values ({})", values.join(", "))
    };
    for (column, value, constraint) in [
        ("region", "'europe'", "standard_publications_region_check"),
        ("document", "'territories'", "standard_publications_document_check"),
        ("place", "'country/de'", "standard_publications_place_check"),
        ("version", "0", "standard_publications_version_check"),
        ("author", "''", "standard_publications_author_check"),
        ("approver", "''", "standard_publications_approver_check"),
        ("reason", "''", "standard_publications_reason_check"),
        ("content", "repeat('x', 196609)", "standard_publications_content_check"),
        ("digest", "repeat('0', 64)", "standard_publications_digest"),
        ("tenure_id", "gen_random_uuid()", "standard_publications_check"),
    ] {
        assert_eq!(refused(publication(column, value)).await, constraint, "{column}");
    }
    let draft = |columns: &str, values: &str| {
        format!(
            "insert into standard_drafts (id, document, place, reason, author, revision, created_at, updated_at, {columns})
             values (gen_random_uuid(), 'ruler/territories', 'global', 'why not', 'operator:one', 1, now(), now(), {values})"
        )
    };
    for (columns, values, constraint) in [
        ("state, content", "'lost', '{}'", "standard_drafts_state_check"),
        ("state", "'open'", "standard_drafts_one_intent"),
        (
            "state, content, withdraws",
            "'open', '{}', gen_random_uuid()",
            "standard_drafts_one_intent",
        ),
        (
            "state, content, approver",
            "'approved', '{}', 'operator:one'",
            "standard_drafts_approver",
        ),
        ("state, content", "'approved', '{}'", "standard_drafts_approved"),
        ("state, content", "'published', '{}'", "standard_drafts_published"),
        (
            "state, content, publication_id",
            "'published', '{}', gen_random_uuid()",
            "standard_drafts_publication_id_fkey",
        ),
    ] {
        assert_eq!(refused(draft(columns, values)).await, constraint, "{values}");
    }
    let tenure = |number: &str, by: &str, of: &str, taken: &str| {
        format!(
            "insert into standard_tenures values (gen_random_uuid(), '{by}', {number}, '{of}', {taken}, '{{}}', now(), 'operator:one', 'why not')"
        )
    };
    for (statement, constraint) in [
        (tenure("0", "eu", "us", "false"), "standard_tenures_number_check"),
        (tenure("1", "eu", "us", "true"), "standard_tenures_taken"),
        (tenure("1", "us", "us", "false"), "standard_tenures_taken"),
    ] {
        assert_eq!(refused(statement).await, constraint);
    }
    drop(eu);
}

static UNDECLARED: Service = Service {
    name: "undeclared",
    title: "reads what it does not declare",
    migrator: &MIGRATOR,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[],
    start: |kit| {
        let _ = kit.standard(&POLICY);
        async { Ok(Parts::new()) }.boxed()
    },
};

static WRONG_POLICY: Document<VerificationPolicy> = Document::new("codes: {lifetime: 1s}");
static WRONG: Service = Service {
    name: "wrong",
    standards: &[&WRONG_POLICY],
    start: |_| async { Ok(Parts::new()) }.boxed(),
    ..UNDECLARED
};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_cannot_rule_does_not_start() {
    for (service, what) in [
        (&UNDECLARED, "reads the document verification-policy"),
        (&WRONG, "the shipped verification-policy is no document"),
    ] {
        let database = database().await;
        let settings = Settings::new(&["undeclared", "wrong"])
            .set("region", "eu")
            .set("database.url", database.url());
        migrate(service, &settings).await.unwrap();
        let refused = run(service, &settings, &Lifecycle::new(), None).await.unwrap_err();
        let words = format!(
            "{refused}: {:?}",
            std::error::Error::source(&refused).map(ToString::to_string)
        );
        assert!(words.contains(what), "{words}");
    }
}
