//! Streams of offers: they lose nothing, end as they should, and count as presence. Replicas: one decides, and another
//! takes over.

use support_chassis::error::{CommonErrorReason, explain};
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::run;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::agent_service_client::AgentServiceClient;
use support_routing::SERVICE;
use tonic::{Code, Streaming};

use crate::invariants::check;
use crate::system::{PATIENCE, System, accept, complete, next, next_answer, next_offer, request_id, shipped_but};

#[tokio::test]
async fn a_new_stream_begins_with_what_stands() {
    let system = System::start().await;
    system.agent("amy").await;
    let (mut broken, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    system.open_case().await;
    let offer = next_offer(&mut broken).await;
    // Two at once, as when a front end is opened twice.
    let (mut one, first) = system.watch("amy").await;
    assert_eq!(first.made[0].offer_id, offer.offer_id);
    drop(broken);
    let (mut other, first) = system.watch("amy").await;
    assert_eq!(first.made[0], offer);
    system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
    for stream in [&mut one, &mut other] {
        assert_eq!(
            next(stream).await.ended_offer_ids,
            std::slice::from_ref(&offer.offer_id)
        );
    }
    drop((one, other));
    // What happens while nobody looks is there, or gone, for the next who does.
    system
        .staff("amy")
        .complete_task(complete(&offer.task.unwrap().task_id))
        .await
        .unwrap();
    let case = system.open_case().await;
    system.tasks_of(case, 1, pb::TaskState::Offered).await;
    let (_, first) = system.watch("amy").await;
    assert_eq!(first.made[0].task.as_ref().unwrap().case_id, case.to_string());
}

#[tokio::test]
async fn who_is_brought_into_a_contact_hears_of_it() {
    let system = System::start().await;
    let mut ids = Vec::new();
    for subject in ["amy", "ben", "sue"] {
        ids.push(system.agent(subject).await.agent_id);
    }
    let (mut amy, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    system.open_case().await;
    let offer = next_offer(&mut amy).await;
    let task_id = offer.task.as_ref().unwrap().task_id.clone();
    system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
    let told = next(&mut amy).await;
    assert_eq!(
        (told.ended_offer_ids.len(), held(&told)),
        (1, vec![(task_id.as_str(), true)])
    );
    let (mut ben, first) = system.watch("ben").await;
    assert_eq!(first, pb::WatchOffersResponse::default());
    system.presence("ben", pb::Presence::Available).await;
    let add = pb::AddParticipantRequest {
        request_id: request_id(),
        task_id: task_id.clone(),
        agent_id: ids[1].clone(),
        ..Default::default()
    };
    system.desk("amy").add_participant(add).await.unwrap();
    holds(&mut ben, &task_id, false).await;
    let over = pb::HandOverTaskRequest {
        request_id: request_id(),
        task_id: task_id.clone(),
        agent_id: ids[1].clone(),
        cause: pb::HandCause::Expertise.into(),
        stay: true,
        ..Default::default()
    };
    system.desk("amy").hand_over_task(over).await.unwrap();
    holds(&mut ben, &task_id, true).await;
    holds(&mut amy, &task_id, false).await;
    // A supervisor takes it, and is told so wherever else they look; the others are told that it is gone.
    let (mut sue, _) = system.watch("sue").await;
    system.presence("sue", pb::Presence::Available).await;
    let take = pb::TakeOverTaskRequest {
        request_id: request_id(),
        task_id: task_id.clone(),
        cause: pb::HandCause::Escalation.into(),
    };
    system.desk("sue").take_over_task(take).await.unwrap();
    holds(&mut sue, &task_id, true).await;
    for stream in [&mut ben, &mut amy] {
        while !next_answer(stream).await.gone_task_ids.contains(&task_id) {}
    }
    // Whoever looks only now finds it.
    let (_, first) = system.watch("sue").await;
    assert_eq!(held(&first), [(task_id.as_str(), true)]);
    check(&system.db).await;
}

/// Waits until a stream tells that a task is in hand.
async fn holds(stream: &mut Streaming<pb::WatchOffersResponse>, task: &str, is_own: bool) {
    while !held(&next_answer(stream).await).contains(&(task, is_own)) {}
}

fn held(told: &pb::WatchOffersResponse) -> Vec<(&str, bool)> {
    let held = told.held.iter();
    held.map(|held| (held.task.as_ref().unwrap().task_id.as_str(), held.is_own))
        .collect()
}

#[tokio::test]
async fn a_stream_ends_with_the_server_and_says_so() {
    let system = System::start().await;
    system.agent("amy").await;
    let (mut stream, _) = system.watch("amy").await;
    system.routing.lifecycle.drain("test");
    let end = tokio::time::timeout(PATIENCE, stream.message())
        .await
        .expect("the stream ends")
        .unwrap_err();
    assert_eq!(
        (end.code(), explain(&end).common()),
        (Code::Unavailable, Some(CommonErrorReason::ShuttingDown))
    );
}

#[tokio::test]
async fn an_open_stream_is_presence_enough() {
    let system = System::start_with(|settings| settings.set("routing.poll_interval_ms", 50)).await;
    system
        .publish("global", &shipped_but(|plan| plan["presence"]["timeout"] = "1s".into()))
        .await;
    system.agent("amy").await;
    system.agent("ben").await;
    let (mut amy, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    system.presence("ben", pb::Presence::Available).await;
    let offline = pb::ListAgentsRequest {
        presence: pb::Presence::Offline.into(),
        ..Default::default()
    };
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let gone = loop {
        let agents = system
            .operator()
            .list_agents(offline.clone())
            .await
            .unwrap()
            .into_inner()
            .agents;
        if !agents.is_empty() {
            break agents;
        }
        assert!(tokio::time::Instant::now() < deadline, "ben goes offline");
        tokio::task::yield_now().await;
    };
    assert_eq!(
        gone.iter().map(|agent| agent.subject.as_str()).collect::<Vec<_>>(),
        ["ben"]
    );
    // Amy's stream has been open for longer than the timeout by now: she was seen in between.
    system.open_case().await;
    assert_eq!(next_offer(&mut amy).await.task.unwrap().state(), pb::TaskState::Offered);
}

#[tokio::test]
async fn another_replica_takes_over() {
    let system = System::start().await;
    system.agent("amy").await;
    let life = Lifecycle::new();
    let other = run(&SERVICE, &system.settings, &life, None).await.unwrap();
    // An agent who is connected to the one that does not decide.
    let peer = system.peer_at(other.address, CallerKind::Staff, "amy", &["tasks.work"]);
    let mut amy = AgentServiceClient::new(peer);
    let mut stream = amy.watch_offers(pb::WatchOffersRequest {}).await.unwrap().into_inner();
    assert_eq!(next(&mut stream).await, pb::WatchOffersResponse::default());
    system.presence("amy", pb::Presence::Available).await;
    system.open_case().await;
    let offer = next_offer(&mut stream).await;
    amy.accept_offer(accept(&offer)).await.unwrap();
    next(&mut stream).await;
    amy.complete_task(complete(&offer.task.unwrap().task_id)).await.unwrap();

    system.routing.lifecycle.abort();
    let case = system.open_case().await;
    let offer = next_offer(&mut stream).await;
    assert_eq!(offer.task.unwrap().case_id, case.to_string());
    check(&system.db).await;
    life.abort();
}
