//! Which of the cases that somebody looks at have changed. One look at the database for all of them, whenever something was
//! committed and every now and then besides, however many desks there are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use support_chassis::db::{Db, DbError};
use tokio::sync::watch;

use crate::domain::CaseId;
use crate::store::marks::{self, Pulse};

/// The cases that are looked at, each with what tells whether it has changed. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Pulses(Arc<Mutex<HashMap<CaseId, watch::Sender<Pulse>>>>);

impl Pulses {
    /// Changes whenever the case has, until it is dropped.
    #[must_use]
    pub fn of(&self, case: CaseId) -> watch::Receiver<Pulse> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(case)
            .or_insert_with(|| watch::Sender::new(Pulse::default()))
            .subscribe()
    }

    /// Looks at all of them once.
    ///
    /// # Errors
    ///
    /// The database's.
    pub async fn look(&self, db: &Db) -> Result<(), DbError> {
        let cases: Vec<CaseId> = {
            let mut watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            watched.retain(|_, sender| sender.receiver_count() > 0);
            watched.keys().copied().collect()
        };
        if cases.is_empty() {
            return Ok(());
        }
        let pulses = marks::pulses(&mut *db.read().await?, &cases).await?;
        let watched = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (case, pulse) in pulses {
            if let Some(sender) = watched.get(&case) {
                sender.send_if_modified(|known| {
                    let is_new = *known != pulse;
                    *known = pulse;
                    is_new
                });
            }
        }
        Ok(())
    }
}
