//! Plans counted by what their renewal hangs on.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::standard::Reach;

use super::TABLE;
use crate::domain::country::Country;
use crate::domain::money::Currency;
use crate::domain::plan::PlanId;
use crate::domain::product::ProductLine;

/// Plans that are alike in all that their renewal hangs on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The key in the terms.
    pub kind: String,
    /// Where the devices were bought.
    pub country: Country,
    /// What they are.
    pub line: ProductLine,
    /// Their model.
    pub model: String,
    /// In which currency the plans are paid.
    pub currency: Currency,
    /// How many they are.
    pub count: i64,
    /// Some of them.
    pub examples: Vec<PlanId>,
}

/// The plans that are paid for, where the rules of a place hold, counted by what is alike.
pub async fn living(connection: &mut PgConnection, reach: &Reach) -> Result<Vec<Alike>, DbError> {
    let (countries, only) = match reach {
        Reach::Only(countries) => (countries, true),
        Reach::AllBut(countries) => (countries, false),
    };
    let countries: Vec<String> = countries.iter().cloned().collect();
    let rows = sqlx::query!(
        r#"select plans.kind, plans.country_code, plans.currency_code, product_line, model_code, count(*) as "count!",
                  (array_agg(plans.id order by plans.id desc))[1:10] as "examples!: Vec<PlanId>"
           from plans join devices on devices.id = plans.device_id join products on products.id = devices.product_id
           where plans.state in ('active', 'in_grace') and (plans.country_code = any($1)) = $2
           group by plans.kind, plans.country_code, plans.currency_code, product_line, model_code
           order by plans.kind, plans.country_code, model_code, plans.currency_code"#,
        &countries,
        only,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Alike {
                kind: row.kind,
                country: stored(Country::from_code(&row.country_code), TABLE, "country_code")?,
                line: stored(ProductLine::from_name(&row.product_line), "products", "product_line")?,
                model: row.model_code,
                currency: stored(Currency::from_code(&row.currency_code), TABLE, "currency_code")?,
                count: row.count,
                examples: row.examples,
            })
        })
        .collect()
}
