//! That all that is held on a customer is handed out, and erased.

use support_testing::{Holdings, nothing_is_forgotten};

use crate::world::database;

/// Why nothing is erased here.
const KEPT: &str =
    "of a device, for whoever has it, or of the books of account; whose it was is an id that names nobody";

#[tokio::test]
async fn every_table_that_says_something_of_a_customer_is_exported_and_erased_or_says_why_not() {
    let database = database().await;
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    let held = include_str!("../../src/store/held.rs");
    let holdings = Holdings {
        exports: &[held],
        erases: &[held],
        not_exported: &[],
        not_erased: &[
            ("claims", KEPT),
            ("device_identifiers", KEPT),
            ("device_marks", KEPT),
            ("device_owners", KEPT),
            ("device_replacements", KEPT),
            ("device_transfers", KEPT),
            ("devices", KEPT),
            ("plan_moves", KEPT),
            ("plan_payments", KEPT),
            ("plan_periods", KEPT),
            ("plan_quotes", KEPT),
            ("plans", KEPT),
            ("purchase_corrections", KEPT),
            ("purchase_proofs", KEPT),
        ],
    };
    nothing_is_forgotten(&pool, &holdings).await;
}
