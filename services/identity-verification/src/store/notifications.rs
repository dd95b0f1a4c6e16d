//! Happenings as they are told at addresses.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::named;
use support_chassis::page::Page;
use support_chassis::vault::{Held, Vault};
use time::{Date, OffsetDateTime};

use super::happenings::{Facts, Happening};
use super::sealed::{self, contact_of};
use crate::domain::contact::Contact;
use crate::domain::customer::Name;
use crate::domain::happening::{Keys, Kind};
use crate::domain::ids::{CaseId, ContactPointId, CustomerId, DeliveryId, HappeningId, NotificationId, SubjectId};
use crate::words::CatalogueVersion;

named! {
    /// How far a notification is.
    State {
        /// It is to be sent.
        Pending = "pending",
        /// It was taken.
        Sent = "sent",
        /// There was no need.
        Dropped = "dropped",
        /// It could not be sent.
        Failed = "failed",
    }
}

/// The sort key of a list of notifications: when it happened, in microseconds since 1970, and the id.
pub type SortKey = (i64, NotificationId);

/// Where a happening is told.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// At an address, with a delivery, in these words.
    At(ContactPointId, DeliveryId, &'a Keys),
    /// Nowhere, for this reason.
    Nowhere(&'static str),
}

/// Writes down that a happening is told, or not, once for each address.
pub async fn insert(
    connection: &mut PgConnection,
    id: NotificationId,
    happening: &Happening,
    way: Way<'_>,
    basis: &str,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    let (contact_point, delivery, keys, reason) = match way {
        Way::At(contact_point, delivery, keys) => (Some(contact_point), Some(delivery), Some(keys), None),
        Way::Nowhere(reason) => (None, None, None, Some(reason)),
    };
    sqlx::query!(
        "insert into notifications
             (id, happening_id, kind, customer_id, case_id, subject_id, occurred_at, contact_point_id, delivery_id, basis,
              subject_key, text_key, more_key, state, reason, created_at, ended_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         on conflict on constraint notifications_once_key do nothing",
        id.uuid(),
        happening.id.uuid(),
        happening.kind.as_str(),
        happening.customer_id.map(CustomerId::uuid),
        happening.case_id.map(CaseId::uuid),
        happening.subject_id.map(SubjectId::uuid),
        happening.occurred_at,
        contact_point.map(ContactPointId::uuid),
        delivery.map(DeliveryId::uuid),
        basis,
        keys.map(|keys| keys.subject.as_str()),
        keys.map(|keys| keys.text.as_str()),
        keys.and_then(|keys| keys.more.as_deref()),
        if reason.is_some() { "dropped" } else { "pending" },
        reason,
        now,
        reason.map(|_| now),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A notification that is to be sent.
#[derive(Debug, Clone)]
pub struct Telling {
    /// Its id.
    pub id: NotificationId,
    /// What happened.
    pub kind: Kind,
    /// What it is about: the repair or the plan, else the case.
    pub about: Option<SubjectId>,
    /// The message that is its subject.
    pub subject_key: String,
    /// The message that says it.
    pub text_key: String,
    /// What an e-mail says besides.
    pub more_key: Option<String>,
    /// What was found out.
    pub facts: Facts,
    /// An amount: the currency and minor units.
    pub amount: Option<(String, i64)>,
    /// A day.
    pub day: Option<Date>,
    /// The address that was changed.
    pub changed: Option<Contact>,
}

/// What a delivery has to tell, in the order in which it happened.
pub async fn of_delivery(
    connection: &mut PgConnection,
    vault: &Vault,
    delivery: DeliveryId,
) -> Result<Vec<Telling>, DbError> {
    let rows = sqlx::query!(
        r#"select told.id as "id: NotificationId", told.kind, told.case_id as "case_id: SubjectId",
             told.subject_id as "subject_id: SubjectId", told.subject_key, told.text_key, told.more_key,
             happened.case_number, happened.place, happened.plan_name_key, happened.currency, happened.minor_units,
             happened.day, point.id as "changed_id?: ContactPointId", point.kind as "changed_kind?",
             point.customer_id as "changed_of?: CustomerId", point.sealed_value
         from notifications as told
         join happenings as happened on happened.id = told.happening_id
         left join contact_points as point on point.id = happened.contact_point_id
         where told.delivery_id = $1 and told.state = 'pending'
         order by told.occurred_at, told.id"#,
        delivery.uuid(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let customers: Vec<_> = rows
        .iter()
        .filter_map(|row| row.changed_of)
        .map(CustomerId::uuid)
        .collect();
    let keys = vault.held_by(connection, &customers).await?;
    rows.into_iter()
        .map(|row| {
            let changed = row.changed_of.zip(row.changed_id).zip(row.changed_kind);
            Ok(Telling {
                id: row.id,
                kind: stored(Kind::from_name(&row.kind), "notifications", "kind")?,
                about: row.subject_id.or(row.case_id),
                subject_key: stored(row.subject_key, "notifications", "subject_key")?,
                text_key: stored(row.text_key, "notifications", "text_key")?,
                more_key: row.more_key,
                facts: Facts {
                    case_number: row.case_number,
                    place: row.place,
                    plan_name_key: row.plan_name_key,
                },
                amount: row.currency.zip(row.minor_units),
                day: row.day,
                changed: match changed {
                    Some(((customer, point), kind)) => contact_of(&keys, customer, point, &kind, row.sealed_value)?,
                    None => None,
                },
            })
        })
        .collect()
}

/// Ends what a delivery still had to tell, all alike.
pub async fn end_all(
    connection: &mut PgConnection,
    delivery: DeliveryId,
    state: State,
    reason: Option<&str>,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "update notifications set state = $2, reason = $3, ended_at = $4 where delivery_id = $1 and state = 'pending'",
        delivery.uuid(),
        state.as_str(),
        reason,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What was told of a notification: where the words of its text came from, and those of its second paragraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Which.
    pub id: NotificationId,
    /// The text's.
    pub text: CatalogueVersion,
    /// The second paragraph's.
    pub more: Option<CatalogueVersion>,
}

/// Writes down that a notification was sent, and in which words.
pub async fn sent(connection: &mut PgConnection, told: &Told, now: OffsetDateTime) -> Result<(), DbError> {
    sqlx::query!(
        "update notifications
         set state = 'sent', reason = null, ended_at = $2, text_locale = $3, text_version = $4, more_locale = $5,
             more_version = $6
         where id = $1",
        told.id.uuid(),
        now,
        told.text.locale,
        told.text.version,
        told.more.as_ref().map(|more| more.locale.as_str()),
        told.more.as_ref().map(|more| more.version),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which notifications are asked for: of a customer, of a case, or both.
#[derive(Debug, Clone, Copy)]
pub struct Filter {
    /// Of this customer.
    pub customer_id: Option<CustomerId>,
    /// Of this case.
    pub case_id: Option<CaseId>,
}

/// A notification as it is listed.
#[derive(Debug)]
pub struct Listed {
    /// Its id.
    pub id: NotificationId,
    /// The happening.
    pub happening_id: HappeningId,
    /// What happened.
    pub kind: Kind,
    /// Whom it concerns.
    pub customer_id: Option<CustomerId>,
    /// The case.
    pub case_id: Option<CaseId>,
    /// The repair or the plan.
    pub subject_id: Option<SubjectId>,
    /// When it happened.
    pub occurred_at: OffsetDateTime,
    /// Where it is told.
    pub address: Option<Contact>,
    /// With which message.
    pub delivery_id: Option<DeliveryId>,
    /// The rules.
    pub basis: String,
    /// How far it is.
    pub state: State,
    /// Why it is so.
    pub reason: Option<String>,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
    /// The subject line's message and where its words came from.
    pub subject: Option<(String, CatalogueVersion)>,
    /// The text's.
    pub text: Option<(String, CatalogueVersion)>,
    /// The second paragraph's.
    pub more: Option<(String, CatalogueVersion)>,
}

/// The notifications, newest first: one more than the page holds.
pub async fn list(
    connection: &mut PgConnection,
    vault: &Vault,
    filter: Filter,
    page: &Page<SortKey>,
) -> Result<Vec<Listed>, DbError> {
    let (after_at, after_id) = match &page.after {
        Some((at, id)) => (Some(super::from_microseconds(*at)), Some(id.uuid())),
        None => (None, None),
    };
    let rows = sqlx::query!(
        r#"select told.id as "id: NotificationId", told.happening_id as "happening_id: HappeningId", told.kind,
             told.customer_id as "customer_id: CustomerId", told.case_id as "case_id: CaseId",
             told.subject_id as "subject_id: SubjectId", told.occurred_at, told.delivery_id as "delivery_id: DeliveryId",
             told.basis, told.state, told.reason, told.ended_at, told.text_key, told.text_locale, told.text_version,
             told.more_key, told.more_locale, told.more_version, delivery.subject_key as "subject_key?",
             delivery.subject_locale as "subject_locale?", delivery.subject_version as "subject_version?",
             point.id as "address_id?: ContactPointId", point.kind as "address_kind?",
             point.customer_id as "address_of?: CustomerId", point.sealed_value
         from notifications as told
         left join deliveries as delivery on delivery.id = told.delivery_id and told.state = 'sent'
         left join contact_points as point on point.id = told.contact_point_id
         where ($1::uuid is null or told.customer_id = $1) and ($2::uuid is null or told.case_id = $2)
             and ($3::timestamptz is null or (told.occurred_at, told.id) < ($3, $4))
         order by told.occurred_at desc, told.id desc limit $5"#,
        filter.customer_id.map(CustomerId::uuid),
        filter.case_id.map(CaseId::uuid),
        after_at,
        after_id,
        page.limit(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let customers: Vec<_> = rows
        .iter()
        .filter_map(|row| row.address_of)
        .map(CustomerId::uuid)
        .collect();
    let keys = vault.held_by(connection, &customers).await?;
    rows.into_iter()
        .map(|row| {
            let address = row.address_of.zip(row.address_id).zip(row.address_kind);
            let version = CatalogueVersion::of;
            Ok(Listed {
                id: row.id,
                happening_id: row.happening_id,
                kind: stored(Kind::from_name(&row.kind), "notifications", "kind")?,
                customer_id: row.customer_id,
                case_id: row.case_id,
                subject_id: row.subject_id,
                occurred_at: row.occurred_at,
                address: match address {
                    Some(((customer, point), kind)) => contact_of(&keys, customer, point, &kind, row.sealed_value)?,
                    None => None,
                },
                delivery_id: row.delivery_id,
                basis: row.basis,
                state: stored(State::from_name(&row.state), "notifications", "state")?,
                reason: row.reason,
                ended_at: row.ended_at,
                subject: row.subject_key.zip(version(row.subject_locale, row.subject_version)),
                text: row.text_key.zip(version(row.text_locale, row.text_version)),
                more: row.more_key.zip(version(row.more_locale, row.more_version)),
            })
        })
        .collect()
}

/// The sort key of a notification.
#[must_use]
pub fn sort_key(listed: &Listed) -> SortKey {
    (super::microseconds(listed.occurred_at), listed.id)
}

/// What is known of whom a delivery goes to.
#[derive(Debug)]
pub struct Recipient {
    /// Whose address it is.
    pub customer_id: CustomerId,
    /// The address.
    pub contact: Contact,
    /// How the customer wants to be addressed.
    pub name: Name,
    /// What they read, best first.
    pub languages: Vec<String>,
    /// Whether e-mails are plain text alone.
    pub plain_text_only: bool,
    /// Until when it is worth telling.
    pub expires_at: OffsetDateTime,
    /// The message that an e-mail begins with.
    pub greeting_key: String,
    /// The message that it ends with.
    pub closing_key: String,
}

/// Reads to whom a delivery of notifications goes; none where it is none, or who it goes to was erased.
pub async fn recipient(
    connection: &mut PgConnection,
    vault: &Vault,
    delivery: DeliveryId,
) -> Result<Option<Recipient>, DbError> {
    let row = sqlx::query!(
        r#"select point.id as "point_id: ContactPointId", point.kind, point.sealed_value,
             customer.id as "customer_id: CustomerId", customer.sealed_given_name, customer.sealed_family_name,
             customer.sealed_display_name, customer.languages,
             coalesce(wishes.plain_text_only, false) as "plain_text_only!", delivery.expires_at as "expires_at!",
             delivery.greeting_key as "greeting_key!", delivery.closing_key as "closing_key!"
         from deliveries as delivery
         join contact_points as point on point.id = delivery.contact_point_id
         join customers as customer on customer.id = point.customer_id
         left join contact_preferences as wishes on wishes.customer_id = customer.id
         where delivery.id = $1"#,
        delivery.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let key = match vault.held(connection, row.customer_id.uuid()).await? {
        Held::Erased => return Ok(None),
        held => held.key()?,
    };
    Ok(Some(Recipient {
        customer_id: row.customer_id,
        contact: sealed::contact(&key, row.point_id, &row.kind, row.sealed_value)?,
        name: sealed::name(
            &key,
            [row.sealed_given_name, row.sealed_family_name, row.sealed_display_name],
        )?,
        languages: row.languages,
        plain_text_only: row.plain_text_only,
        expires_at: row.expires_at,
        greeting_key: row.greeting_key,
        closing_key: row.closing_key,
    }))
}
