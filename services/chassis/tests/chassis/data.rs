//! Databases for the tests of what stands on one.

#[path = "data/idempotency.rs"]
mod idempotency;
#[path = "data/storage.rs"]
mod storage;
#[path = "data/vault.rs"]
mod vault;

use sqlx::migrate::Migrator;
use support_chassis::clock::Clock;
use support_chassis::db::{DatabaseSettings, Db, DbError};
use support_chassis::id::{Id, Ids};
use support_postgres::testing::{self, TestDatabase};

/// A service without tables of its own.
pub(crate) static NOTHING: Migrator = Migrator::DEFAULT;

/// A database with the chassis' tables.
pub(crate) async fn database() -> TestDatabase {
    testing::database_from("chassis", |url| async move {
        let db = Db::connect(&DatabaseSettings::small(url)).await?;
        db.migrate(&NOTHING).await?;
        db.close().await;
        Ok::<_, DbError>(())
    })
    .await
}

pub(crate) async fn connect(database: &TestDatabase) -> Db {
    Db::connect(&DatabaseSettings::small(database.url())).await.unwrap()
}

pub(crate) fn new_id() -> Id {
    Ids::new("eu".parse().unwrap(), Clock::system()).next()
}
