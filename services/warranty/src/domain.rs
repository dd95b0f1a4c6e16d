//! The rules: pure, without I/O, clock, SQL or protobuf.
//!
//! [`coverage`] weighs the rules of [`terms`] for a [`sale`], a day and a damage. [`explain`] puts a decision into
//! sentences. The rest are the values they speak of.

pub mod calendar;
pub mod catalogue;
pub mod claim;
pub mod country;
pub mod coverage;
pub mod device;
pub mod explain;
pub mod facts;
pub mod iso_day;
pub mod money;
pub mod plan;
pub mod prices;
pub mod product;
pub mod reproduction;
pub mod sale;
pub mod terms;
pub mod zone;
