//! A catalogue taken over whole, or not at all.

use support_proto::support::types::v1::ProductLine;
use support_proto::support::warranty::v1::{
    CatalogueFamily, CatalogueFaultReason as Reason, CatalogueProduct, ImportCatalogueRequest, ImportCatalogueResponse,
    ListProductsRequest, LookupProductRequest, ProductCorrected, ProductCreated, ProductDetails, ProductFamilyChanged,
};
use tonic::Code;

use crate::corrections::{component, part, rows};
use crate::world::{World, anonymous, day, operator, refused, request_id, staff, violated};

fn family(family: &str, line: ProductLine) -> CatalogueFamily {
    CatalogueFamily {
        family: family.to_owned(),
        name: format!("family {family}"),
        product_line: line.into(),
    }
}

fn product(model_code: &str, change: impl FnOnce(&mut ProductDetails)) -> CatalogueProduct {
    let mut details = ProductDetails {
        name: format!("model {model_code}"),
        product_line: ProductLine::Phone.into(),
        limited_warranty_months: 12,
        release_date: Some(day(2020, 1, 15)),
        family: "phones".to_owned(),
        price_group: "phone-2022".to_owned(),
        components: vec![component("battery", vec![part("661-00001", true)])],
        ..Default::default()
    };
    change(&mut details);
    CatalogueProduct {
        model_code: model_code.to_owned(),
        details: Some(details),
    }
}

fn catalogue(number: u64, products: Vec<CatalogueProduct>) -> ImportCatalogueRequest {
    ImportCatalogueRequest {
        request_id: request_id(number),
        families: vec![family("phones", ProductLine::Phone)],
        products,
        validate_only: false,
        reason: "the spring catalogue".to_owned(),
    }
}

async fn import(world: &World, request: ImportCatalogueRequest) -> ImportCatalogueResponse {
    world
        .catalogue(&operator())
        .import_catalogue(request)
        .await
        .unwrap()
        .into_inner()
}

#[tokio::test]
async fn a_catalogue_is_taken_over_and_brought_up_to_date() {
    let world = World::start().await;
    let first = catalogue(
        1,
        vec![
            product("PHN-1", |_| {}),
            product("PHN-2", |_| {}),
            product("PHN-3", |_| {}),
        ],
    );
    let done = import(&world, first.clone()).await;
    assert!(done.written && done.faults.is_empty());
    assert_eq!((done.families_added, done.products_added), (1, 3));
    let after = rows(&world).await;
    assert_eq!(after, [3, 1, 0, 3, 3, 3, 4]);
    // Sent again, nothing more comes of it.
    assert_eq!(import(&world, first).await, done);
    assert_eq!(rows(&world).await, after);

    let mut second = catalogue(
        2,
        vec![
            product("PHN-2", |_| {}),
            product("PHN-3", |details| details.limited_warranty_months = 24),
            product("PHN-4", |_| {}),
        ],
    );
    second.families[0].name = "Phones".to_owned();
    let checked = import(
        &world,
        ImportCatalogueRequest {
            request_id: request_id(3),
            validate_only: true,
            ..second.clone()
        },
    )
    .await;
    assert!(!checked.written);
    assert_eq!(rows(&world).await, after);
    let done = import(&world, second).await;
    assert_eq!(
        ImportCatalogueResponse {
            written: true,
            ..checked
        },
        done,
        "what was checked is what was done"
    );
    assert_eq!(
        [
            done.families_corrected,
            done.products_added,
            done.products_corrected,
            done.products_unchanged
        ],
        [1, 1, 1, 1]
    );
    assert_eq!(rows(&world).await, [4, 1, 0, 4, 4, 5, 7]);
    let corrected = world.events::<ProductCorrected>(1).await;
    assert_eq!(corrected[0].fields, ["limited_warranty_months"]);
    assert_eq!(world.events::<ProductCreated>(4).await.len(), 4);
    assert_eq!(world.events::<ProductFamilyChanged>(2).await.len(), 2);
    let request = LookupProductRequest {
        model_code: "PHN-3".to_owned(),
        ..Default::default()
    };
    let read = world
        .catalogue(&anonymous())
        .lookup_product(request)
        .await
        .unwrap()
        .into_inner();
    let read = read.product.unwrap();
    assert_eq!((read.limited_warranty_months, read.components.len()), (24, 1));
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_with_its_row_and_nothing_is_written() {
    let world = World::start().await;
    import(&world, catalogue(1, vec![product("PHN-12-128", |_| {})])).await;
    world.device("MMMM0001", |_| {}).await;
    let before = rows(&world).await;
    let request = ImportCatalogueRequest {
        families: vec![
            family("phones", ProductLine::Tablet),
            family("Watches", ProductLine::Watch),
            family("audio", ProductLine::Audio),
            family("audio", ProductLine::Audio),
            family("broken", ProductLine::Unspecified),
        ],
        ..catalogue(
            2,
            vec![
                product("PHN-12-128", |details| {
                    details.product_line = ProductLine::Tablet.into();
                    details.limited_warranty_months = 6;
                    details.release_date = Some(day(2026, 1, 1));
                }),
                product("PHN-1", |details| details.family = "pads".to_owned()),
                product("PHN-1", |_| {}),
                product("phn", |details| {
                    details.name.clear();
                    details.release_date = None;
                    details.last_sold_date = Some(day(2026, 2, 30));
                    details.components[0].component = "whole-unit".to_owned();
                    details.components[0].parts[0].part_number = "1".to_owned();
                }),
                product("PHN-5", |details| {
                    details.family = "audio".to_owned();
                    details.last_sold_date = Some(day(2019, 1, 1));
                }),
                product("PHN-6", |details| details.family = "broken".to_owned()),
                CatalogueProduct {
                    model_code: "PHN-7".to_owned(),
                    details: None,
                },
            ],
        )
    };
    let answer = import(&world, request).await;
    assert!(!answer.written);
    let found: Vec<_> = answer
        .faults
        .iter()
        .map(|fault| (fault.row, fault.field.as_str(), fault.reason()))
        .collect();
    assert_eq!(
        found,
        [
            (0, "families[0].product_line", Reason::InUse),
            (1, "families[1].family", Reason::Form),
            (3, "families[3].family", Reason::Twice),
            (4, "families[4].product_line", Reason::Form),
            (0, "products[0].details.limited_warranty_months", Reason::InUse),
            (0, "products[0].details.product_line", Reason::InUse),
            (0, "products[0].details.release_date", Reason::InUse),
            (1, "products[1].details.family", Reason::UnknownFamily),
            (2, "products[2].model_code", Reason::Twice),
            (3, "products[3].model_code", Reason::Form),
            (3, "products[3].details.name", Reason::Form),
            (3, "products[3].details.release_date", Reason::Form),
            (3, "products[3].details.last_sold_date", Reason::Form),
            (3, "products[3].details.components[0].component", Reason::Form),
            (
                3,
                "products[3].details.components[0].parts[0].part_number",
                Reason::Form
            ),
            (4, "products[4].details.last_sold_date", Reason::OrderOfDays),
            (4, "products[4].details.family", Reason::LineDiffers),
            (6, "products[6].details.name", Reason::Form),
            (6, "products[6].details.product_line", Reason::Form),
            (6, "products[6].details.release_date", Reason::Form),
        ]
    );
    assert!(answer.faults.iter().all(|fault| !fault.words.is_empty()));
    assert_eq!(rows(&world).await, before);
}

#[tokio::test]
async fn a_catalogue_of_thousands_goes_in_at_once() {
    let world = World::start().await;
    let products = (0..2000)
        .map(|number| product(&format!("PHN-{number:04}"), |_| {}))
        .collect();
    let done = import(&world, catalogue(1, products)).await;
    assert_eq!((done.written, done.products_added), (true, 2000));
    assert_eq!(rows(&world).await, [2000, 1, 0, 2000, 2000, 2000, 2001]);
    // All of them wrong: all of it told.
    let broken = (0..2000)
        .map(|number| product(&format!("PHN-{number:04}"), |details| details.name.clear()))
        .collect();
    let answer = import(&world, catalogue(2, broken)).await;
    assert_eq!(
        (answer.written, answer.faults.len(), answer.faults_omitted),
        (false, 2000, 0)
    );
    let page = ListProductsRequest {
        page_size: 1,
        query: "phn-1999".to_owned(),
        ..Default::default()
    };
    let page = world
        .catalogue(&anonymous())
        .list_products(page)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.products[0].name, "model PHN-1999");
}

#[tokio::test]
async fn only_operators_take_over_catalogues() {
    let world = World::start().await;
    let refusal = world
        .catalogue(&staff())
        .import_catalogue(catalogue(1, Vec::new()))
        .await;
    refused(
        refusal,
        Code::PermissionDenied,
        "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED",
    );
    let too_many = ImportCatalogueRequest {
        families: vec![CatalogueFamily::default(); 1001],
        ..catalogue(2, Vec::new())
    };
    assert_eq!(
        violated(world.catalogue(&operator()).import_catalogue(too_many).await),
        ["families"]
    );
    assert_eq!(rows(&world).await, [0; 7]);
}
