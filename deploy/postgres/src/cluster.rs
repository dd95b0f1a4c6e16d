//! Making the cluster.

use std::fs::{self, File};
use std::path::Path;

use crate::binaries::{Binaries, Search};
use crate::error::{Context as _, Error, Result};
use crate::place::{Place, remove_dir, sync, write_private};
use crate::watchdog::Watchdog;
use crate::{random, spawn};

/// The superuser's name.
pub(crate) const SUPERUSER: &str = "postgres";

/// The binaries that fit the cluster: those given, else of all installed the first of its major version.
pub(crate) fn fitting(cluster: &Path, given: Option<Binaries>, search: &Search) -> Result<Binaries> {
    let needed = fs::read_to_string(cluster.join("PG_VERSION"))
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let fits = |binaries: &Binaries| needed.is_none_or(|needed: u32| binaries.major() == needed);
    let preferred = match given {
        Some(binaries) => binaries,
        None => match search.all().into_iter().find(fits) {
            Some(binaries) => return Ok(binaries),
            None => search.find()?,
        },
    };
    match needed {
        Some(needed) if needed != preferred.major() => Err(Error::WrongVersion {
            cluster: cluster.to_owned(),
            needed,
            found: preferred.major(),
        }),
        _ => Ok(preferred),
    }
}

/// Makes the cluster if there is none, and gives the superuser's password.
///
/// It is made under another name and renamed at the end, so that one with the right name is complete.
pub(crate) fn ensure(place: &Place, binaries: &Binaries, durable: bool, watchdog: &Watchdog) -> Result<String> {
    if !place.cluster().join("PG_VERSION").exists() {
        make(place, binaries, durable, watchdog)?;
    }
    place.settle()?;
    let path = place.password_file();
    match fs::read_to_string(&path) {
        Ok(password) => Ok(password.trim_end().to_owned()),
        Err(source) => Err(Error::PasswordLost { path, source }),
    }
}

fn make(place: &Place, binaries: &Binaries, durable: bool, watchdog: &Watchdog) -> Result<()> {
    let password = random::hex(24)?;
    write_private(&place.password_file(), &format!("{password}\n"))?;
    // initdb, which may run as another user, reads the password from a file of that user.
    let handed_over = place.home().join("initdb.password");
    write_private(&handed_over, &format!("{password}\n"))?;
    place.account().own(&handed_over)?;
    let made = initialise(place, binaries, durable, watchdog, &handed_over);
    fs::remove_file(&handed_over).context("remove", &handed_over)?;
    made?;
    let unfinished = place.unfinished_cluster();
    fs::rename(&unfinished, place.cluster()).context("rename", &unfinished)?;
    if durable { sync(place.home()) } else { Ok(()) }
}

fn initialise(place: &Place, binaries: &Binaries, durable: bool, watchdog: &Watchdog, password: &Path) -> Result<()> {
    let unfinished = place.unfinished_cluster();
    let log_path = place.home().join("initdb.log");
    let mut output = String::new();
    // Text sorts by code point in both: fast, and the same on every machine and after every upgrade of its
    // C library. The second is for systems without the first, and knows upper and lower case of ASCII only.
    for locale in ["C.UTF-8", "C"] {
        remove_dir(&unfinished)?;
        place.make_private_dir(&unfinished)?;
        let mut arguments = vec![
            format!("--pgdata={}", unfinished.display()),
            format!("--username={SUPERUSER}"),
            format!("--pwfile={}", password.display()),
            format!("--locale={locale}"),
            "--encoding=UTF8".to_owned(),
            "--auth=scram-sha-256".to_owned(),
        ];
        arguments.push(if durable { "--data-checksums" } else { "--no-sync" }.to_owned());
        let log = File::create(&log_path).context("create", &log_path)?;
        let program = binaries.program("initdb");
        let mut child = spawn::guarded(place.account(), watchdog, &program, &arguments, &log)?;
        let status = child.wait().context("wait for", &program)?;
        watchdog.release()?;
        if status.success() {
            return fs::remove_file(&log_path).context("remove", &log_path);
        }
        output = spawn::tail(&log_path, 0);
        if !output.contains("locale") {
            break;
        }
    }
    Err(Error::InitFailed { output })
}
