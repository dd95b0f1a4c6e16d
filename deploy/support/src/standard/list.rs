//! `support standard list`.

use std::fmt::Write as _;

use clap::Args;
use support_chassis::clock;
use support_proto::support::standard::v1::{Document, FollowedRegion, ListDocumentsRequest, ListDocumentsResponse};
use time::{Duration, OffsetDateTime};
use tonic::Code;

use super::published::now;
use super::words::{against, day_of};
use crate::connection::{Connection, refused};
use crate::services::SERVICES;
use crate::session::{Caller, call};

/// The documents that rule, with what holds today.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    /// The service whose documents are listed; without it, those of all.
    #[arg(value_name = "SERVICE")]
    service: Option<String>,
    #[command(flatten)]
    connection: Connection,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn run(args: &ListArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    match &args.service {
        Some(service) => {
            let documents = documents(&caller, service).await?;
            let documents = documents.ok_or_else(|| anyhow::anyhow!("{service} has no documents"))?;
            print!("{}", told(service, &documents, now()));
        }
        None => {
            for service in SERVICES {
                if let Some(documents) = documents(&caller, service.name).await? {
                    print!("{}", told(service.name, &documents, now()));
                }
            }
        }
    }
    Ok(())
}

/// The documents of a service; none where it has none.
pub(crate) async fn documents(caller: &Caller, service: &str) -> anyhow::Result<Option<ListDocumentsResponse>> {
    let request = ListDocumentsRequest {
        service: service.to_owned(),
    };
    match call!(caller.standard().list_documents(request.clone())) {
        Ok(answer) => Ok(Some(answer)),
        Err(status) if status.code() == Code::Unimplemented => Ok(None),
        Err(status) => Err(refused(&status)),
    }
}

fn told(service: &str, documents: &ListDocumentsResponse, now: OffsetDateTime) -> String {
    let mut text = format!("{service}: {}\n", authority(documents));
    for region in &documents.regions {
        let _ = writeln!(text, "  follows {}, {}", region.region, heard(region, now));
    }
    for document in &documents.documents {
        let name = document.document.split_once('/').map_or("", |(_, name)| name);
        let _ = writeln!(text, "  {name:<22} {}", version(document));
        for scheduled in &document.scheduled {
            let from = day_of(scheduled.effective_from.as_ref());
            let _ = writeln!(text, "    from {from:<17} version {}", scheduled.version);
        }
        for overlay in &document.overlays {
            let set_aside = if overlay.set_aside {
                ", SET ASIDE: to be renewed"
            } else {
                ""
            };
            let _ = writeln!(
                text,
                "    {:<22} version {}, by {}{set_aside}",
                overlay.place, overlay.version, overlay.region
            );
            for lifted in &overlay.lifted {
                let _ = writeln!(text, "      lifted: {}: {}", lifted.path, against(lifted));
            }
        }
    }
    text
}

fn version(document: &Document) -> String {
    let mut words = if document.version == 0 {
        "as the program ships it".to_owned()
    } else {
        format!(
            "version {}, since {}",
            document.version,
            day_of(document.effective_from.as_ref())
        )
    };
    if document.four_eyes {
        words.push_str(", two people publish it");
    }
    words
}

/// Who may publish for the whole world.
pub(crate) fn authority(documents: &ListDocumentsResponse) -> String {
    let here = if documents.authority_region == documents.region {
        "this region"
    } else {
        "another region"
    };
    format!(
        "region {}; the authority is {}, {here}",
        documents.region, documents.authority_region
    )
}

/// How old what is known of a region is.
pub(crate) fn heard(region: &FollowedRegion, now: OffsetDateTime) -> String {
    match region.last_heard_at.and_then(|at| clock::from_timestamp(&at)) {
        None => "never heard of yet".to_owned(),
        Some(at) => format!("last heard of {} ago", age(now - at)),
    }
}

/// How long nothing was heard of a region; without end where nothing ever was.
pub(crate) fn silence(region: &FollowedRegion, now: OffsetDateTime) -> std::time::Duration {
    match region.last_heard_at.and_then(|at| clock::from_timestamp(&at)) {
        None => std::time::Duration::MAX,
        Some(at) => (now - at).try_into().unwrap_or_default(),
    }
}

/// A length of time in its largest unit.
fn age(age: Duration) -> String {
    let seconds = age.whole_seconds().max(0);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::day;
    use support_proto::support::options::v1::Departure;
    use support_proto::support::standard::v1::{Departed, OverlayStatus, ScheduledVersion};
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn all_that_is_known_is_told() {
        let lifted = Departed {
            path: "codes.checks".to_owned(),
            rule: Departure::MayTightenLower.into(),
            standard_value: "3".to_owned(),
            overlay_value: "4".to_owned(),
        };
        let overlay = |place: &str, lifted: Vec<Departed>, set_aside| OverlayStatus {
            place: place.to_owned(),
            version: 2,
            region: "eu".to_owned(),
            lifted,
            set_aside,
            ..OverlayStatus::default()
        };
        let documents = ListDocumentsResponse {
            documents: vec![
                Document {
                    document: "identity-verification/verification-policy".to_owned(),
                    four_eyes: true,
                    version: 7,
                    effective_from: Some(day::to_proto(date!(2027 - 01 - 01))),
                    scheduled: vec![ScheduledVersion {
                        version: 8,
                        effective_from: Some(day::to_proto(date!(2027 - 03 - 01))),
                        ..ScheduledVersion::default()
                    }],
                    overlays: vec![
                        overlay("group/eea", vec![], false),
                        overlay("country/DE", vec![lifted], false),
                        overlay("site/cork-1", vec![], true),
                    ],
                    ..Document::default()
                },
                Document {
                    document: "identity-verification/territories".to_owned(),
                    ..Document::default()
                },
            ],
            authority_region: "us".to_owned(),
            region: "eu".to_owned(),
            regions: vec![
                FollowedRegion {
                    region: "us".to_owned(),
                    last_heard_at: Some(clock::timestamp(datetime!(2027-01-15 12:00 UTC))),
                },
                FollowedRegion {
                    region: "ap".to_owned(),
                    last_heard_at: None,
                },
            ],
        };
        let text = told("identity-verification", &documents, datetime!(2027-01-15 12:03 UTC));
        assert_eq!(
            text,
            "\
identity-verification: region eu; the authority is us, another region
  follows us, last heard of 3 min ago
  follows ap, never heard of yet
  verification-policy    version 7, since 2027-01-01, two people publish it
    from 2027-03-01        version 8
    group/eea              version 2, by eu
    country/DE             version 2, by eu
      lifted: codes.checks: may only be lower; the standard says 3, the overlay 4
    site/cork-1            version 2, by eu, SET ASIDE: to be renewed
  territories            as the program ships it
"
        );
    }
}
