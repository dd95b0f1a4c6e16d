//! What a repair costs, asked at the door.

use serde_json::json;
use support_proto::support::types::v1::Money;
use support_proto::support::warranty::v1::repair_price_service_client::RepairPriceServiceClient;
use support_proto::support::warranty::v1::{Damage, PriceRounding, QuoteRepairRequest, RepairPriceQuote, TaxTreatment};
use support_testing::publish_at;
use tonic::{Code, Status};

use crate::corrections::{component, part};
use crate::world::{
    World, anonymous, customer, day, new_product, operator, partner, refused, service, staff, violated,
};

const DOCUMENT: &str = "warranty/repair-prices";

/// A telephone with a battery, priced, and one that is not sold any more.
async fn scene() -> World {
    let world = World::start().await;
    let mut phone = new_product("PHN-12-128");
    "phone-2022".clone_into(&mut phone.price_group);
    phone.components = vec![
        component("battery", vec![part("661-00001", true)]),
        component("speaker", vec![]),
    ];
    let mut old = new_product("PHN-1-8");
    "phone-2022".clone_into(&mut old.price_group);
    old.release_date = Some(day(2010, 1, 1));
    old.last_sold_date = Some(day(2017, 3, 31));
    for product in [phone, old, new_product("PHN-0-0")] {
        world.catalogue(&operator()).create_product(product).await.unwrap();
    }
    world
}

fn asked(model_code: &str, component: &str, country_code: &str) -> QuoteRepairRequest {
    QuoteRepairRequest {
        model_code: model_code.to_owned(),
        component: component.to_owned(),
        damage: Damage::None.into(),
        country_code: country_code.to_owned(),
        day: None,
    }
}

async fn quote(world: &World, request: QuoteRepairRequest) -> Result<RepairPriceQuote, Status> {
    let answer = RepairPriceServiceClient::new(world.door(&anonymous()))
        .quote_repair(request)
        .await?;
    Ok(answer.into_inner().quote.unwrap())
}

fn money(currency_code: &str, minor_units: i64) -> Money {
    Money {
        currency_code: currency_code.to_owned(),
        minor_units,
    }
}

#[tokio::test]
async fn a_price_is_told_with_all_that_it_is_made_of() {
    let world = scene().await;
    let battery = quote(&world, asked("PHN-12-128", "battery", "DE")).await.unwrap();
    assert_eq!(battery.price, Some(money("EUR", 9900)));
    assert_eq!(
        (battery.tax.clone(), battery.tax_name.as_str(), battery.tax_basis_points),
        (Some(money("EUR", 1581)), "MwSt.", 1900)
    );
    assert_eq!(battery.tax_treatment(), TaxTreatment::Added);
    assert_eq!(
        (battery.rounding(), battery.rounding_step_minor_units),
        (PriceRounding::HalfUp, 100)
    );
    assert_eq!(battery.list_price, Some(money("EUR", 8319)));
    assert_eq!(
        (battery.price_group.as_str(), battery.priced_component.as_str()),
        ("phone-2022", "battery")
    );
    assert_eq!(
        (battery.day, battery.country_code.as_str()),
        (Some(day(2026, 3, 10)), "DE")
    );
    assert!(
        battery.basis.starts_with("warranty/repair-prices@1"),
        "{}",
        battery.basis
    );
    assert!(battery.source.contains("price list") && battery.tax_source.contains("UStG"));

    // A component without a price of its own costs what the whole does.
    let whole = quote(&world, asked("PHN-12-128", "", "DE")).await.unwrap();
    let speaker = quote(&world, asked("PHN-12-128", "speaker", "DE")).await.unwrap();
    assert_eq!((speaker.priced_component.as_str(), &speaker.price), ("", &whole.price));
    let abroad = quote(&world, asked("PHN-12-128", "battery", "US")).await.unwrap();
    assert_eq!(
        (abroad.price.clone(), abroad.tax.clone(), abroad.tax_treatment()),
        (Some(money("USD", 9900)), Some(money("USD", 0)), TaxTreatment::AtSale)
    );
    let brazil = quote(&world, asked("PHN-12-128", "battery", "BR")).await.unwrap();
    assert_eq!(
        (brazil.tax.clone(), brazil.tax_treatment()),
        (None, TaxTreatment::InList)
    );

    for caller in [staff(), operator(), partner("p"), service(), customer(world.customer())] {
        let answer = RepairPriceServiceClient::new(world.door(&caller))
            .quote_repair(asked("PHN-12-128", "battery", "DE"))
            .await;
        assert_eq!(answer.unwrap().into_inner().quote.as_ref(), Some(&battery));
    }
}

#[tokio::test]
async fn what_has_no_price_is_refused_with_the_reason() {
    let world = scene().await;
    for (request, code, reason) in [
        (asked("PHN-99-9", "", "DE"), Code::NotFound, "PRODUCT_NOT_FOUND"),
        (
            asked("PHN-12-128", "keyboard", "DE"),
            Code::NotFound,
            "COMPONENT_NOT_FOUND",
        ),
        (
            asked("PHN-12-128", "battery", "KP"),
            Code::NotFound,
            "REPAIR_PRICE_UNKNOWN",
        ),
        (asked("PHN-0-0", "", "DE"), Code::NotFound, "REPAIR_PRICE_UNKNOWN"),
        (
            QuoteRepairRequest {
                damage: Damage::Theft.into(),
                ..asked("PHN-12-128", "", "DE")
            },
            Code::NotFound,
            "REPAIR_PRICE_UNKNOWN",
        ),
        (asked("PHN-1-8", "", "DE"), Code::FailedPrecondition, "PRODUCT_OBSOLETE"),
    ] {
        let reason = format!("WARRANTY_ERROR_REASON_{reason}");
        let explained = refused(quote(&world, request).await, code, &reason);
        if reason.ends_with("OBSOLETE") {
            assert_eq!(
                explained.metadata.get("repaired_until").map(String::as_str),
                Some("2024-03-31")
            );
        }
    }
    // On its last day it was repaired.
    let last = QuoteRepairRequest {
        day: Some(day(2024, 3, 31)),
        ..asked("PHN-1-8", "", "DE")
    };
    assert_eq!(quote(&world, last).await.unwrap().day, Some(day(2024, 3, 31)));
    let wrong = QuoteRepairRequest {
        day: Some(day(2026, 2, 29)),
        ..asked("PHN-12-128", "", "UK")
    };
    assert_eq!(violated(quote(&world, wrong).await), ["country_code", "day"]);
}

#[tokio::test]
async fn a_country_asks_less_and_only_there() {
    let world = scene().await;
    let before = quote(&world, asked("PHN-12-128", "battery", "FR")).await.unwrap();
    let less = json!({"currencies": {"EUR": {"groups": {"phone-2022": {"components": {"battery": {"minor_units": "5000"}}}}}}});
    publish_at(world.channel(), DOCUMENT, "country/DE", &less, world.clock.now()).await;
    let here = quote(&world, asked("PHN-12-128", "battery", "DE")).await.unwrap();
    assert_eq!(here.price, Some(money("EUR", 6000)), "50.00 and 19 % are 59.50");
    assert!(here.basis.contains("country/DE@1"), "{}", here.basis);
    assert_eq!(
        quote(&world, asked("PHN-12-128", "battery", "FR")).await.unwrap(),
        before
    );
    // Yesterday it was not so.
    let yesterday = QuoteRepairRequest {
        day: Some(day(2026, 3, 9)),
        ..asked("PHN-12-128", "battery", "DE")
    };
    assert_eq!(quote(&world, yesterday).await.unwrap().price, Some(money("EUR", 9900)));
}
