//! What stands in a database, as whoever stole it would read it.

use sqlx::{AssertSqlSafe, PgPool};

/// The tables in which a row holds one of `needles`, as text in whatever case or as bytes.
///
/// # Panics
///
/// Where the database cannot be read, or does not have more than `more_than` tables: too little was looked at then.
pub async fn tables_that_hold(pool: &PgPool, more_than: usize, needles: &[&str]) -> Vec<String> {
    let tables = sqlx::query_scalar::<_, String>("select tablename::text from pg_tables where schemaname = 'public'")
        .fetch_all(pool)
        .await
        .unwrap();
    assert!(tables.len() > more_than, "{tables:?}");
    let mut found = Vec::new();
    for table in tables {
        let rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(format!("select t::text from {table} as t")))
            .fetch_all(pool)
            .await
            .unwrap();
        let holds = |needle: &&str| {
            let hex = needle
                .bytes()
                .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            rows.iter()
                .any(|row| row.to_lowercase().contains(&needle.to_lowercase()) || row.contains(&hex))
        };
        if needles.iter().any(holds) {
            found.push(table);
        }
    }
    found
}
