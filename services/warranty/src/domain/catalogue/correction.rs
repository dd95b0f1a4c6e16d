//! What may be put right, and what was.

use serde_json::Value;
use time::Date;

use super::{Details, Model};

/// What there is of a model in people's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Use {
    /// The earliest purchase of a device of it; none where there is no device.
    pub first_purchase: Option<Date>,
}

/// What would take away what somebody relies on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InUse {
    /// The fields, as `ProductDetails` names them.
    pub fields: Vec<&'static str>,
}

/// The model with what is `wanted` to be said of it; none where it says all of that already.
///
/// # Errors
///
/// The fields that must stay, because devices of the model were sold by them. All at once.
pub fn correct(model: &Model, wanted: Details, used: Use) -> Result<Option<Model>, InUse> {
    if model.details == wanted {
        return Ok(None);
    }
    let fields = in_use(&model.details, &wanted, used);
    if !fields.is_empty() {
        return Err(InUse { fields });
    }
    Ok(Some(Model {
        details: wanted,
        revision: model.revision + 1,
        ..model.clone()
    }))
}

fn in_use(held: &Details, wanted: &Details, used: Use) -> Vec<&'static str> {
    let Some(first_purchase) = used.first_purchase else {
        return Vec::new();
    };
    let taken = [
        // What was promised with a sale is not made shorter.
        (
            wanted.limited_warranty_months < held.limited_warranty_months,
            "limited_warranty_months",
        ),
        // Promises and laws are by product line.
        (wanted.product_line != held.product_line, "product_line"),
        // What was bought was on sale.
        (
            wanted.release_date > first_purchase && wanted.release_date > held.release_date,
            "release_date",
        ),
    ];
    taken
        .into_iter()
        .filter_map(|(taken, field)| taken.then_some(field))
        .collect()
}

/// The fields that differ between two states of a model as the history keeps them: name, what it said and what it says, as JSON;
/// empty for nothing.
#[must_use]
pub fn changes(before: &Value, after: &Value) -> Vec<(String, String, String)> {
    let (Value::Object(before), Value::Object(after)) = (before, after) else {
        return Vec::new();
    };
    let names = (before.keys()).chain(after.keys().filter(|name| !before.contains_key(*name)));
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(value) => value.to_string(),
    };
    let mut changed: Vec<_> = names
        .filter(|name| before.get(*name) != after.get(*name))
        .map(|name| (name.clone(), text(before.get(name)), text(after.get(name))))
        .collect();
    changed.sort_unstable();
    changed
}
