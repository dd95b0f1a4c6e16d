//! `support standard authority`.

use anyhow::Context as _;
use clap::Args;
use support_chassis::id::Region;
use support_proto::support::standard::v1::{HandOverAuthorityRequest, TakeAuthorityRequest};

use super::list::{authority, documents, heard};
use super::published::now;
use crate::connection::{Connection, refused, request_id};
use crate::session::call;
use crate::terminal::confirmed;

/// How it is used.
const HELP: &str = "\
Only the region that holds the authority over a service's standard publishes what holds everywhere. It gives it away by
--hand-over, called at its own gateway. Where it is gone for good, another region takes it by --take, called at that
region's gateway; what the lost region published and nobody had heard of then never holds.";

/// Which region publishes what holds everywhere; gives that away, or takes it.
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct AuthorityArgs {
    /// The service.
    #[arg(value_name = "SERVICE")]
    service: String,
    /// Give it to this region, two lower-case letters.
    #[arg(long, value_name = "REGION", requires = "reason", conflicts_with = "take")]
    hand_over: Option<Region>,
    /// Take it for the region whose gateway is called.
    #[arg(long, requires = "reason")]
    take: bool,
    /// Why, for those who will wonder in years.
    #[arg(long, value_name = "WORDS")]
    reason: Option<String>,
    /// Do it without a question.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    connection: Connection,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn run(args: &AuthorityArgs) -> anyhow::Result<()> {
    let caller = args.connection.connect()?;
    let known = documents(&caller, &args.service)
        .await?
        .with_context(|| format!("{} has no documents", args.service))?;
    println!("{}: {}", args.service, authority(&known));
    for region in &known.regions {
        println!("  follows {}, {}", region.region, heard(region, now()));
    }
    let reason = args.reason.clone().unwrap_or_default();
    let holder = if let Some(region) = args.hand_over {
        if !confirmed(&format!("hand the authority over to {region}?"), args.yes)? {
            return Ok(());
        }
        let request = HandOverAuthorityRequest {
            service: args.service.clone(),
            region: region.to_string(),
            reason,
            request_id: request_id(),
        };
        call!(caller.standard().hand_over_authority(request.clone()))
            .map_err(|status| refused(&status))?
            .region
    } else if args.take {
        if !confirmed(&format!("take the authority for {}?", known.region), args.yes)? {
            return Ok(());
        }
        let request = TakeAuthorityRequest {
            service: args.service.clone(),
            reason,
            request_id: request_id(),
        };
        call!(caller.standard().take_authority(request.clone()))
            .map_err(|status| refused(&status))?
            .region
    } else {
        return Ok(());
    };
    println!("the authority is {holder}");
    Ok(())
}
