//! `support doctor`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use support_chassis::clock::Clock;
use support_chassis::settings::{Resolved, Settings};
use support_postgres::Search;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::services::{SERVICES, by_name, names};
use crate::session::{Patience, Session};
use crate::standard;
use crate::world::{Secrets, known_gateway};

/// How long anything may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long the token lives that the standard is read with.
const TOKEN_LIFE: Duration = Duration::from_mins(1);
/// A region of which nothing was heard for longer is cut off: regions that are not say so every few seconds.
const SILENCE: Duration = Duration::from_mins(5);

/// How much of a value is shown, in characters.
const LONGEST_VALUE: usize = 80;

/// What `--help` says beyond the first line.
const LONG_HELP: &str = "\
Says what is configured, what is reachable and what is wrong, in plain words. Ends with 0 when all is well, else with 1.

Without a name it looks at the local system of a data directory, as `support up` runs it. With names it looks at
services as they would start here, with the settings file and environment of this shell:
  SUPPORT_SETTINGS=/etc/support.toml support doctor case gateway";

/// The words after the command: what they do is said in `LONG_HELP`.
#[derive(Debug, Args)]
#[command(after_long_help = LONG_HELP)]
pub struct DoctorArgs {
    /// Services, or `gateway`, to look at as they would start here.
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
    /// The data directory of the local system.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Show every setting, not only those that differ from their default.
    #[arg(long)]
    all: bool,
}

/// What was found, line by line.
#[derive(Default)]
struct Findings {
    wrong: usize,
}

impl Findings {
    #[expect(clippy::print_stdout, reason = "a command's answer")]
    fn well(what: impl std::fmt::Display) {
        println!("  ok     {what}");
    }

    #[expect(clippy::print_stdout, reason = "a command's answer")]
    fn wrong(&mut self, what: impl std::fmt::Display, remedy: &str) {
        self.wrong += 1;
        println!("  WRONG  {what}");
        if !remedy.is_empty() {
            println!("         {remedy}");
        }
    }
}

/// Carries it out.
///
/// # Errors
///
/// Where something is wrong: how many things.
#[expect(clippy::print_stdout, reason = "a command's answer")]
pub async fn run(args: DoctorArgs) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    println!("support {}", env!("CARGO_PKG_VERSION"));
    if args.services.is_empty() {
        local(&args, &mut findings).await;
    } else {
        let settings = Settings::load(&names());
        for name in &args.services {
            one(name, &settings, args.all, &mut findings).await?;
        }
    }
    match findings.wrong {
        0 => {
            println!("\nall is well");
            Ok(())
        }
        1 => bail!("1 thing is wrong"),
        count => bail!("{count} things are wrong"),
    }
}

/// The local system of a data directory.
#[expect(clippy::print_stdout, reason = "a command's answer")]
async fn local(args: &DoctorArgs, findings: &mut Findings) {
    println!("\nthe local system in {}", args.data_dir.display());
    match Search::from_environment().find() {
        Ok(binaries) => Findings::well(format!(
            "PostgreSQL {} in {}",
            binaries.major(),
            binaries.dir().display()
        )),
        Err(error) => findings.wrong(&error, ""),
    }
    let gateway = match known_gateway(&args.data_dir) {
        Ok(gateway) => gateway,
        Err(error) => return findings.wrong(format!("{error:#}"), ""),
    };
    let names = SERVICES.iter().map(|service| service.name);
    match serving(&gateway, "").await {
        Ok(true) => Findings::well(format!("the gateway at {gateway} serves, and every service behind it")),
        Ok(false) => findings.wrong(format!("the gateway at {gateway} answers, but not all services do"), ""),
        Err(error) => {
            return findings.wrong(
                format!("nothing answers at {gateway}: {error}"),
                "is it running? start it with `support up` (and the same --data-dir)",
            );
        }
    }
    for name in names {
        match serving(&gateway, name).await {
            Ok(true) => Findings::well(format!("{name} serves")),
            Ok(false) => findings.wrong(
                format!("{name} does not serve"),
                "its last words are in the output of `support up`",
            ),
            Err(error) => findings.wrong(format!("the gateway does not know of {name}: {error}"), ""),
        }
    }
    if let Err(error) = rules(&gateway, &args.data_dir, findings).await {
        findings.wrong(format!("the standard cannot be read: {error:#}"), "");
    }
}

/// The standard of every service that has one: who publishes it, and how far the other regions are known.
async fn rules(gateway: &str, data_dir: &Path, findings: &mut Findings) -> anyhow::Result<()> {
    let secrets = Secrets::load(data_dir)?.context("the data directory has lost its secrets")?;
    let session = Session::connect(gateway)?.with_patience(Patience::none());
    let operator = session.as_operator(&secrets.issuer().operator_token(TOKEN_LIFE))?;
    let now = Clock::system().now();
    for service in SERVICES.iter().filter(|service| !service.standards.is_empty()) {
        let Some(known) = standard::documents(&operator, service.name).await? else {
            findings.wrong(format!("{} does not serve its standard", service.name), "");
            continue;
        };
        let count = known.documents.len();
        let authority = standard::authority(&known);
        Findings::well(format!(
            "{} has a standard of {count} documents: {authority}",
            service.name
        ));
        for region in &known.regions {
            let heard = format!(
                "{}: region {} of the standard was {}",
                service.name,
                region.region,
                standard::heard(region, now)
            );
            if standard::silence(region, now) > SILENCE {
                findings.wrong(
                    heard,
                    "what it publishes is not known here: is it up, and does each believe the other's passports?",
                );
            } else {
                Findings::well(heard);
            }
        }
    }
    Ok(())
}

/// Asks for the health of a service (`""` for the whole) through its door.
async fn serving(url: &str, service: &str) -> anyhow::Result<bool> {
    let channel = tonic::transport::Endpoint::from_shared(url.to_owned())?
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE)
        .connect()
        .await?;
    let asked = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(channel)
        .check(asked)
        .await
        .map_err(|status| anyhow::anyhow!("{}", status.message()))?;
    Ok(answer.into_inner().status() == ServingStatus::Serving)
}

/// One service as it would start here.
#[expect(clippy::print_stdout, reason = "a command's answer")]
async fn one(name: &str, settings: &Settings, all: bool, findings: &mut Findings) -> anyhow::Result<()> {
    println!("\n{name}");
    let service = by_name(name);
    let resolved = match service {
        Some(service) => service.settings(settings),
        None if name == support_gateway::NAME => settings.resolve(
            support_gateway::NAME,
            support_gateway::DEFAULTS,
            support_gateway::setting_docs(),
        ),
        None => bail!("there is no service {name}; there are: {}", names().join(", ")),
    };
    show(&resolved, all);
    let common = match resolved.check(service.is_some()) {
        Ok(common) => common,
        Err(error) => {
            findings.wrong(error, "");
            return Ok(());
        }
    };
    Findings::well("every setting is known and of the right form");
    if let Some(service) = service {
        match support_chassis::db::Db::connect(&common.database).await {
            Ok(db) => {
                Findings::well("the database answers and takes this role");
                match db.pending_migrations(service.migrator).await {
                    Ok(pending) if pending.is_empty() => Findings::well("the database is up to date"),
                    Ok(pending) => findings.wrong(
                        format!("{} migrations are missing", pending.len()),
                        &format!("run `support migrate {name}`"),
                    ),
                    Err(error) => findings.wrong(format!("its migrations cannot be read: {}", chain(&error)), ""),
                }
                db.close().await;
            }
            Err(error) => findings.wrong(
                format!("the database cannot be used: {}", chain(&error)),
                "check database.url, and that PostgreSQL runs there and knows the role",
            ),
        }
    }
    for (peer, endpoints) in common.peers.iter() {
        for endpoint in endpoints {
            match serving(endpoint, "").await {
                Ok(true) => Findings::well(format!("{peer} at {endpoint} serves")),
                Ok(false) => findings.wrong(format!("{peer} at {endpoint} answers but does not serve"), ""),
                Err(error) => findings.wrong(format!("{peer} at {endpoint} does not answer: {error}"), ""),
            }
        }
    }
    if service.is_some_and(|service| !service.standards.is_empty()) {
        Findings::well(format!(
            "the authority over the standard was first given to {}",
            common.standard.authority
        ));
    }
    for (region, endpoints) in &common.standard.regions {
        for endpoint in endpoints {
            match serving(endpoint, "").await {
                Ok(true) => Findings::well(format!("{name} of region {region} at {endpoint} serves")),
                Ok(false) => findings.wrong(
                    format!("{name} of region {region} at {endpoint} answers but does not serve"),
                    "",
                ),
                Err(error) => findings.wrong(
                    format!("{name} of region {region} at {endpoint} does not answer: {error}"),
                    "",
                ),
            }
        }
    }
    let collector = &common.telemetry.otlp_endpoint;
    if collector.is_empty() {
        Findings::well("telemetry goes to the log alone");
    } else {
        match reachable(collector).await {
            Ok(()) => Findings::well(format!("the collector at {collector} takes connections")),
            Err(error) => findings.wrong(format!("the collector at {collector} is not reached: {error}"), ""),
        }
    }
    Ok(())
}

async fn reachable(url: &str) -> anyhow::Result<()> {
    tonic::transport::Endpoint::from_shared(url.to_owned())?
        .connect_timeout(PATIENCE)
        .connect()
        .await?;
    Ok(())
}

/// The settings: those that somebody set, or all.
#[expect(clippy::print_stdout, reason = "a command's answer")]
fn show(resolved: &Resolved, all: bool) {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    for mut setting in resolved.describe() {
        setting.current = shortened(&setting.current);
        if all {
            table.add_row([
                setting.path,
                setting.current,
                setting.origin,
                setting.doc.to_owned(),
                setting.variable,
            ]);
        } else if setting.current != setting.default {
            table.add_row([setting.path, setting.current, setting.origin]);
        }
    }
    if table.row_count() > 0 {
        println!("{table}\n");
    }
}

/// A value as a line bears it.
fn shortened(value: &str) -> String {
    match value.char_indices().nth(LONGEST_VALUE) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        words.push_str(": ");
        words.push_str(&cause.to_string());
        source = cause.source();
    }
    words
}
