//! `support standard export`.

use std::path::PathBuf;

use clap::Args;
use support_chassis::standard::Place;

use super::library::Library;
use super::list::documents;
use super::published::{all, holding, one, today};
use super::show::into;
use super::tree::place_of;
use crate::connection::Connection;
use crate::services::SERVICES;

/// How it is used.
const HELP: &str = "\
Writes a file for each document and place of which something was published and holds today, explained as `show` does:
  DIR/<service>/<document>/global.yaml, DIR/<service>/<document>/country/DE.yaml, ...

A file that is there is brought up to date in place: its comments and its order stay. So the folder can lie under version
control and be reviewed as code, and `check` and `publish` take it back.";

/// Writes what is published as a folder of files.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct ExportArgs {
    /// The folder.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Only the documents of this service.
    #[arg(long, value_name = "SERVICE")]
    service: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn run(args: &ExportArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let wanted = |name: &str| args.service.as_deref().is_none_or(|service| service == name);
    for service in SERVICES.iter().filter(|service| wanted(service.name)) {
        let Some(known) = documents(&caller, service.name).await? else {
            continue;
        };
        for document in known.documents {
            let Some(known) = Library::own().get(&document.document) else {
                println!("{}: this program does not know it", document.document);
                continue;
            };
            let publications = all(&caller, &document.document, None).await?;
            let mut places: Vec<Place> = publications.iter().filter_map(|held| held.place.parse().ok()).collect();
            places.sort();
            places.dedup();
            if places.is_empty() {
                println!("{}: nothing was published yet", document.document);
            }
            for place in places {
                let Some(held) = holding(&publications, &place, today()) else {
                    continue;
                };
                let held = one(&caller, &document.document, &held.publication_id).await?;
                let file = place_of(&args.folder, &document.document, &place);
                println!("{}", into(&file, known, &place, &held)?);
            }
        }
    }
    Ok(())
}
