//! A process of its own that starts a server: this test binary again, told by its environment what to be.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use support_postgres::{Options, Server};

use crate::{ask_server, block_on};

const ROLE: &str = "SUPPORT_POSTGRES_TEST_ROLE";
const DIR: &str = "SUPPORT_POSTGRES_TEST_DIR";

/// What the child is; in an ordinary run of the tests, nothing.
#[test]
fn role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let dir = std::env::var_os(DIR).map(PathBuf::from).unwrap_or_default();
    match role.as_str() {
        "hold" => {
            let server = Server::start(&Options {
                durable: false,
                ..Options::persistent(dir, 0)
            })
            .unwrap();
            report(&[&server.pid().to_string(), &server.port().to_string()]);
            wait_for_the_end();
        }
        "throw-away" => {
            let server = Server::start(&Options::throw_away(dir)).unwrap();
            report(&[&server.pid().to_string(), &server.port().to_string()]);
            wait_for_the_end();
        }
        // Ends with the server in a static, as every test binary does that uses `testing`.
        "testing" => {
            let directory = block_on(async {
                let database = support_postgres::testing::database().await;
                crate::ask(database.url(), "create table t ()").await.unwrap();
                let url = support_postgres::testing::superuser_url().await;
                crate::ask(&url, "show data_directory").await.unwrap().unwrap()
            });
            let first_line = fs::read_to_string(Path::new(&directory).join("postmaster.pid")).unwrap();
            report(&[first_line.lines().next().unwrap(), &directory]);
        }
        "ordinary" => {
            let server = Server::start(&Options {
                durable: false,
                ..Options::persistent(dir, 0)
            })
            .unwrap();
            let user = ask_server(&server, "select pg_read_file('postmaster.pid')").unwrap();
            assert!(user.starts_with(&server.pid().to_string()));
            report(&[&server.pid().to_string()]);
            server.stop().unwrap();
        }
        other => panic!("{other}"),
    }
}

fn report(words: &[&str]) {
    use std::io::Write as _;
    let mut out = std::io::stdout();
    writeln!(out, "\nREPORT {}", words.join(" ")).unwrap();
    out.flush().unwrap();
}

fn wait_for_the_end() {
    let _ = std::io::stdin().lines().next();
}

/// Starts a child, as another user if given, and waits for what it reports.
pub(crate) fn start(role: &str, dir: &Path, user: Option<u32>) -> (Child, Vec<String>) {
    // Where anyone can execute it: the directory that cargo builds in may be private to us.
    let binary = tempfile::Builder::new().prefix("support-child-").tempdir().unwrap();
    fs::set_permissions(binary.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = binary.path().join("child");
    // By another process: had we the copy open for writing, a child that another test forks in this moment
    // would have it open too, and executing it would fail with "text file busy".
    assert!(
        Command::new("cp")
            .arg(std::env::current_exe().unwrap())
            .arg(&program)
            .status()
            .unwrap()
            .success()
    );
    let mut command = Command::new(&program);
    command
        .args(["--exact", "child::role", "--nocapture"])
        .env(ROLE, role)
        .env(DIR, dir)
        .current_dir("/");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    if let Some(user) = user {
        command.uid(user).gid(user);
    }
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    let report = lines.find_map(|line| {
        line.strip_prefix("REPORT ")
            .map(|words| words.split(' ').map(str::to_owned).collect())
    });
    std::thread::spawn(move || lines.count()); // it may have more to say
    (child, report.expect("the child ended without a report"))
}
