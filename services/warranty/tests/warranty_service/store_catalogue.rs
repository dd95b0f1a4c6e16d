//! What the database itself refuses of a catalogue.

use sqlx::{Connection as _, PgConnection};

use crate::world::{database, run};

const FAMILY: &str = "'0198f2c4-0000-7000-8000-000000000001', 'phones', 'Phones', 'phone', now()";
const PRODUCT: &str = "'0198f2c4-0000-7000-8000-000000000002', 'PHN-1', 'Phone', 'phone', 12, '2020-01-01', now(),
    '0198f2c4-0000-7000-8000-000000000001', 'phone', '2022-01-01', '2027-01-02', '2029-01-02', 1";
const CONFIGURATION: &str = "'0198f2c4-0000-7000-8000-000000000002', '128', '128 GB', 0";
const COMPONENT: &str = "'0198f2c4-0000-7000-8000-000000000002', 'battery', 0";
const PART: &str = "'0198f2c4-0000-7000-8000-000000000002', 'battery', '661-1', 'Battery', true, false, 0";
const CHANGE: &str = "'0198f2c4-0000-7000-8000-000000000002', 1, now(), 'operator:o', 'why', '{}'";

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn every_constraint_of_the_catalogue_holds() {
    let database = database().await;
    let mut connection = PgConnection::connect(database.url()).await.unwrap();
    for (table, row) in [
        ("product_families", FAMILY),
        ("products", PRODUCT),
        ("product_configurations", CONFIGURATION),
        ("product_components", COMPONENT),
        ("product_parts", PART),
        ("product_changes", CHANGE),
    ] {
        run(&mut connection, format!("insert into {table} values ({row})"))
            .await
            .unwrap();
    }
    // Another row with one thing wrong.
    let with = |row: &str, from: &str, to: &str| {
        assert!(row.contains(from), "{from}");
        row.replacen(from, to, 1)
    };
    let family = |from: &str, to: &str| with(&with(FAMILY, "0000000001", "0000000011"), from, to);
    let product = |from: &str, to: &str| {
        let other = with(&with(PRODUCT, "0000000002", "0000000012"), "PHN-1", "PHN-2");
        with(&other, from, to)
    };
    let configuration = |from: &str, to: &str| with(&with(CONFIGURATION, "'128'", "'256'"), from, to);
    let component = |from: &str, to: &str| with(&with(COMPONENT, "battery", "display"), from, to);
    let part = |from: &str, to: &str| with(&with(&with(PART, "661-1", "661-2"), ", 0", ", 1"), from, to);
    let change = |from: &str, to: &str| with(&with(CHANGE, ", 1,", ", 2,"), from, to);
    for (table, row, constraint) in [
        (
            "product_families",
            family("phones", "phones"),
            "product_families_family_key",
        ),
        (
            "product_families",
            family("phones", "Phones"),
            "product_families_family_form",
        ),
        (
            "product_families",
            family("'phones', 'Phones'", "'tabs', ''"),
            "product_families_name_length",
        ),
        (
            "product_families",
            family("'phones', 'Phones', 'phone'", "'tabs', 'Tabs', 'toaster'"),
            "product_families_product_line_known",
        ),
        (
            "products",
            product("'phone', '2022", "'Phone', '2022"),
            "products_price_group_form",
        ),
        (
            "products",
            product("2022-01-01", "2019-12-31"),
            "products_sold_in_order",
        ),
        (
            "products",
            product("2027-01-02", "2022-01-01"),
            "products_vintage_in_order",
        ),
        (
            "products",
            product("2029-01-02", "2027-01-01"),
            "products_obsolete_in_order",
        ),
        (
            "products",
            product("'2029-01-02', 1", "'2029-01-02', 0"),
            "products_revision_positive",
        ),
        (
            "products",
            product("0000000001'", "0000000099'"),
            "products_family_fkey",
        ),
        (
            "products",
            product("'Phone', 'phone'", "'Watch', 'watch'"),
            "products_family_fkey",
        ),
        (
            "product_configurations",
            configuration("0000000002", "0000000099"),
            "product_configurations_product_fkey",
        ),
        (
            "product_configurations",
            configuration("'256'", "'-256'"),
            "product_configurations_form",
        ),
        (
            "product_configurations",
            configuration("128 GB", ""),
            "product_configurations_name_length",
        ),
        (
            "product_configurations",
            configuration(", 0", ", -1"),
            "product_configurations_place_range",
        ),
        (
            "product_configurations",
            configuration(", 0", ", 0"),
            "product_configurations_place_key",
        ),
        (
            "product_configurations",
            configuration("'256'", "'128'"),
            "product_configurations_pkey",
        ),
        (
            "product_components",
            component("0000000002", "0000000099"),
            "product_components_product_fkey",
        ),
        (
            "product_components",
            component("display", "Display"),
            "product_components_form",
        ),
        (
            "product_components",
            component("display", "whole-unit"),
            "product_components_form",
        ),
        (
            "product_components",
            component(", 0", ", -1"),
            "product_components_place_range",
        ),
        (
            "product_components",
            component(", 0", ", 0"),
            "product_components_place_key",
        ),
        (
            "product_components",
            component("display", "battery"),
            "product_components_pkey",
        ),
        (
            "product_parts",
            part("battery", "display"),
            "product_parts_component_fkey",
        ),
        ("product_parts", part("661-2", "6"), "product_parts_number_form"),
        ("product_parts", part("'Battery'", "''"), "product_parts_name_length"),
        ("product_parts", part(", 1", ", -1"), "product_parts_place_range"),
        ("product_parts", part(", 1", ", 0"), "product_parts_place_key"),
        ("product_parts", part("661-2", "661-1"), "product_parts_pkey"),
        (
            "product_changes",
            change("0000000002", "0000000099"),
            "product_changes_product_fkey",
        ),
        (
            "product_changes",
            change(", 2,", ", 0,"),
            "product_changes_revision_positive",
        ),
        ("product_changes", change(", 2,", ", 1,"), "product_changes_pkey"),
        ("product_changes", change("operator:o", ""), "product_changes_by_given"),
        (
            "product_changes",
            change("'{}'", "'[]'"),
            "product_changes_details_object",
        ),
        (
            "product_changes",
            change("'why'", &format!("'{}'", "y".repeat(301))),
            "product_changes_reason_length",
        ),
    ] {
        let refused = run(&mut connection, format!("insert into {table} values ({row})")).await;
        let refused = refused.expect_err(constraint);
        assert_eq!(refused.constraint(), Some(constraint), "{table}: {row}");
    }
    // What was is never changed, nor taken away.
    for statement in [
        "update product_changes set reason = 'another'",
        "delete from product_changes",
    ] {
        let refused = run(&mut connection, statement.to_owned()).await.unwrap_err();
        assert_eq!(refused.constraint(), Some("product_changes_immutable"), "{statement}");
    }
    // A family's line does not change under its models.
    let moved = run(
        &mut connection,
        "update product_families set product_line = 'watch'".to_owned(),
    );
    assert_eq!(moved.await.unwrap_err().constraint(), Some("products_family_fkey"));
}
