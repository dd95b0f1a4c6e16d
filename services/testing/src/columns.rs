//! What the columns of a service hold that could hold a person's words.
//!
//! A column that somebody adds is in no list, and the test of the service fails until its author has said what it holds: whether it is
//! sealed is decided then, and not forgotten.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgPool;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A code, a tag, a version, the name of something of the catalogue: out of a set that no customer adds to.
    Code,
    /// The id of a person or an organisation, which names nobody.
    Id,
    /// Who somebody is who works here, as customers are shown them.
    Shown,
    /// What leads to a record of another system, or to a thing: nobody's words.
    Reference,
    /// What those who work here wrote of rules, products or articles, for all to read: never of a customer.
    Staff,
    /// A hash or another value that nothing can be read from.
    Digest,
    /// What a person wrote or what tells of them: sealed, with their data key or with a key of the service.
    Sealed,
    /// What was in the clear before it was sealed, kept for an upgrade: a fixed text or nothing, but for a minute.
    Drained,
    /// What the service reckoned, from values that are all of the kinds above.
    Derived,
}

/// The columns that every service has.
const OF_ALL: &[(Holds, &str)] = &[
    (
        Holds::Code,
        "_chassis_migrations.description _sqlx_migrations.description outbox.event_type outbox.trace_parent feed_consumers.name
         feed_positions.source feed_parked.source feed_parked.event_type feed_parked.trace_parent idempotency_keys.method
         idempotency_keys.sealed_by customer_keys.wrapped_by vault_processes.keys vault_processes.lookup_keys
         standard_publications.region standard_publications.document standard_publications.place standard_drafts.document
         standard_drafts.place standard_regions.region standard_tenures.recorded_by standard_tenures.region
         standard_tenures.last_versions standard_withdrawals.region",
    ),
    (
        Holds::Id,
        "idempotency_keys.caller standard_publications.author standard_publications.approver standard_drafts.author
         standard_drafts.approver standard_tenures.author standard_withdrawals.author standard_withdrawals.approver",
    ),
    (
        Holds::Staff,
        "standard_publications.content standard_publications.reason standard_drafts.content standard_drafts.reason
         standard_tenures.reason standard_withdrawals.reason",
    ),
    (
        Holds::Digest,
        "_chassis_migrations.checksum _sqlx_migrations.checksum standard_publications.digest idempotency_keys.request_hash",
    ),
    (Holds::Sealed, "customer_keys.wrapped idempotency_keys.response"),
    // Events hold no word of anybody: the contract's own test sees to that.
    (Holds::Derived, "outbox.payload feed_parked.payload feed_parked.reason"),
];

/// Asserts that of every column of a database that could hold words it is known what it holds: `told` says so of the service's own
/// columns, as `table.column` with spaces between them. A column that the schema restricts to a list of names need not be told.
pub async fn columns_are_known(pool: &PgPool, told: &[(Holds, &str)]) {
    let there: Vec<(String, String, bool)> = sqlx::query_as(
        "select format('%s.%s', kept.relname, held.attname), format_type(held.atttypid, held.atttypmod),
             exists (select from pg_constraint as rule
                     where rule.conrelid = kept.oid and rule.contype = 'c' and rule.conkey = array[held.attnum]
                         and pg_get_constraintdef(rule.oid) ~ '(= ANY \\(|<@ )\\(?ARRAY')
         from pg_attribute as held join pg_class as kept on kept.oid = held.attrelid
         where kept.relnamespace = 'public'::regnamespace and kept.relkind in ('r', 'p') and held.attnum > 0
             and not held.attisdropped
             and (format_type(held.atttypid, held.atttypmod) ~ '^(text|character|json|bytea|xml|citext|name|hstore)')",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let listed: BTreeSet<&str> = there
        .iter()
        .filter(|(_, _, is_listed)| *is_listed)
        .map(|(column, _, _)| column.as_str())
        .collect();
    let types: BTreeMap<&str, &str> = there
        .iter()
        .map(|(column, kind, _)| (column.as_str(), kind.as_str()))
        .collect();
    let mut known = BTreeMap::new();
    for (holds, columns) in OF_ALL.iter().chain(told) {
        for column in columns.split_whitespace() {
            assert!(known.insert(column, *holds).is_none(), "{column} is told twice");
        }
    }
    let forgotten: Vec<_> = types
        .keys()
        .filter(|column| !known.contains_key(*column) && !listed.contains(*column))
        .collect();
    assert!(
        forgotten.is_empty(),
        "nobody has said what these hold, and whether it has to be sealed: {forgotten:?}"
    );
    for (column, holds) in known {
        let kind = types.get(column).copied();
        let is_sealed = matches!(kind, Some("bytea"));
        assert!(kind.is_some(), "there is no {column}");
        assert!(
            is_sealed || holds != Holds::Sealed,
            "{column} cannot be sealed, it is {kind:?}"
        );
    }
}
