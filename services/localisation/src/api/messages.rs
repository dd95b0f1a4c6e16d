//! `MessageService`: reads are answered from memory.

use std::collections::btree_map::Entry;

use support_chassis::call::Call;
use support_chassis::db::Db;
use support_chassis::error::chain;
use support_chassis::id::Ids;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::message_service_server::MessageService;
use tonic::{Request, Response, Status};

use super::{metrics, present};
use crate::catalogues::Catalogues;
use crate::domain::catalogue::{Arguments, Value};
use crate::error::Error;
use crate::ops::publish::{self, NewMessage};

/// What is reported where the text is not in the negotiated locale.
const LOCALE_DEGRADED: &str = "locale";

/// `MessageService`.
#[derive(Debug, Clone)]
pub struct MessageApi {
    db: Db,
    ids: Ids,
    catalogues: Catalogues,
}

impl MessageApi {
    /// The service over a database and the catalogues.
    #[must_use]
    pub fn new(db: Db, ids: Ids, catalogues: Catalogues) -> Self {
        Self { db, ids, catalogues }
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
        self.db
            .write(call, request, async |tx| {
                let expected = request.expected_version;
                let published = publish::publish(tx, &self.ids, &locale.tag, &messages, expected, by).await?;
                let locale = present::locale_at(locale, published.message_count, published.version);
                Ok(wire::PublishMessagesResponse { locale: Some(locale) })
            })
            .await
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
        } = request.into_inner();
        let snapshot = self.catalogues.current();
        let answer = snapshot
            .render(&key, &languages, &values(arguments))
            .ok_or(Error::MessageNotFound)?;
        let mut degradations = answer.rendered.degradations;
        if answer.fell_back || !degradations.is_empty() {
            let negotiated = snapshot.locales().negotiate(&languages);
            metrics::degraded(&negotiated.locale.tag, &degradations, answer.fell_back);
        }
        if answer.fell_back {
            degradations.push(LOCALE_DEGRADED.to_owned());
        }
        Ok(Response::new(wire::RenderMessageResponse {
            text: answer.rendered.text,
            locale: answer.locale.tag.to_string(),
            direction: present::direction(answer.locale.direction).into(),
            degradations,
        }))
    }

    async fn publish_messages(
        &self,
        request: Request<wire::PublishMessagesRequest>,
    ) -> Result<Response<wire::PublishMessagesResponse>, Status> {
        let call = Call::of(&request)?;
        let answer = self.publish(&call, request.get_ref()).await?;
        // It is published whatever comes of this, and the next round of the refresh makes up for it.
        if let Err(error) = self.catalogues.refresh().await {
            tracing::warn!(error = chain(&error), "published messages are not in memory yet");
        }
        Ok(Response::new(answer))
    }
}

/// The values by name. What is not exactly one value counts as missing: a message must reach its reader even if its sender
/// made a mistake.
fn values(arguments: Vec<wire::Argument>) -> Arguments {
    let mut values = Arguments::new();
    for argument in arguments {
        let wire::Argument {
            name,
            text,
            number,
            time,
        } = argument;
        let value = match (text, number, time) {
            (Some(text), None, None) => Value::Text(text),
            (None, Some(number), None) => Value::Number(number),
            (None, None, Some(time)) => milliseconds(&time).map_or(Value::Wrong, Value::Time),
            _ => Value::Wrong,
        };
        match values.entry(name) {
            Entry::Vacant(entry) => drop(entry.insert(value)),
            Entry::Occupied(mut entry) => drop(entry.insert(Value::Wrong)),
        }
    }
    values
}

fn milliseconds(time: &prost_types::Timestamp) -> Option<i64> {
    let nanos = i64::from(u32::try_from(time.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?);
    time.seconds.checked_mul(1_000)?.checked_add(nanos / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(name: &str) -> wire::Argument {
        wire::Argument {
            name: name.to_owned(),
            text: None,
            number: None,
            time: None,
        }
    }

    #[test]
    fn what_is_not_exactly_one_value_counts_as_missing() {
        let time = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
        let values = values(vec![
            wire::Argument {
                text: Some("x".to_owned()),
                ..argument("text")
            },
            wire::Argument {
                number: Some(1.5),
                ..argument("number")
            },
            wire::Argument {
                time: time(1, 2_000_000),
                ..argument("time")
            },
            argument("none"),
            wire::Argument {
                text: Some("x".to_owned()),
                number: Some(1.0),
                ..argument("both")
            },
            wire::Argument {
                number: Some(1.0),
                ..argument("twice")
            },
            wire::Argument {
                number: Some(1.0),
                ..argument("twice")
            },
            wire::Argument {
                time: time(i64::MAX, 0),
                ..argument("never")
            },
            wire::Argument {
                time: time(0, -1),
                ..argument("broken")
            },
        ]);
        assert_eq!(values["text"], Value::Text("x".to_owned()));
        assert_eq!(values["number"], Value::Number(1.5));
        assert_eq!(values["time"], Value::Time(1_002));
        for name in ["none", "both", "twice", "never", "broken"] {
            assert_eq!(values[name], Value::Wrong, "{name}");
        }
    }
}
