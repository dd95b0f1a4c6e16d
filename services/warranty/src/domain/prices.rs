//! What repairs cost at a place.

use std::collections::HashMap;
use std::sync::Arc;

use super::coverage::Damage;
use super::money::Amount;

/// What is repaired: a group of models with the same prices, and the component, none for the whole unit.
type What = (Arc<str>, Option<Arc<str>>);

/// The prices at a place on a day, with tax.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prices {
    by: HashMap<Damage, HashMap<What, Amount>>,
}

impl Prices {
    /// The price of a repair of `component`, or of the whole unit, of the models of `group` that came to harm by `damage`; none
    /// where it is not known.
    #[must_use]
    pub fn of(&self, group: &str, component: Option<&str>, damage: Damage) -> Option<Amount> {
        self.by
            .get(&damage)?
            .iter()
            .find(|((known, part), _)| &**known == group && part.as_deref() == component)
            .map(|(_, amount)| *amount)
    }
}
