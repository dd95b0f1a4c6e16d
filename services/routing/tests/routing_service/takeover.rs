//! Who decides may end at any moment, and who comes after misses nothing.

use std::time::Duration;

use support_chassis::db::Db;
use support_chassis::settings::DatabaseSettings;
use support_routing::domain::{Channel, Presence, TaskState};
use support_routing::live::Live;
use support_routing::ops;
use support_routing::work::keeper::Keeper;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::system::PATIENCE;
use crate::world::World;

/// A keeper with connections of its own, at work until it is cut off.
async fn keep(world: &World) -> JoinHandle<()> {
    let db = Db::connect(&DatabaseSettings::small(world.url())).await.unwrap();
    let db = db.with_clock(world.clock.clone());
    let (ids, clock, book) = (world.ids.clone(), world.clock.clone(), world.book.clone());
    let keeper = Keeper::new(db, ids, clock, book, Live::default());
    tokio::spawn(async move {
        loop {
            keeper.round().await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
}

async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so().await {
        assert!(Instant::now() < deadline, "{what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn count_waiting(world: &World) -> i64 {
    sqlx::query_scalar!(r#"select count(*) as "count!" from tasks where state = 'queued'"#)
        .fetch_one(world.db.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stands_by_takes_over_and_nothing_is_lost_or_offered_twice() {
    let world = World::new().await;
    for number in 0..20 {
        world.agent(&format!("agent-{number}"), &["en"], &[], 12).await;
    }
    let mut tasks = Vec::new();
    let mut deciding = keep(&world).await;
    for round in 0..6 {
        let standing_by = keep(&world).await;
        for number in 0..30 {
            tasks.push(world.open(world.opening(Channel::Email, "en", None)).await.id);
            // In the middle of it, a little later each time.
            if number == 8 + round {
                deciding.abort();
            }
        }
        until("the other takes over", || async { count_waiting(&world).await == 0 }).await;
        deciding = standing_by;
    }
    deciding.abort();
    for task in tasks {
        let task = world.read_task(task).await;
        assert_eq!((task.state, task.offer_count), (TaskState::Offered, 1));
    }
    world.check().await;
}

#[tokio::test]
async fn only_one_of_two_decides() {
    let world = World::new().await;
    let (one, other) = (keep(&world).await, keep(&world).await);
    world.agent("amy", &["en"], &[], 6).await;
    world.open_call().await;
    until("somebody decides", || async { count_waiting(&world).await == 0 }).await;
    let seats = sqlx::query_scalar!(
        r#"select count(*) as "count!" from pg_locks
         where locktype = 'advisory' and granted
             and database = (select oid from pg_database where datname = current_database())"#
    )
    .fetch_one(world.db.pool())
    .await
    .unwrap();
    assert_eq!(seats, 1);
    one.abort();
    other.abort();
}

/// What is begun first may be committed last: its place in the outbox is then before what was read already.
#[tokio::test]
async fn what_is_committed_out_of_turn_is_not_missed() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 12).await;
    world.make_offers().await;
    let (opening, source) = (world.opening(Channel::Chat, "en", None), world.ids.next());
    let source: support_chassis::id::Id = source;
    let mut late = world.db.begin().await.unwrap();
    let (ids, book, now) = (&world.ids, &world.book, world.now());
    let held = ops::tasks::open(&mut late, ids, book, opening, source.uuid(), now, now).await;
    let held = held.unwrap().unwrap();
    // Rolled back: a place in the outbox that stays empty.
    let mut never = world.db.begin().await.unwrap();
    let opening = world.opening(Channel::Chat, "en", None);
    let source: support_chassis::id::Id = world.ids.next();
    ops::tasks::open(&mut never, ids, book, opening, source.uuid(), now, now)
        .await
        .unwrap();
    never.rollback().await.unwrap();
    let first = world.open(world.opening(Channel::Chat, "en", None)).await;
    world.make_offers().await;
    world.make_offers().await;
    assert_eq!(world.read_task(first.id).await.agent, Some(amy));
    late.commit().await.unwrap();
    world.make_offers().await;
    assert_eq!(world.read_task(held.id).await.agent, Some(amy));
    world.check().await;
}

/// Whoever begins to follow while something is under way reads it once it has ended.
#[tokio::test]
async fn what_was_under_way_at_the_beginning_is_not_missed() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 12).await;
    let source: support_chassis::id::Id = world.ids.next();
    let mut late = world.db.begin().await.unwrap();
    let opening = world.opening(Channel::Chat, "en", None);
    let (ids, book, now) = (&world.ids, &world.book, world.now());
    let held = ops::tasks::open(&mut late, ids, book, opening, source.uuid(), now, now).await;
    let held = held.unwrap().unwrap();
    let after = world.open(world.opening(Channel::Chat, "en", None)).await;
    world.make_offers().await;
    assert_eq!(world.read_task(after.id).await.agent, Some(amy), "nobody waits for it");
    late.commit().await.unwrap();
    until("it is read", || async {
        world.make_offers().await;
        world.read_task(held.id).await.agent == Some(amy)
    })
    .await;
    world.check().await;
}

/// Each change that lets a task find its agent is heard of by who has followed all along.
#[tokio::test]
async fn whoever_is_freed_is_heard_of() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let first = world.open_call().await;
    world.hand.advance(Duration::from_secs(1));
    let second = world.open_call().await;
    world.make_offers().await;
    assert_eq!(world.standing(amy).await[0].1, first.id);
    // The end of its case.
    let closed = ops::tasks::CaseEnd::Closed;
    world.end_case(first.case_id, closed).await.unwrap();
    world.make_offers().await;
    let (offer, task) = world.standing(amy).await[0];
    assert_eq!(task, second.id);
    world.accept("amy", offer).await.unwrap();
    // While she is away and back, what she accepted stays hers.
    let third = world.open_call().await;
    world.presence("amy", Presence::Break).await;
    world.make_offers().await;
    world.complete("amy", second.id).await.unwrap();
    world.make_offers().await;
    assert_eq!(world.standing(amy).await, []);
    world.presence("amy", Presence::Available).await;
    world.make_offers().await;
    assert_eq!(world.standing(amy).await[0].1, third.id);
    world.check().await;
}
