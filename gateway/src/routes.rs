//! Which service serves which package.

use std::collections::HashMap;

use support_chassis::client::Peer;

/// Every service behind the gateway, with the package of the contract it serves.
pub(crate) const SERVICES: [(&str, &str); 6] = [
    ("identity-verification", "support.identity.v1"),
    ("case", "support.case.v1"),
    ("routing", "support.routing.v1"),
    ("warranty", "support.warranty.v1"),
    ("repair-logistics", "support.repair.v1"),
    ("localisation", "support.localisation.v1"),
];

/// The services by package. The event feed is in no package of these, so it is not passed on.
#[derive(Debug, Clone)]
pub(crate) struct Routes(HashMap<&'static str, Peer>);

impl Routes {
    pub(crate) fn new(peers: impl IntoIterator<Item = (&'static str, Peer)>) -> Self {
        Self(peers.into_iter().collect())
    }

    /// The service of the method at `/package.Service/Method`.
    pub(crate) fn of(&self, path: &str) -> Option<&Peer> {
        let (service, _) = path.strip_prefix('/')?.split_once('/')?;
        let (package, _) = service.rsplit_once('.')?;
        self.0.get(package)
    }
}
