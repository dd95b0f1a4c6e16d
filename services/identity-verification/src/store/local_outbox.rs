//! What a local system would have sent.

use std::fmt;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::id::Id;
use support_chassis::page::Page;
use support_chassis::vault::{DataKey, Field, Held, Vault};
use time::OffsetDateTime;

use crate::domain::ids::{CustomerId, DeliveryId, VerificationId};
use crate::words::{CatalogueVersion, Origin};

const TABLE: &str = "local_outbox_messages";
const CONTENT: Field = Field::new("local_outbox_messages.content");
const RECIPIENT: Field = Field::new("local_outbox_messages.recipient");

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
    /// Whom it is to: nothing is sent to an address that is nobody's.
    pub customer_id: CustomerId,
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

/// What of a message is sealed.
#[derive(Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) recipient: String,
    pub(super) subject: String,
    pub(super) body: String,
    pub(super) html: Option<String>,
}

impl Content {
    pub(super) fn seal(&self, key: &DataKey, id: Id) -> Result<Vec<u8>, DbError> {
        let text = stored(serde_json::to_vec(self).ok(), TABLE, "content")?;
        Ok(key.seal(CONTENT.of(id.uuid()), &text)?)
    }

    pub(super) fn open(key: &DataKey, id: Id, sealed: &[u8]) -> Result<Self, DbError> {
        let text = key.open(CONTENT.of(id.uuid()), sealed)?;
        stored(serde_json::from_slice(&text).ok(), TABLE, "content")
    }
}

/// What a message is found by, without regard to case: the names of the look-up keys and the hashes, side by side.
pub(super) fn lookups(vault: &Vault, recipient: &str) -> (Vec<String>, Vec<Vec<u8>>) {
    vault
        .lookups(RECIPIENT, &recipient.to_lowercase())
        .into_iter()
        .map(|lookup| (lookup.key, lookup.hash.to_vec()))
        .unzip()
}

/// Which messages are asked for.
#[derive(Default)]
pub struct Filter {
    /// Only those to this address, compared without regard to case.
    pub recipient: Option<String>,
    /// Only those of this verification.
    pub verification_id: Option<VerificationId>,
}

/// Keeps a message, once for each delivery; not where its customer was erased meanwhile.
///
/// # Errors
///
/// Those of the database.
pub async fn insert(connection: &mut PgConnection, vault: &Vault, new: &Message) -> Result<(), DbError> {
    let key = match vault.held(connection, new.customer_id.uuid()).await? {
        Held::Erased => return Ok(()),
        held => held.key()?,
    };
    let content = Content {
        recipient: new.recipient.clone(),
        subject: new.subject.clone(),
        body: new.body.clone(),
        html: new.html.clone(),
    };
    let (keys, hashes) = lookups(vault, &new.recipient);
    sqlx::query!(
        "insert into local_outbox_messages (
             id, delivery_id, verification_id, customer_id, sealed_content, lookup_keys, lookup_hashes, language, sent_at
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict on constraint local_outbox_messages_delivery_key do nothing",
        new.id.uuid(),
        new.delivery_id.uuid(),
        new.verification_id.map(VerificationId::uuid),
        new.customer_id.uuid(),
        content.seal(&key, new.id)?,
        &keys,
        &hashes,
        new.language,
        new.sent_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The messages, newest first: one more than the page holds. Those of builds before that are not sealed yet come when they are.
///
/// # Errors
///
/// Those of the database.
pub async fn list(
    connection: &mut PgConnection,
    vault: &Vault,
    filter: &Filter,
    page: &Page<SortKey>,
) -> Result<Vec<Message>, DbError> {
    let (after_at, after_id) = match &page.after {
        Some((at, id)) => (Some(super::from_microseconds(*at)), Some(id.uuid())),
        None => (None, None),
    };
    let hashes = filter.recipient.as_deref().map(|recipient| lookups(vault, recipient).1);
    // What was kept at the moment its customer was erased does not open any more.
    let rows = sqlx::query!(
        r#"select message.id as "id: Id", delivery_id as "delivery_id: DeliveryId",
             message.verification_id as "verification_id: VerificationId", message.customer_id as "customer_id!: CustomerId",
             sealed_content as "sealed_content!", language, sent_at,
             delivery.subject_locale as "subject_locale?", delivery.subject_version as "subject_version?",
             delivery.body_locale as "body_locale?", delivery.body_version as "body_version?"
         from local_outbox_messages as message
         join customer_keys as held on held.customer_id = message.customer_id and held.erased_at is null
         left join deliveries as delivery on delivery.id = message.delivery_id
         where ($1::bytea[] is null or lookup_hashes && $1)
             and ($2::uuid is null or message.verification_id = $2)
             and ($3::timestamptz is null or (sent_at, message.id) < ($3, $4))
         order by sent_at desc, message.id desc limit $5"#,
        hashes.as_deref(),
        filter.verification_id.map(VerificationId::uuid),
        after_at,
        after_id,
        page.limit(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let customers: Vec<_> = rows.iter().map(|row| row.customer_id.uuid()).collect();
    let keys = vault.held_by(connection, &customers).await?;
    let mut messages = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(key) = keys.get(&row.customer_id.uuid()) else {
            continue;
        };
        let content = Content::open(key, row.id, &row.sealed_content)?;
        messages.push(Message {
            id: row.id,
            delivery_id: row.delivery_id,
            verification_id: row.verification_id,
            customer_id: row.customer_id,
            recipient: content.recipient,
            subject: content.subject,
            body: content.body,
            html: content.html,
            language: row.language,
            origin: CatalogueVersion::of(row.subject_locale, row.subject_version)
                .zip(CatalogueVersion::of(row.body_locale, row.body_version))
                .map(|(subject, body)| Origin { subject, body }),
            sent_at: row.sent_at,
        });
    }
    Ok(messages)
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
