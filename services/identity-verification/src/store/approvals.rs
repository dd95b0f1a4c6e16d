//! What was verified lately, counted. It serves the question what other rules would have meant; nothing else reads so much.

use std::time::Duration;

use sqlx::PgConnection;
use sqlx::postgres::types::PgInterval;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;
use uuid::Uuid;

use super::methods;
use crate::domain::ids::VerificationId;
use crate::domain::rules::CodeRules;
use crate::domain::verification::{Method, Purpose};

const TABLE: &str = "verifications";

/// Which verifications are counted: those started since a time, of customers who live in certain countries.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The countries, ISO 3166-1 alpha-2.
    pub countries: Vec<String>,
    /// Whether it is all countries but these.
    pub all_but: bool,
    /// Since when.
    pub since: OffsetDateTime,
}

/// How many there are, and some of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub number: i64,
    /// The latest of them, at most ten.
    pub examples: Vec<VerificationId>,
}

/// How many approved verifications were beyond each limit of some rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beyond {
    /// The code came back too late.
    pub late: Count,
    /// It was sent too often.
    pub sends: Count,
    /// Too many were tried.
    pub checks: Count,
}

impl Sample {
    /// Before every id that was made since then: ids are ordered by time, and so is the primary key's index.
    pub(super) fn first_id(&self) -> Uuid {
        let milliseconds = u128::try_from(self.since.unix_timestamp_nanos() / 1_000_000).unwrap_or(0);
        Uuid::from_u128(milliseconds << 80)
    }
}

fn count(number: i64, examples: Option<Vec<VerificationId>>) -> Count {
    Count {
        number,
        examples: examples.unwrap_or_default(),
    }
}

/// Counts the approved verifications beyond each limit of `codes`.
pub async fn beyond(connection: &mut PgConnection, sample: &Sample, codes: &CodeRules) -> Result<Beyond, DbError> {
    let row = sqlx::query!(
        r#"select count(*) filter (where is_late) as "late!",
             (array_agg(id order by id desc) filter (where is_late))[1:10] as "late_ids: Vec<VerificationId>",
             count(*) filter (where sends > $6) as "resent!",
             (array_agg(id order by id desc) filter (where sends > $6))[1:10] as "resent_ids: Vec<VerificationId>",
             count(*) filter (where checks > $7) as "tried!",
             (array_agg(id order by id desc) filter (where checks > $7))[1:10] as "tried_ids: Vec<VerificationId>"
         from (
             select verifications.id, sends, checks, ended_at >= verifications.created_at + $5 as is_late
             from verifications join customers on customers.id = verifications.customer_id
             where state = 'approved' and verifications.id >= $1 and verifications.created_at >= $2
                 and (country_code = any($3)) <> $4
         ) as approved"#,
        sample.first_id(),
        sample.since,
        &sample.countries,
        sample.all_but,
        interval(codes.lifetime),
        codes.sends,
        codes.checks,
    )
    .fetch_one(connection)
    .await?;
    Ok(Beyond {
        late: count(row.late, row.late_ids),
        sends: count(row.resent, row.resent_ids),
        checks: count(row.tried, row.tried_ids),
    })
}

/// Counts the codes that went out although `limit` had been sent to their contact point within the hour before.
pub async fn crowded_sends(connection: &mut PgConnection, sample: &Sample, limit: i16) -> Result<Count, DbError> {
    let row = sqlx::query!(
        r#"select count(*) filter (where is_crowded) as "crowded!",
             (array_agg(distinct id order by id desc) filter (where is_crowded))[1:10] as "ids: Vec<VerificationId>"
         from (
             select verifications.id, deliveries.state <> 'dropped' and count(*) over (
                     partition by contact_key order by deliveries.created_at
                     range between interval '59 minutes 59.999999 seconds' preceding and current row
                 ) > $5 as is_crowded
             from deliveries
                 join verifications on verifications.id = deliveries.verification_id
                 join customers on customers.id = verifications.customer_id
             where verifications.id >= $1 and verifications.created_at >= $2 and (country_code = any($3)) <> $4
         ) as sends"#,
        sample.first_id(),
        sample.since,
        &sample.countries,
        sample.all_but,
        i64::from(limit),
    )
    .fetch_one(connection)
    .await?;
    Ok(count(row.crowded, row.ids))
}

/// Counts the approved verifications by what they were for and how.
pub async fn by_purpose(
    connection: &mut PgConnection,
    sample: &Sample,
) -> Result<Vec<(Purpose, Vec<Method>, Count)>, DbError> {
    let rows = sqlx::query!(
        r#"select purpose, proven, count(*) as "approved!",
             (array_agg(verifications.id order by verifications.id desc))[1:10] as "ids: Vec<VerificationId>"
         from verifications join customers on customers.id = verifications.customer_id
         where state = 'approved' and verifications.id >= $1 and verifications.created_at >= $2
             and (country_code = any($3)) <> $4
         group by purpose, proven order by purpose, proven"#,
        sample.first_id(),
        sample.since,
        &sample.countries,
        sample.all_but,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let purpose = stored(Purpose::from_name(&row.purpose), TABLE, "purpose")?;
            Ok((
                purpose,
                methods(TABLE, "proven", &row.proven)?,
                count(row.approved, row.ids),
            ))
        })
        .collect()
}

fn interval(duration: Duration) -> PgInterval {
    PgInterval {
        months: 0,
        days: 0,
        microseconds: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
    }
}
