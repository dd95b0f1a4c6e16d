#![doc = include_str!("../README.md")]

mod detection;
pub mod grams;
mod han;
pub mod model;
mod script;
mod tag;
mod words;

pub use detection::{Candidate, Detection, SURE, detect};
pub use tag::is_same_language;
