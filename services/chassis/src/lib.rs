//! What every service of the support platform stands on. No business word is in it.
//!
//! From the wire inwards: [`server`] takes calls and enforces what the method's options demand; [`passport`] says who
//! calls, [`call`] what a handler knows of its call, [`error`] how it refuses. [`client`] calls other services.
//!
//! From the database outwards: [`db`] connects, migrates and runs transactions; [`idempotency`] stores the answer of a
//! change under its request id; [`outbox`] writes what happened into the same transaction, [`feed`] serves it to others
//! and applies theirs; [`page`] cuts lists.
//!
//! [`vault`] seals what is personal before it is stored; [`privacy`] hands out and erases what a service holds on somebody.
//!
//! [`standard`] holds the rules that services decide by: the same everywhere, stricter where a region says so.
//!
//! Around both: [`settings`], [`telemetry`], [`lifecycle`], and [`service`], which puts a service together from these.
//! [`keyset`] reads and fetches the public keys of others. [`clock`] and [`id`] make time and chance arguments; [`day`] and [`country`] are values of the contract; [`named`](mod@named) makes enums that have a stored name.

pub mod call;
pub mod client;
pub mod clock;
pub mod country;
pub mod day;
pub mod db;
pub mod error;
pub mod feed;
pub mod id;
pub mod idempotency;
pub mod keyset;
pub mod lifecycle;
pub mod named;
pub mod outbox;
pub mod page;
pub mod passport;
pub mod privacy;
pub mod server;
pub mod service;
pub mod settings;
pub mod standard;
pub mod telemetry;
pub mod vault;
