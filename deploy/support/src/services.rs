//! The six services.

use support_chassis::service::Service;

/// The services, each before those that ask it at their own start would like it to be up. Any order works.
pub static SERVICES: [&Service; 6] = [
    &support_localisation::SERVICE,
    &support_warranty::SERVICE,
    &support_identity_verification::SERVICE,
    &support_case::SERVICE,
    &support_routing::SERVICE,
    &support_repair_logistics::SERVICE,
];

/// Every name that settings may speak of: the services and the gateway.
#[must_use]
pub fn names() -> Vec<&'static str> {
    SERVICES
        .iter()
        .map(|service| service.name)
        .chain([support_gateway::NAME])
        .collect()
}

/// The service of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Service> {
    SERVICES.iter().copied().find(|service| service.name == name)
}
