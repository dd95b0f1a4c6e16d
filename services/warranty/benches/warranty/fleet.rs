//! A fleet over the stream, end to end: one client, one call, every question answered once and stored before it is.

use std::time::{Duration, Instant};

use futures_util::stream;
use support_proto::support::warranty::v1::fleet_service_client::FleetServiceClient;
use support_proto::support::warranty::v1::{Damage, DecideCoverageRequest, DecideCoverageStreamRequest};
use support_testing::Processor;

use crate::Scale;
use crate::report::{Figure, Report, real};
use crate::world::World;

/// A question about a device of the fleet: of ten five are of a fault, the others of accidents, liquid, a component, a symptom,
/// parts.
fn question(round: u32, number: u32) -> DecideCoverageStreamRequest {
    let damage = match number % 10 {
        4 => Damage::Accidental,
        5 => Damage::Liquid,
        _ => Damage::None,
    };
    let question = DecideCoverageRequest {
        request_id: format!("0198f2c4-{round:04x}-7000-8000-{number:012x}"),
        serial_number: format!("FLEET{number:07}"),
        damage: damage.into(),
        symptom: if number % 10 == 7 { "battery-drains-fast" } else { "" }.to_owned(),
        component: if matches!(number % 10, 6 | 8) { "battery" } else { "" }.to_owned(),
        parts: if number % 10 == 8 {
            vec!["BATTERY-1".to_owned(), "DISPLAY-1".to_owned()]
        } else {
            Vec::new()
        },
        ..DecideCoverageRequest::default()
    };
    DecideCoverageStreamRequest {
        question: Some(question),
    }
}

async fn ask(world: &World, round: u32, devices: u32) -> Duration {
    let questions = stream::iter((1..=devices).map(move |number| question(round, number)));
    let begin = Instant::now();
    let mut answers = FleetServiceClient::new(world.door())
        .decide_coverage_stream(questions)
        .await
        .unwrap()
        .into_inner();
    let mut seen = vec![false; usize::try_from(devices).unwrap()];
    while let Some(answer) = answers.message().await.unwrap() {
        assert!(answer.decision.is_some(), "{answer:?}");
        let place = usize::try_from(answer.sequence - 1).unwrap();
        assert!(!std::mem::replace(&mut seen[place], true), "each once");
    }
    let time = begin.elapsed();
    assert!(seen.into_iter().all(|seen| seen), "each answered");
    time
}

pub(crate) async fn measure(world: &World, scale: Scale, report: &mut Report) {
    ask(world, 0, scale.devices / 10).await;
    let rounds_of_fleet = scale.rounds.min(3);
    let mut rounds = Vec::new();
    let database = world.database_process().await;
    let before = Processor::used(database);
    for round in 1..=rounds_of_fleet {
        world.checkpoint().await;
        rounds.push(ask(world, round, scale.devices).await);
    }
    let used = Processor::used(database).each(before, rounds_of_fleet * scale.devices);
    let devices = usize::try_from(scale.devices).unwrap();
    report.add(Figure::rate("stream_decisions_per_second", devices, &rounds).at_least(20_000.0));
    report.add(Figure::of("stream_processor_us_service_client", "us", used.here));
    report.add(Figure::of("stream_processor_us_database", "us", used.database));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cores = real(i64::try_from(cores).unwrap());
    // What the processor allows where nobody else wants it, and nothing waits.
    let allowed = cores * 1e6 / (used.here + used.database);
    report.add(Figure::of("stream_decisions_per_second_processor_allows", "/s", allowed).at_least(20_000.0));
    let stored = world.count("coverage_decisions").await;
    let asked = rounds_of_fleet * scale.devices + scale.devices / 10;
    assert_eq!(stored, i64::from(asked), "each stored");
}
