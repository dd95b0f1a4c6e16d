//! The SQL of routing, one file an aggregate.

pub mod agents;
pub mod changes;
pub mod courses;
pub mod desk;
pub mod fairness;
pub mod happened;
pub mod held;
pub mod line;
pub mod offers;
pub mod roster;
pub mod shadow;
pub mod shortlists;
pub mod tasks;
pub mod training;
pub mod waits;

use std::str::FromStr;

use support_chassis::db::DbError;

/// Reads a word that the schema's checks let nothing else into.
fn read<T: FromStr>(word: &str, table: &'static str, column: &'static str) -> Result<T, DbError> {
    word.parse().map_err(|_| DbError::Corrupt { table, column })
}
