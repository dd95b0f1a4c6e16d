//! What the gateway is told from outside, beyond what every service is told.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use support_chassis::settings::{SettingDoc, SettingDocs};

/// The gateway's name in settings, passports and logs.
pub const NAME: &str = "gateway";

/// The issuer of a local system, for whoever has its data directory can be anyone. No production gateway believes it.
pub const DEVELOPMENT_ISSUER: &str = "support-development";

/// The defaults of the gateway's own settings.
pub const DEFAULTS: &str = include_str!("defaults.toml");

/// The gateway's own settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewaySettings {
    /// What bearer tokens must name as their audience.
    pub audience: String,
    /// Who vouches for staff and operators.
    pub issuers: Vec<IssuerSettings>,
    /// Which web pages may call.
    pub allowed_origins: Vec<String>,
    /// The largest JSON request, in bytes.
    pub max_json_bytes: usize,
    /// How often the services are asked for their health, in milliseconds.
    pub health_interval_ms: u64,
    /// How many proxies of the operator's own stand before the gateway, each of which adds to `x-forwarded-for`.
    pub trusted_proxies: usize,
    /// TLS on the gateway's own port.
    pub tls: TlsSettings,
}

/// TLS on the gateway's own port, and client certificates.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// The certificate chain, PEM; empty where something before the gateway encrypts.
    pub certificate_file: PathBuf,
    /// Its key, PEM.
    pub key_file: PathBuf,
    /// The authorities whose client certificates may be known by their names, PEM; empty for none.
    pub client_authorities_file: PathBuf,
    /// Whether the operator's proxy says which certificate a client showed, in the header `client-cert` (RFC 9440).
    pub trust_client_cert_header: bool,
}

/// An identity provider whose tokens are believed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The kinds of caller it may vouch for: `staff`, `operator`.
    pub kinds: Vec<String>,
    /// Its public keys, a JSON Web Key Set; this, `jwks_file`, `jwks_url` or `discover`.
    #[serde(default)]
    pub jwks: String,
    /// A file with its public keys.
    #[serde(default)]
    pub jwks_file: PathBuf,
    /// Where it publishes its public keys.
    #[serde(default)]
    pub jwks_url: String,
    /// Whether it says itself where that is: `<issuer>/.well-known/openid-configuration`.
    #[serde(default)]
    pub discover: bool,
    /// What its tokens must name as their audience; empty for the gateway's `audience`.
    #[serde(default)]
    pub audience: String,
    /// What stands before its subjects, and a colon: needed where there are several issuers.
    #[serde(default)]
    pub prefix: String,
    /// The claim with its roles or groups: a list of names or one text; dots lead into objects. Empty where its tokens say
    /// `kind` and `scope` in our words.
    #[serde(default)]
    pub roles_claim: String,
    /// The claim with the organisation; empty for none. Looked at where there are roles.
    #[serde(default)]
    pub organisation_claim: String,
    /// What its roles are worth here. The first that a token has decides its kind.
    #[serde(default)]
    pub roles: Vec<RoleSettings>,
}

/// What a role of an identity provider is worth here.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSettings {
    /// Its name there.
    pub role: String,
    /// The kind of caller: `staff`, `operator`.
    pub kind: String,
    /// The scopes.
    pub scopes: Vec<String>,
}

impl GatewaySettings {
    /// How often the services are asked for their health; at least 100 ms.
    #[must_use]
    pub fn health_interval(&self) -> Duration {
        Duration::from_millis(self.health_interval_ms.max(100))
    }
}

/// What the settings are for.
#[must_use]
pub const fn setting_docs() -> SettingDocs {
    const DOCS: &[SettingDoc] = &[
        SettingDoc::plain("audience", "what bearer tokens must name as their audience"),
        SettingDoc::plain(
            "trusted_proxies",
            "how many of your own proxies stand before the gateway and add to x-forwarded-for: failures are counted by source",
        ),
        SettingDoc::plain(
            "issuers",
            "identity providers of staff and operators, with the kinds they vouch for and their keys",
        ),
        SettingDoc::plain(
            "tls.certificate_file",
            "certificate chain, PEM, for TLS on the gateway's own port; empty where something before it encrypts",
        ),
        SettingDoc::plain("tls.key_file", "its key, PEM"),
        SettingDoc::plain(
            "tls.client_authorities_file",
            "authorities whose client certificates partners may be known by by name, PEM; empty for none",
        ),
        SettingDoc::plain(
            "tls.trust_client_cert_header",
            "whether your proxy, which must be the only way in, says in client-cert (RFC 9440) what a client showed",
        ),
        SettingDoc::plain("allowed_origins", "web pages that may call, as origins; \"*\" for all"),
        SettingDoc::plain("max_json_bytes", "the largest JSON request, in bytes"),
        SettingDoc::plain(
            "health_interval_ms",
            "how often the services are asked for their health, in milliseconds",
        ),
    ];
    SettingDocs::of::<GatewaySettings>(DOCS)
}
