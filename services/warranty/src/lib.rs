#![doc = include_str!("../README.md")]

pub mod api;
pub mod domain;
pub mod error;
pub mod ops;
pub mod standard;
pub mod store;
mod wire;

use std::future::ready;

use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_chassis::service::{Kit, Parts, Service};
use support_chassis::settings::SettingDocs;
use support_proto::support::warranty::v1::catalogue_service_server::CatalogueServiceServer;
use support_proto::support::warranty::v1::coverage_service_server::CoverageServiceServer;
use support_proto::support::warranty::v1::device_service_server::DeviceServiceServer;

use crate::api::Api;
use crate::standard::COVERAGE_TERMS;

/// The migrations of this service's database.
pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// What the service is made of.
pub static SERVICE: Service = Service {
    name: "warranty",
    title: "what the maker sold, to whom, and what it owes for it",
    migrator: &MIGRATOR,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[&COVERAGE_TERMS],
    start: |kit| ready(Ok(parts(kit))).boxed(),
};

fn parts(kit: Kit) -> Parts {
    let terms = kit.standard(&COVERAGE_TERMS);
    let api = Api::new(kit.db, kit.ids, terms);
    Parts::new()
        .serve(CatalogueServiceServer::new(api.clone()))
        .serve(DeviceServiceServer::new(api.clone()))
        .serve(CoverageServiceServer::new(api))
}
