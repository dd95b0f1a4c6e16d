//! `support up`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::settings::Settings;
use support_chassis::telemetry;

use crate::seed;
use crate::services::names;
use crate::world::{World, WorldOptions, note_gateway};

/// What `--help` says beyond the first line.
const LONG_HELP: &str = "\
Runs everything on this machine: a private PostgreSQL, the six services, each on its own port with its own database and
role, and the gateway before them; and fills it, the first time, with a small world to try.

Nothing needs to be set up. Where no PostgreSQL is installed, it installs it if it can (Debian or Ubuntu, as root), or
says the one line to type. All data stay in the data directory; start again and they are there. Ctrl-C stops it all.

Several can live side by side:
  support up --data-dir data-a --port-base 8080
  support up --data-dir data-b --port-base 8100";

/// The words after the command: what they do is said in `LONG_HELP`.
#[derive(Debug, Args)]
#[command(after_long_help = LONG_HELP)]
pub struct UpArgs {
    /// Where its data live.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// The gateway's port. The services take the six after it, PostgreSQL the tenth after it.
    #[arg(long, value_name = "N", default_value_t = 8080, value_parser = clap::value_parser!(u16).range(1024..=65_000))]
    port_base: u16,
    /// Start empty: no products, agents, partners or articles. (Messages in all languages are there all the same.)
    #[arg(long)]
    no_seed: bool,
}

/// Carries it out: returns when the system was asked to stop and has.
///
/// # Errors
///
/// What failed, in words for people.
#[expect(clippy::print_stdout, reason = "a command's answer")]
pub async fn run(args: UpArgs) -> anyhow::Result<()> {
    let began = Instant::now();
    let settings = Settings::new(&names())
        .set("region", "eu")
        // Between the lines for people only what a person should look at.
        .set("telemetry.log_filter", "warn,sqlx::pool=error")
        .environment(std::env::vars());
    let common = settings
        .resolve(
            support_gateway::NAME,
            support_gateway::DEFAULTS,
            support_gateway::setting_docs(),
        )
        .check(false)?;
    let guard = telemetry::init("support", &common)?;
    telemetry::log_panics();
    let lifecycle = Lifecycle::new();
    lifecycle.listen_for_signals()?;

    let outcome = Box::pin(live(&args, lifecycle, began)).await;
    guard.shutdown().await;
    if outcome.is_ok() {
        println!("stopped; the data stay in {}", args.data_dir.display());
    }
    outcome
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
async fn live(args: &UpArgs, lifecycle: Lifecycle, began: Instant) -> anyhow::Result<()> {
    let options = WorldOptions::persistent(&args.data_dir, args.port_base);
    let starting = World::start(options, lifecycle.clone(), |line| println!("{line}"));
    let draining = lifecycle.draining();
    let world = tokio::select! {
        started = starting => started?,
        () = draining.cancelled() => anyhow::bail!("stopped while starting"),
    };
    note_gateway(&args.data_dir, &world.gateway_url).context("cannot write into the data directory")?;
    if !args.no_seed {
        let token = world.issuer.operator_token(Duration::from_mins(10));
        let second = world.issuer.operator_token_of(seed::REVIEWER, Duration::from_mins(10));
        let seeding = seed::seed(&world.gateway_url, (&token, &second), &args.data_dir);
        let seeded = tokio::select! {
            seeded = seeding => seeded,
            () = draining.cancelled() => Ok(seed::Seeded::default()),
        };
        match seeded {
            Ok(seeded) if seeded.is_new() => println!("{seeded}"),
            Ok(_) => {}
            Err(error) => {
                lifecycle.drain("the world could not be seeded");
                let _ = world.finished().await;
                return Err(error.context("the world could not be filled"));
            }
        }
    }
    greet(&world, args, began);
    world.finished().await?;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
fn greet(world: &World, args: &UpArgs, began: Instant) {
    println!("\nready after {:.1} s\n", began.elapsed().as_secs_f64());
    println!("  gateway                {}   gRPC, gRPC-Web, JSON", world.gateway_url);
    for (name, address) in &world.services {
        println!("  {name:<22} http://{address}");
    }
    println!("  postgresql {:<11} {}", world.postgres_major, world.psql_line);
    println!("\nTry:\n");
    println!(
        "  curl -s -H 'content-type: application/json' -H 'accept-language: de' -d '{{\"pageSize\": 3}}' {}/support.warranty.v1.CatalogueService/ListProducts",
        world.gateway_url
    );
    let data_dir = if args.data_dir.as_os_str() == "data" {
        String::new()
    } else {
        format!(" --data-dir {}", args.data_dir.display())
    };
    println!("\nor `support demo{data_dir}` in another terminal for a whole story. Ctrl-C stops everything.");
}
