//! Offers are made, run out, and go to others.

use std::time::Duration;

use support_routing::domain::{Channel, Decision, OfferEnd, Presence, ProductLine, Severity, TaskState};
use support_routing::error::Error;
use support_routing::ops;
use support_routing::ops::tasks::CaseEnd;

use crate::world::{OFFER_TIMEOUT, PRESENCE_TIMEOUT, REFUSAL_DELAY, World, decision};

#[tokio::test]
async fn a_task_goes_to_whom_it_fits_and_comes_back_to_its_place() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[ProductLine::Phone], 6).await;
    let first = world
        .open(world.opening(Channel::Phone, "en-GB", Some(ProductLine::Phone)))
        .await;
    world.hand.advance(Duration::from_secs(1));
    let second = world
        .open(world.opening(Channel::Phone, "en-GB", Some(ProductLine::Phone)))
        .await;
    world.make_offers().await;
    let standing = world.standing(amy).await;
    assert_eq!(standing.iter().map(|(_, task)| *task).collect::<Vec<_>>(), [first.id]);

    world.hand.advance(OFFER_TIMEOUT);
    let late = world.accept("amy", standing[0].0).await.unwrap_err();
    assert!(matches!(late, Error::OfferEnded(OfferEnd::TimedOut)), "{late:?}");
    assert_eq!(world.expire().await, 1);
    assert_eq!(world.read_task(first.id).await.queue_time, first.queue_time);
    // Amy let the first go by; it is the second's turn, and then, after a while, the first's again.
    let again = world.make_offers().await;
    assert_eq!(world.standing(amy).await[0].1, second.id);
    assert_eq!(
        again,
        Some(world.now() + REFUSAL_DELAY),
        "when she may be asked for the first again"
    );
    let (offer, _) = world.standing(amy).await[0];
    world.accept("amy", offer).await.unwrap();
    world.complete("amy", second.id).await.unwrap();
    assert_eq!(
        world.make_offers().await,
        Some(world.now() + REFUSAL_DELAY),
        "when she may be asked again"
    );
    world.hand.advance(REFUSAL_DELAY);
    world.make_offers().await;
    assert_eq!(world.standing(amy).await[0].1, first.id);
    world.check().await;
}

#[tokio::test]
async fn the_severe_goes_before_the_old() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    world.open_call().await;
    world.hand.advance(Duration::from_mins(10));
    let mut opening = world.opening(Channel::Phone, "en", None);
    opening.attributes.severity = Severity::Critical;
    let critical = world.open(opening).await;
    world.make_offers().await;
    assert_eq!(world.standing(amy).await[0].1, critical.id);
}

#[tokio::test]
async fn going_away_gives_offers_back_and_keeps_what_was_accepted() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 4).await;
    let kept = world.open(world.opening(Channel::Chat, "en", None)).await;
    world.make_offers().await;
    world.accept("amy", world.standing(amy).await[0].0).await.unwrap();
    let returned = world.open(world.opening(Channel::Chat, "en", None)).await;
    world.make_offers().await;
    assert_eq!(world.read_agent(amy).await.book.load, 4);

    let away = world.presence("amy", Presence::Break).await;
    assert_eq!(away.book.load, 2, "the answer shows what is left");
    assert_eq!(world.read_task(returned.id).await.state, TaskState::Queued);
    assert_eq!(world.read_task(kept.id).await.state, TaskState::Accepted);
    world.make_offers().await;
    assert_eq!(world.standing(amy).await, [], "nobody is asked at a break");
    world.check().await;
}

#[tokio::test]
async fn who_is_out_of_sight_goes_offline() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let ben = world.agent("ben", &["de"], &[], 6).await;
    let task = world.open_call().await;
    world.make_offers().await;
    world
        .hand
        .advance(PRESENCE_TIMEOUT.saturating_sub(Duration::from_secs(1)));
    world.presence("ben", Presence::Available).await;
    world.look_round().await;
    assert_eq!(world.read_agent(amy).await.presence, Presence::Available);
    world.hand.advance(Duration::from_secs(1));
    world.look_round_since(world.now()).await;
    assert_eq!(
        world.read_agent(amy).await.presence,
        Presence::Available,
        "who could not reach us may come back"
    );
    world.look_round().await;
    assert_eq!(world.read_agent(amy).await.presence, Presence::Offline);
    assert_eq!(
        world.read_agent(ben).await.presence,
        Presence::Available,
        "a heartbeat is enough"
    );
    let task = world.read_task(task.id).await;
    assert_eq!((task.state, task.agent), (TaskState::Queued, None));
    world.check().await;
}

#[tokio::test]
async fn the_end_of_a_case_frees_its_agent() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let offered = world.open_call().await;
    world.make_offers().await;
    let (offer, _) = world.standing(amy).await[0];
    assert_eq!(world.end_case(offered.case_id, CaseEnd::Resolved).await.unwrap(), 1);
    let refused = world.accept("amy", offer).await.unwrap_err();
    assert!(matches!(refused, Error::OfferEnded(OfferEnd::Canceled)), "{refused:?}");

    let accepted = world.open_call().await;
    world.make_offers().await;
    world.accept("amy", world.standing(amy).await[0].0).await.unwrap();
    assert_eq!(
        world.end_case(accepted.case_id, CaseEnd::Resolved).await.unwrap(),
        0,
        "the agent finishes"
    );
    world.hand.advance(Duration::from_secs(5));
    assert_eq!(world.end_case(accepted.case_id, CaseEnd::Closed).await.unwrap(), 1);
    let book = world.read_agent(amy).await.book;
    assert_eq!((book.load, book.idle_since), (0, world.now()));
    assert_eq!(
        world.read_task(accepted.id).await.agent,
        Some(amy),
        "it is kept who had it"
    );
    world.check().await;
}

#[tokio::test]
async fn an_event_makes_one_task_however_often_it_comes() {
    let world = World::new().await;
    let opening = world.opening(Channel::Email, "en", None);
    let source: support_chassis::id::Id = world.ids.next();
    let mut made = Vec::new();
    for _ in 0..2 {
        let mut tx = world.db.begin().await.unwrap();
        let task = ops::tasks::open(
            &mut tx,
            &world.ids,
            &world.book,
            opening.clone(),
            source.uuid(),
            world.now(),
            world.now(),
        );
        made.push(task.await.unwrap().is_some());
        tx.commit().await.unwrap();
    }
    assert_eq!(made, [true, false]);
    world.check().await;
}

#[tokio::test]
async fn a_decision_that_is_no_longer_right_is_not_carried_out() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let (one, other) = (world.open_call().await, world.open_call().await);
    let decided = |task: &support_routing::domain::Task, version| decision(task.id, version, amy);
    let make = async |decisions: &[Decision]| {
        let mut tx = world.db.begin().await.unwrap();
        let made = ops::offers::make(&mut tx, &world.ids, decisions, &world.plans(), world.now())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        (made.offers.len(), made.refused.len())
    };
    assert_eq!(make(&[decided(&one, 2)]).await, (0, 1), "another version");
    assert_eq!(
        make(&[decided(&one, 1), decided(&other, 1)]).await,
        (1, 1),
        "no room for both"
    );
    assert_eq!(make(&[decided(&one, 1)]).await, (0, 1), "offered already");
    world.presence("amy", Presence::Break).await;
    assert_eq!(make(&[decided(&other, 1)]).await, (0, 1), "she is away");
    // Whoever is just being changed is left alone, without waiting.
    world.presence("amy", Presence::Available).await;
    let mut elsewhere = world.db.begin().await.unwrap();
    support_routing::store::agents::lock_book(elsewhere.conn(), amy)
        .await
        .unwrap();
    assert_eq!(make(&[decided(&other, 1)]).await, (0, 1), "somebody has her locked");
    elsewhere.rollback().await.unwrap();
    assert_eq!(make(&[decided(&other, 1)]).await, (1, 0));
    world.check().await;
}

#[tokio::test]
async fn tasks_let_go_by_do_not_hide_those_behind_them() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 100).await;
    for _ in 0..100 {
        world.open(world.opening(Channel::Email, "en", None)).await;
    }
    world.make_offers().await;
    let standing = world.standing(amy).await;
    assert_eq!(standing.len(), 100, "beyond what is looked at first");
    for (offer, _) in standing {
        world.reject("amy", offer).await.unwrap();
    }
    world.hand.advance(Duration::from_secs(1));
    let fresh = world.open(world.opening(Channel::Email, "en", None)).await;
    world.make_offers().await;
    assert_eq!(
        world
            .standing(amy)
            .await
            .iter()
            .map(|(_, task)| *task)
            .collect::<Vec<_>>(),
        [fresh.id]
    );
    world.check().await;
}
