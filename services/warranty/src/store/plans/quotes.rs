//! Quotes.

use sqlx::PgConnection;
use sqlx::types::Json;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;

use crate::domain::device::DeviceId;
use crate::domain::plan::{Agreed, Buyer, QuoteId};

/// A quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// Its id.
    pub id: QuoteId,
    /// The device.
    pub device_id: DeviceId,
    /// Who buys.
    pub buyer: Buyer,
    /// What would be agreed.
    pub agreed: Agreed,
    /// Where the inspection is filed.
    pub inspection_reference: Option<String>,
    /// The partner's organisation that asked.
    pub quoted_by: Option<String>,
    /// When.
    pub quoted_at: OffsetDateTime,
    /// Until when it holds.
    pub expires_at: OffsetDateTime,
}

/// Adds a quote.
pub async fn insert_quote(connection: &mut PgConnection, quote: &Quote) -> Result<(), DbError> {
    sqlx::query!(
        "insert into plan_quotes (id, device_id, kind, buyer, agreed, inspection_reference, quoted_by_organisation,
                                  quoted_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        quote.id.uuid(),
        quote.device_id.uuid(),
        quote.agreed.kind,
        quote.buyer.as_str(),
        Json(&quote.agreed) as _,
        quote.inspection_reference,
        quote.quoted_by,
        quote.quoted_at,
        quote.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The quote with this id, and whether it has been bought.
pub async fn quote(connection: &mut PgConnection, id: QuoteId) -> Result<Option<(Quote, bool)>, DbError> {
    let row = sqlx::query!(
        r#"select device_id as "device_id: DeviceId", buyer, agreed as "agreed: Json<Agreed>", inspection_reference,
                  quoted_by_organisation, quoted_at, expires_at,
                  exists (select from plans where quote_id = plan_quotes.id) as "bought!"
           from plan_quotes where id = $1"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let quote = Quote {
        id,
        device_id: row.device_id,
        buyer: stored(Buyer::from_name(&row.buyer), "plan_quotes", "buyer")?,
        agreed: row.agreed.0,
        inspection_reference: row.inspection_reference,
        quoted_by: row.quoted_by_organisation,
        quoted_at: row.quoted_at,
        expires_at: row.expires_at,
    };
    Ok(Some((quote, row.bought)))
}
