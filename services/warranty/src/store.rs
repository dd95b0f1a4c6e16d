//! The SQL of this service; one file an aggregate. A stored value that no version of the service writes is
//! [`DbError::Corrupt`](support_chassis::db::DbError::Corrupt) with its table and column.

pub mod claims;
pub mod decisions;
pub mod devices;
pub mod facts;
pub mod families;
pub mod held;
pub mod models;
pub mod parts;
pub mod plans;
pub mod product_changes;
pub mod products;
pub mod sweep;
