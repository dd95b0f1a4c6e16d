//! Start and stop, in all the ways they happen.

use std::net::TcpListener;
use std::process::Command;

use support_postgres::{Error, Options, Server};

use crate::{ask_server, child, eventually, quick, runs, signal};

#[test]
fn data_stay_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    // All as `support up` has it, and without a word about the port.
    let options = Options {
        port: 0,
        ..Options::persistent(dir.path().join("data"), 0)
    };
    let server = Server::start(&options).unwrap();
    assert_eq!(ask_server(&server, "show fsync").as_deref(), Some("on"));
    assert_eq!(ask_server(&server, "show max_connections").as_deref(), Some("200"));
    assert_eq!(
        ask_server(&server, "show listen_addresses").as_deref(),
        Some("127.0.0.1")
    );
    assert_eq!(ask_server(&server, "show server_encoding").as_deref(), Some("UTF8"));
    ask_server(&server, "create table kept as select 'yes' as answer");
    let (pid, port) = (server.pid(), server.port());
    server.stop().unwrap();
    assert!(!runs(pid));

    let server = Server::start(&Options { port, ..options }).unwrap();
    assert_eq!(server.port(), port);
    assert_eq!(ask_server(&server, "select answer from kept").as_deref(), Some("yes"));
}

#[test]
fn dropping_stops() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&quick(dir.path())).unwrap();
    let pid = server.pid();
    assert!(!server.has_exited());
    drop(server);
    assert!(!runs(pid));
}

#[test]
fn throwing_away_removes_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let data_dir = dir.path().join("data");
    let server = Server::start(&Options::throw_away(&data_dir)).unwrap();
    assert_eq!(ask_server(&server, "show fsync").as_deref(), Some("off"));
    server.stop().unwrap();
    assert!(!data_dir.exists());
}

#[test]
fn starts_again_after_the_postmaster_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&quick(dir.path())).unwrap();
    ask_server(&server, "create table kept as select 'yes' as answer");
    ask_server(&server, "checkpoint"); // without durability, only this makes the table last
    signal("KILL", server.pid());
    eventually("the server is known to have exited", || server.has_exited());
    drop(server);
    let server = Server::start(&quick(dir.path())).unwrap();
    assert_eq!(ask_server(&server, "select answer from kept").as_deref(), Some("yes"));
}

#[test]
fn nothing_is_left_when_we_are_killed() {
    let dir = tempfile::tempdir().unwrap();
    for role in ["hold", "throw-away"] {
        let data_dir = dir.path().join(role);
        let (mut child, report) = child::start(role, &data_dir, None);
        let postmaster: u32 = report[0].parse().unwrap();
        assert!(runs(postmaster));
        child.kill().unwrap();
        child.wait().unwrap();
        eventually("the postmaster is gone", || !runs(postmaster));
        eventually("the directory is as it should be", || {
            data_dir.exists() == (role == "hold")
        });
    }
    // And what was held can be had again.
    Server::start(&quick(&dir.path().join("hold"))).unwrap();
}

#[test]
fn starts_at_once_after_we_were_killed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, report) = child::start("hold", dir.path(), None);
    let (old, port): (u32, u16) = (report[0].parse().unwrap(), report[1].parse().unwrap());
    child.kill().unwrap();
    child.wait().unwrap();
    // No waiting: the old server may still be there, and has our port.
    let server = Server::start(&Options {
        port,
        ..quick(dir.path())
    })
    .unwrap();
    assert_ne!(server.pid(), old);
    assert!(!runs(old));
    assert_eq!(ask_server(&server, "select 'well'").as_deref(), Some("well"));
}

#[test]
fn takes_over_when_the_watchdog_was_killed_too() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, report) = child::start("hold", dir.path(), None);
    let (old, port): (u32, u16) = (report[0].parse().unwrap(), report[1].parse().unwrap());
    // The watchdog is the child's other child.
    let output = Command::new("ps")
        .args(["-o", "pid=", "--ppid", &child.id().to_string()])
        .output()
        .unwrap();
    for pid in String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
    {
        if pid != old {
            signal("KILL", pid);
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(runs(old));
    let server = Server::start(&Options {
        port,
        ..quick(dir.path())
    })
    .unwrap();
    assert!(!runs(old));
    assert_eq!(ask_server(&server, "select 'well'").as_deref(), Some("well"));
}

#[test]
fn signals_of_a_terminal_do_not_reach_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&quick(dir.path())).unwrap();
    let group = |pid: u32| {
        let output = Command::new("ps")
            .args(["-o", "pgid=", "-p", &pid.to_string()])
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    assert_eq!(group(server.pid()), server.pid().to_string());
    assert_ne!(group(std::process::id()), server.pid().to_string());
}

#[test]
fn the_second_on_a_directory_is_told_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, _) = child::start("hold", dir.path(), None);
    let error = Server::start(&quick(dir.path())).unwrap_err();
    assert!(
        matches!(error, Error::AlreadyRunning { pid, .. } if pid == Some(child.id())),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .ends_with(&format!("already running as process {}", child.id())),
        "{error}"
    );
    drop(child.stdin.take()); // lets it end
    child.wait().unwrap();
    Server::start(&quick(dir.path())).unwrap();
}

#[test]
fn a_port_in_use_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Server::start(&Options {
        port,
        ..quick(dir.path())
    })
    .unwrap_err();
    assert!(
        matches!(error, Error::PortInUse { port: told } if told == port),
        "{error}"
    );
}

#[test]
fn a_server_that_cannot_start_shows_its_log() {
    let dir = tempfile::tempdir().unwrap();
    Server::start(&quick(dir.path())).unwrap().stop().unwrap();
    let config = dir.path().join("cluster/postgresql.conf");
    std::fs::write(&config, "no_such_setting = 1\n").unwrap();
    let error = Server::start(&quick(dir.path())).unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
}

#[test]
fn an_interrupted_initialisation_is_done_again() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("cluster.new")).unwrap();
    std::fs::write(dir.path().join("cluster.new/PG_VERSION"), "15\n").unwrap();
    std::fs::write(dir.path().join("superuser.password"), "of the interrupted one\n").unwrap();
    let server = Server::start(&quick(dir.path())).unwrap();
    assert_eq!(ask_server(&server, "select 'well'").as_deref(), Some("well"));
}

#[test]
fn data_of_another_version_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("cluster")).unwrap();
    std::fs::write(dir.path().join("cluster/PG_VERSION"), "12\n").unwrap();
    let error = Server::start(&quick(dir.path())).unwrap_err();
    assert!(matches!(error, Error::WrongVersion { needed: 12, .. }), "{error}");
}
