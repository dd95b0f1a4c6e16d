#![doc = include_str!("../README.md")]

mod admit;
mod bodies;
mod certificates;
mod credentials;
mod front;
mod health;
mod json;
mod named;
mod oauth;
mod pass;
mod routes;
mod run;
mod settings;
mod split;
mod words;

pub use named::ContractError;
pub use run::{Running, StartError, run};
pub use settings::{
    DEFAULTS, DEVELOPMENT_ISSUER, GatewaySettings, IssuerSettings, NAME, RoleSettings, TlsSettings, setting_docs,
};
