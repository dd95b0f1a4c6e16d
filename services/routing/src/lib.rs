#![doc = include_str!("../README.md")]

pub mod api;
mod contract;
pub mod desk;
pub mod domain;
pub mod engine;
pub mod error;
pub mod explain;
pub mod live;
pub mod ops;
pub mod plan;
mod settings;
pub mod simulation;
pub mod staffing;
pub mod store;
pub mod training;
pub mod waits;
pub mod work;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::migrate::Migrator;
use support_calendars::Calendars;
use support_chassis::service::{Kit, Parts, Service, StartError};
use support_proto::support::routing::v1::agent_service_server::AgentServiceServer;
use support_proto::support::routing::v1::desk_service_server::DeskServiceServer;
use support_proto::support::routing::v1::plan_service_server::PlanServiceServer;
use support_proto::support::routing::v1::roster_service_server::RosterServiceServer;
use support_proto::support::routing::v1::simulation_service_server::SimulationServiceServer;
use support_proto::support::routing::v1::task_service_server::TaskServiceServer;
use support_proto::support::routing::v1::training_service_server::TrainingServiceServer;
use support_proto::support::routing::v1::wait_service_server::WaitServiceServer;

pub use desk::DESK_RULES;
pub use plan::ROUTING_PLAN;
pub use settings::RoutingSettings;
pub use training::TRAINING_RULES;

/// Routing's migrations.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// What routing is made of.
pub static SERVICE: Service = Service {
    name: "routing",
    title: "agents, their presence and capacity, and the way each task finds the right one",
    migrator: &MIGRATOR,
    defaults: settings::DEFAULTS,
    setting_docs: settings::DOCS,
    standards: &[&ROUTING_PLAN, &DESK_RULES, &TRAINING_RULES],
    start,
};

fn start(kit: Kit) -> BoxFuture<'static, Result<Parts, StartError>> {
    async move {
        let settings: RoutingSettings = kit.section()?;
        let live = live::Live::default();
        let calendars = Calendars::of(&kit.peer("localisation")?);
        let training = training::RuleBook::new(kit.standard(&TRAINING_RULES));
        let book = plan::Book::new(kit.standard(&ROUTING_PLAN), calendars.clone()).with_training(training.clone());
        let desk = ops::desk::Desk {
            ids: kit.ids.clone(),
            plans: book.clone(),
            rules: desk::RuleBook::new(kit.standard(&DESK_RULES)),
        };
        let parts = Parts::new()
            .work("calendars", calendars.follow(&kit.lifecycle))
            .serve(AgentServiceServer::new(api::AgentApi {
                db: kit.db.clone(),
                ids: kit.ids.clone(),
                live: live.clone(),
            }))
            .serve(SimulationServiceServer::new(api::SimulationApi::new(
                book.clone(),
                kit.clock.clone(),
                kit.ids.region(),
            )))
            .serve(TrainingServiceServer::new(api::TrainingApi {
                db: kit.db.clone(),
                live: live.clone(),
            }))
            .serve(RosterServiceServer::new(api::RosterApi { db: kit.db.clone() }))
            .serve(TaskServiceServer::new(api::TaskApi { db: kit.db.clone() }))
            .serve(WaitServiceServer::new(api::WaitApi {
                db: kit.db.clone(),
                waits: waits::Waits::new(kit.db.clone(), kit.clock.clone(), book.clone()),
                desk: desk.clone(),
                live: live.clone(),
            }))
            .serve(PlanServiceServer::new(api::PlanApi {
                db: kit.db.clone(),
                ids: kit.ids.clone(),
                clock: kit.clock.clone(),
                book: book.clone(),
            }))
            .serve(DeskServiceServer::new(api::DeskApi {
                db: kit.db.clone(),
                desk: desk.clone(),
                live: live.clone(),
            }))
            .consume(
                "case",
                work::CaseEvents {
                    ids: kit.ids.clone(),
                    clock: kit.clock.clone(),
                    book: book.clone(),
                },
            )
            .personal(store::held::Held);
        let parts = add_training(parts, &kit, settings, training);
        Ok(add_work(parts, &kit, settings, &live, desk))
    }
    .boxed()
}

fn add_training(parts: Parts, kit: &Kit, settings: RoutingSettings, rules: training::RuleBook) -> Parts {
    let (db, clock) = (kit.db.clone(), kit.clock.clone());
    let ends = kit.lifecycle.every(settings.poll_interval(), None, move || {
        let (db, clock) = (db.clone(), clock.clone());
        async move { work::training::ends(&db, &clock).await }
    });
    let (db, clock) = (kit.db.clone(), kit.clock.clone());
    let warnings = kit.lifecycle.every(work::training::WARNINGS, None, move || {
        let (db, clock, rules) = (db.clone(), clock.clone(), rules.clone());
        async move { work::training::warnings(&db, &clock, &rules).await }
    });
    parts
        .work("certifications that end", ends)
        .work("certifications that will end", warnings)
}

fn add_work(parts: Parts, kit: &Kit, settings: RoutingSettings, live: &live::Live, desk: ops::desk::Desk) -> Parts {
    let Kit {
        db,
        ids,
        clock,
        lifecycle,
        ..
    } = kit;
    let poll = settings.poll_interval();
    let keeper = work::keeper::Keeper::new(db.clone(), ids.clone(), clock.clone(), desk.plans.clone(), live.clone());
    let reader = work::reader::Reader::new(db.clone(), live.clone());
    let plans = desk.plans.clone();
    let sight = work::sight::Sight::new(db.clone(), clock.clone(), live.clone(), desk, clock.now());
    parts
        .work(
            "shadow",
            lifecycle.every(poll, None, {
                let (db, ids, clock) = (db.clone(), ids.clone(), clock.clone());
                move || {
                    let (db, ids, clock, plans) = (db.clone(), ids.clone(), clock.clone(), plans.clone());
                    async move { work::shadow::round(&db, &ids, &clock, &plans).await }
                }
            }),
        )
        .work("wake", work::wake(db.commits(), live.clone(), lifecycle.draining()))
        .work(
            "keeper alarm",
            live.keeper.clone().run(clock.clone(), lifecycle.draining()),
        )
        .work(
            "expiry alarm",
            live.expiry.clone().run(clock.clone(), lifecycle.draining()),
        )
        .work(
            "keeper",
            lifecycle.every(poll, Some(live.keeper.wake()), move || {
                let keeper = keeper.clone();
                async move { keeper.round().await }
            }),
        )
        .work(
            "expiry",
            lifecycle.every(poll, Some(live.expiry.wake()), {
                let (db, clock, live) = (db.clone(), clock.clone(), live.clone());
                move || {
                    let (db, clock, live) = (db.clone(), clock.clone(), live.clone());
                    async move { work::expiry::round(&db, &clock, &live).await }
                }
            }),
        )
        .work(
            "sight",
            lifecycle.every(poll, None, move || {
                let sight = sight.clone();
                async move { sight.round().await }
            }),
        )
        .work(
            "offer streams",
            lifecycle.every(poll, Some(live.reader.clone()), move || {
                let reader = reader.clone();
                async move { reader.round().await }
            }),
        )
}
