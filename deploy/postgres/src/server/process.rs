//! The postmaster as a child process of ours.

use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use crate::error::{Error, Result};
use crate::watchdog::Watchdog;

/// PostgreSQL's three ways to stop, each with the time it gets: fast, immediate, and not asking.
const WAYS: [(Signal, Duration); 3] = [
    (Signal::INT, Duration::from_secs(20)),
    (Signal::QUIT, Duration::from_secs(5)),
    (Signal::KILL, Duration::from_secs(5)),
];

/// The postmaster, with a thread that waits for its end.
#[derive(Debug)]
pub(super) struct Process {
    id: u32,
    exited: Mutex<bool>,
    changed: Condvar,
}

impl Process {
    /// Takes over the child. At its end the watchdog is told.
    pub(super) fn watch(mut child: Child, watchdog: Arc<Watchdog>) -> Arc<Self> {
        let process = Arc::new(Self {
            id: child.id(),
            exited: Mutex::new(false),
            changed: Condvar::new(),
        });
        let of_thread = Arc::clone(&process);
        std::thread::spawn(move || {
            // First wait without reaping: until the child is reaped, its number cannot become another's, and
            // it is reaped only under the lock that signals are sent under.
            if let Some(pid) = of_thread.pid() {
                let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
                while waitid(WaitId::Pid(pid), options).err() == Some(rustix::io::Errno::INTR) {}
            }
            let mut exited = of_thread.lock();
            let _ = watchdog.release(); // it is gone only if it was killed
            let _ = child.wait();
            *exited = true;
            of_thread.changed.notify_all();
        });
        process
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn has_exited(&self) -> bool {
        *self.lock()
    }

    /// Stops it, in harder ways if need be. Nothing happens if it has ended.
    pub(super) fn stop(&self) -> Result<()> {
        let mut exited = self.lock();
        for (signal, limit) in WAYS {
            if *exited {
                return Ok(());
            }
            if let Some(pid) = self.pid() {
                let _ = kill_process(pid, signal); // our unreaped child: it is there
            }
            let waited = self.changed.wait_timeout_while(exited, limit, |exited| !*exited);
            exited = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let seconds = WAYS.iter().map(|(_, limit)| limit.as_secs()).sum();
        if *exited {
            Ok(())
        } else {
            Err(Error::StopTimeout { pid: self.id, seconds })
        }
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.id).ok().and_then(Pid::from_raw)
    }

    fn lock(&self) -> MutexGuard<'_, bool> {
        self.exited.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
