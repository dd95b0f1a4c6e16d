//! The running server.

mod launch;
mod process;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::binaries::{Binaries, Search};
use crate::cluster::{self, SUPERUSER};
use crate::databases;
use crate::error::Result;
use crate::place::Place;
use crate::postmaster;
use crate::watchdog::Watchdog;
use process::Process;

/// How a server is to be.
#[derive(Debug, Clone)]
pub struct Options {
    /// The directory of its files, made if missing. Nothing else should be in it: as root, we let all users
    /// pass through it (not list it).
    pub data_dir: PathBuf,
    /// The port of 127.0.0.1; 0 is any free one.
    pub port: u16,
    /// How many connections it takes at most, the superuser's three included.
    pub max_connections: u32,
    /// Whether committed data survive a crash of the machine. Without, everything is faster.
    pub durable: bool,
    /// Whether the data directory is removed when the server stops or our process ends.
    pub remove_at_end: bool,
    /// How long to wait until it accepts connections; after a crash it repairs itself first.
    pub start_limit: Duration,
    /// The binaries to use; `None` finds those that fit the data.
    pub binaries: Option<Binaries>,
}

impl Options {
    /// A server that keeps its data: durable, 200 connections.
    #[must_use]
    pub fn persistent(data_dir: impl Into<PathBuf>, port: u16) -> Self {
        Self {
            data_dir: data_dir.into(),
            port,
            max_connections: 200,
            durable: true,
            remove_at_end: false,
            start_limit: Duration::from_mins(2),
            binaries: None,
        }
    }

    /// A server for tests: on any free port, not durable, 300 connections, its directory removed at the end.
    #[must_use]
    pub fn throw_away(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            durable: false,
            remove_at_end: true,
            max_connections: 300,
            ..Self::persistent(data_dir, 0)
        }
    }
}

/// A running PostgreSQL. It stops when this is stopped or dropped, and when our process ends in any way.
///
/// Starting, stopping and dropping block for up to seconds: from async code, use `spawn_blocking`.
#[derive(Debug)]
pub struct Server {
    process: Arc<Process>,
    port: u16,
    password: String,
    socket_dir: Option<PathBuf>,
    major: u32,
    watchdog: Arc<Watchdog>,
    /// Has the lock, which is free again once all of this is dropped.
    place: Place,
}

impl Server {
    /// Makes the cluster if there is none, starts the server and waits until it accepts connections. A server
    /// of the same data directory that was left running by a killed process is stopped first.
    ///
    /// # Errors
    /// Any of [`Error`](crate::Error) but those of databases and installation; notably `AlreadyRunning` and `PortInUse`.
    pub fn start(options: &Options) -> Result<Self> {
        let place = Place::open(&options.data_dir)?;
        let remove = if options.remove_at_end {
            place.directories()
        } else {
            Vec::new()
        };
        let watchdog = Arc::new(Watchdog::start(&remove)?);
        let cluster = place.cluster();
        let search = Search::from_environment();
        let binaries = cluster::fitting(&cluster, options.binaries.clone(), &search)?;
        postmaster::stop_left_over(&cluster)?;
        let password = cluster::ensure(&place, &binaries, options.durable, &watchdog)?;
        let socket_dir = place.socket_dir()?;
        let launch = launch::Launch {
            options,
            place: &place,
            binaries: &binaries,
            watchdog: &watchdog,
            socket_dir: socket_dir.as_deref(),
        };
        let (child, port) = launch.run()?;
        let process = Process::watch(child, Arc::clone(&watchdog));
        Ok(Self {
            process,
            port,
            password,
            socket_dir,
            major: binaries.major(),
            watchdog,
            place,
        })
    }

    /// Stops the server: open transactions are rolled back, connections closed, changes written.
    ///
    /// # Errors
    /// [`Error::StopTimeout`](crate::Error::StopTimeout) if it is still there after half a minute and two
    /// harder ways of stopping it.
    pub fn stop(self) -> Result<()> {
        self.process.stop() // and the drop has the watchdog finish
    }

    /// The port of 127.0.0.1 it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The major version, such as 15.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    /// The process id of the postmaster.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Whether the server has ended without being told to, by a crash or another's hand.
    #[must_use]
    pub fn has_exited(&self) -> bool {
        self.process.has_exited()
    }

    /// The data directory, absolute.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.place.data_dir()
    }

    /// Where the files really are, if not in the data directory, because the server's user cannot enter that.
    /// Worth telling the operator, who may want to back them up.
    #[must_use]
    pub fn relocated(&self) -> Option<&Path> {
        self.place.elsewhere()
    }

    /// PostgreSQL's log. That of a durable server has neither statements nor values, which may be personal.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.place.log()
    }

    /// The directory of the server's Unix socket, which only the server's user (and root) can enter; `None`
    /// where its path would be too long for a socket.
    #[must_use]
    pub fn socket_dir(&self) -> Option<&Path> {
        self.socket_dir.as_deref()
    }

    /// The superuser's URL, with the password. For setting up databases, not for services.
    #[must_use]
    pub fn superuser_url(&self) -> String {
        self.url(SUPERUSER, &self.password, "postgres")
    }

    /// The superuser's connection options for a database.
    #[must_use]
    pub fn superuser_options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .ssl_mode(PgSslMode::Disable)
            .username(SUPERUSER)
            .password(&self.password)
            .database(database)
    }

    /// The line to type to look into the server. It names the password's file, not the password.
    #[must_use]
    pub fn psql_line(&self) -> String {
        let file = self.place.password_file().display().to_string().replace('\'', r"'\''");
        format!(
            "PGPASSWORD=\"$(cat '{file}')\" psql -h 127.0.0.1 -p {} -U {SUPERUSER} postgres",
            self.port
        )
    }

    /// Makes the database `support_<name>` and the role of the same name that owns it, can log in with the
    /// password, and can connect to no other database. A `-` in the name becomes `_`. If they are there
    /// already, the password is set and rights are set right again. Gives the URL for the service.
    ///
    /// # Errors
    /// `InvalidName`, `InvalidPassword` or `Sql`.
    pub async fn ensure_service_database(&self, name: &str, password: &str) -> Result<String> {
        let role = databases::ensure_service(&self.superuser_options("postgres"), name, password).await?;
        Ok(self.url(&role, password, &role))
    }

    fn url(&self, role: &str, password: &str, database: &str) -> String {
        // Without TLS, which the server does not have: asking for it would cost each connection a round trip.
        let base = databases::url("127.0.0.1", self.port, role, password, database);
        format!("{base}?sslmode=disable")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.stop(); // at worst the watchdog tries again
        self.watchdog.finish(Duration::from_secs(20));
    }
}
