//! What is pruned, what never is, and what a reader behind it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use support_chassis::clock::{Clock, ManualClock};
use support_chassis::db::Tx;
use support_chassis::error::{CommonErrorReason, explain};
use support_chassis::feed::{AfterPruning, ApplyError, Consumer, Received, held_position, prune};
use support_proto::support::feed::v1::AcknowledgeRequest;
use time::OffsetDateTime;
use tonic::Code;

use super::{READER, Recorder, Sink, Source, append, event, events, next, numbered, settings, until, words_of};
use crate::data::new_id;

const RETENTION: Duration = Duration::from_hours(72);
const LONGER: Duration = Duration::from_hours(73);

async fn start() -> (Source, Clock, ManualClock) {
    let (clock, hand) = Clock::manual(OffsetDateTime::UNIX_EPOCH + Duration::from_hours(500_000));
    (Source::start_with(settings(), clock.clone(), None).await, clock, hand)
}

async fn positions(source: &Source) -> Vec<i64> {
    sqlx::query_scalar!("select position from outbox order by position")
        .fetch_all(source.db.pool())
        .await
        .unwrap()
}

async fn register(source: &Source, name: &str, position: i64) {
    sqlx::query!(
        "insert into feed_consumers values ($1, $2, now(), now())",
        name,
        position
    )
    .execute(source.db.pool())
    .await
    .unwrap();
}

/// Reads what is there, so that it is known to be final.
async fn read(source: &Source, count: usize) {
    events(&mut source.subscribe(0).await.unwrap(), count).await;
}

async fn acknowledge(source: &Source, position: i64) -> Result<(), tonic::Status> {
    source
        .client
        .clone()
        .acknowledge(AcknowledgeRequest {
            consumer: READER.to_owned(),
            position,
        })
        .await
        .map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn never_beyond_the_slowest_consumer() {
    let (source, clock, hand) = start().await;
    source.publish(numbered(0..10)).await;
    read(&source, 10).await;
    register(&source, "slow", 4).await;
    hand.advance(LONGER);
    assert_eq!(
        prune(&source.db, &clock, RETENTION).await.unwrap(),
        0,
        "the reader has acknowledged nothing"
    );
    acknowledge(&source, 8).await.unwrap();
    assert_eq!(prune(&source.db, &clock, RETENTION).await.unwrap(), 4);
    assert_eq!(positions(&source).await, [5, 6, 7, 8, 9, 10]);
    acknowledge(&source, 2).await.unwrap();
    sqlx::query!("update feed_consumers set position = 10 where name = 'slow'")
        .execute(source.db.pool())
        .await
        .unwrap();
    assert_eq!(
        prune(&source.db, &clock, RETENTION).await.unwrap(),
        4,
        "a lower acknowledgement changes nothing"
    );
    assert_eq!(positions(&source).await, [9, 10]);
}

#[tokio::test(flavor = "multi_thread")]
async fn never_what_is_young() {
    let (source, clock, hand) = start().await;
    source.publish(numbered(0..3)).await;
    hand.advance(LONGER);
    source.publish(numbered(3..5)).await;
    read(&source, 5).await;
    acknowledge(&source, 5).await.unwrap();
    assert_eq!(prune(&source.db, &clock, RETENTION).await.unwrap(), 3);
    assert_eq!(positions(&source).await, [4, 5]);
}

/// An event that is old, above one that is not committed yet: pruning it would move the watermark past the other.
#[tokio::test(flavor = "multi_thread")]
async fn never_above_what_is_final() {
    let (source, clock, hand) = start().await;
    source.publish(numbered(0..1)).await;
    read(&source, 1).await;
    sqlx::query!("delete from feed_consumers")
        .execute(source.db.pool())
        .await
        .unwrap();
    let mut open = source.db.begin().await.unwrap();
    let low = append(&mut open, new_id(), "low").await;
    source.publish(["high".to_owned()]).await;
    hand.advance(LONGER);
    assert_eq!(prune(&source.db, &clock, RETENTION).await.unwrap(), 1);
    assert_eq!(positions(&source).await, [low + 1]);
    open.commit().await.unwrap();
    let mut stream = source.subscribe(1).await.unwrap();
    let got: Vec<_> = events(&mut stream, 2).await.iter().map(words_of).collect();
    assert_eq!(got, ["low", "high"]);
}

async fn pruned_source(hundreds: usize) -> (Source, Clock, ManualClock) {
    let (source, clock, hand) = start().await;
    source.publish(numbered(0..hundreds)).await;
    read(&source, hundreds).await;
    sqlx::query!("delete from feed_consumers")
        .execute(source.db.pool())
        .await
        .unwrap();
    hand.advance(LONGER);
    assert_eq!(prune(&source.db, &clock, RETENTION).await.unwrap(), hundreds as u64);
    (source, clock, hand)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_behind_what_was_pruned_is_told_where_to_begin() {
    let (source, ..) = pruned_source(10).await;
    for after in [0, 9] {
        let refused = source.subscribe(after).await.unwrap_err();
        let explained = explain(&refused);
        assert_eq!(refused.code(), Code::OutOfRange);
        assert_eq!(explained.common(), Some(CommonErrorReason::FeedPositionPruned));
        assert_eq!(explained.metadata["earliest_position"], "11");
    }
    let registered = sqlx::query_scalar!("select name from feed_consumers")
        .fetch_all(source.db.pool())
        .await
        .unwrap();
    assert!(
        registered.is_empty(),
        "a reader that was refused must not hold back pruning: {registered:?}"
    );
    source.publish(["next".to_owned()]).await;
    let mut stream = source.subscribe(10).await.unwrap();
    assert_eq!(events(&mut stream, 1).await[0].position, 11);
}

/// Its registration was deleted while it was reading, and what it had yet to read is gone: it must hear of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_overtaken_by_pruning_is_not_led_past_the_hole() {
    let (source, clock, hand) = start().await;
    // More than goes into one message and onto the wire at once, so that the server is not done before it is overtaken.
    let large = "x".repeat(200_000);
    for _ in 0..60 {
        let mut tx = source.db.begin().await.unwrap();
        tx.append(new_id(), &event(&large)).await.unwrap();
        tx.commit().await.unwrap();
    }
    read(&source, 60).await;
    let mut stream = source.subscribe(0).await.unwrap();
    let first = next(&mut stream).await.unwrap();
    sqlx::query!("delete from feed_consumers")
        .execute(source.db.pool())
        .await
        .unwrap();
    hand.advance(LONGER);
    assert_eq!(prune(&source.db, &clock, RETENTION).await.unwrap(), 60);
    let mut up_to = first.up_to_position;
    let ended = loop {
        match next(&mut stream).await {
            Ok(message) => {
                let mut expected = up_to;
                for event in &message.events {
                    expected += 1;
                    assert_eq!(event.position, expected, "no hole");
                }
                assert_eq!(
                    message.up_to_position, expected,
                    "a hole may not be stepped over either"
                );
                up_to = message.up_to_position;
            }
            Err(status) => break status,
        }
    };
    assert!(up_to < 60, "the test wants a reader that is overtaken");
    assert_eq!(explain(&ended).common(), Some(CommonErrorReason::FeedPositionPruned));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_consumer_begins_with_what_there_is() {
    let (source, ..) = pruned_source(10).await;
    source.publish(numbered(10..13)).await;
    let sink = Sink::new().await;
    let _consumer = sink.consume(&source, Recorder::honest()).await;
    sink.catch_up(&source).await;
    assert_eq!(sink.effects().await, numbered(10..13));
}

/// Counts how often it is asked what to do, and leaves the answer to the default.
struct Asked(Recorder, Arc<AtomicUsize>);

impl Consumer for Asked {
    fn event_types(&self) -> Vec<&'static str> {
        self.0.event_types()
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        self.0.apply(tx, event)
    }

    fn after_pruning(&self, held: i64) -> AfterPruning {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.after_pruning(held)
    }
}

/// One that held something has lost events. It halts, and does not go on in silence.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_lost_events_halts() {
    let (source, ..) = pruned_source(10).await;
    source.publish(numbered(10..13)).await;
    let sink = Sink::new().await;
    sqlx::query!("insert into feed_positions values ('source', 7, now())")
        .execute(sink.db.pool())
        .await
        .unwrap();
    let asked = Arc::new(AtomicUsize::new(0));
    let _consumer = sink
        .consume(&source, Asked(Recorder::honest(), Arc::clone(&asked)))
        .await;
    until("it was refused, and again", async || asked.load(Ordering::Relaxed) >= 3).await;
    assert_eq!(held_position(&sink.db, "source").await.unwrap(), 7);
    assert_eq!(sink.effects().await, Vec::<String>::new());
    // A person decides.
    sqlx::query!("update feed_positions set position = 10")
        .execute(sink.db.pool())
        .await
        .unwrap();
    sink.catch_up(&source).await;
    assert_eq!(sink.effects().await, numbered(10..13));
}

/// A consumer acknowledges what it has committed, so that pruning can go on.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_acknowledges() {
    let (source, clock, hand) = start().await;
    source.publish(numbered(0..10)).await;
    let sink = Sink::new().await;
    let _consumer = sink.consume(&source, Recorder::honest()).await;
    sink.catch_up(&source).await;
    hand.advance(LONGER);
    until("everything is pruned", async || {
        prune(&source.db, &clock, RETENTION).await.unwrap();
        positions(&source).await.is_empty()
    })
    .await;
}
