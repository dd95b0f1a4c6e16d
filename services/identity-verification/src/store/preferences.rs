//! How customers want to be told.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};

use crate::domain::contact::ContactKind;
use crate::domain::happening::{Kind, Preferences};
use crate::domain::ids::CustomerId;

/// Reads how a customer wants to be told; as nobody ever said anything, where they did not.
pub async fn get(connection: &mut PgConnection, customer: CustomerId) -> Result<Preferences, DbError> {
    let row = sqlx::query!(
        "select preferred_kind, muted, plain_text_only, time_zone from contact_preferences where customer_id = $1",
        customer.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else {
        return Ok(Preferences::default());
    };
    let preferred = row
        .preferred_kind
        .map(|name| stored(ContactKind::from_name(&name), "contact_preferences", "preferred_kind"));
    Ok(Preferences {
        preferred: preferred.transpose()?,
        // What this build does not know it does not tell either.
        muted: row.muted.iter().filter_map(|name| Kind::from_name(name)).collect(),
        plain_text_only: row.plain_text_only,
        time_zone: row.time_zone,
    })
}

/// Writes how a customer wants to be told, and raises the customer's version.
pub async fn set(
    connection: &mut PgConnection,
    customer: CustomerId,
    preferences: &Preferences,
) -> Result<(), DbError> {
    let muted: Vec<String> = preferences.muted.iter().map(|kind| kind.as_str().to_owned()).collect();
    sqlx::query!(
        "with changed as (update customers set version = version + 1 where id = $1 returning id)
         insert into contact_preferences (customer_id, preferred_kind, muted, plain_text_only, time_zone)
         select changed.id, $2, $3, $4, $5 from changed
         on conflict (customer_id) do update
         set preferred_kind = excluded.preferred_kind, muted = excluded.muted,
             plain_text_only = excluded.plain_text_only, time_zone = excluded.time_zone",
        customer.uuid(),
        preferences.preferred.map(ContactKind::as_str),
        &muted,
        preferences.plain_text_only,
        preferences.time_zone.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
