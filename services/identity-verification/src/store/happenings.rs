//! What happened that customers may be told of.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::{Date, OffsetDateTime};

use crate::domain::happening::Kind;
use crate::domain::ids::{CaseId, ContactPointId, CustomerId, HappeningId, SubjectId};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// The id of its event, or one of our own.
    pub id: HappeningId,
    /// What it is.
    pub kind: Kind,
    /// The case it is about.
    pub case_id: Option<CaseId>,
    /// The repair or the plan it is about.
    pub subject_id: Option<SubjectId>,
    /// The address that was changed.
    pub contact_point_id: Option<ContactPointId>,
    /// Whom it concerns, where that is known at once.
    pub customer_id: Option<CustomerId>,
    /// When it happened.
    pub occurred_at: OffsetDateTime,
    /// An amount that the event named: the currency, ISO 4217, and minor units.
    pub amount: Option<(String, i64)>,
    /// A day that the event named.
    pub day: Option<Date>,
}

impl Happening {
    /// What happened to a customer's account at `now`, and to nothing else of theirs.
    #[must_use]
    pub fn of_account(id: HappeningId, kind: Kind, customer_id: CustomerId, now: OffsetDateTime) -> Self {
        Self {
            id,
            kind,
            case_id: None,
            subject_id: None,
            contact_point_id: None,
            customer_id: Some(customer_id),
            occurred_at: now,
            amount: None,
            day: None,
        }
    }
}

/// What was found out of a happening when it was decided.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The number of the case.
    pub case_number: Option<String>,
    /// Who has the device.
    pub place: Option<String>,
    /// The message that names the plan.
    pub plan_name_key: Option<String>,
}

/// A happening that a worker has taken on.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// What happened.
    pub happening: Happening,
    /// How often it was tried, this time included.
    pub attempts: i16,
}

/// Writes down what happened, once, however often it is told.
pub async fn record(connection: &mut PgConnection, new: &Happening, now: OffsetDateTime) -> Result<(), DbError> {
    let (currency, minor_units) = new.amount.as_ref().map_or((None, None), |(currency, minor)| {
        (Some(currency.as_str()), Some(*minor))
    });
    sqlx::query!(
        "insert into happenings
             (id, kind, case_id, subject_id, contact_point_id, customer_id, occurred_at, recorded_at, currency, minor_units,
              day, due_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $8)
         on conflict (id) do nothing",
        new.id.uuid(),
        new.kind.as_str(),
        new.case_id.map(CaseId::uuid),
        new.subject_id.map(SubjectId::uuid),
        new.contact_point_id.map(ContactPointId::uuid),
        new.customer_id.map(CustomerId::uuid),
        new.occurred_at,
        now,
        currency,
        minor_units,
        new.day,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes on at most `limit` happenings that are to be decided at `now`, the longest due first, and keeps other workers from them
/// until `lease_end`.
pub async fn claim(
    connection: &mut PgConnection,
    now: OffsetDateTime,
    lease_end: OffsetDateTime,
    limit: i64,
) -> Result<Vec<Claimed>, DbError> {
    let rows = sqlx::query!(
        r#"update happenings set due_at = $2, attempts = least(attempts + 1, 32000)
         where id in (
             select id from happenings where state = 'new' and due_at <= $1 order by due_at limit $3
             for update skip locked
         )
         returning id as "id: HappeningId", kind, case_id as "case_id: CaseId", subject_id as "subject_id: SubjectId",
             contact_point_id as "contact_point_id: ContactPointId", customer_id as "customer_id: CustomerId",
             occurred_at, currency, minor_units, day, attempts"#,
        now,
        lease_end,
        limit,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Claimed {
                happening: Happening {
                    id: row.id,
                    kind: stored(Kind::from_name(&row.kind), "happenings", "kind")?,
                    case_id: row.case_id,
                    subject_id: row.subject_id,
                    contact_point_id: row.contact_point_id,
                    customer_id: row.customer_id,
                    occurred_at: row.occurred_at,
                    amount: row.currency.zip(row.minor_units),
                    day: row.day,
                },
                attempts: row.attempts,
            })
        })
        .collect()
}

/// Puts a happening off until `due_at`.
pub async fn put_off(connection: &mut PgConnection, id: HappeningId, due_at: OffsetDateTime) -> Result<(), DbError> {
    sqlx::query!(
        "update happenings set due_at = $2 where id = $1 and state = 'new'",
        id.uuid(),
        due_at
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Marks a happening as decided and writes down what was found out of it. Says whether it was not decided before: else somebody was faster, and
/// there is nothing more to do.
pub async fn decide(
    connection: &mut PgConnection,
    id: HappeningId,
    kind: Kind,
    customer: Option<CustomerId>,
    facts: &Facts,
) -> Result<bool, DbError> {
    let done = sqlx::query!(
        "update happenings
         set state = 'decided', kind = $2, customer_id = $3, case_number = $4, place = $5, plan_name_key = $6
         where id = $1 and state = 'new'",
        id.uuid(),
        kind.as_str(),
        customer.map(CustomerId::uuid),
        facts.case_number.as_deref(),
        facts.place.as_deref(),
        facts.plan_name_key.as_deref(),
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The customer has spoken in a case at `at`: that an answer waited for them before is not told any more. Those that were not decided yet are,
/// as told nowhere.
pub async fn answers_were_seen(
    connection: &mut PgConnection,
    case_id: CaseId,
    at: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "with seen as (
             update happenings set state = 'decided'
             where state = 'new' and kind = 'case_answered' and case_id = $1 and occurred_at <= $2
             returning id, kind, customer_id, case_id, subject_id, occurred_at
         )
         insert into notifications
             (id, happening_id, kind, customer_id, case_id, subject_id, occurred_at, basis, state, reason, created_at, ended_at)
         select id, id, kind, customer_id, case_id, subject_id, occurred_at, '', 'dropped', 'seen', $3, $3 from seen",
        case_id.uuid(),
        at,
        now,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update notifications set state = 'dropped', reason = 'seen', ended_at = $3
         where state = 'pending' and kind = 'case_answered' and case_id = $1 and occurred_at <= $2",
        case_id.uuid(),
        at,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes happenings recorded before `before`, with what was told of them, at most `limit`, and says how many they were.
pub async fn prune(connection: &mut PgConnection, before: OffsetDateTime, limit: i64) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from happenings where id in (
             select id from happenings where recorded_at < $1 and state = 'decided' and not exists (
                 select from notifications where happening_id = happenings.id and state = 'pending'
             )
             order by recorded_at limit $2
         )",
        before,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
