#![doc = include_str!("../README.md")]

pub mod api;
pub mod domain;
pub mod error;
pub mod ops;
pub mod standard;
pub mod store;
mod wire;
pub mod words;
pub mod work;

use std::future::ready;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_chassis::service::{Kit, Parts, Service, StartError};
use support_chassis::settings::SettingDocs;
use support_proto::support::warranty::v1::catalogue_service_server::CatalogueServiceServer;
use support_proto::support::warranty::v1::coverage_service_server::CoverageServiceServer;
use support_proto::support::warranty::v1::device_life_service_server::DeviceLifeServiceServer;
use support_proto::support::warranty::v1::device_service_server::DeviceServiceServer;
use support_proto::support::warranty::v1::device_transfer_service_server::DeviceTransferServiceServer;
use support_proto::support::warranty::v1::entitlement_service_server::EntitlementServiceServer;
use support_proto::support::warranty::v1::explanation_service_server::ExplanationServiceServer;
use support_proto::support::warranty::v1::fleet_service_server::FleetServiceServer;
use support_proto::support::warranty::v1::plan_service_server::PlanServiceServer;
use support_proto::support::warranty::v1::proof_of_purchase_service_server::ProofOfPurchaseServiceServer;
use support_proto::support::warranty::v1::repair_price_service_server::RepairPriceServiceServer;

use support_words::client::Words;

use crate::api::{Api, PlanApi};
use crate::standard::plans::PLAN_TERMS;
use crate::standard::{COVERAGE_TERMS, PriceBook, REPAIR_PRICES, Rulebook};
use crate::store::held::Held;
use crate::work::RepairEvents;

/// The migrations of this service's database.
pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// What the service is made of.
pub static SERVICE: Service = Service {
    name: "warranty",
    title: "what the maker sold, to whom, and what it owes for it",
    migrator: &MIGRATOR,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[&COVERAGE_TERMS, &REPAIR_PRICES, &PLAN_TERMS],
    start: |kit| ready(parts(kit)).boxed(),
};

/// How often reservations that are over are looked for.
const EXPIRY_PERIOD: Duration = Duration::from_secs(1);

fn parts(kit: Kit) -> Result<Parts, StartError> {
    // All of them: the terms of coverage may name any message to be asked.
    let words = Words::new(&kit.peer("localisation")?, &[]);
    let delivered = words.keep(kit.lifecycle.draining());
    let terms = kit.standard(&COVERAGE_TERMS);
    let plan_terms = kit.standard(&PLAN_TERMS);
    let repairs = RepairEvents { ids: kit.ids.clone() };
    let expiry = kit.lifecycle.every(EXPIRY_PERIOD, None, {
        let db = kit.db.clone();
        move || {
            let db = db.clone();
            async move { work::entitlements::expire(&db).await }
        }
    });
    let plans_of_rules = plan_terms.clone();
    let plans = PlanApi::new(kit.db.clone(), kit.ids.clone(), kit.clock.clone(), plan_terms.clone());
    let upkeep_of_plans = kit.lifecycle.every(work::plans::EVERY, None, {
        let (db, clock) = (kit.db.clone(), kit.clock.clone());
        move || {
            let (db, clock, terms) = (db.clone(), clock.clone(), plan_terms.clone());
            async move { work::plans::round(&db, &clock, &terms).await }
        }
    });
    let prices = PriceBook::new(kit.standard(&REPAIR_PRICES), kit.clock.clone());
    let transfers = kit.lifecycle.every(work::transfers::PERIOD, None, {
        let db = kit.db.clone();
        move || work::transfers::expire(db.clone())
    });
    let rules = Rulebook::new(terms.clone(), prices.clone(), plans_of_rules);
    let api = Api::new(kit.db, kit.ids, kit.clock, terms, prices, rules, words);
    Ok(Parts::new()
        .serve(CatalogueServiceServer::new(api.clone()))
        .serve(DeviceServiceServer::new(api.clone()))
        .serve(DeviceLifeServiceServer::new(api.clone()))
        .serve(DeviceTransferServiceServer::new(api.clone()))
        .serve(ProofOfPurchaseServiceServer::new(api.clone()))
        .serve(RepairPriceServiceServer::new(api.clone()))
        .serve(CoverageServiceServer::new(api.clone()))
        .serve(ExplanationServiceServer::new(api.clone()))
        .serve(FleetServiceServer::new(api.clone()))
        .serve(EntitlementServiceServer::new(api))
        .serve(PlanServiceServer::new(plans))
        .consume("repair-logistics", repairs)
        .personal(Held)
        .work("words", delivered)
        .work("expiry of entitlements", expiry)
        .work("upkeep of plans", upkeep_of_plans)
        .work("expiry of transfers", transfers))
}
