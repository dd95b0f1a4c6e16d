//! Databases and the roles that own them.

use std::fmt::Write as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

use crate::error::{Error, Result};

/// The advisory lock that one holds who makes databases and roles: "if not there, create" is two statements.
const LOCK: i64 = 0x7375_7070_6f72_7431; // "support1"

/// Makes or mends the database and the role `support_<name>`; gives that name.
pub(crate) async fn ensure_service(admin: &PgConnectOptions, name: &str, password: &str) -> Result<String> {
    let role = format!("support_{}", identifier(name)?);
    if password.is_empty() || password.chars().any(char::is_control) {
        return Err(Error::InvalidPassword { name: name.to_owned() });
    }
    let mut connection = connect(admin).await?;
    sqlx::query("select pg_advisory_lock($1)")
        .bind(LOCK)
        .execute(&mut connection)
        .await?;
    let (role_exists, database_exists): (bool, bool) = sqlx::query_as(
        "select exists (select from pg_roles where rolname = $1), exists (select from pg_database where datname = $1)",
    )
    .bind(&role)
    .fetch_one(&mut connection)
    .await?;
    let verb = if role_exists { "alter" } else { "create" };
    let rights = "login nosuperuser nocreatedb nocreaterole noreplication nobypassrls";
    run(
        &mut connection,
        format!("{verb} role {role} {rights} password {}", literal(password)),
    )
    .await?;
    if database_exists {
        run(&mut connection, format!("alter database {role} owner to {role}")).await?;
    } else {
        run(&mut connection, format!("create database {role} owner {role}")).await?;
    }
    // All databases, not the new one alone: any role may connect to `postgres` and `template1` by default.
    for database in [role.as_str(), "postgres", "template1"] {
        run(
            &mut connection,
            format!("revoke all on database {database} from public"),
        )
        .await?;
    }
    connection.close().await?; // which gives the lock back
    Ok(role)
}

/// A connection whose statements sqlx does not log, since some have passwords in them.
pub(crate) async fn connect(options: &PgConnectOptions) -> Result<PgConnection> {
    Ok(options.clone().disable_statement_logging().connect().await?)
}

/// Runs one statement made of checked identifiers and quoted literals: those that make databases and roles
/// take no parameters.
pub(crate) async fn run(connection: &mut PgConnection, statement: String) -> Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

/// A name as an identifier that needs no quotes, with the prefix at most 63 bytes, PostgreSQL's limit.
fn identifier(name: &str) -> Result<String> {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    let plain = name
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-');
    if begins && plain && name.len() <= 40 {
        Ok(name.replace('-', "_"))
    } else {
        Err(Error::InvalidName { name: name.to_owned() })
    }
}

/// A string as an SQL literal. Under `standard_conforming_strings`, the default, only the quote is special;
/// a backslash is written in the form that holds under both settings.
pub(crate) fn literal(text: &str) -> String {
    format!("E'{}'", text.replace('\\', r"\\").replace('\'', "''"))
}

/// A connection URL. Host, role and database must be free of special characters; the password may be anything.
pub(crate) fn url(host: &str, port: u16, role: &str, password: &str, database: &str) -> String {
    format!(
        "postgres://{role}:{}@{host}:{port}/{database}",
        percent_encoded(password)
    )
}

/// RFC 3986, 2.3: all but unreserved characters are escaped.
fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}"); // writing to a String cannot fail
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(identifier("repair-logistics").unwrap(), "repair_logistics");
        for wrong in ["", "Case", "1st", "_x", "a b", "a;drop", "a\"", "é", &"a".repeat(41)] {
            assert!(matches!(identifier(wrong), Err(Error::InvalidName { .. })), "{wrong}");
        }
    }

    #[test]
    fn quoting() {
        assert_eq!(literal(r"it's \ here"), r"E'it''s \\ here'");
        assert_eq!(
            url("127.0.0.1", 5, "r", "a/b@c:ü", "d"),
            "postgres://r:a%2Fb%40c%3A%C3%BC@127.0.0.1:5/d"
        );
    }
}
