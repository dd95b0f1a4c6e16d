//! What the tests of the services share: a signing key for every name ([`signing_key`], [`trust`]), calls as the gateway
//! passes them on ([`call_as`]), databases with a service's tables ([`database`]), services that are nothing but a feed
//! ([`feed_only`]), what a feed tells ([`events`]), overlays that loosen a standard ([`loosening`]) and must be found by a
//! service ([`loosening_is_found`]), and versions of one that are published as people do it ([`publish`]), words to be
//! shown ([`Localisation`]), documents that others publish ([`Documents`]), whether a service hands out and erases all that it holds on
//! customers ([`nothing_is_forgotten`]), what its columns hold ([`columns_are_known`]), and what benchmarks ask of the machine ([`load`],
//! [`resident`], [`Processor`], [`write_figures`]).
//!
//! For tests alone: the keys follow from the names and are no secret, and what fails here fails the test, so all functions
//! panic.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking, and all that is here is for tests"
)]

mod at_rest;
mod columns;
mod documents;
mod door;
mod feed;
mod found;
mod holdings;
mod keys;
mod localisation;
mod loosen;
mod measured;
mod publish;

pub use at_rest::tables_that_hold;
pub use columns::{Holds, columns_are_known};
pub use documents::Documents;
pub use door::{Bearer, Door, call_as, call_by, channel, showing};
pub use feed::{LIMIT, events, events_of, events_until, feed_only};
pub use found::loosening_is_found;
pub use holdings::{Holdings, nothing_is_forgotten};
pub use keys::{sign, signer, signing_key, trust};
pub use localisation::Localisation;
pub use loosen::{Loosening, loosening, loosenings};
pub use measured::{Processor, load, processor_seconds, resident, write_figures};
pub use publish::{check, draft, publish, publish_at, try_publish};

use sqlx::migrate::Migrator;
use support_chassis::db::{DatabaseSettings, Db, DbError};
use support_postgres::testing::{TestDatabase, database_from};

/// A database with the tables of the chassis and those of `migrator`, cloned from a template called `name`.
pub async fn database(name: &str, migrator: &'static Migrator) -> TestDatabase {
    database_from(name, |url| async move {
        let db = Db::connect(&DatabaseSettings::small(url)).await?;
        db.migrate(migrator).await?;
        db.close().await;
        Ok::<_, DbError>(())
    })
    .await
}
