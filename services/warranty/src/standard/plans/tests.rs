//! What is shipped, and what is no document.

use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use support_chassis::standard::DocumentType as _;
use support_proto::support::warranty::v1::{Damage as WireDamage, PlanTerms};
use time::macros::date;

use super::*;
use crate::domain::coverage::Damage;
use crate::domain::money::{Amount, Currency};
use crate::domain::plan::Buyer;
use crate::domain::plan::book::{Ineligibility, Wish};
use crate::store::plans::Alike;

fn shipped() -> PlanTerms {
    PLAN_TERMS.parse_shipped().unwrap()
}

fn country(code: &str) -> Country {
    Country::from_code(code).unwrap()
}

fn of(code: &str) -> Book {
    book(&shipped(), "v".to_owned(), country(code))
}

fn wish() -> Wish {
    Wish {
        line: ProductLine::Phone,
        model: "PHN-14-128".to_owned(),
        bought_on: date!(2026 - 03 - 01),
        sold_used: false,
        day: date!(2026 - 03 - 10),
        buyer: Buyer::Consumer,
        currency: Currency::from_code("EUR").unwrap(),
        inspected: false,
        held: Vec::new(),
        barred: false,
    }
}

#[test]
fn what_is_shipped_fits_in_a_document() {
    let content = PLAN_TERMS.read_shipped().unwrap();
    let length = content.print().len();
    assert!(length < support_chassis::standard::CONTENT_LIMIT, "{length}");
    assert_eq!(check::faults(&shipped()), []);
}

#[test]
fn every_plan_has_a_price_and_its_fees_in_every_currency() {
    let main = [
        "EUR", "USD", "GBP", "JPY", "CNY", "CHF", "SEK", "PLN", "CZK", "DKK", "NOK", "CAD", "AUD", "INR", "BRL", "MXN",
        "KRW",
    ];
    let book = of("DE");
    assert_eq!(book.kinds.len(), 4);
    for kind in &book.kinds {
        for line in &kind.lines {
            for code in main {
                let currency = Currency::from_code(code).unwrap();
                let agreed = book.agree(kind, *line, "NEW-1", currency);
                let agreed = agreed.unwrap_or_else(|| panic!("{} {line:?} {code}", kind.key));
                assert!(agreed.price.minor > 0 && agreed.covers.len() >= 4);
                let free = |damage| {
                    let mut covers = agreed.covers.iter();
                    covers.any(|cover| cover.damages.contains(&damage) && cover.fee.is_zero())
                };
                assert!(free(Damage::None) && free(Damage::Wear) && !free(Damage::Accidental));
            }
        }
    }
}

#[test]
fn a_tier_is_named_by_the_model_before_the_line() {
    let book = of("DE");
    let tier = |line, model| book.tier(line, model).map(|tier| tier.key.as_str());
    assert_eq!(tier(ProductLine::Phone, "PHN-14-128"), Some("phone"));
    assert_eq!(tier(ProductLine::Phone, "PHN-17-256"), Some("phone-current"));
    assert_eq!(tier(ProductLine::Laptop, "LAP-16-C"), Some("laptop-large"));
    assert_eq!(tier(ProductLine::Accessory, "CAM-1"), None);
}

#[test]
fn the_law_counts_where_it_gives_longer() {
    let days = |code: &str, key: &str| {
        let book = of(code);
        let agreed = book
            .agree(book.kind(key).unwrap(), ProductLine::Phone, "PHN-14-128", book.currency)
            .unwrap();
        (
            agreed.cancellation.full_refund_days,
            agreed.cancellation.full_refund_source,
            agreed.cancellation.charge_at_most,
        )
    };
    let (in_britain, source, charge) = days("GB", "standard");
    assert_eq!((in_britain, charge), (45, None));
    assert!(source.contains("2005/37"), "{source}");
    let (in_germany, source, charge) = days("DE", "standard");
    assert_eq!(
        (in_germany, source.as_str()),
        (30, "the maker's terms of the protection plan")
    );
    assert_eq!(charge, Some(Amount::new(Currency::from_code("EUR").unwrap(), 2600)));
    assert_eq!(days("DE", "monthly").0, 14);
    assert_eq!(days("US", "monthly").0, 14);
}

#[test]
fn every_reason_is_told_at_once() {
    let book = of("DE");
    let why_not = |key: &str, change: &dyn Fn(&mut Wish)| {
        let mut wish = wish();
        change(&mut wish);
        book.why_not(book.kind(key).unwrap(), &wish)
    };
    assert_eq!(why_not("standard", &|_| ()), []);
    // The last day of the window, the day after it, and the last one after an inspection.
    assert_eq!(why_not("standard", &|wish| wish.day = date!(2026 - 04 - 30)), []);
    assert_eq!(
        why_not("standard", &|wish| wish.day = date!(2026 - 05 - 01)),
        [Ineligibility::InspectionNeeded]
    );
    let late = |day| {
        move |wish: &mut Wish| {
            wish.day = day;
            wish.inspected = true;
        }
    };
    assert_eq!(why_not("standard", &late(date!(2027 - 03 - 01))), []);
    assert_eq!(
        why_not("standard", &late(date!(2027 - 03 - 02))),
        [Ineligibility::WindowOver]
    );
    assert_eq!(
        why_not("business", &|wish| {
            wish.line = ProductLine::Accessory;
            wish.held = vec!["business".to_owned()];
            wish.barred = true;
            wish.day = date!(2026 - 02 - 01);
        }),
        [
            Ineligibility::ProductLine,
            Ineligibility::Buyer,
            Ineligibility::AlreadyHeld,
            Ineligibility::DeviceBarred,
            Ineligibility::NotBoughtYet,
        ]
    );
    assert_eq!(
        why_not("standard", &|wish| {
            wish.sold_used = true;
            wish.currency = Currency::from_code("HUF").unwrap();
        }),
        [Ineligibility::NoPrice, Ineligibility::SoldUsed]
    );

    let mut terms = shipped();
    let plan = terms.plans.get_mut("standard").unwrap();
    plan.sold_from = "2026-03-10".to_owned();
    plan.sold_until = "2026-03-20".to_owned();
    plan.not_for_models = vec!["PHN-17-".to_owned()];
    let changed = super::book(&terms, String::new(), country("CN"));
    let on = |key: &str, day, model: &str| {
        let wish = Wish {
            day,
            model: model.to_owned(),
            ..wish()
        };
        changed.why_not(changed.kind(key).unwrap(), &wish)
    };
    assert_eq!(
        on("standard", date!(2026 - 03 - 09), "PHN-14-128"),
        [Ineligibility::NotYetSold]
    );
    assert_eq!(on("standard", date!(2026 - 03 - 10), "PHN-14-128"), []);
    assert_eq!(on("standard", date!(2026 - 03 - 20), "PHN-14-128"), []);
    assert_eq!(
        on("standard", date!(2026 - 03 - 21), "PHN-17-256"),
        [Ineligibility::Model, Ineligibility::NoLongerSold]
    );
    assert_eq!(
        on("theft-and-loss", date!(2026 - 03 - 10), "PHN-14-128"),
        [Ineligibility::Country]
    );
}

#[test]
fn offers_are_what_a_consumer_could_have_bought_that_day() {
    let kinds = |code: &str, line, model| -> Vec<String> {
        let terms = shipped();
        offers(
            &terms,
            "v".to_owned(),
            country(code),
            line,
            model,
            date!(2026 - 03 - 01),
        )
        .into_iter()
        .map(|offer| offer.kind)
        .collect()
    };
    assert_eq!(
        kinds("DE", ProductLine::Phone, "PHN-14-128"),
        ["monthly", "standard", "theft-and-loss"]
    );
    assert_eq!(kinds("CN", ProductLine::Phone, "PHN-14-128"), ["monthly", "standard"]);
    assert!(kinds("DE", ProductLine::Accessory, "CAM-1").is_empty());
    let offered = of("DE").offers(ProductLine::Phone, "PHN-14-128", date!(2026 - 03 - 01));
    assert_eq!((offered[0].months, offered[1].months), (None, Some(24)));
    assert_eq!(offered[1].incidents_per_12_months, Some(2));
}

#[test]
fn what_the_fields_cannot_say_is_named() {
    let mut terms = shipped();
    let plan = terms.plans.get_mut("standard").unwrap();
    plan.sold_from = "2026-02-30".to_owned();
    plan.inspected_window_days = 10;
    plan.not_sold_in = vec!["UK".to_owned()];
    let prices = plan.prices["phone"].clone();
    plan.prices.insert("fridge".to_owned(), prices.clone());
    let accident = plan.covers.get_mut("accident").unwrap();
    accident.damages.push(WireDamage::UnauthorisedChange.into());
    accident.fees.get_mut("phone").unwrap().by_currency.remove("EUR");
    let mut odd = prices.by_currency["EUR"];
    odd.minor_units = 1;
    plan.cancellation
        .as_mut()
        .unwrap()
        .charge_at_most
        .insert("XAU".to_owned(), odd);
    terms.tiers.get_mut("audio").unwrap().product_lines = terms.tiers["watch"].product_lines.clone();
    terms.currencies.insert("EL".to_owned(), "EUX".to_owned());
    let law = terms.withdrawals["DE"].clone();
    terms.withdrawals.insert("UK".to_owned(), law);
    terms.other_currency_code = "XXX".to_owned();
    let found: Vec<_> = check::faults(&terms).into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        found,
        [
            "tiers[\"watch\"]",
            "plans[\"standard\"].sold_from",
            "plans[\"standard\"].not_sold_in",
            "plans[\"standard\"].inspected_window_days",
            "plans[\"standard\"].prices[\"fridge\"]",
            "plans[\"standard\"].covers[\"accident\"].damages",
            "plans[\"standard\"].covers[\"accident\"].fees[\"phone\"]",
            "plans[\"standard\"].cancellation.charge_at_most[\"XAU\"]",
            "currencies[\"EL\"]",
            "currencies[\"EL\"]",
            "other_currency_code",
            "withdrawals[\"UK\"]",
        ]
    );
}

#[test]
fn whose_renewal_would_change_is_counted() {
    let ids = Ids::new("eu".parse().unwrap(), Clock::system());
    let alike = |kind: &str, code: &str, count: i64| Alike {
        kind: kind.to_owned(),
        country: country(code),
        line: ProductLine::Phone,
        model: "PHN-14-128".to_owned(),
        currency: Currency::from_code("EUR").unwrap(),
        count,
        examples: (0..count.min(10)).map(|_| ids.next()).collect(),
    };
    let living = [
        alike("standard", "DE", 12),
        alike("monthly", "DE", 3),
        alike("standard", "FR", 1),
    ];
    let held = shipped();
    assert!(simulate::consequences(&living, &held, &held, date!(2026 - 03 - 01)).is_empty());
    let mut proposed = held.clone();
    let plan = proposed.plans.get_mut("standard").unwrap();
    let price = plan.prices.get_mut("phone").unwrap();
    price.by_currency.get_mut("EUR").unwrap().minor_units = 9900;
    proposed.plans.get_mut("monthly").unwrap().sold_until = "2026-02-28".to_owned();
    let found = simulate::consequences(&living, &held, &proposed, date!(2026 - 03 - 01));
    let shown: Vec<_> = found
        .iter()
        .map(|one| {
            (
                one.whom.as_str(),
                one.before.as_str(),
                one.after.as_str(),
                one.count,
                one.examples.len(),
            )
        })
        .collect();
    let (before, after) = (
        "renewed for 12500 minor units of EUR, 24 months",
        "renewed for 9900 minor units of EUR, 24 months",
    );
    assert_eq!(
        shown,
        [
            (
                "plans that live, monthly, DE",
                "renewed for 599 minor units of EUR, 1 months",
                "not renewed",
                3,
                3
            ),
            ("plans that live, standard, DE", before, after, 12, 10),
            ("plans that live, standard, FR", before, after, 1, 1),
        ]
    );
    let better = Some(support_chassis::standard::Fare::Better);
    assert_eq!((found[1].fare, found[1].rule.as_str()), (better, "standard"));
    let money = found[1].money.iter();
    let money: Vec<_> = money
        .map(|money| (money.currency.as_str(), money.more, money.less))
        .collect();
    assert_eq!(money, [("EUR", 0, 12 * 2600)]);
    let shares = found[1].shares.iter();
    let shares: Vec<_> = shares
        .map(|share| (share.country.as_str(), share.product.as_str(), share.count))
        .collect();
    assert_eq!(shares, [("DE", "phone", 12)]);
    // What is not renewed any more is worse, whatever it cost.
    let worse = Some(support_chassis::standard::Fare::Worse);
    assert_eq!((found[0].fare, found[0].money.len()), (worse, 0));
}
