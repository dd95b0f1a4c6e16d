#![doc = include_str!("../README.md")]

mod admit;
mod bodies;
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
pub use settings::{DEFAULTS, GatewaySettings, IssuerSettings, NAME, setting_docs};
