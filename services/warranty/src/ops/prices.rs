//! For how long a model is repaired, and what that costs.

use std::sync::Arc;

use sqlx::PgConnection;
use support_chassis::standard::{Place, Standard};
use support_proto::support::warranty::v1::CoverageTerms;
use time::Date;

use super::catalogue::product_by_code;
use crate::domain::catalogue::{Life, Sold};
use crate::domain::country::Country;
use crate::domain::coverage::Damage;
use crate::domain::prices::Prices;
use crate::error::Error;
use crate::standard::{self, PriceBook};

/// For how long a model is repaired, as of a day, and by which rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceLife {
    /// For how long.
    pub life: Life,
    /// The day.
    pub day: Date,
    /// The versions that the maker's own rule comes from.
    pub rule_version: String,
    /// The versions that the duties come from; empty where no country was asked for.
    pub terms_version: String,
}

/// For how long a model is repaired in a country, or by the maker's own rule alone, as of `day` or today.
#[must_use]
pub fn service_life(
    prices: &PriceBook,
    terms: &Standard<CoverageTerms>,
    sold: Sold,
    country: Option<Country>,
    day: Option<Date>,
) -> ServiceLife {
    let day = day.unwrap_or_else(|| prices.today(country));
    let place = country.map_or(Place::Global, |country| Place::country(country.code()));
    let rule = prices.life_rule(&place, day);
    let (duties, terms_version) = match country {
        Some(country) => {
            let held = terms.on(&place, day);
            let version = held.basis.to_string();
            let terms = standard::terms(&held.document, version.clone(), country);
            (terms.spare_parts, version)
        }
        None => (Vec::new(), String::new()),
    };
    ServiceLife {
        life: Life::of(sold, &rule, &duties),
        day,
        rule_version: rule.version.clone(),
        terms_version,
    }
}

/// A question for the price of a repair.
#[derive(Debug, Clone)]
pub struct AskPrice {
    /// The model code.
    pub model_code: String,
    /// The component; none for the whole device.
    pub component: Option<String>,
    /// How the device came to harm.
    pub damage: Damage,
    /// Where it is repaired.
    pub country: Country,
    /// The day on which it is; none for today there.
    pub day: Option<Date>,
}

/// Prices in which there is one for what was asked.
#[derive(Debug, Clone)]
pub struct Priced {
    /// The prices at the place on the day.
    pub prices: Arc<Prices>,
    /// The group of models whose price it is.
    pub group: String,
    /// The day.
    pub day: Date,
}

/// Finds the price of a repair.
pub async fn quote_repair(
    connection: &mut PgConnection,
    prices: &PriceBook,
    terms: &Standard<CoverageTerms>,
    ask: &AskPrice,
) -> Result<Priced, Error> {
    let model = product_by_code(connection, &ask.model_code).await?;
    let components = &model.details.components;
    // Of a model whose components nobody wrote down, any may be asked for.
    if let Some(component) = &ask.component
        && !components.is_empty()
        && !components.iter().any(|known| known.component == *component)
    {
        return Err(Error::ComponentNotFound);
    }
    let day = ask.day.unwrap_or_else(|| prices.today(Some(ask.country)));
    let life = service_life(prices, terms, model.details.sold(), Some(ask.country), Some(day)).life;
    if let Some(repaired_until) = life.repaired_until().filter(|last| *last < day) {
        return Err(Error::ProductObsolete { repaired_until });
    }
    let prices = prices.on(ask.country, day);
    let group = model.details.price_group;
    if prices.quote(&group, ask.component.as_deref(), ask.damage).is_none() {
        return Err(Error::RepairPriceUnknown);
    }
    Ok(Priced { prices, group, day })
}
