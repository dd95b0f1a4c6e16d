//! The service on a real PostgreSQL, called by generated clients; the services whose events it applies are feeds on
//! ports of their own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "case_service/constraints.rs"]
mod constraints;
#[path = "case_service/desk.rs"]
mod desk;
#[path = "case_service/events.rs"]
mod events;
#[path = "case_service/holdings.rs"]
mod holdings;
#[path = "case_service/languages.rs"]
mod languages;
#[path = "case_service/lists.rs"]
mod lists;
#[path = "case_service/overlays.rs"]
mod overlays;
#[path = "case_service/refusals.rs"]
mod refusals;
#[path = "case_service/repeats.rs"]
mod repeats;
#[path = "case_service/sealed.rs"]
mod sealed;
#[path = "case_service/service_levels.rs"]
mod service_levels;
#[path = "case_service/story.rs"]
mod story;
#[path = "case_service/timeline.rs"]
mod timeline;
#[path = "case_service/world.rs"]
mod world;
