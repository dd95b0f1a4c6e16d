//! What is said in cases. Written by [`cases::save`](super::cases::save).

use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::vault::{Held, Vault};
use time::OffsetDateTime;

use super::marks::origin;
use super::sealed;
use crate::domain::kinds::{Author, Channel};
use crate::domain::language::Language;
use crate::domain::message::Message;
use crate::domain::{CaseId, CustomerId, MessageId};

/// Up to `limit` messages of a customer's case behind the place `after` of its history, in their order.
pub async fn list(
    connection: &mut PgConnection,
    vault: &Vault,
    (case, customer): (CaseId, CustomerId),
    after: i64,
    limit: i64,
) -> Result<Vec<Message>, DbError> {
    let held = vault.held(connection, customer.uuid()).await?;
    let rows = sqlx::query_as!(
        MessageRow,
        r#"select id as "id: MessageId", case_id as "case: CaseId", sequence, author, author_id, channel, language, body,
               sealed_body, send_time, text_key, text_locale, text_version
           from messages where case_id = $1 and sequence > $2 order by sequence limit $3"#,
        case.uuid(),
        after,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(|row| row.read(&held)).collect()
}

/// The channel of the last message of a case; none where nothing was said.
pub async fn last_channel(connection: &mut PgConnection, case: CaseId) -> Result<Option<Channel>, DbError> {
    let channel = sqlx::query_scalar!(
        "select channel from messages where case_id = $1 order by sequence desc limit 1",
        case.uuid()
    )
    .fetch_optional(connection)
    .await?;
    channel
        .map(|name| {
            Channel::from_name(&name).ok_or(DbError::Corrupt {
                table: "messages",
                column: "channel",
            })
        })
        .transpose()
}

/// No `Debug`: it holds people's words.
struct MessageRow {
    id: MessageId,
    case: CaseId,
    sequence: i64,
    author: String,
    author_id: Option<String>,
    channel: String,
    language: String,
    body: String,
    sealed_body: Option<Vec<u8>>,
    send_time: OffsetDateTime,
    text_key: Option<String>,
    text_locale: Option<String>,
    text_version: Option<i64>,
}

impl MessageRow {
    fn read(self, held: &Held) -> Result<Message, DbError> {
        let row = self;
        let corrupt = |column| DbError::Corrupt {
            table: "messages",
            column,
        };
        Ok(Message {
            id: row.id,
            case: row.case,
            sequence: row.sequence,
            author: Author::from_name(&row.author).ok_or_else(|| corrupt("author"))?,
            author_id: row.author_id,
            channel: Channel::from_name(&row.channel).ok_or_else(|| corrupt("channel"))?,
            language: Language::parse(&row.language).map_err(|_| corrupt("language"))?,
            body: sealed::open_body(held, row.id, row.sealed_body.as_deref(), &row.body)?,
            send_time: row.send_time,
            text: origin(row.text_key, row.text_locale, row.text_version).map_err(|_| corrupt("text_locale"))?,
        })
    }
}
