//! The records in the database. They are written once and read whole: what holds is computed in memory.

pub(super) mod drafts;

use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use super::place::Place;
use super::records::{Publication, PublicationId, Record, Tenure, TenureId, Withdrawal, WithdrawalId};
use crate::db::{DbError, stored};
use crate::id::Region;

/// The advisory lock that whoever adds records holds ("standard" in ASCII): it adds to the whole of what is there. So of two
/// who add at once one sees what follows from both: which overlays are lifted, which version is the next.
const ADDING: i64 = 0x7374_616e_6461_7264;

/// The ids of the records that have been read.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    publications: Vec<Uuid>,
    withdrawals: Vec<Uuid>,
    tenures: Vec<Uuid>,
}

impl Known {
    pub(super) fn add(&mut self, record: &Record) {
        match record {
            Record::Publication(publication) => self.publications.push(publication.id.uuid()),
            Record::Withdrawal(withdrawal) => self.withdrawals.push(withdrawal.id.uuid()),
            Record::Tenure(tenure) => self.tenures.push(tenure.id.uuid()),
        }
    }
}

/// What became of a record that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stored {
    /// It was added.
    New,
    /// It was there.
    Before,
    /// Another record stands in its place: one of its id, or of its region with its version or number.
    Contradicted,
}

/// Waits for whoever else adds records; until the transaction ends nobody else does.
pub(super) async fn lock(connection: &mut PgConnection) -> Result<(), DbError> {
    sqlx::query!("select pg_advisory_xact_lock($1)", ADDING)
        .fetch_one(connection)
        .await?;
    Ok(())
}

/// The records that are not known. Where there are none it takes one statement, which counts.
pub(super) async fn missing(connection: &mut PgConnection, known: &Known) -> Result<Vec<Record>, DbError> {
    let there = sqlx::query!(
        r#"select (select count(*) from standard_publications) as "publications!",
                  (select count(*) from standard_withdrawals) as "withdrawals!",
                  (select count(*) from standard_tenures) as "tenures!""#
    )
    .fetch_one(&mut *connection)
    .await?;
    // Records are never deleted: where there are as many, they are the same.
    let has_more = |count: i64, known: &[Uuid]| usize::try_from(count).is_ok_and(|count| count > known.len());
    let mut missing = Vec::new();
    if has_more(there.tenures, &known.tenures) {
        missing.extend(tenures(connection, &known.tenures, None).await?);
    }
    if has_more(there.publications, &known.publications) {
        missing.extend(publications(connection, &known.publications, None).await?);
    }
    if has_more(there.withdrawals, &known.withdrawals) {
        missing.extend(withdrawals(connection, &known.withdrawals, None).await?);
    }
    Ok(missing)
}

/// Stores a record, unless it is there. The caller holds the [`lock`].
pub(super) async fn insert(connection: &mut PgConnection, record: &Record) -> Result<Stored, DbError> {
    let (is_new, there) = match record {
        Record::Publication(publication) => {
            let is_new = insert_publication(connection, publication).await?;
            (
                is_new,
                publications(connection, &[], Some(publication.id.uuid())).await?,
            )
        }
        Record::Withdrawal(withdrawal) => {
            let is_new = insert_withdrawal(connection, withdrawal).await?;
            (is_new, withdrawals(connection, &[], Some(withdrawal.id.uuid())).await?)
        }
        Record::Tenure(tenure) => {
            let is_new = insert_tenure(connection, tenure).await?;
            (is_new, tenures(connection, &[], Some(tenure.id.uuid())).await?)
        }
    };
    // Read back, so that what is computed with now is what will be read later.
    Ok(match (there.first() == Some(record), is_new) {
        (true, true) => Stored::New,
        (true, false) => Stored::Before,
        (false, _) => Stored::Contradicted,
    })
}

/// The publications, but not the known ones; or only one.
async fn publications(
    connection: &mut PgConnection,
    known: &[Uuid],
    only: Option<Uuid>,
) -> Result<Vec<Record>, DbError> {
    let rows = sqlx::query!(
        r#"select id as "id: PublicationId", document, place, version, effective_from, published_at, author, approver, reason,
                  content, digest, tenure_id as "tenure_id: TenureId"
           from standard_publications
           where id <> all ($1) and ($2::uuid is null or id = $2)"#,
        known,
        only,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Record::Publication(Publication {
                id: row.id,
                document: row.document,
                place: stored(row.place.parse::<Place>().ok(), "standard_publications", "place")?,
                version: row.version,
                effective_from: row.effective_from,
                published_at: row.published_at,
                author: row.author,
                approver: row.approver.unwrap_or_default(),
                reason: row.reason,
                content: Arc::from(row.content),
                digest: row.digest,
                tenure: row.tenure_id,
            }))
        })
        .collect()
}

async fn withdrawals(
    connection: &mut PgConnection,
    known: &[Uuid],
    only: Option<Uuid>,
) -> Result<Vec<Record>, DbError> {
    let rows = sqlx::query!(
        r#"select id as "id: WithdrawalId", publication_id as "publication_id: PublicationId", from_day, withdrawn_at, author,
                  approver, reason
           from standard_withdrawals
           where id <> all ($1) and ($2::uuid is null or id = $2)"#,
        known,
        only,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            Record::Withdrawal(Withdrawal {
                id: row.id,
                publication: row.publication_id,
                from_day: row.from_day,
                withdrawn_at: row.withdrawn_at,
                author: row.author,
                approver: row.approver.unwrap_or_default(),
                reason: row.reason,
            })
        })
        .collect())
}

async fn tenures(connection: &mut PgConnection, known: &[Uuid], only: Option<Uuid>) -> Result<Vec<Record>, DbError> {
    let rows = sqlx::query!(
        r#"select id as "id: TenureId", number, region, taken,
                  last_versions as "last_versions: Json<BTreeMap<String, i64>>", moved_at, author, reason
           from standard_tenures
           where id <> all ($1) and ($2::uuid is null or id = $2)"#,
        known,
        only,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Record::Tenure(Tenure {
                id: row.id,
                number: row.number,
                region: stored(row.region.parse::<Region>().ok(), "standard_tenures", "region")?,
                taken: row.taken,
                last_versions: row.last_versions.0,
                moved_at: row.moved_at,
                author: row.author,
                reason: row.reason,
            }))
        })
        .collect()
}

async fn insert_publication(connection: &mut PgConnection, publication: &Publication) -> Result<bool, DbError> {
    let inserted = sqlx::query!(
        "insert into standard_publications (id, region, document, place, version, effective_from, published_at, author,
                                            approver, reason, content, digest, tenure_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict do nothing",
        publication.id.uuid(),
        publication.id.region().to_string(),
        publication.document,
        publication.place.to_string(),
        publication.version,
        publication.effective_from,
        publication.published_at,
        publication.author,
        named(&publication.approver),
        publication.reason,
        &*publication.content,
        publication.digest,
        publication.tenure.map(TenureId::uuid),
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

async fn insert_withdrawal(connection: &mut PgConnection, withdrawal: &Withdrawal) -> Result<bool, DbError> {
    let inserted = sqlx::query!(
        "insert into standard_withdrawals (id, region, publication_id, from_day, withdrawn_at, author, approver, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict do nothing",
        withdrawal.id.uuid(),
        withdrawal.id.region().to_string(),
        withdrawal.publication.uuid(),
        withdrawal.from_day,
        withdrawal.withdrawn_at,
        withdrawal.author,
        named(&withdrawal.approver),
        withdrawal.reason,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

async fn insert_tenure(connection: &mut PgConnection, tenure: &Tenure) -> Result<bool, DbError> {
    let inserted = sqlx::query!(
        "insert into standard_tenures (id, recorded_by, number, region, taken, last_versions, moved_at, author, reason)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict do nothing",
        tenure.id.uuid(),
        tenure.id.region().to_string(),
        tenure.number,
        tenure.region.as_str(),
        tenure.taken,
        Json(&tenure.last_versions) as _,
        tenure.moved_at,
        tenure.author,
        tenure.reason,
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Nobody is null.
fn named(person: &str) -> Option<&str> {
    Some(person).filter(|person| !person.is_empty())
}
