//! How fast it decides, and how much room it takes: `cargo bench -p support-warranty`, with `-- --quick` for a tenth of it and
//! `-- --stream` for the stream alone.
//!
//! Everything runs on this machine and shares it: the service, its database, which flushes what is committed to the disk, and the
//! one who asks. What is printed is also written to `target/bench/warranty.json`.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what was measured")]

mod engine;
mod fleet;
mod report;
mod what_if;
mod world;

use report::{Figure, Report};
use support_testing::load;
use world::World;

/// As in the executable that is shipped.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many devices and questions there are.
#[derive(Debug, Clone, Copy)]
struct Scale {
    devices: u32,
    /// How often each figure is measured; the median is told.
    rounds: u32,
}

fn main() {
    let asked_for = |name: &str| std::env::args().any(|argument| argument == name);
    let (is_quick, stream_alone) = (asked_for("--quick"), asked_for("--stream"));
    let scale = if is_quick {
        Scale {
            devices: 10_000,
            rounds: 3,
        }
    } else {
        Scale {
            devices: 100_000,
            rounds: 5,
        }
    };
    let mut report = Report::new();
    report.note(format!(
        "{} devices, {} cores, load before: {}",
        scale.devices,
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        load()
    ));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    // The server starts and ends on threads that may wait.
    let server = world::server();
    let world = runtime.block_on(World::start(&server, scale.devices));
    if !stream_alone {
        let known = runtime.block_on(world.known(&mut report));
        engine::measure(known, scale, &mut report);
    }
    runtime.block_on(async {
        report.note(world.durability().await);
        fleet::measure(&world, scale, &mut report).await;
        if !stream_alone {
            what_if::measure(&world, &mut report).await;
        }
        let per_million = |bytes: i64| report::real(bytes) / f64::from(scale.devices) * 1e6;
        let devices = world
            .bytes_of(&["devices", "device_identifiers", "device_owners"])
            .await;
        report.add(Figure::of(
            "bytes_per_million_devices_database",
            "B",
            per_million(devices),
        ));
        let decisions = world.bytes_of(&["coverage_decisions"]).await;
        let asked = world.count("coverage_decisions").await;
        report.add(Figure::of(
            "bytes_per_million_decisions_database",
            "B",
            report::real(decisions) / report::real(asked) * 1e6,
        ));
        let packed = world
            .count_of(
                "select avg(octet_length(answer_packed) + octet_length(given_packed))::bigint from coverage_decisions",
            )
            .await;
        report.note(format!(
            "what a decision was made from and its answer: {packed} bytes packed, on average of {asked} decisions"
        ));
    });
    report.note(format!("load after: {}", load()));
    world.end();
    report.print();
    report.write();
    drop(runtime);
    drop(server);
}
