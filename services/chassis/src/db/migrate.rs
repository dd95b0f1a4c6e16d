//! Migrations: the chassis' own, then the service's. Forward only.

use sqlx::migrate::{Migrate as _, Migrator};
use sqlx::{ConnectOptions as _, PgConnection};

use super::{Db, DbError};

/// The chassis' migrations: outbox, feed, request ids. They are recorded in `_chassis_migrations`, so that their numbers
/// and the service's do not meet.
static CHASSIS: Migrator = sqlx::migrate!("./migrations");

/// A migration that this build brings and the database does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingMigration {
    /// Its number, the time it was written: `20260101000000`.
    pub version: i64,
    /// What it does, from the file's name.
    pub description: String,
}

impl Db {
    /// Brings the schema up to date. Several processes may do it at once: they wait for each other. Connects anew,
    /// without limits of time.
    ///
    /// # Errors
    ///
    /// [`DbError::Migration`] where an applied migration is not the one that this build brings.
    pub async fn migrate(&self, service: &Migrator) -> Result<(), DbError> {
        use sqlx::Connection as _;
        let mut connection = self.shared.settings.unlimited()?.connect().await?;
        for migrator in [&CHASSIS, service] {
            migrator.run_direct(None, &mut connection, false).await?;
        }
        connection.close().await?;
        Ok(())
    }

    /// The migrations that [`Db::migrate`] would apply, in their order.
    pub async fn pending_migrations(&self, service: &Migrator) -> Result<Vec<PendingMigration>, DbError> {
        let mut connection = self.read().await?;
        let mut pending = Vec::new();
        for migrator in [&CHASSIS, service] {
            let applied = applied(&mut connection, &migrator.table_name).await?;
            pending.extend(
                migrator
                    .iter()
                    .filter(|migration| !applied.contains(&migration.version))
                    .map(|migration| PendingMigration {
                        version: migration.version,
                        description: migration.description.to_string(),
                    }),
            );
        }
        Ok(pending)
    }
}

/// The versions recorded in `table`; none where it is not there yet.
async fn applied(connection: &mut PgConnection, table: &str) -> Result<Vec<i64>, DbError> {
    let exists = sqlx::query_scalar!(r#"select to_regclass($1) is not null as "exists!""#, table)
        .fetch_one(&mut *connection)
        .await?;
    if !exists {
        return Ok(Vec::new());
    }
    let applied = connection.list_applied_migrations(table).await?;
    Ok(applied.into_iter().map(|migration| migration.version).collect())
}
