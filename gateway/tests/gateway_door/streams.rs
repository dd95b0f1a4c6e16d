//! Streams of answers, in all three ways of writing.

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use prost::Message as _;
use serde_json::{Value, json};
use support_proto::support::routing::v1::agent_service_client::AgentServiceClient;
use support_proto::support::routing::v1::{Offer, WatchOffersRequest, WatchOffersResponse};
use support_proto::support::types::v1::CommonErrorReason;
use tonic::{Code, Status};

use super::harness::backends::{Feed, case_not_found, end};
use super::harness::http::{Arriving, framed};
use super::harness::tokens::staff;
use super::harness::{Stage, WATCH_OFFERS, bearer, bearing, soon};

fn offer(id: &str) -> WatchOffersResponse {
    WatchOffersResponse {
        made: vec![Offer {
            offer_id: id.to_owned(),
            ..Offer::default()
        }],
        ..WatchOffersResponse::default()
    }
}

fn send(feed: &Feed, id: &str) {
    let frame = framed(&offer(id).encode_to_vec());
    feed.send(Frame::data(Bytes::from(frame))).unwrap();
}

#[tokio::test]
async fn messages_come_one_by_one_by_grpc() {
    let mut stage = Stage::start().await;
    let call = bearing(WatchOffersRequest {}, &staff(&["tasks.work"]));
    let mut agents = AgentServiceClient::new(stage.channel());
    let mut offers = soon("the stream opens", agents.watch_offers(call))
        .await
        .unwrap()
        .into_inner();
    let feed = stage.opened().await;
    for id in ["first", "second"] {
        send(&feed, id);
        // Before the next is sent: nothing is held back.
        let message = soon("a message", offers.message()).await.unwrap().unwrap();
        assert_eq!(message, offer(id));
    }
    feed.send(end(&Status::ok(""))).unwrap();
    drop(feed);
    assert_eq!(soon("the end", offers.message()).await.unwrap(), None);
}

#[tokio::test]
async fn an_error_after_messages_keeps_its_reason_by_grpc() {
    let mut stage = Stage::start().await;
    let call = bearing(WatchOffersRequest {}, &staff(&["tasks.work"]));
    let mut agents = AgentServiceClient::new(stage.channel());
    let mut offers = soon("the stream opens", agents.watch_offers(call))
        .await
        .unwrap()
        .into_inner();
    let feed = stage.opened().await;
    send(&feed, "first");
    feed.send(end(&case_not_found())).unwrap();
    drop(feed);
    soon("a message", offers.message()).await.unwrap().unwrap();
    let status = soon("the end", offers.message()).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(
        support_chassis::error::explain(&status).reason,
        "CASE_ERROR_REASON_CASE_NOT_FOUND"
    );
}

/// Reads lines as they come.
struct Lines {
    answer: Arriving,
    read: BytesMut,
}

impl Lines {
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == b'\n') {
                let line = self.read.split_to(end + 1);
                return Some(serde_json::from_slice(&line).unwrap());
            }
            let piece = soon("a line", self.answer.piece()).await?;
            self.read.extend_from_slice(&piece);
        }
    }
}

async fn lines(stage: &Stage) -> Lines {
    let token = bearer(&staff(&["tasks.work"]));
    let headers = [("content-type", "application/json"), ("authorization", token.as_str())];
    let answer = soon("the stream opens", stage.open(WATCH_OFFERS, &headers, "{}")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/x-ndjson");
    Lines {
        answer,
        read: BytesMut::new(),
    }
}

#[tokio::test]
async fn messages_come_one_by_one_as_lines_of_json() {
    let mut stage = Stage::start().await;
    let mut lines = lines(&stage).await;
    let feed = stage.opened().await;
    for id in ["first", "second"] {
        send(&feed, id);
        let line = lines.next().await.unwrap();
        assert_eq!(line["made"][0]["offerId"], id);
        assert_eq!(line["endedOfferIds"], json!([]));
    }
    // Several at once, and one in pieces.
    let all: Vec<u8> = ["third", "fourth", "fifth"]
        .iter()
        .flat_map(|id| framed(&offer(id).encode_to_vec()))
        .collect();
    let (head, tail) = all.split_at(all.len() - 4);
    feed.send(Frame::data(Bytes::copy_from_slice(head))).unwrap();
    for id in ["third", "fourth"] {
        assert_eq!(lines.next().await.unwrap()["made"][0]["offerId"], id);
    }
    feed.send(Frame::data(Bytes::copy_from_slice(tail))).unwrap();
    assert_eq!(lines.next().await.unwrap()["made"][0]["offerId"], "fifth");
    feed.send(end(&Status::ok(""))).unwrap();
    drop(feed);
    assert_eq!(lines.next().await, None);
}

#[tokio::test]
async fn an_error_after_messages_is_the_last_line() {
    let mut stage = Stage::start().await;
    let mut lines = lines(&stage).await;
    let feed = stage.opened().await;
    send(&feed, "first");
    feed.send(end(&case_not_found())).unwrap();
    drop(feed);
    assert!(lines.next().await.unwrap()["error"].is_null());
    let last = lines.next().await.unwrap();
    assert_eq!(last["error"]["reason"], "CASE_ERROR_REASON_CASE_NOT_FOUND");
    assert_eq!(last["error"]["status"], 404);
    assert_eq!(lines.next().await, None);
}

#[tokio::test]
async fn a_stream_that_is_refused_is_a_problem_and_no_line() {
    let stage = Stage::start().await;
    let answered = stage.json(WATCH_OFFERS, &[], "{}").await;
    assert_eq!(answered.status, 403);
    assert_eq!(answered.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn a_caller_who_leaves_ends_the_stream_at_the_service() {
    let mut stage = Stage::start().await;
    let lines = lines(&stage).await;
    let feed = stage.opened().await;
    drop(lines);
    soon("the service hears of it", feed.closed()).await;
}

#[tokio::test]
async fn a_stream_broken_off_by_the_service_is_no_success() {
    let mut stage = Stage::start().await;
    let mut lines = lines(&stage).await;
    let feed = stage.opened().await;
    send(&feed, "first");
    assert_eq!(lines.next().await.unwrap()["made"][0]["offerId"], "first");
    stage.kill("routing").await;
    let last = lines
        .next()
        .await
        .expect("a caller must be told that the stream did not end well");
    assert!(last["error"]["code"].is_string(), "{last}");
}

#[tokio::test]
async fn messages_come_by_grpc_web() {
    let mut stage = Stage::start().await;
    let token = bearer(&staff(&["tasks.work"]));
    let headers = [
        ("content-type", "application/grpc-web+proto"),
        ("authorization", token.as_str()),
    ];
    let mut answer = soon("the stream opens", stage.open(WATCH_OFFERS, &headers, framed(&[]))).await;
    let feed = stage.opened().await;
    for id in ["first", "second"] {
        send(&feed, id);
        let piece = soon("a message", answer.piece()).await.unwrap();
        assert_eq!(piece, framed(&offer(id).encode_to_vec()));
    }
    feed.send(end(&case_not_found())).unwrap();
    drop(feed);
    let last = soon("the end", answer.piece()).await.unwrap();
    assert_eq!(last[0], 0x80, "the trailers are a frame of the body");
    let trailers = super::web::trailers(&last);
    let status = support_chassis::error::read_status(&trailers).unwrap();
    assert_eq!(status.code(), Code::NotFound);
    assert_eq!(
        support_chassis::error::explain(&status).reason,
        "CASE_ERROR_REASON_CASE_NOT_FOUND"
    );
    assert_ne!(
        support_chassis::error::explain(&status).common(),
        Some(CommonErrorReason::Internal)
    );
}
