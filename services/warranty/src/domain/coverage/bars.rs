//! What keeps the maker from repairing a device at all.

use super::about::{Asked, unweighed};
use super::decision::Weighed;
use super::kinds::{Damage, Outcome, Reason};
use crate::domain::facts::Bar;
use crate::domain::terms::Terms;

/// Adds what bars the repair to the chain: nothing else that would give one applies any more, and what the law gives is suspended.
/// Says whether something bars it.
pub(super) fn bar(chain: &mut Vec<Weighed>, bars: &[Bar], asked: &Asked<'_>, terms: &Terms) -> bool {
    let source = &terms.repair_terms;
    // By their order, and once each, however they are listed.
    let binding = Bar::ALL
        .iter()
        .filter(|bar| bars.contains(bar) && keeps(**bar, asked.damage))
        .filter(|bar| **bar != Bar::ActivationLocked || terms.activation_lock.bars);
    let before = chain.len();
    chain.extend(binding.map(|bar| {
        let (rule_id, reason) = words(*bar);
        Weighed {
            applies: true,
            from: Some(asked.sale.day),
            ..unweighed(rule_id.into(), Outcome::Refused, source.clone(), reason)
        }
    }));
    let is_barred = before < chain.len();
    let given = chain
        .iter_mut()
        .take(before)
        .filter(|weighed| weighed.applies && weighed.outcome != Outcome::Refused);
    for weighed in given.filter(|_| is_barred) {
        weighed.applies = false;
        weighed.suspended = weighed.outcome == Outcome::StatutoryRight;
        weighed.reason = if weighed.suspended {
            Reason::SuspendedByBar
        } else {
            Reason::Barred
        };
    }
    is_barred
}

/// Whether it keeps the maker from what would be done about the damage. A device that is gone is replaced and not repaired, so that
/// having been reported does not stand in the way.
fn keeps(bar: Bar, damage: Damage) -> bool {
    let is_gone = matches!(damage, Damage::Loss | Damage::Theft);
    !(is_gone && matches!(bar, Bar::Lost | Bar::Stolen))
}

/// The id of its rule in the chain, and the reason that it gives.
fn words(bar: Bar) -> (&'static str, Reason) {
    match bar {
        Bar::Lost => ("bar-lost", Reason::ReportedLost),
        Bar::Stolen => ("bar-stolen", Reason::ReportedStolen),
        Bar::ActivationLocked => ("bar-activation-locked", Reason::ActivationLocked),
        Bar::Replaced => ("bar-replaced", Reason::Replaced),
        Bar::Seized => ("bar-seized", Reason::Seized),
        Bar::UnderInvestigation => ("bar-under-investigation", Reason::UnderInvestigation),
        Bar::NotGenuine => ("bar-not-genuine", Reason::NotGenuine),
    }
}
