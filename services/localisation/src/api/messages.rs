//! `MessageService`: reads are answered from memory.

use support_chassis::call::Call;
use support_chassis::db::Db;
use support_chassis::error::chain;
use support_chassis::id::Ids;
use support_chassis::standard::Standard;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::message_service_server::MessageService;
use tonic::{Request, Response, Status};

use super::present;
use crate::catalogues::Catalogues;
use crate::error::Error;
use crate::ops::publish::{self, NewMessage};
use crate::standard::TextRules;
use support_words::reader::Reader;
use support_words::wire as words;

/// `MessageService`.
#[derive(Debug, Clone)]
pub struct MessageApi {
    db: Db,
    ids: Ids,
    catalogues: Catalogues,
    rules: Standard<wire::MessageRules>,
}

impl MessageApi {
    /// The service over a database and the catalogues, with what texts keep to.
    #[must_use]
    pub fn new(db: Db, ids: Ids, catalogues: Catalogues, rules: Standard<wire::MessageRules>) -> Self {
        Self {
            db,
            ids,
            catalogues,
            rules,
        }
    }

    async fn publish(
        &self,
        call: &Call,
        request: &wire::PublishMessagesRequest,
    ) -> Result<wire::PublishMessagesResponse, Error> {
        let snapshot = self.catalogues.current();
        let locale = snapshot.locales().find(&request.locale).ok_or(Error::LocaleNotFound)?;
        let messages: Vec<NewMessage> = request
            .messages
            .iter()
            .map(|message| NewMessage {
                key: message.key.clone(),
                pattern: message.pattern.clone(),
            })
            .collect();
        let by = &call.caller().subject;
        let rules = TextRules::today(&self.rules);
        self.db
            .write(call, request, async |tx| {
                let expected = request.expected_version;
                let published = publish::publish(tx, &self.ids, &rules, &locale.tag, &messages, expected, by).await?;
                let locale = present::locale_at(locale, published.message_count, published.version);
                Ok(wire::PublishMessagesResponse { locale: Some(locale) })
            })
            .await
    }
}

/// Takes what was published into memory before it is answered. It is published whatever comes of this, and the next round
/// of the refresh makes up for it.
pub(super) async fn take_over(catalogues: &Catalogues) {
    if let Err(error) = catalogues.refresh().await {
        tracing::warn!(error = chain(&error), "published messages are not in memory yet");
    }
}

#[tonic::async_trait]
impl MessageService for MessageApi {
    async fn get_catalogue(
        &self,
        request: Request<wire::GetCatalogueRequest>,
    ) -> Result<Response<wire::GetCatalogueResponse>, Status> {
        let snapshot = self.catalogues.current();
        let locale = snapshot
            .locales()
            .find(&request.into_inner().locale)
            .ok_or(Error::LocaleNotFound)?;
        let messages = snapshot
            .merged(&locale.tag)
            .into_iter()
            .map(|found| wire::CatalogueMessage {
                key: found.key.to_owned(),
                pattern: found.pattern.to_owned(),
                locale: found.locale.to_string(),
            })
            .collect();
        let locale = Some(present::locale(locale, &snapshot));
        Ok(Response::new(wire::GetCatalogueResponse { locale, messages }))
    }

    async fn render_message(
        &self,
        request: Request<wire::RenderMessageRequest>,
    ) -> Result<Response<wire::RenderMessageResponse>, Status> {
        let wire::RenderMessageRequest {
            key,
            languages,
            arguments,
            time_zone,
        } = request.into_inner();
        let snapshot = self.catalogues.current();
        let reader = Reader::new(&languages).in_zone(&time_zone);
        let rendered = words::text_for(&snapshot, &key, &languages, &words::values(arguments), &reader);
        let wire::RenderedText {
            text,
            locale,
            direction,
            degradations,
            version,
            ..
        } = rendered.ok_or(Error::MessageNotFound)?;
        Ok(Response::new(wire::RenderMessageResponse {
            text,
            locale,
            direction,
            degradations,
            version,
        }))
    }

    async fn render_messages(
        &self,
        request: Request<wire::RenderMessagesRequest>,
    ) -> Result<Response<wire::RenderMessagesResponse>, Status> {
        let wire::RenderMessagesRequest {
            languages,
            messages,
            time_zone,
        } = request.into_inner();
        let reader = Reader::new(&languages).in_zone(&time_zone);
        let snapshot = self.catalogues.current();
        let texts = messages
            .into_iter()
            .map(|message| {
                let arguments = words::values(message.arguments);
                words::text_or_key_for(&snapshot, &message.key, &languages, &arguments, &reader)
            })
            .collect();
        Ok(Response::new(wire::RenderMessagesResponse { texts }))
    }

    async fn publish_messages(
        &self,
        request: Request<wire::PublishMessagesRequest>,
    ) -> Result<Response<wire::PublishMessagesResponse>, Status> {
        let call = Call::of(&request)?;
        let answer = self.publish(&call, request.get_ref()).await?;
        take_over(&self.catalogues).await;
        Ok(Response::new(answer))
    }
}
