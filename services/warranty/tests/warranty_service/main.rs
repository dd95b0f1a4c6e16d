//! The service as a whole: on a real PostgreSQL, called as the gateway calls it.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, its helpers too"
)]

mod beyond;
mod catalogue;
mod claim_races;
mod claim_repairs;
mod claims;
mod columns;
mod corrections;
mod coverage;
mod devices;
mod explain;
mod fleet;
mod holdings;
mod import;
mod migrations;
mod outcomes;
mod plans;
mod prices;
mod same_answers;
mod store;
mod store_catalogue;
mod terms;
mod what_if;
mod words;
mod world;
