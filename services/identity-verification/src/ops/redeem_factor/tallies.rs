//! What failed before, under the locks of its counts, and how it is counted and forgotten.

use std::time::Duration;

use support_chassis::db::{DbError, Tx};
use support_chassis::id::Ids;
use support_proto::support::identity::v1::AuthenticatorEnded;
use time::OffsetDateTime;

use super::proofs::whose;
use crate::api::present;
use crate::domain::audit::Action;
use crate::domain::failures::Failures;
use crate::domain::grant::Assurance;
use crate::domain::happening::Kind;
use crate::domain::verification::{Method, Verification};
use crate::error::IdentityError;
use crate::keys::{CodeKeys, Counted};
use crate::ops::{Means, tell_owner};
use crate::store;

/// What failed before: by anybody who tried, and by who is known to be the customer. Who is known does not wait for what strangers have
/// guessed.
pub(super) struct Tallies {
    key: [u8; 32],
    anybody: Failures,
    own: Option<([u8; 32], Failures)>,
}

impl Tallies {
    /// Locks and reads them; those of the customer where it is them, as far as is known.
    pub(super) async fn lock(
        tx: &mut Tx,
        keys: &CodeKeys,
        verification: &Verification,
        method: Method,
        is_own: bool,
        now: OffsetDateTime,
    ) -> Result<Self, DbError> {
        let key = keys.counter(Counted::Failures(&verification.contact_key, method));
        let anybody = store::factors::lock_failures(tx, &key, now).await?;
        let own = if is_own {
            let key = keys.counter(Counted::OwnFailures(&verification.contact_key, method));
            let own = store::factors::lock_failures(tx, &key, now).await?;
            Some((key, own))
        } else {
            None
        };
        Ok(Self { key, anybody, own })
    }

    /// How long to wait for the next check.
    pub(super) fn wait(&self, now: OffsetDateTime) -> Option<Duration> {
        let counted = self.own.as_ref().map_or(&self.anybody, |(_, own)| own);
        counted.wait(now)
    }

    /// How often it failed in a row, by the customer alone where they are in a session of theirs.
    pub(super) fn in_a_row(&self, is_session: bool) -> i16 {
        let own = self.own.as_ref().filter(|_| is_session);
        own.map_or(&self.anybody, |(_, own)| own).count
    }

    /// Writes down how this check went.
    pub(super) async fn note(
        mut self,
        tx: &mut Tx,
        is_right: bool,
        now: OffsetDateTime,
        patience: i16,
    ) -> Result<(), DbError> {
        match (&mut self.own, is_right) {
            (None, true) => self.anybody.succeed(),
            (None, false) => self.anybody.fail(now, patience),
            (Some((_, own)), true) => {
                own.succeed();
                self.anybody.succeed_apart();
            }
            (Some((_, own)), false) => {
                own.fail(now, patience);
                self.anybody.fail_apart();
            }
        }
        store::factors::set_failures(tx, &self.key, &self.anybody).await?;
        if let Some((key, own)) = &self.own {
            store::factors::set_failures(tx, key, own).await?;
        }
        Ok(())
    }
}

/// Counts a failure of a source of calls.
pub(super) async fn count_source(tx: &mut Tx, key: &[u8; 32], now: OffsetDateTime) -> Result<(), IdentityError> {
    let mut source = store::send_windows::lock(tx, key, now).await?;
    source.add(now);
    Ok(store::send_windows::update(tx, key, &source).await?)
}

/// Counts a failure on what the customer has, and tells of what it has locked.
pub(super) async fn count_failure(
    tx: &mut Tx,
    ids: &Ids,
    verification: &Verification,
    method: Method,
    limit: i16,
    now: OffsetDateTime,
) -> Result<(), IdentityError> {
    let locked = store::authenticators::fail(tx, whose(verification), method, limit, now).await?;
    let subject = verification.subject.as_ref();
    for (authenticator, subject) in locked.into_iter().zip(subject.into_iter().cycle()) {
        let event = AuthenticatorEnded {
            authenticator_id: authenticator.to_string(),
            customer_id: subject.customer_id.to_string(),
            method: present::method(method).into(),
            locked: true,
        };
        tx.append(authenticator, &event).await?;
        let (customer, locked) = (subject.customer_id, authenticator.uuid());
        store::audit::record_change(tx, Action::AuthenticatorLocked, customer, locked).await?;
        tell_owner(tx, ids, Kind::AuthenticatorEnded, customer).await?;
    }
    Ok(())
}

/// Who is verified at AAL2 has lost nothing to whoever guessed: what was failed with codes to the contact point that they named is
/// forgotten, so that it can be used again.
pub(super) async fn recover(tx: &mut Tx, means: &Means, verification: &Verification) -> Result<(), IdentityError> {
    if verification.reached() < Some(Assurance::Aal2) {
        return Ok(());
    }
    let sent = [Method::EmailCode, Method::SmsCode];
    let keys = means.keys.failure_counters(&verification.contact_key, &sent);
    Ok(store::factors::forget_failures(tx, &keys).await?)
}
