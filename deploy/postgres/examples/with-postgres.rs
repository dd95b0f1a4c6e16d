//! Runs a command beside a throw-away PostgreSQL and ends with the command's exit code.
//!
//! ```text
//! cargo run -p support-postgres --example with-postgres -- COMMAND [ARGUMENT]...
//! ```
//!
//! The command finds the server's superuser URL in `SUPPORT_TEST_DATABASE_URL`. The server and all it holds are gone
//! when the command ends, however it ends.

use std::process::{Command, ExitCode};

use support_postgres::{Options, Server};

fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
    let mut words = std::env::args_os().skip(1);
    let program = words.next().ok_or("usage: with-postgres COMMAND [ARGUMENT]...")?;
    let folder = tempfile::Builder::new().prefix("with-postgres-").tempdir()?;
    let server = Server::start(&Options::throw_away(folder.path().join("cluster")))?;
    let status = Command::new(program)
        .args(words)
        .env("SUPPORT_TEST_DATABASE_URL", server.superuser_url())
        .status()?;
    server.stop()?;
    Ok(ExitCode::from(
        status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
    ))
}
