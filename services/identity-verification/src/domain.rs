//! The rules, pure: no I/O, no clock, no SQL, no messages of the contract.
//!
//! Values that hold a person's data (names, addresses, codes) print nothing of it through `Debug`.

pub mod audit;
pub mod authenticator;
pub mod code;
pub mod contact;
pub mod customer;
pub mod delegation;
pub mod erasure;
pub mod failures;
pub mod grant;
pub mod happening;
pub mod ids;
pub mod machine;
pub mod partner;
pub mod profile;
pub mod risk;
pub mod rules;
pub mod sends;
pub mod sms;
pub mod totp;
pub mod verification;
