//! Services that only tell, and what a service tells.

use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_chassis::service::{Parts, Service};
use support_chassis::settings::SettingDocs;
use support_proto::codec;
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use support_proto::support::feed::v1::{Event, SubscribeRequest, SubscribeResponse};
use tonic::Streaming;

use crate::door::Door;

/// How long a test waits for what must come: longer than anything takes on a busy machine.
pub const LIMIT: Duration = Duration::from_mins(1);

/// The tables of the chassis are all it has.
static NO_TABLES: Migrator = Migrator::DEFAULT;

/// A service that is nothing but its feed. A test writes into its database what it is to tell.
#[must_use]
pub const fn feed_only(name: &'static str) -> Service {
    Service {
        name,
        title: "tells what happened",
        migrator: &NO_TABLES,
        defaults: "",
        setting_docs: SettingDocs::none(),
        standards: &[],
        start: |_| async { Ok(Parts::new()) }.boxed(),
    }
}

/// How the types of the standard's events begin.
const STANDARD: &str = "support.standard.v1.";

/// The first events of a service's feed, at least `count`, waited for [`LIMIT`] at most: what the service itself has to tell.
/// Those of the standard, which every service publishes when it is started for the first time, are left out.
pub async fn events(door: Door, count: usize) -> Vec<Event> {
    read(door, count, Vec::new()).await
}

/// The first events of one type, waited for [`LIMIT`] at most. There must be `count` of them and, as far as the feed has
/// told by then, no more.
pub async fn events_of<E: codec::Event>(door: Door, count: usize) -> Vec<E> {
    let events = read(door, count, vec![E::full_name()]).await;
    assert_eq!(events.len(), count, "events {}", E::full_name());
    events
        .iter()
        .map(|event| E::decode(&event.payload[..]).unwrap())
        .collect()
}

/// The first events of one type until they are enough, waited for [`LIMIT`] at most.
pub async fn events_until<E: codec::Event>(door: Door, enough: impl Fn(&[E]) -> bool) -> Vec<E> {
    let mut stream = subscribe(door, vec![E::full_name()]).await;
    let mut events: Vec<E> = Vec::new();
    let reading = async {
        while !enough(&events) {
            let batch = stream.message().await.unwrap().expect("the feed goes on").events;
            events.extend(batch.iter().map(|event| E::decode(&event.payload[..]).unwrap()));
        }
    };
    tokio::time::timeout(LIMIT, reading).await.expect("the events come");
    events
}

async fn subscribe(door: Door, event_types: Vec<String>) -> Streaming<SubscribeResponse> {
    let request = SubscribeRequest {
        consumer: "reader".to_owned(),
        after_position: 0,
        event_types,
    };
    FeedServiceClient::new(door)
        .subscribe(request)
        .await
        .unwrap()
        .into_inner()
}

async fn read(door: Door, count: usize, event_types: Vec<String>) -> Vec<Event> {
    let asked = !event_types.is_empty();
    let mut stream = subscribe(door, event_types).await;
    let mut events = Vec::new();
    let reading = async {
        while events.len() < count {
            let batch = stream.message().await.unwrap().expect("the feed goes on").events;
            events.extend(
                batch
                    .into_iter()
                    .filter(|event| asked || !event.event_type.starts_with(STANDARD)),
            );
        }
    };
    tokio::time::timeout(LIMIT, reading).await.expect("the events come");
    events
}
