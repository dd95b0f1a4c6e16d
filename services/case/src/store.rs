//! The SQL of cases: [`cases`], what is said in them ([`messages`]) and their histories ([`timeline`]).
//!
//! A change is two statements: [`cases::lock`], then [`cases::save`], which writes the case, the message and the entries
//! of the history at once. Opening one is a single statement ([`cases::open`]), after the look for the customer's data key: what
//! people wrote is [`sealed`].

pub mod cases;
pub mod held;
pub mod list;
pub mod marks;
pub mod messages;
pub mod open_cases;
mod row;
pub mod sealed;
pub mod timeline;
