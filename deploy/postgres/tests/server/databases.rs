//! Databases: of services, which keep to themselves, and of tests.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::PgPool;
use support_postgres::testing::{self, TestDatabase};
use support_postgres::{Error, Server};

use crate::{ask, block_on, child, eventually, quick, runs};

// Codes of PostgreSQL's appendix A.
const INSUFFICIENT_PRIVILEGE: &str = "42501";
const INVALID_PASSWORD: &str = "28P01";

/// The SQLSTATE of a refused connection or statement.
fn state(result: Result<Option<String>, sqlx::Error>) -> String {
    let sqlx::Error::Database(error) = result.expect_err("was not refused") else {
        return String::new();
    };
    error.code().map(Into::into).unwrap_or_default()
}

/// `url` with another database.
fn at(url: &str, database: &str) -> String {
    let (base, query) = url.split_once('?').unwrap();
    let (server, _) = base.rsplit_once('/').unwrap();
    format!("{server}/{database}?{query}")
}

#[test]
fn a_service_can_connect_to_its_own_database_only() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&quick(dir.path())).unwrap();
    block_on(async {
        let case = server
            .ensure_service_database("case", r"it's \ a/p@ss:wörd")
            .await
            .unwrap();
        let repair = server
            .ensure_service_database("repair-logistics", "secret")
            .await
            .unwrap();
        ask(&case, "create table mine (); create extension btree_gist")
            .await
            .unwrap();
        assert_eq!(
            ask(&repair, "select current_user::text").await.unwrap().unwrap(),
            "support_repair_logistics"
        );
        let owner = "select pg_get_userbyid(datdba)::text from pg_database where datname = current_database()";
        assert_eq!(ask(&case, owner).await.unwrap().unwrap(), "support_case");

        for (url, others) in [(&case, "support_repair_logistics"), (&repair, "support_case")] {
            for database in [others, "postgres", "template1"] {
                assert_eq!(
                    state(ask(&at(url, database), "select 1").await),
                    INSUFFICIENT_PRIVILEGE,
                    "{database}"
                );
            }
            assert_eq!(state(ask(url, "create database more").await), INSUFFICIENT_PRIVILEGE);
            assert_eq!(state(ask(url, "create role more").await), INSUFFICIENT_PRIVILEGE);
        }
        // Without the password, no one.
        assert_eq!(
            state(ask(&repair.replace("secret", "guess"), "select 1").await),
            INVALID_PASSWORD
        );

        // Again: nothing is lost, and the new password holds.
        let case = server.ensure_service_database("case", "another").await.unwrap();
        ask(&case, "select from mine").await.unwrap();
        for wrong in ["", "Case", "a b", "a;drop"] {
            let error = server.ensure_service_database(wrong, "secret").await.unwrap_err();
            assert!(matches!(error, Error::InvalidName { .. }), "{error}");
        }
        let error = server.ensure_service_database("case", "").await.unwrap_err();
        assert!(matches!(error, Error::InvalidPassword { .. }), "{error}");
    });
}

#[test]
fn services_set_up_at_once_do_not_collide() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&quick(dir.path())).unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let server = &server;
            // Two ask for each.
            scope.spawn(move || {
                let name = format!("service_{}", number % 4);
                block_on(server.ensure_service_database(&name, "secret")).unwrap();
            });
        }
    });
}

#[test]
fn many_tests_at_once_each_with_a_runtime() {
    static PREPARED: AtomicUsize = AtomicUsize::new(0);
    async fn prepare(url: String) -> Result<(), sqlx::Error> {
        PREPARED.fetch_add(1, Ordering::SeqCst);
        // A pool that is merely dropped, connections open: as careless as a test can be.
        let pool = PgPool::connect(&url).await?;
        sqlx::query("create table things (id int primary key, name text)")
            .execute(&pool)
            .await?;
        sqlx::query("insert into things values (1, 'one')")
            .execute(&pool)
            .await?;
        std::mem::forget(pool.acquire().await?);
        Ok(())
    }
    std::thread::scope(|scope| {
        for number in 0..24 {
            scope.spawn(move || {
                block_on(async {
                    let database = if number % 2 == 0 {
                        testing::database_from("things", prepare).await
                    } else {
                        let database = testing::database().await;
                        prepare_alone(&database).await;
                        database
                    };
                    // Its own: the same key can be inserted by all.
                    ask(database.url(), "insert into things values (2, 'two')")
                        .await
                        .unwrap();
                    ask(database.url(), "alter table things add more int").await.unwrap();
                    let count = ask(database.url(), "select count(*)::text from things").await.unwrap();
                    assert_eq!(count.as_deref(), Some("2"));
                });
            });
        }
    });
    assert_eq!(PREPARED.load(Ordering::SeqCst), 1);
}

async fn prepare_alone(database: &TestDatabase) {
    let statements = "create table things (id int primary key, name text); insert into things values (1, 'one')";
    ask(database.url(), statements).await.unwrap();
}

#[tokio::test]
async fn a_dropped_test_database_goes_even_in_use() {
    let database = testing::database().await;
    let name = database.name().to_owned();
    let pool = PgPool::connect(database.url()).await.unwrap();
    drop(database);
    let url = testing::superuser_url().await;
    let query = format!("select count(*)::text from pg_database where datname = '{name}'");
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while ask(&url, &query).await.unwrap().as_deref() != Some("0") {
        assert!(tokio::time::Instant::now() < deadline, "still there");
        tokio::task::yield_now().await;
    }
    pool.close().await;
}

#[tokio::test]
async fn a_preparation_that_fails_can_be_done_again() {
    let failed = tokio::spawn(testing::database_from("second-try", async |_| Err("no luck"))).await;
    let panic = failed.unwrap_err().into_panic();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("second-try: no luck"), "{message}");
    testing::database_from("second-try", async |_| Ok::<_, sqlx::Error>(())).await;
}

#[test]
fn a_test_binary_leaves_nothing() {
    let (mut child, report) = child::start("testing", Path::new("/"), None);
    let (postmaster, directory): (u32, &Path) = (report[0].parse().unwrap(), Path::new(&report[1]));
    assert!(child.wait().unwrap().success());
    eventually("the postmaster is gone", || !runs(postmaster));
    eventually("its directory is gone", || !directory.parent().unwrap().exists());
}
