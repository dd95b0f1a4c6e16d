//! The service as others see it, on a real PostgreSQL, with a localisation of the test's own and a real mail server.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, its helpers too"
)]

#[path = "identity_verification_service/at_rest.rs"]
mod at_rest;
#[path = "identity_verification_service/audit.rs"]
mod audit;
#[path = "identity_verification_service/bench.rs"]
mod bench;
#[path = "identity_verification_service/carriers.rs"]
mod carriers;
#[path = "identity_verification_service/columns.rs"]
mod columns;
#[path = "identity_verification_service/corrections.rs"]
mod corrections;
#[path = "identity_verification_service/credentials.rs"]
mod credentials;
#[path = "identity_verification_service/customers.rs"]
mod customers;
#[path = "identity_verification_service/delegations.rs"]
mod delegations;
#[path = "identity_verification_service/delivery.rs"]
mod delivery;
#[path = "identity_verification_service/disclosure.rs"]
mod disclosure;
#[path = "identity_verification_service/draft_of_risk.rs"]
mod draft_of_risk;
#[path = "identity_verification_service/erasures.rs"]
mod erasures;
#[path = "identity_verification_service/events.rs"]
mod events;
#[path = "identity_verification_service/factors.rs"]
mod factors;
#[path = "identity_verification_service/grants.rs"]
mod grants;
#[path = "identity_verification_service/guesses.rs"]
mod guesses;
#[path = "identity_verification_service/holdings.rs"]
mod holdings;
#[path = "identity_verification_service/house.rs"]
mod house;
#[path = "identity_verification_service/limits.rs"]
mod limits;
#[path = "identity_verification_service/localisation.rs"]
mod localisation;
#[path = "identity_verification_service/locks.rs"]
mod locks;
#[path = "identity_verification_service/mail_server.rs"]
mod mail_server;
#[path = "identity_verification_service/notifications.rs"]
mod notifications;
#[path = "identity_verification_service/numbers.rs"]
mod numbers;
#[path = "identity_verification_service/partners.rs"]
mod partners;
#[path = "identity_verification_service/passkeys.rs"]
mod passkeys;
#[path = "identity_verification_service/profiles.rs"]
mod profiles;
#[path = "identity_verification_service/pumping.rs"]
mod pumping;
#[path = "identity_verification_service/requests.rs"]
mod requests;
#[path = "identity_verification_service/reviews.rs"]
mod reviews;
#[path = "identity_verification_service/risk.rs"]
mod risk;
#[path = "identity_verification_service/rules.rs"]
mod rules;
#[path = "identity_verification_service/sealed.rs"]
mod sealed;
#[path = "identity_verification_service/settings.rs"]
mod settings;
#[path = "identity_verification_service/shown.rs"]
mod shown;
#[path = "identity_verification_service/standard.rs"]
mod standard;
#[path = "identity_verification_service/store.rs"]
mod store;
#[path = "identity_verification_service/subjects.rs"]
mod subjects;
#[path = "identity_verification_service/texts.rs"]
mod texts;
#[path = "identity_verification_service/time.rs"]
mod time;
#[path = "identity_verification_service/town.rs"]
mod town;
#[path = "identity_verification_service/verifications.rs"]
mod verifications;
#[path = "identity_verification_service/warnings.rs"]
mod warnings;
#[path = "identity_verification_service/web_hook.rs"]
mod web_hook;
