//! Finding articles by words, in every language and script, from memory.
//!
//! Each language has an index of its own ([`index`]), so that a word is as rare as it is in that language, and a reader of
//! three languages asks three small indexes and not one large one. What is indexed are words and their roots ([`tokens`]).
//! What the words do not say (who may read an article, what it is about, whether it helped) stands beside the indexes
//! ([`facts`]) and is weighed in when an article is ranked ([`rank`]). [`live`] keeps all of it up to date.

mod best;
pub mod build;
pub mod facts;
pub mod index;
mod join;
pub mod live;
mod parts;
pub mod query;
pub mod rank;
#[cfg(test)]
mod relevance;
mod spelling;
pub mod state;
pub mod tokens;
