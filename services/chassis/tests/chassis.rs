//! The chassis as services use it, on a real PostgreSQL. One binary: linking dominates.

#[path = "chassis/settings.rs"]
mod settings;
