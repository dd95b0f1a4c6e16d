//! Why a service did not start.

use std::net::SocketAddr;

use crate::db::{DbError, PendingMigration};
use crate::lifecycle::BoxError;
use crate::settings::{Fault, SettingsError};

/// Why a service did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Settings are wrong; all faults at once.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database does not answer, or not as it should.
    #[error("the database of {service} cannot be used")]
    Database {
        /// The service.
        service: &'static str,
        /// Why.
        #[source]
        source: DbError,
    },
    /// The database is older than this build. Migrating is a step of its own, so that many replicas can start at once and
    /// none of them needs the right to change the schema.
    #[error(
        "the database of {service} lacks migrations: {}; run `support migrate` first",
        list(pending)
    )]
    PendingMigrations {
        /// The service.
        service: &'static str,
        /// What is missing.
        pending: Vec<PendingMigration>,
    },
    /// Anything else, in the service's words.
    #[error("{what}")]
    Other {
        /// What could not be done.
        what: String,
        /// Why.
        #[source]
        source: BoxError,
    },
}

impl StartError {
    /// What could not be done, and why.
    pub fn other(what: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::Other {
            what: what.into(),
            source: source.into(),
        }
    }

    /// A setting that was found wrong only when it was used.
    pub fn setting(service: &'static str, path: &str, what: impl Into<String>) -> Self {
        Self::settings(service, [(path.to_owned(), what.into())])
    }

    /// Several of them.
    pub(super) fn settings(service: &'static str, wrong: impl IntoIterator<Item = (String, String)>) -> Self {
        let faults = wrong
            .into_iter()
            .map(|(path, what)| Fault::new(&path, what, None))
            .collect();
        Self::Settings(SettingsError {
            service: service.to_owned(),
            faults,
        })
    }

    /// The exit code of a process that ends with this: 64 (`EX_USAGE` of sysexits) where settings are wrong and trying
    /// again is no use, else 1.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) => 64,
            Self::Listen { .. } | Self::Database { .. } | Self::PendingMigrations { .. } | Self::Other { .. } => 1,
        }
    }
}

fn list(pending: &[PendingMigration]) -> String {
    pending
        .iter()
        .map(|migration| format!("{} {}", migration.version, migration.description))
        .collect::<Vec<_>>()
        .join(", ")
}
