//! Stops PostgreSQL when our process ends, in whatever way.
//!
//! A shell reads from a pipe whose other end only we hold. The kernel closes that end when we end, even by
//! SIGKILL; the shell then stops what it guards and, for a throw-away server, removes the directory. (Linux
//! could send PostgreSQL a signal at our death, but ties it to the thread that started it, needs unsafe code,
//! and does not survive the change of user.)

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Context as _, Result};

/// What the shell runs. Arguments: the directories to remove at the end.
///
/// It ignores what a terminal sends to stop us, for we may still be draining then. What it guards leads a
/// process group. SIGINT is PostgreSQL's fast shutdown; SIGQUIT its immediate one, repaired at the next start.
/// With us gone, process 1 is to reap it, which in a container may be late or never: a zombie counts as gone.
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
alive() {
    kill -s 0 -- "$pid" || return 1
    case $(cat "/proc/$pid/stat") in *') Z '*) return 1 ;; esac
}
pid=
while read -r word value; do
    case $word in
        guard) pid=$value ;;
        release) pid= ;;
    esac
done
if [ -n "$pid" ]; then
    kill -s INT -- "-$pid"
    tries=0
    while [ "$tries" -lt 150 ] && alive; do
        tries=$((tries + 1))
        [ "$tries" -ne 100 ] || kill -s QUIT -- "-$pid"
        sleep 0.1
    done
    kill -s KILL -- "-$pid"
fi
tries=0
while [ "$#" -gt 0 ] && [ "$tries" -lt 50 ] && ! rm -rf -- "$@"; do
    tries=$((tries + 1))
    sleep 0.1
done
"#;

/// A running watchdog. It acts when this is dropped, too, and the drop waits for it, within bounds.
#[derive(Debug)]
pub(crate) struct Watchdog {
    child: Mutex<Child>,
    pipe: Mutex<Option<ChildStdin>>,
}

impl Watchdog {
    /// Starts one that at the end removes the directories.
    pub(crate) fn start(remove: &[&Path]) -> Result<Self> {
        let shell = Path::new("/bin/sh");
        let mut command = Command::new(shell);
        command.args(["-c", SCRIPT, "support-postgres-watchdog"]).args(remove);
        // Its own group, so that Ctrl-C and a service manager's signals to ours do not reach it; its own
        // outputs, so that no one who reads ours waits for it.
        command.process_group(0).current_dir("/");
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn().context("run", shell)?;
        let pipe = child.stdin.take();
        Ok(Self {
            child: Mutex::new(child),
            pipe: Mutex::new(pipe),
        })
    }

    /// From now on this process and its group are to be stopped.
    pub(crate) fn guard(&self, pid: u32) -> Result<()> {
        self.tell(&format!("guard {pid}\n"))
    }

    /// The process has ended; its number may soon be another's.
    pub(crate) fn release(&self) -> Result<()> {
        self.tell("release\n")
    }

    /// Lets it do its work, and waits until it is done, `limit` at most.
    pub(crate) fn finish(&self, limit: Duration) {
        drop(self.pipe.lock().unwrap_or_else(PoisonError::into_inner).take());
        let deadline = Instant::now() + limit;
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        while matches!(child.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn tell(&self, line: &str) -> Result<()> {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        pipe.as_mut()
            .map_or(Ok(()), |pipe| pipe.write_all(line.as_bytes()))
            .context("tell", Path::new("the watchdog"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        self.finish(Duration::from_secs(20));
    }
}
