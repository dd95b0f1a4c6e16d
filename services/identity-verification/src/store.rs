//! The SQL of this service and nothing else; one file an aggregate.

pub mod approvals;
pub mod audit;
pub mod authenticators;
pub mod clear;
pub mod customers;
pub mod delegations;
pub mod deliveries;
pub mod erasures;
pub mod factors;
pub mod grants;
pub mod happenings;
pub mod held;
pub mod leaving;
pub mod local_outbox;
pub mod notifications;
pub mod organisations;
pub mod partner_clients;
pub mod preferences;
pub mod profiles;
pub mod risk;
pub mod sealed;
pub mod send_windows;
pub mod verifications;

use support_chassis::db::{DbError, stored};

use crate::domain::verification::Method;

/// Stored methods.
fn methods(table: &'static str, column: &'static str, names: &[String]) -> Result<Vec<Method>, DbError> {
    stored(
        names.iter().map(|name| Method::from_name(name)).collect(),
        table,
        column,
    )
}

/// Methods as they are stored.
fn names(methods: &[Method]) -> Vec<String> {
    methods.iter().map(|method| method.as_str().to_owned()).collect()
}

/// A stored hash.
fn digest(table: &'static str, column: &'static str, bytes: &[u8]) -> Result<[u8; 32], DbError> {
    stored(bytes.try_into().ok(), table, column)
}

/// A time as sort keys hold it.
fn microseconds(at: time::OffsetDateTime) -> i64 {
    // Until the year 294,000.
    i64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// A time from a sort key. A forged token may hold a time that is none: it is then before everything, and the page empty.
fn from_microseconds(at: i64) -> time::OffsetDateTime {
    time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000).unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
}
