//! Seals what the build before wrote in the clear while it goes on beside this one.

use support_chassis::db::{Db, DbError};
use support_chassis::id::Id;
use support_chassis::vault::Vault;

use super::authenticators::DISPLAY_NAME;
use super::local_outbox::{Content, lookups};
use crate::domain::ids::{AuthenticatorId, CustomerId};

/// How many rows are sealed in one transaction.
const AT_ONCE: i64 = 200;

/// Seals the names of authenticators and the messages of a local outbox that are in the clear, makes those messages found by the vault's
/// look-up keys, and says of how many rows. Safe to run anywhere at any time, also by several at once: it takes what nobody else is at.
///
/// # Errors
///
/// Those of the database.
pub async fn seal(db: &Db, vault: &Vault) -> Result<u64, DbError> {
    let mut count = 0;
    loop {
        let sealed = names(db, vault).await? + messages(db, vault).await? + messages_found(db, vault).await?;
        if sealed == 0 {
            return Ok(count);
        }
        count += sealed;
    }
}

async fn names(db: &Db, vault: &Vault) -> Result<u64, DbError> {
    let mut tx = db.begin().await?;
    let rows = sqlx::query!(
        r#"select id as "id: AuthenticatorId", customer_id, display_name from authenticators where display_name <> ''
         order by customer_id, id limit $1 for no key update skip locked"#,
        AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?;
    let customers: Vec<_> = rows.iter().map(|row| row.customer_id).collect();
    let keys = vault.held_by(tx.conn(), &customers).await?;
    for row in &rows {
        // Of whoever was erased meanwhile nothing is left to seal.
        let sealed = match keys.get(&row.customer_id) {
            Some(key) => Some(key.seal(DISPLAY_NAME.of(row.id.uuid()), row.display_name.as_bytes())?),
            None => None,
        };
        sqlx::query!(
            "update authenticators set display_name = '', sealed_display_name = $2 where id = $1",
            row.id.uuid(),
            sealed,
        )
        .execute(tx.conn())
        .await?;
    }
    tx.commit().await?;
    Ok(rows.len().try_into().unwrap_or(u64::MAX))
}

async fn messages(db: &Db, vault: &Vault) -> Result<u64, DbError> {
    let mut tx = db.begin().await?;
    let rows = sqlx::query!(
        r#"select message.id as "id: Id", recipient, subject, body, html,
             coalesce(verification.customer_id, point.customer_id) as "customer_id?: CustomerId"
         from local_outbox_messages as message
         left join verifications as verification on verification.id = message.verification_id
         left join deliveries as delivery on delivery.id = message.delivery_id
         left join contact_points as point on point.id = delivery.contact_point_id
         where sealed_content is null
         order by message.id limit $1 for no key update of message skip locked"#,
        AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?;
    let customers: Vec<_> = rows
        .iter()
        .filter_map(|row| row.customer_id)
        .map(CustomerId::uuid)
        .collect();
    let data_keys = vault.held_by(tx.conn(), &customers).await?;
    let count = rows.len();
    for row in rows {
        let owner = row
            .customer_id
            .and_then(|customer| Some((customer, data_keys.get(&customer.uuid())?)));
        let Some((customer, key)) = owner else {
            // Nobody's any more: of who was erased, or of a delivery that is gone.
            sqlx::query!("delete from local_outbox_messages where id = $1", row.id.uuid())
                .execute(tx.conn())
                .await?;
            continue;
        };
        let (names, hashes) = lookups(vault, &row.recipient);
        let content = Content {
            recipient: row.recipient,
            subject: row.subject,
            body: row.body,
            html: row.html,
        };
        sqlx::query!(
            "update local_outbox_messages
             set recipient = default, subject = default, body = default, html = null, customer_id = $2, sealed_content = $3,
                 lookup_keys = $4, lookup_hashes = $5
             where id = $1",
            row.id.uuid(),
            customer.uuid(),
            content.seal(key, row.id)?,
            &names,
            &hashes,
        )
        .execute(tx.conn())
        .await?;
    }
    tx.commit().await?;
    Ok(count.try_into().unwrap_or(u64::MAX))
}

/// Those that are found by other look-up keys than the vault has now.
async fn messages_found(db: &Db, vault: &Vault) -> Result<u64, DbError> {
    let mut tx = db.begin().await?;
    let rows = sqlx::query!(
        r#"select message.id as "id: Id", message.customer_id as "customer_id!", sealed_content as "sealed_content!"
         from local_outbox_messages as message
         join customer_keys as held on held.customer_id = message.customer_id and held.erased_at is null
         where lookup_keys <> $1
         order by message.id limit $2 for no key update of message skip locked"#,
        &vault.lookup_key_names(),
        AT_ONCE,
    )
    .fetch_all(tx.conn())
    .await?;
    let customers: Vec<_> = rows.iter().map(|row| row.customer_id).collect();
    let data_keys = vault.held_by(tx.conn(), &customers).await?;
    let mut count = 0;
    for row in rows {
        let Some(key) = data_keys.get(&row.customer_id) else {
            continue;
        };
        let (names, hashes) = lookups(vault, &Content::open(key, row.id, &row.sealed_content)?.recipient);
        sqlx::query!(
            "update local_outbox_messages set lookup_keys = $2, lookup_hashes = $3 where id = $1",
            row.id.uuid(),
            &names,
            &hashes,
        )
        .execute(tx.conn())
        .await?;
        count += 1;
    }
    tx.commit().await?;
    Ok(count)
}
