//! What other terms of coverage would mean.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Consequence, WhatIf};
use support_proto::support::warranty::v1::CoverageTerms;

use super::{Both, everybody};
use crate::domain::country::Country;
use crate::domain::coverage::{Decision, decide};
use crate::domain::facts::{Facts, Question, Rules};
use crate::domain::prices::Prices;
use crate::domain::terms::Terms;
use crate::standard::terms;

/// Who would fare differently by the terms proposed.
pub(in crate::standard) fn simulate(
    what_if: WhatIf<CoverageTerms>,
) -> BoxFuture<'static, Result<Vec<Consequence>, BoxError>> {
    async move {
        let mut both = BothTerms::new(&what_if.held, &what_if.proposed);
        Ok(everybody(&what_if.db, &what_if.reach, what_if.day, &mut both).await?)
    }
    .boxed()
}

/// The terms of a country, those that hold and those proposed; none where they say the same.
type Change = Option<Box<(Terms, Terms)>>;

pub(super) struct BothTerms<'a> {
    held: &'a CoverageTerms,
    proposed: &'a CoverageTerms,
    read: HashMap<Country, Change>,
    prices: Prices,
}

impl<'a> BothTerms<'a> {
    pub(super) fn new(held: &'a CoverageTerms, proposed: &'a CoverageTerms) -> Self {
        Self {
            held,
            proposed,
            read: HashMap::new(),
            prices: Prices::default(),
        }
    }

    fn change(&mut self, country: Country) -> &Change {
        match self.read.entry(country) {
            Entry::Occupied(read) => read.into_mut(),
            Entry::Vacant(unread) => {
                let of = |document| terms(document, "", country);
                let (held, proposed) = (of(self.held), of(self.proposed));
                unread.insert((held != proposed).then(|| Box::new((held, proposed))))
            }
        }
    }
}

impl Both for BothTerms<'_> {
    fn concerns(&mut self, country: Country) -> bool {
        self.change(country).is_some()
    }

    fn decide(&mut self, country: Country, facts: &Facts, question: &Question) -> Option<(Decision, Decision)> {
        self.change(country);
        let (held, proposed) = &**self.read.get(&country)?.as_ref()?;
        let by = |terms| {
            let rules = Rules {
                terms,
                prices: &self.prices,
                offers: &[],
            };
            decide(&rules, facts, question).ok()
        };
        Some((by(held)?, by(proposed)?))
    }
}
