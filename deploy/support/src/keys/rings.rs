//! The keys of personal data: for each service a folder with the ring that wraps data keys and the ring that hashes what is looked up.
//!
//! A folder each, so that it can be mounted whole: a ring is replaced by renaming, which a mount of the file alone would not see.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::ValueEnum;

use crate::services::SERVICES;

/// One of a service's two rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Ring {
    /// What wraps the data keys of customers.
    Vault,
    /// What contact points are found by.
    Lookup,
}

impl Ring {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Vault, Self::Lookup];

    /// The setting that names its file.
    #[must_use]
    pub fn setting(self) -> &'static str {
        match self {
            Self::Vault => "keys_file",
            Self::Lookup => "lookup_keys_file",
        }
    }

    /// Its file in the folder of all keys.
    #[must_use]
    pub fn path(self, folder: &Path, service: &str) -> PathBuf {
        let name = match self {
            Self::Vault => "vault.keys",
            Self::Lookup => "lookup.keys",
        };
        folder.join(service).join(name)
    }
}

/// A line of a ring: a new key under a name.
#[must_use]
pub fn line(name: &str) -> String {
    format!("{name} {}\n", STANDARD.encode(rand::random::<[u8; 32]>()))
}

/// Makes the rings of every service, of one key each, where they are not there. What is there stays: a key that is lost is the loss of
/// all that it opens.
///
/// # Errors
///
/// Where one cannot be written.
pub fn make(folder: &Path) -> anyhow::Result<()> {
    for service in SERVICES {
        for ring in Ring::ALL {
            let path = ring.path(folder, service.name);
            make_one(&path).with_context(|| format!("cannot write {}", path.display()))?;
        }
    }
    Ok(())
}

fn make_one(path: &Path) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Ok(mut file) => {
            file.write_all(line("first").as_bytes())?;
            file.sync_all()
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes a ring, whole or not at all, in place of the one that is there.
///
/// # Errors
///
/// Where it cannot be written.
pub fn replace(path: &Path, text: &str) -> anyhow::Result<()> {
    let draft = path.with_extension("keys.new");
    let written = (|| {
        let mut file = OpenOptions::new()
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, path)
    })();
    written.with_context(|| format!("cannot write {}", path.display()))
}
