#![doc = include_str!("../README.md")]

pub mod api;
pub mod domain;
pub mod error;
pub mod ops;
pub mod standard;
pub mod store;
pub mod warranty;
mod wire;
pub mod work;

use std::future::ready;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_chassis::db::DbError;
use support_chassis::service::{Kit, Parts, Service, StartError};
use support_chassis::settings::SettingDocs;
use support_proto::support::repair::v1::provider_service_server::ProviderServiceServer;
use support_proto::support::repair::v1::repair_service_server::RepairServiceServer;

use crate::api::Api;
use crate::standard::REPAIR_PROCEDURES;
use crate::store::held::Held;
use crate::warranty::Warranty;
use crate::work::CaseEvents;

/// The migrations of this service's database.
pub static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// What the service is made of.
pub static SERVICE: Service = Service {
    name: "repair-logistics",
    title: "repairs, from the order to the customer's hand, and those who carry them out",
    migrator: &MIGRATOR,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[&REPAIR_PROCEDURES],
    start: |kit| ready(parts(&kit)).boxed(),
};

/// How often is looked for words that a build which did not seal yet has written beside this one.
const SEAL_EVERY: Duration = Duration::from_mins(1);

fn parts(kit: &Kit) -> Result<Parts, StartError> {
    let vault = kit.vault()?;
    let (sealed, keys) = (kit.db.clone(), vault.clone());
    let seal = kit.lifecycle.every(SEAL_EVERY, None, move || {
        let (sealed, keys) = (sealed.clone(), keys.clone());
        async move {
            let count = store::sealed::seal_clear(&sealed, &keys).await?;
            if count > 0 {
                tracing::info!(count, "repairs are sealed");
            }
            Ok::<_, DbError>(())
        }
    });
    let api = Api::new(
        kit.db.clone(),
        kit.ids.clone(),
        kit.clock.clone(),
        Warranty::new(kit.peer(warranty::NAME)?),
        kit.standard(&REPAIR_PROCEDURES),
        vault.clone(),
    );
    Ok(Parts::new()
        .serve(ProviderServiceServer::new(api.clone()))
        .serve(RepairServiceServer::new(api))
        .consume("case", CaseEvents)
        .work("sealing", seal)
        .personal(Held { vault }))
}
