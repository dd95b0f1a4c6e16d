//! Where PostgreSQL is installed.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::install::OsFamily;

/// The oldest major version that will do: the first whose trusted extensions an ordinary role may create.
const OLDEST: u32 = 13;

/// Directories of distributions that keep PostgreSQL off the PATH. A `*` stands for any one name or part of it.
const PLACES: &[&str] = &[
    "/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
    "/usr/pgsql-*/bin",                                   // PostgreSQL's own packages for Red Hat's family
    "/usr/libexec/postgresql*",                           // Alpine
    "/usr/lib/postgresql*/bin",                           // SUSE
    "/usr/lib64/postgresql-*/bin",                        // Gentoo
    "/opt/homebrew/opt/postgresql*/bin",                  // Homebrew on Apple silicon
    "/usr/local/opt/postgresql*/bin",                     // Homebrew on Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",     // Homebrew on Linux
    "/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
    "/opt/local/lib/postgresql*/bin",                     // MacPorts
    "/usr/local/pgsql/bin",                               // built from source
];

/// An installed PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    dir: PathBuf,
    major: u32,
}

impl Binaries {
    /// The PostgreSQL in `dir`, if it has `initdb` and a `postgres` that tells its version.
    #[must_use]
    pub fn in_directory(dir: &Path) -> Option<Self> {
        if !dir.join("initdb").is_file() {
            return None;
        }
        let output = Command::new(dir.join("postgres")).arg("--version").output().ok()?;
        let major = parse_major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self {
            dir: dir.to_owned(),
            major,
        })
    }

    /// The directory with `postgres` and `initdb`.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The major version, such as 15.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.major
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }
}

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The only directory to look in, if given.
    pub only: Option<PathBuf>,
    /// Directories in the form of PATH; the first with PostgreSQL wins.
    pub path: Option<OsString>,
    /// Patterns of directories; the newest version in them wins.
    pub places: Vec<String>,
}

impl Search {
    /// `SUPPORT_POSTGRES_BIN`, else PATH, else where distributions put it.
    #[must_use]
    pub fn from_environment() -> Self {
        Self {
            only: env::var_os("SUPPORT_POSTGRES_BIN")
                .filter(|value| !value.is_empty())
                .map(PathBuf::from),
            path: env::var_os("PATH"),
            places: PLACES.iter().map(ToString::to_string).collect(),
        }
    }

    /// Looks nowhere: for tests of what happens where PostgreSQL is not installed.
    #[must_use]
    pub fn nowhere() -> Self {
        Self::default()
    }

    /// All that is found, the one to prefer first.
    #[must_use]
    pub fn all(&self) -> Vec<Binaries> {
        if let Some(only) = &self.only {
            return usable(Binaries::in_directory(only)).into_iter().collect();
        }
        let mut found: Vec<Binaries> = self
            .path
            .iter()
            .flat_map(env::split_paths)
            .filter(|dir| dir.is_absolute())
            .filter_map(|dir| usable(Binaries::in_directory(&dir)))
            .collect();
        let mut placed: Vec<Binaries> = self
            .places
            .iter()
            .flat_map(|pattern| expand(pattern))
            .filter_map(|dir| usable(Binaries::in_directory(&dir)))
            .collect();
        placed.sort_by_key(|binaries| std::cmp::Reverse(binaries.major));
        found.append(&mut placed);
        found
    }

    /// The one to use.
    ///
    /// # Errors
    /// [`Error::NotInstalled`], whose message is the line to type, or [`Error::NotInDirectory`].
    pub fn find(&self) -> Result<Binaries> {
        match (self.all().into_iter().next(), &self.only) {
            (Some(binaries), _) => Ok(binaries),
            (None, Some(path)) => Err(Error::NotInDirectory { path: path.clone() }),
            (None, None) => Err(Error::NotInstalled {
                line: OsFamily::of_this_machine().install_line(),
            }),
        }
    }
}

/// The installed PostgreSQL to use: `SUPPORT_POSTGRES_BIN`, else the first on PATH, else the newest of the
/// places where distributions put it.
///
/// # Errors
/// [`Error::NotInstalled`], whose message is the line to type, or [`Error::NotInDirectory`].
pub fn find_binaries() -> Result<Binaries> {
    Search::from_environment().find()
}

fn usable(binaries: Option<Binaries>) -> Option<Binaries> {
    binaries.filter(|binaries| binaries.major >= OLDEST)
}

/// The major version in what `postgres --version` prints: `postgres (PostgreSQL) 15.4 (Debian ...)`.
fn parse_major(printed: &str) -> Option<u32> {
    let version = printed.split_once("PostgreSQL)")?.1.trim_start();
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

/// The directories that match a pattern with at most one `*` in a part of it.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::from("/")];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = match part.split_once('*') {
            None => found.into_iter().map(|dir| dir.join(part)).collect(),
            Some((before, after)) => found
                .iter()
                .filter_map(|dir| fs::read_dir(dir).ok())
                .flat_map(|entries| entries.filter_map(Result::ok))
                .filter(|entry| {
                    let name = entry.file_name();
                    let name = name.to_string_lossy();
                    name.strip_prefix(before).is_some_and(|rest| rest.ends_with(after))
                })
                .map(|entry| entry.path())
                .collect(),
        };
    }
    found.retain(|dir| dir.is_dir());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory `at` with programs that say they are PostgreSQL of this version.
    fn pretend(at: &Path, version: &str) {
        fs::create_dir_all(at).unwrap();
        // Written by another process: had we the file open for writing, a child that another test forks in this
        // moment would have it open too, and executing it would fail with "text file busy".
        let script = format!("echo '#!/bin/sh\necho \"postgres (PostgreSQL) {version}\"' >postgres; chmod +x postgres");
        let mut shell = Command::new("sh");
        assert!(
            shell
                .args(["-c", &format!(">initdb; {script}")])
                .current_dir(at)
                .status()
                .unwrap()
                .success()
        );
    }

    #[test]
    fn versions() {
        assert_eq!(
            parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"),
            Some(15)
        );
        assert_eq!(parse_major("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(parse_major("postgres (EnterpriseDB) x"), None);
    }

    #[test]
    fn newest_of_the_places_and_nothing_too_old() {
        let root = tempfile::tempdir().unwrap();
        pretend(&root.path().join("lib/9/bin"), "9.6.24");
        pretend(&root.path().join("lib/14/bin"), "14.2");
        pretend(&root.path().join("lib/16/bin"), "16.1");
        let places = vec![format!("{}/lib/*/bin", root.path().display())];
        let found = Search {
            places,
            ..Search::nowhere()
        }
        .all();
        assert_eq!(found.iter().map(Binaries::major).collect::<Vec<_>>(), [16, 14]);
    }

    #[test]
    fn path_wins_over_places_and_the_variable_over_both() {
        let root = tempfile::tempdir().unwrap();
        for (name, version) in [("path", "14.0"), ("place", "17.0"), ("only", "13.9")] {
            pretend(&root.path().join(name), version);
        }
        let mut search = Search {
            path: Some(root.path().join("path").into_os_string()),
            places: vec![root.path().join("place").display().to_string()],
            only: None,
        };
        assert_eq!(search.find().unwrap().major(), 14);
        search.only = Some(root.path().join("only"));
        assert_eq!(search.find().unwrap().major(), 13);
        search.only = Some(root.path().join("missing"));
        assert!(matches!(search.find(), Err(Error::NotInDirectory { .. })));
    }

    #[test]
    fn nothing_installed_tells_the_line_to_type() {
        let message = Search::nowhere().find().unwrap_err().to_string();
        assert!(
            message.starts_with("PostgreSQL 13 or newer is not installed; install it with: "),
            "{message}"
        );
    }
}
