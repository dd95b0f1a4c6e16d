//! Sets: the texts of all languages at one moment.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;

use support_words::tag::Tag;

/// How a set came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetKind {
    /// From drafts that were approved.
    Approved,
    /// An operator published texts directly.
    Direct,
    /// The texts that come with the software.
    Shipped,
    /// An older set, published again.
    RollBack,
}

impl SetKind {
    const ALL: [Self; 4] = [Self::Approved, Self::Direct, Self::Shipped, Self::RollBack];

    /// As it stands in the database and in the contract.
    #[must_use]
    pub fn number(self) -> i16 {
        match self {
            Self::Approved => 1,
            Self::Direct => 2,
            Self::Shipped => 3,
            Self::RollBack => 4,
        }
    }
}

/// What a set changed in one locale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The locale.
    pub locale: Tag,
    /// The version of its catalogue in the set.
    pub version: i64,
    /// How many messages changed.
    pub count: i64,
}

/// A set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// The number, from 1.
    pub number: i64,
    /// How it came about.
    pub kind: SetKind,
    /// When it was published.
    pub published_at: OffsetDateTime,
    /// Who published it.
    pub published_by: String,
    /// What it is about.
    pub note: String,
    /// The older set whose texts it holds again.
    pub rolled_back_to: Option<i64>,
    /// What it changed, by locale.
    pub changed: Vec<Changed>,
}

/// Locks the numbers of sets and gives the newest; 0 where nothing was ever published. Always locked after the locales.
pub async fn lock_head(connection: &mut PgConnection) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!("select number from message_set_head for update")
        .fetch_one(connection)
        .await?)
}

/// Writes a set, without what it changes. Its number must be the next one, and the head locked.
pub async fn insert(connection: &mut PgConnection, set: &Set) -> Result<(), DbError> {
    sqlx::query!(
        "with published as (
             insert into message_sets (number, kind, published_at, published_by, note, rolled_back_to)
             values ($1, $2, $3, $4, $5, $6) returning number
         )
         update message_set_head set number = published.number from published",
        set.number,
        set.kind.number(),
        set.published_at,
        set.published_by,
        set.note,
        set.rolled_back_to,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether there is a set of this number.
pub async fn exists(connection: &mut PgConnection, number: i64) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from message_sets where number = $1) as "exists!""#,
        number
    )
    .fetch_one(connection)
    .await?)
}

/// The versions of all catalogues in a set, by locale; what had none then is not among them.
pub async fn versions_at(connection: &mut PgConnection, number: i64) -> Result<BTreeMap<String, i64>, DbError> {
    let rows = sqlx::query!(
        r#"select locale, max(version) as "version!" from catalogue_versions where set_number <= $1 group by locale"#,
        number
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.locale, row.version)).collect())
}

/// The sets, the newest first: `limit` of them below `before`.
pub async fn list(connection: &mut PgConnection, before: Option<i64>, limit: i64) -> Result<Vec<Set>, DbError> {
    let rows = sqlx::query!(
        "select number, kind, published_at, published_by, note, rolled_back_to from message_sets
         where $1::bigint is null or number < $1 order by number desc limit $2",
        before,
        limit,
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut sets = rows
        .into_iter()
        .map(|row| {
            let kind = SetKind::ALL.into_iter().find(|kind| kind.number() == row.kind);
            Ok(Set {
                number: row.number,
                kind: kind.ok_or(DbError::Corrupt {
                    table: "message_sets",
                    column: "kind",
                })?,
                published_at: row.published_at,
                published_by: row.published_by,
                note: row.note,
                rolled_back_to: row.rolled_back_to,
                changed: Vec::new(),
            })
        })
        .collect::<Result<Vec<Set>, DbError>>()?;
    let numbers: Vec<i64> = sets.iter().map(|set| set.number).collect();
    let mut changed = changed(connection, &numbers).await?;
    for set in &mut sets {
        set.changed = changed.remove(&set.number).unwrap_or_default();
    }
    Ok(sets)
}

async fn changed(connection: &mut PgConnection, sets: &[i64]) -> Result<BTreeMap<i64, Vec<Changed>>, DbError> {
    let rows = sqlx::query!(
        r#"select version.set_number, version.locale, version.version,
                  (select count(*) from messages message
                   where message.locale = version.locale and message.version = version.version) as "count!"
           from catalogue_versions version where version.set_number = any ($1)
           order by version.set_number, version.locale"#,
        sets
    )
    .fetch_all(connection)
    .await?;
    let mut changed: BTreeMap<i64, Vec<Changed>> = BTreeMap::new();
    for row in rows {
        let locale = Tag::parse(&row.locale).ok_or(DbError::Corrupt {
            table: "catalogue_versions",
            column: "locale",
        })?;
        changed.entry(row.set_number).or_default().push(Changed {
            locale,
            version: row.version,
            count: row.count,
        });
    }
    Ok(changed)
}
