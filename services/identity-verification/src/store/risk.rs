//! What speaks against verifications: assessments and what reviewers decided. What they are made of is in [`known`] and
//! [`counts`], what they came to lately in [`past`].

pub mod counts;
pub mod known;
pub mod past;

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::id::Id;
use support_chassis::page::Page;
use time::OffsetDateTime;

use super::digest;
use crate::domain::ids::VerificationId;
use crate::domain::risk::{Assessment, Decision, Finding, Ground, Outcome, Signal};

const TABLE: &str = "risk_assessments";

/// The sort key of a list of assessments: when it was weighed, in microseconds since 1970, and the verification.
pub type SortKey = (i64, VerificationId);

struct Row {
    verification_id: VerificationId,
    signals: Vec<String>,
    weights: Vec<i16>,
    measures: Vec<i32>,
    found_at: Vec<OffsetDateTime>,
    score: i32,
    outcome: String,
    standard_basis: String,
    assessed_at: OffsetDateTime,
    started_by: Option<String>,
    device_key: Option<Vec<u8>>,
    prefix_key: Option<Vec<u8>>,
    country_key: Option<Vec<u8>>,
}

impl Row {
    fn assessment(self) -> Result<(VerificationId, Assessment), DbError> {
        let findings = self
            .signals
            .iter()
            .zip(self.weights.iter().zip(&self.measures))
            .zip(&self.found_at)
            .map(|((signal, (weight, measure)), found_at)| {
                Ok(Finding {
                    signal: stored(Signal::from_name(signal), TABLE, "signals")?,
                    weight: *weight,
                    measure: *measure,
                    found_at: *found_at,
                })
            })
            .collect::<Result<_, DbError>>()?;
        let key = |column, bytes: Option<Vec<u8>>| bytes.map(|bytes| digest(TABLE, column, &bytes)).transpose();
        let assessment = Assessment {
            findings,
            score: self.score,
            outcome: stored(Outcome::from_name(&self.outcome), TABLE, "outcome")?,
            basis: self.standard_basis,
            assessed_at: self.assessed_at,
            started_by: self.started_by,
            device: key("device_key", self.device_key)?,
            counted: key("prefix_key", self.prefix_key)?.zip(key("country_key", self.country_key)?),
        };
        Ok((self.verification_id, assessment))
    }
}

/// The findings as columns.
struct Columns {
    signals: Vec<String>,
    weights: Vec<i16>,
    measures: Vec<i32>,
    found_at: Vec<OffsetDateTime>,
}

impl Columns {
    fn of(findings: &[Finding]) -> Self {
        Self {
            signals: findings.iter().map(|found| found.signal.as_str().to_owned()).collect(),
            weights: findings.iter().map(|found| found.weight).collect(),
            measures: findings.iter().map(|found| found.measure).collect(),
            found_at: findings.iter().map(|found| found.found_at).collect(),
        }
    }
}

/// Writes the assessment of a new verification.
pub async fn insert(connection: &mut PgConnection, id: VerificationId, new: &Assessment) -> Result<(), DbError> {
    let columns = Columns::of(&new.findings);
    sqlx::query!(
        "insert into risk_assessments (
             verification_id, signals, weights, measures, found_at, score, outcome, standard_basis, assessed_at, started_by,
             device_key, prefix_key, country_key
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        id.uuid(),
        &columns.signals,
        &columns.weights,
        &columns.measures,
        &columns.found_at,
        new.score,
        new.outcome.as_str(),
        new.basis,
        new.assessed_at,
        new.started_by,
        new.device.as_ref().map(<[u8; 32]>::as_slice),
        new.counted.as_ref().map(|(prefix, _)| prefix.as_slice()),
        new.counted.as_ref().map(|(_, country)| country.as_slice()),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads an assessment; none of a verification from before there were any.
pub async fn get(connection: &mut PgConnection, id: VerificationId) -> Result<Option<Assessment>, DbError> {
    let row = sqlx::query_as!(
        Row,
        r#"select verification_id as "verification_id: VerificationId", signals, weights, measures, found_at, score, outcome,
             standard_basis, assessed_at, started_by, device_key, prefix_key, country_key
         from risk_assessments where verification_id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Row::assessment).transpose()?.map(|(_, assessment)| assessment))
}

/// Reads an assessment and keeps others from changing it until the transaction ends.
pub async fn lock(connection: &mut PgConnection, id: VerificationId) -> Result<Option<Assessment>, DbError> {
    let row = sqlx::query_as!(
        Row,
        r#"select verification_id as "verification_id: VerificationId", signals, weights, measures, found_at, score, outcome,
             standard_basis, assessed_at, started_by, device_key, prefix_key, country_key
         from risk_assessments where verification_id = $1 for update"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(Row::assessment).transpose()?.map(|(_, assessment)| assessment))
}

/// Writes what can change of a locked assessment.
pub async fn update(connection: &mut PgConnection, id: VerificationId, changed: &Assessment) -> Result<(), DbError> {
    let columns = Columns::of(&changed.findings);
    sqlx::query!(
        "update risk_assessments
         set signals = $2, weights = $3, measures = $4, found_at = $5, score = $6, outcome = $7, standard_basis = $8,
             assessed_at = $9
         where verification_id = $1",
        id.uuid(),
        &columns.signals,
        &columns.weights,
        &columns.measures,
        &columns.found_at,
        changed.score,
        changed.outcome.as_str(),
        changed.basis,
        changed.assessed_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lists assessments that came to something, or to `outcome` alone, newest first.
pub async fn list(
    connection: &mut PgConnection,
    outcome: Option<Outcome>,
    page: &Page<SortKey>,
) -> Result<Vec<(VerificationId, Assessment)>, DbError> {
    let (after_at, after_id) = match &page.after {
        Some((at, id)) => (Some(super::from_microseconds(*at)), Some(id.uuid())),
        None => (None, None),
    };
    let rows = sqlx::query_as!(
        Row,
        r#"select verification_id as "verification_id: VerificationId", signals, weights, measures, found_at, score, outcome,
             standard_basis, assessed_at, started_by, device_key, prefix_key, country_key
         from risk_assessments
         where outcome <> 'none' and ($1::text is null or outcome = $1)
             and ($2::timestamptz is null or (assessed_at, verification_id) < ($2, $3))
         order by assessed_at desc, verification_id desc limit $4"#,
        outcome.map(Outcome::as_str),
        after_at,
        after_id,
        page.limit(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Row::assessment).collect()
}

/// The sort key of an assessment.
#[must_use]
pub fn sort_key((id, assessment): &(VerificationId, Assessment)) -> SortKey {
    (super::microseconds(assessment.assessed_at), *id)
}

/// What a reviewer decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// On what.
    pub verification_id: VerificationId,
    /// What.
    pub decision: Decision,
    /// Why.
    pub ground: Ground,
    /// Who.
    pub reviewer: String,
    /// When.
    pub reviewed_at: OffsetDateTime,
    /// Of a clearance: the contact point it holds for, and until when.
    pub clears: Option<([u8; 32], OffsetDateTime)>,
}

/// Writes a decision down.
pub async fn insert_review(connection: &mut PgConnection, id: Id, new: &Review) -> Result<(), DbError> {
    sqlx::query!(
        "insert into risk_reviews (id, verification_id, decision, ground, reviewer, reviewed_at, contact_key, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.uuid(),
        new.verification_id.uuid(),
        new.decision.as_str(),
        new.ground.as_str(),
        new.reviewer,
        new.reviewed_at,
        new.clears.as_ref().map(|(contact, _)| contact.as_slice()),
        new.clears.map(|(_, expires_at)| expires_at),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Reads what reviewers decided on verifications, oldest first.
pub async fn reviews(connection: &mut PgConnection, of: &[VerificationId]) -> Result<Vec<Review>, DbError> {
    let of: Vec<_> = of.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select verification_id as "verification_id: VerificationId", decision, ground, reviewer, reviewed_at, contact_key,
             expires_at
         from risk_reviews where verification_id = any($1) order by reviewed_at, id"#,
        &of,
    )
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|row| {
        let contact = row.contact_key.map(|key| digest("risk_reviews", "contact_key", &key));
        Ok(Review {
            verification_id: row.verification_id,
            decision: stored(Decision::from_name(&row.decision), "risk_reviews", "decision")?,
            ground: stored(Ground::from_name(&row.ground), "risk_reviews", "ground")?,
            reviewer: row.reviewer,
            reviewed_at: row.reviewed_at,
            clears: contact.transpose()?.zip(row.expires_at),
        })
    });
    read.collect()
}

/// Whether a reviewer has cleared a contact point, so that it holds at `now`.
pub async fn is_cleared(
    connection: &mut PgConnection,
    contact_key: &[u8; 32],
    now: OffsetDateTime,
) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from risk_reviews where contact_key = $1 and expires_at > $2) as "is_cleared!""#,
        contact_key,
        now,
    )
    .fetch_one(connection)
    .await?)
}
