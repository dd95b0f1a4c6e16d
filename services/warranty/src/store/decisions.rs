//! Coverage decisions and their chains. Written once, never changed: a trigger refuses it.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::{Date, OffsetDateTime};

use crate::domain::coverage::{Damage, Decision, DecisionId, Outcome, Weighed};
use crate::domain::device::{CustomerId, DeviceId};

const TABLE: &str = "coverage_decisions";
const RULES: &str = "coverage_decision_rules";

/// A decision as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: DecisionId,
    /// The device.
    pub device_id: DeviceId,
    /// What was decided.
    pub decision: Decision,
    /// The partner's organisation that asked; none where no partner did.
    pub asked_by_organisation: Option<String>,
    /// When it was decided.
    pub decided_at: OffsetDateTime,
}

/// Adds a decision with its chain. One statement.
pub async fn insert(connection: &mut PgConnection, kept: &Kept) -> Result<(), DbError> {
    let chain = &kept.decision.chain;
    let rule_ids: Vec<String> = chain.iter().map(|weighed| weighed.rule_id.to_string()).collect();
    let outcomes: Vec<String> = chain
        .iter()
        .map(|weighed| weighed.outcome.as_str().to_owned())
        .collect();
    let applies: Vec<bool> = chain.iter().map(|weighed| weighed.applies).collect();
    let decided: Vec<bool> = chain.iter().map(|weighed| weighed.decided).collect();
    let from: Vec<Option<Date>> = chain.iter().map(|weighed| weighed.from).collect();
    let until: Vec<Option<Date>> = chain.iter().map(|weighed| weighed.until).collect();
    let sources: Vec<String> = chain.iter().map(|weighed| weighed.source.to_string()).collect();
    let reasons: Vec<String> = chain.iter().map(|weighed| weighed.reason_key.to_string()).collect();
    sqlx::query!(
        r#"with decision as (
               insert into coverage_decisions (id, device_id, day, damage, outcome, covered_until, terms_version,
                                               asked_by_organisation, decided_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               returning id
           )
           insert into coverage_decision_rules (decision_id, place, rule_id, outcome, applies, decided, from_day,
                                                until_day, source, reason_key)
           select decision.id, weighed.place - 1, weighed.rule_id, weighed.outcome, weighed.applies, weighed.decided,
                  weighed.from_day, weighed.until_day, weighed.source, weighed.reason_key
           from decision, unnest($10::text[], $11::text[], $12::boolean[], $13::boolean[], $14::date[], $15::date[],
                                 $16::text[], $17::text[]) with ordinality
               as weighed (rule_id, outcome, applies, decided, from_day, until_day, source, reason_key, place)"#,
        kept.id.uuid(),
        kept.device_id.uuid(),
        kept.decision.day,
        kept.decision.damage.as_str(),
        kept.decision.outcome.as_str(),
        kept.decision.covered_until,
        kept.decision.terms_version.as_ref(),
        kept.asked_by_organisation,
        kept.decided_at,
        &rule_ids,
        &outcomes,
        &applies,
        &decided,
        &from as &[Option<Date>],
        &until as &[Option<Date>],
        &sources,
        &reasons,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The decision with this id, and who has its device now.
pub async fn get(connection: &mut PgConnection, id: DecisionId) -> Result<Option<(Kept, Option<CustomerId>)>, DbError> {
    let row = sqlx::query!(
        r#"select device_id as "device_id: DeviceId", day, damage, outcome, covered_until, terms_version,
                  asked_by_organisation, decided_at, owner_customer_id as "owner: CustomerId"
           from coverage_decisions join devices on devices.id = coverage_decisions.device_id
           where coverage_decisions.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let decision = Decision {
        day: row.day,
        damage: stored(Damage::from_name(&row.damage), TABLE, "damage")?,
        outcome: stored(Outcome::from_name(&row.outcome), TABLE, "outcome")?,
        covered_until: row.covered_until,
        chain: chain(connection, id).await?,
        terms_version: row.terms_version.into(),
    };
    let kept = Kept {
        id,
        device_id: row.device_id,
        decision,
        asked_by_organisation: row.asked_by_organisation,
        decided_at: row.decided_at,
    };
    Ok(Some((kept, row.owner)))
}

async fn chain(connection: &mut PgConnection, id: DecisionId) -> Result<Vec<Weighed>, DbError> {
    sqlx::query!(
        "select rule_id, outcome, applies, decided, from_day, until_day, source, reason_key
         from coverage_decision_rules where decision_id = $1 order by place",
        id.uuid(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| {
        Ok(Weighed {
            rule_id: row.rule_id.into(),
            outcome: stored(Outcome::from_name(&row.outcome), RULES, "outcome")?,
            applies: row.applies,
            decided: row.decided,
            from: row.from_day,
            until: row.until_day,
            source: row.source.into(),
            reason_key: row.reason_key.into(),
        })
    })
    .collect()
}
