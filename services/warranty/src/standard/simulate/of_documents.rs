//! What is tried for a change of each document.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::clock::Clock;
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Effective, Findings, Others, WhatIf};
use support_proto::support::warranty::v1::{CoverageTerms, PlanTerms, RepairPrices};

use super::worlds::Worlds;
use super::{Concerned, Sweep, everybody};

/// Who would fare differently by the terms proposed.
pub(in crate::standard) fn terms(what_if: &WhatIf<CoverageTerms>) -> BoxFuture<'static, Result<Findings, BoxError>> {
    everybody(Sweep::of(what_if, Worlds::of_terms, Concerned::BySale), what_if.within).boxed()
}

/// Who would fare differently by the prices proposed. Devices are asked about where they were sold; of the decisions, those about
/// repairs where the prices are the place's.
pub(in crate::standard) fn prices(what_if: &WhatIf<RepairPrices>) -> BoxFuture<'static, Result<Findings, BoxError>> {
    everybody(
        Sweep::of(what_if, Worlds::of_prices, Concerned::ByRepair),
        what_if.within,
    )
    .boxed()
}

/// For whom plans would have changed something else, had those been offered that are proposed.
pub(in crate::standard) fn plans(what_if: &WhatIf<PlanTerms>) -> BoxFuture<'static, Result<Findings, BoxError>> {
    everybody(Sweep::of(what_if, Worlds::of_plans, Concerned::BySale), what_if.within).boxed()
}

/// What decides by what holds and by what is proposed.
type Making<T> = fn(&Others, &Clock, &Arc<Effective<T>>, &Arc<Effective<T>>) -> Worlds;

impl Sweep {
    fn of<T>(what_if: &WhatIf<T>, worlds: Making<T>, concerned: Concerned) -> Self {
        Self {
            db: what_if.db.clone(),
            reach: what_if.reach.clone(),
            day: what_if.day,
            worlds: Arc::new(worlds(
                &what_if.others,
                what_if.db.clock(),
                &what_if.held,
                &what_if.proposed,
            )),
            concerned,
        }
    }
}
