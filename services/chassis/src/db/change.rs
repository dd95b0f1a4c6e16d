//! A change under a request id: one effect, one answer, however often it is sent.

use prost::Message;
use support_proto::codec::Change;

use super::{Db, DbError, Tx};
use crate::call::Call;
use crate::idempotency::Key;

/// How a change begins.
#[derive(Debug)]
pub enum Begun<R> {
    /// It was made before; this is its answer.
    Replayed(R),
    /// It is new.
    Open(OpenChange),
}

/// A change in the making. Dropped, it rolls back.
#[derive(Debug)]
pub struct OpenChange {
    /// The transaction for its work.
    pub tx: Tx,
    key: Box<Key>,
    db: Db,
}

impl Db {
    /// Makes a change: `work` in a transaction, its answer stored with it under the request id.
    ///
    /// A call that comes again gets the stored answer and does nothing. Of calls that come at the same time one takes
    /// effect; the others roll back and get its answer, whatever their own work came to.
    ///
    /// ```ignore
    /// db.write(&call, &request, async |tx| ops::open(tx, &ids, &command).await).await
    /// ```
    ///
    /// The closure is an async one, so that it may borrow what it needs; the future is `Send` where the work is.
    ///
    /// # Errors
    ///
    /// What `work` fails with; [`DbError::RequestIdReused`] where the request id came before with another body.
    pub async fn write<Q, R, E, W>(&self, call: &Call, request: &Q, work: W) -> Result<R, E>
    where
        Q: Change,
        R: Message + Default + Clone,
        E: From<DbError>,
        W: AsyncFnOnce(&mut Tx) -> Result<R, E>,
    {
        self.write_with_replay(call, request, work, Ok).await
    }

    /// [`Db::write`] for answers that hold something that must not be stored: `replay` makes an answer whole again that
    /// comes from the store, and `work` must leave out of its answer what is not to be kept. The fresh answer passes
    /// through `replay` as well, so that the first caller gets what a later one gets.
    pub async fn write_with_replay<Q, R, E, W, F>(&self, call: &Call, request: &Q, work: W, replay: F) -> Result<R, E>
    where
        Q: Change,
        R: Message + Default + Clone,
        E: From<DbError>,
        W: AsyncFnOnce(&mut Tx) -> Result<R, E>,
        F: FnOnce(R) -> Result<R, E> + Send,
    {
        let mut change = match self.begin_change(call, request).await? {
            Begun::Replayed(answer) => return replay(answer),
            Begun::Open(change) => change,
        };
        match work(&mut change.tx).await {
            Ok(answer) => replay(change.finish(answer).await?),
            Err(error) => match change.lost_to().await? {
                Some(answer) => replay(answer),
                None => Err(error),
            },
        }
    }

    /// The answer of the same change, where it was made before: for work that must ask a peer, which is done before the
    /// transaction and need not be done for a repetition. Look here first; [`Db::write`] afterwards looks again.
    pub async fn replayed<Q: Change, R: Message + Default>(
        &self,
        call: &Call,
        request: &Q,
    ) -> Result<Option<R>, DbError> {
        Key::of(call, request)?.stored(self).await
    }

    /// The beginning of [`Db::write`], for work that does not fit into a closure.
    pub async fn begin_change<Q: Change, R: Message + Default>(
        &self,
        call: &Call,
        request: &Q,
    ) -> Result<Begun<R>, DbError> {
        let key = Key::of(call, request)?;
        if let Some(answer) = key.stored(self).await? {
            return Ok(Begun::Replayed(answer));
        }
        Ok(Begun::Open(OpenChange {
            tx: self.begin_for(call).await?,
            key: Box::new(key),
            db: self.clone(),
        }))
    }
}

impl OpenChange {
    /// Stores the answer and commits. Where the same change was made at the same time and won, rolls back and gives the
    /// winner's answer instead.
    pub async fn finish<R: Message + Default>(mut self, answer: R) -> Result<R, DbError> {
        let now = self.tx.now();
        if self.key.store(&mut self.tx, self.db.vault(), &answer, now).await? {
            self.tx.commit().await?;
            return Ok(answer);
        }
        // The insert waited for the winner's commit, so its answer is there to be read.
        self.lost_to().await?.ok_or(DbError::Corrupt {
            table: "idempotency_keys",
            column: "response",
        })
    }

    /// Rolls back after work that failed. Gives the answer of the same change if that was made in the meantime: then
    /// the failure is likely its echo (the case that this call wanted to close is closed).
    pub async fn lost_to<R: Message + Default>(self) -> Result<Option<R>, DbError> {
        let Self { tx, key, db } = self;
        // Where the work broke the connection, there is nothing left to roll back, and the pool notices.
        let _ = tx.rollback().await;
        key.stored(&db).await
    }
}
