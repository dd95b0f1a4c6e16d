//! What is held on a customer here: which answers they were offered.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx};
use support_chassis::privacy::{PersonalData, Record};
use uuid::Uuid;

/// What is held on customers.
#[derive(Debug, Clone, Copy)]
pub struct Held;

impl PersonalData for Held {
    fn export<'t>(
        &'t self,
        connection: &'t mut PgConnection,
        customer: Uuid,
    ) -> BoxFuture<'t, Result<Vec<Record>, DbError>> {
        all(connection, customer).boxed()
    }

    fn erase<'t>(&'t self, tx: &'t mut Tx, customer: Uuid) -> BoxFuture<'t, Result<u64, DbError>> {
        erase(tx, customer).boxed()
    }
}

async fn all(connection: &mut PgConnection, customer: Uuid) -> Result<Vec<Record>, DbError> {
    let offers = sqlx::query_scalar!(
        r#"select to_jsonb(held) as "document!" from (
             select id, language, product_line, offered_at, outcome, ended_by, told_at, case_id,
                 (select coalesce(jsonb_agg(to_jsonb(offered) - 'offer_id' order by offered.place), '[]')
                  from answer_offer_articles as offered where offered.offer_id = answer_offers.id) as articles
             from answer_offers where customer_id = $1 order by id
         ) as held"#,
        customer,
    )
    .fetch_all(connection)
    .await?;
    Ok(Record::all("answer_offers", offers).collect())
}

/// The offers stay, which figures are made of; to whom they were made is forgotten. What they asked was never kept.
async fn erase(tx: &mut Tx, customer: Uuid) -> Result<u64, DbError> {
    let forgotten = sqlx::query!(
        "update answer_offers set customer_id = null, owner = decode(repeat('00', 32), 'hex') where customer_id = $1",
        customer,
    )
    .execute(tx.conn())
    .await?;
    Ok(forgotten.rows_affected())
}
