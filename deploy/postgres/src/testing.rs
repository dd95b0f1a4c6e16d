//! Databases for tests: real, empty or cloned from a template, on a server that ends with the test binary.
//!
//! ```no_run
//! # async fn migrate(url: String) -> Result<(), std::io::Error> { Ok(()) }
//! # async fn example() {
//! let database = support_postgres::testing::database_from("case", migrate).await;
//! // connect to database.url()
//! # }
//! ```
//!
//! The first test that asks starts the server; any number may ask at once, each from a runtime of its own. The
//! watchdog stops it and removes its directory when the process ends, however that happens. With
//! `SUPPORT_TEST_DATABASE_URL`, the URL of a superuser, that server is used instead.
//!
//! What fails here fails the test: all functions panic.

mod janitor;
mod host;

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use tokio::sync::OnceCell;

use crate::databases::{self, literal, run};
use crate::error::Result;
use crate::random;
use host::Host;

/// A database of one test. Dropped on the server when this is dropped, open connections notwithstanding.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    name: String,
    host: &'static Host,
}

impl TestDatabase {
    /// The URL for the role that owns the database, which is no superuser.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        janitor::dispose(self.host, &self.name, &self.name);
    }
}

/// What templates there are, by their keys. `OnceCell` passes on to the next caller if a preparation fails or
/// its test is cancelled.
static TEMPLATES: LazyLock<Mutex<HashMap<String, Arc<OnceCell<Template>>>>> = LazyLock::new(Mutex::default);

#[derive(Debug)]
struct Template {
    name: String,
}

/// A fresh, empty database with a role of its own.
///
/// # Panics
/// Panics if there is no PostgreSQL, it does not start, or it refuses.
pub async fn database() -> TestDatabase {
    let host = Host::get().await;
    match create(host, None).await {
        Ok(database) => database,
        Err(error) => panic!("cannot make a test database: {error}"),
    }
}

/// A fresh clone of the template `key`, with a role of its own that has all rights to what is in it. The first
/// call of this process for a key has `prepare` make the template, by the URL of an empty database, such as by
/// running migrations; it should leave no connection open, and those it does leave are cut.
///
/// # Panics
/// Panics if there is no PostgreSQL, it does not start, it refuses, or `prepare` fails.
pub async fn database_from<F, Fut, E>(key: &str, prepare: F) -> TestDatabase
where
    F: FnOnce(String) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let host = Host::get().await;
    let cell = {
        let mut templates = TEMPLATES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(templates.entry(key.to_owned()).or_default())
    };
    let template = match cell.get_or_try_init(|| prepare_template(host, prepare)).await {
        Ok(template) => template,
        Err(error) => panic!("cannot prepare the template database {key}: {error}"),
    };
    match create(host, Some(&template.name)).await {
        Ok(database) => database,
        Err(error) => panic!("cannot clone the template database {key}: {error}"),
    }
}

/// The superuser's URL of the server that the test databases are on.
///
/// # Panics
/// Panics if there is no PostgreSQL or it does not start.
pub async fn superuser_url() -> String {
    Host::get().await.superuser_url()
}

async fn prepare_template<F, Fut, E>(host: &'static Host, prepare: F) -> Result<Template, Box<dyn StdError + Send + Sync>>
where
    F: FnOnce(String) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Into<Box<dyn StdError + Send + Sync>>,
{
    let database = create(host, None).await?;
    prepare(database.url.clone()).await.map_err(Into::into)?;
    seal(host, &database.name).await?;
    if host.is_shared() {
        janitor::dispose_at_exit_is_impossible(&database.name);
    }
    let name = database.name.clone();
    std::mem::forget(database); // it stays for as long as the server
    Ok(Template { name })
}
