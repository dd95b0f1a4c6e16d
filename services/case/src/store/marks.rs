//! What became of the steps of cases' playbooks, and which texts of the catalogues customers were shown.

use sqlx::PgConnection;
use support_chassis::db::DbError;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::kinds::Channel;
use crate::domain::language::{InvalidLanguage, Language};
use crate::domain::message::TextOrigin;
use crate::domain::playbook::{Mark, Step, StepOutcome};
use crate::domain::{CaseId, MessageId};

/// Writes what became of a step, in place of what was there.
pub async fn put(connection: &mut PgConnection, case: CaseId, mark: &Mark) -> Result<(), DbError> {
    sqlx::query!(
        "insert into playbook_marks (case_id, step, outcome, channel, actor_id, mark_time, text_key, text_locale,
             text_version)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict on constraint playbook_marks_pkey do update set outcome = excluded.outcome,
             channel = excluded.channel, actor_id = excluded.actor_id, mark_time = excluded.mark_time,
             text_key = excluded.text_key, text_locale = excluded.text_locale, text_version = excluded.text_version",
        case.uuid(),
        mark.step.as_str(),
        mark.outcome.as_str(),
        mark.channel.as_str(),
        mark.actor,
        mark.at,
        mark.text.as_ref().map(|text| text.key.as_str()),
        mark.text.as_ref().map(|text| text.locale.as_str()),
        mark.text.as_ref().map(|text| text.version),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes away what became of a step.
pub async fn remove(connection: &mut PgConnection, case: CaseId, step: &Step) -> Result<(), DbError> {
    sqlx::query!(
        "delete from playbook_marks where case_id = $1 and step = $2",
        case.uuid(),
        step.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What became of the steps of a case, the latest last.
pub async fn of_case(connection: &mut PgConnection, case: CaseId) -> Result<Vec<Mark>, DbError> {
    let rows = sqlx::query!(
        "select step, outcome, channel, actor_id, mark_time, text_key, text_locale, text_version
         from playbook_marks where case_id = $1 order by mark_time, step",
        case.uuid(),
    )
    .fetch_all(connection)
    .await?;
    let corrupt = |column| DbError::Corrupt {
        table: "playbook_marks",
        column,
    };
    rows.into_iter()
        .map(|row| {
            Ok(Mark {
                step: Step::parse(row.step).map_err(|_| corrupt("step"))?,
                outcome: StepOutcome::from_name(&row.outcome).ok_or_else(|| corrupt("outcome"))?,
                channel: Channel::from_name(&row.channel).ok_or_else(|| corrupt("channel"))?,
                actor: row.actor_id,
                at: row.mark_time,
                text: origin(row.text_key, row.text_locale, row.text_version).map_err(|_| corrupt("text_locale"))?,
            })
        })
        .collect()
}

/// What tells whether what a desk shows of a case has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pulse {
    /// Of the case itself.
    version: i64,
    /// Of its history, and so of what was said in it and of its repairs.
    timeline_length: i64,
    /// Of the marks of its playbook.
    marks_version: i64,
}

/// The pulses of cases.
pub async fn pulses(connection: &mut PgConnection, cases: &[CaseId]) -> Result<Vec<(CaseId, Pulse)>, DbError> {
    let ids: Vec<Uuid> = cases.iter().map(|case| case.uuid()).collect();
    let rows = sqlx::query!(
        r#"select id as "id: CaseId", version, timeline_length, marks_version from cases where id = any($1)"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let pulse = |version, timeline_length, marks_version| Pulse {
        version,
        timeline_length,
        marks_version,
    };
    Ok(rows
        .into_iter()
        .map(|row| (row.id, pulse(row.version, row.timeline_length, row.marks_version)))
        .collect())
}

/// Counts that a mark of a locked case has changed.
pub async fn count(connection: &mut PgConnection, case: CaseId) -> Result<(), DbError> {
    sqlx::query!(
        "update cases set marks_version = marks_version + 1 where id = $1",
        case.uuid()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Where words came from, of columns that are null together.
pub(super) fn origin(
    key: Option<String>,
    locale: Option<String>,
    version: Option<i64>,
) -> Result<Option<TextOrigin>, InvalidLanguage> {
    let (Some(key), Some(locale), Some(version)) = (key, locale, version) else {
        return Ok(None);
    };
    let locale = Language::parse(&locale)?;
    Ok(Some(TextOrigin { key, locale, version }))
}

/// A text of the catalogues that a customer was shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Where it came from.
    pub text: TextOrigin,
    /// The message that it stood in; none where it was said as a step of the playbook.
    pub message: Option<MessageId>,
    /// The step of the playbook that it was; none where it stood in a message.
    pub step: Option<String>,
    /// The channel.
    pub channel: Channel,
    /// When.
    pub at: OffsetDateTime,
}

/// Up to `limit` texts of the catalogues that the customer of a case was shown in it, newest first.
pub async fn shown(connection: &mut PgConnection, case: CaseId, limit: i64) -> Result<Vec<Shown>, DbError> {
    let rows = sqlx::query!(
        r#"select message as "message: MessageId", step, channel as "channel!", at as "at!", text_key, text_locale, text_version
           from (
               select id as message, null as step, channel, send_time as at, text_key, text_locale, text_version
               from messages where case_id = $1 and text_key is not null
               union all
               select null, step, channel, mark_time, text_key, text_locale, text_version
               from playbook_marks where case_id = $1 and text_key is not null
           ) as shown
           order by at desc, message, step limit $2"#,
        case.uuid(),
        limit,
    )
    .fetch_all(connection)
    .await?;
    let corrupt = |column| DbError::Corrupt {
        table: "messages",
        column,
    };
    rows.into_iter()
        .map(|row| {
            let text = origin(row.text_key, row.text_locale, row.text_version).ok().flatten();
            Ok(Shown {
                text: text.ok_or_else(|| corrupt("text_locale"))?,
                message: row.message,
                step: row.step,
                channel: Channel::from_name(&row.channel).ok_or_else(|| corrupt("channel"))?,
                at: row.at,
            })
        })
        .collect()
}
