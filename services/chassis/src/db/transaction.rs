//! A transaction that remembers whether the feed has something new.

use std::fmt::Display;
use std::ops::{Deref, DerefMut};

use sqlx::{PgConnection, Postgres, Transaction};
use support_proto::codec::Event;
use time::OffsetDateTime;

use super::DbError;
use crate::call::{Call, Refusal};
use crate::clock::Clock;
use crate::feed::Wake;
use crate::id::Id;
use crate::outbox::{self, Entry};

/// A transaction. Dropped, it rolls back.
#[derive(Debug)]
pub struct Tx {
    transaction: Transaction<'static, Postgres>,
    wake: Wake,
    clock: Clock,
    call: Option<Call>,
    appended: bool,
    added_to_standard: bool,
}

impl Tx {
    pub(super) fn new(transaction: Transaction<'static, Postgres>, wake: Wake, clock: Clock) -> Self {
        Self {
            transaction,
            wake,
            clock,
            call: None,
            appended: false,
            added_to_standard: false,
        }
    }

    /// The connection, for `query!(...).execute(tx.conn())`.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// Writes `event`, which happened to `subject`, to the outbox. Call it after the subject's row is locked: what is
    /// appended under the lock is in the feed in the order of the locks. One round trip; for several events at once
    /// there is [`Tx::append_all`].
    pub async fn append<E: Event>(&mut self, subject: impl Into<Id>, event: &E) -> Result<(), DbError> {
        self.append_all(&[Entry::new(subject, event)]).await
    }

    /// Writes events to the outbox in the order given. One round trip.
    pub async fn append_all(&mut self, entries: &[Entry]) -> Result<(), DbError> {
        if entries.is_empty() {
            return Ok(());
        }
        outbox::append(&mut self.transaction, entries, self.clock.now()).await?;
        self.appended = true;
        Ok(())
    }

    /// The time, by the clock of the database's owner.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// The call that this transaction was begun for; none where the service works unasked.
    #[must_use]
    pub fn call(&self) -> Option<&Call> {
        self.call.as_ref()
    }

    /// Refuses staff who call for `customer_id` without showing a grant of theirs, where the method demands one
    /// ([`Call::check_grant`]). What the service does unasked is not refused.
    ///
    /// # Errors
    ///
    /// [`Refusal::GrantMissing`], [`Refusal::GrantRefused`].
    pub fn check_grant(&self, customer_id: impl Display) -> Result<(), Refusal> {
        self.call.as_ref().map_or(Ok(()), |call| call.check_grant(customer_id))
    }

    /// The same transaction, begun for a call.
    pub(super) fn of(self, call: &Call) -> Self {
        Self {
            call: Some(call.clone()),
            ..self
        }
    }

    /// Says that this transaction wrote to the outbox by a statement of its own (see [`outbox`]), so that the feed is
    /// woken by its commit.
    pub fn mark_appended(&mut self) {
        self.appended = true;
    }

    /// Says that this transaction adds records to the standard, so that all replicas read them once it is committed.
    pub(crate) fn mark_added_to_standard(&mut self) {
        self.added_to_standard = true;
    }

    /// Commits, and wakes the feed if something was appended.
    ///
    /// An error may leave open whether the transaction took place: where the connection breaks, the answer to COMMIT is
    /// lost. A change with a request id is then safe to repeat.
    pub async fn commit(self) -> Result<(), DbError> {
        self.transaction.commit().await?;
        if self.appended {
            self.wake.committed();
        }
        if self.added_to_standard {
            self.wake.standard_committed();
        }
        Ok(())
    }

    /// Rolls back now. Dropping does the same when the connection is next used.
    pub async fn rollback(self) -> Result<(), DbError> {
        Ok(self.transaction.rollback().await?)
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}
