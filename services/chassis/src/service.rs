//! What puts a service together.
//!
//! A service's lib.rs holds one [`Service`] that says what it is made of: its migrations, its settings, and a function
//! from a [`Kit`] (everything it stands on) to [`Parts`] (everything it adds). [`run`] does the rest, in the same order for
//! `support case`, for `support up` and for tests: check all settings, take the port, connect, refuse to start on an old
//! schema, start the parts, and only then say SERVING.
//!
//! ```ignore
//! pub static SERVICE: Service = Service {
//!     name: "case",
//!     title: "cases, conversations and their clocks",
//!     migrator: &MIGRATOR,
//!     defaults: include_str!("defaults.toml"),
//!     setting_docs: SettingDocs::of::<CaseSettings>(&[SettingDoc::plain("first_response_minutes", "...")]),
//!     standards: &[&SERVICE_LEVELS],
//!     start: |kit| async move {
//!         let settings: CaseSettings = kit.section()?;
//!         let localisation = kit.peer("localisation")?;
//!         Ok(Parts::new()
//!             .serve(CaseServiceServer::new(CaseApi::new(&kit, localisation)))
//!             .consume("repair-logistics", RepairEvents::default())
//!             .work("clocks", kit.lifecycle.every(settings.tick(), None, move || ops::advance_clocks(kit.clone()))))
//!     }.boxed(),
//! };
//! ```

mod error;
mod gauges;
mod kit;
mod parts;
mod run;

use futures_util::future::BoxFuture;
use sqlx::migrate::Migrator;

pub use error::StartError;
pub use kit::Kit;
pub use parts::Parts;
pub use run::{Applied, Running, migrate, run, run_at};

use crate::settings::{Resolved, SettingDocs, Settings};
use crate::standard::DocumentType;

/// What a service is made of.
#[derive(Debug)]
pub struct Service {
    /// Its name: that of its folder, its peers' settings, its passports and its logs (`identity-verification`).
    pub name: &'static str,
    /// What it does, in one line, for `--help`.
    pub title: &'static str,
    /// Its migrations.
    pub migrator: &'static Migrator,
    /// The defaults of its own settings, as TOML without its name around it. Every setting has one.
    pub defaults: &'static str,
    /// What its own settings are for, and the type that checks them.
    pub setting_docs: SettingDocs,
    /// The documents of the standard that it rules by.
    pub standards: &'static [&'static dyn DocumentType],
    /// Makes its parts.
    pub start: fn(Kit) -> BoxFuture<'static, Result<Parts, StartError>>,
}

impl Service {
    /// What this service is told by `settings`: to check or describe them without starting it.
    #[must_use]
    pub fn settings(&self, settings: &Settings) -> Resolved {
        settings.resolve(self.name, self.defaults, self.setting_docs)
    }
}
