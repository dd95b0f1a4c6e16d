//! What the database itself refuses.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use support_chassis::db::DbError;

use crate::world::database;

/// Numbers stand for ids.
fn with_ids(text: &str) -> String {
    text.replace("id:", "0198f2c4-0000-7000-8000-00000000000")
}

const PARTNER: &str = "('id:1', 'ASP-1', 'Berlin', 'partner', 'asp-berlin', 'DE', '{phone}', now())";
const CASE: &str = "('id:3', 'id:4')";
const REPAIR: &str =
    "('id:5', 'id:3', 'id:1', 'asp-berlin', 'id:6', 'AAAA0001', 'submitted', null, 'broken', 'en', null,
    'out_of_warranty', 'id:7', 'R-1', 1, now(), now(), 'note', null, null, null, 'procedures@1', null, null, null, null,
    null, null)";

const STEP: &str = "('id:5', 1, 'submitted', now(), 'partner', 'client-1', 'tech-9')";

async fn run(connection: &mut PgConnection, statement: String) -> Result<(), DbError> {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map(drop)
        .map_err(DbError::from)
}

#[tokio::test]
async fn every_constraint_holds() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    for (table, row) in [("providers", PARTNER), ("known_cases", CASE), ("repairs", REPAIR)] {
        run(&mut connection, with_ids(&format!("insert into {table} values {row}")))
            .await
            .unwrap();
    }
    run(
        &mut connection,
        with_ids(&format!("insert into repair_steps values {STEP}")),
    )
    .await
    .unwrap();
    // Another row, with one thing wrong.
    let provider = PARTNER.replace("id:1", "id:2").replace("ASP-1", "ASP-2");
    let repair = REPAIR.replace("id:5", "id:8").replace("R-1", "R-2");
    let changed = |row: &str, from: &str, to: &str| {
        assert!(row.contains(from), "{from} is not in {row}");
        row.replacen(from, to, 1)
    };
    let providers = |from, to, constraint| ("providers", changed(&provider, from, to), constraint);
    let repairs = |from, to, constraint| ("repairs", changed(&repair, from, to), constraint);
    let step = STEP.replace("', 1,", "', 2,");
    let steps = |from, to, constraint| ("repair_steps", changed(&step, from, to), constraint);
    for (table, row, constraint) in [
        steps("', 2,", "', 1,", "repair_steps_pkey"),
        steps("'id:5'", "'id:9'", "repair_steps_repair_fkey"),
        steps("submitted", "lost", "repair_steps_state_known"),
        steps("'partner'", "'ghost'", "repair_steps_actor_kind_known"),
        steps("client-1", "", "repair_steps_actor_given"),
        steps("tech-9", "", "repair_steps_technician_given"),
        steps("'partner'", "'staff'", "repair_steps_technician_is_partners"),
        providers("ASP-2", "ASP-1", "providers_code_key"),
        providers("ASP-2", "asp-2", "providers_code_form"),
        providers("Berlin", "", "providers_name_length"),
        providers("'partner'", "'friend'", "providers_kind_known"),
        providers("asp-berlin", "ASP Berlin", "providers_organisation_form"),
        providers("'DE'", "'de'", "providers_country_form"),
        providers("{phone}", "{}", "providers_product_lines_known"),
        providers("{phone}", "{phone,toaster}", "providers_product_lines_known"),
        providers("'asp-berlin'", "null", "providers_partner_has_organisation"),
        providers("'partner'", "'depot'", "providers_partner_has_organisation"),
        ("known_cases", CASE.to_owned(), "known_cases_pkey"),
        repairs("R-2", "R-1", "repairs_partner_reference_key"),
        repairs("'id:3'", "'id:9'", "repairs_case_fkey"),
        repairs("'id:1', 'asp-berlin'", "'id:9', null", "repairs_provider_fkey"),
        repairs("asp-berlin", "asp-paris", "repairs_organisation_is_providers"),
        repairs("AAAA0001", "OOOO0001", "repairs_serial_number_form"),
        repairs("submitted", "lost", "repairs_state_known"),
        repairs(
            "'submitted', null, 'broken', 'en', null",
            "'finished', 'luck', 'broken', 'en', 'BATTERY'",
            "repairs_outcome_known",
        ),
        repairs("'broken'", "''", "repairs_problem_length"),
        repairs("'en'", "'e'", "repairs_language_length"),
        repairs("'en', null", "'en', 'battery'", "repairs_diagnosis_form"),
        repairs("out_of_warranty", "refused", "repairs_coverage_outcome_known"),
        repairs("'R-2'", "''", "repairs_partner_reference_length"),
        repairs("1, now()", "0, now()", "repairs_version_positive"),
        repairs(
            "'submitted', null",
            "'submitted', 'repaired'",
            "repairs_outcome_when_finished",
        ),
        repairs("'en', null", "'en', 'BATTERY'", "repairs_diagnosis_when_diagnosed"),
        repairs("'note'", "''", "repairs_note_length"),
        repairs("null)", "'x')", "repairs_sealed_note_length"),
        (
            "repairs",
            changed(&changed(&repair, "'broken'", "'[sealed]'"), "null, null)", "'x', null)"),
            "repairs_sealed_problem_length",
        ),
        repairs("null, null)", "'', null)", "repairs_problem_sealed_or_clear"),
        repairs("'procedures@1'", "''", "repairs_procedures_given"),
        repairs(
            "'note', null, null, null",
            "'note', now(), now(), null",
            "repairs_step_due_under_way",
        ),
        repairs(
            "'note', null, null, null",
            "'note', null, null, now()",
            "repairs_return_due_once_received",
        ),
    ] {
        let statement = with_ids(&format!("insert into {table} values {row}"));
        let refused = run(&mut connection, statement).await.unwrap_err();
        assert_eq!(refused.constraint(), Some(constraint), "{row}");
    }
}
