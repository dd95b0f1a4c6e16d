//! What every column holds, and so what is sealed.

use sqlx::PgPool;
use support_testing::{Holds, columns_are_known};

use crate::house::database;

const KNOWN: &[(Holds, &str)] = &[
    (
        Holds::Code,
        "audit_entries.action audit_entries.actor_service audit_entries.fields audit_entries.reason consents.wording_key
         consents.wording_locale contact_lookups.key_id contact_preferences.muted contact_preferences.time_zone
         customers.country_code customers.languages delegations.standard_basis deliveries.body_locale deliveries.closing_key
         deliveries.greeting_key deliveries.reason deliveries.subject_key deliveries.subject_locale erasure_services.service
         grants.standard_basis happenings.currency happenings.kind happenings.plan_name_key local_outbox_messages.language
         local_outbox_messages.lookup_keys notifications.basis notifications.kind notifications.more_key
         notifications.more_locale notifications.reason notifications.subject_key notifications.text_key
         notifications.text_locale organisations.country_code partner_clients.scopes proofs.method proofs.store_id
         risk_assessments.signals risk_assessments.standard_basis verifications.languages verifications.methods
         verifications.own_basis verifications.own_country verifications.own_methods verifications.proven
         verifications.rules_country verifications.standard_basis",
    ),
    (
        Holds::Id,
        "audit_entries.actor_id audit_entries.actor_organisation erasures.decided_by erasures.requested_by grants.agent
         partner_clients.organisation_id personal_exports.exported_by proofs.witness risk_assessments.started_by
         risk_reviews.reviewer verifications.agent",
    ),
    // The number of a case, and the name of the repairer that has the device.
    (
        Holds::Reference,
        "happenings.case_number happenings.place partner_clients.certificate_names partner_clients.jwks
         partner_clients.jwks_url",
    ),
    // Schools, companies and partners' programs by their names: nobody's own.
    (
        Holds::Staff,
        "organisations.display_name partner_clients.display_name partner_clients.suspend_reason",
    ),
    // Of authenticators too: a keyed hash, a public key or a secret under the service's own key; an id that was drawn; a counter; a
    // challenge.
    (
        Holds::Digest,
        "audit_links.hash authenticators.ceremony authenticators.credential_id authenticators.dynamic_state
         authenticators.secret contact_lookups.hash customer_devices.device_key factor_challenges.ceremony
         factor_failures.factor_key local_outbox_messages.lookup_hashes number_reports.contact_key partner_assertions.jti_hash
         partner_clients.certificate_thumbprints partner_clients.previous_secret_hash partner_clients.secret_hash
         recovery_codes.mac risk_assessments.country_key risk_assessments.device_key risk_assessments.prefix_key
         risk_reviews.contact_key send_counts.counted_key send_windows.contact_key source_uses.source_key source_uses.used_key
         verifications.code_mac verifications.contact_key",
    ),
    (
        Holds::Sealed,
        "accessibility_needs.sealed_needs authenticators.sealed_display_name contact_points.sealed_value
         customers.sealed_display_name customers.sealed_family_name customers.sealed_given_name
         local_outbox_messages.sealed_content verifications.sealed_code",
    ),
    (
        Holds::Drained,
        "authenticators.display_name contact_points.comparable contact_points.value customers.display_name
         customers.family_name customers.given_name local_outbox_messages.body local_outbox_messages.html
         local_outbox_messages.recipient local_outbox_messages.subject",
    ),
];

#[tokio::test]
async fn what_every_column_holds_is_known() {
    let database = database().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    columns_are_known(&pool, KNOWN).await;
}

#[tokio::test]
#[should_panic(expected = "[\"customers.nickname\"]")]
async fn a_column_that_was_forgotten_is_found() {
    let database = database().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    sqlx::query("alter table customers add column nickname text")
        .execute(&pool)
        .await
        .unwrap();
    columns_are_known(&pool, KNOWN).await;
}
