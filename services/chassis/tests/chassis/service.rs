//! A service from start to end.

use std::net::SocketAddr;

use support_chassis::error::explain;
use support_chassis::lifecycle::{Fault, Lifecycle};
use support_chassis::service::{Running, Service, StartError, migrate, run};
use support_chassis::settings::Settings;
use support_postgres::testing::{TestDatabase, database};
use support_proto::support::identity::v1::{GetGrantRequest, ListGrantsRequest, RevokeGrantRequest};
use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

use crate::ledger::{self, ARRIVED, DOOM, DOOMED, LEDGER, READER, grant_id};

struct Started {
    running: Running,
    channel: Channel,
    _database: TestDatabase,
}

async fn start(service: &'static Service, life: &Lifecycle) -> Started {
    let database = database().await;
    let settings = ledger::settings(&database);
    migrate(service, &settings).await.unwrap();
    let running = run(service, &settings, life, None).await.unwrap();
    let channel = channel(running.address);
    Started {
        running,
        channel,
        _database: database,
    }
}

fn channel(address: SocketAddr) -> Channel {
    Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy()
}

#[tokio::test]
async fn a_service_says_that_it_serves_and_what() {
    let life = Lifecycle::new();
    let started = start(&LEDGER, &life).await;

    let mut health = HealthClient::new(started.channel.clone());
    for service in ["", "support.identity.v1.GrantService", "support.feed.v1.FeedService"] {
        let answer = health
            .check(HealthCheckRequest {
                service: service.to_owned(),
            })
            .await
            .unwrap();
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving, "{service}");
    }

    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = ServerReflectionClient::new(started.channel.clone())
        .server_reflection_info(tokio_stream::once(request))
        .await
        .unwrap();
    let answer = answers
        .into_inner()
        .next()
        .await
        .unwrap()
        .unwrap()
        .message_response
        .unwrap();
    let MessageResponse::ListServicesResponse(list) = answer else {
        panic!("another answer")
    };
    let mut names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
    names.sort();
    assert!(
        names.iter().any(|name| name == "support.identity.v1.GrantService"),
        "{names:?}"
    );
    assert!(
        names.iter().any(|name| name == "support.feed.v1.FeedService"),
        "{names:?}"
    );

    let grant_id = grant_id();
    let request_id = "0198f2c4-0000-7000-8000-000000000001".to_owned();
    let answer = ledger::client(started.channel)
        .revoke_grant(RevokeGrantRequest {
            request_id,
            grant_id: grant_id.clone(),
        })
        .await
        .unwrap();
    assert_eq!(answer.into_inner().grant.unwrap().grant_id, grant_id);

    life.drain("test");
    assert_eq!(started.running.finished().await, Ok(()));
    assert_eq!(life.finished(std::time::Duration::from_secs(20)).await, Ok(()));
}

#[tokio::test]
async fn a_service_does_not_start_on_an_old_schema() {
    let database = database().await;
    let settings = ledger::settings(&database);
    let life = Lifecycle::new();

    let refused = run(&LEDGER, &settings, &life, None).await.unwrap_err();
    assert!(matches!(refused, StartError::PendingMigrations { .. }), "{refused:?}");
    let words = refused.to_string();
    assert!(
        words.contains("ledger") && words.contains("outbox") && words.contains("support migrate"),
        "{words}"
    );
    assert_eq!(refused.exit_code(), 1);

    assert!(!migrate(&LEDGER, &settings).await.unwrap().is_empty());
    assert!(
        migrate(&LEDGER, &settings).await.unwrap().is_empty(),
        "nothing is left to do"
    );
    let running = run(&LEDGER, &settings, &life, None).await.unwrap();
    life.drain("test");
    assert_eq!(running.finished().await, Ok(()));
}

#[tokio::test]
async fn wrong_settings_are_refused_before_anything_is_touched() {
    let life = Lifecycle::new();
    let settings = Settings::new(ledger::SERVICES)
        .set("server.max_in_flight", "many")
        .set("passport.signing_key", "short");
    let refused = run(&LEDGER, &settings, &life, None).await.unwrap_err();
    assert_eq!(refused.exit_code(), 64);
    let words = refused.to_string();
    for setting in ["region", "database.url", "server.max_in_flight", "passport.signing_key"] {
        assert!(words.contains(setting), "{setting} is missing in {words}");
    }
    assert!(!words.contains("short"), "{words}");
}

#[tokio::test]
async fn a_peer_that_is_called_must_be_configured() {
    let database = database().await;
    let settings = ledger::settings(&database);
    migrate(&READER, &settings).await.unwrap();
    let life = Lifecycle::new();
    let refused = run(&READER, &settings, &life, None).await.unwrap_err();
    assert!(refused.to_string().contains("peers.ledger: is not set"), "{refused}");
    assert_eq!(refused.exit_code(), 64);
    life.drain("test");
    assert_eq!(
        life.finished(std::time::Duration::from_secs(20)).await,
        Ok(()),
        "nothing of it is left"
    );
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let database = database().await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let settings = ledger::settings(&database).set("listen", address.to_string());
    let refused = run(&LEDGER, &settings, &Lifecycle::new(), None).await.unwrap_err();
    assert!(refused.to_string().contains(&address.to_string()), "{refused}");
}

#[tokio::test]
async fn a_drain_finishes_the_call_in_flight_and_takes_no_other() {
    let life = Lifecycle::new();
    let started = start(&LEDGER, &life).await;
    let mut client = ledger::client(started.channel.clone());
    let grant_id = grant_id();
    let in_flight = tokio::spawn({
        let request = GetGrantRequest {
            grant_id: grant_id.clone(),
        };
        async move { client.get_grant(request).await }
    });
    ARRIVED.notified().await;

    let address = started.running.address;
    // As a signal would.
    life.drain("test");
    let answer = in_flight.await.unwrap().unwrap();
    assert_eq!(answer.into_inner().grant.unwrap().grant_id, grant_id);
    assert_eq!(started.running.finished().await, Ok(()));
    let refused = ledger::client(channel(address))
        .get_grant(GetGrantRequest { grant_id })
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
}

#[tokio::test]
async fn a_panic_in_a_handler_ends_the_call_alone() {
    let life = Lifecycle::new();
    let started = start(&LEDGER, &life).await;
    let request = ListGrantsRequest {
        customer_id: grant_id(),
        ..ListGrantsRequest::default()
    };
    let status = ledger::client(started.channel).list_grants(request).await.unwrap_err();
    assert_eq!(status.code(), Code::Internal);
    assert_eq!(status.message(), "internal error");
    assert!(!explain(&status).reason.is_empty());
    assert!(!life.is_draining());
    life.drain("test");
    assert_eq!(started.running.finished().await, Ok(()));
}

#[tokio::test]
async fn a_panic_in_background_work_ends_the_service_red() {
    let life = Lifecycle::new();
    let started = start(&DOOMED, &life).await;
    DOOM.notify_one();
    let fault = Fault::Panicked {
        task: "doomed: doom".to_owned(),
    };
    assert_eq!(started.running.finished().await, Err(fault.clone()));
    // And with it the process.
    assert_eq!(life.finished(std::time::Duration::from_secs(20)).await, Err(fault));
}
