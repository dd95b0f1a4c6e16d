//! What a local system would have sent.

use std::fmt;

use sqlx::PgConnection;
use support_chassis::db::DbError;
use support_chassis::id::Id;
use support_chassis::page::Page;
use time::OffsetDateTime;

use crate::domain::ids::{DeliveryId, VerificationId};
use crate::words::{CatalogueVersion, Origin};

/// The sort key of a list of messages: when it was sent, in microseconds since 1970, and the id.
pub type SortKey = (i64, Id);

/// A message that was kept instead of sent. Prints nothing of itself.
pub struct Message {
    /// The id.
    pub id: Id,
    /// Which delivery it was.
    pub delivery_id: DeliveryId,
    /// The verification whose code is in it; none where it tells something.
    pub verification_id: Option<VerificationId>,
    /// The address.
    pub recipient: String,
    /// The subject line.
    pub subject: String,
    /// The text.
    pub body: String,
    /// The text as HTML, where it has that.
    pub html: Option<String>,
    /// The language it is written in, BCP 47; `und` where that is none.
    pub language: String,
    /// Where its words came from; none where it went without.
    pub origin: Option<Origin>,
    /// When it would have been sent.
    pub sent_at: OffsetDateTime,
}

impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Message({}, ..)", self.id)
    }
}

/// Which messages are asked for.
#[derive(Default)]
pub struct Filter {
    /// Only those to this address, compared without regard to case.
    pub recipient: Option<String>,
    /// Only those of this verification.
    pub verification_id: Option<VerificationId>,
}

/// Keeps a message, once for each delivery.
pub async fn insert(connection: &mut PgConnection, new: &Message) -> Result<(), DbError> {
    sqlx::query!(
        "insert into local_outbox_messages (id, delivery_id, verification_id, recipient, subject, body, language, sent_at, html)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict on constraint local_outbox_messages_delivery_key do nothing",
        new.id.uuid(),
        new.delivery_id.uuid(),
        new.verification_id.map(VerificationId::uuid),
        new.recipient,
        new.subject,
        new.body,
        new.language,
        new.sent_at,
        new.html.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The messages, newest first: one more than the page holds.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    page: &Page<SortKey>,
) -> Result<Vec<Message>, DbError> {
    let (after_at, after_id) = match &page.after {
        Some((at, id)) => (Some(super::from_microseconds(*at)), Some(id.uuid())),
        None => (None, None),
    };
    let rows = sqlx::query!(
        r#"select message.id as "id: Id", delivery_id as "delivery_id: DeliveryId",
             message.verification_id as "verification_id: VerificationId", recipient, subject, body, language, sent_at, html,
             delivery.subject_locale as "subject_locale?", delivery.subject_version as "subject_version?",
             delivery.body_locale as "body_locale?", delivery.body_version as "body_version?"
         from local_outbox_messages as message
         left join deliveries as delivery on delivery.id = message.delivery_id
         where ($1::text is null or lower(recipient) = lower($1))
             and ($2::uuid is null or message.verification_id = $2)
             and ($3::timestamptz is null or (sent_at, message.id) < ($3, $4))
         order by sent_at desc, message.id desc limit $5"#,
        filter.recipient,
        filter.verification_id.map(VerificationId::uuid),
        after_at,
        after_id,
        page.limit(),
    )
    .fetch_all(connection)
    .await?;
    let messages = rows.into_iter().map(|row| Message {
        id: row.id,
        delivery_id: row.delivery_id,
        verification_id: row.verification_id,
        recipient: row.recipient,
        subject: row.subject,
        body: row.body,
        html: row.html,
        language: row.language,
        origin: CatalogueVersion::of(row.subject_locale, row.subject_version)
            .zip(CatalogueVersion::of(row.body_locale, row.body_version))
            .map(|(subject, body)| Origin { subject, body }),
        sent_at: row.sent_at,
    });
    Ok(messages.collect())
}

/// Removes messages sent before `before`, at most `limit`, and says how many they were.
pub async fn prune(connection: &mut PgConnection, before: OffsetDateTime, limit: i64) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from local_outbox_messages where id in (
             select id from local_outbox_messages where sent_at < $1 order by sent_at limit $2
         )",
        before,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}

/// The sort key of a message.
#[must_use]
pub fn sort_key(message: &Message) -> SortKey {
    (super::microseconds(message.sent_at), message.id)
}
