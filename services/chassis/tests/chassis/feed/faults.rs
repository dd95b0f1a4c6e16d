//! Events that cannot be applied.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use support_chassis::feed::{ApplyError, MOST_ATTEMPTS};
use support_proto::support::case::v1::CaseAssigned;

use super::{Recorder, Sink, Source, numbered};

async fn parked(sink: &Sink) -> Vec<(i64, String)> {
    sqlx::query!("select position, reason from feed_parked order by position")
        .fetch_all(sink.db.pool())
        .await
        .unwrap()
        .into_iter()
        .map(|row| (row.position, row.reason))
        .collect()
}

fn all_but(left_out: &str) -> Vec<String> {
    numbered(0..10).into_iter().filter(|words| words != left_out).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_is_set_aside_at_once_and_the_rest_goes_on() {
    let (source, sink) = (Source::start().await, Sink::new().await);
    source.publish(numbered(0..10)).await;
    let _consumer = sink
        .consume(
            &source,
            Recorder::with(|_, event| {
                Box::pin(async move {
                    match event.decode::<CaseAssigned>()? {
                        Some(assigned) if assigned.agent_id == "4" => Err(ApplyError::Park("poison".to_owned())),
                        _ => Ok(()),
                    }
                })
            }),
        )
        .await;
    sink.catch_up(&source).await;
    assert_eq!(
        sink.effects().await,
        all_but("4"),
        "nothing of the poisoned event's effect is left"
    );
    assert_eq!(parked(&sink).await, [(5, "poison".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_always_panics_is_given_up_after_its_attempts() {
    let (source, sink) = (Source::start().await, Sink::new().await);
    source.publish(numbered(0..10)).await;
    let attempts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&attempts);
    let _consumer = sink
        .consume(
            &source,
            Recorder::with(move |_, event| {
                let attempts = Arc::clone(&attempts);
                Box::pin(async move {
                    if event.position == 5 {
                        attempts.fetch_add(1, Ordering::Relaxed);
                        panic!("as this test wants");
                    }
                    Ok(())
                })
            }),
        )
        .await;
    sink.catch_up(&source).await;
    assert_eq!(sink.effects().await, all_but("4"));
    assert_eq!(
        parked(&sink).await,
        [(5, "cannot be applied: handler panicked".to_owned())]
    );
    // Once with its batch, and then alone.
    assert_eq!(count.load(Ordering::Relaxed), MOST_ATTEMPTS as usize + 1);
}

/// What may pass is never given up, however often it fails.
#[tokio::test(flavor = "multi_thread")]
async fn what_may_pass_is_waited_for() {
    let (source, sink) = (Source::start().await, Sink::new().await);
    source.publish(numbered(0..10)).await;
    let attempts = AtomicUsize::new(0);
    let _consumer = sink
        .consume(
            &source,
            Recorder::with(move |_, event| {
                let is_first = event.position == 1 && attempts.fetch_add(1, Ordering::Relaxed) < 4;
                Box::pin(async move {
                    if is_first {
                        Err(ApplyError::Retry("not yet".into()))
                    } else {
                        Ok(())
                    }
                })
            }),
        )
        .await;
    sink.catch_up(&source).await;
    assert_eq!(sink.effects().await, numbered(0..10));
    assert_eq!(parked(&sink).await, []);
}
