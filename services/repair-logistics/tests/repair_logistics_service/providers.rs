//! Providers.

use support_proto::support::repair::v1::{GetProviderRequest, ListProvidersRequest, ProviderCreated, ProviderKind};
use support_proto::support::types::v1::ProductLine;
use tonic::Code;

use crate::callers::{operator, partner, refused, staff, violated};
use crate::world::World;

#[tokio::test]
async fn a_provider_is_added_once() {
    let world = World::start().await;
    let mut request = world.new_provider("ASP-BER-01", Some("asp-berlin"));
    request.product_lines.push(ProductLine::Phone.into());
    let mut door = world.providers(&operator());
    let made = door
        .create_provider(request.clone())
        .await
        .unwrap()
        .into_inner()
        .provider
        .unwrap();
    assert_eq!((made.code.as_str(), made.kind()), ("ASP-BER-01", ProviderKind::Partner));
    assert_eq!(made.organisation_id, "asp-berlin");
    let lines: Vec<_> = made.product_lines().collect();
    assert_eq!(lines, [ProductLine::Phone, ProductLine::Laptop], "each once");
    let again = door
        .create_provider(request.clone())
        .await
        .unwrap()
        .into_inner()
        .provider
        .unwrap();
    assert_eq!(again, made, "the stored answer");

    request.name = "Another".to_owned();
    let reused = door.create_provider(request.clone()).await;
    refused(reused, Code::InvalidArgument, "COMMON_ERROR_REASON_REQUEST_ID_REUSED");
    request.request_id = world.request_id();
    refused(
        door.create_provider(request).await,
        Code::AlreadyExists,
        "REPAIR_ERROR_REASON_PROVIDER_EXISTS",
    );

    let events = world.events::<ProviderCreated>(1).await;
    assert_eq!(
        (events[0].provider_id.as_str(), events[0].country_code.as_str()),
        (made.provider_id.as_str(), "DE")
    );
    assert_eq!(events[0].product_lines, made.product_lines);
}

#[tokio::test]
async fn partners_and_only_partners_need_an_organisation() {
    let world = World::start().await;
    let mut door = world.providers(&operator());
    let mut request = world.new_provider("ASP-BER-01", None);
    request.kind = ProviderKind::Partner.into();
    assert_eq!(
        violated(door.create_provider(request.clone()).await),
        ["organisation_id"]
    );
    request.kind = ProviderKind::OwnStore.into();
    request.organisation_id = "asp-berlin".to_owned();
    request.name = " ".to_owned();
    assert_eq!(
        violated(door.create_provider(request).await),
        ["name", "organisation_id"]
    );
    let refusal = world
        .providers(&staff())
        .create_provider(world.new_provider("ASP-BER-01", None))
        .await;
    refused(
        refusal,
        Code::PermissionDenied,
        "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED",
    );
}

#[tokio::test]
async fn partners_see_their_own_providers() {
    let world = World::start().await;
    let berlin = world.provider("ASP-BER-01", Some("asp-berlin")).await;
    let depot = world.provider("DEPOT-1", None).await;
    world.provider("ASP-BER-02", Some("asp-berlin")).await;
    world.provider("ASP-PAR-01", Some("asp-paris")).await;

    let get = |provider: &support_proto::support::repair::v1::Provider| GetProviderRequest {
        provider_id: provider.provider_id.clone(),
    };
    for caller in [staff(), operator(), partner("asp-berlin")] {
        let read = world
            .providers(&caller)
            .get_provider(get(&berlin))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(read.provider.as_ref(), Some(&berlin));
    }
    for (caller, provider) in [(partner("asp-paris"), &berlin), (partner("asp-berlin"), &depot)] {
        let refusal = world.providers(&caller).get_provider(get(provider)).await;
        refused(refusal, Code::NotFound, "REPAIR_ERROR_REASON_PROVIDER_NOT_FOUND");
    }

    let list = async |caller, page_size, page_token: &str| {
        let request = ListProvidersRequest {
            country_code: "DE".to_owned(),
            page_size,
            page_token: page_token.to_owned(),
        };
        let page = world.providers(&caller).list_providers(request).await?.into_inner();
        let codes: Vec<_> = page.providers.into_iter().map(|provider| provider.code).collect();
        Ok::<_, tonic::Status>((codes, page.next_page_token))
    };
    assert_eq!(
        list(partner("asp-berlin"), 0, "").await.unwrap().0,
        ["ASP-BER-01", "ASP-BER-02"]
    );
    let (page, token) = list(staff(), 3, "").await.unwrap();
    assert_eq!(page, ["ASP-BER-01", "ASP-BER-02", "ASP-PAR-01"]);
    assert_eq!(
        list(staff(), 3, &token).await.unwrap(),
        (vec!["DEPOT-1".to_owned()], String::new())
    );
    let foreign = list(partner("asp-berlin"), 3, &token).await;
    refused(foreign, Code::InvalidArgument, "COMMON_ERROR_REASON_PAGE_TOKEN_INVALID");
    let none = ListProvidersRequest {
        country_code: "FR".to_owned(),
        ..Default::default()
    };
    assert!(
        world
            .providers(&staff())
            .list_providers(none)
            .await
            .unwrap()
            .into_inner()
            .providers
            .is_empty()
    );
}
