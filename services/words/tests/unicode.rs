//! Unicode's own test data, against what customers are given.

#![expect(clippy::unwrap_used, reason = "what fails in a test's support fails the test")]
#![expect(clippy::print_stdout, reason = "the rates are read from here")]

#[path = "unicode/matcher.rs"]
mod matcher;
#[path = "unicode/messages.rs"]
mod messages;
#[cfg(feature = "formats")]
#[path = "unicode/names.rs"]
mod names;
#[path = "unicode/plurals.rs"]
mod plurals;
