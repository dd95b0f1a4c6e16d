//! A row of `cases`, and the case that it is.

use support_chassis::db::DbError;
use support_chassis::vault::{Held, KeyRow, Vault};
use time::{Duration, OffsetDateTime};

use super::sealed;
use crate::domain::case::{Bearing, Case, Concern, Standing};
use crate::domain::kinds::{Area, Channel, CloseReason, LanguageOrigin, ProductLine, Resolution, Segment, Severity};
use crate::domain::language::Language;
use crate::domain::levels::Promise;
use crate::domain::number::CaseNumber;
use crate::domain::speech::Speech;
use crate::domain::state::State;
use crate::domain::words::{CaseWords, SourceReference};
use crate::domain::{AgentId, CaseId, CustomerId, DeviceId};

/// A row as it is read. No `Debug`: it holds people's words.
pub(super) struct CaseRow {
    pub(super) id: CaseId,
    pub(super) number: i64,
    pub(super) customer_id: CustomerId,
    pub(super) state: String,
    pub(super) channel: String,
    pub(super) language: String,
    pub(super) product_line: Option<String>,
    pub(super) device_id: Option<DeviceId>,
    pub(super) severity: String,
    pub(super) subject: String,
    pub(super) description: String,
    pub(super) sealed_subject: Option<Vec<u8>>,
    pub(super) sealed_description: Option<Vec<u8>>,
    pub(super) wrapped_by: Option<String>,
    pub(super) wrapped: Option<Vec<u8>>,
    pub(super) erased_at: Option<OffsetDateTime>,
    pub(super) assigned_agent_id: Option<AgentId>,
    pub(super) resolution: Option<String>,
    pub(super) close_reason: Option<String>,
    pub(super) source_reference: Option<String>,
    pub(super) open_time: OffsetDateTime,
    pub(super) update_time: OffsetDateTime,
    pub(super) resolve_time: Option<OffsetDateTime>,
    pub(super) close_time: Option<OffsetDateTime>,
    pub(super) version: i64,
    pub(super) timeline_length: i64,
    pub(super) country_code: Option<String>,
    pub(super) area: Option<String>,
    pub(super) model: String,
    pub(super) segment: Option<String>,
    pub(super) account_manager_id: Option<AgentId>,
    pub(super) first_response_time: Option<OffsetDateTime>,
    pub(super) silent_since: Option<OffsetDateTime>,
    pub(super) stood_us: i64,
    pub(super) standard_basis: Option<String>,
    pub(super) calendar_basis: Option<String>,
    pub(super) first_response_due_time: Option<OffsetDateTime>,
    pub(super) resolve_due_time: Option<OffsetDateTime>,
    pub(super) reopen_within_us: Option<i64>,
    pub(super) no_answer_after_us: Option<i64>,
    pub(super) answer_first: Option<bool>,
    pub(super) stated_language: Option<String>,
    pub(super) read_languages: Vec<String>,
    pub(super) detected_language: Option<String>,
    pub(super) language_origin: String,
}

fn corrupt(column: &'static str) -> DbError {
    DbError::Corrupt { table: "cases", column }
}

impl CaseRow {
    /// How far the case is: the columns that belong together by the table's checks.
    fn standing(&self) -> Result<Standing, DbError> {
        let state = State::from_name(&self.state).ok_or_else(|| corrupt("state"))?;
        let resolution = word(self.resolution.as_deref(), "resolution", Resolution::from_name)?;
        match state {
            State::Open => Ok(Standing::Open),
            State::Assigned => self
                .assigned_agent_id
                .map(|agent| Standing::Assigned { agent })
                .ok_or_else(|| corrupt("assigned_agent_id")),
            State::Resolved => resolution
                .map(|resolution| Standing::Resolved { resolution })
                .ok_or_else(|| corrupt("resolution")),
            State::Closed => {
                let reason = self.close_reason.as_deref().and_then(CloseReason::from_name);
                Ok(Standing::Closed {
                    reason: reason.ok_or_else(|| corrupt("close_reason"))?,
                    resolution,
                    at: self.close_time.ok_or_else(|| corrupt("close_time"))?,
                })
            }
        }
    }
}

/// The columns that belong together by the table's checks; none where the case is older than they are.
fn promise(row: &mut CaseRow) -> Result<Option<Promise>, DbError> {
    let Some(basis) = row.standard_basis.take() else {
        return Ok(None);
    };
    let length = |microseconds: Option<i64>| microseconds.map(Duration::microseconds);
    Ok(Some(Promise {
        basis,
        calendar_basis: row.calendar_basis.take(),
        first_response_due: row
            .first_response_due_time
            .ok_or_else(|| corrupt("first_response_due_time"))?,
        resolve_due: row.resolve_due_time.ok_or_else(|| corrupt("resolve_due_time"))?,
        reopen_within: length(row.reopen_within_us).ok_or_else(|| corrupt("reopen_within_us"))?,
        no_answer_after: length(row.no_answer_after_us).ok_or_else(|| corrupt("no_answer_after_us"))?,
        answer_first: row.answer_first.ok_or_else(|| corrupt("answer_first"))?,
    }))
}

/// What is known of the customer's languages; of a case that is older than that, the one it is held in.
fn speech(row: &CaseRow) -> Result<Speech, DbError> {
    let language = |tag: &str, column| Language::parse(tag).map_err(|_| corrupt(column));
    let stated = row.stated_language.as_deref().unwrap_or(&row.language);
    Ok(Speech {
        stated: language(stated, "stated_language")?,
        reads: row
            .read_languages
            .iter()
            .map(|tag| language(tag, "read_languages"))
            .collect::<Result<_, _>>()?,
        detected: row
            .detected_language
            .as_deref()
            .map(|tag| language(tag, "detected_language"))
            .transpose()?,
        origin: LanguageOrigin::from_name(&row.language_origin).ok_or_else(|| corrupt("language_origin"))?,
    })
}

/// A word that may be missing.
fn word<T>(
    word: Option<&str>,
    column: &'static str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, DbError> {
    word.map(|word| read(word).ok_or_else(|| corrupt(column))).transpose()
}

impl CaseRow {
    /// The case.
    pub(super) fn read(self, vault: &Vault) -> Result<Case, DbError> {
        Ok(self.read_with_key(vault)?.0)
    }

    /// The case, and what there is of its customer's data key.
    pub(super) fn read_with_key(mut self, vault: &Vault) -> Result<(Case, Held), DbError> {
        let key = KeyRow {
            wrapped_by: self.wrapped_by.take(),
            wrapped: self.wrapped.take(),
            erased_at: self.erased_at,
        };
        let held = vault.held_in(self.customer_id.uuid(), key)?;
        let sealed = (self.sealed_subject.as_deref(), self.sealed_description.as_deref());
        let words = sealed::open_case(&held, self.id, sealed, (&self.subject, &self.description))?;
        Ok((self.with(words)?, held))
    }

    fn with(self, words: Option<CaseWords>) -> Result<Case, DbError> {
        let mut row = self;
        let standing = row.standing()?;
        let promise = promise(&mut row)?;
        let speech = speech(&row)?;
        Ok(Case {
            id: row.id,
            number: CaseNumber::from_sequence(row.number).ok_or_else(|| corrupt("number"))?,
            concern: Concern {
                customer: row.customer_id,
                channel: Channel::from_name(&row.channel).ok_or_else(|| corrupt("channel"))?,
                language: Language::parse(&row.language).map_err(|_| corrupt("language"))?,
                speech,
                product_line: word(row.product_line.as_deref(), "product_line", ProductLine::from_name)?,
                device: row.device_id,
                severity: Severity::from_name(&row.severity).ok_or_else(|| corrupt("severity"))?,
                words,
                source_reference: row
                    .source_reference
                    .map(SourceReference::parse)
                    .transpose()
                    .map_err(|_| corrupt("source_reference"))?,
                country: word(row.country_code.as_deref(), "country_code", |code| code.parse().ok())?,
                area: word(row.area.as_deref(), "area", Area::from_name)?,
                bearing: Bearing {
                    model: row.model,
                    segment: word(row.segment.as_deref(), "segment", Segment::from_name)?,
                    account_manager: row.account_manager_id,
                },
            },
            standing,
            open_time: row.open_time,
            update_time: row.update_time,
            resolve_time: row.resolve_time,
            version: row.version,
            timeline_length: row.timeline_length,
            promise,
            first_response_time: row.first_response_time,
            silent_since: row.silent_since,
            stood: Duration::microseconds(row.stood_us),
        })
    }
}

/// Reads cases: `select_cases!("cases", "where ...", arguments)`. The columns stand here and nowhere else. The data key of the
/// customer is read along, so that it costs no query of its own.
macro_rules! select_cases {
    ($cases:tt, $rest:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::store::row::CaseRow,
            r#"select id as "id: _", number, cases.customer_id as "customer_id: _", state, channel, language, product_line,
                   device_id as "device_id: _", severity, subject, description, sealed_subject,
                   sealed_description, wrapped_by as "wrapped_by?", wrapped as "wrapped?", erased_at as "erased_at?",
                   assigned_agent_id as "assigned_agent_id: _", resolution, close_reason, source_reference,
                   open_time, update_time, resolve_time, close_time, version, timeline_length, country_code, area,
                   model, segment, account_manager_id as "account_manager_id: _",
                   first_response_time, silent_since, stood_us, standard_basis, first_response_due_time,
                   resolve_due_time, reopen_within_us, no_answer_after_us, answer_first,
                   calendar_basis, stated_language, read_languages, detected_language, language_origin
               from "# + $cases + " left join customer_keys on customer_keys.customer_id = cases.customer_id " + $rest
            $(, $argument)*
        )
    };
}
pub(super) use select_cases;
