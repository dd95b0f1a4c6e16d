//! Joins the pieces of an index as they become many.
//!
//! Pieces stand from large to small, each several times as large as the next: a text is joined as often as that makes steps,
//! and a query looks into few pieces.

use std::sync::Arc;

use tantivy::directory::RamDirectory;
use tantivy::fastfield::{AliveBitSet, write_alive_bitset};
use tantivy::index::IndexSettings;
use tantivy::indexer::merge_filtered_segments;

use super::facts::Facts;
use super::index::{Piece, Place};
use support_words::tag::Tag;

/// A piece is at least this many times as large as the next smaller one.
const STEP: usize = 4;
/// Pieces smaller than this are not told apart by their size: this many are joined at once.
const CRUMBS: usize = 8;
/// What has no more texts than this, in all, is a crumb.
const CRUMB: usize = 64;

/// From which piece on all are to be joined into one, none where they stand well: by their sizes, the largest first. No more
/// than `most` texts are joined.
pub(super) fn due(sizes: &[usize], most: usize) -> Option<usize> {
    let crumbs = sizes.iter().rev().take_while(|size| **size <= CRUMB).count();
    let mut found = None;
    let mut behind = 0_usize;
    for (place, size) in sizes.iter().enumerate().rev() {
        let is_too_near = *size > CRUMB && behind > 0 && *size < behind.saturating_mul(STEP);
        let are_too_many = crumbs >= CRUMBS && place == sizes.len() - crumbs;
        behind += size;
        if behind > most {
            break;
        }
        if is_too_near || are_too_many {
            found = Some(place);
        }
    }
    found
}

/// One piece of several, without what is no longer current; none where nothing is.
pub(super) fn join(pieces: &[Arc<Piece>], facts: &Facts, language: &Tag) -> tantivy::Result<Option<Piece>> {
    let mut segments = Vec::with_capacity(pieces.len());
    let mut alive = Vec::with_capacity(pieces.len());
    let mut places = Vec::new();
    for piece in pieces {
        let current: Vec<bool> = piece
            .places
            .iter()
            .map(|place| is_current(facts, language, *place))
            .collect();
        if !current.contains(&true) {
            continue;
        }
        segments.extend(piece.index.searchable_segments()?);
        alive.push((!current.iter().all(|is| *is)).then(|| bits(&current)).transpose()?);
        places.extend(
            piece
                .places
                .iter()
                .zip(current)
                .filter(|(_, is)| *is)
                .map(|(place, _)| *place),
        );
    }
    if segments.is_empty() {
        return Ok(None);
    }
    let index = merge_filtered_segments(&segments, IndexSettings::default(), alive, RamDirectory::create())?;
    Piece::read(index, places)
}

/// Whether a text is the one to be found.
pub(super) fn is_current(facts: &Facts, language: &Tag, place: Place) -> bool {
    facts
        .article(place.number)
        .and_then(|article| article.texts.get(language))
        .is_some_and(|text| text.version == place.version)
}

fn bits(current: &[bool]) -> tantivy::Result<AliveBitSet> {
    let mut bits = tantivy::BitSet::with_max_value(u32::try_from(current.len()).unwrap_or(u32::MAX));
    for (doc, _) in (0..).zip(current).filter(|(_, is)| **is) {
        bits.insert(doc);
    }
    let mut bytes = Vec::new();
    write_alive_bitset(&bits, &mut bytes)?;
    Ok(AliveBitSet::open(tantivy::directory::OwnedBytes::new(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_when_they_are_many_or_near_in_size() {
        for (sizes, most, expected) in [
            (&[][..], usize::MAX, None),
            (&[10_000], usize::MAX, None),
            (&[10_000, 1, 1, 1], usize::MAX, None),
            (&[10_000, 1, 1, 1, 1, 1, 1, 1, 1], usize::MAX, Some(1)),
            (&[10_000, 3_000], usize::MAX, Some(0)),
            (&[10_000, 3_000], 5_000, None),
            (&[10_000, 3_000, 1, 1, 1, 1, 1, 1, 1, 1], 5_000, Some(2)),
            (&[10_000, 2_000], usize::MAX, None),
            (&[10_000, 400, 200], usize::MAX, Some(1)),
            (&[10_000, 2_400, 400, 200], usize::MAX, Some(0)),
        ] {
            assert_eq!(due(sizes, most), expected, "{sizes:?}");
        }
    }
}
