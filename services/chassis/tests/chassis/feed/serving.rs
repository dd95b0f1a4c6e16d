//! How a subscription is served: woken, filtered, cut, ended.

use std::time::Duration;

use support_chassis::clock::Clock;
use support_chassis::error::{CommonErrorReason, explain};
use support_chassis::feed;
use support_chassis::settings::FeedSettings;
use support_proto::support::case::v1::CaseClosed;
use support_proto::support::feed::v1::{AcknowledgeRequest, SubscribeRequest};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic::Code;

use super::{LIMIT, READER, Source, connect, event, events, next, numbered, words_of};
use crate::data::new_id;

/// Looks once an hour unless it is woken, and hardly ever speaks: what comes within the limit came by a wake.
fn asleep() -> FeedSettings {
    let hour = Duration::from_hours(1);
    assert!(LIMIT < hour);
    FeedSettings {
        retention_days: 3,
        poll_interval_ms: 3_600_000,
        heartbeat_seconds: 3600,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_wakes_the_feed_of_its_process() {
    let source = Source::start_with(asleep(), Clock::system(), None).await;
    let mut stream = source.subscribe(0).await.unwrap();
    for number in 0..20 {
        source.publish([number.to_string()]).await;
        assert_eq!(words_of(&events(&mut stream, 1).await[0]), number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_wakes_the_feed_of_another_replica() {
    let source = Source::start_with(asleep(), Clock::system(), None).await;
    let mut stream = source.subscribe(0).await.unwrap();
    // A replica, with a feed of its own to tell others. Its first wakes may come before the other listens.
    let replica = connect(&source.database).await;
    let _keep = AbortOnDropHandle::new(tokio::spawn(feed::run(
        replica.clone(),
        asleep(),
        CancellationToken::new(),
    )));
    super::until("the source listens", async || {
        sqlx::query_scalar!(
            r#"select count(*) >= 2 as "listening!" from pg_stat_activity
               where datname = current_database() and query ilike 'listen %'"#
        )
        .fetch_one(source.db.pool())
        .await
        .unwrap()
    })
    .await;
    for number in 0..5 {
        let mut tx = replica.begin().await.unwrap();
        tx.append(new_id(), &event(&number.to_string())).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(words_of(&events(&mut stream, 1).await[0]), number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_appends_nothing_wakes_nobody_and_one_that_rolls_back_shows_nothing() {
    let source = Source::start().await;
    let mut stream = source.subscribe(0).await.unwrap();
    let mut tx = source.db.begin().await.unwrap();
    tx.append(new_id(), &event("rolled back")).await.unwrap();
    drop(tx);
    source.db.begin().await.unwrap().commit().await.unwrap();
    source.publish(["kept".to_owned()]).await;
    assert_eq!(words_of(&events(&mut stream, 1).await[0]), "kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_events_of_one_transaction_come_in_their_order() {
    use support_chassis::outbox::Entry;
    let source = Source::start().await;
    let mut stream = source.subscribe(0).await.unwrap();
    let subject = new_id();
    let mut tx = source.db.begin().await.unwrap();
    let entries: Vec<Entry> = numbered(0..600)
        .iter()
        .map(|words| Entry::new(subject, &event(words)))
        .collect();
    tx.append_all(&entries).await.unwrap();
    tx.commit().await.unwrap();
    let got = events(&mut stream, 600).await;
    assert_eq!(got.iter().map(words_of).collect::<Vec<_>>(), numbered(0..600));
    assert!(got.iter().all(|event| event.subject_id == subject.to_string()
        && event.event_type == "support.case.v1.CaseAssigned"
        && event.event_id.starts_with("eu-")
        && event.occurred_at.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_bounded_in_events_and_bytes() {
    let source = Source::start().await;
    source.publish(numbered(0..501)).await;
    let large = "x".repeat(200_000);
    source.publish((0..12).map(|_| large.clone())).await;
    let mut stream = source.subscribe(0).await.unwrap();
    let mut total = 0;
    while total < 513 {
        let message = next(&mut stream).await.unwrap();
        assert!(message.events.len() <= 500, "{}", message.events.len());
        let bytes: usize = message.events.iter().map(|event| event.payload.len()).sum();
        assert!(bytes <= 1 << 20, "{bytes}");
        total += message.events.len();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unwanted_events_move_the_position() {
    let source = Source::start().await;
    let mut stream = source.subscribe_to(0, &["support.case.v1.CaseClosed"]).await.unwrap();
    source.publish(numbered(0..5)).await;
    loop {
        let message = next(&mut stream).await.unwrap();
        assert_eq!(message.events, []);
        if message.up_to_position == 5 {
            break;
        }
    }
    let mut tx = source.db.begin().await.unwrap();
    tx.append(new_id(), &CaseClosed::default()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(events(&mut stream, 1).await[0].position, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_feed_says_that_it_lives() {
    let source = Source::start().await;
    let mut stream = source.subscribe(0).await.unwrap();
    for _ in 0..2 {
        assert_eq!(next(&mut stream).await.unwrap().up_to_position, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn draining_ends_a_subscription_with_a_status_that_says_come_back() {
    let source = Source::start_with(asleep(), Clock::system(), None).await;
    let mut stream = source.subscribe(0).await.unwrap();
    source.publish(["seen".to_owned()]).await;
    events(&mut stream, 1).await;
    source.draining.cancel();
    let ended = next(&mut stream).await.unwrap_err();
    assert_eq!(
        (ended.code(), explain(&ended).common()),
        (Code::Unavailable, Some(CommonErrorReason::ShuttingDown))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn so_does_its_deadline() {
    let source = Source::start_with(asleep(), Clock::system(), Some(Duration::from_millis(300))).await;
    let mut stream = source.subscribe(0).await.unwrap();
    let ended = next(&mut stream).await.unwrap_err();
    assert_eq!(
        (ended.code(), explain(&ended).common()),
        (Code::Unavailable, Some(CommonErrorReason::ShuttingDown))
    );
}

/// After a restart nothing is known; the feed finds out what is final by itself.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_process_serves_what_it_finds() {
    let before = Source::start().await;
    before.publish(numbered(0..5)).await;
    let Source { database, .. } = before;
    let source = Source::over(database, asleep(), Clock::system(), None).await;
    assert_eq!(events(&mut source.subscribe(0).await.unwrap(), 5).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_position_that_the_feed_never_had_is_refused() {
    let source = Source::start().await;
    source.publish(numbered(0..5)).await;
    let refused = source.subscribe(1_000).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(explain(&refused).violations[0].field, "after_position");
    let request = AcknowledgeRequest {
        consumer: READER.to_owned(),
        position: 1_000,
    };
    let refused = source.client.clone().acknowledge(request).await.unwrap_err();
    assert_eq!(explain(&refused).violations[0].field, "position");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_speaks_for_another_consumer() {
    let source = Source::start().await;
    let mut client = source.client.clone();
    let request = SubscribeRequest {
        consumer: "other".to_owned(),
        ..SubscribeRequest::default()
    };
    assert_eq!(
        client.subscribe(request).await.unwrap_err().code(),
        Code::InvalidArgument
    );
    let request = AcknowledgeRequest {
        consumer: "other".to_owned(),
        position: 0,
    };
    assert_eq!(
        client.acknowledge(request).await.unwrap_err().code(),
        Code::InvalidArgument
    );
}
