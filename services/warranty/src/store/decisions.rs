//! Coverage decisions and their chains. Written once, never changed: a trigger refuses it.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::standard::Reach;
use time::{Date, OffsetDateTime};

use crate::domain::country::Country;
use crate::domain::coverage::{Damage, Decision, DecisionId, Outcome, Pays, Reason, Uses, Weighed};
use crate::domain::device::{CustomerId, DeviceId};
use crate::domain::product::ProductLine;
use crate::domain::sale::{PastRepair, Repairs, Sale};

const TABLE: &str = "coverage_decisions";
const RULES: &str = "coverage_decision_rules";

/// A decision as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its id.
    pub id: DecisionId,
    /// The device.
    pub device_id: DeviceId,
    /// Where it was sold.
    pub country: Country,
    /// What was known of the sale, and of the repairs since.
    pub sale: Sale,
    /// What was decided.
    pub decision: Decision,
    /// The partner's organisation that asked; none where no partner did.
    pub asked_by_organisation: Option<String>,
    /// When it was decided.
    pub decided_at: OffsetDateTime,
}

/// What was asked in a decision, without what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The decision's id.
    pub id: DecisionId,
    /// Where the device was sold.
    pub country: Country,
    /// What was known of the sale, and of the repairs since.
    pub sale: Sale,
    /// The day for which it was decided.
    pub day: Date,
    /// The damage it was decided for.
    pub damage: Damage,
}

/// What a row says of a sale.
struct SaleColumns {
    purchase_date: Date,
    product_line: String,
    warranty_months: i16,
    sold_used: bool,
    repairs_received: Vec<Date>,
    repairs_returned: Vec<Date>,
}

impl TryFrom<SaleColumns> for Sale {
    type Error = DbError;

    fn try_from(row: SaleColumns) -> Result<Self, DbError> {
        let repairs = row
            .repairs_received
            .into_iter()
            .zip(row.repairs_returned)
            .map(|(received, returned)| PastRepair {
                received,
                returned,
                components: Vec::new(),
            });
        Ok(Self {
            day: row.purchase_date,
            line: stored(ProductLine::from_name(&row.product_line), TABLE, "product_line")?,
            warranty_months: stored(u8::try_from(row.warranty_months).ok(), TABLE, "warranty_months")?,
            used: row.sold_used,
            repairs: Repairs::new(repairs.collect()),
        })
    }
}

/// A row of `coverage_decisions` without what was answered.
struct PastRow {
    id: DecisionId,
    day: Date,
    damage: String,
    purchase_country_code: String,
    purchase_date: Date,
    product_line: String,
    warranty_months: i16,
    sold_used: bool,
    repairs_received: Vec<Date>,
    repairs_returned: Vec<Date>,
}

impl TryFrom<PastRow> for Past {
    type Error = DbError;

    fn try_from(row: PastRow) -> Result<Self, DbError> {
        let sale = SaleColumns {
            purchase_date: row.purchase_date,
            product_line: row.product_line,
            warranty_months: row.warranty_months,
            sold_used: row.sold_used,
            repairs_received: row.repairs_received,
            repairs_returned: row.repairs_returned,
        };
        Ok(Self {
            id: row.id,
            country: country(&row.purchase_country_code)?,
            sale: sale.try_into()?,
            day: row.day,
            damage: stored(Damage::from_name(&row.damage), TABLE, "damage")?,
        })
    }
}

fn country(code: &str) -> Result<Country, DbError> {
    stored(Country::from_code(code), TABLE, "purchase_country_code")
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
    let reasons: Vec<String> = chain.iter().map(|weighed| weighed.reason.as_str().to_owned()).collect();
    let sale = &kept.sale;
    let received: Vec<Date> = sale.repairs.iter().map(|repair| repair.received).collect();
    let returned: Vec<Date> = sale.repairs.iter().map(|repair| repair.returned).collect();
    sqlx::query!(
        r#"with decision as (
               insert into coverage_decisions (id, device_id, day, damage, outcome, covered_until, terms_version,
                                               asked_by_organisation, decided_at, purchase_country_code, purchase_date,
                                               product_line, warranty_months, sold_used, repairs_received,
                                               repairs_returned)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $18, $19, $20, $21, $22, $23, $24)
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
        &kept.decision.terms_version,
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
        kept.country.code(),
        sale.day,
        sale.line.as_str(),
        i16::from(sale.warranty_months),
        sale.used,
        &received,
        &returned,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The decision with this id, and who has its device now. What its terms say beside is not stored.
pub async fn get(connection: &mut PgConnection, id: DecisionId) -> Result<Option<(Kept, Option<CustomerId>)>, DbError> {
    let row = sqlx::query!(
        r#"select device_id as "device_id: DeviceId", day, damage, outcome, covered_until, terms_version,
                  asked_by_organisation, decided_at, coverage_decisions.purchase_country_code,
                  coverage_decisions.purchase_date, product_line, warranty_months, coverage_decisions.sold_used,
                  repairs_received, repairs_returned, owner_customer_id as "owner: CustomerId"
           from coverage_decisions join devices on devices.id = coverage_decisions.device_id
           where coverage_decisions.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let outcome = stored(Outcome::from_name(&row.outcome), TABLE, "outcome")?;
    let decision = Decision {
        day: row.day,
        damage: stored(Damage::from_name(&row.damage), TABLE, "damage")?,
        place: country(&row.purchase_country_code)?,
        symptom: None,
        component: None,
        outcome,
        covered_until: row.covered_until,
        pays: pays(outcome),
        price: None,
        uses: Uses::Nothing,
        incidents_left: None,
        chain: chain(connection, id).await?,
        parts: Vec::new(),
        plans_would_have: Vec::new(),
        terms_version: row.terms_version.into(),
        returns: Vec::new(),
        spare_parts: Vec::new(),
        likely_components: Vec::new(),
        ask: Vec::new(),
    };
    let sale = SaleColumns {
        purchase_date: row.purchase_date,
        product_line: row.product_line,
        warranty_months: row.warranty_months,
        sold_used: row.sold_used,
        repairs_received: row.repairs_received,
        repairs_returned: row.repairs_returned,
    };
    let kept = Kept {
        id,
        device_id: row.device_id,
        country: country(&row.purchase_country_code)?,
        sale: sale.try_into()?,
        decision,
        asked_by_organisation: row.asked_by_organisation,
        decided_at: row.decided_at,
    };
    Ok(Some((kept, row.owner)))
}

/// What was paid by a rule, where nothing but free repairs and unknown prices was decided.
fn pays(outcome: Outcome) -> Pays {
    match outcome {
        Outcome::OutOfWarranty => Pays::Unknown,
        Outcome::Refused => Pays::NoRepair,
        _ => Pays::Nothing,
    }
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
        let outcome = stored(Outcome::from_name(&row.outcome), RULES, "outcome")?;
        Ok(Weighed {
            rule_id: row.rule_id.into(),
            outcome,
            applies: row.applies,
            decided: row.decided,
            from: row.from_day,
            until: row.until_day,
            suspended: false,
            pays: pays(outcome),
            uses: Uses::Nothing,
            incidents_left: None,
            reason: stored(Reason::from_name(&row.reason_key), RULES, "reason_key")?,
            version: None,
            source: row.source.into(),
            law: None,
        })
    })
    .collect()
}

/// What was asked in the latest decisions about devices sold where the rules of a place hold, newest first, `limit` at most.
pub async fn latest(connection: &mut PgConnection, reach: &Reach, limit: i64) -> Result<Vec<Past>, DbError> {
    let rows = match reach {
        // Country by country, so that each is read along its index, however rare it is.
        Reach::Only(countries) => {
            let countries: Vec<String> = countries.iter().cloned().collect();
            sqlx::query_as!(
                PastRow,
                r#"select latest.id as "id: DecisionId", latest.day, latest.damage, latest.purchase_country_code,
                          latest.purchase_date, latest.product_line, latest.warranty_months, latest.sold_used,
                          latest.repairs_received, latest.repairs_returned
                   from unnest($1::text[]) as code
                   cross join lateral (
                       select * from coverage_decisions where purchase_country_code = code order by id desc limit $2
                   ) as latest
                   order by latest.id desc limit $2"#,
                &countries,
                limit,
            )
            .fetch_all(connection)
            .await?
        }
        Reach::AllBut(countries) => {
            let countries: Vec<String> = countries.iter().cloned().collect();
            sqlx::query_as!(
                PastRow,
                r#"select id as "id: DecisionId", day, damage, purchase_country_code, purchase_date, product_line,
                          warranty_months, sold_used, repairs_received, repairs_returned
                   from coverage_decisions
                   where purchase_country_code <> all($1)
                   order by id desc limit $2"#,
                &countries,
                limit,
            )
            .fetch_all(connection)
            .await?
        }
    };
    rows.into_iter().map(Past::try_from).collect()
}
