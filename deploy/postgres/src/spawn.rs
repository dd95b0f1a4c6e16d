//! Starting programs that the watchdog knows of before they begin.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Stdio};

use crate::account::Account;
use crate::error::{Context as _, Result};
use crate::watchdog::Watchdog;

/// Waits for one line, then becomes the program. Should we die before the line is sent, the reading fails and
/// nothing is started: there is no moment in which a program runs that nobody guards.
const GATE: &str = "read -r go || exit 1; exec \"$@\" </dev/null";

/// Starts a program as the account, in a process group of its own, its output going to `log`.
pub(crate) fn guarded(
    account: &Account,
    watchdog: &Watchdog,
    program: &Path,
    arguments: &[String],
    log: &File,
) -> Result<Child> {
    let mut command = account.command("/bin/sh");
    command.args(["-c", GATE, "sh"]).arg(program).args(arguments);
    // A group of its own: Ctrl-C is for us, who stop PostgreSQL once the services have drained.
    command.process_group(0).stdin(Stdio::piped());
    command.stdout(log.try_clone().context("share the log of", program)?);
    command.stderr(log.try_clone().context("share the log of", program)?);
    let mut child = command.spawn().context("run", program)?;
    let opened = watchdog.guard(child.id()).and_then(|()| {
        let gate = child.stdin.take();
        gate.map_or(Ok(()), |mut gate| gate.write_all(b"go\n"))
            .context("run", program)
    });
    if let Err(error) = opened {
        let _ = child.kill();
        let _ = child.wait();
        return Err(error);
    }
    Ok(child)
}

/// The last lines of what was written to a file from `offset` on.
pub(crate) fn tail(path: &Path, offset: u64) -> String {
    const LINES: usize = 20;
    let bytes = std::fs::read(path).unwrap_or_default();
    let new = usize::try_from(offset)
        .ok()
        .and_then(|offset| bytes.get(offset..))
        .unwrap_or_default();
    let text = String::from_utf8_lossy(new);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}
