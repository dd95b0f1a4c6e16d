//! The training rules of the standard, as routing reads them.

use support_chassis::standard::{Document, Place, Standard, day_of};
use support_proto::support::routing::v1 as pb;
use time::{Date, OffsetDateTime};

use crate::domain::{CertifiedProduct, Country, TrainingRules};

/// The training rules: what agents must be certified for, and when certifications are renewed.
pub static TRAINING_RULES: Document<pb::TrainingRules> =
    Document::new(include_str!("../standard/training-rules.yaml")).checked_by(check);

/// The training rules that hold, by place and day.
#[derive(Clone, Debug)]
pub struct RuleBook {
    standard: Standard<pb::TrainingRules>,
}

impl RuleBook {
    /// Reads them from the standard.
    #[must_use]
    pub fn new(standard: Standard<pb::TrainingRules>) -> Self {
        Self { standard }
    }

    /// What holds for all agents at a moment.
    #[must_use]
    pub fn of_agents(&self, now: OffsetDateTime) -> TrainingRules {
        self.on(&Place::Global, now)
    }

    /// The products for which agents must be certified, for tasks of a country; where none is known, those that hold everywhere.
    #[must_use]
    pub fn products(&self, country: Option<Country>, now: OffsetDateTime) -> Vec<CertifiedProduct> {
        let place = country.map_or(Place::Global, |country| Place::country(country.as_str()));
        self.on(&place, now).products
    }

    fn on(&self, place: &Place, now: OffsetDateTime) -> TrainingRules {
        let day = day_of(now);
        let held = self.standard.on(place, day);
        let document = &held.document;
        let has_begun = |from: &str| read_day(from).is_none_or(|from| from <= day);
        // The field rules of the contract and `check` hold already: nothing is left out but what has not begun.
        let skills = document.skills.iter().filter(|(_, skill)| has_begun(&skill.from));
        let skills = skills.filter_map(|(name, skill)| {
            let certifications = skill.certifications.iter();
            Some((
                name.parse().ok()?,
                certifications.filter_map(|name| name.parse().ok()).collect(),
            ))
        });
        let products = document.products.values().filter(|product| has_begun(&product.from));
        let products = products.filter_map(|product| {
            Some(CertifiedProduct {
                product_line: product.product_line.parse().ok(),
                model: Some(product.model.clone()).filter(|model| !model.is_empty()),
                certification: product.certification.parse().ok()?,
            })
        });
        let mut warning_days = document.warning_days.clone();
        warning_days.sort_unstable_by(|one, other| other.cmp(one));
        TrainingRules {
            skills: skills.collect(),
            products: products.collect(),
            warning_days,
        }
    }
}

fn read_day(day: &str) -> Option<Date> {
    Date::parse(day, time::macros::format_description!("[year]-[month]-[day]")).ok()
}

/// What the field rules cannot say: product lines and days that there are, and that a product is named.
fn check(document: &pb::TrainingRules) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut require = |holds: bool, field: String, fault: &str| {
        if !holds {
            faults.push((field, fault.to_owned()));
        }
    };
    for (name, skill) in &document.skills {
        let is_day = skill.from.is_empty() || read_day(&skill.from).is_some();
        require(
            is_day,
            format!("skills[\"{name}\"].from"),
            "must be a day that there is",
        );
    }
    for (name, product) in &document.products {
        let of = |field: &str| format!("products[\"{name}\"].{field}");
        let is_line =
            product.product_line.is_empty() || product.product_line.parse::<crate::domain::ProductLine>().is_ok();
        require(is_line, of("product_line"), "must be a product line");
        let is_named = !product.product_line.is_empty() || !product.model.is_empty();
        require(is_named, of("model"), "must be said, or the product line");
        let is_day = product.from.is_empty() || read_day(&product.from).is_some();
        require(is_day, of("from"), "must be a day that there is");
    }
    faults
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn book(yaml: &'static str) -> RuleBook {
        RuleBook::new(Standard::shipped(&Document::new(yaml).checked_by(check)))
    }

    #[test]
    fn what_is_shipped_asks_for_nothing_and_warns_twice() {
        let rules = RuleBook::new(Standard::shipped(&TRAINING_RULES)).of_agents(datetime!(2026-03-02 08:00 UTC));
        assert_eq!(
            (rules.skills.len(), rules.products.len(), rules.warning_days),
            (0, 0, vec![30, 7])
        );
    }

    #[test]
    fn a_rule_begins_on_its_day() {
        let book = book(
            "skills: {}\nproducts: {p16: {product_line: phone, model: p16, certification: cert/p16, from: '2026-09-18'}}\nwarning_days: []",
        );
        let on = |now| book.products(None, now).len();
        assert_eq!(on(datetime!(2026-09-17 23:59 UTC)), 0);
        assert_eq!(on(datetime!(2026-09-18 00:00 UTC)), 1);
    }
}
