//! Many hands at once: nobody is ever over capacity, and no transaction waits in a circle.

use std::sync::Arc;

use support_routing::domain::{Channel, Presence};
use support_routing::error::Error;
use support_routing::ops;
use support_routing::ops::tasks::CaseEnd;
use tokio::task::JoinSet;

use crate::invariants::check;
use crate::world::{World, decision};

#[tokio::test(flavor = "multi_thread")]
async fn of_many_deciders_one_wins() {
    let world = Arc::new(World::new().await);
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        tasks.push(world.open_call().await);
    }
    let mut deciders = JoinSet::new();
    for task in tasks {
        let world = Arc::clone(&world);
        deciders.spawn(async move {
            let decision = decision(task.id, task.version, amy);
            let mut tx = world.db.begin().await.unwrap();
            let made = ops::offers::make(&mut tx, &world.ids, &[decision], &world.plans(), world.now())
                .await
                .unwrap();
            tx.commit().await.unwrap();
            made.offers.len()
        });
    }
    let made: usize = deciders.join_all().await.into_iter().sum();
    assert_eq!(made, 1);
    world.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_holds_the_capacity() {
    let world = Arc::new(World::new().await);
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let mut writers = JoinSet::new();
    for _ in 0..6 {
        let db = world.db.clone();
        writers.spawn(async move {
            // As code would that had forgotten to look.
            sqlx::query!("update agents set load = load + 4 where id = $1", amy.uuid())
                .execute(db.pool())
                .await
                .map_err(support_chassis::db::DbError::from)
        });
    }
    let outcomes = writers.join_all().await;
    let refused = outcomes
        .iter()
        .filter_map(|outcome| outcome.as_ref().err()?.constraint());
    assert_eq!(refused.collect::<Vec<_>>(), ["agents_never_over_capacity"; 5]);
}

/// Whoever decides, a program or a hand: what the agent does not hold side by side is refused under their lock.
#[tokio::test]
async fn what_does_not_mix_is_refused_to_whoever_decides() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 12).await;
    let mut offered = Vec::new();
    for channel in [Channel::Chat, Channel::Phone, Channel::Email] {
        let task = world.open(world.opening(channel, "en", None)).await;
        assert_eq!(task.weight, 0, "nobody has it");
        let mut tx = world.db.begin().await.unwrap();
        let decision = decision(task.id, task.version, amy);
        let made = ops::offers::make(&mut tx, &world.ids, &[decision], &world.plans(), world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        offered.push((made.offers.len(), world.read_task(task.id).await.weight));
    }
    assert_eq!(offered, [(1, 2), (0, 0), (1, 1)]);
    let book = world.read_agent(amy).await.book;
    assert_eq!(
        (book.load, book.held.of(Channel::Chat), book.held.of(Channel::Email)),
        (3, 1, 1)
    );
    world.check().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_at_once_ends_with_right_books() {
    const SUBJECTS: [&str; 4] = ["amy", "ben", "eva", "kim"];
    let world = Arc::new(World::new().await);
    for subject in SUBJECTS {
        world.agent(subject, &["en"], &[], 6).await;
    }
    let mut hands = JoinSet::new();
    // Two who decide, as when a seat changes hands.
    for is_new in [false, true] {
        let world = Arc::clone(&world);
        hands.spawn(async move {
            for _ in 0..60 {
                if is_new {
                    world.make_offers_anew().await;
                } else {
                    world.make_offers().await;
                }
                world.expire().await;
            }
        });
    }
    {
        // Cases come, and some end again, many in one transaction, as from the feed.
        let world = Arc::clone(&world);
        hands.spawn(async move {
            for round in 0..20 {
                let mut cases = Vec::new();
                for channel in [Channel::Phone, Channel::Chat, Channel::Email, Channel::Chat] {
                    cases.push(world.open(world.opening(channel, "en", None)).await.case_id);
                }
                let mut tx = world.db.begin().await.unwrap();
                for case in cases.into_iter().skip(round % 4) {
                    ops::tasks::cancel_of_case(&mut tx, case, CaseEnd::Closed, world.now())
                        .await
                        .unwrap();
                }
                tx.commit().await.unwrap();
            }
        });
    }
    for subject in SUBJECTS {
        let world = Arc::clone(&world);
        hands.spawn(async move {
            let agent = world.presence(subject, Presence::Available).await.id();
            for round in 0..40 {
                for (offer, task) in world.standing(agent).await {
                    let answer = match round % 3 {
                        0 => world.reject(subject, offer).await,
                        _ => match world.accept(subject, offer).await {
                            Ok(_) => world.complete(subject, task).await,
                            ended => ended,
                        },
                    };
                    // The case may have ended in between; nothing else may go wrong.
                    match answer {
                        Ok(_) | Err(Error::OfferEnded(_) | Error::TaskState { .. }) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
                if round % 7 == 0 {
                    world.presence(subject, Presence::Break).await;
                    world.presence(subject, Presence::Available).await;
                }
            }
        });
    }
    while let Some(ended) = hands.join_next().await {
        ended.unwrap();
        check(&world.db).await;
    }
}
