#![doc = include_str!("../README.md")]

pub mod api;
pub mod catalogues;
pub mod domain;
pub mod error;
pub mod exchange;
pub mod ids;
pub mod ops;
pub mod regions;
pub mod search;
pub mod settings;
pub mod shipped;
pub mod standard;
pub mod store;
mod work;

use std::convert::Infallible;
use std::sync::Arc;

use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_calendars::REGION_PROFILES;
use support_chassis::service::{Kit, Parts, Service, StartError};
use support_chassis::standard::TERRITORIES;
use support_proto::support::localisation::v1::answer_service_server::AnswerServiceServer;
use support_proto::support::localisation::v1::delivery_service_server::DeliveryServiceServer;
use support_proto::support::localisation::v1::detection_service_server::DetectionServiceServer;
use support_proto::support::localisation::v1::format_service_server::FormatServiceServer;
use support_proto::support::localisation::v1::knowledge_service_server::KnowledgeServiceServer;
use support_proto::support::localisation::v1::locale_service_server::LocaleServiceServer;
use support_proto::support::localisation::v1::message_service_server::MessageServiceServer;
use support_proto::support::localisation::v1::playbook_service_server::PlaybookServiceServer;
use support_proto::support::localisation::v1::region_service_server::RegionServiceServer;
use support_proto::support::localisation::v1::translation_service_server::TranslationServiceServer;

use api::answers::AnswerApi;
use api::delivery::DeliveryApi;
use api::detection::DetectionApi;
use api::formats::FormatApi;
use api::knowledge::KnowledgeApi;
use api::locales::LocaleApi;
use api::messages::MessageApi;
use api::playbooks::PlaybookApi;
use api::regions::RegionApi;
use api::translations::TranslationApi;
use catalogues::Catalogues;
use regions::Regions;
use search::live::Live;
use settings::LocalisationSettings;
use standard::knowledge::{KNOWLEDGE_RULES, Rules};
use standard::{MESSAGE_RULES, PLAYBOOKS};
use store::held::Held;
use work::CaseEvents;

/// The service's name.
pub const NAME: &str = "localisation";

static MIGRATOR: Migrator = sqlx::migrate!();

/// The service.
pub static SERVICE: Service = Service {
    name: NAME,
    title: "locales, the words in them, knowledge articles and playbooks",
    migrator: &MIGRATOR,
    defaults: include_str!("defaults.toml"),
    setting_docs: settings::DOCS,
    standards: &[&PLAYBOOKS, &KNOWLEDGE_RULES, &REGION_PROFILES, &MESSAGE_RULES],
    start: |kit| start(kit).boxed(),
};

async fn start(kit: Kit) -> Result<Parts, StartError> {
    let settings: LocalisationSettings = kit.section()?;
    ops::locales::register(&kit.db)
        .await
        .map_err(|error| StartError::other("the locales cannot be registered", error))?;
    if settings.seed_shipped_messages {
        let shipped =
            shipped::shipped().map_err(|error| StartError::other("shipped messages cannot be read", error))?;
        ops::seed::seed_messages(&kit.db, &kit.ids, &shipped)
            .await
            .map_err(|error| StartError::other("shipped messages cannot be published", error))?;
    }
    let catalogues = Catalogues::load(kit.db.clone())
        .await
        .map_err(|error| StartError::other("the catalogues cannot be loaded", error))?;
    let refreshed = catalogues.clone();
    // Whatever is written here or by another replica may be a publishing: of messages, or of an article.
    let (published, known) = (
        Arc::new(tokio::sync::Notify::new()),
        Arc::new(tokio::sync::Notify::new()),
    );
    let refresh = kit
        .lifecycle
        .every(settings.refresh_interval(), Some(Arc::clone(&published)), move || {
            let catalogues = refreshed.clone();
            async move { catalogues.refresh().await }
        });
    let told = [published, Arc::clone(&known)];
    let (mut commits, draining) = (kit.db.commits(), kit.lifecycle.draining());
    let hear = async move {
        let heard = async {
            while commits.changed().await.is_ok() {
                for told in &told {
                    told.notify_one();
                }
            }
        };
        draining.run_until_cancelled(heard).await;
        Ok::<_, Infallible>(())
    };
    let delivery = DeliveryApi::new(kit.db.clone(), catalogues.clone(), kit.common.feed.heartbeat());
    let regions = Regions::new(kit.standard(&REGION_PROFILES), kit.standard(&TERRITORIES));
    let texts = kit.standard(&MESSAGE_RULES);
    let playbooks = PlaybookApi::new(kit.standard(&PLAYBOOKS), catalogues.clone());
    let rules = Rules::new(kit.standard(&KNOWLEDGE_RULES));
    let search = Live::load(kit.db.clone())
        .await
        .map_err(|error| StartError::other("the articles cannot be indexed", error))?;
    let indexed = search.clone();
    let index = kit.lifecycle.every(settings.refresh_interval(), Some(known), move || {
        let search = indexed.clone();
        async move { search.refresh().await }
    });
    let measured = (search.clone(), kit.db.clone(), kit.clock.clone(), rules.clone());
    let figures = kit.lifecycle.every(settings.figures_interval(), None, move || {
        let (search, db, clock, rules) = measured.clone();
        async move { work::figures(&search, &db, &clock, &rules).await }
    });
    let answers = AnswerApi::new(
        kit.db.clone(),
        kit.ids.clone(),
        kit.clock.clone(),
        catalogues.clone(),
        search.clone(),
        kit.peer("case")?,
    );
    let knowledge = KnowledgeApi::new(
        kit.db.clone(),
        kit.ids.clone(),
        kit.clock.clone(),
        catalogues.clone(),
        rules.clone(),
        search,
    );
    let formats = FormatApi::new(catalogues.clone(), regions.clone());
    let regions = RegionApi::new(regions, catalogues.clone(), kit.clock.clone());
    Ok(Parts::new()
        .serve(PlaybookServiceServer::new(playbooks))
        .serve(FormatServiceServer::new(formats))
        .serve(RegionServiceServer::new(regions))
        .serve(DetectionServiceServer::new(DetectionApi))
        .serve(LocaleServiceServer::new(LocaleApi::new(catalogues.clone())))
        .serve(MessageServiceServer::new(MessageApi::new(
            kit.db.clone(),
            kit.ids.clone(),
            catalogues.clone(),
            texts.clone(),
        )))
        .serve(DeliveryServiceServer::new(delivery))
        .serve(TranslationServiceServer::new(TranslationApi::new(
            kit.db, kit.ids, catalogues, texts,
        )))
        .serve(KnowledgeServiceServer::new(knowledge))
        .serve(AnswerServiceServer::new(answers))
        .consume("case", CaseEvents { rules })
        .personal(Held)
        .work("refresh", refresh)
        .work("publishings", hear)
        .work("index of the articles", index)
        .work("figures of the articles", figures))
}
