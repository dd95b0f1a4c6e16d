//! Opening hours and holidays, by country, in memory.
//!
//! A holiday is a [`rule`]; [`holidays`] are those of a place with what is kept in their stead; [`hours`] say when
//! somebody is there on a clock at the place; a [`calendar`] is all of it in a time zone, and reckons: whether it is open,
//! when it opens, when so much open time will have run. These are pure, they know neither clock nor network.
//!
//! The data is the document `localisation/region-profiles` of the standard ([`document`](mod@document)), which localisation
//! owns. Other services hold it by the [`client`]: they begin with what the build ships, ask localisation for what holds, and
//! go on with what they have while it is away. So there is one way to reckon, and one source.

pub mod calendar;
pub mod client;
pub mod document;
pub mod holidays;
pub mod hours;
mod lunar;
pub mod rule;
mod words;

pub use calendar::quiet::Quiet;
pub use calendar::{Calendar, Opening, Span};
pub use client::Calendars;
pub use document::REGION_PROFILES;
pub use words::weekday_name;
