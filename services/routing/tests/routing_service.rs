//! Routing on a real PostgreSQL: its store, its use cases, and the whole service on a real port.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails where it stands"
)]

#[path = "routing_service/api.rs"]
mod api;
#[path = "routing_service/books.rs"]
mod books;
#[path = "routing_service/columns.rs"]
mod columns;
#[path = "routing_service/desk.rs"]
mod desk;
#[path = "routing_service/errors.rs"]
mod errors;
#[path = "routing_service/explained.rs"]
mod explained;
#[path = "routing_service/holdings.rs"]
mod holdings;
#[path = "routing_service/invariants.rs"]
mod invariants;
#[path = "routing_service/matching.rs"]
mod matching;
#[path = "routing_service/model.rs"]
mod model;
#[path = "routing_service/people.rs"]
mod people;
#[path = "routing_service/plan.rs"]
mod plan;
#[path = "routing_service/roster.rs"]
mod roster;
#[path = "routing_service/rules.rs"]
mod rules;
#[path = "routing_service/schema.rs"]
mod schema;
#[path = "routing_service/simulation.rs"]
mod simulation;
#[path = "routing_service/streams.rs"]
mod streams;
#[path = "routing_service/system.rs"]
mod system;
#[path = "routing_service/takeover.rs"]
mod takeover;
#[path = "routing_service/training.rs"]
mod training;
#[path = "routing_service/waits.rs"]
mod waits;
#[path = "routing_service/world.rs"]
mod world;
