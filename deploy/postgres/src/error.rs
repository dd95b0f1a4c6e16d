//! What can go wrong, worded for the person who typed `support up`.

use std::io;
use std::path::{Path, PathBuf};

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why the private PostgreSQL could not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No usable PostgreSQL on this machine. `line` is the one command that installs it.
    #[error("PostgreSQL 13 or newer is not installed; install it with: {line}")]
    NotInstalled {
        /// The line to type.
        line: String,
    },
    /// `SUPPORT_POSTGRES_BIN` names a directory without a usable PostgreSQL.
    #[error("SUPPORT_POSTGRES_BIN is {}, but there is no PostgreSQL 13 or newer in it", path.display())]
    NotInDirectory {
        /// What the variable says.
        path: PathBuf,
    },
    /// A step of the installation failed.
    #[error("installing PostgreSQL failed at `{step}`: {reason}")]
    InstallFailed {
        /// The command, as one would type it.
        step: String,
        /// Its last lines, or why it could not be run.
        reason: String,
    },
    /// The cluster was made by another major version than any installed here.
    #[error(
        "the data in {} belong to PostgreSQL {needed}, but only {found} is installed; install PostgreSQL {needed}, \
         or dump and reload the data", cluster.display()
    )]
    WrongVersion {
        /// The cluster's directory.
        cluster: PathBuf,
        /// The major version that made it.
        needed: u32,
        /// The major version found.
        found: u32,
    },
    /// Another process has this data directory in use.
    #[error("{} is in use: already running as process {}", data_dir.display(), pid.map_or_else(|| "?".to_owned(), |pid| pid.to_string()))]
    AlreadyRunning {
        /// The data directory.
        data_dir: PathBuf,
        /// The process holding it, where it could be read.
        pid: Option<u32>,
    },
    /// Something else listens on the port.
    #[error("port {port} of 127.0.0.1 is in use by another program; stop it or choose another port")]
    PortInUse {
        /// The port asked for.
        port: u16,
    },
    /// The data directory says that its cluster lives elsewhere, and there is none.
    #[error("{} says that the database lives in {}, but it is not there", record.display(), cluster.display())]
    ClusterMissing {
        /// The file with the record.
        record: PathBuf,
        /// Where the cluster should be.
        cluster: PathBuf,
    },
    /// The cluster is there and its superuser's password is not.
    #[error("the superuser's password should be in {}, but cannot be read: {source}", path.display())]
    PasswordLost {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        source: io::Error,
    },
    /// No directory that the server's user may enter.
    #[error("user {user} can enter none of the directories tried for the database: {}", tried.join(", "))]
    NoPlace {
        /// The user PostgreSQL would run as.
        user: String,
        /// The directories tried.
        tried: Vec<String>,
    },
    /// We are root and the machine has neither `postgres` nor `nobody`.
    #[error("PostgreSQL refuses to run as root, and there is neither a user `postgres` nor a user `nobody`")]
    NoAccount,
    /// `initdb` failed.
    #[error("initdb failed:\n{output}")]
    InitFailed {
        /// Its last lines.
        output: String,
    },
    /// The server ended before it accepted connections.
    #[error("PostgreSQL did not start; the end of {}:\n{tail}", log.display())]
    StartFailed {
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// The server is not ready in time.
    #[error("PostgreSQL did not accept connections within {seconds} s; the end of {}:\n{tail}", log.display())]
    StartTimeout {
        /// How long was waited.
        seconds: u64,
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// A server of this data directory would not stop.
    #[error("PostgreSQL, process {pid}, did not stop within {seconds} s")]
    StopTimeout {
        /// The postmaster.
        pid: u32,
        /// How long was waited.
        seconds: u64,
    },
    /// Not a name for a database and a role.
    #[error("`{name}` cannot name a database: 1 to 40 of a-z, 0-9, `_` and `-`, beginning with a letter")]
    InvalidName {
        /// The name given.
        name: String,
    },
    /// Not a password: it is empty or has a control character.
    #[error("the password for {name} is empty or has control characters")]
    InvalidPassword {
        /// The name of the database.
        name: String,
    },
    /// A file or a process could not be worked with.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The server refused a statement or a connection.
    #[error("PostgreSQL: {0}")]
    Sql(#[from] sqlx::Error),
}

/// Gives an I/O error its file and what was being done.
pub(crate) trait Context<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, action: &'static str, path: &Path) -> Result<T> {
        self.map_err(|source| Error::Io {
            action,
            path: path.to_owned(),
            source,
        })
    }
}
