//! Offers on the streams of agents, after tasks were made.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use support_chassis::call::Caller;
use support_chassis::feed;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::run;
use support_chassis::settings::{FeedSettings, Settings, TrustRole};
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::agent_service_client::AgentServiceClient;
use support_routing::SERVICE;
use support_routing::domain::AgentId;
use support_routing::ops;
use support_testing::{call_as, channel, signing_key, trust};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::report::{Figure, Report, percentile, real};
use crate::world::World;

/// Who looks at their offers.
const AGENTS: usize = 200;
/// Tasks a second.
const RATE: usize = 1_000;
/// How many tasks are made in one transaction at most, as by the consumer of what happens to cases.
const AT_ONCE: usize = 32;

/// The service runs as it does live; letters come at an even pace. They are made by another replica, as the consumer of what happens
/// to cases makes them: all that have come since it last looked, in one transaction. Each is timed from its commit until the
/// agent's stream tells of the offer.
pub(crate) async fn measure(world: &World, is_quick: bool, report: &mut Report) {
    // Less than an offer stands: nobody answers them, and what is offered again is not measured here.
    let seconds = if is_quick { 4 } else { 14 };
    world.run("truncate agents, tasks, offers cascade").await;
    world.wear_in().await;
    let agents = prepare(world).await;
    let lifecycle = Lifecycle::new();
    let settings = Settings::new(&["routing", "case"])
        .set("region", "eu")
        .set("listen", "127.0.0.1:0")
        .set("routing.database.url", world.url.as_str())
        .set("passport.signing_key", signing_key("routing"))
        .set("peers.identity-verification", ["http://127.0.0.1:9"])
        .set("peers.localisation", ["http://127.0.0.1:9"])
        .set("peers.case", ["http://127.0.0.1:9"])
        .set(
            "passport.trust",
            vec![
                trust("gateway", TrustRole::Gateway),
                trust("routing", TrustRole::Service),
            ],
        );
    let running = run(&SERVICE, &settings, &lifecycle, None).await.unwrap();
    let way = channel(running.address);
    let told: Arc<Mutex<HashMap<String, Instant>>> = Arc::default();
    let mut watchers = JoinSet::new();
    for agent in 0..agents.len() {
        let caller = Caller {
            kind: CallerKind::Staff,
            subject: format!("watcher-{agent}"),
            organisation: None,
            scopes: ["tasks.work".to_owned()].into(),
            assurance: AssuranceLevel::Unspecified,
            region: Some("eu".to_owned()),
            grant_id: None,
            bounds: support_chassis::call::Bounds::default(),
        };
        let mut client = AgentServiceClient::new(call_as(&way, &caller, world.clock.now()));
        let mut stream = client
            .watch_offers(pb::WatchOffersRequest {})
            .await
            .unwrap()
            .into_inner();
        let first = stream.message().await.unwrap().unwrap();
        assert!(first.made.is_empty());
        let told = Arc::clone(&told);
        watchers.spawn(async move {
            while let Ok(Some(answer)) = stream.message().await {
                let now = Instant::now();
                let mut told = told.lock().unwrap();
                for offer in answer.made {
                    told.entry(offer.task.unwrap().task_id).or_insert(now);
                }
            }
        });
    }
    // As in every replica: those that decide hear of what is committed here.
    let over = CancellationToken::new();
    let settings = FeedSettings {
        retention_days: 1,
        poll_interval_ms: 1_000,
        heartbeat_seconds: 10,
    };
    let feed = tokio::spawn(feed::run(world.db.clone(), settings, over.clone()));
    // First some that are not counted: so that connections are open, and the database knows its tables, as it does wherever the
    // service has run for a minute.
    let first = make_tasks(world, 1).await;
    until(|| told.lock().unwrap().len() == first.len()).await;
    world.run("analyze").await;
    let made = make_tasks(world, seconds).await;
    until(|| told.lock().unwrap().len() == first.len() + made.len()).await;
    watchers.abort_all();
    let told = told.lock().unwrap().clone();
    let mut times: Vec<Duration> = made
        .iter()
        .filter_map(|(task, at)| Some(told.get(task)?.saturating_duration_since(*at)))
        .collect();
    assert_eq!(times.len(), made.len(), "every task was offered");
    let first = made.iter().map(|(_, at)| *at).min().unwrap();
    let last = made.iter().map(|(_, at)| *at).max().unwrap();
    report.note(format!(
        "{} tasks at {:.0}/s for {AGENTS} streams",
        made.len(),
        real(made.len()) / (last - first).as_secs_f64()
    ));
    report.add(Figure::of(
        "offer_on_stream_p50_ms",
        "ms",
        percentile(&mut times, 50) / 1e3,
    ));
    report.add(Figure::of("offer_on_stream_p99_ms", "ms", percentile(&mut times, 99) / 1e3).against("at most", 20.0));
    report.note(format!(
        "of that from the task until its offer is written: p50 {:.1} ms, p99 {:.1} ms",
        until_written(world, 0.5).await,
        until_written(world, 0.99).await
    ));
    over.cancel();
    feed.await.unwrap();
    lifecycle.drain("the benchmark is over");
}

/// Waits until it is so, or for ten seconds.
async fn until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_so() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How long it was from when a task was made until its offer was begun to be written, in milliseconds: for that share of them.
async fn until_written(world: &World, share: f64) -> f64 {
    sqlx::query_scalar(
        "select percentile_cont($1) within group (order by extract(epoch from o.offered_at - t.queue_time)::float8 * 1000)
         from offers o join tasks t on t.id = o.task_id where o.ended_as is distinct from 'timed_out' and t.offer_count = 1",
    )
    .bind(share)
    .fetch_one(world.db.pool())
    .await
    .unwrap()
}

/// Agents with much room, who all speak English.
async fn prepare(world: &World) -> Vec<AgentId> {
    let mut agents = Vec::new();
    for number in 0..AGENTS {
        let new = ops::agents::NewAgent {
            subject: format!("watcher-{number}"),
            certifications: Vec::new(),
            details: support_routing::domain::Details {
                display_name: "Kim".to_owned().into(),
                picture: support_routing::domain::Picture::default(),
                site: "Cork".to_owned(),
                region: None,
                team: String::new(),
                time_zone: "Europe/Dublin".to_owned(),
                abilities: Vec::new(),
                languages: vec![support_routing::domain::LanguageSkill {
                    language: "en".parse().unwrap(),
                    level: 5,
                }],
                skills: Vec::new(),
                capacity: 100,
                sharing: support_routing::domain::Sharing::default(),
            },
        };
        let mut tx = world.db.begin().await.unwrap();
        let now = world.clock.now();
        let agent = ops::agents::create(&mut tx, &world.ids, new, now).await.unwrap();
        let available = support_routing::domain::Presence::Available;
        ops::agents::set_presence(&mut tx, &agent.subject, available, now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        agents.push(agent.id());
    }
    agents
}

/// Makes tasks at an even pace, and gives when each was committed.
async fn make_tasks(world: &World, seconds: usize) -> Vec<(String, Instant)> {
    let begun = Instant::now() + Duration::from_millis(200);
    let due = |number: usize| begun + Duration::from_secs_f64(real(number) / real(RATE));
    let mut made = Vec::new();
    while made.len() < RATE * seconds {
        tokio::time::sleep_until(due(made.len()).into()).await;
        let now = Instant::now();
        let come = (made.len()..RATE * seconds).take_while(|number| due(*number) <= now);
        let tasks = world.open_all("en", come.count().clamp(1, AT_ONCE)).await;
        let now = Instant::now();
        made.extend(tasks.into_iter().map(|task| (task.to_string(), now)));
    }
    made
}
