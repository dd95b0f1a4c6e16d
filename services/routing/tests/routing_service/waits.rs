//! How customers stand in line, and how they are called back.

use std::time::Duration;

use support_chassis::clock::timestamp;
use support_chassis::error::explain;
use support_chassis::id::Id;
use support_proto::support::routing::v1 as pb;
use support_routing::domain::waits::Confidence;
use support_routing::domain::{Change, Channel, TaskState};
use support_routing::error::Error;
use support_routing::store;
use support_routing::waits::Unknown;
use tonic::Code;

use crate::invariants::check;
use crate::model::Deed;
use crate::system::{PATIENCE, System, accept, next_offer, request_id};
use crate::world::World;

#[tokio::test]
async fn the_place_is_among_those_who_wait_for_the_same() {
    let world = World::new().await;
    let first = world.open_call().await;
    world.hand.advance(Duration::from_secs(1));
    let spanish = world.open(world.opening(Channel::Phone, "es-MX", None)).await;
    let chat = world.open(world.opening(Channel::Chat, "en", None)).await;
    let second = world.open(world.opening(Channel::Phone, "en-GB", None)).await;
    for (task, place) in [(&first, 1), (&spanish, 1), (&chat, 1), (&second, 2)] {
        assert_eq!(world.wait(task.case_id).await.unwrap().place, Some(place), "{task:?}");
    }
    let nobody = world.ids.next();
    assert!(matches!(world.wait(nobody).await, Err(Error::TaskNotFound)));
}

#[tokio::test]
async fn the_wait_is_guessed_from_how_fast_the_line_moved() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    // One every minute.
    for _ in 0..12 {
        world.open_call().await;
        world.make_offers().await;
        let (offer, task) = world.standing(amy).await[0];
        world.accept("amy", offer).await.unwrap();
        world.hand.advance(Duration::from_mins(1));
        world.complete("amy", task).await.unwrap();
    }
    world.open_call().await;
    world.make_offers().await;
    let mut waiting = Vec::new();
    for _ in 0..5 {
        world.hand.advance(Duration::from_millis(1));
        waiting.push(world.open_call().await);
    }
    let last = world.wait(waiting[4].case_id).await.unwrap();
    let (guess, taken) = last.estimate.unwrap().unwrap();
    assert_eq!((last.place, taken, guess.confidence), (Some(5), 12, Confidence::Medium));
    assert!(
        guess.low.whole_seconds() > 100 && guess.high.whole_minutes() < 12,
        "{guess:?}"
    );
    assert!((guess.likely.whole_seconds() - 280).abs() < 45, "{guess:?}");
    // Of what nobody was taken, nothing is said; nor of what is over half an hour ago.
    let other = world.open(world.opening(Channel::Phone, "ja", None)).await;
    let unknown = world.wait(other.case_id).await.unwrap().estimate.unwrap();
    assert_eq!(unknown.unwrap_err(), Unknown::TooFewTaken);
    world.hand.advance(Duration::from_mins(31));
    let unknown = world.wait(waiting[4].case_id).await.unwrap().estimate.unwrap();
    assert_eq!(unknown.unwrap_err(), Unknown::TooFewTaken);
}

#[tokio::test]
async fn by_night_it_is_said_when_the_channel_opens() {
    let world = World::new().await;
    // Ten in the evening.
    world.hand.advance(Duration::from_hours(14));
    let mut opening = world.opening(Channel::Phone, "de", None);
    opening.attributes.country = Some("DE".parse().unwrap());
    let task = world.open(opening).await;
    let wait = world.wait(task.case_id).await.unwrap();
    assert_eq!(wait.estimate, Some(Err(Unknown::Closed)));
    assert!(wait.opens.unwrap() > world.now());
}

#[tokio::test]
async fn who_is_called_back_keeps_the_place_and_is_not_called_before_the_time() {
    let world = World::new().await;
    let first = world.open(world.opening(Channel::Chat, "en", None)).await;
    let amy = world.agent_away("amy", &["en"], &[], 6).await;
    world
        .do_by_hand(Deed::CallMeLater, first.id, amy, "", "")
        .await
        .unwrap();
    let held = world.wait(first.case_id).await.unwrap();
    assert_eq!((held.place, held.estimate), (None, Some(Err(Unknown::Later))));
    world.hand.advance(Duration::from_secs(50));
    let second = world.open_call().await;
    assert_eq!(world.wait(second.case_id).await.unwrap().place, Some(1));
    world.hand.advance(Duration::from_secs(49));
    assert_eq!(world.release().await, 0);
    world.hand.advance(Duration::from_secs(1));
    assert_eq!(world.release().await, 1);
    assert_eq!(world.wait(second.case_id).await.unwrap().place, Some(2));
    world
        .presence("amy", support_routing::domain::Presence::Available)
        .await;
    world.make_offers().await;
    assert_eq!(world.standing(amy).await[0].1, first.id, "in the place it had");
    let task = world.read_task(first.id).await;
    assert_eq!(
        (task.channel, task.queue_time, task.weight),
        (Channel::Phone, first.queue_time, 6)
    );
    world.check().await;
}

#[tokio::test]
async fn who_is_not_reached_is_tried_again_and_given_up_in_the_end() {
    let world = World::new().await;
    let task = world.open_call().await;
    let amy = world.agent("amy", &["en"], &[], 6).await;
    world.do_by_hand(Deed::CallMe, task.id, amy, "", "").await.unwrap();
    for attempt in 1..=3 {
        world.make_offers().await;
        let (offer, _) = world.standing(amy).await[0];
        world.accept("amy", offer).await.unwrap();
        world
            .do_by_hand(Deed::NotReached, task.id, amy, "amy", "amy")
            .await
            .unwrap();
        let callback = store::waits::callback(&mut world.db.read().await.unwrap(), task.id)
            .await
            .unwrap();
        assert_eq!(callback.unwrap().attempts, attempt);
        world.make_offers().await;
        assert_eq!(world.standing(amy).await, [], "not at once");
        world.hand.advance(Duration::from_mins(30));
        assert_eq!(world.release().await, usize::from(attempt < 3));
    }
    assert_eq!(world.read_task(task.id).await.state, TaskState::Canceled);
    let history = store::tasks::history(&mut world.db.read().await.unwrap(), task.id)
        .await
        .unwrap();
    assert_eq!(history.last().unwrap().change, Change::GivenUp);
    assert_eq!(world.read_agent(amy).await.book.load, 0);
    let next = world.open_call().await;
    world.make_offers().await;
    let (offer, _) = world.standing(amy).await[0];
    world.accept("amy", offer).await.unwrap();
    let refused = world.do_by_hand(Deed::NotReached, next.id, amy, "amy", "amy").await;
    assert!(matches!(refused, Err(Error::CallbackNotFound)), "{refused:?}");
    world.check().await;
}

#[tokio::test]
async fn customers_ask_for_their_own_wait_and_callback_and_nobody_elses() {
    let system = System::start().await;
    let (customer, other): (Id, Id) = (system.ids.next(), system.ids.next());
    let case = system.open_case_of(customer, "").await;
    system.tasks_of(case, 1, pb::TaskState::Queued).await;
    let case_id = case.to_string();
    let ask = pb::GetWaitRequest {
        case_id: case_id.clone(),
    };
    let wait = system
        .waits(customer)
        .get_wait(ask.clone())
        .await
        .unwrap()
        .into_inner()
        .wait
        .unwrap();
    assert_eq!((wait.place, wait.unknown()), (1, pb::WaitUnknown::TooFewTaken));
    let denied = system.waits(other).get_wait(ask).await.unwrap_err();
    assert_eq!(denied.code(), Code::NotFound);
    let watch = pb::WatchWaitRequest {
        case_id: case_id.clone(),
    };
    let mut stream = system
        .waits(customer)
        .watch_wait(watch.clone())
        .await
        .unwrap()
        .into_inner();
    let first = stream.message().await.unwrap().unwrap().wait.unwrap();
    assert_eq!((first.place, first.state()), (1, pb::TaskState::Queued));
    let denied = system.waits(other).watch_wait(watch).await.map(drop).unwrap_err();
    assert_eq!(denied.code(), Code::NotFound);

    let request = pb::RequestCallbackRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        ..Default::default()
    };
    let denied = system.waits(other).request_callback(request.clone()).await.unwrap_err();
    assert_eq!(denied.code(), Code::NotFound);
    let now = support_chassis::clock::Clock::system().now();
    let soon = pb::RequestCallbackRequest {
        earliest_time: Some(timestamp(now + Duration::from_secs(2))),
        ..request
    };
    system.waits(customer).request_callback(soon).await.unwrap();
    let told = tokio::time::timeout(PATIENCE, stream.message()).await.unwrap();
    let told = told.unwrap().unwrap().wait.unwrap();
    assert!(told.callback.is_some(), "{told:?}");

    system.agent("amy").await;
    let (mut amy, first) = system.watch("amy").await;
    assert_eq!(first.made, []);
    system.presence("amy", pb::Presence::Available).await;
    let offer = next_offer(&mut amy).await;
    system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
    // The stream ends once somebody has the task.
    loop {
        let told = tokio::time::timeout(PATIENCE, stream.message())
            .await
            .expect("it ends")
            .unwrap();
        let Some(told) = told else { break };
        assert_ne!(told.wait.unwrap().state(), pb::TaskState::Completed);
    }
    let task_id = offer.task.unwrap().task_id;
    let report = pb::ReportNotReachedRequest {
        request_id: request_id(),
        task_id: task_id.clone(),
    };
    let desk = system
        .desk("amy")
        .get_desk(pb::GetDeskRequest {})
        .await
        .unwrap()
        .into_inner();
    assert!(desk.items[0].callback);
    let tried = system
        .desk("amy")
        .report_not_reached(report)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (tried.task.unwrap().state(), tried.attempts),
        (pb::TaskState::Queued, 1)
    );
    assert!(tried.retry_time.is_some());
    check(&system.db).await;
}

#[tokio::test]
async fn a_callback_is_asked_for_a_time_that_can_be() {
    let system = System::start().await;
    let customer: Id = system.ids.next();
    let case = system.open_case_of(customer, "").await;
    system.tasks_of(case, 1, pb::TaskState::Queued).await;
    let request = pb::RequestCallbackRequest {
        request_id: request_id(),
        case_id: case.to_string(),
        ..Default::default()
    };
    let now = support_chassis::clock::Clock::system().now();
    for (field, earliest, latest) in [
        ("earliest_time", Some(now + Duration::from_hours(24 * 8)), None),
        ("latest_time", None, Some(now - Duration::from_secs(1))),
        (
            "latest_time",
            Some(now + Duration::from_mins(1)),
            Some(now + Duration::from_mins(1)),
        ),
    ] {
        let request = pb::RequestCallbackRequest {
            request_id: request_id(),
            earliest_time: earliest.map(timestamp),
            latest_time: latest.map(timestamp),
            ..request.clone()
        };
        let refused = explain(&system.waits(customer).request_callback(request).await.unwrap_err());
        assert_eq!(refused.violations[0].field, field, "{refused:?}");
    }
}

#[tokio::test]
async fn who_was_verified_for_one_case_reads_the_wait_of_no_other() {
    let system = System::start().await;
    let customer: Id = system.ids.next();
    let cases = [
        system.open_case_of(customer, "").await,
        system.open_case_of(customer, "").await,
    ];
    for case in cases {
        system.tasks_of(case, 1, pb::TaskState::Queued).await;
    }
    let get = async |bound: Id, asked: Id| {
        let case_id = asked.to_string();
        let answer = system
            .waits_for(customer, Some(bound))
            .get_wait(pb::GetWaitRequest { case_id })
            .await;
        answer.map(drop)
    };
    let watch = async |bound: Id, asked: Id| {
        let case_id = asked.to_string();
        let answer = system
            .waits_for(customer, Some(bound))
            .watch_wait(pb::WatchWaitRequest { case_id })
            .await;
        answer.map(drop)
    };
    for (bound, other) in [(cases[0], cases[1]), (cases[1], cases[0])] {
        get(bound, bound).await.unwrap();
        watch(bound, bound).await.unwrap();
        for refused in [get(bound, other).await, watch(bound, other).await] {
            let told = explain(&refused.unwrap_err());
            assert_eq!(
                (told.code, told.reason.as_str()),
                (Code::PermissionDenied, "COMMON_ERROR_REASON_CASE_MISMATCH")
            );
            assert_eq!(told.metadata["case_id"], bound.to_string());
        }
    }
    // Of a case of somebody else there is nothing, whichever they were verified for.
    let others = system.open_case_of(system.ids.next(), "").await;
    for refused in [get(others, others).await, watch(others, others).await] {
        assert_eq!(refused.unwrap_err().code(), Code::NotFound);
    }
}
