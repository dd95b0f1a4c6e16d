//! What the field rules of the prices cannot say.

use support_proto::support::warranty::v1::{PriceList, RepairPrices, TaxTreatment};

use crate::domain::country::Country;
use crate::domain::coverage::Damage;
use crate::domain::money::Currency;

/// Everything that is wrong with the prices beyond their field rules.
pub(super) fn faults(prices: &RepairPrices) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut add = |path: String, fault: &str| faults.push((path, fault.to_owned()));
    let mut lists: Vec<_> = prices.currencies.iter().collect();
    lists.sort_unstable_by_key(|(code, _)| *code);
    for (code, list) in lists {
        if Currency::from_code(code).is_none() {
            add(
                format!("currencies[{code:?}]"),
                "is no currency of ISO 4217 that people pay with",
            );
        }
        for path in unknown_damages(list) {
            add(format!("currencies[{code:?}].{path}"), "is no kind of damage");
        }
    }
    let mut countries: Vec<_> = prices.countries.iter().collect();
    countries.sort_unstable_by_key(|(code, _)| *code);
    for (code, country) in countries {
        let path = format!("countries[{code:?}]");
        if Country::from_code(code).is_none() {
            add(path.clone(), "is no country of ISO 3166-1");
        }
        if !prices.currencies.contains_key(&country.currency) {
            add(format!("{path}.currency"), "has no price list");
        }
        let adds = country.tax_treatment() == TaxTreatment::Added;
        if !adds && country.tax_basis_points != 0 {
            add(
                format!("{path}.tax_basis_points"),
                "is told only of a tax that is added",
            );
        }
    }
    if let Some(life) = &prices.service_life
        && life.obsolete_after_years < life.vintage_after_years
    {
        add(
            "service_life.obsolete_after_years".to_owned(),
            "is less than vintage_after_years",
        );
    }
    faults
}

/// The paths of damages that there are none of, in order.
fn unknown_damages(list: &PriceList) -> Vec<String> {
    let mut found: Vec<_> = list
        .groups
        .iter()
        .flat_map(|(group, prices)| {
            prices
                .components
                .iter()
                .flat_map(move |(component, price)| price.damages.keys().map(move |damage| (group, component, damage)))
        })
        .filter(|(_, _, damage)| Damage::from_name(damage).is_none())
        .map(|(group, component, damage)| format!("groups[{group:?}].components[{component:?}].damages[{damage:?}]"))
        .collect();
    found.sort_unstable();
    found
}
