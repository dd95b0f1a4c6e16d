//! Whether a service hands out and erases all that it holds on customers, as its tables say.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgPool;

/// What a service does with the tables that say something of a customer: by the sources of what exports and erases, and by the tables
/// that are in neither, each with why.
pub struct Holdings<'a> {
    /// The sources of what exports.
    pub exports: &'a [&'a str],
    /// The sources of what erases.
    pub erases: &'a [&'a str],
    /// What is not exported, and why.
    pub not_exported: &'a [(&'a str, &'a str)],
    /// What is not erased, and why.
    pub not_erased: &'a [(&'a str, &'a str)],
}

/// Asserts that each table that names a customer in a column, or hangs on one that does, is exported and erased, or stands among those
/// that are not, with a reason: so that a new one is not forgotten. And that nothing stands there that need not.
pub async fn nothing_is_forgotten(pool: &PgPool, holdings: &Holdings<'_>) {
    let tables = tables_of_customers(pool).await;
    assert!(!tables.is_empty(), "no table names a customer");
    let read = |table: &str| mentions(holdings.exports, &["from", "join"], table);
    let changed = |table: &str| mentions(holdings.erases, &["update", "delete from", "insert into"], table);
    agree("exported", &tables, read, holdings.not_exported);
    agree("erased", &tables, changed, holdings.not_erased);
}

/// The tables that name a customer in a column, and those that hang on them by foreign keys. That of the data keys is the chassis' own.
async fn tables_of_customers(pool: &PgPool) -> BTreeSet<String> {
    sqlx::query_scalar::<_, String>(
        r"with recursive reached as (
             select distinct held.oid from pg_class as held
             join pg_attribute as attribute on attribute.attrelid = held.oid and attribute.attnum > 0
                 and not attribute.attisdropped
             where held.relnamespace = 'public'::regnamespace and held.relkind in ('r', 'p')
                 and attribute.attname ~ '^((.*_)?(customer|delegate|holder|contact)(_id|_key)|acts_for|author_id)$'
             union
             select hangs.conrelid from reached
             join pg_constraint as hangs on hangs.confrelid = reached.oid and hangs.contype = 'f'
         )
         select relname::text from reached join pg_class using (oid) where relname <> 'customer_keys'",
    )
    .fetch_all(pool)
    .await
    .unwrap()
    .into_iter()
    .collect()
}

/// Whether a statement in one of the sources has one of the words before the table's name.
fn mentions(sources: &[&str], words: &[&str], table: &str) -> bool {
    let has = |source: &str, phrase: &str| {
        source.match_indices(phrase).any(|(start, _)| {
            let next = source[start + phrase.len()..].chars().next();
            next.is_none_or(|next| !next.is_ascii_alphanumeric() && next != '_')
        })
    };
    sources
        .iter()
        .any(|source| words.iter().any(|word| has(source, &format!("{word} {table}"))))
}

fn agree(what: &str, tables: &BTreeSet<String>, is_done: impl Fn(&str) -> bool, excepted: &[(&str, &str)]) {
    let excepted: BTreeMap<_, _> = excepted.iter().copied().collect();
    for table in tables {
        match (is_done(table), excepted.get(table.as_str())) {
            (true, None) => {}
            (true, Some(_)) => panic!("{table} is {what}, and need not be excepted"),
            (false, Some(reason)) => assert!(reason.len() > 20, "why {table} is not {what}"),
            (false, None) => panic!("{table} says something of customers and is not {what}"),
        }
    }
    for table in excepted.keys() {
        assert!(
            tables.contains(*table),
            "{table} is excepted and says nothing of customers"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_found_by_its_whole_name_behind_the_word() {
        let source = "select x from device_owners as held join plans on true";
        assert!(mentions(&[source], &["from", "join"], "device_owners"));
        assert!(mentions(&["", source], &["join"], "plans"));
        assert!(!mentions(&[source], &["from", "join"], "device"));
        assert!(!mentions(&[source], &["update"], "plans"));
    }

    #[test]
    #[should_panic(expected = "says something of customers and is not erased")]
    fn what_is_neither_done_nor_excepted_is_found() {
        agree("erased", &["plans".to_owned()].into(), |_| false, &[]);
    }

    #[test]
    #[should_panic(expected = "need not be excepted")]
    fn what_is_done_is_not_excepted() {
        agree(
            "erased",
            &["plans".to_owned()].into(),
            |_| true,
            &[("plans", "kept for the books of account")],
        );
    }
}
