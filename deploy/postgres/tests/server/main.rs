//! The real thing: PostgreSQL started, stopped, killed and asked, as root and as an ordinary user.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests, outside #[test] functions"
)]

mod child;
mod databases;
mod lifecycle;
mod place;

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use support_postgres::{Options, Server};

/// A server on any free port that keeps its directory, without the slow parts of durability.
fn quick(data_dir: &Path) -> Options {
    Options {
        durable: false,
        ..Options::persistent(data_dir, 0)
    }
}

/// Waits for a condition, for as long as a busy machine may take.
fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "not within 20 s: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Whether the process runs; one that only waits to be reaped does not.
fn runs(pid: u32) -> bool {
    let output = std::process::Command::new("ps")
        .args(["-o", "stat=", "-p", &pid.to_string()])
        .output()
        .unwrap();
    let state = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    !state.is_empty() && !state.starts_with('Z')
}

fn signal(name: &str, pid: u32) {
    let status = std::process::Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

/// Runs statements at a URL and gives the last one's first column of the first row, if there is any.
async fn ask(url: &str, statements: &str) -> Result<Option<String>, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let row = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()))
        .fetch_optional(&mut connection)
        .await?;
    connection.close().await?;
    row.map(|row| sqlx::Row::try_get(&row, 0)).transpose()
}

fn ask_server(server: &Server, statements: &str) -> Option<String> {
    block_on(ask(&server.superuser_url(), statements)).unwrap()
}
