//! `support up` as its users run it: the executable, started, asked, stopped, killed.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says by panicking what went wrong"
)]

#[path = "up_command/collector.rs"]
mod collector;
#[path = "up_command/person.rs"]
mod person;
#[path = "up_command/privacy.rs"]
mod privacy;
#[path = "up_command/process.rs"]
mod process;
#[path = "up_command/standard.rs"]
mod standard;
#[path = "up_command/texts.rs"]
mod texts;

use std::io::Read as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use process::{Up, alive, free_ports, support, wait_until};

/// The command line that `up` prints for a first try.
fn printed_try(up: &Up) -> String {
    let printed = up.printed();
    printed
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("curl "))
        .expect("a line to try")
        .to_owned()
}

#[test]
fn it_starts_says_where_and_what_to_try_and_stops_on_interrupt_twice_in_a_row() {
    let place = tempfile::tempdir().unwrap();
    let base = free_ports();
    for round in ["the first time", "again"] {
        let mut up = Up::start(place.path(), base, &[]);
        up.wait_for("ready after");
        assert!(up.printed().contains(&format!("http://127.0.0.1:{base}")), "{round}");
        let tried = Command::new("sh").args(["-c", &printed_try(&up)]).output().unwrap();
        let answer = String::from_utf8(tried.stdout).unwrap();
        assert!(
            answer.contains(r#""modelCode""#),
            "{round}: the line to try gave {answer}"
        );
        let well = support(&["doctor", "--data-dir", up.place()]);
        assert!(
            well.status.success(),
            "{round}: {}",
            String::from_utf8_lossy(&well.stdout)
        );
        let said = String::from_utf8_lossy(&well.stdout);
        assert!(said.contains("the authority is eu, this region"), "{round}: {said}");

        let postmaster = up.postmaster();
        up.signal("INT");
        assert_eq!(up.ended(Duration::from_secs(20)), Some(0), "{round}: {}", up.printed());
        wait_until("postgresql is gone", || !alive(postmaster));
        let ill = support(&["doctor", "--data-dir", up.place()]);
        assert_eq!(
            ill.status.code(),
            Some(1),
            "{round}: {}",
            String::from_utf8_lossy(&ill.stdout)
        );
    }
}

#[test]
fn after_a_kill_it_leaves_nothing_behind_and_starts_with_its_data() {
    let place = tempfile::tempdir().unwrap();
    let base = free_ports();
    let mut up = Up::start(place.path(), base, &["--no-seed"]);
    up.wait_for("ready after");
    let token = String::from_utf8(support(&["token", "--operator", "--data-dir", up.place()]).stdout).unwrap();
    let post = |method: &str, body: &str| {
        let out = Command::new("curl")
            .args(["-s", "-m", "120", "-H", "content-type: application/json", "-H"])
            .arg(format!("authorization: Bearer {}", token.trim()))
            .args(["-d", body, &format!("http://127.0.0.1:{base}/{method}")])
            .output()
            .unwrap();
        String::from_utf8(out.stdout).unwrap()
    };
    let product = r#"{"requestId":"7b0a9c1e-6f0e-4a53-9a7d-0f5f0c3b2a11","modelCode":"KEPT-1","name":"Kept",
        "productLine":"PRODUCT_LINE_PHONE","limitedWarrantyMonths":12,"releaseDate":{"year":2024,"month":1,"day":1}}"#;
    let made = post("support.warranty.v1.CatalogueService/CreateProduct", product);
    assert!(made.contains("productId"), "{made}");

    let postmaster = up.postmaster();
    up.signal("KILL");
    assert_eq!(up.ended(Duration::from_secs(5)), None, "killed, not ended");
    wait_until("postgresql is gone though nobody asked it", || !alive(postmaster));

    let mut again = Up::start(place.path(), base, &["--no-seed"]);
    again.wait_for("ready after");
    let kept = post("support.warranty.v1.CatalogueService/ListProducts", "{}");
    assert!(kept.contains("KEPT-1"), "{kept}");
    assert_eq!(
        post("support.warranty.v1.CatalogueService/CreateProduct", product),
        made,
        "the stored answer"
    );
    again.signal("TERM");
    assert_eq!(again.ended(Duration::from_secs(20)), Some(0), "{}", again.printed());
}

#[test]
fn two_live_side_by_side_and_what_would_collide_is_refused_in_words() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (base, other) = (free_ports(), free_ports());
    let mut first = Up::start(one.path(), base, &["--no-seed"]);
    first.wait_for("ready after");
    let mut second = Up::start(two.path(), other, &["--no-seed"]);
    second.wait_for("ready after");

    let same_place = support(&[
        "up",
        "--data-dir",
        first.place(),
        "--port-base",
        &free_ports().to_string(),
    ]);
    let words = String::from_utf8(same_place.stderr).unwrap();
    assert_eq!(same_place.status.code(), Some(1));
    assert!(
        words.contains("already running") && words.contains(&first.pid().to_string()),
        "{words}"
    );

    let elsewhere = tempfile::tempdir().unwrap();
    let place = elsewhere.path().to_str().unwrap();
    let same_port = support(&["up", "--data-dir", place, "--port-base", &base.to_string()]);
    let words = String::from_utf8(same_port.stderr).unwrap();
    assert_eq!(same_port.status.code(), Some(1));
    assert!(
        words.contains(&format!("port {base}")) && words.contains("--port-base"),
        "{words}"
    );

    let taken = free_ports();
    let _holder = TcpListener::bind(("127.0.0.1", taken + 10)).unwrap();
    let database = support(&["up", "--data-dir", place, "--port-base", &taken.to_string()]);
    let words = String::from_utf8(database.stderr).unwrap();
    assert_eq!(database.status.code(), Some(1));
    assert!(words.contains(&(taken + 10).to_string()), "{words}");
    for mut up in [first, second] {
        up.signal("INT");
        assert_eq!(up.ended(Duration::from_secs(20)), Some(0), "{}", up.printed());
    }
}

/// Where the test is root, it also runs `up` as somebody who is not.
#[test]
fn an_ordinary_user_can_run_it() {
    if !process::is_root() {
        // Then every other test of this file is this one.
        return;
    }
    let place = tempfile::Builder::new().prefix("support-user-").tempdir().unwrap();
    // The executable may lie where only root can reach it.
    let binary = place.path().join("support");
    std::fs::copy(env!("CARGO_BIN_EXE_support"), &binary).unwrap();
    let nobody = 65534;
    std::os::unix::fs::chown(place.path(), Some(nobody), Some(nobody)).unwrap();
    let data = place.path().join("data");
    let mut command = Command::new(&binary);
    command
        .uid(nobody)
        .gid(nobody)
        .env("HOME", place.path())
        .current_dir(place.path());
    let mut up = Up::start_as(command, &data, free_ports(), &["--no-seed"]);
    up.wait_for("ready after");
    let postmaster = up.postmaster();
    up.signal("INT");
    assert_eq!(up.ended(Duration::from_secs(20)), Some(0), "{}", up.printed());
    wait_until("postgresql is gone", || !alive(postmaster));
}

#[test]
fn the_help_tells_what_there_is() {
    let help = String::from_utf8(support(&["--help"]).stdout).unwrap();
    for command in [
        "up",
        "demo",
        "replay",
        "simulate",
        "staff",
        "replay-calls",
        "doctor",
        "standard",
        "token",
        "migrate",
        "gateway",
        "case",
        "routing",
        "warranty",
    ] {
        assert!(
            help.lines().any(|line| line.trim_start().starts_with(command)),
            "no {command} in:\n{help}"
        );
        let own = support(&[command, "--help"]);
        assert!(
            own.status.success() && own.stdout.len() > 150,
            "{command} --help says too little"
        );
    }
    let wrong = support(&["fly"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn one_service_without_settings_says_all_that_is_missing() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_support"));
    let mut child = command.arg("case").env_clear().stderr(Stdio::piped()).spawn().unwrap();
    let mut words = String::new();
    child.stderr.take().unwrap().read_to_string(&mut words).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(64), "{words}");
    assert!(words.contains("region") && words.contains("database.url"), "{words}");
}
