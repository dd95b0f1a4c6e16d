//! What a service is told from outside.
//!
//! Settings are a tree. Each layer wins over those before it: the chassis' and the service's defaults, a TOML file, the
//! environment. Within a layer, what stands under a service's name holds for that service alone and wins over what stands
//! at the top, where everything holds for all: `database.max_connections`, `case.database.max_connections`. The
//! service's own settings stand under its name too. In the environment a dot is written as two underscores:
//! `SUPPORT__DATABASE__MAX_CONNECTIONS` for all, `SUPPORT_CASE__DATABASE__MAX_CONNECTIONS` for one.
//!
//! All is checked before anything starts, and all faults come in one answer: a misspelt name is a fault, never ignored.
//! No fault, description or `Debug` shows a secret.

mod common;
mod credentials;
mod describe;
mod fault;
mod layer;
mod resolve;

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use common::{
    Common, DatabaseSettings, Environment, FeedSettings, LogFormat, PassportSettings, Peers, ServerSettings,
    StandardSettings, TelemetrySettings, TrustRole, TrustSettings, VaultSettings,
};
pub use describe::Described;
pub use fault::{Fault, SettingsError};
use layer::Layer;
pub use resolve::Resolved;

/// The file named by this variable is read by [`Settings::load`].
pub const FILE_VARIABLE: &str = "SUPPORT_SETTINGS";

/// What holds where nobody says otherwise.
const DEFAULTS: &str = include_str!("settings/defaults.toml");

/// Everything that was said from outside, for any number of services, not yet checked.
///
/// Built in order: what is said later wins.
#[derive(Debug, Clone)]
pub struct Settings {
    layers: Vec<Layer>,
    /// The names of all services there are: what stands under one is none of another's business.
    services: Vec<String>,
    /// What could not even be read.
    faults: Vec<Fault>,
}

impl Settings {
    /// Nothing but the defaults. `services` are the names of all services that settings may speak of.
    #[must_use]
    pub fn new(services: &[&str]) -> Self {
        let mut settings = Self {
            layers: Vec::new(),
            services: services.iter().map(|name| (*name).to_owned()).collect(),
            faults: Vec::new(),
        };
        settings.push(Layer::toml("the defaults", DEFAULTS));
        settings
    }

    /// The defaults, then the file that `SUPPORT_SETTINGS` names, then the environment of this process.
    #[must_use]
    pub fn load(services: &[&str]) -> Self {
        let settings = Self::new(services);
        let settings = match std::env::var_os(FILE_VARIABLE) {
            Some(path) if !path.is_empty() => settings.file(Path::new(&path)),
            _ => settings,
        };
        // What is not UTF-8 cannot be one of ours.
        settings.environment(
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        )
    }

    /// Adds a TOML file. One that cannot be read is a fault like any other.
    #[must_use]
    pub fn file(mut self, path: &Path) -> Self {
        let origin = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => self.push(Layer::toml(&origin, &text)),
            Err(error) => self
                .faults
                .push(Fault::new("", format!("cannot read the file: {error}"), Some(origin))),
        }
        self
    }

    /// Adds TOML text; `origin` says in faults and descriptions where it came from.
    #[must_use]
    pub fn toml(mut self, origin: &str, text: &str) -> Self {
        self.push(Layer::toml(origin, text));
        self
    }

    /// Adds environment variables: those that begin with `SUPPORT_` and have `__` in their name.
    #[must_use]
    pub fn environment(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.push(Ok(Layer::environment(variables)));
        self
    }

    /// Adds values from the program itself, anything that serialises as a table.
    #[must_use]
    pub fn values(mut self, origin: &str, values: impl Serialize) -> Self {
        self.push(Layer::values(origin, values));
        self
    }

    /// Sets one value from the program itself: `settings.set("case.database.url", url)`. A secret has to be exposed for
    /// this; it is not shown again.
    #[must_use]
    pub fn set(mut self, path: &str, value: impl Serialize) -> Self {
        self.push(Layer::value("the program", path, value));
        self
    }

    /// What one service is told. `defaults` is the TOML of the service's own settings, without its name around it.
    #[must_use]
    pub fn resolve(&self, service: &'static str, defaults: &'static str, docs: SettingDocs) -> Resolved {
        Resolved::new(self, service, defaults, docs)
    }

    fn push(&mut self, layer: Result<Layer, Fault>) {
        match layer {
            Ok(layer) => self.layers.push(layer),
            Err(fault) => self.faults.push(fault),
        }
    }
}

/// What one setting is for.
#[derive(Debug, Clone, Copy)]
pub struct SettingDoc {
    /// Its path: `database.url`.
    pub path: &'static str,
    /// One line, with the unit.
    pub doc: &'static str,
    /// Whether its value is never shown.
    pub secret: bool,
}

impl SettingDoc {
    /// A setting that may be shown.
    #[must_use]
    pub const fn plain(path: &'static str, doc: &'static str) -> Self {
        Self {
            path,
            doc,
            secret: false,
        }
    }

    /// A setting that may not.
    #[must_use]
    pub const fn secret(path: &'static str, doc: &'static str) -> Self {
        Self {
            path,
            doc,
            secret: true,
        }
    }
}

/// A service's own settings: what they are for and how they are checked.
#[derive(Debug, Clone, Copy)]
pub struct SettingDocs {
    list: &'static [SettingDoc],
    check: fn(&Resolved) -> Vec<Fault>,
}

impl SettingDocs {
    /// A service without settings of its own.
    #[must_use]
    pub const fn none() -> Self {
        Self::of::<Nothing>(&[])
    }

    /// Settings read into `T`, which should `deny_unknown_fields` and have no `Option` around it: every setting has a
    /// default in the service's `defaults`.
    #[must_use]
    pub const fn of<T: DeserializeOwned>(list: &'static [SettingDoc]) -> Self {
        Self {
            list,
            check: Resolved::own_faults::<T>,
        }
    }
}

/// A section without settings.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}
