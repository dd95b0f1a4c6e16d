//! Cases, one by one.

use sqlx::PgConnection;
use support_chassis::country::Country;
use support_chassis::db::{DbError, Tx};
use support_chassis::outbox::{self, trace_parent};
use support_chassis::vault::{DataKey, Held, Vault};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::row::select_cases;
use super::sealed;
use crate::domain::case::{Case, Concern};
use crate::domain::kinds::{Area, ProductLine, Resolution, Segment};
use crate::domain::language::Language;
use crate::domain::levels::Promise;
use crate::domain::message::Message;
use crate::domain::number::CaseNumber;
use crate::domain::timeline::{Detail, Entry};
use crate::domain::words::SourceReference;
use crate::domain::{AgentId, CaseId, DeviceId};

/// The case, as it is.
pub async fn get(connection: &mut PgConnection, vault: &Vault, id: CaseId) -> Result<Option<Case>, DbError> {
    select_cases!("cases", "where id = $1", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(|row| row.read(vault))
        .transpose()
}

/// The case, kept from changing until the transaction ends.
pub async fn lock(connection: &mut PgConnection, vault: &Vault, id: CaseId) -> Result<Option<Case>, DbError> {
    let locked = lock_with_key(connection, vault, id).await?;
    Ok(locked.map(|(case, _)| case))
}

/// The same, with what there is of its customer's data key.
pub async fn lock_with_key(
    connection: &mut PgConnection,
    vault: &Vault,
    id: CaseId,
) -> Result<Option<(Case, Held)>, DbError> {
    select_cases!("cases", "where id = $1 for no key update of cases", id.uuid())
        .fetch_optional(connection)
        .await?
        .map(|row| row.read_with_key(vault))
        .transpose()
}

/// Writes a case that is opened `now`, the first entry of its history and the event that tells of it, in one statement:
/// it is the hottest write of the service. Gives the number that the case got.
///
/// # Errors
///
/// [`VaultError::Erased`](support_chassis::vault::VaultError::Erased) where the customer was erased, and the database's.
pub async fn open(
    tx: &mut Tx,
    vault: &Vault,
    id: CaseId,
    (concern, promise): (&Concern, &Promise),
    actor: &str,
    event: &outbox::Entry,
    now: OffsetDateTime,
) -> Result<CaseNumber, DbError> {
    let reads: Vec<String> = concern.speech.reads.iter().map(ToString::to_string).collect();
    let key = vault.make(tx.conn(), concern.customer.uuid(), now).await?;
    // Of a case that is being opened there are words: nobody is erased in a request.
    let (subject, description) = match &concern.words {
        Some(words) => sealed::seal_case(&key, id, words)?,
        None => (Vec::new(), Vec::new()),
    };
    let number = sqlx::query_scalar!(
        "with opened as (
             insert into cases (id, customer_id, state, channel, language, product_line, device_id, severity, sealed_subject,
                 sealed_description, source_reference, open_time, update_time, version, timeline_length, country_code, area,
                 standard_basis, first_response_due_time, resolve_due_time, reopen_within_us, no_answer_after_us,
                 answer_first, calendar_basis, stated_language, read_languages, detected_language, language_origin,
                 model, segment, account_manager_id)
             values ($1, $2, 'open', $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, 1, 1, $17, $18, $19, $20, $21, $22, $23,
                 $24, $25, $26, $27, $28, $29, $30, $31, $32)
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
        subject,
        description,
        concern.source_reference.as_ref().map(SourceReference::as_str),
        now,
        actor,
        event.event_id(now).uuid(),
        event.event_type,
        trace_parent(),
        event.payload,
        concern.country.as_ref().map(Country::as_str),
        concern.area.map(Area::as_str),
        promise.basis,
        promise.first_response_due,
        promise.resolve_due,
        microseconds(promise.reopen_within),
        microseconds(promise.no_answer_after),
        promise.answer_first,
        promise.calendar_basis,
        concern.speech.stated.as_str(),
        &reads,
        concern.speech.detected.as_ref().map(Language::as_str),
        concern.speech.origin.as_str(),
        concern.bearing.model,
        concern.bearing.segment.map(Segment::as_str),
        concern.bearing.account_manager.map(AgentId::uuid),
    )
    .fetch_one(tx.conn())
    .await?;
    tx.mark_appended();
    CaseNumber::from_sequence(number).ok_or(DbError::Corrupt {
        table: "cases",
        column: "number",
    })
}

/// Writes what changed of a locked case, with the entries of its history and, where something was said, the message, sealed by a key.
pub async fn save(
    connection: &mut PgConnection,
    case: &Case,
    entries: &[Entry],
    said: Option<(&Message, &DataKey)>,
) -> Result<(), DbError> {
    let message = said.map(|(message, _)| message);
    let body = said
        .and_then(|(message, key)| Some((message, key, message.body.as_ref()?)))
        .map(|(message, key, body)| sealed::seal_body(key, message.id, body))
        .transpose()?;
    let promise = case.promise.as_ref();
    let text = message.and_then(|message| message.text.as_ref());
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
                 resolve_time = $7, update_time = $8, version = $9, timeline_length = $10, severity = $26,
                 first_response_time = $27, silent_since = $28, stood_us = $29, standard_basis = $30,
                 first_response_due_time = $31, resolve_due_time = $32, reopen_within_us = $33,
                 no_answer_after_us = $34, answer_first = $35, calendar_basis = $36,
                 language = $37, detected_language = $38, language_origin = $39
             where id = $1
         ), said as (
             insert into messages (id, case_id, sequence, author, author_id, channel, language, sealed_body, send_time, text_key,
                 text_locale, text_version)
             select $18, $1, $19, $20, $21, $22, $23, $24, $25, $40, $41, $42 where $18::uuid is not null
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
        body,
        message.map(|message| message.send_time),
        case.concern.severity.as_str(),
        case.first_response_time,
        case.silent_since,
        microseconds(case.stood),
        promise.map(|promise| promise.basis.as_str()),
        promise.map(|promise| promise.first_response_due),
        promise.map(|promise| promise.resolve_due),
        promise.map(|promise| microseconds(promise.reopen_within)),
        promise.map(|promise| microseconds(promise.no_answer_after)),
        promise.map(|promise| promise.answer_first),
        promise.and_then(|promise| promise.calendar_basis.as_deref()),
        case.concern.language.as_str(),
        case.concern.speech.detected.as_ref().map(Language::as_str),
        case.concern.speech.origin.as_str(),
        text.map(|text| text.key.as_str()),
        text.map(|text| text.locale.as_str()),
        text.map(|text| text.version),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// As the table holds it: the clock's own precision. The standard allows no length that would not fit.
fn microseconds(length: Duration) -> i64 {
    i64::try_from(length.whole_microseconds()).unwrap_or(i64::MAX)
}
