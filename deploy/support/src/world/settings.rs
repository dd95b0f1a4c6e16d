//! What every part of a world is told.

use std::path::Path;

use serde_json::{Map, Value, json};
use support_chassis::settings::Settings;
use tokio::net::TcpListener;

use super::{Issuer, Secrets};
use crate::keys::rings::Ring;
use crate::services::{SERVICES, names};

/// The region a world is.
const REGION: &str = "eu";
/// Connections of each service: all of them together stay below what PostgreSQL takes.
const CONNECTIONS: u32 = 16;

/// The settings of all services and the gateway.
pub(super) fn settings(
    secrets: &Secrets,
    issuer: &Issuer,
    urls: &[(&'static str, String)],
    listeners: &[(&'static str, TcpListener)],
    rings: &Path,
    overrides: &str,
) -> anyhow::Result<Settings> {
    let mut peers = Map::new();
    for (name, listener) in listeners {
        peers.insert(
            (*name).to_owned(),
            json!([format!("http://{}", listener.local_addr()?)]),
        );
    }
    peers.remove(support_gateway::NAME);
    let trust = names()
        .into_iter()
        .map(|name| {
            let role = if name == support_gateway::NAME {
                "gateway"
            } else {
                "service"
            };
            let public_key = secrets.passport_public_key(name)?;
            Ok(json!({ "issuer": name, "role": role, "public_key": public_key }))
        })
        .collect::<anyhow::Result<Vec<Value>>>()?;
    let mut tree = json!({
        "region": REGION,
        "environment": "development",
        // A desk computer that also compiles is slower to answer than a server.
        "database": { "max_connections": CONNECTIONS, "acquire_timeout_ms": 10_000 },
        "peers": peers,
        "passport": { "trust": trust },
        // The only region has all that there is to say, until others are named.
        "standard": { "authority": REGION },
    });
    for service in SERVICES {
        let url = urls
            .iter()
            .find(|(name, _)| *name == service.name)
            .map(|(_, url)| url.as_str());
        tree[service.name] = json!({
            "database": { "url": url.unwrap_or_default() },
            "passport": { "signing_key": secrets.passport_key(service.name) },
        });
        for ring in Ring::ALL {
            tree[service.name]["vault"][ring.setting()] = json!(ring.path(rings, service.name));
        }
    }
    let identity = &mut tree[support_identity_verification::SERVICE.name];
    identity["service_key"] = json!(secrets.service_key());
    identity["tokens"] = json!({ "session_key": secrets.session_key() });
    identity["delivery"] = json!({ "outbox": "local" });
    // A partner's system that is tried out stands beside this one.
    identity["partners"] = json!({ "private_addresses": true });
    tree[support_gateway::NAME] = json!({
        "passport": { "signing_key": secrets.passport_key(support_gateway::NAME) },
        "allowed_origins": ["*"],
        "issuers": [{ "issuer": issuer.name(), "kinds": ["staff", "operator"], "jwks": issuer.jwks() }],
    });
    let settings = Settings::new(&names()).values("the local system", tree);
    let settings = if overrides.is_empty() {
        settings
    } else {
        settings.toml("the overrides", overrides)
    };
    // What the environment says wins, so that telemetry and limits can be set for a local system as well.
    Ok(settings.environment(std::env::vars()))
}
