//! The rules: pure, without I/O, clock, SQL or protobuf.

pub mod payment;
pub mod procedures;
pub mod provider;
pub mod repair;
pub mod state;
pub mod step;
