//! Where a cluster and its files live.
//!
//! Usually all in the data directory:
//!
//! ```text
//! lock                 held while a server runs; tells its process
//! cluster/             PostgreSQL's own; complete once it has this name
//! cluster.new/         an initialisation under way, or one that was interrupted
//! superuser.password   mode 0600
//! postgres.log         postgres.log.1 is the one before
//! socket/              mode 0700
//! location             only where the rest lives elsewhere: the directory
//! ```
//!
//! Elsewhere is where we are root and the server's user cannot enter the data directory, such as one under
//! /root. Then all but `location` lives in `/var/lib/support-<hash of the data directory's path>`.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::account::Account;
use crate::error::{Context as _, Error, Result};
use crate::lock::Lock;
use crate::postmaster::wait_until;
use crate::random;

/// Where clusters go whose data directory the server's user cannot enter, the first that will do.
const ELSEWHERE: [&str; 2] = ["/var/lib", "/var/tmp"];

/// The longest path of a socket, without the final zero byte, that both Linux (107) and macOS (103) take.
const LONGEST_SOCKET: usize = 103;

/// A locked data directory.
#[derive(Debug)]
pub(crate) struct Place {
    data_dir: PathBuf,
    home: PathBuf,
    account: Account,
    /// Held, not read.
    _locks: Vec<Lock>,
}

impl Place {
    /// Makes the directory if need be, locks it, and decides where the cluster lives and whose it is.
    pub(crate) fn open(data_dir: &Path) -> Result<Self> {
        fs::create_dir_all(data_dir).context("make", data_dir)?;
        let data_dir = data_dir.canonicalize().context("find", data_dir)?;
        let mut locks = vec![Lock::take(&data_dir)?];
        let (home, account) = match recorded(&data_dir)? {
            Some(home) => {
                let account = Account::choose(&home.join("cluster"))?;
                (home, account)
            }
            None => choose(&data_dir)?,
        };
        if home != data_dir {
            locks.push(Lock::take(&home)?);
        }
        Ok(Self {
            data_dir,
            home,
            account,
            _locks: locks,
        })
    }

    /// Notes that the cluster is complete: from now on its absence is an error rather than a reason to make one.
    pub(crate) fn settle(&self) -> Result<()> {
        let draft = self.data_dir.join("location.new");
        if self.home != self.data_dir && draft.exists() {
            fs::rename(&draft, self.data_dir.join("location")).context("rename", &draft)?;
            sync(&self.data_dir)?;
        }
        Ok(())
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// The directories to remove with a throw-away server.
    pub(crate) fn directories(&self) -> Vec<&Path> {
        let mut all = vec![self.data_dir.as_path()];
        all.extend(self.elsewhere());
        all
    }

    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Where the files are, if not in the data directory.
    pub(crate) fn elsewhere(&self) -> Option<&Path> {
        (self.home != self.data_dir).then_some(self.home.as_path())
    }

    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    pub(crate) fn cluster(&self) -> PathBuf {
        self.home.join("cluster")
    }

    pub(crate) fn unfinished_cluster(&self) -> PathBuf {
        self.home.join("cluster.new")
    }

    pub(crate) fn password_file(&self) -> PathBuf {
        self.home.join("superuser.password")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.home.join("postgres.log")
    }

    /// A directory for the server's socket, made anew, if its path is short enough and needs no quoting.
    pub(crate) fn socket_dir(&self) -> Result<Option<PathBuf>> {
        let dir = self.home.join("socket");
        let length = dir.as_os_str().len() + "/.s.PGSQL.65535.lock".len();
        let plain = |c: char| c.is_ascii_alphanumeric() || "/_.-".contains(c);
        if length > LONGEST_SOCKET || !dir.to_str().is_some_and(|text| text.chars().all(plain)) {
            return Ok(None);
        }
        remove_dir(&dir)?;
        self.make_private_dir(&dir)?;
        Ok(Some(dir))
    }

    /// A new directory that only the server's user can enter.
    pub(crate) fn make_private_dir(&self, dir: &Path) -> Result<()> {
        fs::create_dir(dir).context("make", dir)?;
        fs::set_permissions(dir, Permissions::from_mode(0o700)).context("change the mode of", dir)?;
        self.account.own(dir)
    }
}

/// Removes a directory with all in it, if it is there. Tried for a while: the initdb of a process that was
/// killed may be writing to it until the watchdog's signal arrives.
pub(crate) fn remove_dir(dir: &Path) -> Result<()> {
    let mut outcome = Ok(());
    wait_until(Duration::from_secs(5), || {
        outcome = fs::remove_dir_all(dir);
        !matches!(&outcome, Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty)
    });
    match outcome {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error).context("remove", dir),
        _ => Ok(()),
    }
}

/// Writes a file that only its owner can read, so that after a crash it is there whole or not at all.
pub(crate) fn write_private(path: &Path, content: &str) -> Result<()> {
    let draft = path.with_extension("draft");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    options
        .open(&draft)
        .and_then(|mut file| file.write_all(content.as_bytes()).and_then(|()| file.sync_all()))
        .context("write", &draft)?;
    fs::rename(&draft, path).context("rename", &draft)
}

/// Makes what was renamed in a directory last.
pub(crate) fn sync(dir: &Path) -> Result<()> {
    File::open(dir).and_then(|dir| dir.sync_all()).context("sync", dir)
}

/// The directory an earlier start recorded.
fn recorded(data_dir: &Path) -> Result<Option<PathBuf>> {
    let read = |name: &str| -> Result<Option<PathBuf>> {
        let path = data_dir.join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(PathBuf::from(text.trim_end()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).context("read", &path),
        }
    };
    if let Some(home) = read("location")? {
        let cluster = home.join("cluster");
        if !cluster.is_dir() {
            return Err(Error::ClusterMissing {
                record: data_dir.join("location"),
                cluster,
            });
        }
        return Ok(Some(home));
    }
    // A first start that was interrupted: its directory serves again, if it is still there.
    Ok(read("location.new")?.filter(|home| home.is_dir()))
}

/// Where a new cluster is to live, or an old one does.
fn choose(data_dir: &Path) -> Result<(PathBuf, Account)> {
    let cluster = data_dir.join("cluster");
    let account = Account::choose(&cluster)?;
    let mut tried = vec![data_dir.display().to_string()];
    if !account.is_other() || enterable(&account, data_dir)? {
        return Ok((data_dir.to_owned(), account));
    }
    // Never begin an empty cluster elsewhere while there is a full one here.
    if !cluster.exists() {
        for parent in ELSEWHERE {
            tried.push(parent.to_owned());
            if let Some(home) = settle_in(Path::new(parent), data_dir, &account)? {
                write_private(&data_dir.join("location.new"), &format!("{}\n", home.display()))?;
                return Ok((home, account));
            }
        }
    }
    Err(Error::NoPlace {
        user: account.name().to_owned(),
        tried,
    })
}

/// Whether the account can enter the directory, once we have granted what is ours to grant: passing through
/// (not listing) the directory itself. Its secrets have modes of their own.
fn enterable(account: &Account, dir: &Path) -> Result<bool> {
    let metadata = dir.metadata().context("read the mode of", dir)?;
    if metadata.uid() == rustix::process::geteuid().as_raw() {
        let mode = (metadata.mode() & 0o7777) | 0o011;
        fs::set_permissions(dir, Permissions::from_mode(mode)).context("change the mode of", dir)?;
    }
    Ok(account.can_enter(dir))
}

/// Makes a home for the data directory's cluster in `parent`, unless the account could not enter it.
fn settle_in(parent: &Path, data_dir: &Path, account: &Account) -> Result<Option<PathBuf>> {
    const MOST: u32 = 100;
    let hash = random::stable_hash(data_dir.as_os_str().as_encoded_bytes());
    // One that exists belongs to a data directory that was there before and was removed or moved; whoever
    // removed it expects an empty database, and whoever moved it still uses it.
    for number in 1..=MOST {
        let suffix = if number == 1 {
            String::new()
        } else {
            format!("-{number}")
        };
        let home = parent.join(format!("support-{hash:016x}{suffix}"));
        match fs::create_dir(&home) {
            Ok(()) if enterable(account, &home)? => return Ok(Some(home)),
            Ok(()) => {
                fs::remove_dir(&home).context("remove", &home)?;
                return Ok(None);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(_) => return Ok(None), // read-only or not there: the next parent may do
        }
    }
    Ok(None)
}
