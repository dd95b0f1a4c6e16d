//! Products are put right, and what they were is kept.

use prost_types::FieldMask;
use support_proto::support::types::v1::ProductLine;
use support_proto::support::warranty::v1::{
    CorrectProductRequest, CreateProductFamilyRequest, GetProductRequest, ListProductChangesRequest,
    ListProductFamiliesRequest, ListProductsRequest, LookupProductRequest, Product, ProductComponent,
    ProductConfiguration, ProductCorrected, ProductDetails, ProductFamilyChanged, ProductPart, ServiceState,
};
use tonic::{Code, Status};

use crate::world::{World, anonymous, day, new_product, operator, partner, refused, request_id, staff, violated};

/// How many rows there are of everything that the catalogue writes.
pub(crate) async fn rows(world: &World) -> [i64; 7] {
    let counts = sqlx::query_as::<_, (i64, i64, i64, i64, i64, i64, i64)>(
        "select (select count(*) from products), (select count(*) from product_families),
                (select count(*) from product_configurations), (select count(*) from product_components),
                (select count(*) from product_parts), (select count(*) from product_changes), 
                (select count(*) from outbox where event_type like '%.Product%')",
    )
    .fetch_one(&mut *world.db.read().await.unwrap())
    .await
    .unwrap();
    [counts.0, counts.1, counts.2, counts.3, counts.4, counts.5, counts.6]
}

pub(crate) fn part(part_number: &str, wears: bool) -> ProductPart {
    ProductPart {
        part_number: part_number.to_owned(),
        name: format!("part {part_number}"),
        wears,
        cosmetic: false,
    }
}

pub(crate) fn component(component: &str, parts: Vec<ProductPart>) -> ProductComponent {
    ProductComponent {
        component: component.to_owned(),
        parts,
    }
}

pub(crate) async fn family(world: &World, family: &str) {
    let request = CreateProductFamilyRequest {
        request_id: request_id(900),
        family: family.to_owned(),
        name: "Halden Phone".to_owned(),
        product_line: ProductLine::Phone.into(),
    };
    world
        .catalogue(&operator())
        .create_product_family(request)
        .await
        .unwrap();
}

async fn whole(world: &World, number: u64) -> Product {
    family(world, "halden-phone").await;
    let mut request = new_product("PHN-12-128");
    request.request_id = request_id(number);
    "halden-phone".clone_into(&mut request.family);
    "phone-2022".clone_into(&mut request.price_group);
    request.configurations = vec![ProductConfiguration {
        configuration: "128-BLK".to_owned(),
        name: "128 GB, black".to_owned(),
    }];
    request.components = vec![
        component("battery", vec![part("661-00001", true), part("661-00002", true)]),
        component("display", vec![]),
    ];
    let answer = world.catalogue(&operator()).create_product(request).await;
    answer.unwrap().into_inner().product.unwrap()
}

async fn correct(
    world: &World,
    product: &Product,
    number: u64,
    paths: &[&str],
    change: impl FnOnce(&mut ProductDetails),
) -> Result<Product, Status> {
    let mut details = ProductDetails::default();
    change(&mut details);
    let request = CorrectProductRequest {
        request_id: request_id(number),
        product_id: product.product_id.clone(),
        etag: product.etag.clone(),
        update_mask: Some(FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
        details: Some(details),
        reason: "the sheet was wrong".to_owned(),
    };
    let answer = world.catalogue(&operator()).correct_product(request).await?;
    Ok(answer.into_inner().product.unwrap())
}

#[tokio::test]
async fn a_product_is_read_with_all_there_is_of_it() {
    let world = World::start().await;
    let made = whole(&world, 1).await;
    assert_eq!(
        (made.family.as_str(), made.price_group.as_str()),
        ("halden-phone", "phone-2022")
    );
    assert_eq!(made.components[0].parts.len(), 2);
    assert!(made.components[0].parts[0].wears && !made.components[0].parts[0].cosmetic);
    assert_eq!(made.components[1], component("display", vec![]));
    assert_eq!(made.configurations[0].configuration, "128-BLK");
    let life = made.service_life.clone().unwrap();
    assert_eq!(
        (life.state(), life.vintage_date, life.repaired_until),
        (ServiceState::Current, None, None)
    );
    assert!(
        life.rule_version.starts_with("warranty/repair-prices@"),
        "{}",
        life.rule_version
    );

    let request = LookupProductRequest {
        model_code: "PHN-12-128".to_owned(),
        country_code: String::new(),
    };
    let found = world
        .catalogue(&partner("p"))
        .lookup_product(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.product, Some(made));
    for (code, reason) in [("PHN-99", "WARRANTY_ERROR_REASON_PRODUCT_NOT_FOUND")] {
        let request = LookupProductRequest {
            model_code: code.to_owned(),
            country_code: String::new(),
        };
        refused(
            world.catalogue(&anonymous()).lookup_product(request).await,
            Code::NotFound,
            reason,
        );
    }
    let nowhere = LookupProductRequest {
        model_code: "PHN-12-128".to_owned(),
        country_code: "UK".to_owned(),
    };
    assert_eq!(
        violated(world.catalogue(&anonymous()).lookup_product(nowhere).await),
        ["country_code"]
    );
}

#[tokio::test]
async fn products_are_looked_for() {
    let world = World::start().await;
    whole(&world, 1).await;
    let mut other = new_product("PHN-10-64");
    "Pocket Ten".clone_into(&mut other.name);
    other.last_sold_date = Some(day(2022, 6, 30));
    world.catalogue(&operator()).create_product(other).await.unwrap();
    let found = async |request: ListProductsRequest| -> Vec<String> {
        let page = world
            .catalogue(&anonymous())
            .list_products(request)
            .await
            .unwrap()
            .into_inner();
        page.products.into_iter().map(|product| product.model_code).collect()
    };
    let all = ListProductsRequest::default;
    assert_eq!(found(all()).await, ["PHN-10-64", "PHN-12-128"]);
    let of = |query: &str| ListProductsRequest {
        query: query.to_owned(),
        ..all()
    };
    assert_eq!(found(of("phn-1")).await, ["PHN-10-64", "PHN-12-128"]);
    assert_eq!(found(of("pocket")).await, ["PHN-10-64"]);
    assert_eq!(found(of("12-128")).await, ["PHN-12-128"], "its name says so");
    assert_eq!(found(of("%")).await, [""; 0]);
    let family = ListProductsRequest {
        family: "halden-phone".to_owned(),
        ..all()
    };
    assert_eq!(found(family).await, ["PHN-12-128"]);
    let with_part = |number: &str| ListProductsRequest {
        part_number: number.to_owned(),
        ..all()
    };
    assert_eq!(found(with_part("661-00002")).await, ["PHN-12-128"]);
    assert_eq!(found(with_part("661-00009")).await, [""; 0]);
    let sold_on = |date| ListProductsRequest {
        sold_on: Some(date),
        ..all()
    };
    assert_eq!(found(sold_on(day(2022, 6, 30))).await, ["PHN-10-64", "PHN-12-128"]);
    assert_eq!(found(sold_on(day(2022, 7, 1))).await, ["PHN-12-128"]);
    assert_eq!(found(sold_on(day(2020, 1, 14))).await, [""; 0]);
    let bad = sold_on(day(2022, 2, 30));
    assert_eq!(
        violated(world.catalogue(&anonymous()).list_products(bad).await),
        ["sold_on"]
    );

    // Whole, or without what is long.
    let listed = world
        .catalogue(&anonymous())
        .list_products(of("12-128"))
        .await
        .unwrap()
        .into_inner();
    assert!(listed.products[0].components.is_empty() && listed.products[0].service_life.is_none());
    let whole = ListProductsRequest {
        whole: true,
        ..of("12-128")
    };
    let listed = world
        .catalogue(&anonymous())
        .list_products(whole)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(listed.products[0].components.len(), 2);
    assert!(listed.products[0].service_life.is_some());
}

#[tokio::test]
async fn a_product_is_corrected_and_its_history_says_so() {
    let world = World::start().await;
    let made = whole(&world, 1).await;
    let before = rows(&world).await;
    let corrected = correct(&world, &made, 2, &["name", "last_sold_date", "components"], |details| {
        "Halden Phone 12".clone_into(&mut details.name);
        // Not named in the mask, so not said.
        details.limited_warranty_months = 99;
        details.last_sold_date = Some(day(2023, 9, 30));
        details.components = vec![component("battery", vec![part("661-00003", true)])];
    })
    .await
    .unwrap();
    assert_eq!(corrected.name, "Halden Phone 12");
    assert_eq!(corrected.limited_warranty_months, 12);
    assert_eq!(
        corrected.components,
        [component("battery", vec![part("661-00003", true)])]
    );
    assert_ne!(corrected.etag, made.etag);
    let life = corrected.service_life.clone().unwrap();
    // Five and seven years after the last sale; both days belong to the years.
    assert_eq!(life.vintage_date, Some(day(2028, 10, 1)));
    assert_eq!(life.obsolete_date, Some(day(2030, 10, 1)));
    assert_eq!(life.repaired_until, Some(day(2030, 9, 30)));
    let after = rows(&world).await;
    assert_eq!(
        [after[3], after[4], after[5], after[6]],
        [1, 1, before[5] + 1, before[6] + 1]
    );

    // Sent again: the same answer and nothing more.
    let again = correct(&world, &made, 2, &["name", "last_sold_date", "components"], |details| {
        "Halden Phone 12".clone_into(&mut details.name);
        details.limited_warranty_months = 99;
        details.last_sold_date = Some(day(2023, 9, 30));
        details.components = vec![component("battery", vec![part("661-00003", true)])];
    });
    assert_eq!(again.await.unwrap(), corrected);
    // What is so already is no change.
    let same = correct(&world, &corrected, 3, &["name"], |details| {
        "Halden Phone 12".clone_into(&mut details.name);
    });
    assert_eq!(same.await.unwrap(), corrected);
    assert_eq!(rows(&world).await, after);

    let request = ListProductChangesRequest {
        product_id: made.product_id.clone(),
        page_size: 1,
        ..Default::default()
    };
    let page = world
        .catalogue(&staff())
        .list_product_changes(request.clone())
        .await
        .unwrap()
        .into_inner();
    let change = &page.changes[0];
    assert_eq!(
        (change.revision, change.changed_by.as_str()),
        (2, "operator:operator-1")
    );
    assert_eq!(change.reason, "the sheet was wrong");
    let fields: Vec<_> = change.fields.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["components", "last_sold_date", "name"]);
    assert_eq!(
        (change.fields[1].before.as_str(), change.fields[1].after.as_str()),
        ("", "\"2023-09-30\"")
    );
    let request = ListProductChangesRequest {
        page_token: page.next_page_token,
        ..request
    };
    let page = world
        .catalogue(&staff())
        .list_product_changes(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!((page.changes[0].revision, page.changes[0].fields.len()), (1, 0));
    assert_eq!(page.next_page_token, "");

    let told = world.events::<ProductCorrected>(1).await;
    assert_eq!(
        (told[0].revision, told[0].fields.as_slice()),
        (
            2,
            ["components", "last_sold_date", "name"].map(str::to_owned).as_slice()
        )
    );
}

#[tokio::test]
async fn what_would_take_from_those_who_have_one_is_refused() {
    let world = World::start().await;
    let made = whole(&world, 1).await;
    // Without a device everything may be put right.
    let corrected = correct(
        &world,
        &made,
        2,
        &["limited_warranty_months", "release_date"],
        |details| {
            details.limited_warranty_months = 11;
            details.release_date = Some(day(2020, 2, 1));
        },
    )
    .await
    .unwrap();
    world.device("PPPP0001", |_| {}).await;
    let before = rows(&world).await;
    let less = correct(
        &world,
        &corrected,
        3,
        &["limited_warranty_months", "product_line", "release_date", "family"],
        |details| {
            details.limited_warranty_months = 6;
            details.product_line = ProductLine::Tablet.into();
            details.release_date = Some(day(2025, 3, 2));
        },
    )
    .await;
    let explained = refused(less, Code::FailedPrecondition, "WARRANTY_ERROR_REASON_PRODUCT_IN_USE");
    assert_eq!(
        explained.metadata.get("fields").map(String::as_str),
        Some("limited_warranty_months, product_line, release_date")
    );
    assert_eq!(rows(&world).await, before);
    // More may be given, and a day up to the first purchase was a day of sale.
    let more = correct(
        &world,
        &corrected,
        4,
        &["limited_warranty_months", "release_date"],
        |details| {
            details.limited_warranty_months = 24;
            details.release_date = Some(day(2025, 3, 1));
        },
    );
    assert_eq!(more.await.unwrap().limited_warranty_months, 24);
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table")]
async fn a_correction_is_refused_with_its_reason_and_writes_nothing() {
    let world = World::start().await;
    let made = whole(&world, 1).await;
    let before = rows(&world).await;
    // Somebody else was faster.
    let stale = Product {
        etag: "7".to_owned(),
        ..made.clone()
    };
    let lost = correct(&world, &stale, 2, &["name"], |details| {
        details.name = "Another".to_owned();
    });
    refused(lost.await, Code::Aborted, "COMMON_ERROR_REASON_CONFLICT");
    let nobody = Product {
        product_id: world.customer().to_string(),
        ..made.clone()
    };
    let unknown = correct(&world, &nobody, 3, &["name"], |details| {
        details.name = "Another".to_owned();
    });
    refused(unknown.await, Code::NotFound, "WARRANTY_ERROR_REASON_PRODUCT_NOT_FOUND");
    let family = correct(&world, &made, 4, &["family"], |details| {
        details.family = "no-such".to_owned();
    });
    refused(
        family.await,
        Code::NotFound,
        "WARRANTY_ERROR_REASON_PRODUCT_FAMILY_NOT_FOUND",
    );
    // The line moves away from the family's.
    let line = correct(&world, &made, 5, &["product_line"], |details| {
        details.product_line = ProductLine::Watch.into();
    });
    assert_eq!(violated(line.await), ["details.family"]);
    for (number, paths) in [(6, &[][..]), (7, &["model_code"][..])] {
        let wrong = correct(&world, &made, number, paths, |_| {});
        assert_eq!(violated(wrong.await), ["update_mask"]);
    }
    let many = correct(
        &world,
        &made,
        8,
        &[
            "name",
            "limited_warranty_months",
            "price_group",
            "release_date",
            "last_sold_date",
            "vintage_date",
            "components",
            "configurations",
        ],
        |details| {
            " ".clone_into(&mut details.name);
            details.limited_warranty_months = 121;
            "Phone".clone_into(&mut details.price_group);
            details.last_sold_date = Some(day(2026, 13, 1));
            details.vintage_date = Some(day(2026, 2, 29));
            details.components = vec![component("whole-unit", vec![part("x", false)])];
            details.configurations = vec![ProductConfiguration::default()];
        },
    );
    assert_eq!(
        violated(many.await),
        [
            "details.components[0].component",
            "details.components[0].parts[0].part_number",
            "details.configurations[0].configuration",
            "details.configurations[0].name",
            "details.last_sold_date",
            "details.limited_warranty_months",
            "details.name",
            "details.price_group",
            "details.release_date",
            "details.vintage_date",
        ]
    );
    let disorder = correct(
        &world,
        &made,
        9,
        &["last_sold_date", "vintage_date", "obsolete_date", "components"],
        |details| {
            details.last_sold_date = Some(day(2019, 1, 1));
            details.vintage_date = Some(day(2019, 1, 1));
            details.obsolete_date = Some(day(2018, 1, 1));
            details.components = vec![
                component("battery", vec![part("661-00001", true)]),
                component("battery", vec![part("661-00001", true)]),
            ];
        },
    );
    assert_eq!(
        violated(disorder.await),
        [
            "details.components[1].component",
            "details.components[1].parts[0].part_number",
            "details.last_sold_date",
            "details.obsolete_date",
            "details.vintage_date",
        ]
    );
    for caller in [staff(), partner("p"), anonymous()] {
        let mut door = world.catalogue(&caller);
        let refusal = door.correct_product(CorrectProductRequest {
            request_id: request_id(10),
            product_id: made.product_id.clone(),
            update_mask: Some(FieldMask::default()),
            details: Some(ProductDetails::default()),
            reason: "no".repeat(2),
            ..Default::default()
        });
        refused(
            refusal.await,
            Code::PermissionDenied,
            "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED",
        );
    }
    assert_eq!(rows(&world).await, before);
    let nothing = ListProductChangesRequest {
        product_id: world.customer().to_string(),
        ..Default::default()
    };
    let refusal = world.catalogue(&staff()).list_product_changes(nothing).await;
    refused(refusal, Code::NotFound, "WARRANTY_ERROR_REASON_PRODUCT_NOT_FOUND");
}

#[tokio::test]
async fn families_are_added_once_and_listed() {
    let world = World::start().await;
    family(&world, "halden-phone").await;
    let before = rows(&world).await;
    let taken = CreateProductFamilyRequest {
        request_id: request_id(1),
        family: "halden-phone".to_owned(),
        name: "Another".to_owned(),
        product_line: ProductLine::Watch.into(),
    };
    let mut door = world.catalogue(&operator());
    refused(
        door.create_product_family(taken.clone()).await,
        Code::AlreadyExists,
        "WARRANTY_ERROR_REASON_PRODUCT_FAMILY_EXISTS",
    );
    let blank = CreateProductFamilyRequest {
        request_id: request_id(2),
        family: "halden-watch".to_owned(),
        name: "  ".to_owned(),
        ..taken.clone()
    };
    assert_eq!(violated(door.create_product_family(blank).await), ["name"]);
    // A product of a family that is not there, or is of another line.
    let mut orphan = new_product("PHN-1");
    "halden-pad".clone_into(&mut orphan.family);
    refused(
        door.create_product(orphan).await,
        Code::NotFound,
        "WARRANTY_ERROR_REASON_PRODUCT_FAMILY_NOT_FOUND",
    );
    let mut stray = new_product("WAT-1");
    stray.product_line = ProductLine::Watch.into();
    "halden-phone".clone_into(&mut stray.family);
    assert_eq!(violated(door.create_product(stray).await), ["family"]);
    assert_eq!(rows(&world).await, before);

    let watch = CreateProductFamilyRequest {
        request_id: request_id(3),
        family: "halden-watch".to_owned(),
        ..taken
    };
    door.create_product_family(watch).await.unwrap();
    let keys = async |request: ListProductFamiliesRequest| {
        let page = world
            .catalogue(&anonymous())
            .list_product_families(request)
            .await
            .unwrap()
            .into_inner();
        let keys: Vec<_> = page.families.into_iter().map(|one| one.family).collect();
        (keys, page.next_page_token)
    };
    let first = ListProductFamiliesRequest {
        page_size: 1,
        ..Default::default()
    };
    let (found, next) = keys(first.clone()).await;
    assert_eq!(found, ["halden-phone"]);
    let second = ListProductFamiliesRequest {
        page_token: next,
        ..first
    };
    let (found, next) = keys(second).await;
    assert_eq!(
        (found.as_slice(), next.as_str()),
        (["halden-watch".to_owned()].as_slice(), "")
    );
    let watches = ListProductFamiliesRequest {
        product_line: ProductLine::Watch.into(),
        ..Default::default()
    };
    assert_eq!(keys(watches).await.0, ["halden-watch"]);
    assert_eq!(world.events::<ProductFamilyChanged>(2).await[0].family, "halden-phone");
}

#[tokio::test]
async fn the_law_keeps_parts_for_longer_than_the_maker_would() {
    let world = World::start().await;
    let mut request = new_product("PHN-12-128");
    // Portugal asks for ten years of parts for what was sold since 2022.
    request.last_sold_date = Some(day(2022, 6, 15));
    let answer = world.catalogue(&operator()).create_product(request).await;
    let made = answer.unwrap().into_inner().product.unwrap();
    let life = async |country: &str| {
        let request = GetProductRequest {
            product_id: made.product_id.clone(),
            country_code: country.to_owned(),
        };
        let read = world
            .catalogue(&anonymous())
            .get_product(request)
            .await
            .unwrap()
            .into_inner();
        read.product.unwrap().service_life.unwrap()
    };
    let anywhere = life("").await;
    assert_eq!(anywhere.repaired_until, Some(day(2029, 6, 15)));
    assert_eq!((anywhere.spare_parts.len(), anywhere.terms_version.as_str()), (0, ""));
    let portugal = life("PT").await;
    assert_eq!(portugal.obsolete_date, Some(day(2029, 6, 16)));
    assert_eq!(portugal.spare_parts[0].until, Some(day(2032, 6, 15)));
    assert_eq!(
        (portugal.spare_parts[0].years, portugal.repaired_until),
        (10, Some(day(2032, 6, 15)))
    );
    assert!(portugal.terms_version.starts_with("warranty/coverage-terms@"));
    assert_eq!(life("US").await.repaired_until, anywhere.repaired_until);

    // An operator sets the days, and the law still has its way.
    let set = correct(&world, &made, 2, &["vintage_date", "obsolete_date"], |details| {
        details.vintage_date = Some(day(2023, 1, 1));
        details.obsolete_date = Some(day(2025, 1, 1));
    })
    .await
    .unwrap();
    let own = set.service_life.unwrap();
    assert_eq!(
        (own.state(), own.vintage_date_set, own.obsolete_date_set),
        (ServiceState::Obsolete, true, true)
    );
    assert_eq!(own.repaired_until, Some(day(2024, 12, 31)));
    let portugal = life("PT").await;
    assert_eq!(
        (portugal.state(), portugal.repaired_until),
        (ServiceState::Obsolete, Some(day(2032, 6, 15)))
    );
}
