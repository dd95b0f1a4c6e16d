//! What other terms, prices and plans would mean, asked at the door.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use support_chassis::standard::document::{Change, DocumentType as _};
use support_chassis::standard::effective::{Held, Source};
use support_chassis::standard::{Findings, Others, Patch, Place, Reach, Records};
use support_proto::support::standard::v1::standard_service_client::StandardServiceClient;
use support_proto::support::standard::v1::{
    CheckContentRequest, CheckReport, Examination, Fare, Faring, GetEffectiveRequest, Territories,
};
use support_proto::support::warranty::v1::{
    CoverageDecision, CoverageOutcome, Damage, DecideCoverageRequest, PaymentKind,
};
use support_testing::publish_at;
use support_warranty::standard::COVERAGE_TERMS;
use support_warranty::store::{decisions, facts, sweep};
use time::macros::date;

use crate::world::{World, database, day, lawgiver, new_product, operator, request_id, staff};

const TERMS: &str = "warranty/coverage-terms";
const PRICES: &str = "warranty/repair-prices";
const PLANS: &str = "warranty/plan-terms";

/// The day of the world.
const TODAY: &str = "'2026-03-10'::date";

/// A world with so many telephones, sold one after another in these countries, each this many days before the next one.
async fn fleet(number: u32, countries: &[&str], days: u32) -> World {
    let world = World::start().await;
    let mut phone = new_product("PHN-12-128");
    "phone-2022".clone_into(&mut phone.price_group);
    world.catalogue(&operator()).create_product(phone).await.unwrap();
    let codes: Vec<_> = countries.iter().map(|code| format!("'{code}'")).collect();
    world
        .run(&format!(
            "insert into devices (id, product_id, serial_number, purchase_country_code, purchase_date,
                                  purchase_date_evidence, registered_at)
             select ('0198f2c4-0000-7000-8000-' || lpad(to_hex(number), 12, '0'))::uuid, (select id from products),
                    'FLEET' || lpad(number::text, 7, '0'), (array[{}])[number % {} + 1],
                    {TODAY} - number * {days}, 'proven', now()
             from generate_series(0, {number} - 1) as number",
            codes.join(", "),
            countries.len(),
        ))
        .await;
    world
}

fn device(number: u32) -> String {
    format!("0198f2c4-0000-7000-8000-{number:012x}")
}

async fn decide(world: &World, number: u32, change: impl FnOnce(&mut DecideCoverageRequest)) -> CoverageDecision {
    let stored: i64 = world.count("coverage_decisions").await;
    let mut request = DecideCoverageRequest {
        request_id: request_id(stored.unsigned_abs() + 1),
        serial_number: format!("FLEET{number:07}"),
        day: Some(day(2026, 3, 10)),
        damage: Damage::None.into(),
        ..DecideCoverageRequest::default()
    };
    change(&mut request);
    let answer = world.coverage(&staff()).decide_coverage(request).await.unwrap();
    answer.into_inner().decision.unwrap()
}

async fn ask(world: &World, document: &str, place: &str, content: &Value) -> CheckReport {
    let asked = CheckContentRequest {
        document: document.to_owned(),
        place: place.to_owned(),
        content: content.to_string(),
        effective_from: None,
    };
    let mut door = StandardServiceClient::new(world.door(&lawgiver()));
    let report = door.check_content(asked).await.unwrap().into_inner().report.unwrap();
    assert!(report.faults.is_empty() && report.loosened.is_empty(), "{report:?}");
    report
}

/// The global version that holds, with this in it.
async fn global(world: &World, document: &str, change: impl FnOnce(&mut Value)) -> Value {
    let asked = GetEffectiveRequest {
        document: document.to_owned(),
        place: "global".to_owned(),
        ..GetEffectiveRequest::default()
    };
    let answer = StandardServiceClient::new(world.door(&lawgiver()))
        .get_effective(asked)
        .await;
    let mut content = serde_json::from_str(&answer.unwrap().into_inner().content).unwrap();
    change(&mut content);
    content
}

async fn publish(world: &World, document: &str, place: &str, content: &Value) {
    publish_at(world.channel(), document, place, content, world.clock.now()).await;
}

fn examined<'r>(report: &'r CheckReport, what: &str) -> &'r Examination {
    let mut found = report.examinations.iter();
    found.find(|one| one.what == what).unwrap()
}

/// How those would fare with whom this was tried, in one country or, where none is named, everywhere.
fn faring(examination: &Examination, tried: &str, country: &str) -> Faring {
    let mut farings = examination.farings.iter();
    let found = farings.find(|one| one.tried == tried && one.country_code == country);
    found.cloned().unwrap_or_default()
}

/// What is paid, in minor units by currency; none where it is not known or nothing is repaired.
fn paid(decision: &CoverageDecision) -> Option<(String, i64)> {
    let pays = decision.pays.clone().unwrap();
    match pays.kind() {
        PaymentKind::Nothing => Some((String::new(), 0)),
        PaymentKind::Amount => pays.amount.map(|amount| (amount.currency_code, amount.minor_units)),
        _ => None,
    }
}

#[tokio::test]
async fn what_is_told_beforehand_is_what_the_door_decides_afterwards() {
    let countries = ["DE", "FR", "US", "JP"];
    let world = fleet(48, &countries, 25).await;
    // What a repair costs in Germany is not what it costs next door.
    let cheaper = json!({"currencies": {"EUR": {"groups": {"phone-2022": {"components": {
        "whole-unit": {"minor_units": 40_000},
    }}}}}});
    publish(&world, PRICES, "country/DE", &cheaper).await;
    let proposed = global(&world, TERMS, |terms| {
        terms["limited_warranties"]["limited-warranty"]["months"] = json!(30);
    })
    .await;
    let report = ask(&world, TERMS, "global", &proposed).await;
    let devices = examined(&report, "devices");
    assert_eq!((devices.total, devices.looked_at, devices.complete), (48, 48, true));

    let damages = [(Damage::None, "damage none"), (Damage::Accidental, "damage accidental")];
    let mut before = Vec::new();
    for number in 0..48 {
        for (damage, _) in damages {
            before.push(decide(&world, number, |request| request.damage = damage.into()).await);
        }
    }
    publish(&world, TERMS, "global", &proposed).await;
    let mut after = Vec::new();
    for number in 0..48 {
        for (damage, _) in damages {
            after.push(decide(&world, number, |request| request.damage = damage.into()).await);
        }
    }
    let mut differing = 0;
    for (damage, tried) in damages {
        let mut sums: BTreeMap<(&str, String), (i64, i64)> = BTreeMap::new();
        let mut less: BTreeMap<String, i64> = BTreeMap::new();
        for (number, (was, is)) in before.iter().zip(&after).enumerate() {
            if was.damage() != damage {
                continue;
            }
            let country = countries[number / 2 % 4];
            let is_better = (was.outcome, was.covered_until, paid(was)) != (is.outcome, is.covered_until, paid(is));
            let sum = sums.entry((country, String::new())).or_default();
            if is_better {
                sum.0 += 1;
                differing += 1;
            } else {
                sum.1 += 1;
            }
            if let (Some((currency, price)), Some((_, 0))) = (paid(was), paid(is))
                && price > 0
            {
                *less.entry(currency).or_default() += price;
            }
        }
        for ((country, _), (better, same)) in &sums {
            let told = faring(devices, tried, country);
            if *better > 0 {
                assert_eq!(
                    (told.better, told.worse, told.same),
                    (*better, 0, *same),
                    "{tried} {country}"
                );
                assert_eq!(told.product, "phone");
            } else {
                assert_eq!(told, Faring::default(), "what stays is told together");
            }
        }
        let all = faring(devices, tried, "");
        assert_eq!(all.better + all.same, 48);
        let money: BTreeMap<_, _> = (all.money.iter())
            .map(|money| (money.currency_code.clone(), money.less_minor_units))
            .collect();
        assert_eq!(money, less, "{tried}");
        assert!(all.money.iter().all(|money| money.more_minor_units == 0));
    }
    assert!(differing > 10, "{differing}");

    // What is told by what becomes of it is the same, counted otherwise.
    let none: Vec<_> = (report.consequences.iter())
        .filter(|told| told.whom == "of all 48 devices, damage none")
        .collect();
    let counted: i64 = none.iter().map(|told| told.count).sum();
    assert_eq!(counted, faring(devices, "damage none", "").better);
    for told in none {
        assert_eq!((told.fare(), told.rule.as_str()), (Fare::Better, "limited-warranty"));
        assert_eq!(told.shares.iter().map(|share| share.count).sum::<i64>(), told.count);
        assert_eq!(told.examples.len(), usize::try_from(told.count).unwrap().min(10));
    }
    let mut released = report.consequences.iter();
    let released = released.find(|told| told.before == "out of warranty" && told.after == "limited warranty");
    assert_eq!(released.unwrap().because, "period over -> within period");
}

#[tokio::test]
async fn other_prices_are_told_for_those_who_would_pay_them() {
    // The first is in its warranty, the others are not.
    let world = fleet(3, &["US"], 500).await;
    decide(&world, 1, |_| {}).await;
    let abroad = decide(&world, 2, |request| "DE".clone_into(&mut request.place_country_code)).await;
    assert_eq!(abroad.outcome(), CoverageOutcome::OutOfWarranty);
    let cheaper = json!({"currencies": {"USD": {"groups": {"phone-2022": {"components": {
        "whole-unit": {"minor_units": 40_000},
    }}}}}});
    let price = |decision: &CoverageDecision| paid(decision).unwrap();
    let here = decide(&world, 1, |_| {}).await;
    let report = ask(&world, PRICES, "country/US", &cheaper).await;

    let devices = examined(&report, "devices");
    let told = faring(devices, "damage none", "");
    assert_eq!((told.better, told.worse, told.otherwise, told.same), (2, 0, 0, 1));
    let less = price(&here).1 - 40_000;
    assert!(less > 0);
    assert_eq!(
        (told.money[0].currency_code.as_str(), told.money[0].less_minor_units),
        ("USD", 2 * less)
    );
    // What falls is no warranty's.
    assert_eq!(faring(devices, "damage accidental", "US").better, 3);
    let asked = examined(&report, "coverage decisions");
    let told = faring(asked, "", "");
    assert_eq!(
        (asked.total, asked.complete, told.better, told.same),
        (3, true, 2, 1),
        "not those of repairs abroad"
    );

    // Where the repair was, its prices count, wherever the device was sold.
    let cheaper = json!({"currencies": {"EUR": {"groups": {"phone-2022": {"components": {
        "whole-unit": {"minor_units": 40_000},
    }}}}}});
    let report = ask(&world, PRICES, "country/DE", &cheaper).await;
    let told = faring(examined(&report, "coverage decisions"), "", "");
    assert_eq!((told.better, told.same), (1, 2));
    assert_eq!(examined(&report, "devices").total, 0);
    let mut told = report.consequences.iter();
    let told = told.find(|told| told.whom == "of all 3 coverage decisions").unwrap();
    assert_eq!(told.examples, [abroad.decision_id]);
    assert_eq!(
        (told.rule.as_str(), told.shares[0].country_code.as_str()),
        ("repair-at-price", "US")
    );
}

#[tokio::test]
async fn other_plans_are_told_for_those_whom_they_would_have_helped() {
    let world = fleet(4, &["DE", "FR"], 200).await;
    let free = json!({"plans": {"standard": {"covers": {"accident": {"fees": {"phone": {"by_currency": {
        "EUR": {"minor_units": 100},
    }}}}}}}});
    let fallen = decide(&world, 0, |request| request.damage = Damage::Accidental.into()).await;
    let best = fallen.plans_would_have.first().unwrap();
    let report = ask(&world, PLANS, "country/DE", &free).await;
    let told = faring(examined(&report, "devices"), "damage accidental", "");
    let examination = examined(&report, "devices");
    assert_eq!(
        (examination.total, told.better, told.worse, told.same),
        (2, 2, 0, 0),
        "{best:?} {report:?}"
    );
    let mut told = report.consequences.iter();
    let told = told.find(|told| told.whom == "of all 1 coverage decisions").unwrap();
    assert_eq!(
        (told.before.as_str(), told.after.as_str(), told.rule.as_str()),
        (
            "out of warranty",
            "out of warranty, a plan would have helped more",
            "plan-standard"
        )
    );
    assert!(told.money[0].less_minor_units > 0);
}

#[tokio::test]
async fn what_is_not_tried_in_the_time_there_is_is_said() {
    let world = fleet(30, &["DE", "US"], 0).await;
    for number in 0..4 {
        decide(&world, number, |_| {}).await;
    }
    let schema = COVERAGE_TERMS.schema().unwrap();
    let shipped = COVERAGE_TERMS.read_shipped().unwrap();
    let source = Source {
        document: TERMS,
        schema: &schema,
        shipped: Some(&shipped),
        records: &Records::new("eu".parse().unwrap()),
    };
    let today = date!(2026 - 03 - 10);
    let held = source.on(&Territories::default(), &Place::Global, today).unwrap();
    let two_years = json!({"limited_warranties": {"limited-warranty": {"months": 24}}});
    let patch = Patch::from_json(&schema, &two_years.to_string()).unwrap();
    let proposed = Held {
        content: patch.apply(&held.content),
        ..held.clone()
    };
    let find = async |within| {
        let change = Change {
            db: world.db.clone(),
            place: Place::Global,
            reach: Reach::Only(["US".to_owned()].into()),
            held: held.clone(),
            proposed: proposed.clone(),
            day: today,
            others: Others::shipped(),
            within,
        };
        COVERAGE_TERMS.simulate(change).unwrap().await.unwrap()
    };
    let looked_at = |found: &Findings| -> Vec<_> {
        let examined = found.examinations.iter();
        examined
            .map(|one| (one.what.clone(), one.looked_at, one.total))
            .collect()
    };
    let line = |what: &str, looked_at, total| (what.to_owned(), looked_at, total);
    let none = find(Duration::ZERO).await;
    assert_eq!(
        looked_at(&none),
        [line("devices", 0, 15), line("coverage decisions", 0, 2)]
    );
    assert_eq!(none.consequences, []);
    let all = find(Duration::from_mins(1)).await;
    assert_eq!(
        looked_at(&all),
        [line("devices", 15, 15), line("coverage decisions", 2, 2)]
    );
    let mut told = all.consequences.iter();
    let told = told.find(|told| told.whom == "of all 15 devices, damage none").unwrap();
    assert_eq!(told.count, 15);
    assert!(
        told.examples[0].ends_with(&device(29)),
        "the latest ones first: {told:?}"
    );
}

#[tokio::test]
async fn everything_is_in_one_stretch() {
    let world = fleet(2_503, &["DE", "DE", "FR"], 0).await;
    let mut connection = world.db.read().await.unwrap();
    let codes = |codes: &[&str]| -> BTreeSet<String> { codes.iter().map(|code| (*code).to_owned()).collect() };
    for (reach, number) in [
        (Reach::AllBut(codes(&[])), 2_503),
        (Reach::AllBut(codes(&["FR"])), 1_669),
        (Reach::Only(codes(&["FR", "US"])), 834),
        (Reach::Only(codes(&["US"])), 0),
    ] {
        let stretches = sweep::devices(&mut connection, &reach, 100).await.unwrap();
        assert!(stretches.is_sorted_by_key(|stretch| std::cmp::Reverse(stretch.first)));
        let mut seen = BTreeSet::new();
        for stretch in &stretches {
            let known = facts::of_stretch(&mut connection, stretch).await.unwrap();
            assert_eq!(i64::try_from(known.len()).unwrap(), stretch.size);
            assert!(stretch.size <= 100);
            for known in known {
                assert!(reach.holds(Some(known.device.purchase_country.code())));
                assert!(seen.insert(known.device.id), "once");
            }
        }
        assert_eq!(seen.len(), number, "{reach:?}");
    }

    // Of decisions the same.
    for number in 0..7 {
        decide(&world, number, |_| {}).await;
    }
    let everywhere = Reach::AllBut(codes(&[]));
    let mut seen = BTreeSet::new();
    for stretch in sweep::decisions(&mut connection, &everywhere, 2).await.unwrap() {
        let asked = decisions::of_stretch(&mut connection, &stretch).await.unwrap();
        assert_eq!(i64::try_from(asked.len()).unwrap(), stretch.size);
        seen.extend(asked.into_iter().map(|past| past.id));
    }
    assert_eq!(seen.len(), 7);

    // Where there is nothing, there is nothing to be read.
    let empty = database().await;
    let mut connection = PgConnection::connect(empty.url()).await.unwrap();
    assert_eq!(sweep::devices(&mut connection, &everywhere, 100).await.unwrap(), []);
}
