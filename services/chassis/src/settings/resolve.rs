//! From what was said to what holds for one service.

use std::fmt;
use std::net::SocketAddr;

use figment::Figment;
use figment::error::Kind;
use figment::providers::Serialized;
use figment::value::{Dict, Value};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::common::{
    Common, DatabaseSettings, Environment, FeedSettings, PassportSettings, Peers, ServerSettings, TelemetrySettings,
    VaultSettings, WrittenStandard, is_http,
};
use super::fault::{in_words, unknown};
use super::layer::{Layer, find, insert, overlay, remove};
use super::{Fault, SettingDoc, SettingDocs, Settings, SettingsError, describe};

/// What one service is told, the layers laid over each other.
#[derive(Clone)]
pub struct Resolved {
    pub(super) service: &'static str,
    pub(super) docs: SettingDocs,
    /// The layers, those of the defaults first, with only what concerns this service: `common` as for all, `own` under
    /// its name.
    pub(super) layers: Vec<Layer>,
    pub(super) common: Dict,
    pub(super) own: Dict,
    common_defaults: Dict,
    own_defaults: Dict,
    pub(super) own_defaults_text: &'static str,
    faults: Vec<Fault>,
}

/// The common settings as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    region: String,
    environment: Environment,
    listen: SocketAddr,
    database: DatabaseSettings,
    server: ServerSettings,
    passport: PassportSettings,
    vault: VaultSettings,
    peers: Peers,
    telemetry: TelemetrySettings,
    feed: FeedSettings,
    standard: WrittenStandard,
}

impl Resolved {
    pub(super) fn new(settings: &Settings, service: &'static str, defaults: &'static str, docs: SettingDocs) -> Self {
        let mut resolved = Self {
            service,
            docs,
            layers: Vec::new(),
            common: Dict::new(),
            own: Dict::new(),
            common_defaults: Dict::new(),
            own_defaults: Dict::new(),
            own_defaults_text: defaults,
            faults: settings.faults.clone(),
        };
        for (index, layer) in settings.layers.iter().enumerate() {
            resolved.take_common(layer, &settings.services);
            if index == 0 {
                resolved.common_defaults = resolved.common.clone();
                match Layer::toml("the defaults", defaults) {
                    Ok(own) => resolved.add_own_defaults(own),
                    Err(fault) => resolved.faults.push(fault),
                }
            }
            resolved.take_own(layer);
            resolved.layers.push(layer.clone());
        }
        resolved
    }

    fn add_own_defaults(&mut self, defaults: Layer) {
        overlay(&mut self.own, &defaults.tree);
        self.own_defaults = self.own.clone();
        let mut named = defaults;
        let tree = std::mem::take(&mut named.tree);
        insert(&mut named.tree, self.service, Value::from(tree));
        self.layers.push(named);
    }

    /// What a layer says to all.
    fn take_common(&mut self, layer: &Layer, services: &[String]) {
        let defaults = &self.common_defaults;
        for (key, value) in &layer.tree {
            let is_service = key == self.service || services.iter().any(|service| service == key);
            if is_service && value.as_dict().is_some() {
                continue;
            }
            if !defaults.is_empty() && !defaults.contains_key(key) {
                let known = defaults
                    .keys()
                    .map(String::as_str)
                    .chain(services.iter().map(String::as_str));
                self.faults
                    .push(Fault::new(key, unknown(key, known), first_origin(layer, key, value)));
                continue;
            }
            overlay(&mut self.common, &Dict::from([(key.clone(), value.clone())]));
        }
    }

    /// What a layer says to this service alone: of the common settings, or its own.
    fn take_own(&mut self, layer: &Layer) {
        let Some(said) = layer.tree.get(self.service).and_then(Value::as_dict) else {
            return;
        };
        for (key, value) in said {
            let into = if self.common_defaults.contains_key(key) {
                &mut self.common
            } else {
                &mut self.own
            };
            overlay(into, &Dict::from([(key.clone(), value.clone())]));
        }
    }

    /// The common settings and everything that is wrong, the service's own settings included. `needs_database` is
    /// false for what has none.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub fn check(&self, needs_database: bool) -> Result<Common, SettingsError> {
        let mut faults = self.faults.clone();
        let written = self.read::<Written>(&self.common, &self.common_defaults, "", &mut faults);
        let common = written.and_then(|written| self.parse(written, needs_database, &mut faults));
        faults.extend((self.docs.check)(self));
        match common {
            Some(common) if faults.is_empty() => Ok(common),
            _ => Err(SettingsError {
                service: self.service.to_owned(),
                faults,
            }),
        }
    }

    /// The service's own settings.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub fn section<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        let mut faults = Vec::new();
        match self.read(&self.own, &self.own_defaults, self.service, &mut faults) {
            Some(section) if faults.is_empty() => Ok(section),
            _ => Err(SettingsError {
                service: self.service.to_owned(),
                faults,
            }),
        }
    }

    pub(super) fn own_faults<T: DeserializeOwned>(&self) -> Vec<Fault> {
        self.section::<T>().err().map(|error| error.faults).unwrap_or_default()
    }

    fn parse(&self, written: Written, needs_database: bool, faults: &mut Vec<Fault>) -> Option<Common> {
        let before = faults.len();
        let mut fault = |path: &str, what: String| faults.push(Fault::new(path, what, self.origin(path)));
        let region = match written.region.parse() {
            Ok(region) => Some(region),
            Err(_) if written.region.is_empty() => {
                fault(
                    "region",
                    "is not set; it is two lower-case letters, for example eu".to_owned(),
                );
                None
            }
            Err(_) => {
                fault(
                    "region",
                    "is no region: two lower-case letters, for example eu".to_owned(),
                );
                None
            }
        };
        let database = &written.database;
        if needs_database && database.url.expose_secret().is_empty() {
            let variable = self.service.to_uppercase().replace('-', "_");
            fault(
                "database.url",
                format!("is not set; set it in SUPPORT_{variable}__DATABASE__URL"),
            );
        } else if needs_database && url::Url::parse(database.url.expose_secret()).is_err() {
            fault(
                "database.url",
                "is no url; it reads postgres://role:password@host:port/database".to_owned(),
            );
        }
        if database.max_connections < 2 {
            fault("database.max_connections", "is too few, at least 2".to_owned());
        }
        if !(0.0..=1.0).contains(&written.telemetry.sample_ratio) {
            fault("telemetry.sample_ratio", "is out of range, expected 0 to 1".to_owned());
        }
        let endpoint = &written.telemetry.otlp_endpoint;
        if !endpoint.is_empty() && !is_http(endpoint) {
            fault("telemetry.otlp_endpoint", "is no http or https url".to_owned());
        }
        for (path, zero) in [
            ("server.max_in_flight", written.server.max_in_flight == 0),
            ("server.max_streams", written.server.max_streams == 0),
            ("database.acquire_timeout_ms", database.acquire_timeout_ms == 0),
            (
                "telemetry.metric_interval_seconds",
                written.telemetry.metric_interval_seconds == 0,
            ),
            ("feed.poll_interval_ms", written.feed.poll_interval_ms == 0),
            ("feed.heartbeat_seconds", written.feed.heartbeat_seconds == 0),
            ("passport.lifetime_seconds", written.passport.lifetime_seconds == 0),
        ] {
            if zero {
                fault(path, "is 0, expected at least 1".to_owned());
            }
        }
        for (name, endpoints) in written.peers.iter() {
            if endpoints.is_empty() || !endpoints.iter().all(|endpoint| is_http(endpoint)) {
                fault(&format!("peers.{name}"), "is no list of http or https urls".to_owned());
            }
        }
        for (path, what) in written.passport.faults(written.environment) {
            fault(&path, what);
        }
        for (path, what) in written.vault.faults() {
            fault(&path, what);
        }
        // Where the region itself is wrong, what is said of others can be judged only later.
        let region = region?;
        let standard = written
            .standard
            .parse(region, needs_database)
            .map_err(|wrong| wrong.into_iter().for_each(|(path, what)| fault(&path, what)))
            .ok();
        (faults.len() == before).then_some(())?;
        Some(Common {
            region,
            environment: written.environment,
            listen: written.listen,
            database: written.database,
            server: written.server,
            passport: written.passport,
            vault: written.vault,
            peers: written.peers,
            telemetry: written.telemetry,
            feed: written.feed,
            standard: standard?,
        })
    }

    /// Reads a tree into a type. A fault is noted, its value replaced by the default, and the rest read on, so that all
    /// faults come to light at once.
    fn read<T: DeserializeOwned>(
        &self,
        tree: &Dict,
        defaults: &Dict,
        under: &str,
        faults: &mut Vec<Fault>,
    ) -> Option<T> {
        let mut tree = tree.clone();
        // Each round repairs one place; there are not more places than that.
        for _ in 0..1000 {
            let error = match Figment::from(Serialized::defaults(&tree)).extract::<T>() {
                Ok(value) => return Some(value),
                Err(error) => error,
            };
            let mut path = error.path.join(".");
            if let Kind::UnknownField(name, _) = &error.kind
                && error.path.last() != Some(name)
            {
                path = joined(&path, name);
            }
            if let Kind::MissingField(name) = &error.kind {
                let path = joined(&path, name);
                faults.push(self.fault(&joined(under, &path), &error.kind));
                let default = find(defaults, &path)?;
                insert(&mut tree, &path, default.clone());
                continue;
            }
            let full = joined(under, &path);
            if let Some(text) = self.meant_as_text(&full, find(&tree, &path)) {
                insert(&mut tree, &path, text);
                continue;
            }
            faults.push(self.fault(&full, &error.kind));
            match (remove_place(&mut tree, &path), find(defaults, &path)) {
                (false, _) => return None,
                (true, Some(default)) if !matches!(error.kind, Kind::UnknownField(..)) => {
                    insert(&mut tree, &path, default.clone());
                }
                (true, _) => {}
            }
        }
        None
    }

    fn fault(&self, path: &str, kind: &Kind) -> Fault {
        Fault::new(path, in_words(kind, self.is_secret(path)), self.origin(path))
    }

    /// A variable's `123` is taken for a number at first; where text is expected it was text.
    fn meant_as_text(&self, path: &str, value: Option<&Value>) -> Option<Value> {
        if matches!(value?, Value::String(..)) {
            return None;
        }
        let named = joined(self.service, path);
        let text = self
            .layers
            .iter()
            .rev()
            .find_map(|layer| layer.variable(&named).or_else(|| layer.variable(path)))?;
        Some(Value::from(text))
    }

    /// Where the setting at `path` (own settings with the service's name before it) was said last.
    pub(super) fn origin(&self, path: &str) -> Option<String> {
        let named = joined(self.service, path);
        self.layers
            .iter()
            .rev()
            .find_map(|layer| layer.origin(&named).or_else(|| layer.origin(path)))
    }

    pub(super) fn is_secret(&self, path: &str) -> bool {
        let own = path.strip_prefix(self.service).and_then(|path| path.strip_prefix('.'));
        let is = |docs: &[SettingDoc], path: &str| docs.iter().any(|doc| doc.secret && doc.path == path);
        is(describe::COMMON, path)
            || own.is_some_and(|own| is(self.docs.list, own))
            // Documented or not, such a name is not shown.
            || path.rsplit('.').next().is_some_and(|last| {
                ["password", "secret", "token", "private_key", "signing_key"].iter().any(|word| last.contains(word))
                    && !last.ends_with("_file")
                    && !last.ends_with("_seconds")
            })
    }
}

impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolved")
            .field("service", &self.service)
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}

/// Takes the value at a path out, or the whole list it stands in.
fn remove_place(tree: &mut Dict, path: &str) -> bool {
    let mut path = path;
    loop {
        if path.is_empty() {
            return false;
        }
        if remove(tree, path).is_some() {
            return true;
        }
        path = path.rsplit_once('.').map_or("", |(before, _)| before);
    }
}

pub(super) fn joined(before: &str, after: &str) -> String {
    match (before.is_empty(), after.is_empty()) {
        (true, _) => after.to_owned(),
        (_, true) => before.to_owned(),
        _ => format!("{before}.{after}"),
    }
}

/// Names the variable where an unknown part was said in the environment.
fn first_origin(layer: &Layer, key: &str, value: &Value) -> Option<String> {
    let mut path = key.to_owned();
    let mut value = value;
    while let Some((key, inner)) = value.as_dict().and_then(|inner| inner.iter().next()) {
        path = joined(&path, key);
        value = inner;
    }
    layer.origin(&path).or_else(|| layer.origin(key))
}
