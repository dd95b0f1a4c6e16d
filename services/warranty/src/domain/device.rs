//! The devices: one product in somebody's hand.
//!
//! What is written on a device names it and, with it, the person who has it: serial numbers, IMEI and MEID are never
//! printed, not even by `Debug`.

mod actor;
mod identifiers;
mod marks;
mod proof;
mod purchase;
mod replacement;
mod transfer;

use std::fmt;

use support_chassis::{id_type, named};
use time::{Date, OffsetDateTime};

use super::country::Country;
use super::product::ProductId;

pub use actor::{Actor, ActorKind};
pub use identifiers::{Identifiers, Imei, InvalidIdentifier, Meid, Sought, is_serial_number};
pub use marks::{Flag, Lock, LockReason, MarkRefusal, Obstacle, change_flag, change_lock};
pub use proof::{NewProof, Proof, ProofId, ProofKind, ProofRefusal, ProofState, ReviewReason, can_withdraw, review};
pub use purchase::{
    Contradicted, CorrectionId, Known, Purchase, WrongPurchaseDate, activated, check_purchase, check_purchase_date,
};
pub use replacement::{ReplacementId, ReplacementReason, ReplacementRefusal, check_replacement};
pub use transfer::{
    OwnedReason, Transfer, TransferId, TransferRefusal, TransferState, accept, check_reassignment, code_hash, end,
    new_code, offer,
};

id_type! {
    /// Names a device.
    DeviceId
}

id_type! {
    /// Names a customer of identity-verification.
    CustomerId
}

named! {
    /// How sure a purchase date is.
    Evidence {
        /// Guessed from what is known of the device.
        Estimated = "estimated",
        /// Said by the owner.
        Declared = "declared",
        /// Shown by a proof of purchase.
        Proven = "proven",
    }
}

/// Who has a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A customer.
    Customer(CustomerId),
    /// An organisation, as the operator names it.
    Organisation(String),
}

impl Owner {
    /// The customer, where it is one.
    #[must_use]
    pub fn customer(&self) -> Option<CustomerId> {
        match self {
            Self::Customer(customer) => Some(*customer),
            Self::Organisation(_) => None,
        }
    }

    /// The organisation, where it is one.
    #[must_use]
    pub fn organisation(&self) -> Option<&str> {
        match self {
            Self::Customer(_) => None,
            Self::Organisation(organisation) => Some(organisation),
        }
    }

    /// Who these two columns of a row name; none where both are empty. The database sees that not both are given.
    #[must_use]
    pub fn of(customer: Option<CustomerId>, organisation: Option<String>) -> Option<Self> {
        customer.map(Self::Customer).or(organisation.map(Self::Organisation))
    }
}

/// One product in somebody's hand.
#[derive(Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// The product.
    pub product_id: ProductId,
    /// The serial number, unique.
    pub serial_number: String,
    /// The numbers of its radios, each unique.
    pub identifiers: Identifiers,
    /// The maker's code of its configuration; none where it is not known.
    pub configuration: Option<String>,
    /// The customer who has it; none where nobody is known, or an organisation has it.
    pub owner: Option<CustomerId>,
    /// The organisation that has it; none where nobody is known, or a customer has it.
    pub organisation: Option<String>,
    /// Who sold it, as the maker names sellers; none where it is not known.
    pub seller_reference: Option<String>,
    /// Where it was sold.
    pub purchase_country: Country,
    /// When it was handed to its first owner.
    pub purchase_date: Date,
    /// How sure that day is.
    pub evidence: Evidence,
    /// Whether it was sold used.
    pub sold_used: bool,
    /// When it was first activated; none where it is not known.
    pub first_activated_on: Option<Date>,
    /// The locks that are set.
    pub locks: Vec<Lock>,
    /// The flags that are set.
    pub flags: Vec<Flag>,
    /// Its place among the units that replaced one another; none where there is but one.
    pub chain: Option<Chain>,
    /// The unit it came in the place of.
    pub replaces: Option<DeviceId>,
    /// The unit that came in its place.
    pub replaced_by: Option<DeviceId>,
    /// When it was registered.
    pub registered_at: OffsetDateTime,
    /// When another unit came in its place.
    pub retired_at: Option<OffsetDateTime>,
}

/// The place of a unit among those that replaced one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// The first of them.
    pub origin: DeviceId,
    /// 0 for the first.
    pub place: i16,
}

impl Device {
    /// Who has it.
    #[must_use]
    pub fn holder(&self) -> Option<Owner> {
        Owner::of(self.owner, self.organisation.clone())
    }

    /// The first of the units that replaced one another; itself where there is but one.
    #[must_use]
    pub fn origin(&self) -> DeviceId {
        self.chain.map_or(self.id, |chain| chain.origin)
    }

    /// What is known of its purchase.
    #[must_use]
    pub fn purchase(&self) -> Purchase {
        Purchase {
            day: self.purchase_date,
            country: self.purchase_country,
            used: self.sold_used,
            evidence: self.evidence,
        }
    }
}

/// The id alone: the rest says whose it is.
impl fmt::Debug for Device {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Device")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
