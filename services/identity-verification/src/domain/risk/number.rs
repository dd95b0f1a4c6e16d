//! What a telephone number says of itself, by the metadata of libphonenumber.

use phonenumber::{PhoneNumber, Type};
use support_chassis::named;

use crate::domain::contact::{Contact, ContactKind};

/// So many digits at the end of a number are what differs between numbers of one prefix.
const SUBSCRIBER_DIGITS: usize = 4;

named! {
    /// What kind of line a number is of, where that speaks against it.
    Line {
        /// Voice over IP.
        Voip = "voip",
        /// Of premium rate, of shared cost, or one that forwards to others.
        Premium = "premium",
    }
}

/// What sends are counted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The number without its last four digits.
    pub prefix: String,
    /// The country calling code; none where the number has none that there is.
    pub calling_code: Option<u16>,
}

/// What kind of line a telephone number is of, as its digits say; none of an e-mail address, and of ordinary lines.
#[must_use]
pub fn line(contact: &Contact) -> Option<Line> {
    match parsed(contact)?.number_type(&phonenumber::metadata::DATABASE) {
        Type::Voip => Some(Line::Voip),
        Type::PremiumRate | Type::SharedCost | Type::PersonalNumber | Type::Uan | Type::Pager | Type::Voicemail => {
            Some(Line::Premium)
        }
        _ => None,
    }
}

/// What sends to a telephone number are counted by; none of an e-mail address.
#[must_use]
pub fn range(contact: &Contact) -> Option<Range> {
    if contact.kind() != ContactKind::Phone {
        return None;
    }
    let number = contact.comparable();
    let prefix = number.get(..number.len().saturating_sub(SUBSCRIBER_DIGITS))?;
    Some(Range {
        prefix: prefix.to_owned(),
        calling_code: parsed(contact).map(|number| number.country().code()),
    })
}

fn parsed(contact: &Contact) -> Option<PhoneNumber> {
    if contact.kind() != ContactKind::Phone {
        return None;
    }
    phonenumber::parse(None, contact.comparable()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phone(text: &str) -> Contact {
        Contact::phone(text).unwrap()
    }

    #[test]
    fn numbers_say_what_line_they_are_of() {
        for (number, expected) in [
            ("+447400123456", None),
            ("+41790001122", None),
            ("+445612345678", Some(Line::Voip)),
            ("+449012345678", Some(Line::Premium)),
            ("+448431234567", Some(Line::Premium)),
            ("+447012345678", Some(Line::Premium)),
            ("+999123456789", None),
        ] {
            assert_eq!(line(&phone(number)), expected, "{number}");
        }
        assert_eq!(line(&Contact::email("ada@example.com").unwrap()), None);
    }

    #[test]
    fn numbers_that_differ_at_their_end_alone_are_counted_together() {
        let told = range(&phone("+447400123456")).unwrap();
        assert_eq!((told.prefix.as_str(), told.calling_code), ("+44740012", Some(44)));
        assert_eq!(range(&phone("+447400129999")), Some(told));
        assert_eq!(range(&Contact::email("ada@example.com").unwrap()), None);
    }
}
