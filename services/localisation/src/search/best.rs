//! The articles of one language that fit a query best.
//!
//! Only as much of the index is read as can still change the answer: what cannot come among the best, even if all that the
//! words do not say spoke for it, is stepped over in blocks (block-max WAND).

use tantivy::postings::SegmentPostings;
use tantivy::query::{Bm25StatisticsProvider, EnableScoring, Query as _};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, DocSet as _, Score, Term};

use super::facts::Facts;
use super::index::{Piece, Searchable};
use super::query::Asking;
use super::rank::{Asked, factor, highest, is_for};
use support_words::tag::Tag;

/// Among what the best are found, and who asks.
#[derive(Clone, Copy)]
pub(super) struct Among<'a> {
    pub(super) facts: &'a Facts,
    pub(super) asked: &'a Asked,
    pub(super) language: &'a Tag,
    pub(super) limit: usize,
    /// What an article must score more than to be of use.
    pub(super) floor: Score,
}

impl Searchable {
    /// The best articles by their numbers, with their scores, best first.
    pub(super) fn best(&self, asking: &Asking, among: Among<'_>) -> tantivy::Result<Vec<(Score, u64)>> {
        let Some(any) = self.pieces.first() else {
            return Ok(Vec::new());
        };
        let frequencies = Frequencies { of: self, asking };
        let scoring = EnableScoring::enabled_from_statistics_provider(&frequencies, &any.searcher);
        let weight = asking.query.weight(scoring)?;
        let mut best = Best {
            limit: among.limit.max(1),
            floor: among.floor,
            highest: highest(among.asked, among.facts),
            found: Vec::new(),
        };
        for piece in &*self.pieces {
            let mut having = Having::of(asking, piece)?;
            weight.for_each_pruning(best.floor(), piece.segment(), &mut |doc, score| {
                if let Some((number, factor)) = known(piece, doc, among)
                    && best.has_place_for(score * factor)
                    && having.are_enough(doc)
                {
                    best.take(score * factor, number);
                }
                best.floor()
            })?;
        }
        Ok(best.found)
    }
}

/// The article at a place, and what is known of it beside its words; none where it is not to be found.
fn known(piece: &Piece, doc: DocId, among: Among<'_>) -> Option<(u64, f32)> {
    let place = piece.places.get(usize::try_from(doc).ok()?)?;
    // First what lies close together: with a filter, most of what has the words ends here.
    if !is_for(among.facts.shelf(place.number)?, among.asked) {
        return None;
    }
    let article = among.facts.article(place.number)?;
    let text = article.texts.get(among.language)?;
    if text.version != place.version {
        return None;
    }
    let factor = factor(article, text, among.facts.helpful(place.number), among.asked);
    Some((place.number, factor))
}

/// The best so far, best first.
struct Best {
    limit: usize,
    floor: Score,
    /// The highest factor that there may be.
    highest: f32,
    found: Vec<(Score, u64)>,
}

impl Best {
    /// Whether a score could come among the best.
    fn has_place_for(&self, score: Score) -> bool {
        self.found.len() < self.limit || self.found.last().is_some_and(|(last, _)| score >= *last)
    }

    fn take(&mut self, score: Score, number: u64) {
        let place = self
            .found
            .partition_point(|(other, known)| other.total_cmp(&score).reverse().then(known.cmp(&number)).is_lt());
        if place < self.limit {
            self.found.truncate(self.limit - 1);
            self.found.insert(place, (score, number));
        }
    }

    /// What the words of a text must score more than for it to come among the best.
    fn floor(&self) -> Score {
        let last = match self.found.last() {
            Some((score, _)) if self.found.len() == self.limit => *score,
            _ => 0.0,
        };
        last.max(self.floor) / self.highest
    }
}

/// Which parts of a query a text has. Texts are asked for in their order.
struct Having {
    required: usize,
    parts: Vec<Vec<SegmentPostings>>,
}

impl Having {
    fn of(asking: &Asking, piece: &Piece) -> tantivy::Result<Self> {
        let mut parts = Vec::new();
        // One part is had by whatever is found.
        if asking.required > 1 {
            for having in &asking.having {
                let mut postings = Vec::with_capacity(having.len());
                for term in having {
                    let index = piece.segment().inverted_index(term.field())?;
                    postings.extend(index.read_postings(term, IndexRecordOption::Basic)?);
                }
                parts.push(postings);
            }
        }
        Ok(Self {
            required: asking.required,
            parts,
        })
    }

    fn are_enough(&mut self, doc: DocId) -> bool {
        if self.parts.is_empty() {
            return true;
        }
        let (mut had, mut left) = (0, self.parts.len());
        for part in &mut self.parts {
            let has = part.iter_mut().any(|postings| {
                let at = if postings.doc() < doc {
                    postings.seek(doc)
                } else {
                    postings.doc()
                };
                at == doc
            });
            had += usize::from(has);
            left -= 1;
            if had >= self.required {
                return true;
            }
            if had + left < self.required {
                return false;
            }
        }
        false
    }
}

/// How often terms are, in all pieces together. All terms of a part are as rare as the part is: a word that is spelt like the
/// one that was asked for is not worth more because hardly any text has it.
struct Frequencies<'a> {
    of: &'a Searchable,
    asking: &'a Asking,
}

impl Bm25StatisticsProvider for Frequencies<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let mut tokens = 0;
        for piece in &*self.of.pieces {
            tokens += piece.segment().inverted_index(field)?.total_num_tokens();
        }
        Ok(tokens)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.of.texts)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        Ok(self.asking.frequencies.get(term).copied().unwrap_or(1))
    }
}
