//! What the database itself refuses.

use sqlx::{Connection as _, PgConnection};

use crate::world::{database, run};

const PRODUCT: &str = "('0198f2c4-0000-7000-8000-000000000001', 'PHN-1', 'Phone', 'phone', 12, '2020-01-01', now())";
const DEVICE: &str =
    "('0198f2c4-0000-7000-8000-000000000002', '0198f2c4-0000-7000-8000-000000000001', 'AAAA0001', null,
    'DE', '2025-01-01', 'proven', now())";
const DECISION: &str = "('0198f2c4-0000-7000-8000-000000000003', '0198f2c4-0000-7000-8000-000000000002', '2025-02-01',
    'limited_warranty', '2026-01-01', '1', null, now(), 'DE', '{}', '{}', '{}', sha256('answer'), 1,
    'p', 'o', '0198f2c4-0000-7000-8000-000000000004', sha256('item'))";

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn every_constraint_holds() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    for (table, row) in [
        ("products", PRODUCT),
        ("devices", DEVICE),
        ("coverage_decisions", DECISION),
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
    // Of another item.
    let decision = |from: &str, to: &str| {
        let row = DECISION.replacen("000000000004'", "000000000014'", 1);
        other(&row.replacen("000000000003'", "000000000013'", 1), from, to)
    };
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
            decision("0000000002'", "0000000099'"),
            "coverage_decisions_device_fkey",
        ),
        (
            "coverage_decisions",
            decision("limited_warranty", "luck"),
            "coverage_decisions_outcome_known",
        ),
        (
            "coverage_decisions",
            decision("2026-01-01", "2025-01-31"),
            "coverage_decisions_until_not_past",
        ),
        (
            "coverage_decisions",
            decision("'1'", "''"),
            "coverage_decisions_version_given",
        ),
        (
            "coverage_decisions",
            decision("'DE'", "'de'"),
            "coverage_decisions_country_form",
        ),
        (
            "coverage_decisions",
            decision("'DE', '{}'", "'DE', '[]'"),
            "coverage_decisions_facts_object",
        ),
        (
            "coverage_decisions",
            decision("'{}', '{}', '{}'", "'{}', '1', '{}'"),
            "coverage_decisions_question_object",
        ),
        (
            "coverage_decisions",
            decision("'{}', sha256", "'null', sha256"),
            "coverage_decisions_answer_object",
        ),
        (
            "coverage_decisions",
            decision("sha256('answer')", "'short'"),
            "coverage_decisions_digest_length",
        ),
        (
            "coverage_decisions",
            decision("sha256('answer')", "null"),
            "coverage_decisions_digest_given",
        ),
        (
            "coverage_decisions",
            decision("'p'", "''"),
            "coverage_decisions_prices_version_given",
        ),
        (
            "coverage_decisions",
            decision("'o'", "''"),
            "coverage_decisions_offers_version_given",
        ),
        (
            "coverage_decisions",
            decision("sha256('item')", "'short'"),
            "coverage_decisions_item_digest_length",
        ),
        (
            "coverage_decisions",
            decision("sha256('item')", "null"),
            "coverage_decisions_item_whole",
        ),
        (
            "coverage_decisions",
            other(DECISION, "'1'", "'1'"),
            "coverage_decisions_item_key",
        ),
        // Packed or not, and whole.
        (
            "coverage_decisions",
            decision("'{}', '{}', '{}'", "null, '{}', '{}'"),
            "coverage_decisions_packed_or_not",
        ),
        (
            "coverage_decisions",
            decision("sha256('item'))", "sha256('item'), 1)"),
            "coverage_decisions_packed_or_not",
        ),
        (
            "coverage_decisions",
            decision("sha256('item'))", "sha256('item'), null, 'g', 'a')"),
            "coverage_decisions_packed_or_not",
        ),
        (
            "coverage_decisions",
            decision("'{}', '{}', '{}'", "null, null, null").replacen(
                "sha256('item'))",
                "sha256('item'), 1, 'g', 'a', null, false)",
                1,
            ),
            "coverage_decisions_packed_or_not",
        ),
        (
            "coverage_decisions",
            decision("'{}', '{}', '{}'", "null, null, null").replacen(
                "sha256('item'))",
                "sha256('item'), 0, 'g', 'a', '2025-01-01', false)",
                1,
            ),
            "coverage_decisions_packing_range",
        ),
    ] {
        let refused = run(&mut connection, format!("insert into {table} values {row}"))
            .await
            .unwrap_err();
        assert_eq!(refused.constraint(), Some(constraint), "{refused:?}: {row}");
    }
    for (statement, constraint) in [
        (
            "update coverage_decisions set outcome = 'refused'",
            "coverage_decisions_immutable",
        ),
        ("delete from coverage_decisions", "coverage_decisions_kept"),
        ("truncate coverage_decisions", "coverage_decisions_kept"),
        // What a decision is about stays, and stays what it is called.
        ("delete from devices", "devices_kept"),
        ("truncate devices cascade", "devices_kept"),
        (
            "update devices set id = '0198f2c4-0000-7000-8000-000000000022'",
            "devices_kept",
        ),
    ] {
        let refused = run(&mut connection, statement.to_owned()).await.unwrap_err();
        assert_eq!(refused.constraint(), Some(constraint), "{statement}");
    }
}
