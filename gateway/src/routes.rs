//! Which service serves which method.

use std::collections::HashMap;

use prost_reflect::DescriptorPool;
use support_chassis::client::Peer;

use crate::named::{ContractError, NamingField, naming_fields};

/// Every service behind the gateway, with the package of the contract it serves.
pub(crate) const SERVICES: [(&str, &str); 6] = [
    ("identity-verification", "support.identity.v1"),
    ("case", "support.case.v1"),
    ("routing", "support.routing.v1"),
    ("warranty", "support.warranty.v1"),
    ("repair-logistics", "support.repair.v1"),
    ("localisation", "support.localisation.v1"),
];

/// Where the calls of a method go.
#[derive(Debug, Clone)]
pub(crate) enum Route {
    /// To the service whose package the method is of.
    Service(Peer),
    /// To the service that the request names.
    Named(NamingField),
}

/// Where the calls of every method go. The event feed is in no service's package and its requests name none, so it is not
/// passed on.
#[derive(Debug, Clone)]
pub(crate) struct Routes {
    by_path: HashMap<String, Route>,
    by_name: HashMap<&'static str, Peer>,
}

impl Routes {
    /// `peers`: each service's name and package with how it is reached.
    pub(crate) fn new(
        pool: &DescriptorPool,
        peers: impl IntoIterator<Item = (&'static str, &'static str, Peer)>,
    ) -> Result<Self, ContractError> {
        let (mut by_package, mut by_name) = (HashMap::new(), HashMap::new());
        for (name, package, peer) in peers {
            by_package.insert(package, peer.clone());
            by_name.insert(name, peer);
        }
        let mut by_path: HashMap<String, Route> = naming_fields(pool)?
            .into_iter()
            .map(|(path, field)| (path, Route::Named(field)))
            .collect();
        for service in pool.services() {
            let Some(peer) = by_package.get(service.package_name()) else {
                continue;
            };
            for method in service.methods() {
                let path = format!("/{}/{}", service.full_name(), method.name());
                by_path.entry(path).or_insert_with(|| Route::Service(peer.clone()));
            }
        }
        Ok(Self { by_path, by_name })
    }

    /// Where the calls of the method at `/package.Service/Method` go.
    pub(crate) fn of(&self, path: &str) -> Option<&Route> {
        self.by_path.get(path)
    }

    /// The service of that name.
    pub(crate) fn named(&self, name: &str) -> Option<&Peer> {
        self.by_name.get(name)
    }

    /// The full names of the services of the contract that can be called here.
    pub(crate) fn served(&self) -> Vec<String> {
        let mut served: Vec<String> = self
            .by_path
            .keys()
            .filter_map(|path| Some(path.strip_prefix('/')?.split_once('/')?.0.to_owned()))
            .collect();
        served.sort_unstable();
        served.dedup();
        served
    }
}
