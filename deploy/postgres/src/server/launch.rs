//! Starting the postmaster and waiting until it accepts connections.

use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use super::Options;
use crate::binaries::Binaries;
use crate::error::{Context as _, Error, Result};
use crate::place::Place;
use crate::postmaster::{self, PidFile};
use crate::spawn;
use crate::watchdog::Watchdog;

/// A log longer than this is put aside at the next start.
const LONGEST_LOG: u64 = 16 * 1024 * 1024;

/// Free ports tried where none is given: another program may take one between our look and PostgreSQL's.
const PORTS_TRIED: usize = 10;

/// How long the orphaned backends of a killed postmaster may take to notice; they check every moment.
const ORPHANS: Duration = Duration::from_secs(15);

pub(super) struct Launch<'a> {
    pub(super) options: &'a Options,
    pub(super) place: &'a Place,
    pub(super) binaries: &'a Binaries,
    pub(super) watchdog: &'a Watchdog,
    pub(super) socket_dir: Option<&'a Path>,
}

/// How one attempt ended.
enum Attempt {
    Ready(Child),
    /// What the server logged before it ended.
    Ended(String),
}

impl Launch<'_> {
    /// Gives the postmaster and its port.
    pub(super) fn run(&self) -> Result<(Child, u16)> {
        let log_path = self.place.log();
        let log = open_log(&log_path)?;
        let orphans_gone = Instant::now() + ORPHANS;
        let mut ports_left = if self.options.port == 0 { PORTS_TRIED } else { 1 };
        let mut port = self.free_port()?;
        loop {
            let tail = match self.attempt(port, &log, &log_path)? {
                Attempt::Ready(child) => return Ok((child, port)),
                Attempt::Ended(tail) => tail,
            };
            // The log is in English, by LC_ALL=C and lc_messages.
            if tail.contains("Address already in use") {
                ports_left -= 1;
                if ports_left == 0 {
                    return Err(Error::PortInUse { port });
                }
                port = self.free_port()?;
            } else if tail.contains("pre-existing shared memory block") && Instant::now() < orphans_gone {
                std::thread::sleep(Duration::from_millis(100));
            } else {
                return Err(Error::StartFailed { log: log_path, tail });
            }
        }
    }

    /// The port asked for, if no one listens on it, or any that is free.
    fn free_port(&self) -> Result<u16> {
        let port = self.options.port;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => Error::PortInUse { port },
            _ => Error::Io {
                action: "listen on port",
                path: port.to_string().into(),
                source,
            },
        })?;
        Ok(listener
            .local_addr()
            .context("read the address of", Path::new("a socket"))?
            .port())
    }

    fn attempt(&self, port: u16, log: &File, log_path: &Path) -> Result<Attempt> {
        let offset = log.metadata().context("read the size of", log_path)?.len();
        let program = self.binaries.program("postgres");
        let arguments = self.arguments(port);
        let mut child = spawn::guarded(self.place.account(), self.watchdog, &program, &arguments, log)?;
        let cluster = self.place.cluster();
        let mut ended = false;
        let settled = postmaster::wait_until(self.options.start_limit, || {
            ended = !matches!(child.try_wait(), Ok(None));
            let ours = |file: PidFile| file.pid == child.id() && file.ready;
            ended || PidFile::read(&cluster).is_some_and(ours)
        });
        if settled && !ended {
            return Ok(Attempt::Ready(child));
        }
        if !ended {
            let _ = child.kill();
            let _ = child.wait();
        }
        self.watchdog.release()?;
        let tail = spawn::tail(log_path, offset);
        if settled {
            return Ok(Attempt::Ended(tail));
        }
        let seconds = self.options.start_limit.as_secs();
        Err(Error::StartTimeout {
            seconds,
            log: log_path.to_owned(),
            tail,
        })
    }

    /// The settings are arguments, not lines of postgresql.conf: there is nothing to keep in step, and what an
    /// operator changes in that file beyond these stays.
    fn arguments(&self, port: u16) -> Vec<String> {
        let Options {
            max_connections,
            durable,
            ..
        } = self.options;
        let socket_dir = self.socket_dir.map(|dir| dir.display().to_string()).unwrap_or_default();
        let mut settings = vec![
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={port}"),
            format!("unix_socket_directories={socket_dir}"),
            format!("max_connections={max_connections}"),
        ];
        let mut set = |more: &[&str]| settings.extend(more.iter().map(ToString::to_string));
        set(&[
            "ssl=off",
            "password_encryption=scram-sha-256",
            "timezone=UTC",
            "log_timezone=UTC",
            "lc_messages=C",
            "logging_collector=off",
            "log_destination=stderr",
            "log_checkpoints=off",
            "log_line_prefix=%m [%p] %q%u@%d ",
            // Short statements, many connections, cores shared with the services: neither compiling a plan nor
            // spreading it over processes pays. The latter also needs more shared memory than containers grant.
            "jit=off",
            "max_parallel_workers_per_gather=0",
        ]);
        if *durable {
            set(&[
                "shared_buffers=128MB",
                // Personal data stay out of the log: no statement, and no DETAIL with the offending values.
                "log_min_error_statement=panic",
                "log_error_verbosity=terse",
            ]);
        } else {
            set(&[
                "shared_buffers=64MB",
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
                "wal_level=minimal",
                "max_wal_senders=0",
                "autovacuum=off",
            ]);
        }
        let mut arguments = vec!["-D".to_owned(), self.place.cluster().display().to_string()];
        arguments.extend(settings.into_iter().flat_map(|setting| ["-c".to_owned(), setting]));
        arguments
    }
}

fn open_log(path: &Path) -> Result<File> {
    if path.metadata().is_ok_and(|metadata| metadata.len() > LONGEST_LOG) {
        fs::rename(path, path.with_extension("log.1")).context("rename", path)?;
    }
    let mut options = OpenOptions::new();
    options
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .context("open", path)
}
