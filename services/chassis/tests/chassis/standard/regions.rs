//! What one region publishes comes to hold in the others, whatever happens in between.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use support_chassis::feed::prune;
use support_chassis::id::Id;
use support_chassis::standard::Place;
use support_proto::support::case::v1::CaseAssigned;
use support_proto::support::standard::v1::OverlayLifted;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::{POLICY_ID, Process, World, country, policy, shorter, until};

#[tokio::test(flavor = "multi_thread")]
#[expect(
    clippy::print_stdout,
    reason = "the times are shown, not judged: they are those of a busy machine"
)]
async fn what_one_region_publishes_holds_in_the_other_at_once() {
    let world = World::new(&["eu", "us"]).await;
    let (eu, us) = (world.start("eu").await, world.start("us").await);
    us.until_lifetime(&Place::Global, 600).await;
    until("version 1 has come", async || {
        us.lifetime(&Place::Global).1 == "ruler/verification-policy@1"
    })
    .await;

    let mut took = Vec::new();
    for seconds in [500, 400, 300, 200, 100] {
        let began = Instant::now();
        eu.publish(Place::Global, &policy(seconds)).await;
        us.until_lifetime(&Place::Global, seconds).await;
        took.push(began.elapsed());
    }
    println!("from publication to the other region: {took:?}");
    assert_eq!(
        us.lifetime(&country("US")),
        (100, "ruler/verification-policy@6".to_owned())
    );
    assert_eq!(eu.lifetime(&country("US")), us.lifetime(&country("US")));

    // And back: an overlay of the other region.
    us.publish(country("US"), &shorter(90)).await;
    eu.until_lifetime(&country("US"), 90).await;
    assert_eq!(eu.lifetime(&country("US")), us.lifetime(&country("US")));
    assert_eq!(eu.lifetime(&country("DE")).0, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_version_comes_what_the_build_ships_holds() {
    let world = World::new(&["eu", "us"]).await;
    world.link("us", "eu").cut();
    let us = world.start("us").await;
    let (seconds, basis) = us.lifetime(&Place::Global);
    assert_eq!(seconds, 600);
    assert!(basis.starts_with("ruler/verification-policy@0!"), "{basis}");
    let by_hand = us.standard.by_basis(&basis.parse().unwrap()).unwrap();
    assert_eq!(by_hand, us.standard.today(&Place::Global));
    let eu = world.start("eu").await;
    assert_eq!(
        eu.lifetime(&Place::Global),
        (600, "ruler/verification-policy@1".to_owned())
    );
    world.link("us", "eu").mend();
    until("version 1 has come", async || {
        us.lifetime(&Place::Global) == eu.lifetime(&Place::Global)
    })
    .await;
    // What was decided before still has its rules.
    assert!(us.standard.by_basis(&basis.parse().unwrap()).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_survives_a_restart_while_its_origin_is_gone() {
    let world = World::new(&["eu", "us"]).await;
    let (eu, us) = (world.start("eu").await, world.start("us").await);
    eu.publish(Place::Global, &policy(300)).await;
    us.publish(country("US"), &shorter(200)).await;
    us.until_lifetime(&country("US"), 200).await;
    us.until_lifetime(&Place::Global, 300).await;
    let known = us.lifetime(&country("US"));
    eu.stop().await;
    us.stop().await;

    let us = world.start("us").await;
    assert_eq!(us.lifetime(&country("US")), known, "from the first moment on");
    let heard = us.book().heard().all();
    assert!(
        matches!(heard.as_slice(), [(region, _)] if region.as_str() == "eu"),
        "{heard:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_cut_off_keeps_what_it_has_shows_its_age_and_catches_up() {
    let world = World::new(&["eu", "us"]).await;
    let (eu, us) = (world.start("eu").await, world.start("us").await);
    let last_heard = || us.book().heard().all()[0].1;
    eu.publish(Place::Global, &policy(500)).await;
    us.until_lifetime(&Place::Global, 500).await;
    until("eu was heard of", async || last_heard().is_some()).await;

    world.link("us", "eu").cut();
    eu.publish(Place::Global, &policy(400)).await;
    eu.publish(Place::Global, &policy(300)).await;
    us.publish(country("US"), &shorter(100)).await;
    eu.until_lifetime(&country("US"), 100).await;
    // What eu says once a second does not come any more, while the clock goes on.
    let mut silent = (last_heard(), Instant::now());
    until("it is silent", async || {
        if silent.0 != last_heard() {
            silent = (last_heard(), Instant::now());
        }
        silent.1.elapsed() > Duration::from_millis(2500)
    })
    .await;
    assert_eq!(
        us.lifetime(&Place::Global),
        (500, "ruler/verification-policy@2".to_owned())
    );
    assert_eq!(us.lifetime(&country("US")).0, 100, "its own rules it can still make");

    world.link("us", "eu").mend();
    us.until_lifetime(&Place::Global, 300).await;
    until("eu is heard of again", async || last_heard() > silent.0).await;
    assert_eq!(us.lifetime(&country("US")), eu.lifetime(&country("US")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_age_of_what_is_known_survives_a_restart() {
    let world = World::new(&["eu", "us"]).await;
    let (eu, us) = (world.start("eu").await, world.start("us").await);
    us.until_lifetime(&Place::Global, 600).await;
    until("it is written down", async || {
        let stored = sqlx::query_scalar!("select last_heard_at from standard_regions where region = 'eu'");
        stored.fetch_optional(us.kit.db.pool()).await.unwrap().is_some()
    })
    .await;
    eu.stop().await;
    us.stop().await;
    let us = world.start("us").await;
    let stored = sqlx::query_scalar!("select last_heard_at from standard_regions where region = 'eu'");
    let stored: OffsetDateTime = stored.fetch_one(us.kit.db.pool()).await.unwrap();
    assert_eq!(us.book().heard().all()[0].1, Some(stored));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_comes_later_learns_all_although_the_feed_was_pruned() {
    let world = World::new(&["eu", "us"]).await;
    let eu = world.start("eu").await;
    for seconds in [500, 400, 300] {
        eu.publish(Place::Global, &policy(seconds)).await;
        let mut tx = eu.kit.db.begin().await.unwrap();
        tx.append(eu.kit.ids.next::<Id>(), &CaseAssigned::default())
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    until("what is not kept is pruned", async || {
        prune(&eu.kit.db, &eu.kit.clock, Duration::ZERO).await.unwrap();
        let left = sqlx::query_scalar!("select distinct event_type from outbox");
        left.fetch_all(eu.kit.db.pool()).await.unwrap() == ["support.standard.v1.StandardPublished"]
    })
    .await;
    let us = world.start("us").await;
    us.until_lifetime(&Place::Global, 300).await;
    let versions = |process: &Process| -> Vec<i64> {
        let snapshot = process.book().snapshot();
        let all = snapshot.records().publications(POLICY_ID);
        all.map(|publication| publication.version).collect()
    };
    assert_eq!(versions(&us), [1, 2, 3, 4]);
    let registered = sqlx::query_scalar!(r#"select count(*) as "count!" from feed_consumers"#);
    assert_eq!(
        registered.fetch_one(eu.kit.db.pool()).await.unwrap(),
        0,
        "it holds nothing back"
    );
}

/// What holds at many places, by content and by name.
fn all(process: &Process) -> BTreeMap<String, (i64, String)> {
    [
        "global",
        "group/eea",
        "country/DE",
        "country/FR",
        "country/US",
        "country/CA",
        "country/JP",
        "country/KR",
        "country/XX",
    ]
    .into_iter()
    .map(|place| (place.to_owned(), process.lifetime(&place.parse().unwrap())))
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn regions_that_publish_at_the_same_time_come_to_agree() {
    let world = World::new(&["eu", "us", "jp"]).await;
    let processes = [
        world.start("eu").await,
        world.start("us").await,
        world.start("jp").await,
    ];
    let [eu, us, jp] = &processes;
    let publishing = |process, places: [&'static str; 2], begin: i64| {
        let process: &Process = process;
        async move {
            for step in 0..6 {
                for place in places {
                    let content = if place == "global" {
                        policy(begin - step)
                    } else {
                        shorter(begin - step)
                    };
                    process.publish(place.parse().unwrap(), &content).await;
                }
            }
        }
    };
    // The overlays are at times stricter than the standard above them, at times not.
    let work = vec![
        publishing(eu, ["global", "country/DE"], 320),
        publishing(eu, ["group/eea", "country/FR"], 318),
        publishing(us, ["country/US", "country/CA"], 316),
        publishing(jp, ["country/JP", "country/KR"], 320),
    ];
    join_all(work).await;
    let count = |process: &Process| process.book().snapshot().records().publications(POLICY_ID).count();
    until("all records are everywhere", async || {
        processes.iter().all(|process| count(process) == 49)
    })
    .await;
    let (first, second, third) = (all(eu), all(us), all(jp));
    assert_eq!(first, second);
    assert_eq!(first, third);
    assert_eq!(first["global"], (315, "ruler/verification-policy@7".to_owned()));
    assert_eq!(first["country/US"].0, 311);
    for process in &processes {
        assert_eq!(process.parked().await, []);
    }
}

async fn lifted(process: &Process) -> Vec<OverlayLifted> {
    use prost::Message as _;
    sqlx::query_scalar!(
        "select payload from outbox where event_type = 'support.standard.v1.OverlayLifted' order by position"
    )
    .fetch_all(process.kit.db.pool())
    .await
    .unwrap()
    .iter()
    .map(|payload| OverlayLifted::decode(payload.as_slice()).unwrap())
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_an_overlay_that_is_lifted_is_told_once() {
    let world = World::new(&["eu", "us"]).await;
    let (eu, us) = (world.start("eu").await, world.start("us").await);
    let in_germany = eu.publish(country("DE"), &shorter(500)).await;
    let in_america = us.publish(country("US"), &shorter(400)).await;
    let in_canada = us.publish(country("CA"), &shorter(100)).await;
    eu.until_lifetime(&country("CA"), 100).await;
    let by = eu.publish(Place::Global, &policy(300)).await;
    us.until_lifetime(&country("US"), 300).await;

    let told = |events: Vec<OverlayLifted>| -> Vec<(String, String, Vec<String>)> {
        events
            .into_iter()
            .map(|event| (event.publication_id, event.lifted_by, event.paths))
            .collect()
    };
    let paths = vec!["codes.lifetime".to_owned()];
    let expected =
        |overlay: support_chassis::standard::PublicationId| vec![(overlay.to_string(), by.to_string(), paths.clone())];
    assert_eq!(told(lifted(&eu).await), expected(in_germany));
    assert_eq!(told(lifted(&us).await), expected(in_america), "not {in_canada}");

    // Still lifted under the next version: that is no news.
    eu.publish(Place::Global, &policy(250)).await;
    us.until_lifetime(&country("US"), 250).await;
    assert_eq!(lifted(&us).await.len(), 1);
    assert_eq!(us.lifetime(&country("CA")).0, 100);
    // What lifted it goes, and it has its say again.
    let stricter = eu.publish(Place::Global, &policy(200)).await;
    us.until_lifetime(&country("US"), 200).await;
    eu.withdraw(stricter).await;
    us.until_lifetime(&country("US"), 250).await;
}
