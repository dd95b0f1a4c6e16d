//! How a connection to the database is made.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::PgConnectOptions;

use super::DbError;
use crate::settings::DatabaseSettings;

impl DatabaseSettings {
    /// A pool of ten and short limits of time on the database at `url`: for tools and tests. A service has its settings
    /// from the environment.
    pub fn small(url: impl Into<String>) -> Self {
        Self {
            url: SecretString::from(url.into()),
            max_connections: 10,
            acquire_timeout_ms: 10_000,
            statement_timeout_ms: 15_000,
            lock_timeout_ms: 10_000,
            idle_in_transaction_timeout_ms: 30_000,
            request_retention_days: 7,
        }
    }

    /// Options without limits of time, for migrations.
    pub(super) fn unlimited(&self) -> Result<PgConnectOptions, DbError> {
        Ok(self.url.expose_secret().parse::<PgConnectOptions>()?)
    }

    /// Options with the limits of time. They go along with the connection's first packet: no statement is spent on them,
    /// and no connection is ever without.
    pub(super) fn limited(&self) -> Result<PgConnectOptions, DbError> {
        let milliseconds = |limit: Duration| format!("{}ms", limit.as_millis());
        Ok(self.unlimited()?.options([
            ("statement_timeout", milliseconds(self.statement_timeout())),
            ("lock_timeout", milliseconds(self.lock_timeout())),
            (
                "idle_in_transaction_session_timeout",
                milliseconds(self.idle_in_transaction_timeout()),
            ),
        ]))
    }
}
