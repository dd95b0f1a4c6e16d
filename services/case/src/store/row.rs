//! A row of `cases`, and the case that it is.

use support_chassis::db::DbError;
use time::OffsetDateTime;

use crate::domain::case::{Case, Concern, Standing};
use crate::domain::kinds::{Channel, CloseReason, ProductLine, Resolution, Severity};
use crate::domain::language::Language;
use crate::domain::number::CaseNumber;
use crate::domain::state::State;
use crate::domain::words::{Description, SourceReference, Subject};
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
}

fn corrupt(column: &'static str) -> DbError {
    DbError::Corrupt { table: "cases", column }
}

impl CaseRow {
    /// How far the case is: the columns that belong together by the table's checks.
    fn standing(&self) -> Result<Standing, DbError> {
        let state = State::from_name(&self.state).ok_or_else(|| corrupt("state"))?;
        let resolution = self.resolution.as_deref().map(Resolution::from_name);
        let resolution = match resolution {
            Some(None) => return Err(corrupt("resolution")),
            known => known.flatten(),
        };
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

impl TryFrom<CaseRow> for Case {
    type Error = DbError;

    fn try_from(row: CaseRow) -> Result<Self, DbError> {
        let standing = row.standing()?;
        let product_line = row.product_line.as_deref().map(ProductLine::from_name);
        Ok(Self {
            id: row.id,
            number: CaseNumber::from_sequence(row.number).ok_or_else(|| corrupt("number"))?,
            concern: Concern {
                customer: row.customer_id,
                channel: Channel::from_name(&row.channel).ok_or_else(|| corrupt("channel"))?,
                language: Language::parse(&row.language).map_err(|_| corrupt("language"))?,
                product_line: match product_line {
                    Some(None) => return Err(corrupt("product_line")),
                    known => known.flatten(),
                },
                device: row.device_id,
                severity: Severity::from_name(&row.severity).ok_or_else(|| corrupt("severity"))?,
                subject: Subject::parse(row.subject).map_err(|_| corrupt("subject"))?,
                description: Description::parse(row.description).map_err(|_| corrupt("description"))?,
                source_reference: row
                    .source_reference
                    .map(SourceReference::parse)
                    .transpose()
                    .map_err(|_| corrupt("source_reference"))?,
            },
            standing,
            open_time: row.open_time,
            update_time: row.update_time,
            resolve_time: row.resolve_time,
            version: row.version,
            timeline_length: row.timeline_length,
        })
    }
}

/// Reads cases: `select_cases!("cases where ...", arguments)`. The columns stand here and nowhere else.
macro_rules! select_cases {
    ($rest:tt $(, $argument:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::store::row::CaseRow,
            r#"select id as "id: _", number, customer_id as "customer_id: _", state, channel, language, product_line,
                   device_id as "device_id: _", severity, subject, description,
                   assigned_agent_id as "assigned_agent_id: _", resolution, close_reason, source_reference,
                   open_time, update_time, resolve_time, close_time, version, timeline_length
               from "# + $rest
            $(, $argument)*
        )
    };
}
pub(super) use select_cases;
