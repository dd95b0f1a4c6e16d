//! Consumers that die between an effect and its position.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use support_chassis::db::DbError;
use support_chassis::feed::held_position;
use tokio::sync::Notify;

use super::{Recorder, Sink, Source, connect, numbered, until, within};

/// Killed with the effect done and nothing committed: the process is gone, its connection with it.
#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_killed_after_the_effect_leaves_none_of_it() {
    let (source, sink) = (Source::start().await, Sink::new().await);
    source.publish(numbered(0..20)).await;
    let reached = Arc::new(Notify::new());
    let tell = Arc::clone(&reached);
    let stuck = sink
        .consume(
            &source,
            Recorder::with(move |_, event| {
                let tell = Arc::clone(&tell);
                Box::pin(async move {
                    if event.position >= 10 {
                        tell.notify_one();
                        std::future::pending::<()>().await;
                    }
                    Ok(())
                })
            }),
        )
        .await;
    within(reached.notified()).await;
    stuck.abort();
    until("the consumer is gone", async || stuck.is_finished()).await;
    // What came in batches before is there; of the batch it died in, neither the effects nor the position.
    let held = usize::try_from(held_position(&sink.db, "source").await.unwrap()).unwrap();
    assert!(held < 10, "{held}");
    assert_eq!(sink.effects().await, numbered(0..held), "positions begin at 1");

    let _again = sink.consume(&source, Recorder::honest()).await;
    sink.catch_up(&source).await;
    assert_eq!(sink.effects().await, numbered(0..20));
}

/// The server ends the connection after the effect and before the commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_lost_after_the_effect_costs_nothing() {
    let (source, sink) = (Source::start().await, Sink::new().await);
    source.publish(numbered(0..20)).await;
    let (other, killed) = (connect(&sink.database).await, Arc::new(AtomicBool::new(false)));
    let seen = Arc::clone(&killed);
    let _consumer = sink
        .consume(
            &source,
            Recorder::with(move |tx, event| {
                let (other, killed) = (other.clone(), Arc::clone(&killed));
                Box::pin(async move {
                    if event.position >= 10 && !killed.swap(true, Ordering::Relaxed) {
                        let own: i32 = sqlx::query_scalar("select pg_backend_pid()")
                            .fetch_one(tx.conn())
                            .await?;
                        let ended: bool = sqlx::query_scalar("select pg_terminate_backend($1)")
                            .bind(own)
                            .fetch_one(other.pool())
                            .await?;
                        assert!(ended);
                    }
                    Ok(())
                })
            }),
        )
        .await;
    sink.catch_up(&source).await;
    assert!(seen.load(Ordering::Relaxed));
    assert_eq!(sink.effects().await, numbered(0..20));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_after_the_effect_costs_nothing() {
    let (source, sink) = (Source::start().await, Sink::new().await);
    source.publish(numbered(0..20)).await;
    let panics = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&panics);
    let _consumer = sink
        .consume(
            &source,
            Recorder::with(move |_, event| {
                let panics = Arc::clone(&panics);
                Box::pin(async move {
                    assert!(
                        event.position < 10 || panics.fetch_add(1, Ordering::Relaxed) >= 3,
                        "three times"
                    );
                    Ok(())
                })
            }),
        )
        .await;
    sink.catch_up(&source).await;
    assert!(count.load(Ordering::Relaxed) >= 3);
    assert_eq!(sink.effects().await, numbered(0..20));
}

/// Two replicas, one of which is killed and started again and again, and sometimes fails, while events keep coming.
#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_apply_each_event_once_in_order() {
    const EVENTS: usize = 300;
    let (source, sink) = (Source::start().await, Sink::new().await);
    let moody = || {
        let calls = AtomicUsize::new(0);
        Recorder::with(move |_, _| {
            let call = calls.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                if call % 17 == 16 {
                    Err(DbError::RequestIdMalformed.into())
                } else {
                    Ok(())
                }
            })
        })
    };
    let _steady = sink.consume(&source, Recorder::honest()).await;
    let chaos = async {
        for round in 0..EVENTS / 20 {
            let replica = sink.consume(&source, moody()).await;
            source.publish(numbered(round * 20..(round + 1) * 20)).await;
            // Wherever it is.
            replica.abort();
        }
    };
    within(chaos).await;
    sink.catch_up(&source).await;
    assert_eq!(sink.effects().await, numbered(0..EVENTS));
    let parked = sqlx::query_scalar!(r#"select count(*) as "parked!" from feed_parked"#)
        .fetch_one(sink.db.pool())
        .await
        .unwrap();
    assert_eq!(parked, 0);
}

/// An operator puts the position back to apply events anew: the running consumer notices, and leaves out none of them.
#[tokio::test(flavor = "multi_thread")]
async fn a_position_put_back_is_followed() {
    let (source, sink) = (Source::start().await, Sink::new().await);
    let _consumer = sink.consume(&source, Recorder::honest()).await;
    source.publish(numbered(0..5)).await;
    sink.catch_up(&source).await;
    sqlx::query!("update feed_positions set position = 2")
        .execute(sink.db.pool())
        .await
        .unwrap();
    source.publish(numbered(5..6)).await;
    sink.catch_up(&source).await;
    let expected: Vec<String> = numbered(0..5).into_iter().chain(numbered(2..6)).collect();
    assert_eq!(sink.effects().await, expected, "positions begin at 1");
}
