//! That all that is held on a customer is handed out, and erased.

use support_testing::{Holdings, nothing_is_forgotten};

use crate::world::database;

#[tokio::test]
async fn every_table_that_says_something_of_a_customer_is_exported_and_erased_or_says_why_not() {
    let database = database().await;
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    let held = include_str!("../../src/store/held.rs");
    let holdings = Holdings {
        exports: &[held],
        erases: &[held],
        not_exported: &[(
            "repair_steps",
            "who took a step is the staff's; the repair says how far it is",
        )],
        not_erased: &[
            (
                "known_cases",
                "ids that name nobody: by them erasing once more finds what came later",
            ),
            ("repair_steps", "states, and ids of staff and partners"),
        ],
    };
    nothing_is_forgotten(&pool, &holdings).await;
}
