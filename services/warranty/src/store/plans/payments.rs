//! What was paid for plans, and what could not be collected.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;

use crate::domain::money::{Amount, Currency};
use crate::domain::plan::{PaymentId, PlanId};

/// The constraint on the reference of a payment.
pub const REFERENCE_KEY: &str = "plan_payments_reference_key";

/// A payment, or that there was none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its id.
    pub id: PaymentId,
    /// The plan.
    pub plan_id: PlanId,
    /// Its name where it was made.
    pub reference: String,
    /// Whether it was paid; else it could not be collected.
    pub paid: bool,
    /// How much.
    pub amount: Amount,
    /// When it was recorded.
    pub recorded_at: OffsetDateTime,
}

/// Adds a payment. Breaks [`REFERENCE_KEY`] where another has its reference.
pub async fn insert_payment(connection: &mut PgConnection, payment: &Payment) -> Result<(), DbError> {
    sqlx::query!(
        "insert into plan_payments (id, plan_id, reference, outcome, amount_minor, currency_code, recorded_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        payment.id.uuid(),
        payment.plan_id.uuid(),
        payment.reference,
        if payment.paid { "paid" } else { "failed" },
        payment.amount.minor,
        payment.amount.currency.code(),
        payment.recorded_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The payment with this reference.
pub async fn payment(connection: &mut PgConnection, reference: &str) -> Result<Option<Payment>, DbError> {
    let row = sqlx::query!(
        r#"select id as "id: PaymentId", plan_id as "plan_id: PlanId", outcome, amount_minor, currency_code, recorded_at
           from plan_payments where reference = $1"#,
        reference,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        Ok(Payment {
            id: row.id,
            plan_id: row.plan_id,
            reference: reference.to_owned(),
            paid: row.outcome == "paid",
            amount: Amount::new(
                stored(
                    Currency::from_code(&row.currency_code),
                    "plan_payments",
                    "currency_code",
                )?,
                row.amount_minor,
            ),
            recorded_at: row.recorded_at,
        })
    })
    .transpose()
}
