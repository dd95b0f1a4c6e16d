//! Products.

use support_proto::support::types::v1::ProductLine;
use support_proto::support::warranty::v1::{GetProductRequest, ListProductsRequest, ProductCreated};
use tonic::Code;

use crate::world::{World, anonymous, customer, day, new_product, operator, refused, request_id, staff, violated};

#[tokio::test]
async fn a_product_is_added_once_and_read_by_all() {
    let world = World::start().await;
    let made = world.product("PHN-12-128").await;
    assert_eq!(made.model_code, "PHN-12-128");
    assert_eq!(
        (made.limited_warranty_months, made.release_date),
        (12, Some(day(2020, 1, 15)))
    );
    assert_eq!(made.product_line(), ProductLine::Phone);

    // Sent again: the same answer, no second product.
    assert_eq!(world.product("PHN-12-128").await, made);
    let mut door = world.catalogue(&operator());
    let again = door.create_product({
        let mut request = new_product("PHN-12-128");
        request.name = "Another".to_owned();
        request
    });
    refused(
        again.await,
        Code::InvalidArgument,
        "COMMON_ERROR_REASON_REQUEST_ID_REUSED",
    );

    let taken = world
        .catalogue(&operator())
        .create_product({
            let mut request = new_product("PHN-12-128");
            request.request_id = request_id(1);
            request
        })
        .await;
    refused(taken, Code::AlreadyExists, "WARRANTY_ERROR_REASON_PRODUCT_EXISTS");

    for caller in [anonymous(), staff(), operator(), customer(world.customer())] {
        let request = GetProductRequest {
            product_id: made.product_id.clone(),
            ..Default::default()
        };
        let read = world
            .catalogue(&caller)
            .get_product(request)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(read.product.as_ref(), Some(&made));
    }
    let events = world.events::<ProductCreated>(1).await;
    assert_eq!(
        (events[0].product_id.as_str(), events[0].product_line()),
        (made.product_id.as_str(), ProductLine::Phone)
    );
}

#[tokio::test]
async fn only_operators_add_products_and_only_sound_ones() {
    let world = World::start().await;
    let refusal = world
        .catalogue(&staff())
        .create_product(new_product("PHN-12-128"))
        .await;
    refused(
        refusal,
        Code::PermissionDenied,
        "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED",
    );

    let mut wrong = new_product("PHN-12-128");
    wrong.release_date = Some(day(2025, 2, 29));
    wrong.name = "  ".to_owned();
    assert_eq!(
        violated(world.catalogue(&operator()).create_product(wrong).await),
        ["name", "release_date"]
    );

    let unknown = GetProductRequest {
        product_id: world.customer().to_string(),
        ..Default::default()
    };
    let refusal = world.catalogue(&anonymous()).get_product(unknown).await;
    refused(refusal, Code::NotFound, "WARRANTY_ERROR_REASON_PRODUCT_NOT_FOUND");
    let no_id = GetProductRequest {
        product_id: format!("eu-{}", "0".repeat(36)),
        ..Default::default()
    };
    assert_eq!(
        violated(world.catalogue(&anonymous()).get_product(no_id).await),
        ["product_id"]
    );
}

#[tokio::test]
async fn products_are_listed_by_model_code_page_by_page() {
    let world = World::start().await;
    for code in ["TAB-3", "PHN-2", "PHN-1", "PHN-10", "AUD-9"] {
        let mut request = new_product(code);
        request.product_line = if code.starts_with("PHN") {
            ProductLine::Phone
        } else {
            ProductLine::Tablet
        }
        .into();
        world.catalogue(&operator()).create_product(request).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let request = ListProductsRequest {
            page_size: 2,
            page_token: token,
            ..ListProductsRequest::default()
        };
        let page = world
            .catalogue(&anonymous())
            .list_products(request)
            .await
            .unwrap()
            .into_inner();
        seen.extend(page.products.into_iter().map(|product| product.model_code));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, ["AUD-9", "PHN-1", "PHN-10", "PHN-2", "TAB-3"]);

    let phones = ListProductsRequest {
        product_line: ProductLine::Phone.into(),
        page_size: 2,
        ..Default::default()
    };
    let page = world
        .catalogue(&anonymous())
        .list_products(phones.clone())
        .await
        .unwrap()
        .into_inner();
    let codes: Vec<_> = page
        .products
        .iter()
        .map(|product| product.model_code.as_str())
        .collect();
    assert_eq!(codes, ["PHN-1", "PHN-10"]);

    // A token of one list is none of another.
    let other = ListProductsRequest {
        page_token: page.next_page_token,
        ..Default::default()
    };
    let refusal = world.catalogue(&anonymous()).list_products(other).await;
    refused(refusal, Code::InvalidArgument, "COMMON_ERROR_REASON_PAGE_TOKEN_INVALID");
}
