//! Too much, too long.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_util::rt::{TokioExecutor, TokioIo};
use support_chassis::error::{CommonErrorReason, explain};
use support_chassis::passport::PASSPORT_HEADER;
use support_chassis::server::{ServerOptions, ShedLimits};
use support_proto::support::case::v1::case_service_client::CaseServiceClient;
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tonic::Code;
use tonic::body::Body;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;

use super::harness::{
    CASE_ID, Desk, GET_CASE, World, answers, customer, get_case, never, script, soon, subscribe, with_passport,
};

#[tokio::test]
async fn more_calls_than_the_limit_are_told_when_to_come_back_while_health_answers() {
    let world = World::new();
    let (arrived, release) = (Arc::new(Notify::new()), Arc::new(Semaphore::new(0)));
    let desk = Desk::new({
        let (arrived, release) = (Arc::clone(&arrived), Arc::clone(&release));
        script(move |_, _| {
            let (arrived, release) = (Arc::clone(&arrived), Arc::clone(&release));
            async move {
                arrived.notify_one();
                release.acquire().await.unwrap().forget();
                Ok(())
            }
        })
    });
    let limits = ShedLimits { calls: 1, streams: 1 };
    let running = world
        .serve_with(
            &desk,
            ServerOptions {
                limits,
                ..world.options()
            },
        )
        .await;
    let token = world.pass(&customer());
    let (mut busy, mut refused) = (running.cases(), running.cases());
    let first = tokio::spawn({
        let request = with_passport(get_case(), &token);
        async move { busy.get_case(request).await }
    });
    soon("the first call arrives", arrived.notified()).await;

    let told = explain(&refused.get_case(with_passport(get_case(), &token)).await.unwrap_err());
    assert_eq!(
        (told.code, told.common()),
        (Code::ResourceExhausted, Some(CommonErrorReason::Overloaded))
    );
    assert!(told.retry_after.is_some());
    let check = HealthCheckRequest { service: String::new() };
    assert_eq!(
        HealthClient::new(running.channel())
            .check(check)
            .await
            .unwrap()
            .into_inner()
            .status,
        1,
        "serving"
    );

    // Streams have a limit of their own.
    let own = world.routing.own(world.clock.now()).unwrap();
    let mut feed = FeedServiceClient::new(running.channel());
    let stream = feed.subscribe(with_passport(subscribe(1), &own)).await.unwrap();
    let told = explain(&feed.subscribe(with_passport(subscribe(1), &own)).await.unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::Overloaded));
    drop(stream);

    release.add_permits(2);
    soon("the first call ends", first).await.unwrap().unwrap();
    refused.get_case(with_passport(get_case(), &token)).await.unwrap();
    assert_eq!(desk.calls(), 2);
}

#[tokio::test]
async fn an_answer_that_nobody_reads_takes_no_place() {
    let world = World::new();
    let limits = ShedLimits { calls: 1, streams: 1 };
    let options = ServerOptions {
        limits,
        ..world.options()
    };
    let running = world.serve_with(&Desk::new(answers()), options).await;
    let token = world.pass(&customer());
    // A client that lets the server send nothing: the answer waits for room in a window that never opens.
    let stream = TcpStream::connect(running.address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(0)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let mut frame = vec![0, 0, 0, 0, 41, 0x0a, 39];
    frame.extend_from_slice(CASE_ID.as_bytes());
    let request = http::Request::post(format!("{}{GET_CASE}", running.url()))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header(PASSPORT_HEADER, &token)
        .body(Body::new(Full::new(Bytes::from(frame))))
        .unwrap();
    let unread = soon("the answer begins", sender.send_request(request)).await.unwrap();
    assert_eq!(unread.headers().get("grpc-status"), None, "it is no refusal");

    running
        .cases()
        .get_case(with_passport(get_case(), &token))
        .await
        .unwrap();
    drop(unread);
    connection.abort();
}

#[tokio::test]
async fn reflection_takes_no_place_of_a_stream_and_ends() {
    let world = World::new();
    let limits = ShedLimits { calls: 1, streams: 1 };
    let options = ServerOptions {
        limits,
        ..world.options()
    };
    let running = world.serve_with(&Desk::new(answers()), options).await;
    let mut reflection = ServerReflectionClient::new(running.channel());
    let asked = reflection
        .server_reflection_info(futures_util::stream::pending())
        .await
        .unwrap();
    let own = world.routing.own(world.clock.now()).unwrap();
    FeedServiceClient::new(running.channel())
        .subscribe(with_passport(subscribe(1), &own))
        .await
        .unwrap();
    // Only now: with time standing still while sockets are at work, deadlines would come first.
    tokio::time::pause();
    let told = explain(&asked.into_inner().message().await.unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::ShuttingDown));
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_the_methods_deadline_and_its_handler_with_it() {
    struct Tell(Arc<Notify>);
    impl Drop for Tell {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let world = World::new();
    let dropped = Arc::new(Notify::new());
    let desk = Desk::new({
        let dropped = Arc::clone(&dropped);
        script(move |_, _| {
            let tell = Tell(Arc::clone(&dropped));
            async move {
                let _tell = tell;
                std::future::pending().await
            }
        })
    });
    let started = Instant::now();
    let mut cases = CaseServiceClient::new(world.stack(&desk));
    let status = cases
        .get_case(with_passport(get_case(), &world.pass(&customer())))
        .await
        .unwrap_err();
    assert_eq!(started.elapsed().as_secs(), 5);
    let told = explain(&status);
    assert_eq!(
        (told.code, told.common()),
        (Code::DeadlineExceeded, Some(CommonErrorReason::DeadlineExceeded))
    );
    soon("the handler is dropped", dropped.notified()).await;
}

#[tokio::test]
async fn a_callers_shorter_deadline_wins_over_the_wire_too() {
    let world = World::new();
    let running = world.serve(&Desk::new(never())).await;
    let token = world.pass(&customer());
    let headers = [("x-support-passport", token.as_str()), ("grpc-timeout", "30m")];
    let mut frame = vec![0, 0, 0, 0, 41, 0x0a, 39];
    frame.extend_from_slice(super::harness::CASE_ID.as_bytes());
    let told = soon("the answer", running.raw(super::harness::GET_CASE, &headers, frame)).await;
    assert_eq!(
        (told.code, told.common()),
        (Code::DeadlineExceeded, Some(CommonErrorReason::DeadlineExceeded))
    );
}

#[tokio::test(start_paused = true)]
async fn a_stream_at_the_methods_deadline_asks_the_client_to_come_back() {
    let world = World::new();
    let started = Instant::now();
    let own = world.routing.own(world.clock.now()).unwrap();
    let mut feed = FeedServiceClient::new(world.stack(&Desk::new(answers())));
    let mut stream = feed
        .subscribe(with_passport(subscribe(4), &own))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(stream.message().await.unwrap().unwrap().up_to_position, 4);
    let told = explain(&stream.message().await.unwrap_err());
    assert_eq!(
        (told.code, told.common()),
        (Code::Unavailable, Some(CommonErrorReason::ShuttingDown))
    );
    assert_eq!(started.elapsed().as_secs(), 3600);

    let mut request = with_passport(subscribe(4), &own);
    request.set_timeout(Duration::from_secs(9));
    let mut stream = feed.subscribe(request).await.unwrap().into_inner();
    stream.message().await.unwrap();
    let told = explain(&stream.message().await.unwrap_err());
    assert_eq!(told.common(), Some(CommonErrorReason::DeadlineExceeded));
}
