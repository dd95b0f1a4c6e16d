//! Cases, one by one.

use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};
use support_chassis::outbox::{self, trace_parent};
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::select_cases;
use crate::domain::case::{Case, Concern};
use crate::domain::kinds::{ProductLine, Resolution};
use crate::domain::message::Message;
use crate::domain::number::CaseNumber;
use crate::domain::timeline::{Detail, Entry};
use crate::domain::words::SourceReference;
use crate::domain::{AgentId, CaseId, DeviceId};

/// The case, as it is.
pub async fn get(connection: &mut PgConnection, id: CaseId) -> Result<Option<Case>, DbError> {
    select_cases!("cases where id = $1", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Case::try_from)
        .transpose()
}

/// The case, kept from changing until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: CaseId) -> Result<Option<Case>, DbError> {
    select_cases!("cases where id = $1 for no key update", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(Case::try_from)
        .transpose()
}

/// Writes a case that is opened `now`, the first entry of its history and the event that tells of it, in one statement:
/// it is the hottest write of the service. Gives the number that the case got.
pub async fn open(
    tx: &mut Tx,
    id: CaseId,
    concern: &Concern,
    actor: &str,
    event: &outbox::Entry,
    now: OffsetDateTime,
) -> Result<CaseNumber, DbError> {
    let number = sqlx::query_scalar!(
        "with opened as (
             insert into cases (id, customer_id, state, channel, language, product_line, device_id, severity, subject,
                 description, source_reference, open_time, update_time, version, timeline_length)
             values ($1, $2, 'open', $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 1, 1)
             returning id, number
         ), noted as (
             insert into timeline_entries (case_id, sequence, kind, source, subject_id, actor_id, occur_time)
             select id, 1, 'case_opened', 'case', id, $12, $11 from opened
         ), told as (
             insert into outbox (event_id, event_type, subject_id, occurred_at, trace_parent, payload)
             select $13, $14, id, $11, $15, $16 from opened
         )
         select number from opened",
        id.uuid(),
        concern.customer.uuid(),
        concern.channel.as_str(),
        concern.language.as_str(),
        concern.product_line.map(ProductLine::as_str),
        concern.device.map(DeviceId::uuid),
        concern.severity.as_str(),
        concern.subject.as_str(),
        concern.description.as_str(),
        concern.source_reference.as_ref().map(SourceReference::as_str),
        now,
        actor,
        event.event_id(now).uuid(),
        event.event_type,
        trace_parent(),
        event.payload,
    )
    .fetch_one(tx.conn())
    .await?;
    tx.mark_appended();
    CaseNumber::from_sequence(number).ok_or(DbError::Corrupt {
        table: "cases",
        column: "number",
    })
}

/// Writes what changed of a locked case, with the entries of its history and, where something was said, the message.
pub async fn save(
    connection: &mut PgConnection,
    case: &Case,
    entries: &[Entry],
    message: Option<&Message>,
) -> Result<(), DbError> {
    let sequences: Vec<i64> = entries.iter().map(|entry| entry.sequence).collect();
    let kinds: Vec<String> = entries
        .iter()
        .map(|entry| entry.note.kind.as_str().to_owned())
        .collect();
    let sources: Vec<String> = entries
        .iter()
        .map(|entry| entry.note.source.as_str().to_owned())
        .collect();
    let subjects: Vec<Uuid> = entries.iter().map(|entry| entry.note.subject.uuid()).collect();
    let details: Vec<Option<String>> = entries
        .iter()
        .map(|entry| entry.note.detail.as_ref().map(Detail::to_string))
        .collect();
    let actors: Vec<Option<String>> = entries.iter().map(|entry| entry.note.actor.clone()).collect();
    let times: Vec<OffsetDateTime> = entries.iter().map(|entry| entry.note.occur_time).collect();
    sqlx::query!(
        "with changed as (
             update cases set state = $2, assigned_agent_id = $3, resolution = $4, close_reason = $5, close_time = $6,
                 resolve_time = $7, update_time = $8, version = $9, timeline_length = $10
             where id = $1
         ), said as (
             insert into messages (id, case_id, sequence, author, author_id, channel, language, body, send_time)
             select $18, $1, $19, $20, $21, $22, $23, $24, $25 where $18::uuid is not null
         )
         insert into timeline_entries (case_id, sequence, kind, source, subject_id, detail, actor_id, occur_time)
         select $1, entry.*
         from unnest($11::bigint[], $12::text[], $13::text[], $14::uuid[], $15::text[], $16::text[],
             $17::timestamptz[]) as entry",
        case.id.uuid(),
        case.state().as_str(),
        case.standing.agent().map(AgentId::uuid),
        case.standing.resolution().map(Resolution::as_str),
        case.standing.closed().map(|(reason, _)| reason.as_str()),
        case.standing.closed().map(|(_, at)| at),
        case.resolve_time,
        case.update_time,
        case.version,
        case.timeline_length,
        &sequences,
        &kinds,
        &sources,
        &subjects,
        &details as &[Option<String>],
        &actors as &[Option<String>],
        &times,
        message.map(|message| message.id.uuid()),
        message.map(|message| message.sequence),
        message.map(|message| message.author.as_str()),
        message.and_then(|message| message.author_id.as_deref()),
        message.map(|message| message.channel.as_str()),
        message.map(|message| message.language.as_str()),
        message.map(|message| message.body.as_str()),
        message.map(|message| message.send_time),
    )
    .execute(connection)
    .await?;
    Ok(())
}
