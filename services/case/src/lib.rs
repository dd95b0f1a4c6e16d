#![doc = include_str!("../README.md")]

pub mod api;
pub mod domain;
pub mod error;
pub mod levels;
pub mod ops;
pub mod store;
mod what_if;
mod wire;
pub mod work;

use std::future::ready;

use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_calendars::Calendars;
use support_chassis::service::{Kit, Parts, Service, StartError};
use support_chassis::settings::SettingDocs;
use support_proto::support::case::v1::case_service_server::CaseServiceServer;

use crate::api::CaseApi;
use crate::levels::Book;
use crate::work::{RepairEvents, RoutingEvents};

pub use levels::SERVICE_LEVELS;

/// The migrations of this service's database.
pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// What the service is made of.
pub static SERVICE: Service = Service {
    name: "case",
    title: "cases, what is said in them, and all that happened to them",
    migrator: &MIGRATOR,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[&SERVICE_LEVELS],
    start: |kit| ready(parts(kit)).boxed(),
};

fn parts(kit: Kit) -> Result<Parts, StartError> {
    let calendars = Calendars::of(&kit.peer("localisation")?);
    let book = Book::new(kit.standard(&SERVICE_LEVELS), calendars.clone());
    let follow = calendars.follow(&kit.lifecycle);
    Ok(Parts::new()
        .work("calendars", follow)
        .serve(CaseServiceServer::new(CaseApi::new(kit.db, kit.ids, kit.clock, book)))
        .consume("routing", RoutingEvents)
        .consume("repair-logistics", RepairEvents))
}
