//! The rules: pure, without I/O, clock, SQL or protobuf.

mod named;
pub mod provider;
pub mod repair;
pub mod state;
