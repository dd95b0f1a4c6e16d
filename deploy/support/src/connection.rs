//! How commands reach a running system as an operator, and what they say when it refuses.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use support_chassis::error::explain;
use tonic::Status;

use crate::session::{Caller, Patience, Session};
use crate::world::{OPERATOR, Secrets, known_gateway};

/// How long a token of a local system is good for: longer than any command takes.
const TOKEN_LIFE: Duration = Duration::from_hours(1);
/// How long a call is repeated while the system is away.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest one attempt may take: the contract gives the longest of these calls a minute.
const ATTEMPT: Duration = Duration::from_secs(65);

/// Which system to call, and as whom.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which system, and as whom")]
pub(crate) struct Connection {
    /// The gateway to call; without it, the one that was last started in the data directory.
    #[arg(long, value_name = "URL", env = "SUPPORT_GATEWAY_URL")]
    gateway: Option<String>,
    /// A file with the bearer token to call with. Without it the token is in `SUPPORT_TOKEN`, or made by the development issuer of
    /// the data directory.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The data directory of a local system.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Which operator to be, where the data directory's issuer makes the token.
    #[arg(long = "as", value_name = "SUBJECT", default_value = OPERATOR)]
    subject: String,
}

impl Connection {
    /// The caller. Connects with the first call.
    ///
    /// # Errors
    ///
    /// Where no system is known, or no token.
    pub(crate) fn connect(&self) -> anyhow::Result<Caller> {
        let gateway = match &self.gateway {
            Some(url) => url.clone(),
            None => known_gateway(&self.data_dir)
                .context("which system? say it with --gateway, or --data-dir for a local one")?,
        };
        let patience = Patience {
            limit: PATIENCE,
            attempt: ATTEMPT,
            ..Patience::default()
        };
        let session = Session::connect(gateway)?.with_patience(patience);
        Ok(session.as_operator(&self.token()?)?)
    }

    fn token(&self) -> anyhow::Result<String> {
        if let Some(file) = &self.token_file {
            let token = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
            return Ok(token.trim().to_owned());
        }
        if let Ok(token) = std::env::var("SUPPORT_TOKEN") {
            return Ok(token.trim().to_owned());
        }
        let secrets = Secrets::load(&self.data_dir)?.with_context(|| {
            format!(
                "no token: give one by --token-file or SUPPORT_TOKEN (no local system was started in {})",
                self.data_dir.display()
            )
        })?;
        Ok(secrets.issuer().operator_token_of(&self.subject, TOKEN_LIFE))
    }
}

/// A request id of its own for every call that is made once.
pub(crate) fn request_id() -> String {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string()
}

/// A refusal in words: what, why, and every field.
pub(crate) fn refused(status: &Status) -> anyhow::Error {
    let explained = explain(status);
    if explained.reason.is_empty() {
        return anyhow::anyhow!("the system does not answer: {}", status.message());
    }
    let reason = explained
        .reason
        .split_once("_ERROR_REASON_")
        .map_or(explained.reason.as_str(), |(_, reason)| reason);
    let mut words = format!("{} ({reason}", explained.message);
    for (key, value) in explained.metadata.iter().filter(|(key, _)| *key != "trace_id") {
        let _ = write!(words, ", {key} {value}");
    }
    words.push(')');
    for violation in &explained.violations {
        let _ = write!(words, "\n  {}: {}", violation.field, violation.description);
    }
    anyhow::anyhow!(words)
}

/// The reason of a refusal, without its enumeration's prefix: `PLACE_NOT_FOUND`.
pub(crate) fn reason(status: &Status) -> String {
    let reason = explain(status).reason;
    reason
        .split_once("_ERROR_REASON_")
        .map(|(_, reason)| reason.to_owned())
        .unwrap_or(reason)
}
