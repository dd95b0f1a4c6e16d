//! What failed before, under the locks of its counts.

use std::time::Duration;

use support_chassis::db::{DbError, Tx};
use time::OffsetDateTime;

use crate::domain::failures::Failures;
use crate::domain::verification::{Method, Verification};
use crate::keys::{CodeKeys, Counted};
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
