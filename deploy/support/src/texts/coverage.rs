//! `support texts coverage`.

use clap::Args;
use support_proto::support::localisation::v1::GetCoverageRequest;

use crate::connection::{Connection, refused};
use crate::session::call;
use crate::terminal::table;

/// How much is translated into each language.
#[derive(Debug, Args)]
pub(super) struct CoverageArgs {
    #[command(flatten)]
    connection: Connection,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn run(args: &CoverageArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let answer = call!(caller.translations().get_coverage(GetCoverageRequest {})).map_err(|status| refused(&status))?;
    let mut table = table(&[
        "locale",
        "of",
        "translated",
        "out of date",
        "missing",
        "drafts",
        "in review",
        "approved",
    ]);
    for locale in answer.locales {
        let counts = [
            locale.source,
            locale.translated,
            locale.stale,
            locale.missing,
            locale.drafts,
            locale.in_review,
            locale.approved,
        ];
        let mut row = vec![locale.locale];
        row.extend(counts.iter().map(ToString::to_string));
        table.add_row(row);
    }
    println!("{table}");
    Ok(())
}
