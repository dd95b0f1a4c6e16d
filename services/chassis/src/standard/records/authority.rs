//! Who holds the authority over global versions, and what does not hold because it moved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Publication, Records, Tenure, Withdrawal};
use crate::id::Region;
use crate::standard::place::Place;

/// Who holds the authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The region.
    pub region: Region,
    /// Its tenure; none for tenure 0.
    pub tenure: Option<Arc<Tenure>>,
}

impl Holder {
    /// The number of the tenure, from 0.
    #[must_use]
    pub fn number(&self) -> i64 {
        self.tenure.as_ref().map_or(0, |tenure| tenure.number)
    }
}

/// Whether a publication counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    Valid,
    /// It never does, because the authority moved before it was known.
    Void,
    /// The record of its tenure has not come yet.
    AwaitsTenure,
}

impl Records {
    /// The valid tenures that have a record, by number.
    #[must_use]
    pub fn tenures(&self) -> Vec<&Arc<Tenure>> {
        let mut valid: BTreeMap<i64, &Arc<Tenure>> = BTreeMap::new();
        for tenure in self.tenures.values().filter(|tenure| tenure.number > 0) {
            let first = valid.entry(tenure.number).or_insert(tenure);
            if (tenure.moved_at, tenure.id) < (first.moved_at, first.id) {
                *first = tenure;
            }
        }
        valid.into_values().collect()
    }

    /// Who holds the authority, by the records known here.
    #[must_use]
    pub fn holder(&self) -> Holder {
        match self.tenures().last() {
            Some(tenure) => Holder {
                region: tenure.region,
                tenure: Some(Arc::clone(tenure)),
            },
            None => Holder {
                region: self.authority,
                tenure: None,
            },
        }
    }

    /// The last global version of each document that is known here and not void: what a new tenure says it knew.
    #[must_use]
    pub fn last_versions(&self) -> BTreeMap<String, i64> {
        let mut last = BTreeMap::new();
        for document in self.series.keys() {
            let versions = self
                .publications_for(document, &Place::Global)
                .filter(|publication| self.standing(publication) == Standing::Valid)
                .map(|publication| publication.version);
            if let Some(version) = versions.max() {
                last.insert(document.clone(), version);
            }
        }
        last
    }

    /// Whether a publication counts.
    #[must_use]
    pub fn standing(&self, publication: &Publication) -> Standing {
        if publication.place != Place::Global {
            return Standing::Valid;
        }
        let valid = self.tenures();
        let (number, region) = match publication.tenure {
            None => (0, self.authority),
            Some(id) => {
                let Some(tenure) = self.tenures.get(&id) else {
                    return Standing::AwaitsTenure;
                };
                if !valid.iter().any(|valid| valid.id == id) {
                    return Standing::Void;
                }
                (tenure.number, tenure.region)
            }
        };
        let unknown_to = |later: &Tenure| {
            let known = later.last_versions.get(&publication.document);
            later.number > number && known.is_none_or(|known| *known < publication.version)
        };
        if publication.id.region() != region || valid.iter().any(|later| unknown_to(later)) {
            return Standing::Void;
        }
        Standing::Valid
    }

    /// Whether a withdrawal of a global publication was written by a region that held the authority then.
    pub(super) fn may_withdraw(&self, withdrawal: &Withdrawal) -> bool {
        let valid = self.tenures();
        let first = (self.authority, None, valid.first());
        let others = (valid.iter().enumerate())
            .map(|(position, tenure)| (tenure.region, Some(tenure.moved_at), valid.get(position + 1)));
        let mut own = std::iter::once(first)
            .chain(others)
            .filter(|(holder, ..)| *holder == withdrawal.id.region())
            .peekable();
        let earliest = own.peek().map(|(_, began, _)| *began);
        own.any(|(_, began, next)| {
            // Its clock may be behind the one of who gave it the authority. Only where it had held it and lost it before does
            // the beginning tell anything.
            let has_begun = Some(began) == earliest || began.is_none_or(|began| began <= withdrawal.withdrawn_at);
            has_begun && next.is_none_or(|next| withdrawal.withdrawn_at <= next.moved_at)
        })
    }
}
