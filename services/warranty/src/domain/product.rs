//! The products.

use support_chassis::{id_type, named};
use time::{Date, OffsetDateTime};

id_type! {
    /// Names a product.
    ProductId
}

named! {
    /// A family of products that is supported by people with the same skill.
    ProductLine {
        /// Mobile telephones.
        Phone = "phone",
        /// Portable computers.
        Laptop = "laptop",
        /// Tablets and readers.
        Tablet = "tablet",
        /// Watches and trackers.
        Watch = "watch",
        /// Headphones and loudspeakers.
        Audio = "audio",
        /// Desktop computers and displays.
        Desktop = "desktop",
        /// Everything else that is plugged in.
        Accessory = "accessory",
    }
}

/// A model the maker sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// The maker's code of the model, unique.
    pub model_code: String,
    /// The model's name.
    pub name: String,
    /// The product line.
    pub product_line: ProductLine,
    /// The maker's limited warranty, in months, 0 to 120.
    pub limited_warranty_months: u8,
    /// The first day on which it was sold.
    pub release_date: Date,
    /// When it was added.
    pub created_at: OffsetDateTime,
}
