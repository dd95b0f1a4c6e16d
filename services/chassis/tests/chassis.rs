//! The chassis as services use it, on a real PostgreSQL. One binary: linking dominates.

#[path = "chassis/ledger.rs"]
mod ledger;
#[path = "chassis/service.rs"]
mod service;
#[path = "chassis/settings.rs"]
mod settings;
#[path = "chassis/telemetry.rs"]
mod telemetry;
#[path = "chassis/wire.rs"]
mod wire;
