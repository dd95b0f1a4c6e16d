//! Drops databases that tests are done with: on a thread of its own, for a test's runtime may be about to end.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use super::host::Host;
use crate::databases;
use crate::error::Result;

struct Request {
    host: &'static Host,
    database: String,
    with_role: bool,
    done: Sender<()>,
}

static REQUESTS: LazyLock<Mutex<Sender<Request>>> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || work(&receiver));
    Mutex::new(sender)
});

/// Drops the database, and the role of the same name if told so. What fails, fails silently: a server of ours
/// goes with all its databases anyway.
pub(super) fn dispose(host: &'static Host, database: &str, with_role: bool) {
    let (done, wait) = mpsc::channel();
    let request = Request {
        host,
        database: database.to_owned(),
        with_role,
        done,
    };
    let sent = REQUESTS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send(request)
        .is_ok();
    // On a server that stays, what is not dropped before this process ends is never dropped.
    if sent && host.is_shared() {
        let _ = wait.recv_timeout(Duration::from_secs(10));
    }
}

fn work(requests: &Receiver<Request>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return;
    };
    for request in requests {
        let _ = runtime.block_on(remove(&request));
        let _ = request.done.send(()); // no one may be waiting
    }
}

async fn remove(request: &Request) -> Result<()> {
    let name = &request.database;
    let mut connection = databases::connect(request.host.admin()).await?;
    databases::run(&mut connection, format!("drop database if exists {name} with (force)")).await?;
    if request.with_role {
        databases::run(&mut connection, format!("drop role if exists {name}")).await?;
    }
    Ok(())
}
