//! That all that is held on a customer is handed out, and erased.

use support_testing::{Holdings, nothing_is_forgotten};

use crate::world::migrated;

#[tokio::test]
async fn every_table_that_says_something_of_a_customer_is_exported_and_erased_or_says_why_not() {
    let database = migrated().await;
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    let held = include_str!("../../src/store/held.rs");
    let holdings = Holdings {
        exports: &[held],
        erases: &[held],
        not_exported: &[],
        not_erased: &[(
            "answer_offer_articles",
            "which articles an offer named, which is nobody's any more",
        )],
    };
    nothing_is_forgotten(&pool, &holdings).await;
}
