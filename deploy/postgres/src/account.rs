//! Which user PostgreSQL runs as.

use std::ffi::OsStr;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{Context as _, Error, Result};

/// The user that runs PostgreSQL's programs and owns its files.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    name: String,
    /// User and group to change to; `None` where we stay who we are.
    ids: Option<(u32, u32)>,
}

impl Account {
    /// Ourselves, unless we are root: then the owner of `cluster` if that exists, else `postgres`, else `nobody`.
    pub(crate) fn choose(cluster: &Path) -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self {
                name: "the current user".to_owned(),
                ids: None,
            });
        }
        // A cluster made by an ordinary user stays that user's: PostgreSQL accepts no other owner.
        if let Ok(metadata) = cluster.metadata()
            && metadata.uid() != 0
        {
            return Ok(Self {
                name: format!("number {}", metadata.uid()),
                ids: Some((metadata.uid(), metadata.gid())),
            });
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(Self::named)
            .ok_or(Error::NoAccount)
    }

    fn named(name: &str) -> Option<Self> {
        // By id(1), which knows of users in LDAP too; reading /etc/passwd would not.
        let number = |flag: &str| -> Option<u32> {
            let output = Command::new("id")
                .args([flag, name])
                .stderr(Stdio::null())
                .output()
                .ok()?;
            String::from_utf8_lossy(&output.stdout).trim().parse().ok()
        };
        Some(Self {
            name: name.to_owned(),
            ids: Some((number("-u")?, number("-g")?)),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether programs run as another user than we are.
    pub(crate) fn is_other(&self) -> bool {
        self.ids.is_some()
    }

    /// A command to be run as this user, with nothing of our environment: `PGDATA` and its kin would
    /// change what PostgreSQL does.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .current_dir("/");
        if let Some((user, group)) = self.ids {
            // std drops root's supplementary groups along with its user id.
            command.uid(user).gid(group);
        }
        command
    }

    /// Whether this user can enter the directory. Tried rather than computed from modes, because access
    /// lists and security modules have a say too.
    pub(crate) fn can_enter(&self, dir: &Path) -> bool {
        let mut command = self.command("/bin/sh");
        command.args(["-c", "cd -- \"$1\"", "sh"]).arg(dir);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Makes this user the owner of the file.
    pub(crate) fn own(&self, path: &Path) -> Result<()> {
        match self.ids {
            Some((user, group)) => chown(path, Some(user), Some(group)).context("change the owner of", path),
            None => Ok(()),
        }
    }
}
