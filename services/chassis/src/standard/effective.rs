//! What holds at a place on a day, as the service reads it.

use std::ops::Deref;

use super::Basis;

/// What holds at a place on a day.
#[derive(Debug, Clone, PartialEq)]
pub struct Effective<T> {
    /// The rules.
    pub document: T,
    /// The versions they come from: store it with the decision that is made by them.
    pub basis: Basis,
}

impl<T> Deref for Effective<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.document
    }
}
