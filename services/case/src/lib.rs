#![doc = include_str!("../README.md")]

pub mod api;
pub mod desk;
pub mod domain;
pub mod error;
pub mod levels;
pub mod ops;
pub mod store;
mod what_if;
mod wire;
pub mod work;

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_calendars::Calendars;
use support_chassis::db::DbError;
use support_chassis::service::{Kit, Parts, Service, StartError};
use support_chassis::settings::SettingDocs;
use support_proto::support::case::v1::case_playbook_service_server::CasePlaybookServiceServer;
use support_proto::support::case::v1::case_service_server::CaseServiceServer;

use tokio::sync::Notify;

use crate::api::CaseApi;
use crate::api::playbook::PlaybookApi;
use crate::desk::{Playbooks, Pulses};
use crate::levels::Book;
use crate::store::held::Held;
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

/// How often cases are looked at that a desk shows, where nothing tells that one has changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often is looked for words that a build which did not seal yet has written beside this one.
const SEAL_EVERY: Duration = Duration::from_mins(1);

fn parts(kit: Kit) -> Result<Parts, StartError> {
    let vault = kit.vault()?;
    let (sealed, keys) = (kit.db.clone(), vault.clone());
    let seal = kit.lifecycle.every(SEAL_EVERY, None, move || {
        let (sealed, keys) = (sealed.clone(), keys.clone());
        async move {
            let count = store::sealed::seal_clear(&sealed, &keys).await?;
            if count > 0 {
                tracing::info!(count, "cases and messages are sealed");
            }
            Ok::<_, DbError>(())
        }
    });
    let calendars = Calendars::of(&kit.peer("localisation")?);
    let book = Book::new(kit.standard(&SERVICE_LEVELS), calendars.clone());
    let follow = calendars.follow(&kit.lifecycle);
    let pulses = Pulses::default();
    // Whatever is committed here or by another replica may be what a desk waits for.
    let woken = Arc::new(Notify::new());
    let (mut commits, draining, wake) = (kit.db.commits(), kit.lifecycle.draining(), Arc::clone(&woken));
    let hear = async move {
        let heard = async {
            while commits.changed().await.is_ok() {
                wake.notify_one();
            }
        };
        draining.run_until_cancelled(heard).await;
        Ok::<_, Infallible>(())
    };
    let (watched, db) = (pulses.clone(), kit.db.clone());
    let look = kit.lifecycle.every(LOOK_EVERY, Some(woken), move || {
        let (watched, db) = (watched.clone(), db.clone());
        async move { watched.look(&db).await }
    });
    let playbooks = Playbooks::of(&kit.peer("localisation")?);
    let desks = PlaybookApi::new(kit.db.clone(), kit.clock.clone(), playbooks, pulses, vault.clone());
    Ok(Parts::new()
        .work("desks", look)
        .work("desks-wake", hear)
        .serve(CasePlaybookServiceServer::new(desks))
        .work("calendars", follow)
        .work("sealing", seal)
        .serve(CaseServiceServer::new(CaseApi::new(
            kit.db,
            kit.ids,
            kit.clock,
            book,
            vault.clone(),
        )))
        .consume("routing", RoutingEvents { vault: vault.clone() })
        .consume("repair-logistics", RepairEvents)
        .personal(Held { vault }))
}
