//! The functions a message may use: those of Unicode MessageFormat 2 that CLDR's data lets us carry out in every locale.

use mf2::{Function, Registry, fn_number, functions};

use super::dates;

static FUNCTIONS: [(&str, &dyn Function); 10] = [
    ("currency", &fn_number::CURRENCY),
    ("date", &dates::DATE),
    ("datetime", &dates::DATETIME),
    ("integer", &fn_number::INTEGER),
    ("number", &fn_number::NUMBER),
    ("offset", &fn_number::OFFSET),
    ("percent", &fn_number::PERCENT),
    ("string", &functions::STRING),
    ("time", &dates::TIME),
    ("unit", &fn_number::UNIT),
];

/// The functions; a number without a function is written as the language writes numbers.
pub(crate) static REGISTRY: Registry = Registry::new(&FUNCTIONS).with_numbers(&fn_number::NUMBERS);

/// Whether there is a function of this name.
pub(crate) fn is_known(name: &str) -> bool {
    REGISTRY.get(name).is_some()
}
