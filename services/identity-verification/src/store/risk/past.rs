//! Assessments of the last weeks, as there was something to weigh. They serve the question what other rules would have done; nothing
//! else reads so many.

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;

use crate::domain::grant::Assurance;
use crate::domain::ids::VerificationId;
use crate::domain::risk::again::Past;
use crate::domain::risk::{Outcome, Signal};
use crate::domain::verification::Method;
use crate::store::approvals::Sample;
use crate::store::methods;

const TABLE: &str = "risk_assessments";

/// What was noticed about a verification, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// The verification.
    pub id: VerificationId,
    /// Where its customer lives, ISO 3166-1 alpha-2.
    pub country_code: String,
    /// What it came to.
    pub outcome: Outcome,
    /// What there was to weigh.
    pub past: Past,
}

struct Row {
    id: VerificationId,
    country_code: String,
    created_at: OffsetDateTime,
    methods: Vec<String>,
    own_methods: Option<Vec<String>>,
    signals: Vec<String>,
    measures: Vec<i32>,
    found_at: Vec<OffsetDateTime>,
    outcome: String,
    assessed_at: OffsetDateTime,
    is_cleared: bool,
}

impl Row {
    fn weighed(self) -> Result<Weighed, DbError> {
        let (mut at_start, mut at_proof) = (Vec::new(), Vec::new());
        for ((signal, measure), found_at) in self.signals.iter().zip(&self.measures).zip(&self.found_at) {
            let found = (stored(Signal::from_name(signal), TABLE, "signals")?, *measure);
            if *found_at <= self.created_at {
                at_start.push(found);
            } else if *found_at <= self.assessed_at {
                at_proof.push(found);
            }
            // What was noticed after it was weighed for the last time was never weighed.
        }
        let begun = methods("verifications", "methods", &self.methods)?;
        let own = self.own_methods.as_ref();
        let own = own
            .map(|own| methods("verifications", "own_methods", own))
            .transpose()?;
        let counts = |method: &Method| own.as_ref().is_none_or(|own| own.contains(method));
        let proven: Vec<_> = begun.iter().copied().filter(counts).collect();
        let can_raise = |methods: &[Method]| Assurance::of(methods) >= Some(Assurance::Aal2);
        Ok(Weighed {
            id: self.id,
            country_code: self.country_code,
            outcome: stored(Outcome::from_name(&self.outcome), TABLE, "outcome")?,
            past: Past {
                at_start,
                at_proof: (self.assessed_at > self.created_at).then_some(at_proof),
                is_cleared: self.is_cleared,
                could_raise: can_raise(&begun),
                could_raise_at_proof: can_raise(&proven),
            },
        })
    }
}

/// How many assessments of a sample had something to weigh.
pub async fn count(connection: &mut PgConnection, sample: &Sample) -> Result<i64, DbError> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "count!"
         from risk_assessments as assessment
             join verifications on verifications.id = assessment.verification_id
             join customers on customers.id = verifications.customer_id
         where verifications.id >= $1 and verifications.created_at >= $2 and (country_code = any($3)) <> $4
             and cardinality(signals) > 0"#,
        sample.first_id(),
        sample.since,
        &sample.countries,
        sample.all_but,
    )
    .fetch_one(connection)
    .await?)
}

/// Reads them one by one, the latest first.
pub fn read<'c>(connection: &'c mut PgConnection, sample: &'c Sample) -> BoxStream<'c, Result<Weighed, DbError>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select verifications.id as "id: VerificationId", country_code, verifications.created_at, methods, own_methods,
             signals, measures, found_at, outcome, assessed_at,
             exists (
                 select from risk_reviews as review
                 where review.contact_key = verifications.contact_key and review.reviewed_at <= assessment.assessed_at
                     and review.expires_at > assessment.assessed_at
             ) as "is_cleared!"
         from risk_assessments as assessment
             join verifications on verifications.id = assessment.verification_id
             join customers on customers.id = verifications.customer_id
         where verifications.id >= $1 and verifications.created_at >= $2 and (country_code = any($3)) <> $4
             and cardinality(signals) > 0
         order by verifications.id desc"#,
        sample.first_id(),
        sample.since,
        &sample.countries,
        sample.all_but,
    )
    .fetch(connection);
    let weighed = rows
        .map_err(DbError::from)
        .and_then(|row| std::future::ready(row.weighed()));
    Box::pin(weighed)
}
