//! `support demo`: one customer's story, from the first word to the repaired device, every call and answer shown.

mod narrator;
mod story;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use support_chassis::lifecycle::Lifecycle;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::seed;
use crate::world::{Secrets, World, WorldOptions, known_gateway};

/// What `--help` says beyond the first line.
const LONG_HELP: &str = "\
Tells one customer's story against a running system, by the public API alone: a visitor reads an article, proves who she
is with a code, opens a case in German by chat, is answered by somebody in Cork who speaks German, changes to the phone
and to the store, and gets her device repaired by a partner in Berlin. Every call and every answer is shown. Ends with 0
only if everything came as it should.

It looks for the system that `support up` runs in the data directory. Where none answers, it starts one of its own for as
long as the story takes.";

/// The words after the command: what they do is said in `LONG_HELP`.
#[derive(Debug, Args)]
#[command(after_long_help = LONG_HELP)]
pub struct DemoArgs {
    /// The data directory of the local system.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Narrate only: leave the calls and answers out.
    #[arg(long)]
    brief: bool,
}

/// Carries it out.
///
/// # Errors
///
/// Where a step did not come as it should.
#[expect(clippy::print_stdout, reason = "a command's answer")]
pub async fn run(args: DemoArgs) -> anyhow::Result<()> {
    if let Ok(gateway) = known_gateway(&args.data_dir)
        && serves(&gateway).await
    {
        let secrets = Secrets::load(&args.data_dir)?.context("the data directory has lost its secrets")?;
        let partners = seed::partner_clients(&args.data_dir)?;
        return story::tell(&gateway, &secrets.issuer(), &partners, args.brief).await;
    }
    println!(
        "no system answers in {}; starting one for this story\n",
        args.data_dir.display()
    );
    let place = std::env::temp_dir().join(format!("support-demo-{}", std::process::id()));
    let options = WorldOptions::throw_away(&place);
    let world = World::start(options, Lifecycle::new(), |line| println!("  {line}")).await?;
    let told = async {
        let token = world.issuer.operator_token(Duration::from_mins(10));
        let second = world.issuer.operator_token_of(seed::REVIEWER, Duration::from_mins(10));
        seed::seed(&world.gateway_url, (&token, &second), &place).await?;
        let partners = seed::partner_clients(&place)?;
        story::tell(&world.gateway_url, &world.issuer, &partners, args.brief).await
    }
    .await;
    world.stop().await?;
    // The databases are gone with their server; what is left are keys nobody needs.
    std::fs::remove_dir_all(&place).ok();
    told
}

async fn serves(gateway: &str) -> bool {
    let Ok(endpoint) = tonic::transport::Endpoint::from_shared(gateway.to_owned()) else {
        return false;
    };
    let Ok(channel) = endpoint.connect_timeout(Duration::from_secs(2)).connect().await else {
        return false;
    };
    HealthClient::new(channel)
        .check(HealthCheckRequest { service: String::new() })
        .await
        .is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving)
}
