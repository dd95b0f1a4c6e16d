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
//! `SUPPORT_TEST_DATABASE_URL`, the URL of a superuser, that server is used instead; templates (databases
//! `test_*`) then stay on it.
//!
//! What fails here fails the test: all functions panic.

mod host;
mod janitor;

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use tokio::sync::OnceCell;

use crate::databases;
use crate::error::Result;
use crate::random;
use host::Host;

type BoxError = Box<dyn StdError + Send + Sync>;

/// A database of one test. Dropped on the server when this is dropped, open connections notwithstanding.
#[derive(Debug)]
pub struct TestDatabase {
    url: String,
    name: String,
    has_own_role: bool,
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
        janitor::dispose(self.host, &self.name, self.has_own_role);
    }
}

/// What templates there are, by their keys. `OnceCell` passes on to the next caller if a preparation fails or
/// its test is cancelled.
static TEMPLATES: LazyLock<Mutex<HashMap<String, Arc<OnceCell<Template>>>>> = LazyLock::new(Mutex::default);

/// A database that is cloned, and the role that owns what is in it and in its clones.
#[derive(Debug)]
struct Template {
    name: String,
    password: String,
}

/// A fresh, empty database with a role of its own.
///
/// # Panics
/// Panics if there is no PostgreSQL, it does not start, or it refuses.
pub async fn database() -> TestDatabase {
    let host = Host::get().await;
    match create(host).await {
        Ok(Template { name, password }) => TestDatabase {
            url: host.url(&name, &password, &name),
            name,
            has_own_role: true,
            host,
        },
        Err(error) => panic!("cannot make a test database: {error}"),
    }
}

/// A fresh clone of the template `key`, owned, like all that is in it, by the role of the template. The first
/// call of this process for a key has `prepare` make the template, by the URL of an empty database, such as by
/// running migrations; it should leave no connection open, and those it does leave are cut.
///
/// # Panics
/// Panics if there is no PostgreSQL, it does not start, it refuses, or `prepare` fails.
pub async fn database_from<F, Fut, E>(key: &str, prepare: F) -> TestDatabase
where
    F: FnOnce(String) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Into<BoxError>,
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
    match clone(host, template).await {
        Ok(name) => {
            let url = host.url(&template.name, &template.password, &name);
            TestDatabase {
                url,
                name,
                has_own_role: false,
                host,
            }
        }
        Err(error) => panic!("cannot clone the template database {key}: {error}"),
    }
}

/// The superuser's URL of the server that the test databases are on.
///
/// # Panics
/// Panics if there is no PostgreSQL or it does not start.
pub async fn superuser_url() -> String {
    Host::get().await.superuser_url().to_owned()
}

async fn prepare_template<F, Fut, E>(host: &'static Host, prepare: F) -> Result<Template, BoxError>
where
    F: FnOnce(String) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: Into<BoxError>,
{
    let template = create(host).await?;
    let outcome = prepare(host.url(&template.name, &template.password, &template.name)).await;
    if let Err(error) = outcome {
        janitor::dispose(host, &template.name, true);
        return Err(error.into());
    }
    seal(host, &template.name).await?;
    Ok(template)
}

/// Makes an empty database and its role.
async fn create(host: &Host) -> Result<Template> {
    let (name, password) = (host.new_name(), random::hex(16)?);
    let mut connection = databases::connect(host.admin()).await?;
    let secret = databases::literal(&password);
    for statement in [
        format!("create role {name} login password {secret}"),
        format!("create database {name} owner {name}"),
        format!("revoke all on database {name} from public"),
    ] {
        databases::run(&mut connection, statement).await?;
    }
    connection.close().await?;
    Ok(Template { name, password })
}

/// Clones a template. The clone has the template's owner, who owns all that is in it: just what a service
/// finds that has run its own migrations.
async fn clone(host: &Host, template: &Template) -> Result<String> {
    let name = host.new_name();
    let mut connection = databases::connect(host.admin()).await?;
    for statement in [
        format!(
            "create database {name} owner {} template {}",
            template.name, template.name
        ),
        format!("revoke all on database {name} from public"),
    ] {
        databases::run(&mut connection, statement).await?;
    }
    connection.close().await?;
    Ok(name)
}

/// Lets no one connect any more and waits until no one is: PostgreSQL clones only what is not in use, and a
/// pool that is dropped closes its connections some time later.
async fn seal(host: &Host, name: &str) -> Result<()> {
    const LIMIT: Duration = Duration::from_secs(10);
    let mut connection = databases::connect(host.admin()).await?;
    databases::run(
        &mut connection,
        format!("alter database {name} allow_connections false"),
    )
    .await?;
    let deadline = Instant::now() + LIMIT;
    loop {
        let cut: Vec<bool> =
            sqlx::query_scalar("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1")
                .bind(name)
                .fetch_all(&mut connection)
                .await?;
        if cut.is_empty() || Instant::now() >= deadline {
            break; // past the deadline, the first clone tells what is wrong
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(connection.close().await?)
}
