//! What would turn out differently under other rules.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use support_proto::codec::StandardDocument;
use time::Date;

use super::{Book, Document, Effective, Place, Reach, Standard};
use crate::db::Db;
use crate::lifecycle::BoxError;

/// Says what would turn out differently at a place: called for each place whose rules would change. It reads and changes
/// nothing.
pub type Simulator<T> = fn(WhatIf<T>) -> BoxFuture<'static, Result<Findings, BoxError>>;

/// Says why other rules must not come to hold at a place as things are: what is wrong, each with the path of its field. Empty where
/// nothing is. It reads and changes nothing.
pub type Objector<T> = fn(WhatIf<T>) -> BoxFuture<'static, Result<Vec<(String, String)>, BoxError>>;

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
    /// What holds of the service's other documents.
    pub others: Others,
    /// How long it may take. What is not told by then reaches nobody: what comes first is to be told, and that it is not all.
    pub within: Duration,
}

/// What holds of the documents of a service. Clones share it.
#[derive(Debug, Clone)]
pub struct Others(Option<Book>);

impl Others {
    /// By the book.
    pub(super) const fn of_book(book: Book) -> Self {
        Self(Some(book))
    }

    /// What the build ships, for ever: for tests of a simulator.
    #[must_use]
    pub const fn shipped() -> Self {
        Self(None)
    }

    /// What holds of a document, at any place on any day; what the build ships where the service does not declare it.
    #[must_use]
    pub fn standard<T: StandardDocument + 'static>(&self, document: &Document<T>) -> Standard<T> {
        let declared = self.0.as_ref().and_then(|book| book.standard(document));
        declared.unwrap_or_else(|| Standard::shipped(document))
    }
}

/// What a simulation has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Findings {
    /// What would turn out differently.
    pub consequences: Vec<Consequence>,
    /// What it has looked at; none where it does not tell.
    pub examinations: Vec<Examination>,
}

impl From<Vec<Consequence>> for Findings {
    fn from(consequences: Vec<Consequence>) -> Self {
        Self {
            consequences,
            examinations: Vec::new(),
        }
    }
}

/// Something that would turn out differently.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// Whether that is better for them; none where it is not told.
    pub fare: Option<Fare>,
    /// The rule that makes the difference, by its id in the document; empty where none is named.
    pub rule: String,
    /// What became of that rule and what would, in words.
    pub because: String,
    /// What they would pay more and less, by currency.
    pub money: Vec<MoneyChange>,
    /// Where they are and what they have; none where it is not told.
    pub shares: Vec<Share>,
}

/// How somebody fares under other rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fare {
    /// Better.
    Better,
    /// Worse.
    Worse,
    /// Neither, or it cannot be told.
    Otherwise,
}

/// What customers would pay more and less in one currency, all of them together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyChange {
    /// The currency, ISO 4217.
    pub currency: String,
    /// More, in minor units of the currency, not negative.
    pub more: i64,
    /// Less, in minor units of the currency, not negative.
    pub less: i64,
}

/// Those of a consequence who are in one country and have one kind of product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// The country, ISO 3166-1 alpha-2.
    pub country: String,
    /// The kind of product, as the service names it.
    pub product: String,
    /// How many.
    pub count: i64,
}

/// What a simulation has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examination {
    /// What it was: `devices`.
    pub what: String,
    /// How many there are.
    pub total: i64,
    /// How many were looked at, the latest first. As many as there are where it was not cut short.
    pub looked_at: i64,
    /// How they would fare.
    pub farings: Vec<Faring>,
}

/// How many would fare how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faring {
    /// The case that was tried; empty where there is but one.
    pub tried: String,
    /// The country, ISO 3166-1 alpha-2; empty for all.
    pub country: String,
    /// The kind of product, as the service names it; empty for all.
    pub product: String,
    /// How many would fare better.
    pub better: i64,
    /// How many would fare worse.
    pub worse: i64,
    /// How many would fare otherwise.
    pub otherwise: i64,
    /// For how many all stays as it is.
    pub same: i64,
    /// What they would pay more and less, by currency.
    pub money: Vec<MoneyChange>,
}
