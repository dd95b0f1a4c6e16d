//! What tools and machines ask: health, readiness, the contract itself.

use std::collections::BTreeSet;

use futures_util::stream;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1alpha;

use super::harness::{SERVICES, Stage, soon, until};

async fn health(stage: &Stage, service: &str) -> Result<ServingStatus, Code> {
    let asked = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(stage.channel()).check(asked).await;
    answer
        .map(|answer| answer.into_inner().status())
        .map_err(|status| status.code())
}

#[tokio::test]
async fn the_system_serves_when_every_service_does() {
    let mut stage = Stage::without(&["warranty"]).await;
    until("the others are found", || async {
        health(&stage, "case").await == Ok(ServingStatus::Serving)
    })
    .await;
    assert_eq!(stage.get("/healthz").await.status, 200);
    assert_eq!(health(&stage, "").await, Ok(ServingStatus::NotServing));
    assert_eq!(health(&stage, "warranty").await, Ok(ServingStatus::NotServing));
    let answered = stage.get("/readyz").await;
    assert_eq!(answered.status, 503);
    assert_eq!(answered.json()["ready"], false);
    assert_eq!(answered.json()["services"]["warranty"], false);
    assert_eq!(answered.json()["services"]["case"], true);

    stage.raise("warranty").await;
    until("it is found", || async { stage.get("/readyz").await.status == 200 }).await;
    for service in SERVICES.into_iter().chain([""]) {
        assert_eq!(health(&stage, service).await, Ok(ServingStatus::Serving), "{service}");
    }
    assert_eq!(health(&stage, "no-such-service").await, Err(Code::NotFound));

    stage.kill("warranty").await;
    until("it is missed", || async {
        health(&stage, "").await == Ok(ServingStatus::NotServing)
    })
    .await;
    assert_eq!(health(&stage, "case").await, Ok(ServingStatus::Serving));
}

#[tokio::test]
async fn whoever_watches_is_told_of_changes() {
    let mut stage = Stage::start().await;
    until("all are found", || async {
        health(&stage, "").await == Ok(ServingStatus::Serving)
    })
    .await;
    let asked = HealthCheckRequest { service: String::new() };
    let mut client = HealthClient::new(stage.channel());
    let mut changes = client.watch(asked).await.unwrap().into_inner();
    let first = soon("the state", changes.message()).await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    stage.kill("localisation").await;
    let next = soon("the change", changes.message()).await.unwrap().unwrap();
    assert_eq!(next.status(), ServingStatus::NotServing);
}

/// Every service that the contract has but those that are for services among themselves.
fn public() -> BTreeSet<String> {
    support_proto::descriptors()
        .services()
        .map(|service| service.full_name().to_owned())
        .filter(|name| name.starts_with("support."))
        .filter(|name| !name.starts_with("support.feed.") && !name.starts_with("support.privacy."))
        .chain(["grpc.health.v1.Health".to_owned()])
        .collect()
}

#[tokio::test]
async fn reflection_shows_the_public_contract() {
    let stage = Stage::start().await;
    let ask = async |wanted: MessageRequest| {
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(wanted),
        };
        let mut client = ServerReflectionClient::new(stage.channel());
        let answers = client.server_reflection_info(stream::iter([request])).await.unwrap();
        let answer = soon("an answer", answers.into_inner().message())
            .await
            .unwrap()
            .unwrap();
        answer.message_response.unwrap()
    };
    let MessageResponse::ListServicesResponse(list) = ask(MessageRequest::ListServices(String::new())).await else {
        panic!("not a list");
    };
    let mut listed: BTreeSet<String> = list.service.into_iter().map(|service| service.name).collect();
    listed.retain(|name| !name.starts_with("grpc.reflection."));
    assert_eq!(listed, public());
    assert!(listed.len() > 10);

    let wanted = MessageRequest::FileContainingSymbol("support.case.v1.CaseService".to_owned());
    let MessageResponse::FileDescriptorResponse(file) = ask(wanted).await else {
        panic!("not a file");
    };
    assert!(!file.file_descriptor_proto[0].is_empty());
}

#[tokio::test]
async fn the_older_reflection_shows_the_same() {
    let stage = Stage::start().await;
    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(v1alpha::server_reflection_request::MessageRequest::ListServices(
            String::new(),
        )),
    };
    let mut client = v1alpha::server_reflection_client::ServerReflectionClient::new(stage.channel());
    let answers = client.server_reflection_info(stream::iter([request])).await.unwrap();
    let answer = soon("an answer", answers.into_inner().message())
        .await
        .unwrap()
        .unwrap();
    let Some(v1alpha::server_reflection_response::MessageResponse::ListServicesResponse(list)) =
        answer.message_response
    else {
        panic!("not a list");
    };
    let mut listed: BTreeSet<String> = list.service.into_iter().map(|service| service.name).collect();
    listed.retain(|name| !name.starts_with("grpc.reflection."));
    assert_eq!(listed, public());
}

#[tokio::test]
async fn what_is_nowhere_is_told_so() {
    let stage = Stage::start().await;
    for path in ["/", "/favicon.ico", "/metrics", "/healthz/", "/../etc/passwd", "/%00"] {
        let answered = stage.get(path).await;
        assert_eq!(answered.status, 400, "{path}");
        assert_eq!(answered.header("content-type"), "application/problem+json", "{path}");
    }
}
