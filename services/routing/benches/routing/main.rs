//! How fast it decides, and how fast what is decided is written and told: `cargo bench -p support-routing`, with `-- --quick` for a
//! tenth of it, and `-- --engine`, `-- --durable`, `-- --offers` or `-- --simulation` for one part alone.
//!
//! Everything runs on this machine and shares it: the service, its database, which flushes what is committed to the disk, and
//! those who make tasks and look at offers. What is printed is also written to `target/bench/routing.json`.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what was measured")]

mod durable;
mod engine;
mod floor;
mod offers;
mod report;
mod simulation;
mod world;

use report::Report;
use support_testing::load;
use world::World;

/// As in the executable that is shipped.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let asked_for = |name: &str| std::env::args().any(|argument| argument == name);
    let is_quick = asked_for("--quick");
    let parts = ["--engine", "--durable", "--offers", "--simulation"].map(asked_for);
    let [engine, durable, offers, simulation] = if parts.contains(&true) { parts } else { [true; 4] };
    let mut report = Report::new();
    report.note(format!(
        "{} cores, load before: {}",
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        load()
    ));
    if engine {
        engine::measure(is_quick, &mut report);
    }
    if simulation {
        simulation::measure(is_quick, &mut report);
    }
    if durable || offers {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        // The server starts and ends on threads that may wait.
        let server = world::server();
        let world = runtime.block_on(World::start(&server));
        runtime.block_on(async {
            report.note(world.durability().await);
            if durable {
                durable::measure(&world, is_quick, &mut report).await;
            }
            if offers {
                offers::measure(&world, is_quick, &mut report).await;
            }
        });
        drop(world);
        drop(runtime);
        drop(server);
    }
    report.note(format!("load after: {}", load()));
    report.print();
    report.write();
}
