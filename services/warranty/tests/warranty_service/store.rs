//! What the database itself refuses.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use support_chassis::db::DbError;

use crate::world::database;

const PRODUCT: &str = "('0198f2c4-0000-7000-8000-000000000001', 'PHN-1', 'Phone', 'phone', 12, '2020-01-01', now())";
const DEVICE: &str =
    "('0198f2c4-0000-7000-8000-000000000002', '0198f2c4-0000-7000-8000-000000000001', 'AAAA0001', null,
    'DE', '2025-01-01', 'proven', now())";
const DECISION: &str = "('0198f2c4-0000-7000-8000-000000000003', '0198f2c4-0000-7000-8000-000000000002', '2025-02-01',
    'none', 'limited_warranty', '2026-01-01', '1', null, now(), 'DE', '2025-01-31', 'phone', 12, false,
    '{2025-01-31}', '{2025-02-01}')";
const RULE: &str = "('0198f2c4-0000-7000-8000-000000000003', 0, 'a', 'limited_warranty', true, true, '2025-01-01',
    '2026-01-01', 'terms', 'key')";

async fn run(connection: &mut PgConnection, statement: String) -> Result<(), DbError> {
    sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await
        .map(drop)
        .map_err(DbError::from)
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn every_constraint_holds() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    for (table, row) in [
        ("products", PRODUCT),
        ("devices", DEVICE),
        ("coverage_decisions", DECISION),
        ("coverage_decision_rules", RULE),
    ] {
        run(&mut connection, format!("insert into {table} values {row}"))
            .await
            .unwrap();
    }
    // The row that is there with another id and one thing wrong.
    let other = |row: &str, from: &str, to: &str| {
        assert!(row.contains(from), "{from}");
        row.replacen("0000000001'", "0000000011'", usize::from(row == PRODUCT))
            .replacen("0000000002'", "0000000012'", usize::from(row == DEVICE))
            .replacen("0000000003'", "0000000013'", usize::from(row == DECISION))
            .replacen(from, to, 1)
    };
    let device = |from: &str, to: &str| other(&DEVICE.replacen("AAAA0001", "AAAA0002", 1), from, to);
    let second = RULE.replacen(", 0,", ", 1,", 1);
    for (table, row, constraint) in [
        (
            "products",
            other(PRODUCT, "phone'", "phone'"),
            "products_model_code_key",
        ),
        ("products", other(PRODUCT, "PHN-1", "phn-1"), "products_model_code_form"),
        (
            "products",
            other(PRODUCT, "'PHN-1', 'Phone'", "'PHN-2', ''"),
            "products_name_length",
        ),
        (
            "products",
            other(PRODUCT, "'PHN-1', 'Phone', 'phone'", "'PHN-2', 'Phone', 'toaster'"),
            "products_product_line_known",
        ),
        ("products", other(PRODUCT, "12", "121"), "products_warranty_range"),
        (
            "devices",
            other(DEVICE, "proven", "proven"),
            "devices_serial_number_key",
        ),
        (
            "devices",
            device("'AAAA0002", "'OOOO0002").replacen("0000000002'", "0000000012'", 1),
            "devices_serial_number_form",
        ),
        (
            "devices",
            device("000000000001", "000000000099").replacen("0000000002'", "0000000012'", 1),
            "devices_product_fkey",
        ),
        (
            "devices",
            device("DE", "de").replacen("0000000002'", "0000000012'", 1),
            "devices_country_form",
        ),
        (
            "devices",
            device("proven", "sworn").replacen("0000000002'", "0000000012'", 1),
            "devices_evidence_known",
        ),
        (
            "coverage_decisions",
            other(DECISION, "0000000002'", "0000000099'"),
            "coverage_decisions_device_fkey",
        ),
        (
            "coverage_decisions",
            other(DECISION, "'none'", "'fire'"),
            "coverage_decisions_damage_known",
        ),
        (
            "coverage_decisions",
            other(DECISION, "limited_warranty", "luck"),
            "coverage_decisions_outcome_known",
        ),
        (
            "coverage_decisions",
            other(DECISION, "2026-01-01", "2025-01-31"),
            "coverage_decisions_until_not_past",
        ),
        (
            "coverage_decisions",
            other(DECISION, "'1'", "''"),
            "coverage_decisions_version_given",
        ),
        (
            "coverage_decisions",
            other(DECISION, "'DE'", "'de'"),
            "coverage_decisions_country_form",
        ),
        (
            "coverage_decisions",
            other(DECISION, "'2025-01-31', 'phone'", "'2025-02-02', 'phone'"),
            "coverage_decisions_sold_before",
        ),
        (
            "coverage_decisions",
            other(DECISION, "'phone'", "'toaster'"),
            "coverage_decisions_product_line_known",
        ),
        (
            "coverage_decisions",
            other(DECISION, "12, false", "121, false"),
            "coverage_decisions_warranty_range",
        ),
        (
            "coverage_decisions",
            other(DECISION, "'{2025-02-01}'", "'{}'"),
            "coverage_decisions_repairs_paired",
        ),
        (
            "coverage_decisions",
            other(DECISION, "'{2025-02-01}'", "'{null}'"),
            "coverage_decisions_repairs_paired",
        ),
        (
            "coverage_decision_rules",
            RULE.to_owned(),
            "coverage_decision_rules_pkey",
        ),
        (
            "coverage_decision_rules",
            second.clone(),
            "coverage_decision_rules_one_decides",
        ),
        (
            "coverage_decision_rules",
            other(&second, "true, true", "false, true"),
            "coverage_decision_rules_decided_applies",
        ),
        (
            "coverage_decision_rules",
            other(&second, "0000000003'", "0000000099'"),
            "coverage_decision_rules_decision_fkey",
        ),
        (
            "coverage_decision_rules",
            other(&second, "limited_warranty", "luck"),
            "coverage_decision_rules_outcome_known",
        ),
        (
            "coverage_decision_rules",
            other(&second, "2025-01-01", "2026-01-02"),
            "coverage_decision_rules_period",
        ),
        (
            "coverage_decision_rules",
            other(&second, "'2025-01-01'", "null"),
            "coverage_decision_rules_period",
        ),
        (
            "coverage_decision_rules",
            other(&second, ", 1,", ", -1,"),
            "coverage_decision_rules_place_range",
        ),
    ] {
        let refused = run(&mut connection, format!("insert into {table} values {row}"))
            .await
            .unwrap_err();
        assert_eq!(refused.constraint(), Some(constraint), "{refused:?}: {row}");
    }
    for (table, change, constraint) in [
        (
            "coverage_decisions",
            "outcome = 'refused'",
            "coverage_decisions_immutable",
        ),
        (
            "coverage_decision_rules",
            "reason_key = 'other'",
            "coverage_decisions_immutable",
        ),
    ] {
        let refused = run(&mut connection, format!("update {table} set {change}"))
            .await
            .unwrap_err();
        assert_eq!(refused.constraint(), Some(constraint));
    }
}
