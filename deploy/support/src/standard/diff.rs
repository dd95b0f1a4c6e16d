//! `support standard diff`.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use support_chassis::standard::{Basis, Content, Place, changes, content, effective};
use support_proto::support::standard::v1::Territories;
use time::Date;

use super::file::{RuleFile, Said, parse_day};
use super::library::Known;
use super::published::{all, one};
use super::show::{self, known};
use super::words;
use crate::connection::Connection;
use crate::session::Caller;

/// How it is used.
const HELP: &str = "\
A and B are each a file of the standard, or a document as it holds:
  warranty/coverage-terms                        everywhere, today
  warranty/coverage-terms@7                      as its version 7 says
  warranty/coverage-terms@country/DE             at a place
  warranty/coverage-terms@country/DE@2027-01-01  at a place on a day
  warranty/coverage-terms@7+group/eea@3!1f2e3d4c what a decision was made by

A file for a place is laid over what holds above that place in the system, or where the other is the file for the whole
world, over that. Of two files for places of which nothing is held against a system, say --offline: both are then laid
over what the program ships.

Each line is a value that differs: its path, what A says, what B says.";

/// Compares two files or versions value by value.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct DiffArgs {
    /// What is compared.
    #[arg(value_name = "A")]
    one: Side,
    /// What it is compared with.
    #[arg(value_name = "B")]
    other: Side,
    /// Compare files without a system.
    #[arg(long)]
    offline: bool,
    #[command(flatten)]
    connection: Connection,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Side {
    /// A file of the standard.
    File(PathBuf),
    /// A version of a document, for the whole world.
    Version {
        /// The document.
        document: String,
        /// The version.
        version: i64,
    },
    /// What holds of a document.
    Held {
        /// The document.
        document: String,
        /// Where.
        place: Place,
        /// When; none for today.
        day: Option<Date>,
    },
    /// What a decision was made by.
    Basis(Basis),
}

impl FromStr for Side {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let path = PathBuf::from(text);
        if path.exists()
            || path
                .extension()
                .is_some_and(|ending| ["yaml", "yml", "json"].iter().any(|known| ending == *known))
        {
            return Ok(Self::File(path));
        }
        if text.contains('+') || text.contains('!') {
            return text
                .parse()
                .map(Self::Basis)
                .map_err(|error: support_chassis::standard::InvalidBasis| error.to_string());
        }
        let mut parts = text.split('@');
        let document = parts.next().unwrap_or_default().to_owned();
        if document
            .split_once('/')
            .is_none_or(|(service, name)| service.is_empty() || name.is_empty())
        {
            return Err(format!(
                "{text} is neither a file nor a document like warranty/coverage-terms"
            ));
        }
        let (mut place, mut day, mut version) = (None, None, None);
        for part in parts {
            if let Ok(found) = part.parse::<Place>() {
                ensure_none(place.replace(found).is_none())?;
            } else if let Ok(found) = part.parse::<i64>() {
                ensure_none(version.replace(found).is_none())?;
            } else {
                ensure_none(day.replace(parse_day(part).map_err(|_| unknown(part))?).is_none())?;
            }
        }
        match (version, place, day) {
            (Some(version), None | Some(Place::Global), None) => Ok(Self::Version { document, version }),
            (Some(_), ..) => Err("a version is of the whole world and of no day; of a place, say the day".to_owned()),
            (None, place, day) => Ok(Self::Held {
                document,
                place: place.unwrap_or(Place::Global),
                day,
            }),
        }
    }
}

fn ensure_none(once: bool) -> Result<(), String> {
    once.then_some(()).ok_or_else(|| "says the same thing twice".to_owned())
}

fn unknown(part: &str) -> String {
    format!("@{part} is no version, no place and no day")
}

/// A side that was read as far as that goes without a system.
enum Opened<'s> {
    File(Box<RuleFile>),
    Elsewhere(&'s Side),
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn run(args: &DiffArgs) -> anyhow::Result<()> {
    let (one, other) = (open(&args.one)?, open(&args.other)?);
    let (before, after) = (document(&one), document(&other));
    ensure!(before == after, "{before} and {after} are two documents");
    let known = known(before)?;
    let needs_system = |side: &Opened<'_>, beside: &Opened<'_>| match side {
        Opened::Elsewhere(_) => true,
        Opened::File(file) => file.place != Place::Global && global(beside).is_none(),
    };
    let caller = if !needs_system(&one, &other) && !needs_system(&other, &one) {
        None
    } else if args.offline {
        ensure!(
            matches!((&one, &other), (Opened::File(_), Opened::File(_))),
            "without a system only files can be compared"
        );
        None
    } else {
        Some(args.connection.connect()?)
    };
    let before = content_of(caller.as_ref(), known, &one, global(&other)).await?;
    let after = content_of(caller.as_ref(), known, &other, global(&one)).await?;
    let found = changes(&before, &after);
    for change in &found {
        println!("{}", words::change(&change.path, &change.before, &change.after));
    }
    if found.is_empty() {
        println!("they say the same");
    }
    Ok(())
}

fn open(side: &Side) -> anyhow::Result<Opened<'_>> {
    let Side::File(file) = side else {
        return Ok(Opened::Elsewhere(side));
    };
    let read = RuleFile::read(file).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", problems.join("\n"))
    })?;
    Ok(Opened::File(Box::new(read)))
}

fn document<'s>(side: &'s Opened<'_>) -> &'s str {
    match side {
        Opened::File(file) => file.document(),
        Opened::Elsewhere(Side::Version { document, .. } | Side::Held { document, .. }) => document,
        Opened::Elsewhere(Side::Basis(basis)) => basis.document(),
        Opened::Elsewhere(Side::File(_)) => "",
    }
}

/// What a file for the whole world says.
fn global<'s>(side: &'s Opened<'_>) -> Option<&'s Content> {
    match side {
        Opened::File(file) => match &file.says {
            Said::Content(content) => Some(content),
            Said::Changes(_) => None,
        },
        Opened::Elsewhere(_) => None,
    }
}

async fn content_of(
    caller: Option<&Caller>,
    known: &'static Known,
    side: &Opened<'_>,
    beside: Option<&Content>,
) -> anyhow::Result<Content> {
    let published = |text: &str| {
        content::from_published(&known.schema, text, Some(&known.shipped))
            .context("the system's document cannot be read")
    };
    match (side, caller) {
        (Opened::File(file), _) => match &file.says {
            Said::Content(content) => Ok(content.clone()),
            Said::Changes(patch) => {
                let above = match (beside, caller) {
                    (Some(global), _) => global.clone(),
                    (None, Some(caller)) => above(caller, known, file).await?,
                    (None, None) => known.shipped.clone(),
                };
                Ok(effective::lay(&known.schema, &above, patch).content)
            }
        },
        (Opened::Elsewhere(Side::Version { document, version }), Some(caller)) => {
            let publications = all(caller, document, Some(&Place::Global)).await?;
            let mut named = publications
                .iter()
                .filter(|held| held.version == *version && !held.void);
            let Some(found) = named.next() else {
                bail!("{document} has no version {version}")
            };
            published(&one(caller, document, &found.publication_id).await?.content)
        }
        (Opened::Elsewhere(Side::Held { document, place, day }), Some(caller)) => {
            published(&show::effective(caller, document, place, *day, None).await?.content)
        }
        (Opened::Elsewhere(Side::Basis(basis)), Some(caller)) => {
            let basis_text = basis.to_string();
            let held = show::effective(caller, basis.document(), &Place::Global, None, Some(&basis_text)).await?;
            published(&held.content)
        }
        (Opened::Elsewhere(_), _) => bail!("without a system only files can be compared"),
    }
}

/// What holds above a file's place, on the file's day.
async fn above(caller: &Caller, known: &Known, file: &RuleFile) -> anyhow::Result<Content> {
    let (service, _) = known.name.split_once('/').unwrap_or_default();
    let places = format!("{service}/territories");
    let territories: Territories = {
        let schema = &show::known(&places)?.schema;
        let held = show::effective(caller, &places, &Place::Global, file.effective_from, None).await?;
        content::from_published(schema, &held.content, None)?
            .decode()
            .context("the territories cannot be read")?
    };
    let layers = file.place.layers(&territories);
    let layers = layers.with_context(|| format!("{} is not in the territories", file.place))?;
    let above = layers.iter().rev().nth(1).unwrap_or(&Place::Global);
    let held = show::effective(caller, &known.name, above, file.effective_from, None).await?;
    Ok(content::from_published(
        &known.schema,
        &held.content,
        Some(&known.shipped),
    )?)
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn sides_are_told_apart_by_how_they_are_written() {
        let held = |place: Place, day: Option<Date>| Side::Held {
            document: "warranty/coverage-terms".to_owned(),
            place,
            day,
        };
        let day = date!(2027 - 01 - 01);
        for (text, side) in [
            ("warranty/coverage-terms", held(Place::Global, None)),
            ("warranty/coverage-terms@country/DE", held(Place::country("DE"), None)),
            ("warranty/coverage-terms@2027-01-01", held(Place::Global, Some(day))),
            (
                "warranty/coverage-terms@2027-01-01@site/cork-1",
                held(Place::site("cork-1"), Some(day)),
            ),
            (
                "warranty/coverage-terms@7",
                Side::Version {
                    document: "warranty/coverage-terms".to_owned(),
                    version: 7,
                },
            ),
            ("rules/terms.yaml", Side::File("rules/terms.yaml".into())),
        ] {
            assert_eq!(text.parse::<Side>().unwrap(), side, "{text}");
        }
        let basis = "warranty/coverage-terms@7+country/DE@2";
        assert_eq!(basis.parse::<Side>().unwrap(), Side::Basis(basis.parse().unwrap()));
        for wrong in [
            "",
            "terms",
            "a/b@x",
            "a/b@7@country/DE",
            "a/b@7@8",
            "a/b@7@2027-01-01",
            "a/b@7+x",
        ] {
            assert!(wrong.parse::<Side>().is_err(), "{wrong}");
        }
    }
}
