//! What went wrong while a day was played, said once and kept in bounds.

use std::sync::{Mutex, PoisonError};

/// How many are kept in words.
const KEPT: usize = 50;

/// What went wrong. A replay with a fault has failed, whatever its proof says.
#[derive(Debug, Default)]
pub struct Faults(Mutex<(usize, Vec<String>)>);

impl Faults {
    /// Notes one.
    pub fn note(&self, what: String) {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        faults.0 += 1;
        if faults.1.len() < KEPT {
            faults.1.push(what);
        }
    }

    /// How many there were, and the first of them.
    #[must_use]
    pub fn all(&self) -> (usize, Vec<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
