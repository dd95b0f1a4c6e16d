//! The service on a real PostgreSQL: its store, its calls, its events.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what fails in a test's support fails the test"
)]

#[path = "localisation_service/answers.rs"]
mod answers;
#[path = "localisation_service/articles.rs"]
mod articles;
#[path = "localisation_service/columns.rs"]
mod columns;
#[path = "localisation_service/delivery.rs"]
mod delivery;
#[path = "localisation_service/departures.rs"]
mod departures;
#[path = "localisation_service/detection.rs"]
mod detection;
#[path = "localisation_service/drafts.rs"]
mod drafts;
#[path = "localisation_service/fake_case.rs"]
mod fake_case;
#[path = "localisation_service/formats.rs"]
mod formats;
#[path = "localisation_service/holdings.rs"]
mod holdings;
#[path = "localisation_service/locales.rs"]
mod locales;
#[path = "localisation_service/messages.rs"]
mod messages;
#[path = "localisation_service/playbooks.rs"]
mod playbooks;
#[path = "localisation_service/publishing.rs"]
mod publishing;
#[path = "localisation_service/regions.rs"]
mod regions;
#[path = "localisation_service/seeding.rs"]
mod seeding;
#[path = "localisation_service/store.rs"]
mod store;
#[path = "localisation_service/translations.rs"]
mod translations;
#[path = "localisation_service/world.rs"]
mod world;
