//! Those who repair.

use support_chassis::{id_type, named};
use time::OffsetDateTime;

id_type! {
    /// Names a provider.
    ProviderId
}

named! {
    /// What kind of place repairs.
    Kind {
        /// A store of the maker.
        OwnStore = "own_store",
        /// A depot to which devices are sent.
        Depot = "depot",
        /// An authorised service provider.
        Partner = "partner",
    }
}

named! {
    /// A family of products that is repaired with the same skill.
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

/// Whose place it is: a partner's has an organisation, and only a partner's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum House {
    /// A store of the maker.
    OwnStore,
    /// A depot to which devices are sent.
    Depot,
    /// An authorised service provider, of this organisation.
    Partner(String),
}

/// An organisation is missing, or one is named where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongOrganisation;

impl House {
    /// The house of this kind and organisation.
    ///
    /// # Errors
    ///
    /// Where a partner has no organisation or another kind has one.
    pub fn new(kind: Kind, organisation: Option<String>) -> Result<Self, WrongOrganisation> {
        match (kind, organisation) {
            (Kind::OwnStore, None) => Ok(Self::OwnStore),
            (Kind::Depot, None) => Ok(Self::Depot),
            (Kind::Partner, Some(organisation)) => Ok(Self::Partner(organisation)),
            (Kind::OwnStore | Kind::Depot, Some(_)) | (Kind::Partner, None) => Err(WrongOrganisation),
        }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::OwnStore => Kind::OwnStore,
            Self::Depot => Kind::Depot,
            Self::Partner(_) => Kind::Partner,
        }
    }

    /// The partner's organisation; none for the maker's own.
    #[must_use]
    pub fn organisation(&self) -> Option<&str> {
        match self {
            Self::OwnStore | Self::Depot => None,
            Self::Partner(organisation) => Some(organisation),
        }
    }
}

/// A place that repairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// Its id.
    pub id: ProviderId,
    /// A short code, unique.
    pub code: String,
    /// The name on the door.
    pub name: String,
    /// Whose place it is.
    pub house: House,
    /// Where it is, ISO 3166-1 alpha-2.
    pub country_code: String,
    /// The product lines it repairs, each once.
    pub product_lines: Vec<ProductLine>,
    /// When it was added.
    pub created_at: OffsetDateTime,
}

impl Provider {
    /// Whether it repairs products of this line.
    #[must_use]
    pub fn repairs(&self, line: ProductLine) -> bool {
        self.product_lines.contains(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partners_and_only_partners_have_an_organisation() {
        for kind in Kind::ALL {
            for organisation in [None, Some("asp-berlin".to_owned())] {
                let is_right = (*kind == Kind::Partner) == organisation.is_some();
                match House::new(*kind, organisation.clone()) {
                    Ok(house) => {
                        assert!(is_right);
                        assert_eq!((house.kind(), house.organisation()), (*kind, organisation.as_deref()));
                    }
                    Err(WrongOrganisation) => assert!(!is_right),
                }
            }
        }
    }
}
