//! Calls to other services: tries, breakers, choice, deadlines.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use support_chassis::call::Call;
use support_chassis::client::Peer;
use support_chassis::error::{Answer, CommonErrorReason, ServiceError as _, explain, from_peer};
use support_proto::support::case::v1 as case;
use support_proto::support::case::v1::case_service_client::CaseServiceClient;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::{Code, Status};

use super::harness::{CASE_ID, Desk, GET_CASE, World, answers, customer, get_case, never, script};

/// A desk that gives these statuses in turn, then answers.
fn failing(statuses: Vec<Status>) -> Desk {
    let statuses = std::sync::Mutex::new(statuses.into_iter());
    Desk::new(script(move |_, _| {
        let next = statuses.lock().unwrap().next();
        async move { next.map_or(Ok(()), Err) }
    }))
}

fn open_case() -> case::OpenCaseRequest {
    case::OpenCaseRequest {
        request_id: "0198f2c4-0000-7000-8000-000000000002".to_owned(),
        channel: 3,
        language: "en".to_owned(),
        subject: "it does not start".to_owned(),
        ..Default::default()
    }
}

fn outage() -> Status {
    // Of something behind the peer, so that the peer's breaker stays closed.
    Answer::dependency_unavailable("database").to_status()
}

#[tokio::test(start_paused = true)]
async fn what_may_pass_is_tried_again_three_times_at_most() {
    let world = World::new();
    let desk = failing(vec![outage(), Answer::conflict().to_status()]);
    world.peer(&[&desk]).get_case(get_case()).await.unwrap();
    assert_eq!(desk.calls(), 3);

    let desk = failing(vec![outage(); 9]);
    let told = explain(&world.peer(&[&desk]).open_case(open_case()).await.unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::DependencyUnavailable));
    assert_eq!(desk.calls(), 3);

    for lasting in [
        Status::not_found(""),
        Status::aborted("no RetryInfo"),
        Answer::internal().to_status(),
    ] {
        let desk = failing(vec![lasting; 9]);
        world.peer(&[&desk]).get_case(get_case()).await.unwrap_err();
        assert_eq!(desk.calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_passes_calls_on_does_not_retry() {
    let world = World::new();
    let desk = failing(vec![outage(); 9]);
    let peer = Peer::in_process("case", [world.stack(&desk)], world.account());
    let peer = peer.bearing(world.pass(&customer())).without_retries();
    CaseServiceClient::new(peer).get_case(get_case()).await.unwrap_err();
    assert_eq!(desk.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_not_made_worse_by_retries() {
    let world = World::new();
    let desk = failing(vec![outage(); 100_000]);
    let mut peer = world.peer(&[&desk]);
    for _ in 0..300 {
        peer.get_case(get_case()).await.unwrap_err();
    }
    // One retry for five calls, and the reserve of two a second.
    assert!(
        (310..=400).contains(&desk.calls()),
        "{} tries of 300 calls",
        desk.calls()
    );
}

#[tokio::test(start_paused = true)]
async fn a_try_that_cannot_end_in_time_is_not_made() {
    let world = World::new();
    let desk = failing(vec![
        Answer::conflict().retry_after(Duration::from_secs(1)).to_status();
        9
    ]);
    let peer = Peer::in_process("case", [world.stack(&desk)], world.account()).bearing(world.pass(&customer()));
    let started = Instant::now();
    let mut cases = CaseServiceClient::new(peer.by(started + Duration::from_millis(900)));
    let told = explain(&cases.get_case(get_case()).await.unwrap_err());
    assert_eq!(told.code, Code::Aborted);
    assert_eq!(desk.calls(), 1);
    assert!(started.elapsed() < Duration::from_millis(900));
}

#[tokio::test(start_paused = true)]
async fn a_breaker_opens_on_an_endpoint_that_is_down_and_closes_when_it_is_back() {
    let world = World::new();
    let down = Arc::new(AtomicBool::new(true));
    let desk = Desk::new({
        let down = Arc::clone(&down);
        script(move |_, _| {
            let down = down.load(Ordering::SeqCst);
            async move { if down { Err(Status::unavailable("down")) } else { Ok(()) } }
        })
    });
    let mut peer = world.peer(&[&desk]);
    for _ in 0..4 {
        peer.get_case(get_case()).await.unwrap_err();
    }
    // Within the pause of the breaker nothing arrives; and it is said when to come back.
    let before = desk.calls();
    let status = peer.get_case(get_case()).await.unwrap_err();
    let told = explain(&status);
    assert_eq!(
        (told.code, told.metadata["service"].as_str()),
        (Code::Unavailable, "case")
    );
    assert!(told.retry_after.is_some());
    assert!(
        desk.calls() <= before + 1,
        "{} calls reached an endpoint that is down",
        desk.calls() - before
    );

    down.store(false, Ordering::SeqCst);
    tokio::time::advance(Duration::from_secs(16)).await;
    for _ in 0..3 {
        peer.get_case(get_case()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_is_down_costs_nobody_an_error_while_another_lives() {
    let world = World::new();
    let (dead, alive) = (
        failing(vec![Status::unavailable("down"); 100_000]),
        Desk::new(answers()),
    );
    let mut peer = world.peer(&[&dead, &alive]);
    for _ in 0..200 {
        peer.get_case(get_case()).await.unwrap();
    }
    assert!(dead.calls() < 20, "{} calls went to the dead endpoint", dead.calls());
    assert_eq!(alive.calls(), 200);
}

#[tokio::test(start_paused = true)]
async fn the_faster_endpoint_gets_most_of_the_calls() {
    let world = World::new();
    let paced = |pause: u64| {
        Desk::new(script(move |_, _| async move {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            Ok(())
        }))
    };
    let (fast, slow) = (paced(2), paced(200));
    let peer = world.peer(&[&fast, &slow]);
    let mut callers = JoinSet::new();
    for _ in 0..10 {
        let mut peer = peer.clone();
        callers.spawn(async move {
            for _ in 0..40 {
                peer.get_case(get_case()).await.unwrap();
            }
        });
    }
    callers.join_all().await;
    assert_eq!(fast.calls() + slow.calls(), 400);
    assert!(
        slow.calls() < 80,
        "{} of 400 calls went to the slow endpoint",
        slow.calls()
    );
}

#[tokio::test(start_paused = true)]
async fn the_peer_is_told_what_is_left_of_the_call() {
    let world = World::new();
    let desk = Desk::new(script(|call, metadata| async move {
        assert!(metadata.contains_key("grpc-timeout"));
        let left = call.remaining().unwrap();
        assert!(
            left <= Duration::from_millis(700) && left > Duration::from_millis(600),
            "{left:?}"
        );
        assert_eq!(call.languages(), ["de", "en"]);
        Ok(())
    }));
    let peer = Peer::in_process("case", [world.stack(&desk)], world.account());
    let call = Call::new(customer(), support_proto::policy::policy(GET_CASE).unwrap())
        .with_passport(world.pass(&customer()))
        .with_accept_language("de, en;q=0.3")
        .with_deadline(Instant::now() + Duration::from_millis(700));
    CaseServiceClient::new(peer.for_call(&call))
        .get_case(get_case())
        .await
        .unwrap();
    assert_eq!(desk.calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_never_answers_ends_with_a_typed_deadline() {
    let world = World::new();
    let started = Instant::now();
    let told = explain(
        &world
            .peer(&[&Desk::new(never())])
            .get_case(get_case())
            .await
            .unwrap_err(),
    );
    assert_eq!(told.common(), Some(CommonErrorReason::DeadlineExceeded));
    assert_eq!(started.elapsed().as_secs(), 5);
}

#[tokio::test]
async fn nobody_at_the_address_is_a_typed_outage() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let peer = Peer::connect("case", &[format!("http://{address}")], world.account()).unwrap();
    let told = explain(
        &CaseServiceClient::new(peer.own())
            .get_case(get_case())
            .await
            .unwrap_err(),
    );
    assert_eq!(
        (told.code, told.common()),
        (Code::Unavailable, Some(CommonErrorReason::DependencyUnavailable))
    );
    assert_eq!(told.metadata["service"], "case");
    assert!(!told.message.contains("127.0.0.1"));
    assert!(Peer::connect("case", &[""; 0], world.account()).is_err());
    assert!(Peer::connect("case", &["not a url"], world.account()).is_err());
}

#[test]
fn a_peers_status_never_passes_through() {
    let answer = |status| from_peer("warranty", status).answer();
    let found = answer(Answer::new(Code::NotFound, "support.warranty.v1", "DEVICE_NOT_FOUND", CASE_ID).to_status());
    assert_eq!(
        (found.code, found.reason.as_ref()),
        (Code::FailedPrecondition, "DEVICE_NOT_FOUND")
    );
    assert!(!found.message.contains(CASE_ID));
    assert_eq!(answer(Answer::internal().to_status()).code, Code::Unavailable);
    assert_eq!(
        answer(Status::unavailable("")).reason,
        CommonErrorReason::DependencyUnavailable.as_str_name()
    );
    assert_eq!(answer(Status::invalid_argument("")).code, Code::Internal);
    assert_eq!(answer(Status::deadline_exceeded("")).code, Code::DeadlineExceeded);
}
