//! What the database itself holds of plans.

use sqlx::AssertSqlSafe;
use support_chassis::db::DbError;
use time::macros::date;

use super::*;

impl Scene {
    async fn run(&self, statement: &str) -> Option<String> {
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(self.world.db.pool())
            .await;
        let error = DbError::from(done.err()?);
        Some(error.constraint().unwrap_or("no constraint").to_owned())
    }
}

#[tokio::test]
async fn every_constraint_holds() {
    let scene = Scene::new().await;
    let plan = scene.active("monthly", false).await;
    scene.let_it_be(date!(2026 - 04 - 10));
    let due = scene.until(&plan, |plan| plan.due.is_some()).await;
    let second = scene.paid(&due, "second").await;
    assert_eq!(second.periods.len(), 2);
    let pending = scene.enrolled("standard", false).await;
    // A term that could follow, with one thing wrong.
    let id = plan.plan_id.strip_prefix("eu-").unwrap();
    let period = |columns: &str| {
        format!(
            "insert into plan_payments values ('0198f2c4-0000-7000-8000-00000000000a', '{id}', 'third', 'paid', 599, 'EUR', now());
             insert into plan_periods (plan_id, number, from_day, until_day, follows_day, paid_on, payment_id, agreed)
             values ('{id}', {columns}, '2026-05-10', '0198f2c4-0000-7000-8000-00000000000a', '{{}}')"
        )
    };
    let set = |what: &str| format!("update plans set {what} where id = '{id}'");
    for (statement, constraint) in [
        // After 13 May comes 14 May.
        (period("3, '2026-05-15', '2026-06-13', '2026-05-13'"), "plan_periods_no_gap"),
        (period("3, '2026-05-13', '2026-06-13', '2026-05-13'"), "plan_periods_no_gap"),
        (period("3, '2026-05-10', '2026-06-13', '2026-05-09'"), "plan_periods_follows_fkey"),
        (period("3, '2026-04-14', '2026-06-13', '2026-04-13'"), "plan_periods_follows_key"),
        (period("3, '2026-05-14', '2026-05-13', '2026-05-13'"), "plan_periods_order"),
        (period("2, '2026-05-14', '2026-06-13', '2026-05-13'"), "plan_periods_pkey"),
        (period("3, '2026-05-14', '2026-06-13', null"), "plan_periods_first_follows_none"),
        (period("0, '2026-05-14', '2026-06-13', '2026-05-13'"), "plan_periods_number_range"),
        (
            format!(
                "insert into plan_periods (plan_id, number, from_day, until_day, follows_day, paid_on, payment_id, agreed)
                 select plan_id, 3, '2026-05-14', '2026-06-13', '2026-05-13', paid_on, payment_id, agreed
                 from plan_periods where plan_id = '{id}' and number = 1"
            ),
            "plan_periods_payment_key",
        ),
        (
            format!(
                "insert into plan_periods (plan_id, number, from_day, until_day, follows_day, paid_on, payment_id, agreed)
                 select '{}', 1, from_day, until_day, null, paid_on, '0198f2c4-0000-7000-8000-00000000000b', agreed
                 from plan_periods where plan_id = '{id}' and number = 1",
                pending.plan_id.strip_prefix("eu-").unwrap()
            ),
            "plan_periods_payment_fkey",
        ),
        ("update plan_periods set paid_on = paid_on".to_owned(), "plan_periods_immutable"),
        ("delete from plan_periods".to_owned(), "plan_periods_immutable"),
        ("update plan_payments set outcome = 'failed'".to_owned(), "plan_payments_immutable"),
        ("delete from plan_payments".to_owned(), "plan_payments_immutable"),
        ("update plan_quotes set agreed = '{}'".to_owned(), "plan_quotes_immutable"),
        ("update plans set kind = 'standard'".to_owned(), "plans_one_of_a_kind"),
        (set("state = 'over'"), "plans_state_known"),
        (set("state = 'expired'"), "plans_acts_while_it_lives"),
        (set("act_on = null"), "plans_acts_while_it_lives"),
        (set("state = 'canceled', act_on = null"), "plans_canceled_says_why"),
        (set("canceled_cause = 'requested', refund_minor = 1"), "plans_canceled_says_why"),
        (
            set("state = 'canceled', act_on = null, canceled_cause = 'requested', refund_minor = -1"),
            "plans_refund_not_negative",
        ),
        (set("state = 'in_grace'"), "plans_grace_waits_for_a_renewal"),
        (set("state = 'pending_payment', renewal = '{}'"), "plans_renewal_of_what_is_paid"),
        (set("ended_on = '2026-04-01'"), "plans_ended_is_over"),
        (set("currency_code = 'eur'"), "plans_currency_form"),
        (set("country_code = 'Germany'"), "plans_country_form"),
        (
            format!(
                "insert into plan_moves values ('{id}', '{0}', '{0}', '2026-04-01', now())",
                plan.device_id.strip_prefix("eu-").unwrap()
            ),
            "plan_moves_somewhere",
        ),
    ] {
        assert_eq!(scene.run(&statement).await.as_deref(), Some(constraint), "{statement}");
    }
    // What is right goes through, so that the table above fails for what it says.
    assert_eq!(
        scene.run(&period("3, '2026-05-14', '2026-06-13', '2026-05-13'")).await,
        None
    );
}
