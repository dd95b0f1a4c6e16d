//! `DeliveryService`: catalogues to whoever holds them, and texts as they once stood.

mod recall;
mod watch;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use support_chassis::db::Db;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::delivery_service_server::DeliveryService;
use support_words::tag::Tag;
use tonic::{Request, Response, Status};

use self::watch::Watch;
use crate::catalogues::Catalogues;
use crate::domain::change::Wanted;

/// `DeliveryService`.
#[derive(Debug, Clone)]
pub struct DeliveryApi {
    db: Db,
    catalogues: Catalogues,
    heartbeat: Duration,
}

impl DeliveryApi {
    /// The service over the catalogues and the database that has their past. A stream on which nothing happens speaks every
    /// `heartbeat`.
    #[must_use]
    pub fn new(db: Db, catalogues: Catalogues, heartbeat: Duration) -> Self {
        Self {
            db,
            catalogues,
            heartbeat,
        }
    }
}

#[tonic::async_trait]
impl DeliveryService for DeliveryApi {
    type WatchCataloguesStream = BoxStream<'static, Result<wire::WatchCataloguesResponse, Status>>;

    async fn watch_catalogues(
        &self,
        request: Request<wire::WatchCataloguesRequest>,
    ) -> Result<Response<Self::WatchCataloguesStream>, Status> {
        let wire::WatchCataloguesRequest {
            held,
            locales,
            key_prefixes,
        } = request.into_inner();
        let locales: BTreeSet<Tag> = locales.iter().filter_map(|tag| Tag::parse(tag)).collect();
        let wanted = Wanted { key_prefixes };
        let watch = Watch::begin(&self.db, &self.catalogues, held, locales, wanted, self.heartbeat).await;
        Ok(Response::new(watch.into_stream().boxed()))
    }

    async fn recall_message(
        &self,
        request: Request<wire::RecallMessageRequest>,
    ) -> Result<Response<wire::RecallMessageResponse>, Status> {
        Ok(Response::new(self.recall(request.into_inner()).await?))
    }
}
