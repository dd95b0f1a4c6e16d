use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

use super::{BoxError, Fault, Lifecycle};

const BOUND: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn a_drain_waits_for_work_in_flight() {
    let life = Lifecycle::new();
    let (release, released) = oneshot::channel::<()>();
    let done = Arc::new(AtomicUsize::new(0));
    let (draining, seen) = (life.draining(), Arc::clone(&done));
    life.spawn("worker", async move {
        draining.cancelled().await;
        released.await.map_err(BoxError::from)?;
        seen.fetch_add(1, Ordering::SeqCst);
        Ok::<(), BoxError>(())
    });

    life.drain("test");
    let finished = tokio::spawn({
        let life = life.clone();
        async move { life.finished(BOUND).await }
    });
    tokio::task::yield_now().await;
    assert!(!finished.is_finished(), "the worker still works");
    release.send(()).unwrap();

    assert_eq!(finished.await.unwrap(), Ok(()));
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_end_in_time_is_cut_off_and_named() {
    let life = Lifecycle::new();
    life.spawn("stubborn", std::future::pending::<Result<(), BoxError>>());
    life.drain("test");
    assert_eq!(
        life.finished(BOUND).await,
        Err(Fault::DrainTimedOut {
            tasks: vec!["stubborn".to_owned()]
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ends_early_fails_or_panics_takes_the_process_down() {
    let early = Lifecycle::new();
    early.spawn("early", async { Ok::<(), BoxError>(()) });
    assert_eq!(
        early.finished(BOUND).await,
        Err(Fault::EndedEarly {
            task: "early".to_owned()
        })
    );

    let failed = Lifecycle::new();
    failed.spawn("failed", async { Err::<(), BoxError>("no table".into()) });
    let cause = "no table".to_owned();
    assert_eq!(
        failed.finished(BOUND).await,
        Err(Fault::Failed {
            task: "failed".to_owned(),
            cause
        })
    );

    let panicked = Lifecycle::new();
    panicked.spawn("panicked", async {
        if true {
            panic!("as the test wants it")
        } else {
            Ok::<(), BoxError>(())
        }
    });
    assert_eq!(
        panicked.finished(BOUND).await,
        Err(Fault::Panicked {
            task: "panicked".to_owned()
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_child_ends_alone_but_its_fault_is_everybodys() {
    let process = Lifecycle::new();
    let (first, second) = (process.child(), process.child());
    first.drain("test");
    assert_eq!(first.finished(BOUND).await, Ok(()));
    assert!(!process.is_draining() && !second.is_draining());

    second.spawn("failed", async { Err::<(), BoxError>("gone".into()) });
    assert!(matches!(process.finished(BOUND).await, Err(Fault::Failed { .. })));
    assert!(second.is_draining());
}

#[tokio::test(start_paused = true)]
async fn the_process_waits_for_the_tasks_of_its_children() {
    let process = Lifecycle::new();
    process
        .child()
        .spawn("stubborn", std::future::pending::<Result<(), BoxError>>());
    process.drain("test");
    assert!(matches!(
        process.finished(BOUND).await,
        Err(Fault::DrainTimedOut { .. })
    ));
}

#[tokio::test(start_paused = true)]
async fn an_abort_waits_for_nothing() {
    let life = Lifecycle::new();
    life.spawn("stubborn", std::future::pending::<Result<(), BoxError>>());
    let begun = tokio::time::Instant::now();
    life.abort();
    assert_eq!(life.finished(BOUND).await, Err(Fault::Aborted));
    assert!(begun.elapsed() < BOUND);
}

#[tokio::test(start_paused = true)]
async fn periodic_work_comes_round_wakes_up_survives_failure_and_stops() {
    let life = Lifecycle::new();
    let (rounds, wake) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let (counter, ran) = (Arc::clone(&rounds), Arc::new(Notify::new()));
    let told = Arc::clone(&ran);
    let work = life.every(Duration::from_hours(1), Some(Arc::clone(&wake)), move || {
        let (counter, told) = (Arc::clone(&counter), Arc::clone(&told));
        async move {
            let round = counter.fetch_add(1, Ordering::SeqCst);
            told.notify_one();
            if round == 1 { Err("second round fails") } else { Ok(()) }
        }
    });
    let begun = tokio::time::Instant::now();
    life.spawn("rounds", work);

    ran.notified().await;
    assert_eq!(begun.elapsed(), Duration::ZERO, "the first round is at once");
    wake.notify_one();
    ran.notified().await;
    assert_eq!(begun.elapsed(), Duration::ZERO, "woken");
    ran.notified().await;
    assert!(
        begun.elapsed() < Duration::from_secs(2),
        "a failed round is tried again soon"
    );
    ran.notified().await;
    assert!(begun.elapsed() > Duration::from_mins(50), "otherwise the period holds");

    life.drain("test");
    assert_eq!(life.finished(BOUND).await, Ok(()));
    assert_eq!(rounds.load(Ordering::SeqCst), 4);
}
