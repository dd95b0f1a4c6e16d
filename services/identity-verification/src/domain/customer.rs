//! Customers.

use std::fmt;

use time::OffsetDateTime;

use super::contact::{Contact, ContactKind, first_letter};
use super::ids::{ContactPointId, CustomerId};

/// The most contact points a customer has.
pub const CONTACT_POINTS_LIMIT: usize = 10;

/// The name of a person. Which part comes first differs by culture, so the display form is kept and never computed.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    /// The given name; may be empty.
    pub given: String,
    /// The family name; may be empty.
    pub family: String,
    /// How the person wants to be addressed in writing.
    pub display: String,
}

impl Name {
    /// The name with most of it hidden: of each word the first letter, as in `A••• L•••`.
    #[must_use]
    pub fn masked(&self) -> Self {
        let masked = |text: &str| text.split_whitespace().map(first_letter).collect::<Vec<_>>().join(" ");
        Self {
            given: masked(&self.given),
            family: masked(&self.family),
            display: masked(&self.display),
        }
    }
}

/// Somebody who has, or had, one of the maker's devices.
#[derive(Clone)]
pub struct Customer {
    /// The id.
    pub id: CustomerId,
    /// The name.
    pub name: Name,
    /// What they read, best first, BCP 47; never empty.
    pub languages: Vec<String>,
    /// The country of residence, ISO 3166-1 alpha-2.
    pub country_code: String,
    /// When the record was made.
    pub created_at: OffsetDateTime,
    /// Rises with every change of the record.
    pub version: i64,
    /// Where they can be reached, in their own order; never empty.
    pub contact_points: Vec<ContactPoint>,
}

/// An address of a customer.
#[derive(Debug, Clone)]
pub struct ContactPoint {
    /// The id.
    pub id: ContactPointId,
    /// The address.
    pub contact: Contact,
    /// When the customer last proved to hold it.
    pub verified_at: Option<OffsetDateTime>,
    /// Whether it came with the customer's record, and was not added later.
    pub vouched: bool,
}

impl ContactPoint {
    /// Whether holding it proves who somebody is. One that was added later does so only once it was verified, which its
    /// customer alone can do, in a session: else a slip of the pen, or somebody else's address, would open the account.
    #[must_use]
    pub fn proves_identity(&self) -> bool {
        self.vouched || self.verified_at.is_some()
    }
}

/// What comes of adding an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Addition {
    /// It takes this place in the list, from 1.
    At(i16),
    /// The customer has it already.
    Known,
    /// The list is full.
    Full,
}

impl Customer {
    /// What comes of adding `contact`.
    #[must_use]
    pub fn addition(&self, contact: &Contact) -> Addition {
        if self.contact_points.iter().any(|point| point.contact == *contact) {
            return Addition::Known;
        }
        let place = self.contact_points.len() + 1;
        match i16::try_from(place) {
            Ok(ordinal) if place <= CONTACT_POINTS_LIMIT => Addition::At(ordinal),
            _ => Addition::Full,
        }
    }

    /// Whether an address is left that proves who they are, once this one is gone.
    #[must_use]
    pub fn is_known_without(&self, id: ContactPointId) -> bool {
        self.contact_points
            .iter()
            .any(|point| point.id != id && point.proves_identity())
    }

    /// Where a code goes when staff name the customer: to the first verified address, else to the first that came with the
    /// record. Kinds that no message can be sent to here (`reachable` says which) come last, since a code that cannot
    /// arrive helps nobody. None where no address that proves who they are is of a kind that is `accepted`.
    #[must_use]
    pub fn preferred_contact(
        &self,
        accepted: impl Fn(ContactKind) -> bool,
        reachable: impl Fn(ContactKind) -> bool,
    ) -> Option<&ContactPoint> {
        self.contact_points
            .iter()
            .filter(|point| point.proves_identity() && accepted(point.contact.kind()))
            .min_by_key(|point| (!reachable(point.contact.kind()), point.verified_at.is_none()))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Name(..)")
    }
}

impl fmt::Debug for Customer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Customer")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use support_chassis::clock::Clock;
    use support_chassis::id::Ids;
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);

    fn customer(contacts: &[(&str, bool)]) -> Customer {
        let ids = Ids::seeded("eu".parse().unwrap(), Clock::manual(NOW).0, 1);
        let contact_points = contacts
            .iter()
            .map(|(text, verified)| ContactPoint {
                id: ids.next(),
                contact: Contact::email(text).or_else(|_| Contact::phone(text)).unwrap(),
                verified_at: verified.then_some(NOW),
                vouched: true,
            })
            .collect();
        Customer {
            id: ids.next(),
            name: Name {
                given: "Ada".into(),
                family: "L".into(),
                display: "Ada L".into(),
            },
            languages: vec!["en".into()],
            country_code: "GB".into(),
            created_at: NOW,
            version: 1,
            contact_points,
        }
    }

    #[test]
    fn a_code_goes_to_the_first_verified_address_that_can_be_reached() {
        let chosen = |contacts: &[(&str, bool)], phones: bool| {
            let customer = customer(contacts);
            let point = customer.preferred_contact(|_| true, |kind| phones || kind == ContactKind::Email);
            point.unwrap().contact.value().to_owned()
        };
        assert_eq!(
            chosen(&[("a@x.de", false), ("b@x.de", true), ("c@x.de", true)], true),
            "b@x.de"
        );
        assert_eq!(chosen(&[("a@x.de", false), ("b@x.de", false)], true), "a@x.de");
        assert_eq!(chosen(&[("+4930123456", true), ("b@x.de", false)], true), "+4930123456");
        assert_eq!(chosen(&[("+4930123456", true), ("b@x.de", false)], false), "b@x.de");
        assert_eq!(chosen(&[("+4930123456", true)], false), "+4930123456");
    }

    #[test]
    fn no_code_goes_to_what_was_added_and_never_verified() {
        let mut customer = customer(&[("+4930123456", false), ("added@x.de", false)]);
        customer.contact_points[1].vouched = false;
        let chosen = |customer: &Customer| {
            let point = customer.preferred_contact(|_| true, |kind| kind == ContactKind::Email);
            point.unwrap().contact.value().to_owned()
        };
        assert_eq!(chosen(&customer), "+4930123456", "also where it cannot arrive");
        customer.contact_points[1].verified_at = Some(NOW);
        assert_eq!(chosen(&customer), "added@x.de");
    }

    #[test]
    fn no_code_goes_to_a_kind_of_address_that_does_not_count() {
        let customer = customer(&[("+4930123456", true), ("b@x.de", false)]);
        let chosen = |accepted: fn(ContactKind) -> bool| {
            let point = customer.preferred_contact(accepted, |_| true);
            point.map(|point| point.contact.value().to_owned())
        };
        assert_eq!(chosen(|kind| kind == ContactKind::Email).as_deref(), Some("b@x.de"));
        assert_eq!(chosen(|_| false), None);
    }

    #[test]
    fn the_list_takes_ten_addresses_and_each_once() {
        let full: Vec<String> = (0..10).map(|index| format!("a{index}@x.de")).collect();
        let all: Vec<(&str, bool)> = full.iter().map(|text| (text.as_str(), false)).collect();
        assert_eq!(
            customer(&all[..9]).addition(&Contact::email("new@x.de").unwrap()),
            Addition::At(10)
        );
        assert_eq!(
            customer(&all).addition(&Contact::email("new@x.de").unwrap()),
            Addition::Full
        );
        assert_eq!(
            customer(&all).addition(&Contact::email("A3@X.DE").unwrap()),
            Addition::Known
        );
    }

    #[test]
    fn a_masked_name_keeps_a_letter_of_each_word() {
        let name = Name {
            given: "Ada Augusta".into(),
            family: "李".into(),
            display: "  Ada King-Noel  ".into(),
        };
        let masked = name.masked();
        assert_eq!(
            (masked.given.as_str(), masked.family.as_str(), masked.display.as_str()),
            ("A••• A•••", "•••", "A••• K•••")
        );
        assert!(
            Name {
                given: String::new(),
                ..name
            }
            .masked()
            .given
            .is_empty()
        );
    }

    #[test]
    fn debug_tells_nothing_of_the_person() {
        let printed = format!("{:?}", customer(&[("ada@example.com", false)]));
        assert!(!printed.contains("Ada") && !printed.contains("example"), "{printed}");
    }
}
