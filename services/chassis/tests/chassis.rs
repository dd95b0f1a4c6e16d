//! The chassis as services use it, on a real PostgreSQL. One binary: linking dominates.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "chassis/data.rs"]
mod data;
#[path = "chassis/documents.rs"]
mod documents;
#[path = "chassis/feed.rs"]
mod feed;
#[path = "chassis/fetching.rs"]
mod fetching;
#[path = "chassis/ledger.rs"]
mod ledger;
#[path = "chassis/office.rs"]
mod office;
#[path = "chassis/rotation.rs"]
mod rotation;
#[path = "chassis/service.rs"]
mod service;
#[path = "chassis/settings.rs"]
mod settings;
#[path = "chassis/standard.rs"]
mod standard;
#[path = "chassis/telemetry.rs"]
mod telemetry;
#[path = "chassis/wire.rs"]
mod wire;
