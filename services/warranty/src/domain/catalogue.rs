//! What the maker sold: families, their models, what each is sold as and what it is made of.
//!
//! A catalogue is written by people and put right by people. Everything in it may be corrected, because a decision holds the
//! facts that it was made from. What is refused is to take away what those rely on who have a device already ([`correct`]): a
//! shorter warranty, another product line with other rights, a first day of sale after their own purchase.

mod correction;
pub mod import;
mod life;

use serde_json::{Value, json};
use support_chassis::id_type;
use time::{Date, OffsetDateTime};

pub use correction::{InUse, Use, changes, correct};
pub use life::{DutyEnd, Life, LifeRule, ServiceState, Sold};

use super::product::{Product, ProductId, ProductLine};

/// What prices call the whole device; no component has that name.
pub const WHOLE_UNIT: &str = "whole-unit";

id_type! {
    /// Names a family of models.
    FamilyId
}

/// A family of models of one product line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its id.
    pub id: FamilyId,
    /// What requests call it, unique.
    pub family: String,
    /// Its name.
    pub name: String,
    /// The product line of all its models.
    pub product_line: ProductLine,
    /// When it was added.
    pub created_at: OffsetDateTime,
}

/// A model with all that the catalogue says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its id.
    pub id: ProductId,
    /// The maker's code, unique and never changed: it is what a model is.
    pub model_code: String,
    /// All the rest.
    pub details: Details,
    /// Counts its changes, 1 for the first.
    pub revision: i32,
    /// When it was added.
    pub created_at: OffsetDateTime,
}

impl Model {
    /// Changes with every change of it.
    #[must_use]
    pub fn etag(&self) -> String {
        self.revision.to_string()
    }

    /// What a device is told to be.
    #[must_use]
    pub fn product(&self) -> Product {
        Product {
            id: self.id,
            model_code: self.model_code.clone(),
            name: self.details.name.clone(),
            product_line: self.details.product_line,
            limited_warranty_months: self.details.limited_warranty_months,
            release_date: self.details.release_date,
            created_at: self.created_at,
        }
    }
}

/// All that the catalogue says of a model beside its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Its name.
    pub name: String,
    /// The product line.
    pub product_line: ProductLine,
    /// The maker's limited warranty, in months, 0 to 120.
    pub limited_warranty_months: u8,
    /// The first day on which it was sold.
    pub release_date: Date,
    /// The key of its family; none where it belongs to none.
    pub family: Option<String>,
    /// Whose prices of repair it has; empty where it has none.
    pub price_group: String,
    /// The last day on which the maker sold it; none while it does.
    pub last_sold: Option<Date>,
    /// The first day on which it is vintage, where an operator has said so.
    pub vintage_from: Option<Date>,
    /// The first day on which it is obsolete, where an operator has said so.
    pub obsolete_from: Option<Date>,
    /// What it is sold as, in the order in which it was said.
    pub configurations: Vec<Configuration>,
    /// What it is made of, in the order in which it was said.
    pub components: Vec<Component>,
}

/// What a model is sold as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// Its number, unique within the model.
    pub configuration: String,
    /// What it is.
    pub name: String,
}

/// What a model is made of, as repair sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// What it is: `battery`; unique within the model.
    pub component: String,
    /// The parts that it is replaced by.
    pub parts: Vec<Part>,
}

/// A part that a component is replaced by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its number, unique within the model.
    pub part_number: String,
    /// What it is.
    pub name: String,
    /// Whether it wears in use as it is meant to.
    pub wears: bool,
    /// Whether it is there for looks alone.
    pub cosmetic: bool,
}

/// What is wrong with what somebody wants the catalogue to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field's path.
    pub field: String,
    /// What kind of fault it is.
    pub kind: FaultKind,
    /// What is wrong, without the value.
    pub words: &'static str,
}

/// The kinds of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// Missing, or not of its form.
    Form,
    /// There twice.
    Twice,
    /// No such family.
    UnknownFamily,
    /// The family is of another product line.
    LineDiffers,
    /// Days that do not follow each other as they must.
    OrderOfDays,
    /// Takes away what others rely on.
    InUse,
}

impl Details {
    /// What says for how long it is repaired.
    #[must_use]
    pub fn sold(&self) -> Sold {
        Sold {
            line: self.product_line,
            last: self.last_sold,
            vintage_from: self.vintage_from,
            obsolete_from: self.obsolete_from,
        }
    }

    /// What is wrong with the days, and what is there twice; `at` stands before the names of the fields.
    #[must_use]
    pub fn faults(&self, at: &str) -> Vec<Fault> {
        let mut faults = self.order_of_days(at);
        let twice = |field: String, words| Fault {
            field,
            kind: FaultKind::Twice,
            words,
        };
        let mut configurations = Vec::new();
        for (place, one) in self.configurations.iter().enumerate() {
            if is_known(&mut configurations, &one.configuration) {
                let field = format!("{at}configurations[{place}].configuration");
                faults.push(twice(field, "is there twice in the model"));
            }
        }
        let (mut components, mut parts) = (Vec::new(), Vec::new());
        for (place, one) in self.components.iter().enumerate() {
            if is_known(&mut components, &one.component) {
                let field = format!("{at}components[{place}].component");
                faults.push(twice(field, "is there twice in the model"));
            }
            for (inner, part) in one.parts.iter().enumerate() {
                if is_known(&mut parts, &part.part_number) {
                    let field = format!("{at}components[{place}].parts[{inner}].part_number");
                    faults.push(twice(field, "is there twice in the model"));
                }
            }
        }
        faults
    }

    fn order_of_days(&self, at: &str) -> Vec<Fault> {
        let sold = self.last_sold.unwrap_or(self.release_date);
        let mut faults = Vec::new();
        let mut require = |holds: bool, field: &str, words| {
            if !holds {
                faults.push(Fault {
                    field: format!("{at}{field}"),
                    kind: FaultKind::OrderOfDays,
                    words,
                });
            }
        };
        require(
            self.release_date <= sold,
            "last_sold_date",
            "must not be before the first day of sale",
        );
        require(
            self.vintage_from.is_none_or(|day| day > sold),
            "vintage_date",
            "must be after the last day of sale",
        );
        let earliest = self.vintage_from.filter(|day| *day > sold);
        require(
            self.obsolete_from
                .is_none_or(|day| day > sold && earliest.is_none_or(|vintage| day >= vintage)),
            "obsolete_date",
            "must be after the last day of sale and not before it is vintage",
        );
        faults
    }

    /// As the history keeps it: by the names of `ProductDetails`, days as ISO text.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let day = |day: Option<Date>| day.map(|day| day.to_string());
        let configurations: Vec<_> = (self.configurations.iter())
            .map(|one| json!({"configuration": one.configuration, "name": one.name}))
            .collect();
        let components: Vec<_> = (self.components.iter())
            .map(
                |one| json!({"component": one.component, "parts": one.parts.iter().map(part_json).collect::<Vec<_>>()}),
            )
            .collect();
        json!({
            "name": self.name,
            "product_line": self.product_line.as_str(),
            "limited_warranty_months": self.limited_warranty_months,
            "release_date": self.release_date.to_string(),
            "family": self.family.as_deref().unwrap_or_default(),
            "price_group": self.price_group,
            "last_sold_date": day(self.last_sold),
            "vintage_date": day(self.vintage_from),
            "obsolete_date": day(self.obsolete_from),
            "configurations": configurations,
            "components": components,
        })
    }
}

fn part_json(part: &Part) -> Value {
    json!({"part_number": part.part_number, "name": part.name, "wears": part.wears, "cosmetic": part.cosmetic})
}

/// Whether it was seen before; notes it.
fn is_known<'t>(seen: &mut Vec<&'t str>, one: &'t str) -> bool {
    let known = seen.contains(&one);
    seen.push(one);
    known
}

/// Whether it is a name that requests use: a lower-case letter, then up to 39 lower-case letters, digits and hyphens.
#[must_use]
pub fn is_key(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .bytes()
            .all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'-')
}

/// Whether it names a component: a key that is not what prices call the whole device.
#[must_use]
pub fn is_component(text: &str) -> bool {
    is_key(text) && text != WHOLE_UNIT
}

/// Whether it is a number of the maker's, of `shortest` to 40 upper-case letters, digits and hyphens, none of them first.
#[must_use]
pub fn is_number(text: &str, shortest: usize) -> bool {
    (shortest..=40).contains(&text.len())
        && !text.starts_with('-')
        && text
            .bytes()
            .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == b'-')
}

/// Whether it is a model code: a number that does not end with a hyphen either.
#[must_use]
pub fn is_model_code(text: &str) -> bool {
    is_number(text, 3) && !text.ends_with('-')
}

/// Whether it is a name: 1 to 100 characters, not all of them blank.
#[must_use]
pub fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.chars().count() <= 100
}

#[cfg(test)]
mod tests;
