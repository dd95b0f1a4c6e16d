//! What is known of customers besides name and address.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::page::Page;
use support_chassis::vault::{Field, Held, Vault};
use time::OffsetDateTime;

use crate::domain::ids::{ConsentId, CustomerId};
use crate::domain::profile::{Channel, Consent, ConsentKind, Need, Wording};

const NEEDS: Field = Field::new("accessibility_needs.needs");
const CONSENTS: &str = "consents";

/// Changes what a customer reads, and raises the customer's version.
pub async fn set_languages(
    connection: &mut PgConnection,
    customer: CustomerId,
    languages: &[String],
) -> Result<(), DbError> {
    sqlx::query!(
        "update customers set languages = $2, version = version + 1 where id = $1",
        customer.uuid(),
        languages,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The languages that a customer reads, best first.
pub async fn languages(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<String>, DbError> {
    let found = sqlx::query_scalar!("select languages from customers where id = $1", customer.uuid())
        .fetch_optional(connection)
        .await?;
    Ok(found.unwrap_or_default())
}

/// Changes what a customer needs, and raises the customer's version.
///
/// # Errors
///
/// [`DbError`] also where the customer was erased.
pub async fn set_needs(
    connection: &mut PgConnection,
    vault: &Vault,
    customer: CustomerId,
    needs: &[Need],
) -> Result<(), DbError> {
    let names: Vec<_> = needs.iter().map(|need| need.as_str()).collect();
    let key = vault.held(connection, customer.uuid()).await?.key()?;
    sqlx::query!(
        "with changed as (update customers set version = version + 1 where id = $1 returning id)
         insert into accessibility_needs (customer_id, sealed_needs) select changed.id, $2 from changed
         on conflict (customer_id) do update set sealed_needs = excluded.sealed_needs",
        customer.uuid(),
        key.seal(NEEDS, names.join(",").as_bytes())?,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a customer needs; nothing where nobody said so, or they were erased.
pub async fn needs(connection: &mut PgConnection, vault: &Vault, customer: CustomerId) -> Result<Vec<Need>, DbError> {
    let sealed = sqlx::query_scalar!(
        "select sealed_needs from accessibility_needs where customer_id = $1",
        customer.uuid(),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    let key = match vault.held(connection, customer.uuid()).await? {
        Held::Erased => return Ok(Vec::new()),
        held => held.key()?,
    };
    // What this build does not know it cannot say.
    let names = key.open_text(NEEDS, &sealed)?;
    Ok(names.split(',').filter_map(Need::from_name).collect())
}

/// Writes that a customer consented, or no longer does.
pub async fn insert_consent(connection: &mut PgConnection, new: &Consent) -> Result<(), DbError> {
    sqlx::query!(
        "insert into consents (id, customer_id, kind, is_given, recorded_at, channel, wording_key, wording_locale,
             wording_version, actor_kind)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id.uuid(),
        new.customer_id.uuid(),
        new.kind.as_str(),
        new.is_given,
        new.recorded_at,
        new.channel.as_str(),
        new.wording.key,
        new.wording.locale,
        new.wording.version,
        new.actor_kind,
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct Row {
    id: ConsentId,
    customer_id: CustomerId,
    kind: String,
    is_given: bool,
    recorded_at: OffsetDateTime,
    channel: String,
    wording_key: String,
    wording_locale: String,
    wording_version: i64,
    actor_kind: String,
}

impl TryFrom<Row> for Consent {
    type Error = DbError;

    fn try_from(row: Row) -> Result<Self, DbError> {
        Ok(Self {
            id: row.id,
            customer_id: row.customer_id,
            kind: stored(ConsentKind::from_name(&row.kind), CONSENTS, "kind")?,
            is_given: row.is_given,
            recorded_at: row.recorded_at,
            channel: stored(Channel::from_name(&row.channel), CONSENTS, "channel")?,
            wording: Wording {
                key: row.wording_key,
                locale: row.wording_locale,
                version: row.wording_version,
            },
            actor_kind: row.actor_kind,
        })
    }
}

/// The latest record of each kind.
pub async fn current_consents(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Consent>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select distinct on (kind) id as "id: ConsentId", customer_id as "customer_id: CustomerId", kind, is_given,
             recorded_at, channel, wording_key, wording_locale, wording_version, actor_kind
         from consents where customer_id = $1 order by kind, id desc"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Consent::try_from)
    .collect()
}

/// All records of a customer, newest first: one more than the page holds. The sort key is the id.
pub async fn consents(
    connection: &mut PgConnection,
    customer: CustomerId,
    page: &Page<ConsentId>,
) -> Result<Vec<Consent>, DbError> {
    sqlx::query_as!(
        Row,
        r#"select id as "id: ConsentId", customer_id as "customer_id: CustomerId", kind, is_given, recorded_at, channel,
             wording_key, wording_locale, wording_version, actor_kind
         from consents where customer_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3"#,
        customer.uuid(),
        page.after.map(ConsentId::uuid),
        page.limit(),
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(Consent::try_from)
    .collect()
}
