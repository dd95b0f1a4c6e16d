//! The server that the test databases of this process are on.

use std::env;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::PgConnectOptions;

use crate::account::Account;
use crate::databases;
use crate::error::{Context as _, Error, Result};
use crate::random;
use crate::server::{Options, Server};

static HOST: OnceLock<Result<Host, String>> = OnceLock::new();

/// A server with what it takes to make databases on it.
#[derive(Debug)]
pub(super) struct Host {
    admin: PgConnectOptions,
    superuser_url: String,
    /// The `?...` that goes to each URL.
    query: String,
    prefix: String,
    made: AtomicU64,
    /// `None` where the server is not ours. Never dropped, being static: the watchdog stops it.
    server: Option<Server>,
}

impl Host {
    /// The one of this process; the first caller starts it, the others wait.
    pub(super) async fn get() -> &'static Self {
        // Off the runtime's threads, on which other tests may be running that the start would hold up.
        let host = tokio::task::spawn_blocking(|| HOST.get_or_init(|| Self::start().map_err(|e| e.to_string()))).await;
        match host {
            Ok(Ok(host)) => host,
            Ok(Err(error)) => panic!("no server for test databases: {error}"),
            Err(error) => panic!("starting the server for test databases: {error}"),
        }
    }

    fn start() -> Result<Self> {
        let given = env::var("SUPPORT_TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
        let (superuser_url, server) = if let Some(url) = given {
            (url, None)
        } else {
            let server = Server::start(&Options::throw_away(temporary_directory()?))?;
            (server.superuser_url(), Some(server))
        };
        let query = superuser_url
            .split_once('?')
            .map_or_else(String::new, |(_, query)| format!("?{query}"));
        Ok(Self {
            admin: PgConnectOptions::from_str(&superuser_url)?,
            superuser_url,
            query,
            // Several processes may share a server that is not ours.
            prefix: format!("test_{}", random::hex(4)?),
            made: AtomicU64::new(0),
            server,
        })
    }

    pub(super) fn admin(&self) -> &PgConnectOptions {
        &self.admin
    }

    pub(super) fn superuser_url(&self) -> &str {
        &self.superuser_url
    }

    /// Whether the server outlives this process.
    pub(super) fn is_shared(&self) -> bool {
        self.server.is_none()
    }

    pub(super) fn new_name(&self) -> String {
        format!("{}_{}", self.prefix, self.made.fetch_add(1, Ordering::Relaxed))
    }

    pub(super) fn url(&self, role: &str, password: &str, database: &str) -> String {
        let base = databases::url(self.admin.get_host(), self.admin.get_port(), role, password, database);
        base + &self.query
    }
}

/// A new directory in the first place for temporary files that the server's user can enter: `TMPDIR` may be
/// private to us.
fn temporary_directory() -> Result<PathBuf> {
    let account = Account::choose(Path::new("/nonexistent"))?;
    let parents = [env::temp_dir(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")];
    let Some(parent) = parents.iter().find(|parent| account.can_enter(parent)) else {
        let tried = parents.iter().map(|parent| parent.display().to_string()).collect();
        return Err(Error::NoPlace {
            user: account.name().to_owned(),
            tried,
        });
    };
    let dir = tempfile::Builder::new()
        .prefix("support-test-")
        .tempdir_in(parent)
        .context("make a directory in", parent)?;
    Ok(dir.keep())
}
