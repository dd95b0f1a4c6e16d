//! What repairs cost at a place.
//!
//! The maker's list is one number for each component of each group of models. A place adds its tax and rounds the sum to a multiple
//! of a step. All of that is done once, when the prices of a place are made; asking for one is looking it up.
//!
//! Two things are the same everywhere. What has no price of its own is repaired at that of the whole device, and no part of a device
//! costs more than all of it. What is lost or stolen cannot be repaired: it has a price only where the list says what another one
//! costs.

use std::collections::HashMap;

use super::catalogue::WHOLE_UNIT;
use super::coverage::Damage;
use super::money::{Amount, Currency, Rounding};

/// A whole, in hundredths of a per cent.
const WHOLE: u64 = 10_000;

/// The prices at a place on a day. Those of [`Default`] know none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Prices {
    version: String,
    terms: Option<PriceTerms>,
    groups: HashMap<String, Group>,
}

/// The prices of a group of models, by component.
type Group = HashMap<String, Priced>;

/// What a place makes of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceTerms {
    /// The currency of the list.
    pub currency: Currency,
    /// The tax.
    pub tax: Tax,
    /// How a price is rounded.
    pub rounding: Rounding,
    /// To a multiple of how many minor units, 1 or more.
    pub step: u32,
    /// Where the list is written down.
    pub source: String,
}

/// A tax on repairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tax {
    /// What it is called where it is paid.
    pub name: String,
    /// Its rate, in hundredths of a per cent.
    pub basis_points: u16,
    /// How it comes into a price.
    pub treatment: TaxTreatment,
    /// Where the rate is written down.
    pub source: String,
}

/// How a tax comes into a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaxTreatment {
    /// It is added to the price in the list; what the customer is told holds it.
    Added,
    /// It is in the price in the list and not told apart.
    InList,
    /// It is added at the sale, and is not in what the customer is told.
    AtSale,
}

/// A price in a list, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPrice {
    /// Whatever came to the device.
    pub any: i64,
    /// After kinds of damage with a price of their own.
    pub by_damage: Vec<(Damage, i64)>,
}

/// What a component costs, made ready.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Priced {
    any: Cost,
    by_damage: Vec<(Damage, Cost)>,
}

/// A price in the list, and what the customer pays for it, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cost {
    list: i64,
    paid: i64,
}

/// A price, and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote<'p> {
    /// What the customer pays.
    pub price: Amount,
    /// The tax in it: nothing where it comes at the sale, none where it is not told apart.
    pub tax: Option<Amount>,
    /// The price in the list.
    pub list: Amount,
    /// The component whose price it is; none where it is that of the whole device.
    pub component: Option<&'p str>,
    /// Whether there is a price of its own for the damage.
    pub is_of_damage: bool,
    /// What the place makes of the list.
    pub terms: &'p PriceTerms,
}

impl PriceTerms {
    /// What the customer pays for what the list has at `list`; none where that is below nothing, or more than can be written.
    #[must_use]
    pub fn paid(&self, list: i64) -> Option<i64> {
        let list = u64::try_from(list).ok()?;
        let rate = match self.tax.treatment {
            TaxTreatment::Added => u64::from(self.tax.basis_points),
            TaxTreatment::InList | TaxTreatment::AtSale => 0,
        };
        let step = u64::from(self.step.max(1));
        // Steps are counted, and the count is rounded: once, with the tax in it.
        let list = Amount::new(self.currency, i64::try_from(list).ok()?);
        let steps = list.checked_part(WHOLE + rate, WHOLE * step, self.rounding)?;
        steps.minor.checked_mul(i64::try_from(step).ok()?)
    }

    /// The tax in what the customer pays, to the nearest minor unit; none where it is not told apart.
    #[must_use]
    pub fn tax_in(&self, paid: Amount) -> Option<Amount> {
        match self.tax.treatment {
            TaxTreatment::Added => {
                let rate = u64::from(self.tax.basis_points);
                let net = paid.checked_part(WHOLE, WHOLE + rate, Rounding::HalfUp)?;
                paid.checked_sub(net)
            }
            TaxTreatment::InList => None,
            TaxTreatment::AtSale => Some(Amount::zero(paid.currency)),
        }
    }
}

impl Priced {
    fn of(terms: &PriceTerms, price: &ListPrice) -> Option<Self> {
        let cost = |list| terms.paid(list).map(|paid| Cost { list, paid });
        let by_damage = price.by_damage.iter();
        Some(Self {
            any: cost(price.any)?,
            by_damage: by_damage
                .filter_map(|(damage, list)| Some((*damage, cost(*list)?)))
                .collect(),
        })
    }

    /// What it costs, and whether that is a price of its own for the damage.
    fn after(&self, damage: Damage) -> Option<(Cost, bool)> {
        let own = self.by_damage.iter().find(|(known, _)| *known == damage);
        match own {
            Some((_, cost)) => Some((*cost, true)),
            None if is_gone(damage) => None,
            None => Some((self.any, false)),
        }
    }
}

/// Whether there is nothing left to repair.
fn is_gone(damage: Damage) -> bool {
    matches!(damage, Damage::Loss | Damage::Theft)
}

impl Prices {
    /// The prices of a list, by group and component, as a place makes them of it. A price that cannot be written is not known.
    #[must_use]
    pub fn new<'l>(
        version: String,
        terms: PriceTerms,
        list: impl IntoIterator<Item = (&'l str, &'l str, ListPrice)>,
    ) -> Self {
        let mut groups: HashMap<String, Group> = HashMap::new();
        for (group, component, price) in list {
            if let Some(priced) = Priced::of(&terms, &price) {
                groups
                    .entry(group.to_owned())
                    .or_default()
                    .insert(component.to_owned(), priced);
            }
        }
        Self {
            version,
            terms: Some(terms),
            groups,
        }
    }

    /// The prices of a place of which none is known.
    #[must_use]
    pub fn none(version: String) -> Self {
        Self {
            version,
            ..Self::default()
        }
    }

    /// The versions that they come from.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the customer pays for the repair of `component`, or of the whole device, of a model of `group` that came to harm by
    /// `damage`; none where it is not known. With the tax, unless that comes at the sale.
    #[must_use]
    pub fn of(&self, group: &str, component: Option<&str>, damage: Damage) -> Option<Amount> {
        let currency = self.terms.as_ref()?.currency;
        let (cost, _, _) = self.find(group, component, damage)?;
        Some(Amount::new(currency, cost.paid))
    }

    /// The same, with all that it is made of.
    #[must_use]
    pub fn quote(&self, group: &str, component: Option<&str>, damage: Damage) -> Option<Quote<'_>> {
        let terms = self.terms.as_ref()?;
        let (cost, component, is_of_damage) = self.find(group, component, damage)?;
        let price = Amount::new(terms.currency, cost.paid);
        Some(Quote {
            price,
            tax: terms.tax_in(price),
            list: Amount::new(terms.currency, cost.list),
            component,
            is_of_damage,
            terms,
        })
    }

    /// All that has a price, by group and component; none stands for the whole device.
    pub fn known(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.groups.iter().flat_map(|(group, components)| {
            let name = |component: &'_ String| component != WHOLE_UNIT;
            components
                .keys()
                .map(move |component| (group.as_str(), name(component).then_some(component.as_str())))
        })
    }

    fn find(&self, group: &str, component: Option<&str>, damage: Damage) -> Option<(Cost, Option<&str>, bool)> {
        let group = self.groups.get(group)?;
        let whole = group.get(WHOLE_UNIT).and_then(|priced| priced.after(damage));
        let own = component
            .and_then(|component| group.get_key_value(component))
            .and_then(|(component, priced)| Some((component, priced.after(damage)?)));
        match (own, whole) {
            // Of what is gone there is no part.
            (Some((component, (cost, is_own))), whole)
                if !is_gone(damage) && whole.is_none_or(|(whole, _)| cost.paid <= whole.paid) =>
            {
                Some((cost, Some(component), is_own))
            }
            (_, Some((cost, is_own))) => Some((cost, None, is_own)),
            (_, None) => None,
        }
    }
}

#[cfg(test)]
mod tests;
