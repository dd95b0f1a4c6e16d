//! A look into what the services keep.

use std::collections::BTreeMap;

use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::town::Town;

/// The services' databases.
pub const DATABASES: [&str; 6] = [
    "support_identity_verification",
    "support_case",
    "support_routing",
    "support_warranty",
    "support_repair_logistics",
    "support_localisation",
];

/// Tables that remember who listens to a feed and how far they are, and what the migrations made: not what calls write.
const BOOKKEEPING: [&str; 2] = ["_chassis_migrations", "_sqlx_migrations"];

/// A connection to one of the databases, as the superuser.
///
/// # Panics
///
/// Where it fails.
pub async fn connect(town: &Town, database: &str) -> PgConnection {
    let options: PgConnectOptions = match town.superuser_url.parse() {
        Ok(options) => options,
        Err(error) => panic!("{error}"),
    };
    match PgConnection::connect_with(&options.database(database)).await {
        Ok(connection) => connection,
        Err(error) => panic!("cannot look into {database}: {error}"),
    }
}

async fn tables(connection: &mut PgConnection) -> Vec<String> {
    let rows = sqlx::query(
        "select format('%I.%I', table_schema, table_name) from information_schema.tables \
         where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') \
         and table_name <> all($1) order by 1",
    )
    .bind(BOOKKEEPING.map(str::to_owned).to_vec())
    .fetch_all(connection)
    .await;
    match rows {
        Ok(rows) => rows.iter().map(|row| row.get(0)).collect(),
        Err(error) => panic!("{error}"),
    }
}

/// How many rows every table of every database has, by `database.schema.table`.
///
/// # Panics
///
/// Where it fails.
pub async fn rows(town: &Town) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for database in DATABASES {
        let mut connection = connect(town, database).await;
        for table in tables(&mut connection).await {
            // The name comes quoted from the database itself.
            let counted = sqlx::query_scalar::<_, i64>(AssertSqlSafe(format!("select count(*) from {table}")))
                .fetch_one(&mut connection)
                .await;
            match counted {
                Ok(count) => drop(counts.insert(format!("{database}.{table}"), count)),
                Err(error) => panic!("{database}.{table}: {error}"),
            }
        }
    }
    assert!(counts.len() > 20, "these are not all tables: {counts:?}");
    counts
}

/// Every row of every table as one line of JSON, by `database.schema.table`; byte strings as their characters where they
/// are some, so that what stands in them can be searched.
///
/// # Panics
///
/// Where it fails.
pub async fn dump(town: &Town) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for database in DATABASES {
        let mut connection = connect(town, database).await;
        for table in tables(&mut connection).await {
            let rows = sqlx::query_scalar::<_, Value>(AssertSqlSafe(format!("select to_jsonb(row) from {table} row")))
                .fetch_all(&mut connection)
                .await;
            match rows {
                Ok(rows) => drop(all.insert(format!("{database}.{table}"), rows.iter().map(readable).collect())),
                Err(error) => panic!("{database}.{table}: {error}"),
            }
        }
    }
    all
}

/// A row as text. A byte string comes as `\x6162`; its characters are written after it.
fn readable(row: &Value) -> String {
    let mut text = row.to_string();
    for value in row.as_object().into_iter().flat_map(|row| row.values()) {
        if let Some(digits) = value.as_str().and_then(|value| value.strip_prefix("\\x")) {
            let bytes: Vec<u8> = digits
                .as_bytes()
                .chunks(2)
                .filter_map(|pair| {
                    std::str::from_utf8(pair)
                        .ok()
                        .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                })
                .collect();
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
    }
    text
}

/// Ends every session of a service with its database, in the middle of whatever it does. Gives how many there were.
///
/// # Panics
///
/// Where it fails.
pub async fn cut_off(town: &Town, database: &str) -> i64 {
    let mut connection = connect(town, "postgres").await;
    let cut = sqlx::query_scalar::<_, i64>(
        "select count(*) filter (where pg_terminate_backend(pid)) from pg_stat_activity where datname = $1",
    )
    .bind(database)
    .fetch_one(&mut connection)
    .await;
    match cut {
        Ok(cut) => cut,
        Err(error) => panic!("{error}"),
    }
}
