//! The support platform in one executable, as a library, so that tests can start the same system in their own process.
//!
//! [`world`] runs all of it beside a private PostgreSQL, as `support up` does; [`session`] calls its public API as front
//! ends, partners and staff do; [`seed`] fills it with a small believable world through that API.

pub mod agents;
pub mod cli;
mod connection;
pub mod demo;
pub mod doctor;
pub mod forecast;
pub mod keys;
pub mod migrate;
pub mod one;
pub mod replay;
pub mod seed;
pub mod services;
pub mod session;
pub mod standard;
mod terminal;
pub mod texts;
pub mod token;
pub mod up;
pub mod world;
