//! The end of a server.

use std::sync::Arc;
use std::time::Duration;

use support_chassis::error::{CommonErrorReason, explain};
use support_chassis::server::ServerOptions;
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use tokio::sync::Notify;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::harness::{Desk, World, customer, get_case, script, soon, subscribe, with_passport};

/// A desk that says when a call has arrived and answers when it is let go.
fn held() -> (Desk, Arc<Notify>, Arc<Notify>) {
    let (arrived, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&arrived), Arc::clone(&release));
    let desk = Desk::new(script(move |call, _| {
        let (tell, wait) = (Arc::clone(&tell), Arc::clone(&wait));
        async move {
            tell.notify_one();
            wait.notified().await;
            assert!(
                call.draining().is_cancelled(),
                "a handler can see that the server stops"
            );
            Ok(())
        }
    }));
    (desk, arrived, release)
}

#[tokio::test]
async fn says_so_sends_streams_away_and_finishes_what_is_in_flight() {
    let world = World::new();
    let (desk, arrived, release) = held();
    let mut running = world.serve(&desk).await;
    let mut health = HealthClient::new(running.channel());
    let mut watch = health
        .watch(HealthCheckRequest { service: String::new() })
        .await
        .unwrap()
        .into_inner();
    assert_eq!(watch.message().await.unwrap().unwrap().status, 1, "serving");
    let own = world.routing.own(world.clock.now()).unwrap();
    let mut feed = FeedServiceClient::new(running.channel());
    let mut stream = feed
        .subscribe(with_passport(subscribe(8), &own))
        .await
        .unwrap()
        .into_inner();
    stream.message().await.unwrap();
    let mut cases = running.cases();
    let request = with_passport(get_case(), &world.pass(&customer()));
    let call = tokio::spawn(async move { cases.get_case(request).await });
    soon("the call arrives", arrived.notified()).await;

    running.draining.cancel();
    assert_eq!(
        soon("health tells", watch.message()).await.unwrap().unwrap().status,
        2,
        "not serving"
    );
    let told = explain(&soon("the stream ends", stream.message()).await.unwrap_err());
    assert_eq!(
        (told.code, told.common()),
        (Code::Unavailable, Some(CommonErrorReason::ShuttingDown))
    );
    let mut cases = running.cases();
    let late = cases.get_case(with_passport(get_case(), &world.pass(&customer())));
    assert_eq!(
        soon("nobody new is let in", late).await.unwrap_err().code(),
        Code::Unavailable
    );
    assert!(!call.is_finished());

    release.notify_one();
    soon("the call in flight ends", call).await.unwrap().unwrap();
    soon("the server ends", &mut running.task).await.unwrap();
}

#[tokio::test]
async fn what_does_not_finish_within_the_bound_is_cut() {
    let world = World::new();
    let (desk, arrived, _release) = held();
    let options = ServerOptions {
        drain: Duration::from_millis(50),
        ..world.options()
    };
    let mut running = world.serve_with(&desk, options).await;
    let mut cases = running.cases();
    let request = with_passport(get_case(), &world.pass(&customer()));
    let call = tokio::spawn(async move { cases.get_case(request).await });
    soon("the call arrives", arrived.notified()).await;
    running.draining.cancel();
    soon("the server ends", &mut running.task).await.unwrap();
    soon("the call is cut", call).await.unwrap().unwrap_err();
}

#[tokio::test]
async fn aborting_waits_for_nobody() {
    let world = World::new();
    let (desk, arrived, _release) = held();
    let mut running = world.serve(&desk).await;
    let mut cases = running.cases();
    let request = with_passport(get_case(), &world.pass(&customer()));
    let call = tokio::spawn(async move { cases.get_case(request).await });
    soon("the call arrives", arrived.notified()).await;
    running.draining.cancel();
    running.aborting.cancel();
    soon("the server ends", &mut running.task).await.unwrap();
    soon("the call is cut", call).await.unwrap().unwrap_err();
}
