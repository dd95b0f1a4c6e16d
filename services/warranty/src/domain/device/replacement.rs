//! Replacements: a unit comes in the place of another, which is retired.
//!
//! The units that replaced one another are a chain with one sale: all of them have its day, its country and how sure it is. What
//! became of one is told of those after it by the chain ([`Chain`](super::Chain)), so that a unit never has less than the one before.

use support_chassis::{id_type, named};
use time::Date;

use super::{Device, Obstacle};
use crate::domain::product::Product;

id_type! {
    /// Names a replacement.
    ReplacementId
}

named! {
    /// Why a unit is replaced.
    ReplacementReason {
        /// Instead of a repair.
        Repair = "repair",
        /// It never worked.
        DeadOnArrival = "dead_on_arrival",
        /// It was called back.
        Recall = "recall",
        /// It was lost or stolen, and a plan replaces it.
        Loss = "loss",
    }
}

/// Why a unit is not replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplacementRefusal {
    /// It was replaced before.
    Retired,
    /// These stand in the way. What is lost or stolen is replaced where a plan says so, and for that reason alone.
    Locked(Vec<Obstacle>),
    /// The other unit is of another product line.
    OtherLine,
    /// It was handed in before it was sold, or before it came itself.
    Contradicted,
    /// It was handed in after the other one was handed over.
    OutOfOrder,
    /// The other one was handed over after today.
    AfterToday,
}

/// Whether `device`, of `product`, can be replaced by a unit of `other`: handed in on `received`, which is not before `came` where it
/// replaced one itself, the other one handed over on `replaced`, as seen on `today`.
///
/// # Errors
///
/// Why not.
pub fn check_replacement(
    (device, product): (&Device, &Product),
    other: &Product,
    reason: ReplacementReason,
    came: Option<Date>,
    (received, replaced): (Date, Date),
    today: Date,
) -> Result<(), ReplacementRefusal> {
    let stands_in_the_way = |obstacle: &Obstacle| match obstacle {
        Obstacle::Lost | Obstacle::Stolen => reason != ReplacementReason::Loss,
        Obstacle::Activation | Obstacle::Replaced => false,
        Obstacle::Seized | Obstacle::UnderInvestigation | Obstacle::Counterfeit => true,
    };
    let obstacles: Vec<_> = device.obstacles().into_iter().filter(stands_in_the_way).collect();
    if device.retired_at.is_some() {
        Err(ReplacementRefusal::Retired)
    } else if !obstacles.is_empty() {
        Err(ReplacementRefusal::Locked(obstacles))
    } else if product.product_line != other.product_line {
        Err(ReplacementRefusal::OtherLine)
    } else if replaced > today {
        Err(ReplacementRefusal::AfterToday)
    } else if received > replaced {
        Err(ReplacementRefusal::OutOfOrder)
    } else if received < device.purchase_date || came.is_some_and(|came| received < came) {
        Err(ReplacementRefusal::Contradicted)
    } else {
        Ok(())
    }
}
