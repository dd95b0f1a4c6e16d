//! The SQL of this service; one file an aggregate. A stored value that no version of the service writes is
//! [`DbError::Corrupt`](support_chassis::db::DbError::Corrupt) with its table and column.

pub mod cases;
pub mod held;
pub mod providers;
pub mod repairs;
pub mod sealed;
pub mod steps;
