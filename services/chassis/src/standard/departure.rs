//! How a region may depart from what a field says: the option `departure` of the field.

use prost_reflect::FieldDescriptor;
use support_proto::support::options::v1::Departure;

/// How a region may depart from what a field says. See `support.options.v1.Departure`, which this is without the value that
/// is never used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Not at all.
    Locked,
    /// At will.
    Free,
    /// As the fields inside say; nothing is added or removed as a whole.
    ByField,
    /// To a higher value, which is stricter.
    Higher,
    /// To a lower value, which is stricter.
    Lower,
    /// To a longer duration, which is stricter.
    Longer,
    /// To a shorter duration, which is stricter.
    Shorter,
    /// To more elements, which is stricter; none may go.
    Superset,
    /// To fewer elements, which is stricter; none may come.
    Subset,
}

impl Rule {
    /// What the field states; none where it states nothing, or nothing that this program knows.
    #[must_use]
    pub fn of(field: &FieldDescriptor) -> Option<Self> {
        let option = field
            .parent_pool()
            .get_extension_by_name("support.options.v1.departure")?;
        let options = field.options();
        if !options.has_extension(&option) {
            return None;
        }
        Departure::try_from(options.get_extension(&option).as_enum_number()?)
            .ok()?
            .try_into()
            .ok()
    }

    /// The rule in words, for the people who broke it.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Locked => "locked: no region may depart from it",
            Self::Free => "free",
            Self::ByField => "may not be added or taken away as a whole",
            Self::Higher => "may only be higher",
            Self::Lower => "may only be lower",
            Self::Longer => "may only be longer",
            Self::Shorter => "may only be shorter",
            Self::Superset => "elements may only be added",
            Self::Subset => "elements may only be taken away",
        }
    }
}

impl TryFrom<Departure> for Rule {
    type Error = ();

    fn try_from(departure: Departure) -> Result<Self, ()> {
        Ok(match departure {
            Departure::Unspecified => return Err(()),
            Departure::Locked => Self::Locked,
            Departure::Free => Self::Free,
            Departure::ByField => Self::ByField,
            Departure::MayTightenHigher => Self::Higher,
            Departure::MayTightenLower => Self::Lower,
            Departure::MayTightenLonger => Self::Longer,
            Departure::MayTightenShorter => Self::Shorter,
            Departure::MayTightenSuperset => Self::Superset,
            Departure::MayTightenSubset => Self::Subset,
        })
    }
}

impl From<Rule> for Departure {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Locked => Self::Locked,
            Rule::Free => Self::Free,
            Rule::ByField => Self::ByField,
            Rule::Higher => Self::MayTightenHigher,
            Rule::Lower => Self::MayTightenLower,
            Rule::Longer => Self::MayTightenLonger,
            Rule::Shorter => Self::MayTightenShorter,
            Rule::Superset => Self::MayTightenSuperset,
            Rule::Subset => Self::MayTightenSubset,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_departure_of_the_contract_is_a_rule_but_the_unused_one() {
        for number in 0..=9 {
            let departure = Departure::try_from(number).unwrap();
            match Rule::try_from(departure) {
                Ok(rule) => assert_eq!(Departure::from(rule), departure),
                Err(()) => assert_eq!(departure, Departure::Unspecified),
            }
        }
        assert!(
            Departure::try_from(10).is_err(),
            "a departure that the rules do not know"
        );
    }

    #[test]
    fn fields_state_their_rule() {
        let rule = |message: &str, field: &str| {
            let message = support_proto::descriptors().get_message_by_name(message).unwrap();
            Rule::of(&message.get_field_by_name(field).unwrap())
        };
        assert_eq!(rule("support.standard.v1.Territories", "countries"), Some(Rule::Locked));
        assert_eq!(rule("support.standard.v1.Draft", "draft_id"), None);
    }
}
