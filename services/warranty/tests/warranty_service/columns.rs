//! What every column holds: no words of a customer, so that nothing has to be sealed.

use sqlx::PgPool;
use support_testing::{Holds, columns_are_known};

use crate::world::database;

#[tokio::test]
async fn what_every_column_holds_is_known() {
    let database = database().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    columns_are_known(
        &pool,
        &[
            (
                Holds::Code,
                "claims.rule_id claims.pool claims.components coverage_decisions.terms_version
                 coverage_decisions.purchase_country_code coverage_decisions.prices_version
                 coverage_decisions.offers_version device_marks.mark devices.purchase_country_code devices.configuration
                 plan_payments.currency_code plan_quotes.kind plans.kind plans.country_code plans.currency_code
                 product_components.component product_configurations.configuration product_families.family
                 product_parts.component product_parts.part_number products.model_code products.price_group
                 purchase_corrections.country_before purchase_corrections.country_after
                 purchase_proofs.purchase_country_code",
            ),
            (
                Holds::Id,
                "claims.asked_by_organisation coverage_decisions.asked_by_organisation device_marks.actor_id
                 device_owners.organisation device_owners.actor_id device_replacements.actor_id
                 device_transfers.from_organisation device_transfers.to_organisation devices.owner_organisation
                 plan_quotes.quoted_by_organisation plans.sold_by_organisation product_changes.changed_by
                 purchase_corrections.actor_id purchase_proofs.case_agent purchase_proofs.submitter_id
                 purchase_proofs.submitter_organisation purchase_proofs.reviewer_id",
            ),
            // The numbers of a device are the device's, whoever has it: they are looked up, lent and sold with it.
            (
                Holds::Reference,
                "claims.reference device_identifiers.value device_marks.reference devices.serial_number devices.imei
                 devices.imei2 devices.meid devices.seller_reference plan_payments.reference plan_quotes.inspection_reference
                 purchase_proofs.seller_reference purchase_proofs.document_reference",
            ),
            (
                Holds::Staff,
                "product_changes.reason product_changes.details product_configurations.name product_families.name
                 product_parts.name products.name",
            ),
            (
                Holds::Digest,
                "coverage_decisions.digest coverage_decisions.item_digest device_transfers.code_hash",
            ),
            // The facts of a device, the codes that were asked about it and what the terms made of them.
            (
                Holds::Derived,
                "coverage_decisions.facts coverage_decisions.question coverage_decisions.answer
                 coverage_decisions.given_packed coverage_decisions.answer_packed plan_quotes.agreed plan_periods.agreed
                 plans.renewal",
            ),
        ],
    )
    .await;
}
