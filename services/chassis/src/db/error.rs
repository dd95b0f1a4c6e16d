//! What the database can answer, in the classes that make a difference to a caller.

use std::borrow::Cow;
use std::fmt;

use sqlx::migrate::MigrateError;

use crate::vault::VaultError;

/// Why the database did not do what was asked.
///
/// `Debug` prints no more than `Display`: the details that PostgreSQL gives with an error quote values of rows.
#[derive(thiserror::Error)]
pub enum DbError {
    /// It does not answer, or takes no more connections. Worth another try.
    #[error("database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// Another transaction won (serialisation failure, deadlock). Worth another try.
    #[error("transaction lost a race with another")]
    Conflict(#[source] sqlx::Error),
    /// A statement, a lock or an idle transaction took longer than allowed.
    #[error("database took too long")]
    Timeout(#[source] sqlx::Error),
    /// A constraint does not hold.
    #[error("constraint {name} does not hold")]
    Constraint {
        /// The constraint's name in the schema.
        name: String,
        /// What PostgreSQL said.
        #[source]
        source: sqlx::Error,
    },
    /// The same caller used the same request id before, with another body.
    #[error("request id was used before with another body")]
    RequestIdReused,
    /// The request id is no UUID. The field rules of the contract keep it from coming this far.
    #[error("request id is not a uuid")]
    RequestIdMalformed,
    /// A stored value is not one that this version writes.
    #[error("stored value of {table}.{column} cannot be read")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// A personal field cannot be sealed or opened: see [`vault`](crate::vault).
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A migration does not fit the database.
    #[error("database cannot be migrated")]
    Migration(#[source] MigrateError),
    /// Anything else: a fault of ours.
    #[error("database refused a statement")]
    Other(#[source] sqlx::Error),
}

impl DbError {
    /// The name of the constraint that does not hold, where it is one.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Constraint { name, .. } => Some(name),
            _ => None,
        }
    }

    /// Whether the same work may succeed when it is done once more.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Conflict(_) | Self::Timeout(_))
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error::{Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed};
        let (state, constraint) = match &error {
            sqlx::Error::Database(refusal) => (
                refusal.code().map(Cow::into_owned),
                refusal.constraint().map(str::to_owned),
            ),
            Io(_) | PoolClosed | PoolTimedOut | Protocol(_) | Tls(_) | WorkerCrashed => {
                return Self::Unavailable(error);
            }
            _ => return Self::Other(error),
        };
        // https://www.postgresql.org/docs/current/errcodes-appendix.html
        match (state.as_deref().unwrap_or_default(), constraint) {
            ("40001" | "40P01", _) => Self::Conflict(error),
            // query_canceled, lock_not_available, idle_in_transaction_session_timeout
            ("57014" | "55P03" | "25P03", _) => Self::Timeout(error),
            // too_many_connections, admin_shutdown, crash_shutdown, cannot_connect_now
            ("53300" | "57P01" | "57P02" | "57P03", _) => Self::Unavailable(error),
            (state, _) if state.starts_with("08") => Self::Unavailable(error),
            (state, Some(name)) if state.starts_with("23") => Self::Constraint { name, source: error },
            _ => Self::Other(error),
        }
    }
}

impl From<MigrateError> for DbError {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Execute(error) => match Self::from(error) {
                Self::Constraint { source, .. } | Self::Other(source) => Self::Migration(MigrateError::Execute(source)),
                error => error,
            },
            error => Self::Migration(error),
        }
    }
}

impl fmt::Debug for DbError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)?;
        let source = match self {
            Self::Unavailable(source)
            | Self::Conflict(source)
            | Self::Timeout(source)
            | Self::Constraint { source, .. }
            | Self::Other(source) => source,
            Self::Migration(source) => return write!(formatter, ": {source}"),
            Self::RequestIdReused | Self::RequestIdMalformed | Self::Corrupt { .. } | Self::Vault(_) => return Ok(()),
        };
        write!(formatter, ": {source}")
    }
}
