//! The devices: one product in somebody's hand.

use support_chassis::{id_type, named};
use time::{Date, OffsetDateTime};

use super::country::Country;
use super::product::{Product, ProductId};

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

/// One product in somebody's hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// The product.
    pub product_id: ProductId,
    /// The serial number, unique.
    pub serial_number: String,
    /// Who has it; none where nobody is known.
    pub owner: Option<CustomerId>,
    /// Where it was sold.
    pub purchase_country: Country,
    /// When it was handed to its first owner.
    pub purchase_date: Date,
    /// How sure that day is.
    pub evidence: Evidence,
    /// Whether it was sold used.
    pub sold_used: bool,
    /// When it was registered.
    pub registered_at: OffsetDateTime,
}

/// Why a day cannot be that of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongPurchaseDate {
    /// The product was not sold yet.
    BeforeRelease,
    /// The day has not come yet.
    AfterToday,
}

/// Whether `product` can have been bought on `day`, as seen on `today`.
///
/// # Errors
///
/// Why not.
pub fn check_purchase_date(product: &Product, day: Date, today: Date) -> Result<(), WrongPurchaseDate> {
    if day > today {
        Err(WrongPurchaseDate::AfterToday)
    } else if day < product.release_date {
        Err(WrongPurchaseDate::BeforeRelease)
    } else {
        Ok(())
    }
}
