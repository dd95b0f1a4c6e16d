//! What is sold, and who repairs it.

use support_proto::support::repair::v1::{CreateProviderRequest, ProviderKind};
use support_proto::support::types::v1::{Date, ProductLine};
use support_proto::support::warranty::v1::CreateProductRequest;

/// A product in a line of the table.
type Row = (&'static str, &'static str, ProductLine, i32, (i32, i32));

/// Model code, name, line, months of limited warranty, year and month of release.
const PRODUCTS: [Row; 14] = [
    ("PHN-11-64", "Halden Phone 11", ProductLine::Phone, 12, (2019, 9)),
    ("PHN-14-128", "Halden Phone 14", ProductLine::Phone, 12, (2022, 9)),
    ("PHN-17-256", "Halden Phone 17", ProductLine::Phone, 12, (2025, 9)),
    ("LAP-13-A", "Halden Book 13", ProductLine::Laptop, 12, (2020, 11)),
    ("LAP-16-C", "Halden Book 16", ProductLine::Laptop, 12, (2024, 10)),
    ("TAB-10-9", "Halden Slate 10", ProductLine::Tablet, 12, (2022, 10)),
    ("TAB-12-5", "Halden Slate 12 Pro", ProductLine::Tablet, 12, (2024, 5)),
    ("WAT-8-45", "Halden Watch 8", ProductLine::Watch, 12, (2022, 9)),
    ("WAT-U2", "Halden Watch Summit", ProductLine::Watch, 24, (2023, 9)),
    ("AUD-BUDS-2", "Halden Buds 2", ProductLine::Audio, 12, (2022, 9)),
    ("AUD-OVER-1", "Halden Studio", ProductLine::Audio, 12, (2020, 12)),
    ("DSK-MINI-4", "Halden Mini", ProductLine::Desktop, 12, (2024, 11)),
    ("ACC-PRN-1", "Halden Print", ProductLine::Accessory, 12, (2015, 3)),
    ("ACC-CAM-1", "Halden Camera", ProductLine::Accessory, 12, (2018, 6)),
];

/// The products, without request ids.
pub(super) fn products() -> Vec<CreateProductRequest> {
    PRODUCTS
        .iter()
        .map(|(model_code, name, line, months, (year, month))| CreateProductRequest {
            request_id: String::new(),
            model_code: (*model_code).to_owned(),
            name: (*name).to_owned(),
            product_line: (*line).into(),
            limited_warranty_months: *months,
            release_date: Some(Date {
                year: *year,
                month: *month,
                day: 1,
            }),
            ..CreateProductRequest::default()
        })
        .collect()
}

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
