//! The service as a whole: on a real PostgreSQL, called as the gateway calls it, with a warranty service on a port of its
//! own that answers as a test wants, and a feed of cases.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod callers;
mod cases;
mod fake_warranty;
mod handover;
mod holdings;
mod moves;
mod procedures;
mod providers;
mod sealed;
mod secure;
mod store;
mod submit;
mod views;
mod world;
