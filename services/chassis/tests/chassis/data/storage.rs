//! What the database takes and gives: migrations, ids, classes of errors.

use support_chassis::db::DbError;
use support_chassis::id::Id;

use super::{NOTHING, connect, database, new_id};

support_chassis::id_type! {
    /// An id of a test.
    ThingId
}

#[tokio::test]
async fn what_is_pending_is_named_and_applied_once() {
    let empty = support_postgres::testing::database().await;
    let db = connect(&empty).await;
    let pending = db.pending_migrations(&NOTHING).await.unwrap();
    assert!(
        pending
            .iter()
            .any(|migration| migration.description == "outbox and feed"),
        "{pending:?}"
    );
    // As when two replicas are deployed at once.
    let (one, other) = tokio::join!(db.migrate(&NOTHING), db.migrate(&NOTHING));
    one.unwrap();
    other.unwrap();
    assert_eq!(db.pending_migrations(&NOTHING).await.unwrap(), []);
}

#[tokio::test]
async fn an_id_comes_back_from_a_column_and_no_other_uuid_does() {
    let database = database().await;
    let db = connect(&database).await;
    let id = ThingId::from(new_id());
    let read = sqlx::query_scalar!(r#"select $1::uuid as "id!: ThingId""#, id.uuid())
        .fetch_one(db.pool())
        .await;
    assert_eq!(read.unwrap(), id);
    let several = [id, new_id().into()];
    let found = sqlx::query_scalar!(
        r#"select id as "id!: ThingId" from unnest($1::uuid[]) as id where id = any($1)"#,
        &several as &[ThingId],
    )
    .fetch_all(db.pool())
    .await;
    assert_eq!(found.unwrap(), several);
    let foreign = sqlx::query_scalar!(r#"select gen_random_uuid() as "id!: Id""#)
        .fetch_one(db.pool())
        .await;
    assert!(matches!(foreign.map_err(DbError::from), Err(DbError::Other(_))));
}

#[tokio::test]
async fn errors_come_in_the_classes_that_matter() {
    let database = database().await;
    let db = connect(&database).await;
    let raise = async |state: &str| -> DbError {
        let statement = format!("do $$ begin raise exception 'secret' using errcode = '{state}'; end $$");
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(db.pool())
            .await
            .unwrap_err()
            .into()
    };
    for (state, is_expected) in [
        (
            "40001",
            (|error| matches!(error, DbError::Conflict(_))) as fn(&DbError) -> bool,
        ),
        ("40P01", |error| matches!(error, DbError::Conflict(_))),
        ("57014", |error| matches!(error, DbError::Timeout(_))),
        ("55P03", |error| matches!(error, DbError::Timeout(_))),
        ("53300", |error| matches!(error, DbError::Unavailable(_))),
        ("08006", |error| matches!(error, DbError::Unavailable(_))),
        ("42P01", |error| matches!(error, DbError::Other(_))),
    ] {
        let error = raise(state).await;
        assert!(is_expected(&error), "{state}: {error:?}");
        assert!(!error.to_string().contains("secret"));
    }
    let broken = sqlx::query!("insert into feed_consumers values ('Not A Name', 0, now(), now())")
        .execute(db.pool())
        .await
        .map_err(DbError::from)
        .unwrap_err();
    assert_eq!(broken.constraint(), Some("feed_consumers_name_check"));
    assert!(
        !format!("{broken:?}").contains("Not A Name"),
        "the row's values stand in the detail: {broken:?}"
    );
}

#[tokio::test]
async fn statements_and_locks_have_limits_of_time() {
    let database = database().await;
    let db = connect(&database).await;
    let settings = sqlx::query!(
        r#"select current_setting('statement_timeout') as "statement!", current_setting('lock_timeout') as "lock!",
                  current_setting('idle_in_transaction_session_timeout') as "idle!""#
    )
    .fetch_one(db.pool())
    .await
    .unwrap();
    assert_eq!(
        (&*settings.statement, &*settings.lock, &*settings.idle),
        ("15s", "10s", "30s")
    );
}
