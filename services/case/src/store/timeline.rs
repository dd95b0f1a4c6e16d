//! The histories of cases.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::id::Id;
use time::OffsetDateTime;

use super::marks::origin;
use crate::domain::CaseId;
use crate::domain::timeline::{Detail, Entry, Kind, Note, Source};

/// Writes an entry at the next place of a case's history; false where there is no such case. The case's row stays locked
/// until the transaction ends, so the places have no gaps, whoever writes at the same time.
pub async fn append(connection: &mut PgConnection, case: CaseId, note: &Note) -> Result<bool, DbError> {
    let written = sqlx::query!(
        "with counted as (
             update cases set timeline_length = timeline_length + 1 where id = $1 returning id, timeline_length
         )
         insert into timeline_entries (case_id, sequence, kind, source, subject_id, detail, actor_id, occur_time)
         select id, timeline_length, $2, $3, $4, $5, $6, $7 from counted",
        case.uuid(),
        note.kind.as_str(),
        note.source.as_str(),
        note.subject.uuid(),
        note.detail.as_ref().map(Detail::as_str),
        note.actor,
        note.occur_time,
    )
    .execute(connection)
    .await?;
    Ok(written.rows_affected() == 1)
}

/// Up to `limit` entries of a case's history behind the place `after`, in their order.
pub async fn list(connection: &mut PgConnection, case: CaseId, after: i64, limit: i64) -> Result<Vec<Entry>, DbError> {
    let rows = sqlx::query_as!(
        EntryRow,
        r#"select e.sequence, e.kind, e.source, e.subject_id as "subject: Id", e.detail, e.actor_id as actor, e.occur_time,
               m.text_key as "text_key?", m.text_locale as "text_locale?", m.text_version as "text_version?"
           from timeline_entries e
           left join messages m on m.case_id = e.case_id and m.sequence = e.sequence
           where e.case_id = $1 and e.sequence > $2 order by e.sequence limit $3"#,
        case.uuid(),
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Entry::try_from).collect()
}

/// When a repair was last ordered for a case; none where none was.
pub async fn last_repair(connection: &mut PgConnection, case: CaseId) -> Result<Option<OffsetDateTime>, DbError> {
    Ok(sqlx::query_scalar!(
        "select max(occur_time) from timeline_entries where case_id = $1 and kind = 'repair_submitted'",
        case.uuid()
    )
    .fetch_one(connection)
    .await?)
}

struct EntryRow {
    sequence: i64,
    kind: String,
    source: String,
    subject: Id,
    detail: Option<String>,
    actor: Option<String>,
    occur_time: OffsetDateTime,
    text_key: Option<String>,
    text_locale: Option<String>,
    text_version: Option<i64>,
}

impl TryFrom<EntryRow> for Entry {
    type Error = DbError;

    fn try_from(row: EntryRow) -> Result<Self, DbError> {
        let corrupt = |column| DbError::Corrupt {
            table: "timeline_entries",
            column,
        };
        Ok(Self {
            sequence: row.sequence,
            text: origin(row.text_key, row.text_locale, row.text_version).map_err(|_| DbError::Corrupt {
                table: "messages",
                column: "text_locale",
            })?,
            note: Note {
                kind: Kind::from_name(&row.kind).ok_or_else(|| corrupt("kind"))?,
                source: Source::from_name(&row.source).ok_or_else(|| corrupt("source"))?,
                subject: row.subject,
                detail: row
                    .detail
                    .map(Detail::parse)
                    .transpose()
                    .map_err(|_| corrupt("detail"))?,
                actor: row.actor,
                occur_time: row.occur_time,
            },
        })
    }
}
