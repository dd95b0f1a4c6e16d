//! The functions a message may use: those of Unicode MessageFormat 2 that CLDR's data lets us carry out in every locale.

use mf2::{FormatContext, Function, Registry, fn_datetime, fn_number, functions, host_std};

static FUNCTIONS: [(&str, &dyn Function); 10] = [
    ("currency", &fn_number::CURRENCY),
    ("date", &fn_datetime::DATE),
    ("datetime", &fn_datetime::DATETIME),
    ("integer", &fn_number::INTEGER),
    ("number", &fn_number::NUMBER),
    ("offset", &fn_number::OFFSET),
    ("percent", &fn_number::PERCENT),
    ("string", &functions::STRING),
    ("time", &fn_datetime::TIME),
    ("unit", &fn_number::UNIT),
];

/// The functions; a number without a function is written as the language writes numbers.
pub(crate) static REGISTRY: Registry = Registry::new(&FUNCTIONS).with_numbers(&fn_number::NUMBERS);

/// Isolates every value from the direction of the text around it, and gives times in UTC.
pub(crate) static CONTEXT: FormatContext = FormatContext::new(&host_std::ZONES_HOST);

/// Whether there is a function of this name.
pub(crate) fn is_known(name: &str) -> bool {
    REGISTRY.get(name).is_some()
}

/// Whether it writes dates or times: those need calendar data beside the messages.
pub(crate) fn is_calendrical(name: &str) -> bool {
    REGISTRY.is_date_function(name)
}
