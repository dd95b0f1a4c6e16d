//! `support standard show`.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};
use support_chassis::day;
use support_chassis::standard::{Patch, Place, content};
use support_proto::support::standard::v1::{GetEffectiveRequest, GetEffectiveResponse, Publication};
use time::Date;

use super::annotate;
use super::file::{RuleFile, Said, is_json, parse_day};
use super::library::{Known, Library};
use super::published::{all, holding, one, today};
use super::yaml::{Shape, Style, json};
use crate::connection::{Connection, refused};
use crate::session::{Caller, call};

/// What holds at a place on a day, or what a decision was made by.
///
/// As YAML every field is explained: what it means and how a region may depart from it, as the contract says. What holds
/// everywhere is printed as a file of the standard, to be edited and published.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    /// The document, `<service>/<name>`.
    #[arg(value_name = "DOCUMENT")]
    document: String,
    /// The place: `group/<name>`, `country/<code>` or `site/<name>`; without it, what holds everywhere.
    #[arg(long, value_name = "PLACE", default_value = "global", conflicts_with = "basis")]
    place: Place,
    /// The day, as 2027-01-01; without it, today (UTC).
    #[arg(long, value_name = "DAY", value_parser = parse_day, conflicts_with = "basis")]
    day: Option<Date>,
    /// What a decision was made by, as it names it.
    #[arg(long, value_name = "BASIS", conflicts_with = "into")]
    basis: Option<String>,
    /// How it is printed.
    #[arg(long, value_name = "FORM", default_value = "yaml", conflicts_with = "into")]
    output: Output,
    /// Bring this file of the standard up to date with what was published for its place: values change where they stand,
    /// every comment and the order stay. Made where it is not there.
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    #[command(flatten)]
    connection: Connection,
}

/// How a document is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// Explained.
    Yaml,
    /// The document alone, in the proto3 mapping.
    Json,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn run(args: &ShowArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    if let Some(file) = &args.into {
        let known = known(&args.document)?;
        let day = args.day.unwrap_or_else(today);
        let publications = all(&caller, &args.document, Some(&args.place)).await?;
        let Some(held) = holding(&publications, &args.place, day) else {
            bail!("nothing was published of {} for {} itself", args.document, args.place);
        };
        let held = one(&caller, &args.document, &held.publication_id).await?;
        println!("{}", into(file, known, &args.place, &held)?);
        return Ok(());
    }
    let effective = effective(&caller, &args.document, &args.place, args.day, args.basis.as_deref()).await?;
    let known = Library::own().get(&args.document);
    match (args.output, known) {
        (Output::Yaml, Some(known)) => {
            let publications = match (&args.basis, &args.place) {
                (None, Place::Global) => all(&caller, &args.document, Some(&Place::Global)).await?,
                _ => Vec::new(),
            };
            let held = holding(&publications, &Place::Global, args.day.unwrap_or_else(today));
            print!("{}", yaml(known, &effective, held)?);
        }
        (Output::Json, _) | (_, None) => {
            let value: serde_json::Value = serde_json::from_str(&effective.content)?;
            println!("{value:#}");
        }
    }
    Ok(())
}

/// The document as this program knows it.
pub(crate) fn known(document: &str) -> anyhow::Result<&'static Known> {
    Library::own().get(document).with_context(|| {
        let names: Vec<&str> = Library::own().names().collect();
        format!(
            "this program knows no document {document}; it knows {}",
            names.join(", ")
        )
    })
}

/// What holds.
pub(crate) async fn effective(
    caller: &Caller,
    document: &str,
    place: &Place,
    on: Option<Date>,
    basis: Option<&str>,
) -> anyhow::Result<GetEffectiveResponse> {
    let request = GetEffectiveRequest {
        document: document.to_owned(),
        place: place.to_string(),
        day: on.map(day::to_proto),
        basis: basis.unwrap_or_default().to_owned(),
    };
    call!(caller.standard().get_effective(request.clone())).map_err(|status| refused(&status))
}

fn yaml(known: &Known, effective: &GetEffectiveResponse, held: Option<&Publication>) -> anyhow::Result<String> {
    let message = known.schema.message();
    let content = content::from_published(&known.schema, &effective.content, Some(&known.shipped))?;
    if let Some(held) = held {
        let from = to_come(held);
        let says = Said::Content(content);
        return Ok(format!(
            "# {}\n\n{}",
            effective.basis,
            annotate::file(&known.name, message, &Place::Global, from, &held.reason, &says)
        ));
    }
    Ok(format!(
        "# {}\n{}",
        effective.basis,
        annotate::content(message, &content.print(), 0).unwrap_or_else(|| "{}\n".to_owned())
    ))
}

/// Brings a file up to date with a publication, or makes it; what became of it, in words.
pub(crate) fn into(file: &Path, known: &'static Known, place: &Place, held: &Publication) -> anyhow::Result<String> {
    let says = said(known, place, &held.content)?;
    let from = held.effective_from.as_ref().and_then(day::from_proto);
    let name = file.display();
    let text = if file.exists() {
        let old = RuleFile::read(file).map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow::anyhow!("{name} cannot be brought up to date:\n{}", problems.join("\n"))
        })?;
        ensure!(
            old.document() == known.name && old.place == *place,
            "{name} is of {}, not of {} for {place}",
            old.subject(),
            known.name
        );
        let text = old
            .saying(&says, from, &held.reason)
            .map_err(|problem| anyhow::anyhow!("{problem}"))?;
        if text == old.text {
            return Ok(format!("{name} is up to date with version {}", held.version));
        }
        text
    } else {
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        if is_json(file) {
            as_json(known, place, held, &says)?
        } else {
            annotate::file(
                &known.name,
                known.schema.message(),
                place,
                to_come(held),
                &held.reason,
                &says,
            )
        }
    };
    // Whole or not at all: it may be the only place where somebody's comments are.
    let draft = file.with_extension("new");
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, file))
        .with_context(|| format!("cannot write {name}"))?;
    Ok(format!("{name} says version {}", held.version))
}

/// The first day of a publication that has not begun. One that has is written without: changed and published again, it
/// could not hold from that day on.
fn to_come(held: &Publication) -> Option<Date> {
    let from = held.effective_from.as_ref().and_then(day::from_proto);
    from.filter(|from| *from > today())
}

/// What a published content says.
pub(crate) fn said(known: &Known, place: &Place, published: &str) -> anyhow::Result<Said> {
    Ok(match place {
        Place::Global => Said::Content(content::from_published(&known.schema, published, Some(&known.shipped))?),
        _ => Said::Changes(Patch::from_published(&known.schema, published)?),
    })
}

fn as_json(known: &Known, place: &Place, held: &Publication, says: &Said) -> anyhow::Result<String> {
    let mut file = serde_json::Map::new();
    let mut put = |key: &str, value: serde_json::Value| file.insert(key.to_owned(), value);
    put("document", known.name.as_str().into());
    let key = if *place == Place::Global {
        "content"
    } else {
        put("place", place.to_string().into());
        "changes"
    };
    put("reason", held.reason.as_str().into());
    let content: serde_json::Value = serde_json::from_str(&says.canonical())?;
    // By the shape, so that wide numbers are numbers, as in YAML.
    let content = json(&content, &Shape::Message(known.schema.message().clone()), Style::Double);
    put(key, serde_json::from_str(&content)?);
    Ok(format!("{:#}\n", serde_json::Value::Object(file)))
}
