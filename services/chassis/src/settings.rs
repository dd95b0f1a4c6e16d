//! What a service is told from outside (being written: see `common` for the types).

mod common;

pub use common::{
    Common, DatabaseSettings, Environment, FeedSettings, LogFormat, PassportSettings, Peers, ServerSettings,
    TelemetrySettings, TrustRole, TrustSettings,
};
