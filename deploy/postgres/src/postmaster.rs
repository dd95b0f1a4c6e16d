//! What the file `postmaster.pid` of a cluster tells, and servers left over by an earlier run.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::error::{Context as _, Error, Result};

/// How long a left-over server may take for a fast shutdown, which writes all changed pages.
const FAST: Duration = Duration::from_secs(20);
/// How long it may take for an immediate one.
const IMMEDIATE: Duration = Duration::from_secs(5);

/// What `postmaster.pid` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PidFile {
    pub(crate) pid: u32,
    /// The server accepts connections.
    pub(crate) ready: bool,
}

impl PidFile {
    pub(crate) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(cluster.join("postmaster.pid")).ok()?)
    }

    /// The format of PostgreSQL's `pidfile.h`: line 1 the process, line 8 the status. `pg_ctl` waits by it too.
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let pid = lines.next()?.trim().parse().ok()?;
        Some(Self {
            pid,
            ready: lines.nth(6).is_some_and(|status| status.trim() == "ready"),
        })
    }
}

/// Calls `done` until it gives true or the time is over; tells whether it did.
pub(crate) fn wait_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        if done() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Stops a server of this cluster that is still running although we hold its lock: its `support up` was
/// killed, and the watchdog with it or not yet done. Stopped rather than adopted, since its settings may be
/// of another version of this program.
pub(crate) fn stop_left_over(cluster: &Path) -> Result<()> {
    let Some(PidFile { pid, .. }) = PidFile::read(cluster) else {
        return Ok(());
    };
    let Some(process) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return Ok(());
    };
    if is_gone(process) {
        return Ok(()); // PostgreSQL itself takes over the file of a dead server
    }
    match serves(pid, cluster) {
        Some(true) => stop(process, pid, cluster)?,
        Some(false) => {}
        None => return Ok(()), // cannot tell: leave the decision to PostgreSQL
    }
    // What still has the number is another program, as happens at every start of a container, or a zombie that
    // no one reaps. PostgreSQL would take it for a server and refuse to start; it still notices orphaned
    // backends, by their shared memory.
    let path = cluster.join("postmaster.pid");
    match fs::remove_file(&path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error).context("remove", &path),
        _ => Ok(()),
    }
}

fn stop(process: Pid, pid: u32, cluster: &Path) -> Result<()> {
    for (signal, limit) in [(Signal::INT, FAST), (Signal::QUIT, IMMEDIATE)] {
        let _ = kill_process(process, signal); // it may be gone by now, which is what we want
        if wait_until(limit, || is_gone(process) || serves(pid, cluster) == Some(false)) {
            return Ok(());
        }
    }
    Err(Error::StopTimeout {
        pid,
        seconds: (FAST + IMMEDIATE).as_secs(),
    })
}

fn is_gone(process: Pid) -> bool {
    test_kill_process(process) == Err(rustix::io::Errno::SRCH)
}

/// Whether the process was started with this cluster's directory, as ours all are: `postgres -D <cluster>`.
fn serves(pid: u32, cluster: &Path) -> Option<bool> {
    let wanted = cluster.as_os_str().as_encoded_bytes();
    if Path::new("/proc/self/cmdline").exists() {
        // A process that is gone or waits to be reaped has no command line.
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        return Some(line.split(|byte| *byte == 0).any(|argument| argument == wanted));
    }
    let output = Command::new("ps")
        .args(["-o", "args=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    Some(output.stdout.windows(wanted.len()).any(|window| window == wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pid_file() {
        let starting = "4711\n/data/cluster\n1700000000\n5433\n/data/socket\n127.0.0.1\n  5  6\nstarting\n";
        assert_eq!(
            PidFile::parse(starting),
            Some(PidFile {
                pid: 4711,
                ready: false
            })
        );
        let ready = starting.replace("starting", "ready   ");
        assert_eq!(PidFile::parse(&ready), Some(PidFile { pid: 4711, ready: true }));
        assert_eq!(
            PidFile::parse("4711\n"),
            Some(PidFile {
                pid: 4711,
                ready: false
            })
        );
        assert_eq!(PidFile::parse(""), None);
    }

    #[test]
    fn a_number_that_is_another_programs_now() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("postmaster.pid");
        fs::write(&path, format!("{}\n", std::process::id())).unwrap();
        stop_left_over(dir.path()).unwrap(); // and this process lives on
        assert!(!path.exists());
    }
}
