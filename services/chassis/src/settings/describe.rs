//! Every setting with its meaning, default and present value, for `support doctor` and the documentation.

use std::fmt::Write as _;

use figment::value::{Num, Value};

use super::layer::find;
use super::resolve::{Resolved, joined};
use super::{SettingDoc, Settings};

/// What the common settings are for.
pub(super) const COMMON: &[SettingDoc] = &[
    SettingDoc::plain("region", "the region this process serves, two lower-case letters"),
    SettingDoc::plain("environment", "development or production"),
    SettingDoc::plain("listen", "address and port to listen on; port 0 lets the system choose"),
    SettingDoc::secret("database.url", "postgres://role:password@host:port/database"),
    SettingDoc::plain(
        "database.max_connections",
        "most connections to the database, at least 2",
    ),
    SettingDoc::plain(
        "database.acquire_timeout_ms",
        "longest wait for a connection, in milliseconds",
    ),
    SettingDoc::plain(
        "database.statement_timeout_ms",
        "longest run of a statement, in milliseconds",
    ),
    SettingDoc::plain("database.lock_timeout_ms", "longest wait for a lock, in milliseconds"),
    SettingDoc::plain(
        "database.idle_in_transaction_timeout_ms",
        "longest pause in a transaction, in milliseconds",
    ),
    SettingDoc::plain(
        "database.request_retention_days",
        "how long the answer to a request id is kept, in days",
    ),
    SettingDoc::plain(
        "server.max_in_flight",
        "calls at work at the same time; more are refused at once",
    ),
    SettingDoc::plain(
        "server.max_streams",
        "streams open at the same time; more are refused at once",
    ),
    SettingDoc::plain(
        "server.drain_seconds",
        "how long calls may take to finish at the end, in seconds",
    ),
    SettingDoc::plain(
        "server.reflection",
        "whether the server describes its methods to whoever asks",
    ),
    SettingDoc::plain(
        "passport.issuer",
        "name in the passports it signs; empty for the service's name",
    ),
    SettingDoc::secret(
        "passport.signing_key",
        "Ed25519 key: base64 of the 32-byte seed, or PKCS#8 PEM",
    ),
    SettingDoc::plain("passport.signing_key_file", "file with the same, for mounted secrets"),
    SettingDoc::plain("passport.lifetime_seconds", "how long a passport lives, in seconds"),
    SettingDoc::plain(
        "passport.trust",
        "whose passports are believed: list of {issuer, role, public_key}",
    ),
    SettingDoc::secret(
        "vault.keys",
        "keys of personal data: lines of a name and base64 of 32 random bytes, the one in use first",
    ),
    SettingDoc::plain("vault.keys_file", "file with the same, for mounted secrets"),
    SettingDoc::secret(
        "vault.lookup_keys",
        "keys that addresses are looked up by: the same form, other keys",
    ),
    SettingDoc::plain("vault.lookup_keys_file", "file with the same, for mounted secrets"),
    SettingDoc::plain("peers", "where the other services are: name to list of urls"),
    SettingDoc::plain("telemetry.log_format", "text for people, json for collectors"),
    SettingDoc::plain(
        "telemetry.log_filter",
        "what is logged, as RUST_LOG would say it, which wins",
    ),
    SettingDoc::plain(
        "telemetry.otlp_endpoint",
        "OTLP/gRPC collector, http or https url; empty for none",
    ),
    SettingDoc::plain(
        "telemetry.sample_ratio",
        "share of traces kept where the caller has not decided, 0 to 1",
    ),
    SettingDoc::plain(
        "telemetry.metric_interval_seconds",
        "how often metrics are sent, in seconds",
    ),
    SettingDoc::plain("feed.retention_days", "how long events are kept at least, in days"),
    SettingDoc::plain(
        "feed.poll_interval_ms",
        "how often the outbox is looked at unasked, in milliseconds",
    ),
    SettingDoc::plain(
        "feed.heartbeat_seconds",
        "longest silence on a subscription, in seconds",
    ),
    SettingDoc::plain(
        "standard.authority",
        "region that publishes the global standard to begin with; empty for this one, where no other is followed",
    ),
    SettingDoc::plain(
        "standard.regions",
        "where the same service of other regions is: region to list of urls",
    ),
];

/// One setting as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its path; a service's own settings have its name before them.
    pub path: String,
    /// What it is for.
    pub doc: &'static str,
    /// What holds where nobody says otherwise; secrets as `set` or `unset`.
    pub default: String,
    /// What holds now; secrets as `set` or `unset`.
    pub current: String,
    /// Where that was said.
    pub origin: String,
    /// The environment variable that sets it for this service.
    pub variable: String,
}

impl Resolved {
    /// Every setting of the service, common ones first, in the order of their documentation. Works on wrong settings
    /// too.
    #[must_use]
    pub fn describe(&self) -> Vec<Described> {
        let defaults = Resolved::new(&Settings::new(&[]), self.service, self.own_defaults_text, self.docs);
        let common = COMMON.iter().map(|doc| {
            self.described(
                doc,
                doc.path.to_owned(),
                find(&defaults.common, doc.path),
                find(&self.common, doc.path),
            )
        });
        let own = self.docs.list.iter().map(|doc| {
            let path = joined(self.service, doc.path);
            self.described(doc, path, find(&defaults.own, doc.path), find(&self.own, doc.path))
        });
        common.chain(own).collect()
    }

    fn described(&self, doc: &SettingDoc, path: String, default: Option<&Value>, current: Option<&Value>) -> Described {
        let secret = self.is_secret(&path);
        Described {
            doc: doc.doc,
            default: shown(default, secret),
            current: shown(current, secret),
            origin: self.origin(&path).unwrap_or_default(),
            variable: format!(
                "SUPPORT_{}__{}",
                self.service.to_uppercase().replace('-', "_"),
                doc.path.to_uppercase().replace('.', "__")
            ),
            path,
        }
    }
}

fn shown(value: Option<&Value>, secret: bool) -> String {
    match value {
        None => "unset".to_owned(),
        Some(value) if secret => match value {
            Value::String(_, text) if text.is_empty() => "unset".to_owned(),
            _ => "set".to_owned(),
        },
        Some(value) => {
            let mut text = String::new();
            write_value(value, &mut text);
            text
        }
    }
}

fn write_value(value: &Value, out: &mut String) {
    let written = match value {
        Value::String(_, text) => write!(out, "{text:?}"),
        Value::Char(_, character) => write!(out, "{character:?}"),
        Value::Bool(_, value) => write!(out, "{value}"),
        Value::Num(_, number) => write_number(*number, out),
        Value::Empty(..) => Ok(()),
        Value::Dict(_, table) => {
            out.push('{');
            for (index, (key, value)) in table.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                out.push_str(key);
                out.push_str(" = ");
                write_value(value, out);
            }
            out.push('}');
            Ok(())
        }
        Value::Array(_, list) => {
            out.push('[');
            for (index, value) in list.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write_value(value, out);
            }
            out.push(']');
            Ok(())
        }
    };
    debug_assert!(written.is_ok(), "writing into a string does not fail");
}

fn write_number(number: Num, out: &mut String) -> std::fmt::Result {
    if let Some(value) = number.to_u128() {
        write!(out, "{value}")
    } else if let Num::I64(value) = number {
        write!(out, "{value}")
    } else {
        number.to_f64().map_or(Ok(()), |value| write!(out, "{value}"))
    }
}
