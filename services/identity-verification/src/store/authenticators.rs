//! Authenticators.

use sqlx::PgConnection;
use support_chassis::db::{DbError, stored};
use support_chassis::vault::{Field, Held, Vault, VaultError};
use time::OffsetDateTime;
use uuid::Uuid;

use super::digest;
use crate::domain::authenticator::{Authenticator, AuthenticatorState};
use crate::domain::ids::{AuthenticatorId, CustomerId};
use crate::domain::verification::Method;

const TABLE: &str = "authenticators";
/// What its customer calls one.
pub(super) const DISPLAY_NAME: Field = Field::new("authenticators.display_name");

/// What an authenticator is written with.
#[derive(Default)]
pub struct Secrets<'a> {
    /// Its sealed secret, keyed hash or public key.
    pub secret: Option<&'a [u8]>,
    /// Of a passkey whose registration has begun: the ceremony.
    pub ceremony: Option<&'a [u8]>,
}

/// An app as it is needed to check a code.
pub struct App {
    /// The id.
    pub id: AuthenticatorId,
    /// Its sealed secret.
    pub secret: Vec<u8>,
    /// The last step whose code was used.
    pub last_step: Option<i64>,
}

/// A passkey as it is needed to check an assertion.
pub struct Passkey {
    /// The id.
    pub id: AuthenticatorId,
    /// Its public key and what does not change.
    pub static_state: Vec<u8>,
    /// What changes with every use.
    pub dynamic_state: Vec<u8>,
}

struct Row {
    id: AuthenticatorId,
    customer_id: CustomerId,
    method: String,
    display_name: String,
    sealed_display_name: Option<Vec<u8>>,
    state: String,
    created_at: OffsetDateTime,
    used_at: Option<OffsetDateTime>,
    expires_at: Option<OffsetDateTime>,
    uses_left: i64,
}

impl Row {
    fn open(self, held: &Held) -> Result<Authenticator, DbError> {
        Ok(Authenticator {
            id: self.id,
            customer_id: self.customer_id,
            method: stored(Method::from_name(&self.method), TABLE, "method")?,
            display_name: open_name(held, self.id, self.sealed_display_name.as_deref(), &self.display_name)?,
            state: stored(AuthenticatorState::from_name(&self.state), TABLE, "state")?,
            created_at: self.created_at,
            used_at: self.used_at,
            expires_at: self.expires_at,
            uses_left: self.uses_left,
        })
    }
}

/// What its customer calls an authenticator, sealed or as the build before has written it; empty where it has no name, or they were
/// erased.
pub(super) fn open_name(
    held: &Held,
    id: AuthenticatorId,
    sealed: Option<&[u8]>,
    clear: &str,
) -> Result<String, VaultError> {
    let name = held.words(DISPLAY_NAME.of(id.uuid()), sealed, clear)?;
    Ok(name.unwrap_or_default())
}

/// Writes a new authenticator.
///
/// # Errors
///
/// [`VaultError::Erased`] where its customer was.
pub async fn insert(
    connection: &mut PgConnection,
    vault: &Vault,
    new: &Authenticator,
    with: Secrets<'_>,
) -> Result<(), DbError> {
    let sealed_name = if new.display_name.is_empty() {
        None
    } else {
        let key = vault.held(connection, new.customer_id.uuid()).await?.key()?;
        Some(key.seal(DISPLAY_NAME.of(new.id.uuid()), new.display_name.as_bytes())?)
    };
    sqlx::query!(
        "insert into authenticators (
             id, customer_id, method, sealed_display_name, state, secret, ceremony, created_at, used_at, expires_at
         )
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id.uuid(),
        new.customer_id.uuid(),
        new.method.as_str(),
        sealed_name,
        new.state.as_str(),
        with.secret,
        with.ceremony,
        new.created_at,
        new.used_at,
        new.expires_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What a customer has that has not ended at `now`, oldest first.
pub async fn of_customer(
    connection: &mut PgConnection,
    vault: &Vault,
    customer: CustomerId,
    now: OffsetDateTime,
) -> Result<Vec<Authenticator>, DbError> {
    let held = vault.held(connection, customer.uuid()).await?;
    sqlx::query_as!(
        Row,
        r#"select id as "id: AuthenticatorId", customer_id as "customer_id: CustomerId", method, display_name,
             sealed_display_name, state, created_at, used_at, expires_at,
             case method
                 when 'support_pin' then 1
                 when 'recovery_code' then (
                     select count(*) from recovery_codes where authenticator_id = authenticators.id and recovery_codes.used_at is null
                 )
                 else 0
             end as "uses_left!"
         from authenticators
         where customer_id = $1 and state <> 'ended' and (expires_at is null or expires_at > $2)
         order by id"#,
        customer.uuid(),
        now,
    )
    .fetch_all(connection)
    .await?
    .into_iter()
    .map(|row| row.open(&held))
    .collect()
}

/// Reads an authenticator that has not ended at `now`, and keeps others from changing it until the transaction ends.
pub async fn lock(
    connection: &mut PgConnection,
    vault: &Vault,
    id: AuthenticatorId,
    now: OffsetDateTime,
) -> Result<Option<Authenticator>, DbError> {
    let row = sqlx::query_as!(
        Row,
        r#"select id as "id: AuthenticatorId", customer_id as "customer_id: CustomerId", method, display_name,
             sealed_display_name, state, created_at, used_at, expires_at, 0::bigint as "uses_left!"
         from authenticators
         where id = $1 and state <> 'ended' and (expires_at is null or expires_at > $2)
         for update"#,
        id.uuid(),
        now,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let held = vault.held(connection, row.customer_id.uuid()).await?;
    row.open(&held).map(Some)
}

/// The secret and the ceremony of an authenticator.
pub async fn secrets(
    connection: &mut PgConnection,
    id: AuthenticatorId,
) -> Result<(Option<Vec<u8>>, Option<Vec<u8>>), DbError> {
    let row = sqlx::query!("select secret, ceremony from authenticators where id = $1", id.uuid())
        .fetch_one(connection)
        .await?;
    Ok((row.secret, row.ceremony))
}

/// Ends authenticators of a customer at `now`: those of a method, or only one. What was secret of them goes.
pub async fn end(
    connection: &mut PgConnection,
    customer: CustomerId,
    method: Method,
    only: Option<AuthenticatorId>,
    now: OffsetDateTime,
) -> Result<Vec<AuthenticatorId>, DbError> {
    let ended = sqlx::query_scalar!(
        r#"update authenticators
         set state = 'ended', secret = null, ceremony = null, dynamic_state = null, ended_at = coalesce(ended_at, $4)
         where customer_id = $1 and method = $2 and ($3::uuid is null or id = $3) and state <> 'ended'
         returning id as "id: AuthenticatorId""#,
        customer.uuid(),
        method.as_str(),
        only.map(AuthenticatorId::uuid),
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(ended)
}

/// Makes a pending app count; `step` is the one whose code confirmed it.
pub async fn activate_app(connection: &mut PgConnection, id: AuthenticatorId, step: i64) -> Result<(), DbError> {
    sqlx::query!(
        "update authenticators set state = 'active', expires_at = null, last_step = $2 where id = $1",
        id.uuid(),
        step,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes a pending passkey count.
///
/// # Errors
///
/// Constraint `authenticators_credential_key` where the credential is bound already.
pub async fn activate_passkey(
    connection: &mut PgConnection,
    id: AuthenticatorId,
    credential_id: &[u8],
    static_state: &[u8],
    dynamic_state: &[u8],
) -> Result<(), DbError> {
    sqlx::query!(
        "update authenticators
         set state = 'active', expires_at = null, ceremony = null, credential_id = $2, secret = $3, dynamic_state = $4
         where id = $1",
        id.uuid(),
        credential_id,
        static_state,
        dynamic_state,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The apps of a customer that prove, locked. Nobody is named by the id of something else, which is looked for as well: a null
/// would not be.
pub async fn lock_apps(connection: &mut PgConnection, whose: Uuid) -> Result<Vec<App>, DbError> {
    let rows = sqlx::query!(
        r#"select id as "id: AuthenticatorId", secret as "secret!", last_step
         from authenticators where customer_id = $1 and method = 'totp' and state = 'active'
         order by id for update"#,
        whose,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| App {
            id: row.id,
            secret: row.secret,
            last_step: row.last_step,
        })
        .collect())
}

/// Writes the step of an app whose code was used.
pub async fn use_step(connection: &mut PgConnection, id: AuthenticatorId, step: i64) -> Result<(), DbError> {
    sqlx::query!(
        "update authenticators set last_step = $2 where id = $1",
        id.uuid(),
        step
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The support PIN of a customer that works at `now`, as its keyed hash, locked.
pub async fn lock_pin(
    connection: &mut PgConnection,
    whose: Uuid,
    now: OffsetDateTime,
) -> Result<Option<(AuthenticatorId, [u8; 32])>, DbError> {
    sqlx::query!(
        r#"select id as "id: AuthenticatorId", secret as "secret!" from authenticators
         where customer_id = $1 and method = 'support_pin' and state = 'active' and expires_at > $2
         for update"#,
        whose,
        now,
    )
    .fetch_optional(connection)
    .await?
    .map(|row| Ok((row.id, digest(TABLE, "secret", &row.secret)?)))
    .transpose()
}

/// The passkey of a customer with a credential id, locked.
pub async fn lock_passkey(
    connection: &mut PgConnection,
    whose: Uuid,
    credential_id: &[u8],
) -> Result<Option<Passkey>, DbError> {
    let row = sqlx::query!(
        r#"select id as "id: AuthenticatorId", secret as "secret!", dynamic_state as "dynamic_state!"
         from authenticators
         where customer_id = $1 and credential_id = $2 and method = 'passkey' and state = 'active'
         for update"#,
        whose,
        credential_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Passkey {
        id: row.id,
        static_state: row.secret,
        dynamic_state: row.dynamic_state,
    }))
}

/// Writes what changed with the use of a passkey.
pub async fn set_dynamic_state(
    connection: &mut PgConnection,
    id: AuthenticatorId,
    dynamic_state: &[u8],
) -> Result<(), DbError> {
    sqlx::query!(
        "update authenticators set dynamic_state = $2 where id = $1",
        id.uuid(),
        dynamic_state
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The credential ids of a customer's passkeys: a new one is not to be made where one of them is.
pub async fn credentials(connection: &mut PgConnection, customer: CustomerId) -> Result<Vec<Vec<u8>>, DbError> {
    let ids = sqlx::query_scalar!(
        r#"select credential_id as "credential_id!" from authenticators
         where customer_id = $1 and method = 'passkey' and state = 'active'"#,
        customer.uuid(),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids)
}

/// A registered device that counts: its customer and its public key.
pub async fn device(
    connection: &mut PgConnection,
    id: AuthenticatorId,
) -> Result<Option<(CustomerId, Vec<u8>)>, DbError> {
    let row = sqlx::query!(
        r#"select customer_id as "customer_id: CustomerId", secret as "secret!" from authenticators
         where id = $1 and method = 'push' and state = 'active'"#,
        id.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.customer_id, row.secret)))
}

/// Writes the codes of a set.
pub async fn insert_recovery_codes(
    connection: &mut PgConnection,
    id: AuthenticatorId,
    macs: &[Vec<u8>],
) -> Result<(), DbError> {
    sqlx::query!(
        "insert into recovery_codes (authenticator_id, ordinal, mac)
         select $1, ordinal, mac from unnest($2::bytea[]) with ordinality as codes (mac, ordinal)",
        id.uuid(),
        macs,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The set of recovery codes of a customer, locked, with the place of the unused code that this is the hash of.
pub async fn lock_recovery_code(
    connection: &mut PgConnection,
    whose: Uuid,
    mac: &[u8; 32],
) -> Result<Option<(AuthenticatorId, i16)>, DbError> {
    let row = sqlx::query!(
        r#"select authenticator_id as "id: AuthenticatorId", ordinal from recovery_codes
         join authenticators on authenticators.id = authenticator_id
         where customer_id = $1 and method = 'recovery_code' and state = 'active' and mac = $2 and recovery_codes.used_at is null
         for update"#,
        whose,
        mac,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (row.id, row.ordinal)))
}

/// Uses up a recovery code.
pub async fn use_recovery_code(
    connection: &mut PgConnection,
    id: AuthenticatorId,
    ordinal: i16,
    now: OffsetDateTime,
) -> Result<(), DbError> {
    sqlx::query!(
        "update recovery_codes set used_at = $3 where authenticator_id = $1 and ordinal = $2",
        id.uuid(),
        ordinal,
        now,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Counts a failure on every authenticator of a customer that proves by a method, and locks those that have `limit`. Which
/// of them was meant nobody knows. Those that were locked.
pub async fn fail(
    connection: &mut PgConnection,
    whose: Uuid,
    method: Method,
    limit: i16,
    now: OffsetDateTime,
) -> Result<Vec<AuthenticatorId>, DbError> {
    let rows = sqlx::query!(
        r#"update authenticators
         set failures = failures + 1,
             state = case when failures + 1 >= $3 then 'locked' else state end,
             secret = case when failures + 1 >= $3 then null else secret end,
             dynamic_state = case when failures + 1 >= $3 then null else dynamic_state end,
             ended_at = case when failures + 1 >= $3 then $4 else ended_at end
         where customer_id = $1 and method = $2 and state = 'active'
         returning id as "id: AuthenticatorId", state = 'locked' as "locked!""#,
        whose,
        method.as_str(),
        i32::from(limit),
        now,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().filter(|row| row.locked).map(|row| row.id).collect())
}

/// Writes that an authenticator proved something at `now`: its failures are forgotten.
pub async fn succeed(connection: &mut PgConnection, id: AuthenticatorId, now: OffsetDateTime) -> Result<(), DbError> {
    sqlx::query!(
        "update authenticators set failures = 0, used_at = $2 where id = $1",
        id.uuid(),
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}
