//! The executable as a child process.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long anything may take that is not a matter of the product's speed: machines that test are busy.
const PATIENCE: Duration = Duration::from_mins(2);

/// Runs the executable to its end.
pub(crate) fn support(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_support"))
        .args(arguments)
        .output()
        .unwrap()
}

/// A `support up` that runs.
pub(crate) struct Up {
    child: Child,
    place: PathBuf,
    printed: Arc<Mutex<String>>,
}

impl Up {
    pub(crate) fn start(place: &Path, base: u16, more: &[&str]) -> Self {
        Self::start_as(Command::new(env!("CARGO_BIN_EXE_support")), place, base, more)
    }

    pub(crate) fn start_as(mut command: Command, place: &Path, base: u16, more: &[&str]) -> Self {
        command
            .args(["up", "--data-dir"])
            .arg(place)
            .args(["--port-base", &base.to_string()])
            .args(more);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let printed = Arc::new(Mutex::new(String::new()));
        let pipes: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        for pipe in pipes {
            let printed = Arc::clone(&printed);
            std::thread::spawn(move || {
                for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                    let mut printed = printed.lock().unwrap();
                    printed.push_str(&line);
                    printed.push('\n');
                }
            });
        }
        Self {
            child,
            place: place.to_owned(),
            printed,
        }
    }

    pub(crate) fn place(&self) -> &str {
        self.place.to_str().unwrap()
    }

    /// Where its gateway is.
    pub(crate) fn gateway(&self) -> String {
        let file = self.place.join("gateway.url");
        std::fs::read_to_string(file).unwrap().trim().to_owned()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn printed(&self) -> String {
        self.printed.lock().unwrap().clone()
    }

    /// Waits until it has printed `words`.
    pub(crate) fn wait_for(&mut self, words: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.printed().contains(words) {
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("ended with {status} before it said `{words}`:\n{}", self.printed());
            }
            assert!(Instant::now() < end, "did not say `{words}`:\n{}", self.printed());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.pid().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// The exit code, once it has ended; none where a signal ended it.
    pub(crate) fn ended(&mut self, within: Duration) -> Option<i32> {
        let end = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(
                Instant::now() < end,
                "still there after {within:?}:\n{}",
                self.printed()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The process id of its PostgreSQL.
    pub(crate) fn postmaster(&self) -> u32 {
        let found = postmaster_file(&self.place.join("postgres")).expect("a postmaster.pid below the data directory");
        std::fs::read_to_string(found)
            .unwrap()
            .lines()
            .next()
            .unwrap()
            .trim()
            .parse()
            .unwrap()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // Of a test that failed: nothing of it may stay.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn postmaster_file(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder)
        .ok()?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .find_map(|path| {
            if path.file_name().is_some_and(|name| name == "postmaster.pid") {
                Some(path)
            } else if path.is_dir() {
                postmaster_file(&path)
            } else {
                None
            }
        })
}

/// Whether a process is there and has not ended: one that nobody has waited for yet has.
pub(crate) fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| !rest.trim_start().starts_with('Z'))
    })
}

pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !holds() {
        assert!(Instant::now() < end, "not within 30 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The first of eleven ports in a row that are free now.
pub(crate) fn free_ports() -> u16 {
    for _ in 0..200 {
        let base = 20_000 + rand::random::<u16>() % 10_000;
        if (0..=10).all(|offset| TcpListener::bind(("127.0.0.1", base + offset)).is_ok()) {
            return base;
        }
    }
    panic!("no free ports");
}

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    String::from_utf8(id.stdout).unwrap().trim() == "0"
}
