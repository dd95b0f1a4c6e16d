//! The order in which a reader looks for texts.

use icu_collator::Collator;
use icu_collator::options::CollatorOptions;

use crate::tag::Tag;

/// The places of the texts, from 0, in the order of the language of `tag`. Texts that are alike keep the order that they
/// came in.
#[must_use]
pub fn sorted<S: AsRef<str>>(tag: &Tag, texts: &[S]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    match Collator::try_new((&tag.identifier()).into(), CollatorOptions::default()) {
        Ok(collator) => order.sort_by(|one, other| collator.compare(texts[*one].as_ref(), texts[*other].as_ref())),
        // The rules of every locale are compiled in; should any be missing, by code points is better than not at all.
        Err(_) => order.sort_by_key(|place| texts[*place].as_ref()),
    }
    order
}
