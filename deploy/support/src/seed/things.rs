//! Who repairs what is sold.

use support_proto::support::repair::v1::{CreateProviderRequest, ProviderKind};
use support_proto::support::types::v1::ProductLine;

/// The partners: organisation, and what their client is for.
pub(super) const PARTNERS: [(&str, &str); 5] = [
    ("nordlicht-service", "Nordlicht Service GmbH, Berlin: workshop system"),
    ("atelier-mobile", "Atelier Mobile SARL, Lyon: workshop system"),
    ("pennine-repair", "Pennine Repair Ltd, Leeds: workshop system"),
    ("cascade-fixit", "Cascade Fixit LLC, Portland: workshop system"),
    ("naniwa-shuri", "Naniwa Shuri KK, Osaka: workshop system"),
];

/// Code, name, kind, organisation, country.
const PROVIDERS: [(&str, &str, ProviderKind, &str, &str); 8] = [
    (
        "ASP-BER-01",
        "Nordlicht Service Berlin",
        ProviderKind::Partner,
        "nordlicht-service",
        "DE",
    ),
    (
        "ASP-LYS-01",
        "Atelier Mobile Lyon",
        ProviderKind::Partner,
        "atelier-mobile",
        "FR",
    ),
    (
        "ASP-LBA-01",
        "Pennine Repair Leeds",
        ProviderKind::Partner,
        "pennine-repair",
        "GB",
    ),
    (
        "ASP-PDX-01",
        "Cascade Fixit Portland",
        ProviderKind::Partner,
        "cascade-fixit",
        "US",
    ),
    (
        "ASP-KIX-01",
        "Naniwa Shuri Osaka",
        ProviderKind::Partner,
        "naniwa-shuri",
        "JP",
    ),
    ("STO-CPH-01", "Store Copenhagen", ProviderKind::OwnStore, "", "DK"),
    ("DEP-BRN-01", "Depot Brno", ProviderKind::Depot, "", "CZ"),
    ("DEP-SHA-01", "Depot Shanghai", ProviderKind::Depot, "", "CN"),
];

/// The providers, without request ids. Each repairs everything.
pub(super) fn providers() -> Vec<CreateProviderRequest> {
    let lines = [
        ProductLine::Phone,
        ProductLine::Laptop,
        ProductLine::Tablet,
        ProductLine::Watch,
        ProductLine::Audio,
        ProductLine::Desktop,
        ProductLine::Accessory,
    ];
    PROVIDERS
        .iter()
        .map(|(code, name, kind, organisation, country)| CreateProviderRequest {
            request_id: String::new(),
            code: (*code).to_owned(),
            name: (*name).to_owned(),
            kind: (*kind).into(),
            organisation_id: (*organisation).to_owned(),
            country_code: (*country).to_owned(),
            product_lines: lines.iter().map(|line| (*line).into()).collect(),
        })
        .collect()
}
