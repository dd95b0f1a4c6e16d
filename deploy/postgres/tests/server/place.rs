//! Users and directories.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;

use support_postgres::{Error, Server};

use crate::{ask_server, child, quick};

/// A number that stands for an ordinary user; one need not be in the list of users.
const ORDINARY: u32 = 65534;

fn we_are_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o777
}

#[test]
fn secrets_are_private() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&quick(dir.path())).unwrap();
    assert_eq!(mode(&dir.path().join("superuser.password")), 0o600);
    assert_eq!(mode(&dir.path().join("postgres.log")), 0o600);
    assert_eq!(mode(&dir.path().join("cluster")), 0o700);
    assert_eq!(mode(server.socket_dir().unwrap()), 0o700);
    assert!(!dir.path().join("initdb.password").exists());
    // The line to type works, and does not show the password.
    let line = server.psql_line();
    let password = fs::read_to_string(dir.path().join("superuser.password")).unwrap();
    assert!(!line.contains(password.trim()));
    let output = std::process::Command::new("sh")
        .args(["-c", &format!("{line} -Atc 'select 6 * 7'")])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "42", "{output:?}");
}

#[test]
fn a_path_too_long_for_a_socket() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&quick(&dir.path().join("long".repeat(30)))).unwrap();
    assert_eq!(server.socket_dir(), None);
    assert_eq!(ask_server(&server, "select 'well'").as_deref(), Some("well"));
}

#[test]
fn root_runs_it_as_another() {
    if !we_are_root() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(&quick(dir.path())).unwrap();
    assert_eq!(server.relocated(), None);
    assert_ne!(dir.path().join("cluster").metadata().unwrap().uid(), 0);
    assert_ne!(fs::metadata(format!("/proc/{}", server.pid())).unwrap().uid(), 0);
}

#[test]
fn root_with_a_directory_that_no_one_else_can_enter() {
    if !we_are_root() {
        return;
    }
    let closed = tempfile::tempdir().unwrap();
    fs::set_permissions(closed.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let data_dir = closed.path().join("data");
    let server = Server::start(&quick(&data_dir)).unwrap();
    let elsewhere = server.relocated().unwrap().to_owned();
    assert!(elsewhere.starts_with("/var/lib"), "{}", elsewhere.display());
    ask_server(&server, "create table kept as select 'yes' as answer");
    server.stop().unwrap();

    // The record leads back to it.
    let server = Server::start(&quick(&data_dir)).unwrap();
    assert_eq!(server.relocated(), Some(elsewhere.as_path()));
    assert_eq!(ask_server(&server, "select answer from kept").as_deref(), Some("yes"));
    server.stop().unwrap();

    // Another data directory at the same path is another database, with nothing in it.
    fs::remove_dir_all(&data_dir).unwrap();
    let mut options = quick(&data_dir);
    options.remove_at_end = true;
    let server = Server::start(&options).unwrap();
    let second = server.relocated().unwrap().to_owned();
    assert_ne!(second, elsewhere);
    server.stop().unwrap();
    assert!(!second.exists());

    // What is recorded and gone is not silently replaced by an empty database.
    fs::create_dir(&data_dir).unwrap();
    fs::write(data_dir.join("location"), format!("{}\n", elsewhere.display())).unwrap();
    fs::remove_dir_all(&elsewhere).unwrap();
    let error = Server::start(&quick(&data_dir)).unwrap_err();
    assert!(matches!(error, Error::ClusterMissing { .. }), "{error}");
}

#[test]
fn an_ordinary_user_runs_it_as_itself_and_root_goes_on_as_that_user() {
    if !we_are_root() {
        return; // then all the other tests are this one
    }
    let dir = tempfile::tempdir().unwrap();
    chown(dir.path(), Some(ORDINARY), Some(ORDINARY)).unwrap();
    let (mut child, _) = child::start("ordinary", dir.path(), Some(ORDINARY));
    assert!(child.wait().unwrap().success());
    assert_eq!(dir.path().join("cluster").metadata().unwrap().uid(), ORDINARY);

    // As when someone types sudo the second time. Entering is for the owner, who the server's user is.
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
    let server = Server::start(&quick(dir.path())).unwrap();
    assert_eq!(server.relocated(), None);
    assert_eq!(fs::metadata(format!("/proc/{}", server.pid())).unwrap().uid(), ORDINARY);
}
