//! Versions of the standard, published the way people do it: one writes, another approves.

use serde_json::Value;
use support_chassis::call::Caller;
use support_chassis::clock::Clock;
use support_chassis::id::{Id, Ids};
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::standard::v1::standard_service_client::StandardServiceClient;
use support_proto::support::standard::v1::{
    ApproveDraftRequest, CheckContentRequest, CheckDraftRequest, CheckReport, CreateDraftRequest, Publication,
    PublishDraftRequest, PublishDraftResponse,
};
use time::OffsetDateTime;
use tonic::Status;
use tonic::transport::Channel;

use crate::door::{Door, call_as};

/// Publishes a content, or an overlay as a merge patch, for a place (`global`, `country/DE`): from today on it holds there.
/// The service at the other end of `channel` must trust the gateway.
pub async fn publish(channel: &Channel, document: &str, place: &str, content: &Value) -> Publication {
    publish_at(channel, document, place, content, Clock::system().now()).await
}

/// As [`publish`], at a service for which it is `now`.
pub async fn publish_at(
    channel: &Channel,
    document: &str,
    place: &str,
    content: &Value,
    now: OffsetDateTime,
) -> Publication {
    let published = published(channel, document, place, content, now).await;
    published.unwrap().publication.unwrap()
}

/// As [`publish`], where it may be refused.
///
/// # Errors
///
/// What the first call that was refused was answered.
pub async fn try_publish(
    channel: &Channel,
    document: &str,
    place: &str,
    content: &Value,
) -> Result<PublishDraftResponse, Status> {
    published(channel, document, place, content, Clock::system().now()).await
}

/// Writes a draft, and gives its id.
pub async fn draft(channel: &Channel, document: &str, place: &str, content: &Value) -> String {
    let mut author = operator(channel, "author", Clock::system().now());
    let draft = author.create_draft(drafted(document, place, content)).await.unwrap();
    draft.into_inner().draft.unwrap().draft_id
}

fn drafted(document: &str, place: &str, content: &Value) -> CreateDraftRequest {
    CreateDraftRequest {
        document: document.to_owned(),
        place: place.to_owned(),
        content: content.to_string(),
        reason: "a test asks for it".to_owned(),
        request_id: request_id(),
        ..CreateDraftRequest::default()
    }
}

async fn published(
    channel: &Channel,
    document: &str,
    place: &str,
    content: &Value,
    now: OffsetDateTime,
) -> Result<PublishDraftResponse, Status> {
    let (mut author, mut approver) = (operator(channel, "author", now), operator(channel, "approver", now));
    let asked = drafted(document, place, content);
    let draft = author.create_draft(asked).await?.into_inner().draft.unwrap();
    let asked = ApproveDraftRequest {
        document: document.to_owned(),
        draft_id: draft.draft_id.clone(),
        etag: draft.etag,
        request_id: request_id(),
    };
    approver.approve_draft(asked).await?;
    let asked = CheckDraftRequest {
        document: document.to_owned(),
        draft_id: draft.draft_id.clone(),
    };
    let report = author.check_draft(asked).await?.into_inner().report.unwrap();
    let asked = PublishDraftRequest {
        document: document.to_owned(),
        draft_id: draft.draft_id,
        digest: report.digest,
        may_set_aside: false,
        request_id: request_id(),
    };
    Ok(author.publish_draft(asked).await?.into_inner())
}

/// What a content would mean for a place, were it published today.
pub async fn check(channel: &Channel, document: &str, place: &str, content: &Value) -> CheckReport {
    let asked = CheckContentRequest {
        document: document.to_owned(),
        place: place.to_owned(),
        content: content.to_string(),
        effective_from: None,
    };
    let answer = operator(channel, "author", Clock::system().now())
        .check_content(asked)
        .await
        .unwrap();
    answer.into_inner().report.unwrap()
}

fn operator(channel: &Channel, subject: &str, now: OffsetDateTime) -> StandardServiceClient<Door> {
    let scopes = [
        "standard.read",
        "standard.write",
        "standard.approve",
        "standard.publish",
    ];
    let caller = Caller {
        kind: CallerKind::Operator,
        subject: subject.to_owned(),
        organisation: None,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        assurance: AssuranceLevel::Unspecified,
        region: None,
        grant_id: None,
        bounds: support_chassis::call::Bounds::default(),
    };
    StandardServiceClient::new(call_as(channel, &caller, now))
}

fn request_id() -> String {
    let ids = Ids::new("eu".parse().unwrap(), Clock::system());
    ids.next::<Id>().uuid().to_string()
}
