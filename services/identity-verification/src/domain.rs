//! The rules, pure: no I/O, no clock, no SQL, no messages of the contract.
//!
//! Values that hold a person's data (names, addresses, codes) print nothing of it through `Debug`.

pub mod code;
pub mod contact;
pub mod customer;
pub mod grant;
pub mod ids;
pub mod machine;
pub mod partner;
pub mod rules;
pub mod sends;
pub mod verification;
