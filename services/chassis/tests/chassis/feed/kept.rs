//! Events that are kept: never pruned, to be read from the beginning at any time, by whoever comes, unregistered.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::clock::Clock;
use support_chassis::db::Tx;
use support_chassis::feed::{ApplyError, Consumer, Received, held_position, prune};
use support_proto::support::standard::v1::StandardWithdrawn;
use time::OffsetDateTime;
use tonic::Code;

use super::{READER, Sink, Source, events, next, numbered, settings, until};
use crate::data::new_id;

const KEPT: &str = "support.standard.v1.StandardWithdrawn";
const PLAIN: &str = "support.case.v1.CaseAssigned";
const RETENTION: Duration = Duration::from_hours(72);

async fn keep(source: &Source, reason: &str) {
    let mut tx = source.db.begin().await.unwrap();
    let kept = StandardWithdrawn {
        reason: reason.to_owned(),
        ..StandardWithdrawn::default()
    };
    tx.append(new_id(), &kept).await.unwrap();
    tx.commit().await.unwrap();
}

async fn consumers(source: &Source) -> Vec<String> {
    sqlx::query_scalar!("select name from feed_consumers")
        .fetch_all(source.db.pool())
        .await
        .unwrap()
}

/// Kept events at 1, 12 and 23 among twenty others, all of them old; the others pruned.
async fn pruned() -> Source {
    let (clock, hand) = Clock::manual(OffsetDateTime::UNIX_EPOCH + Duration::from_hours(500_000));
    let source = Source::start_with(settings(), clock.clone(), None).await;
    keep(&source, "first").await;
    source.publish(numbered(0..10)).await;
    keep(&source, "second").await;
    source.publish(numbered(10..20)).await;
    keep(&source, "third").await;
    hand.advance(RETENTION + Duration::from_hours(1));
    events(&mut source.subscribe_to(0, &[KEPT]).await.unwrap(), 3).await;
    assert_eq!(prune(&source.db, &clock, RETENTION).await.unwrap(), 20);
    source
}

#[tokio::test(flavor = "multi_thread")]
async fn pruning_leaves_them() {
    let source = pruned().await;
    let left = sqlx::query!("select position, event_type from outbox order by position")
        .fetch_all(source.db.pool())
        .await
        .unwrap();
    let left: Vec<_> = left.iter().map(|row| (row.position, row.event_type.as_str())).collect();
    assert_eq!(left, [(1, KEPT), (12, KEPT), (23, KEPT)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_wants_them_alone_is_not_registered() {
    let source = Source::start().await;
    keep(&source, "first").await;
    events(&mut source.subscribe_to(0, &[KEPT]).await.unwrap(), 1).await;
    assert_eq!(consumers(&source).await, Vec::<String>::new());
    source.publish(numbered(0..1)).await;
    events(&mut source.subscribe_to(0, &[KEPT, PLAIN]).await.unwrap(), 2).await;
    assert_eq!(consumers(&source).await, [READER], "what is not kept must be held back");
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_read_from_anywhere_after_pruning() {
    let source = pruned().await;
    for (after, expected) in [(0, vec![1, 12, 23]), (5, vec![12, 23]), (12, vec![23])] {
        let mut stream = source.subscribe_to(after, &[KEPT]).await.unwrap();
        let got = events(&mut stream, expected.len()).await;
        let positions: Vec<_> = got.iter().map(|event| event.position).collect();
        assert_eq!(positions, expected);
    }
    let refused = source.subscribe_to(5, &[KEPT, PLAIN]).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "what is not kept is gone");
    // And on it goes.
    let mut stream = source.subscribe_to(23, &[KEPT]).await.unwrap();
    keep(&source, "fourth").await;
    let fourth = loop {
        let message = next(&mut stream).await.unwrap();
        if !message.events.is_empty() {
            break message;
        }
    };
    assert_eq!(fourth.events[0].position, 24);
}

/// A feed whose kept events lie far apart is read hole by hole, not position by position.
#[tokio::test(flavor = "multi_thread")]
async fn holes_cost_nothing() {
    let source = Source::start().await;
    keep(&source, "first").await;
    sqlx::query!("select setval('outbox_positions', 1000000000000)")
        .fetch_one(source.db.pool())
        .await
        .unwrap();
    keep(&source, "second").await;
    let mut stream = source.subscribe_to(0, &[KEPT]).await.unwrap();
    let positions: Vec<_> = events(&mut stream, 2)
        .await
        .iter()
        .map(|event| event.position)
        .collect();
    assert_eq!(positions, [1, 1_000_000_000_001]);
}

/// Writes down each event, as often as it comes.
struct Repeatable;

impl Consumer for Repeatable {
    fn event_types(&self) -> Vec<&'static str> {
        vec![KEPT]
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        async {
            let words = event.decode::<StandardWithdrawn>()?.expect("nothing else comes").reason;
            sqlx::query("insert into effects (words) values ($1)")
                .bind(words)
                .execute(tx.conn())
                .await?;
            Ok(())
        }
        .boxed()
    }

    fn is_repeatable(&self) -> bool {
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_of_them_acknowledges_nothing() {
    let source = pruned().await;
    let sink = Sink::new().await;
    let _consumer = sink.consume(&source, Repeatable).await;
    sink.catch_up(&source).await;
    assert_eq!(sink.effects().await, ["first", "second", "third"]);
    assert_eq!(consumers(&source).await, Vec::<String>::new());
}

/// The source was restored from a backup and never got to where the consumer is.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_went_back_is_read_again() {
    let source = Source::start().await;
    keep(&source, "first").await;
    let sink = Sink::new().await;
    sqlx::query!("insert into feed_positions values ('source', 1000, now())")
        .execute(sink.db.pool())
        .await
        .unwrap();
    let _consumer = sink.consume(&source, Repeatable).await;
    until("it began again", async || sink.effects().await == ["first"]).await;
    assert_eq!(held_position(&sink.db, "source").await.unwrap(), 1);
}
