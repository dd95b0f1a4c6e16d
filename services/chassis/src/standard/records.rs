//! The records that the standard is made of, and what follows from them.
//!
//! Publications, withdrawals and tenures of the authority are written once, never changed and never taken back. What holds on
//! a day is computed from the set of them and nothing else, so two regions with the same records agree, in whatever order these
//! came; and a region that lacks some agrees as soon as it has them. The computation:
//!
//! - The authority over global versions is held in tenures. The first, number 0, is the region that the settings name, and
//!   needs no record. Of several records with one number (two regions took the authority at once) the one with the lowest
//!   `(moved_at, id)` is valid, the others are void. The valid one with the highest number says who holds it.
//! - A global publication is void where its tenure is, where its region does not hold that tenure, and where whoever began a later
//!   valid tenure did not know its version yet. One whose tenure is not known here waits for the record of it.
//! - A withdrawal of a global publication counts only if its region held the authority when it was written: not where it
//!   never held it, and not once another region's tenure had followed its own. (The hour of each is by the clock of its own
//!   region; clocks that disagree make nobody disagree on what follows.) Withdrawals of overlays always count.
//! - Of the publications of a document for a place the one that holds on a day is the last by
//!   `(effective_from, published_at, id)` among those that are not void, have begun and are not withdrawn by that day.
//!
//! Overlays need no tenure. Who may publish them is decided when they are, by the territories of that day.

mod authority;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use time::{Date, OffsetDateTime};

pub use authority::{Holder, Standing};
pub use wire::InvalidRecord;

use super::basis::{BasisLayer, shortened};
use super::place::Place;
use crate::id::Region;

crate::id_type! {
    /// Names a publication.
    PublicationId
}

crate::id_type! {
    /// Names a withdrawal.
    WithdrawalId
}

crate::id_type! {
    /// Names a tenure of the authority.
    TenureId
}

/// A version of a document, or of an overlay, that was published.
#[derive(Clone, PartialEq, Eq)]
pub struct Publication {
    /// Its id; it says the region that published it.
    pub id: PublicationId,
    /// The document, `<service>/<name>`.
    pub document: String,
    /// The place it is for.
    pub place: Place,
    /// The version, from 1: for each document and place every region counts on from the last that it knows.
    pub version: i64,
    /// The first day on which it holds.
    pub effective_from: Date,
    /// When it was published.
    pub published_at: OffsetDateTime,
    /// Who wrote it.
    pub author: String,
    /// Who approved it; empty for nobody.
    pub approver: String,
    /// Why.
    pub reason: String,
    /// The canonical text: of the document, or of the patch.
    pub content: Arc<str>,
    /// SHA-256 of the content, 64 hexadecimal digits.
    pub digest: String,
    /// Of a global version the tenure under which it was published; none for tenure 0 and for overlays.
    pub tenure: Option<TenureId>,
}

/// A publication stops holding.
#[derive(Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Its id; it says the region that withdrew.
    pub id: WithdrawalId,
    /// What is withdrawn.
    pub publication: PublicationId,
    /// The first day on which it no longer holds.
    pub from_day: Date,
    /// When it was withdrawn.
    pub withdrawn_at: OffsetDateTime,
    /// Who wrote it.
    pub author: String,
    /// Who approved it; empty for nobody.
    pub approver: String,
    /// Why.
    pub reason: String,
}

/// A region came to hold the authority.
#[derive(Clone, PartialEq, Eq)]
pub struct Tenure {
    /// Its id; it says the region that wrote the record: the holder before, or whoever took it.
    pub id: TenureId,
    /// Counted from 1.
    pub number: i64,
    /// The region that holds it.
    pub region: Region,
    /// Whether the region took it because its holder was gone.
    pub taken: bool,
    /// The last global version of each document that whoever wrote this knew.
    pub last_versions: BTreeMap<String, i64>,
    /// When.
    pub moved_at: OffsetDateTime,
    /// Who did it.
    pub author: String,
    /// Why.
    pub reason: String,
}

/// Any record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A publication.
    Publication(Publication),
    /// A withdrawal.
    Withdrawal(Withdrawal),
    /// A tenure of the authority.
    Tenure(Tenure),
}

/// All records that a region knows. Clones share the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    authority: Region,
    publications: BTreeMap<PublicationId, Arc<Publication>>,
    /// The publications of each document by place.
    series: BTreeMap<String, BTreeMap<Place, BTreeSet<PublicationId>>>,
    withdrawals: BTreeMap<WithdrawalId, Arc<Withdrawal>>,
    withdrawn: BTreeMap<PublicationId, BTreeSet<WithdrawalId>>,
    tenures: BTreeMap<TenureId, Arc<Tenure>>,
}

impl Records {
    /// No records. `authority` is the region that holds tenure 0; it must be the same in all regions, for ever.
    #[must_use]
    pub fn new(authority: Region) -> Self {
        Self {
            authority,
            publications: BTreeMap::new(),
            series: BTreeMap::new(),
            withdrawals: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
            tenures: BTreeMap::new(),
        }
    }

    /// Adds a record. False where one with its id is there already: it came before, since records never change.
    pub fn add(&mut self, record: Record) -> bool {
        match record {
            Record::Publication(publication) => {
                let id = publication.id;
                if self.publications.contains_key(&id) {
                    return false;
                }
                self.series
                    .entry(publication.document.clone())
                    .or_default()
                    .entry(publication.place.clone())
                    .or_default()
                    .insert(id);
                self.publications.insert(id, Arc::new(publication));
            }
            Record::Withdrawal(withdrawal) => {
                let id = withdrawal.id;
                if self.withdrawals.contains_key(&id) {
                    return false;
                }
                self.withdrawn.entry(withdrawal.publication).or_default().insert(id);
                self.withdrawals.insert(id, Arc::new(withdrawal));
            }
            Record::Tenure(tenure) => {
                if self.tenures.contains_key(&tenure.id) {
                    return false;
                }
                self.tenures.insert(tenure.id, Arc::new(tenure));
            }
        }
        true
    }

    /// The publication of this id.
    #[must_use]
    pub fn publication(&self, id: PublicationId) -> Option<&Arc<Publication>> {
        self.publications.get(&id)
    }

    /// The publications of a document, void and withdrawn ones too, by place and then by id, which is by age.
    pub fn publications(&self, document: &str) -> impl Iterator<Item = &Arc<Publication>> {
        self.series
            .get(document)
            .into_iter()
            .flat_map(BTreeMap::values)
            .flatten()
            .filter_map(|id| self.publications.get(id))
    }

    /// The publications of a document for a place, void and withdrawn ones too, by id, which is by age.
    pub fn publications_for(&self, document: &str, place: &Place) -> impl Iterator<Item = &Arc<Publication>> {
        self.series
            .get(document)
            .and_then(|places| places.get(place))
            .into_iter()
            .flatten()
            .filter_map(|id| self.publications.get(id))
    }

    /// The places that a document has publications for, the world first.
    pub fn places(&self, document: &str) -> impl Iterator<Item = &Place> {
        self.series.get(document).into_iter().flat_map(BTreeMap::keys)
    }

    /// The withdrawals of a publication, those that do not count too.
    pub fn withdrawals(&self, publication: PublicationId) -> impl Iterator<Item = &Arc<Withdrawal>> {
        self.withdrawn
            .get(&publication)
            .into_iter()
            .flatten()
            .filter_map(|id| self.withdrawals.get(id))
    }

    /// The first day on which a publication no longer holds, because it was withdrawn.
    #[must_use]
    pub fn withdrawn_from(&self, publication: &Publication) -> Option<Date> {
        self.withdrawals(publication.id)
            .filter(|withdrawal| publication.place != Place::Global || self.may_withdraw(withdrawal))
            .map(|withdrawal| withdrawal.from_day)
            .min()
    }

    /// The publication of a document for a place that holds on a day.
    #[must_use]
    pub fn holding(&self, document: &str, place: &Place, day: Date) -> Option<&Arc<Publication>> {
        self.candidates(document, place, day)
            .max_by_key(|publication| publication.precedence())
    }

    /// As [`Records::holding`], and after it those that would hold were it not there, in order.
    #[must_use]
    pub fn ranked(&self, document: &str, place: &Place, day: Date) -> Vec<&Arc<Publication>> {
        let mut ranked: Vec<_> = self.candidates(document, place, day).collect();
        ranked.sort_by_key(|publication| std::cmp::Reverse(publication.precedence()));
        ranked
    }

    fn candidates(&self, document: &str, place: &Place, day: Date) -> impl Iterator<Item = &Arc<Publication>> {
        self.publications_for(document, place).filter(move |publication| {
            publication.effective_from <= day
                && self.standing(publication) == Standing::Valid
                && self.withdrawn_from(publication).is_none_or(|from| from > day)
        })
    }

    /// The days on which what is published of a document for a place may begin or cease to hold.
    #[must_use]
    pub fn turning_days(&self, document: &str, place: &Place) -> BTreeSet<Date> {
        self.publications_for(document, place)
            .flat_map(|publication| [Some(publication.effective_from), self.withdrawn_from(publication)])
            .flatten()
            .collect()
    }

    /// The version that this region's next publication of a document for a place has: one more than any known, void or not.
    #[must_use]
    pub fn next_version(&self, document: &str, place: &Place) -> i64 {
        let last = self
            .publications_for(document, place)
            .map(|publication| publication.version)
            .max();
        last.unwrap_or(0) + 1
    }

    /// The publication that a basis names; none where it is not known here, or several could be meant.
    #[must_use]
    pub fn named(&self, document: &str, layer: &BasisLayer) -> Option<&Arc<Publication>> {
        let mut named = self.publications_for(document, &layer.place).filter(|publication| {
            let own = publication.basis_layer();
            publication.version == layer.version
                && match &layer.digest {
                    Some(digest) => publication.digest.starts_with(digest.as_str()),
                    // Without a digest those of tenure 0 alone are named, and in it only its region publishes.
                    None => own.digest.is_none() && publication.id.region() == self.authority,
                }
        });
        let first = named.next()?;
        // Two with one digest say the same.
        named.all(|other| other.digest == first.digest).then_some(first)
    }
}

impl Publication {
    /// Of two publications that could hold, the one with the higher precedence does.
    #[must_use]
    pub fn precedence(&self) -> (Date, OffsetDateTime, PublicationId) {
        (self.effective_from, self.published_at, self.id)
    }

    /// What a basis calls it.
    #[must_use]
    pub fn basis_layer(&self) -> BasisLayer {
        let is_told_by_number = self.place == Place::Global && self.tenure.is_none();
        BasisLayer {
            place: self.place.clone(),
            version: self.version,
            digest: (!is_told_by_number).then(|| shortened(&self.digest)),
        }
    }
}

impl fmt::Debug for Publication {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "publication {} of {} for {} version {}",
            self.id, self.document, self.place, self.version
        )
    }
}

impl fmt::Debug for Withdrawal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "withdrawal {} of {} from {}",
            self.id, self.publication, self.from_day
        )
    }
}

impl fmt::Debug for Tenure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "tenure {} number {} of {}",
            self.id, self.number, self.region
        )
    }
}
