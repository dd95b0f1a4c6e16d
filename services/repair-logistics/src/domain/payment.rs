//! What a repair costs the customer, and what they have agreed to.

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amount {
    /// The currency, ISO 4217.
    pub currency: String,
    /// In the currency's minor unit.
    pub minor: i64,
}

/// What the customer pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pays {
    /// Nothing.
    Nothing,
    /// This amount, with tax.
    Amount(Amount),
    /// A price that is not known before the device is looked at.
    Unknown,
}

impl Pays {
    /// Whether somebody pays it who has agreed to pay `agreed` at most, or was not asked. What is in another currency, or not known,
    /// was not agreed to.
    #[must_use]
    pub fn is_within(&self, agreed: Option<&Amount>) -> bool {
        match (self, agreed) {
            (_, None) | (Self::Nothing, _) => true,
            (Self::Amount(amount), Some(most)) => amount.currency == most.currency && amount.minor <= most.minor,
            (Self::Unknown, Some(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euros(minor: i64) -> Amount {
        Amount {
            currency: "EUR".to_owned(),
            minor,
        }
    }

    #[test]
    fn nobody_pays_more_than_was_agreed() {
        let fee = Pays::Amount(euros(2_900));
        assert!(fee.is_within(None), "nobody asked");
        assert!(fee.is_within(Some(&euros(2_900))));
        assert!(!fee.is_within(Some(&euros(2_899))));
        let yen = Amount {
            currency: "JPY".to_owned(),
            minor: 1_000_000,
        };
        assert!(!fee.is_within(Some(&yen)), "who can say whether it is more");
        assert!(Pays::Nothing.is_within(Some(&euros(0))));
        assert!(!Pays::Unknown.is_within(Some(&euros(i64::MAX))));
        assert!(Pays::Unknown.is_within(None));
    }
}
