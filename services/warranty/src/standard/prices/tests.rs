//! That the document says nothing wrong and nothing in vain, and that a region asks less and never more.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support_chassis::standard::{CONTENT_LIMIT, Content, Patch, Schema, content, looser};
use support_proto::support::warranty::v1::{PriceRounding, RepairPrice, TaxTreatment as WireTreatment};
use support_testing::loosenings;
use time::macros::date;

use super::*;
use crate::standard::tests::fields_of;

/// A change of the prices, named by the field it is about.
type Change = (&'static str, fn(&mut RepairPrices));

/// What is shipped, checked once for all tests.
static PARSED: LazyLock<RepairPrices> = LazyLock::new(|| REPAIR_PRICES.parse_shipped().unwrap());

fn country(code: &str) -> Country {
    Country::from_code(code).unwrap()
}

fn germany(prices: &mut RepairPrices) -> &mut CountryPrices {
    prices.countries.get_mut("DE").unwrap()
}

fn group<'p>(prices: &'p mut RepairPrices, group: &str) -> &'p mut GroupPrices {
    let list = prices.currencies.get_mut("EUR").unwrap();
    list.groups.get_mut(group).unwrap()
}

fn price<'p>(prices: &'p mut RepairPrices, of: &str, component: &str) -> &'p mut RepairPrice {
    group(prices, of).components.get_mut(component).unwrap()
}

/// One change of each field of the document, all the way down.
const CHANGES: &[Change] = &[
    ("RepairPrices.currencies", |prices| {
        prices.currencies.remove("EUR");
    }),
    ("RepairPrices.countries", |prices| {
        prices.countries.remove("DE");
    }),
    ("RepairPrices.service_life", |prices| prices.service_life = None),
    ("PriceList.groups", |prices| {
        prices.currencies.get_mut("EUR").unwrap().groups.remove("book-13");
    }),
    ("PriceList.source", |prices| {
        prices.currencies.get_mut("EUR").unwrap().source = "another list".to_owned();
    }),
    ("GroupPrices.components", |prices| {
        group(prices, "book-13").components.remove("battery");
    }),
    ("RepairPrice.minor_units", |prices| {
        price(prices, "book-13", "battery").minor_units -= 5000;
    }),
    ("RepairPrice.damages", |prices| {
        price(prices, "book-13", "whole-unit").damages.clear();
    }),
    ("DamagePrice.minor_units", |prices| {
        let whole = price(prices, "book-13", "whole-unit");
        whole.damages.get_mut("liquid").unwrap().minor_units -= 5000;
    }),
    ("CountryPrices.currency", |prices| {
        germany(prices).currency = "CHF".to_owned();
    }),
    ("CountryPrices.tax_treatment", |prices| {
        germany(prices).tax_treatment = WireTreatment::InList.into();
    }),
    ("CountryPrices.tax_name", |prices| {
        germany(prices).tax_name = "USt".to_owned();
    }),
    ("CountryPrices.tax_basis_points", |prices| {
        germany(prices).tax_basis_points = 1600;
    }),
    ("CountryPrices.tax_source", |prices| {
        germany(prices).tax_source = "another act".to_owned();
    }),
    ("CountryPrices.rounding", |prices| {
        germany(prices).rounding = PriceRounding::Up.into();
    }),
    ("CountryPrices.rounding_step_minor_units", |prices| {
        germany(prices).rounding_step_minor_units = 1;
    }),
    ("ServiceLifeRule.vintage_after_years", |prices| {
        prices.service_life.as_mut().unwrap().vintage_after_years = 6;
    }),
    ("ServiceLifeRule.obsolete_after_years", |prices| {
        prices.service_life.as_mut().unwrap().obsolete_after_years = 8;
    }),
    ("ServiceLifeRule.source", |prices| {
        prices.service_life.as_mut().unwrap().source = "another paper".to_owned();
    }),
];

/// Everything that is answered by the prices in Germany.
fn answers(document: &RepairPrices) -> (Vec<String>, LifeRule) {
    let prices = prices(document, String::new(), country("DE"));
    let mut quotes = Vec::new();
    for component in [None, Some("battery"), Some("display"), Some("speaker")] {
        for damage in Damage::ALL {
            quotes.push(format!("{:?}", prices.quote("book-13", component, *damage)));
        }
    }
    (quotes, life_rule(document, String::new()))
}

#[test]
fn every_field_of_the_document_takes_effect() {
    let shipped = &*PARSED;
    let before = answers(shipped);
    for (field, change) in CHANGES {
        let mut changed = shipped.clone();
        change(&mut changed);
        assert_ne!(changed, *shipped, "{field}");
        assert_ne!(answers(&changed), before, "{field} takes no effect");
    }
}

#[test]
fn every_field_of_the_document_is_changed_by_that_test() {
    let fields = fields_of("support.warranty.v1.RepairPrices");
    let changed: BTreeSet<String> = CHANGES.iter().map(|(field, _)| (*field).to_owned()).collect();
    assert_eq!(changed, fields);
}

#[test]
fn what_the_field_rules_cannot_say_is_checked() {
    let wrong: &[(Change, &str)] = &[
        (
            ("currencies[\"XAU\"]", |prices| {
                let list = prices.currencies["EUR"].clone();
                prices.currencies.insert("XAU".to_owned(), list);
            }),
            "is no currency of ISO 4217 that people pay with",
        ),
        (
            (
                "currencies[\"EUR\"].groups[\"book-13\"].components[\"whole-unit\"].damages[\"fire\"]",
                |prices| {
                    let damages = &mut price(prices, "book-13", "whole-unit").damages;
                    let liquid = damages["liquid"];
                    damages.insert("fire".to_owned(), liquid);
                },
            ),
            "is no kind of damage",
        ),
        (
            ("countries[\"UK\"]", |prices| {
                let country = prices.countries.remove("GB").unwrap();
                prices.countries.insert("UK".to_owned(), country);
            }),
            "is no country of ISO 3166-1",
        ),
        (
            ("countries[\"DE\"].currency", |prices| {
                germany(prices).currency = "DEM".to_owned();
            }),
            "has no price list",
        ),
        (
            ("countries[\"US\"].tax_basis_points", |prices| {
                prices.countries.get_mut("US").unwrap().tax_basis_points = 700;
            }),
            "is told only of a tax that is added",
        ),
        (
            ("service_life.obsolete_after_years", |prices| {
                prices.service_life.as_mut().unwrap().obsolete_after_years = 4;
            }),
            "is less than vintage_after_years",
        ),
    ];
    let shipped = &*PARSED;
    assert_eq!(check::faults(shipped), []);
    for ((path, change), fault) in wrong {
        let mut prices = shipped.clone();
        change(&mut prices);
        assert_eq!(check::faults(&prices), [((*path).to_owned(), (*fault).to_owned())]);
    }
}

#[test]
fn what_is_shipped_has_a_price_of_everything_everywhere() {
    let shipped = &*PARSED;
    let groups: BTreeSet<&String> = shipped.currencies["EUR"].groups.keys().collect();
    assert!(groups.len() >= 14, "{}", groups.len());
    for code in [
        "EUR", "USD", "GBP", "JPY", "CNY", "CHF", "SEK", "PLN", "CZK", "DKK", "NOK", "CAD", "AUD", "INR", "BRL", "MXN",
        "KRW",
    ] {
        assert!(shipped.currencies.contains_key(code), "{code}");
    }
    for (currency, list) in &shipped.currencies {
        assert_eq!(list.groups.keys().collect::<BTreeSet<_>>(), groups, "{currency}");
        assert!(
            shipped.countries.values().any(|country| country.currency == *currency),
            "{currency}"
        );
        for (group, prices) in &list.groups {
            assert!(prices.components.contains_key("whole-unit"), "{currency} {group}");
        }
    }
    for code in shipped.countries.keys() {
        let prices = prices(shipped, String::new(), country(code));
        for (group, component) in prices.known() {
            let quote = prices.quote(group, component, Damage::Accidental).unwrap();
            assert!(quote.price.minor > 0, "{code} {group} {component:?}");
        }
    }
}

/// Prices reckoned by hand from the list: net, tax, rounded.
#[test]
fn a_price_is_the_list_with_the_tax_of_the_place_rounded() {
    let book = PriceBook::new(Standard::shipped(&REPAIR_PRICES), Clock::system());
    let of = |code: &str, list: i64| {
        let prices = book.on(country(code), date!(2026 - 11 - 01));
        let quote = prices.quote("phone-2022", Some("battery"), Damage::None).unwrap();
        assert_eq!(quote.list.minor, list, "{code}");
        (
            quote.price.currency.code(),
            quote.price.minor,
            quote.tax.map(|tax| tax.minor),
        )
    };
    // 83.19 + 19 % = 98.9961; 99.00 / 1.19 = 83.193.
    assert_eq!(of("DE", 8319), ("EUR", 9900, Some(1581)));
    // + 25.5 % = 104.40345 -> 104.00; / 1.255 = 82.869.
    assert_eq!(of("FI", 8319), ("EUR", 10_400, Some(2113)));
    // + 17 % = 97.3323 -> 97.00; / 1.17 = 82.906.
    assert_eq!(of("LU", 8319), ("EUR", 9700, Some(1409)));
    // No tax in it: that comes at the sale.
    assert_eq!(of("US", 9900), ("USD", 9900, Some(0)));
    // The tax is in it and not told apart.
    let (currency, _, tax) = of("BR", 59_000);
    assert_eq!((currency, tax), ("BRL", None));
    // Yen have no minor unit.
    assert_eq!(of("JP", 14_455).0, "JPY");
    assert_eq!(of("JP", 14_455).1 % 100, 0);
}

#[test]
fn prices_are_made_once_for_a_place_and_version_and_found_again_by_it() {
    let book = PriceBook::new(Standard::shipped(&REPAIR_PRICES), Clock::system());
    let first = book.on(country("DE"), date!(2026 - 11 - 01));
    assert!(Arc::ptr_eq(&first, &book.on(country("DE"), date!(2026 - 11 - 02))));
    assert!(!Arc::ptr_eq(&first, &book.on(country("FR"), date!(2026 - 11 - 01))));
    let again = book.of_version(first.version(), country("DE")).unwrap();
    assert!(Arc::ptr_eq(&first, &again));
    assert_eq!(book.of_version("warranty/repair-prices@99", country("DE")), None);
    assert_eq!(book.of_version("nonsense", country("DE")), None);
    let nowhere = book.on(country("KP"), date!(2026 - 11 - 01));
    assert_eq!(nowhere.of("phone-2022", None, Damage::None), None);
}

#[test]
fn overlays_that_ask_more_are_refused_at_that_place() {
    let Shipped { schema, whole, some } = &*SHIPPED;
    let length = whole.print().len();
    assert!(length * 4 < CONTENT_LIMIT * 3, "{length}: no room is left");
    let global = some;
    let mut chance = StdRng::seed_from_u64(20_261_122);
    let mut tried = BTreeSet::new();
    for loosening in loosenings(schema.message(), &global.to_value(), &mut chance) {
        let patch = Patch::from_json(schema, &loosening.patch.to_string()).unwrap();
        let departed = looser(global, &patch.apply(global));
        let found: Vec<_> = departed.iter().map(|departed| departed.path.as_str()).collect();
        assert!(found.contains(&loosening.path.as_str()), "{loosening:?}: {found:?}");
        tried.insert(loosening.path.rsplit('.').next().unwrap().to_owned());
    }
    for field in [
        "minor_units",
        "currency",
        "tax_treatment",
        "rounding",
        "rounding_step_minor_units",
        "vintage_after_years",
        "obsolete_after_years",
    ] {
        assert!(tried.contains(field), "{field} was never tried: {tried:?}");
    }
    // A price that is added for a kind of damage could be higher than the one for all of them.
    let added = r#"{"currencies": {"EUR": {"groups": {"buds": {"components": {"battery": {"damages": {"liquid": {"minor_units": "1"}}}}}}}}}"#;
    let patch = Patch::from_json(schema, added).unwrap();
    assert!(!looser(global, &patch.apply(global)).is_empty());
}

/// What is shipped, read once.
struct Shipped {
    schema: Schema,
    whole: Content,
    /// Some of it: the lists, groups and countries are alike, and these stand for all.
    some: Content,
}

static SHIPPED: LazyLock<Shipped> = LazyLock::new(|| {
    let schema = Schema::of::<RepairPrices>(|_| Vec::new()).unwrap();
    let whole = content::from_yaml(&schema, include_str!("../../../standard/repair-prices.yaml")).unwrap();
    let mut value = whole.to_value();
    let mut keep = |path: &str, kept: &[&str]| {
        let entries = value.pointer_mut(path).unwrap().as_object_mut().unwrap();
        entries.retain(|key, _| kept.contains(&key.as_str()));
        assert_eq!(entries.len(), kept.len(), "{path}");
    };
    keep("/countries", &["DE", "US"]);
    keep("/currencies", &["EUR", "USD"]);
    keep("/currencies/EUR/groups", &["book-13", "buds", "phone-2022"]);
    keep("/currencies/USD/groups", &["book-13"]);
    let some = content::from_json(&schema, &value.to_string()).unwrap();
    Shipped { schema, whole, some }
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// What a country's overlay may lawfully say of prices asks nobody for more, and only in that country.
    #[test]
    fn a_lawful_overlay_never_asks_more(less in 0..=8319_i64, whole in 0..=54_538_i64) {
        let Shipped { schema, some: global, .. } = &*SHIPPED;
        let overlay = format!(
            r#"{{"currencies": {{"EUR": {{"groups": {{"phone-2022": {{"components": {{
                "battery": {{"minor_units": "{less}"}}, "whole-unit": {{"minor_units": "{whole}"}}}}}}}}}}}}}}"#
        );
        let laid = Patch::from_json(schema, &overlay).unwrap().apply(global);
        prop_assert!(looser(global, &laid).is_empty());
        let (before, after): (RepairPrices, RepairPrices) = (global.decode().unwrap(), laid.decode().unwrap());
        let (before, after) = (
            prices(&before, String::new(), country("DE")),
            prices(&after, String::new(), country("DE")),
        );
        for component in [None, Some("battery"), Some("display"), Some("camera")] {
            for damage in Damage::ALL {
                let of = |prices: &Prices| prices.of("phone-2022", component, *damage).map(|amount| amount.minor);
                prop_assert!(of(&after) <= of(&before), "{component:?} {damage:?}");
                prop_assert!(of(&after).is_none_or(|minor| minor >= 0));
                prop_assert_eq!(of(&after).is_some(), of(&before).is_some());
            }
        }
    }
}

#[test]
fn what_would_cost_something_else_is_told_with_how_much() {
    let held = PARSED.clone();
    let devices = [
        ("phone-2022", "DE", 7),
        ("phone-2022", "FI", 2),
        ("phone-2022", "US", 5),
        ("buds", "DE", 9),
    ];
    let told = |proposed: &RepairPrices| -> Vec<(String, i64, String, String)> {
        simulate::consequences_of(&devices, &held, proposed)
            .into_iter()
            .filter(|one| one.count > 0)
            .map(|one| (one.whom, one.count, one.before, one.after))
            .collect()
    };
    assert_eq!(told(&held), []);

    // In euros alone: 10.08 less without tax.
    let mut proposed = held.clone();
    price(&mut proposed, "phone-2022", "battery").minor_units -= 1008;
    let line = |countries: &str, count, before: &str, after: &str| {
        let whom = format!("devices of phone-2022 that need battery, {countries}");
        (whom, count, before.to_owned(), after.to_owned())
    };
    let found = told(&proposed);
    assert!(
        found.contains(&line("CY, DE", 7, "EUR 99.00", "EUR 87.00, EUR 12.00 less (12.1 %)")),
        "{found:#?}"
    );
    let finland = found.iter().find(|(whom, ..)| whom.contains("FI")).unwrap();
    assert_eq!(
        (finland.1, finland.3.as_str()),
        (2, "EUR 92.00, EUR 12.00 less (11.5 %)")
    );
    assert!(
        found
            .iter()
            .all(|(whom, ..)| !whom.contains("US") && !whom.contains("buds"))
    );

    // What is no longer priced, and what lives longer.
    let mut proposed = held.clone();
    proposed.countries.remove("US");
    let found = told(&proposed);
    assert!(
        found
            .iter()
            .any(|(_, count, before, after)| (*count, before.as_str(), after.as_str())
                == (5, "USD 99.00", "no price is known")),
        "{found:#?}"
    );
    let mut proposed = held.clone();
    proposed.service_life.as_mut().unwrap().obsolete_after_years = 9;
    let expected = (
        "models that are not sold any more".to_owned(),
        3,
        "vintage after 5 years, obsolete after 7".to_owned(),
        "vintage after 5 years, obsolete after 9".to_owned(),
    );
    assert_eq!(told(&proposed), [expected]);
}
