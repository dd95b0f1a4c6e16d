//! Everything a service stands on.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::StartError;
use crate::call::Call;
use crate::clock::Clock;
use crate::db::Db;
use crate::id::{Ids, Region};
use crate::lifecycle::Lifecycle;
use crate::passport::Signer;
use crate::settings::{Common, Resolved};

/// Everything a service stands on. Clones share it.
#[derive(Clone)]
pub struct Kit {
    /// The service's name.
    pub name: &'static str,
    /// The region this process serves.
    pub region: Region,
    /// What time it is.
    pub clock: Clock,
    /// Where new ids come from.
    pub ids: Ids,
    /// The service's database.
    pub db: Db,
    /// How the service lives and ends.
    pub lifecycle: Lifecycle,
    /// The settings that every service has.
    pub common: Arc<Common>,
    /// What signs the service's own passports, and for identity-verification and the gateway those of callers; none where
    /// no key is set.
    pub signer: Option<Arc<Signer>>,
    pub(super) resolved: Arc<Resolved>,
}

impl Kit {
    /// The service's own settings.
    ///
    /// # Errors
    ///
    /// All faults at once; only where `T` is not the type that the service's `setting_docs` name.
    pub fn section<T: DeserializeOwned>(&self) -> Result<T, StartError> {
        Ok(self.resolved.section()?)
    }

    /// A call on the service's own account, for background work: `work` names it in logs and in request ids.
    #[must_use]
    pub fn own_call(&self, work: &str) -> Call {
        Call::service(self.name, work).with_draining(self.lifecycle.draining())
    }
}

impl fmt::Debug for Kit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kit")
            .field("name", &self.name)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
