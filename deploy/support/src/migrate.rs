//! `support migrate`.

use anyhow::Context as _;
use clap::Args;
use support_chassis::service::{self, Service};
use support_chassis::settings::Settings;

use crate::services::{SERVICES, by_name, names};

/// What `--help` says beyond the first line.
const LONG_HELP: &str = "\
Brings the databases of services up to date, and says what it did. Only forward; safe to run again, and from several
places at once. Run it before the services of a new version start.";

/// The words after the command: what they do is said in `LONG_HELP`.
#[derive(Debug, Args)]
#[command(after_long_help = LONG_HELP)]
pub struct MigrateArgs {
    /// The services, by name; all of them where none is named. Settings are read as the services read them.
    #[arg(value_name = "SERVICE")]
    services: Vec<String>,
}

/// Carries it out.
///
/// # Errors
///
/// Wrong settings, or a database that cannot be reached or migrated.
#[expect(clippy::print_stdout, reason = "a command's answer")]
pub async fn run(args: MigrateArgs) -> anyhow::Result<()> {
    let settings = Settings::load(&names());
    let chosen: Vec<&'static Service> = if args.services.is_empty() {
        SERVICES.to_vec()
    } else {
        args.services
            .iter()
            .map(|name| by_name(name).with_context(|| format!("there is no service {name}")))
            .collect::<anyhow::Result<_>>()?
    };
    for service in chosen {
        let applied = service::migrate(service, &settings).await?;
        match applied.len() {
            0 => println!("{}: up to date", service.name),
            1 => println!("{}: 1 migration applied", service.name),
            count => println!("{}: {count} migrations applied", service.name),
        }
    }
    Ok(())
}
