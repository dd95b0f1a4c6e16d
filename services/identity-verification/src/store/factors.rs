//! What verifications by factors keep besides: challenges, proofs and failures.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use time::OffsetDateTime;

use crate::domain::authenticator::DocumentType;
use crate::domain::failures::Failures;
use crate::domain::ids::{AuthenticatorId, CustomerId, VerificationId};
use crate::domain::verification::{Method, Purpose};

/// A challenge to be answered.
pub struct Challenge<'a> {
    /// Of what verification.
    pub verification: VerificationId,
    /// By what: a passkey or a push.
    pub method: Method,
    /// Of a passkey: the ceremony.
    pub ceremony: Option<&'a [u8]>,
    /// Of a push: the number shown.
    pub number: Option<i16>,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when.
    pub expires_at: OffsetDateTime,
}

/// What became of a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptAnswer {
    /// Nobody has answered yet.
    None,
    /// This device confirmed it.
    Confirmed(AuthenticatorId),
    /// It was refused, it ran out, or there is none.
    Refused,
}

/// A prompt that waits for a device.
pub struct Prompt {
    /// Of what verification.
    pub verification: VerificationId,
    /// What that is for.
    pub purpose: Purpose,
    /// Since when.
    pub created_at: OffsetDateTime,
    /// Until when.
    pub expires_at: OffsetDateTime,
}

/// How a proof came about.
#[derive(Default)]
pub struct Proof<'a> {
    /// By which authenticator.
    pub authenticator: Option<AuthenticatorId>,
    /// Of a document: its kind, the store, and who saw it.
    pub document: Option<(DocumentType, &'a str, &'a str)>,
}

/// Writes a challenge in the place of the one before it.
pub async fn put_challenge(connection: &mut PgConnection, new: &Challenge<'_>) -> Result<(), DbError> {
    sqlx::query!(
        "insert into factor_challenges (verification_id, method, ceremony, number, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6)
         on conflict (verification_id, method) do update
         set ceremony = excluded.ceremony, number = excluded.number, answer = null, authenticator_id = null,
             created_at = excluded.created_at, expires_at = excluded.expires_at",
        new.verification.uuid(),
        new.method.as_str(),
        new.ceremony,
        new.number,
        new.created_at,
        new.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Takes the ceremony of a passkey out: it is good for one answer.
pub async fn take_ceremony(
    connection: &mut PgConnection,
    verification: VerificationId,
    now: OffsetDateTime,
) -> Result<Option<Vec<u8>>, DbError> {
    let ceremony = sqlx::query_scalar!(
        r#"with taken as (
             delete from factor_challenges where verification_id = $1 and method = 'passkey' returning ceremony, expires_at
         )
         select ceremony as "ceremony!" from taken where expires_at > $2"#,
        verification.uuid(),
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(ceremony)
}

/// What became of a prompt by `now`. One that was answered is taken out: an answer is good once.
pub async fn take_answer(
    connection: &mut PgConnection,
    verification: VerificationId,
    now: OffsetDateTime,
) -> Result<PromptAnswer, DbError> {
    let row = sqlx::query!(
        r#"with taken as (
             delete from factor_challenges
             where verification_id = $1 and method = 'push' and (answer is not null or expires_at <= $2)
             returning answer, authenticator_id
         )
         select answer, authenticator_id as "authenticator_id: AuthenticatorId", false as "waits!" from taken
         union all
         select null, null, true from factor_challenges
         where verification_id = $1 and method = 'push' and answer is null and expires_at > $2"#,
        verification.uuid(),
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(match row {
        Some(row) if row.waits => PromptAnswer::None,
        Some(row) => match (row.answer.as_deref(), row.authenticator_id) {
            (Some("confirmed"), Some(device)) => PromptAnswer::Confirmed(device),
            _ => PromptAnswer::Refused,
        },
        None => PromptAnswer::Refused,
    })
}

/// The prompts that wait for the devices of a customer at `now`, oldest first.
pub async fn prompts(
    connection: &mut PgConnection,
    customer: CustomerId,
    now: OffsetDateTime,
) -> Result<Vec<Prompt>, DbError> {
    let rows = sqlx::query!(
        r#"select verification_id as "verification_id: VerificationId", purpose, factor_challenges.created_at,
             factor_challenges.expires_at
         from factor_challenges join verifications on verifications.id = verification_id
         where customer_id = $1 and factor_challenges.method = 'push' and answer is null and factor_challenges.expires_at > $2
             and state = 'challenged'
         order by factor_challenges.created_at limit 50"#,
        customer.uuid(),
        now,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Prompt {
                verification: row.verification_id,
                purpose: stored(Purpose::from_name(&row.purpose), "verifications", "purpose")?,
                created_at: row.created_at,
                expires_at: row.expires_at,
            })
        })
        .collect()
}

/// Writes a device's answer to a prompt of its customer that waits at `now`: it confirms with the number that was shown.
/// Whether it does; none where no such prompt waits.
pub async fn answer_prompt(
    connection: &mut PgConnection,
    verification: VerificationId,
    (device, customer): (AuthenticatorId, CustomerId),
    number: i16,
    now: OffsetDateTime,
) -> Result<Option<bool>, DbError> {
    let confirmed = sqlx::query_scalar!(
        r#"update factor_challenges
         set answer = case when number = $4 then 'confirmed' else 'refused' end, authenticator_id = $2
         from verifications
         where verification_id = $1 and factor_challenges.method = 'push' and answer is null
             and factor_challenges.expires_at > $5 and verifications.id = verification_id and customer_id = $3
         returning answer = 'confirmed' as "confirmed!""#,
        verification.uuid(),
        device.uuid(),
        customer.uuid(),
        number,
        now,
    )
    .fetch_optional(connection)
    .await?;
    Ok(confirmed)
}

/// Writes how a proof came about.
pub async fn insert_proof(
    connection: &mut PgConnection,
    verification: VerificationId,
    method: Method,
    proof: &Proof<'_>,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into proofs (verification_id, method, proven_at, authenticator_id, document_type, store_id, witness)
         values ($1, $2, $3, $4, $5, $6, $7)",
        verification.uuid(),
        method.as_str(),
        now,
        proof.authenticator.map(AuthenticatorId::uuid),
        proof.document.map(|(kind, _, _)| kind.as_str()),
        proof.document.map(|(_, store, _)| store),
        proof.document.map(|(_, _, witness)| witness),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The failures that are counted by a key, and keeps others from it until the transaction ends.
pub async fn lock_failures(
    connection: &mut PgConnection,
    key: &[u8; 32],
    now: OffsetDateTime,
) -> Result<Failures, DbError> {
    // An upsert, as `select for update` cannot lock a row that is not there: two first failures would both find none.
    let row = sqlx::query!(
        "insert into factor_failures (factor_key, failures, touched_at) values ($1, 0, $2)
         on conflict (factor_key) do update set touched_at = excluded.touched_at
         returning failures, waits_until",
        key,
        now,
    )
    .fetch_one(connection)
    .await?;
    Ok(Failures {
        count: row.failures,
        waits_until: row.waits_until,
    })
}

/// Writes locked failures.
pub async fn set_failures(connection: &mut PgConnection, key: &[u8; 32], failures: &Failures) -> Result<(), DbError> {
    sqlx::query!(
        "update factor_failures set failures = $2, waits_until = $3 where factor_key = $1",
        key,
        failures.count,
        failures.waits_until,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets the failures of codes sent to these contact points, by these keys: whoever has them is known by more than that.
pub async fn forget_failures(connection: &mut PgConnection, keys: &[Vec<u8>]) -> Result<(), DbError> {
    sqlx::query!("delete from factor_failures where factor_key = any($1)", keys)
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes counts that stand at nothing and that nobody touched since `before`, at most `limit`, and says how many they were. Those
/// that stand at something stay, however long nobody tries: consecutive failures are consecutive also over a year.
pub async fn prune_failures(connection: &mut PgConnection, before: OffsetDateTime, limit: i64) -> Result<u64, DbError> {
    let done = sqlx::query!(
        "delete from factor_failures where factor_key in (
             select factor_key from factor_failures
             where touched_at < $1 and failures = 0 and (waits_until is null or waits_until < $1)
             order by touched_at limit $2 for update skip locked
         )",
        before,
        limit,
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected())
}
