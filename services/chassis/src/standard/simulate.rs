//! What would turn out differently under other rules.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use time::Date;

use super::{Effective, Place, Reach};
use crate::db::Db;
use crate::lifecycle::BoxError;

/// Says what would turn out differently at a place: called for each place whose rules would change. It reads and changes
/// nothing. The call that waits for it may take 60 s for all places together.
pub type Simulator<T> = fn(WhatIf<T>) -> BoxFuture<'static, Result<Vec<Consequence>, BoxError>>;

/// Rules that may come to hold.
#[derive(Debug, Clone)]
pub struct WhatIf<T> {
    /// The service's database.
    pub db: Db,
    /// The place.
    pub place: Place,
    /// The countries in which its rules are the ones that hold, of all places with rules of their own.
    pub reach: Reach,
    /// What holds there on the day without the change.
    pub held: Arc<Effective<T>>,
    /// What would hold there.
    pub proposed: Arc<Effective<T>>,
    /// The first day of the change.
    pub day: Date,
}

/// Something that would turn out differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consequence {
    /// For whom, in words: `devices in warranty, phone, DE`. Names nobody.
    pub whom: String,
    /// How many of them, as of now.
    pub count: i64,
    /// What holds for them, in words.
    pub before: String,
    /// What would, in words.
    pub after: String,
    /// Ids of some of them, at most ten.
    pub examples: Vec<String>,
}
