//! Locks and flags: what keeps a device from being given away or repaired, and who may say so.
//!
//! What may be done is a table. What was done is history that is added to and never changed; the locks and flags of a device
//! follow from it.

use support_chassis::named;

use super::{ActorKind, Device};
use crate::domain::facts::Bar;

named! {
    /// What its owner, or the law, has against a device being used, given away or repaired.
    Lock {
        /// Its owner has lost it.
        Lost = "lost",
        /// It was stolen.
        Stolen = "stolen",
        /// It can only be activated by its owner.
        Activation = "activation",
    }
}

named! {
    /// Why a lock is set or lifted.
    LockReason {
        /// The owner asked for it.
        OwnerRequest = "owner_request",
        /// The police told of it.
        PoliceReport = "police_report",
        /// A network operator or a register of stolen devices told of it.
        CarrierReport = "carrier_report",
        /// The device was found again.
        Recovered = "recovered",
        /// It was set by mistake.
        SetInError = "set_in_error",
        /// The owner has shown that the device is theirs.
        OwnershipProven = "ownership_proven",
        /// A court ordered it.
        CourtOrder = "court_order",
    }
}

named! {
    /// What operators know of a device.
    Flag {
        /// It was on show in a store.
        DemoUnit = "demo_unit",
        /// The maker made it as new.
        Refurbished = "refurbished",
        /// An authority has seized it.
        Seized = "seized",
        /// It is being looked into.
        UnderInvestigation = "under_investigation",
        /// It is not one of the maker's.
        Counterfeit = "counterfeit",
    }
}

named! {
    /// What stands in the way of giving a device away or of repairing it.
    Obstacle {
        /// It is lost.
        Lost = "lost",
        /// It is stolen.
        Stolen = "stolen",
        /// Only its owner can activate it.
        Activation = "activation",
        /// It is seized.
        Seized = "seized",
        /// It is being looked into.
        UnderInvestigation = "under_investigation",
        /// It is not one of the maker's.
        Counterfeit = "counterfeit",
        /// Another unit came in its place.
        Replaced = "replaced",
    }
}

/// Why a lock or a flag is not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarkRefusal {
    /// It is set already, or is not set.
    State,
    /// This kind of caller does not do this, or not for this reason.
    NotAllowed,
    /// The device is retired: what another unit came in the place of gets no new locks.
    Retired,
}

impl LockReason {
    /// Whether it is no more than what the owner says. All others are somebody's finding: of the police, a carrier, a court, or of who
    /// looked at proofs.
    #[must_use]
    pub fn is_owners_word(self) -> bool {
        matches!(self, Self::OwnerRequest | Self::Recovered | Self::SetInError)
    }
}

/// Which kinds of caller may set (`true`) or lift (`false`) a lock, and for which reasons. What is not here, nobody may.
/// Operators may what staff may.
const LOCK_RULES: &[(ActorKind, Lock, bool, &[LockReason])] = {
    use ActorKind::{Customer, Service, Staff};
    use Lock::{Activation, Lost, Stolen};
    use LockReason::{CarrierReport, CourtOrder, OwnerRequest, OwnershipProven, PoliceReport, Recovered, SetInError};
    &[
        (Customer, Lost, true, &[OwnerRequest]),
        (Customer, Lost, false, &[Recovered, SetInError]),
        // Whoever holds the owner's telephone could lift it too: so staff do, who look at more.
        (Customer, Stolen, true, &[OwnerRequest]),
        (Customer, Activation, true, &[OwnerRequest]),
        (Customer, Activation, false, &[OwnerRequest]),
        (Staff, Lost, true, &[OwnerRequest, PoliceReport, CarrierReport]),
        (Staff, Lost, false, &[Recovered, SetInError, OwnershipProven]),
        (
            Staff,
            Stolen,
            true,
            &[OwnerRequest, PoliceReport, CarrierReport, CourtOrder],
        ),
        (
            Staff,
            Stolen,
            false,
            &[Recovered, SetInError, OwnershipProven, CourtOrder],
        ),
        (Staff, Activation, true, &[OwnerRequest, CourtOrder]),
        (Staff, Activation, false, &[OwnershipProven, CourtOrder]),
        (Service, Lost, true, &[CarrierReport]),
        (Service, Lost, false, &[CarrierReport]),
        (Service, Stolen, true, &[CarrierReport, PoliceReport]),
        (Service, Stolen, false, &[CarrierReport]),
        (Service, Activation, true, &[OwnerRequest]),
        (Service, Activation, false, &[OwnerRequest]),
    ]
};

/// Whether `actor` may set or lift `lock` of `device` for `reason`.
///
/// # Errors
///
/// Why not.
pub fn change_lock(
    device: &Device,
    actor: ActorKind,
    lock: Lock,
    sets: bool,
    reason: LockReason,
) -> Result<(), MarkRefusal> {
    let actor = if actor == ActorKind::Operator {
        ActorKind::Staff
    } else {
        actor
    };
    let may = LOCK_RULES
        .iter()
        .any(|(who, what, set, reasons)| (*who, *what, *set) == (actor, lock, sets) && reasons.contains(&reason));
    if !may {
        Err(MarkRefusal::NotAllowed)
    } else if sets && device.retired_at.is_some() {
        Err(MarkRefusal::Retired)
    } else if device.locks.contains(&lock) == sets {
        Err(MarkRefusal::State)
    } else {
        Ok(())
    }
}

/// Whether `flag` of `device` can be set or cleared.
///
/// # Errors
///
/// [`MarkRefusal::State`], where it is that already.
pub fn change_flag(device: &Device, flag: Flag, sets: bool) -> Result<(), MarkRefusal> {
    if device.flags.contains(&flag) == sets {
        Err(MarkRefusal::State)
    } else {
        Ok(())
    }
}

impl Obstacle {
    /// What may keep the maker from repairing it for as long as this is there. Whether the lock against activation does say the
    /// terms: it is on most devices that are in use, and keeps them from thieves.
    #[must_use]
    pub const fn bar(self) -> Bar {
        match self {
            Self::Lost => Bar::Lost,
            Self::Stolen => Bar::Stolen,
            Self::Activation => Bar::ActivationLocked,
            Self::Seized => Bar::Seized,
            Self::UnderInvestigation => Bar::UnderInvestigation,
            Self::Counterfeit => Bar::NotGenuine,
            Self::Replaced => Bar::Replaced,
        }
    }

    /// What stands in the way of a device with these locks and flags.
    #[must_use]
    pub fn of(locks: &[Lock], flags: &[Flag], is_retired: bool) -> Vec<Self> {
        let from_locks = locks.iter().map(|lock| match lock {
            Lock::Lost => Self::Lost,
            Lock::Stolen => Self::Stolen,
            Lock::Activation => Self::Activation,
        });
        let from_flags = flags.iter().filter_map(|flag| match flag {
            Flag::DemoUnit | Flag::Refurbished => None,
            Flag::Seized => Some(Self::Seized),
            Flag::UnderInvestigation => Some(Self::UnderInvestigation),
            Flag::Counterfeit => Some(Self::Counterfeit),
        });
        let mut found: Vec<Self> = from_locks
            .chain(from_flags)
            .chain(is_retired.then_some(Self::Replaced))
            .collect();
        found.sort_unstable();
        found
    }
}

impl Device {
    /// What stands in the way of giving it away or of repairing it, in a fixed order.
    #[must_use]
    pub fn obstacles(&self) -> Vec<Obstacle> {
        Obstacle::of(&self.locks, &self.flags, self.retired_at.is_some())
    }
}
