//! Whom a region believes, and what it tells others.

use std::time::Duration;

use support_chassis::call::Caller;
use support_chassis::clock::Clock;
use support_chassis::error::{CommonErrorReason, explain};
use support_chassis::id::{Id, Ids};
use support_chassis::passport::{PASSPORT_HEADER, Signer};
use support_chassis::standard::Place;
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use support_proto::support::feed::v1::{AcknowledgeRequest, SubscribeRequest};
use support_proto::support::standard::v1::StandardPublished;
use tonic::transport::Endpoint;
use tonic::{Code, Request};

use super::{POLICY_ID, World, key, policy, until};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_speaks_for_another_region_and_what_is_no_record_is_set_aside() {
    let world = World::new(&["eu", "us"]).await;
    let (eu, us) = (world.start("eu").await, world.start("us").await);
    us.until_lifetime(&Place::Global, 600).await;
    let known = eu.book().snapshot();
    let honest = || StandardPublished::from(&eu.publication(&known, Place::Global, &policy(60)));
    let id_of = |region: &str| -> Id { Ids::new(region.parse().unwrap(), Clock::system()).next() };
    let forged = |change: &dyn Fn(&mut StandardPublished)| {
        let mut event = honest();
        change(&mut event);
        (event.publication_id.parse::<Id>().unwrap(), event)
    };
    let events = [
        forged(&|event| event.publication_id = id_of("us").to_string()),
        forged(&|event| event.publication_id = id_of("jp").to_string()),
        forged(&|event| event.content.push(' ')),
        forged(&|event| event.document = "other/verification-policy".to_owned()),
        forged(&|event| event.place = "country/de".to_owned()),
        forged(&|event| event.effective_from = None),
        (id_of("eu"), honest()),
    ];
    let mut tx = eu.kit.db.begin().await.unwrap();
    for (subject, event) in &events {
        tx.append(*subject, event).await.unwrap();
    }
    tx.commit().await.unwrap();
    eu.publish(Place::Global, &policy(300)).await;
    us.until_lifetime(&Place::Global, 300).await;

    let parked = us.parked().await;
    let reasons: Vec<&str> = parked.iter().map(|(_, reason)| reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "record of region us from the feed of eu",
            "record of region jp from the feed of eu",
            "record has no valid digest",
            "record of another service",
            "record has no valid place",
            "record has no valid effective_from",
            "record is not the subject of its event",
        ]
    );
    assert!(parked.iter().all(|(source, _)| source == "ruler@eu"), "{parked:?}");
    assert_eq!(us.lifetime(&Place::Global).1, "ruler/verification-policy@2");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_authority_alone_publishes_for_the_world() {
    let world = World::new(&["eu", "us"]).await;
    let (eu, us) = (world.start("eu").await, world.start("us").await);
    eu.publish(Place::Global, &policy(300)).await;
    us.until_lifetime(&Place::Global, 300).await;
    // A program of us that does not ask whether it may.
    us.publish(Place::Global, &policy(60)).await;
    let arrived = async || {
        let snapshot = eu.book().snapshot();
        snapshot.records().publications(POLICY_ID).count() == 3
    };
    until("it has come", arrived).await;
    for process in [&eu, &us] {
        assert_eq!(
            process.lifetime(&Place::Global),
            (300, "ruler/verification-policy@2".to_owned())
        );
    }
}

const KEPT: &str = "support.standard.v1.StandardPublished";

/// Another region is let in to follow the rules. It learns nothing of what happens here.
#[tokio::test(flavor = "multi_thread")]
async fn another_region_gets_the_rules_and_nothing_else() {
    let world = World::new(&["eu", "us"]).await;
    let eu = world.start("eu").await;
    let signer = Signer::new("ruler", &key("us"), Duration::from_mins(5)).unwrap();
    let passport = signer.sign(&Caller::service("ruler"), Clock::system().now()).unwrap();
    let channel = Endpoint::from_shared(format!("http://{}", eu.running.address))
        .unwrap()
        .connect_lazy();
    let mut client = FeedServiceClient::with_interceptor(channel, move |mut request: Request<()>| {
        request
            .metadata_mut()
            .insert(PASSPORT_HEADER, passport.parse().unwrap());
        Ok(request)
    });
    let subscribe = |event_types: &[&str]| SubscribeRequest {
        consumer: "ruler".to_owned(),
        after_position: 0,
        event_types: event_types.iter().map(ToString::to_string).collect(),
    };
    for more in [
        &[][..],
        &["support.case.v1.CaseOpened"],
        &[KEPT, "support.standard.v1.OverlayLifted"],
    ] {
        let refused = client.subscribe(subscribe(more)).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied, "{more:?}");
        assert_eq!(
            explain(&refused).common(),
            Some(CommonErrorReason::CallerKindNotAllowed)
        );
    }
    let acknowledge = AcknowledgeRequest {
        consumer: "ruler".to_owned(),
        position: 1,
    };
    let refused = client.acknowledge(acknowledge).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let mut rules = client.subscribe(subscribe(&[KEPT])).await.unwrap().into_inner();
    let first = rules.message().await.unwrap().unwrap();
    assert_eq!(first.events.len(), 2, "the territories and the policy");
}
