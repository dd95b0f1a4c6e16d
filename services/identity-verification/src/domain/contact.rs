//! Addresses at which a customer can be reached.

use std::fmt;

use support_chassis::named;

named! {
    /// What kind of address it is.
    ContactKind {
        /// An e-mail address.
        Email = "email",
        /// A telephone number.
        Phone = "phone",
    }
}

/// An address: an e-mail address of at most 254 characters (RFC 5321, 4.5.3.1.3, less its brackets), or a telephone number
/// in E.164 form. Two are equal where they reach the same mailbox or telephone.
#[derive(Clone)]
pub struct Contact {
    kind: ContactKind,
    value: String,
    comparable: String,
}

/// Why a text is no address. No variant carries the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidContact {
    /// No e-mail address in ASCII with one `@` that something stands on both sides of.
    #[error("is not an e-mail address of at most 254 ascii characters")]
    Email,
    /// Not a plus sign and 7 to 15 digits, the first not 0.
    #[error("is not a telephone number in e.164 form")]
    Phone,
}

impl Contact {
    /// An e-mail address, kept as it is written and compared in lower case. RFC 5321 lets a mailbox differ by case; no
    /// provider in use does, and two customers who share an address but for its case would be one person's mistake.
    ///
    /// # Errors
    ///
    /// [`InvalidContact::Email`].
    pub fn email(text: &str) -> Result<Self, InvalidContact> {
        let (local, host) = text.rsplit_once('@').ok_or(InvalidContact::Email)?;
        let plausible = text.len() <= 254
            && (1..=64).contains(&local.len())
            && !host.is_empty()
            && !local.contains('@')
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if !plausible {
            return Err(InvalidContact::Email);
        }
        Ok(Self {
            kind: ContactKind::Email,
            value: text.to_owned(),
            comparable: text.to_ascii_lowercase(),
        })
    }

    /// A telephone number (ITU-T E.164): a plus sign and 7 to 15 digits, the first not 0.
    ///
    /// # Errors
    ///
    /// [`InvalidContact::Phone`].
    pub fn phone(text: &str) -> Result<Self, InvalidContact> {
        let digits = text.strip_prefix('+').ok_or(InvalidContact::Phone)?;
        let plausible = (7..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        if !plausible {
            return Err(InvalidContact::Phone);
        }
        Ok(Self {
            kind: ContactKind::Phone,
            value: text.to_owned(),
            comparable: text.to_owned(),
        })
    }

    /// An address of the kind.
    ///
    /// # Errors
    ///
    /// [`InvalidContact`].
    pub fn parse(kind: ContactKind, text: &str) -> Result<Self, InvalidContact> {
        match kind {
            ContactKind::Email => Self::email(text),
            ContactKind::Phone => Self::phone(text),
        }
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> ContactKind {
        self.kind
    }

    /// The address as it was written. A person's data.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What it is compared by. A person's data.
    #[must_use]
    pub fn comparable(&self) -> &str {
        &self.comparable
    }

    /// The address with most of it hidden: `n•••@e•••.com`, `+•••••42`. The dots are always as many, so that they do not
    /// tell a length, and a name of one letter hides that letter too.
    #[must_use]
    pub fn masked(&self) -> String {
        match self.kind {
            ContactKind::Phone => {
                // A number has at least seven digits.
                let end = self.value.len().saturating_sub(2);
                format!("+•••••{}", self.value.get(end..).unwrap_or_default())
            }
            ContactKind::Email => {
                let (local, host) = self.value.rsplit_once('@').unwrap_or((&self.value, ""));
                let (name, top) = host
                    .rsplit_once('.')
                    .map_or((host, String::new()), |(name, top)| (name, format!(".{top}")));
                format!("{}@{}{top}", first_letter(local), first_letter(name))
            }
        }
    }
}

/// The first letter of a text with more than one, and dots, always as many.
pub(super) fn first_letter(text: &str) -> String {
    let mut letters = text.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(_)) => format!("{first}•••"),
        _ => "•••".to_owned(),
    }
}

impl PartialEq for Contact {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.comparable == other.comparable
    }
}

impl Eq for Contact {}

impl fmt::Debug for Contact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Contact({}, ..)", self.kind.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_are_compared_without_regard_to_case_and_kept_as_written() {
        let (one, other) = (
            Contact::email("Ada.L@Example.COM").unwrap(),
            Contact::email("ada.l@example.com").unwrap(),
        );
        assert_eq!(one, other);
        assert_eq!(one.value(), "Ada.L@Example.COM");
        assert_ne!(
            Contact::phone("+15551234567").unwrap(),
            Contact::phone("+15551234568").unwrap()
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@e.com", "a".repeat(65));
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c.de",
            "a@b@c.de",
            "ä@b.de",
            "a@b.de\r\nbcc: x@y.z",
            long.as_str(),
        ] {
            assert_eq!(Contact::email(text), Err(InvalidContact::Email), "{text:?}");
        }
        for text in [
            "",
            "+",
            "123456789",
            "+0123456789",
            "+123456",
            "+1234567890123456",
            "+49 30 1234",
            "+1234567a",
        ] {
            assert_eq!(Contact::phone(text), Err(InvalidContact::Phone), "{text:?}");
        }
    }

    #[test]
    fn a_masked_address_shows_no_more_than_it_must() {
        let mask = |text| Contact::email(text).unwrap().masked();
        assert_eq!(mask("nina@example.com"), "n•••@e•••.com");
        assert_eq!(mask("n@e.com"), "•••@•••.com");
        assert_eq!(mask("nina@localhost"), "n•••@l•••");
        assert_eq!(Contact::phone("+4930123442").unwrap().masked(), "+•••••42");
    }

    proptest! {
        #[test]
        fn debug_tells_nothing(local in "[a-z]{5,20}", host in "[a-z]{5,20}") {
            let printed = format!("{:?}", Contact::email(&format!("{local}@{host}.com")).unwrap());
            prop_assert_eq!(printed, "Contact(email, ..)");
        }

        #[test]
        fn a_mask_hides_all_between_the_first_letter_and_the_top_domain(local in "[a-z]{2,20}", host in "[a-z]{2,20}") {
            let masked = Contact::email(&format!("{local}@{host}.com")).unwrap().masked();
            prop_assert_eq!(masked, format!("{}•••@{}•••.com", &local[..1], &host[..1]));
        }
    }
}
