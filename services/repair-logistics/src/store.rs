//! The SQL of this service; one file an aggregate. A stored value that no version of the service writes is
//! [`DbError::Corrupt`] with its table and column.

pub mod cases;
pub mod providers;
pub mod repairs;

use support_chassis::db::DbError;

/// The value of a stored name.
fn named<T>(value: Option<T>, table: &'static str, column: &'static str) -> Result<T, DbError> {
    value.ok_or(DbError::Corrupt { table, column })
}
