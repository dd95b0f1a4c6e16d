//! The purchase: what is taken for its day and country, and what may correct it.

use support_chassis::id_type;
use time::{Date, Duration};

use super::{Device, Evidence};
use crate::domain::country::Country;
use crate::domain::product::Product;

id_type! {
    /// Names a correction of a purchase.
    CorrectionId
}

/// What is taken for a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purchase {
    /// When the device was handed to its first owner.
    pub day: Date,
    /// Where it was sold.
    pub country: Country,
    /// Whether it was sold used.
    pub used: bool,
    /// How sure that is.
    pub evidence: Evidence,
}

/// What is known beside, which a day of purchase must not contradict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// The first day on which the product was sold.
    pub released: Date,
    /// When the device was first activated.
    pub activated: Option<Date>,
    /// When it was handed in to be replaced.
    pub handed_in: Option<Date>,
    /// Today, the latest day at the place.
    pub today: Date,
}

/// Why a day cannot be that of a purchase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WrongPurchaseDate {
    /// The product was not sold yet.
    BeforeRelease,
    /// The day has not come yet.
    AfterToday,
}

/// What is said contradicts what is known of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contradicted;

/// How much later than its first activation a new device may be handed over: the activation is told by the day in UTC, or is the
/// seller's, on the evening before.
const AFTER_ACTIVATION: Duration = Duration::days(1);

/// Whether a product that was sold from `released` on can have been bought on `day`, as seen on `today`.
///
/// # Errors
///
/// Why not.
pub fn check_purchase_date(released: Date, day: Date, today: Date) -> Result<(), WrongPurchaseDate> {
    if day > today {
        Err(WrongPurchaseDate::AfterToday)
    } else if day < released {
        Err(WrongPurchaseDate::BeforeRelease)
    } else {
        Ok(())
    }
}

/// Whether a device can have been sold on `day`, new or used, after what is known of it: a new one not after it was activated, none
/// after it was handed in to be replaced.
///
/// # Errors
///
/// Where it cannot.
pub fn check_purchase(known: &Known, day: Date, used: bool) -> Result<(), Contradicted> {
    let is_after_activation = known
        .activated
        .and_then(|activated| activated.checked_add(AFTER_ACTIVATION))
        .is_some_and(|latest| day > latest);
    if is_after_activation && !used || known.handed_in.is_some_and(|handed_in| day > handed_in) {
        Err(Contradicted)
    } else {
        Ok(())
    }
}

/// What an activation on `day` changes: the first activation of `device`, and the purchase where the day of that is a guess. The
/// first unit of a chain alone says something of the sale.
///
/// # Errors
///
/// Where the product was not sold yet.
pub fn activated(device: &Device, product: &Product, day: Date) -> Result<(Date, Option<Purchase>), Contradicted> {
    if day < product.release_date {
        return Err(Contradicted);
    }
    let first = device.first_activated_on.map_or(day, |known| known.min(day));
    let is_first_unit = device.chain.is_none_or(|chain| chain.place == 0);
    let purchase = Purchase {
        day: first,
        ..device.purchase()
    };
    let guesses = device.evidence == Evidence::Estimated && is_first_unit && purchase != device.purchase();
    Ok((first, guesses.then_some(purchase)))
}
