//! The cases that nobody has settled yet, counted.

use sqlx::PgConnection;
use support_chassis::db::DbError;

use crate::domain::CaseId;
use crate::domain::kinds::{Channel, Severity};

/// Open cases for which the same is promised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCases {
    /// Where they are served; none where it is not known.
    pub country: Option<String>,
    /// What is at stake.
    pub severity: Severity,
    /// The channel they came by.
    pub channel: Channel,
    /// How many there are.
    pub count: i64,
    /// Some of them, the oldest first.
    pub examples: Vec<CaseId>,
}

/// Counts the cases that are open or assigned, with at most `examples` of each kind.
pub async fn read(connection: &mut PgConnection, examples: usize) -> Result<Vec<OpenCases>, DbError> {
    let rows = sqlx::query!(
        r#"select country_code, severity, channel, count(*) as "count!",
               (array_agg(id order by open_time, id))[1:$1] as "examples!: Vec<CaseId>"
           from cases where state in ('open', 'assigned')
           group by country_code, severity, channel order by country_code, severity, channel"#,
        i32::try_from(examples).unwrap_or(i32::MAX),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let corrupt = |column| DbError::Corrupt { table: "cases", column };
            Ok(OpenCases {
                country: row.country_code,
                severity: Severity::from_name(&row.severity).ok_or_else(|| corrupt("severity"))?,
                channel: Channel::from_name(&row.channel).ok_or_else(|| corrupt("channel"))?,
                count: row.count,
                examples: row.examples,
            })
        })
        .collect()
}
