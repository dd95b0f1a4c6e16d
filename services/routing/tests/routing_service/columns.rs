//! What every column holds: no words of a customer, so that nothing has to be sealed.

use sqlx::PgPool;
use support_testing::{Holds, columns_are_known};

use crate::world::database;

const KNOWN: &[(Holds, &str)] = &[
    (
        Holds::Code,
        "agent_abilities.skill agent_certifications.certification agent_languages.language agents.region agents.site
         agents.team agents.time_zone attempts.course courses.certification courses.name enrolments.course
         offers.standard_basis shadow_findings.rules_live shadow_findings.rules_tried shift_exceptions.hours
         shift_patterns.hours task_history.standard_basis tasks.country_code tasks.further_languages tasks.language
         tasks.model tasks.queue tasks.standard_basis",
    ),
    (Holds::Id, "agents.subject task_hands.actor"),
    (Holds::Shown, "agents.display_name agents.picture"),
    (Holds::Staff, "courses.title shadow.content"),
    // Who stood for a task, packed: see `store/shortlists.rs`.
    (Holds::Derived, "task_history.shortlist"),
];

#[tokio::test]
async fn what_every_column_holds_is_known() {
    let database = database().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    columns_are_known(&pool, KNOWN).await;
}

#[tokio::test]
#[should_panic(expected = "[\"tasks.nickname\"]")]
async fn a_column_that_was_forgotten_is_found() {
    let database = database().await;
    let pool = PgPool::connect(database.url()).await.unwrap();
    sqlx::query("alter table tasks add column nickname text")
        .execute(&pool)
        .await
        .unwrap();
    columns_are_known(&pool, KNOWN).await;
}
