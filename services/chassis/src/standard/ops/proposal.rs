//! What somebody wants to come to hold: who may ask for it, and what it would mean.

use std::sync::Arc;

use time::{Date, Duration, OffsetDateTime};

use super::draft::Intent;
use crate::id::{Id, Ids, Region};
use crate::standard::check::{self, Comparison};
use crate::standard::compare::Departed;
use crate::standard::content::{self, Fault};
use crate::standard::error::Error;
use crate::standard::place::{Owner, Place};
use crate::standard::records::{Publication, Record, Standing, Withdrawal};
use crate::standard::snapshot::{Registered, Snapshot};

/// What somebody wants to come to hold, or to hold no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The document, `<service>/<name>`.
    pub document: String,
    /// The place.
    pub place: Place,
    /// A content, as it was written or in canonical form; or a publication to be withdrawn.
    pub intent: Intent,
    /// The first day.
    pub day: Date,
}

/// Who stands for a record.
#[derive(Clone, Debug, Default)]
pub(super) struct Signed {
    pub(super) author: String,
    pub(super) approver: String,
    pub(super) reason: String,
}

/// A proposal, weighed against what is known.
#[derive(Debug)]
pub(super) struct Weighed {
    /// What keeps the content from being a document.
    pub(super) faults: Vec<Fault>,
    /// Where it loosens the standard.
    pub(super) loosened: Vec<Departed>,
    /// What would come of it; none where something is wrong.
    pub(super) outcome: Option<Outcome>,
}

/// What would come of a proposal.
#[derive(Debug)]
pub(super) struct Outcome {
    /// The record to be written.
    pub(super) record: Record,
    /// What would change.
    pub(super) comparison: Comparison,
    /// What stands for all of this.
    pub(super) digest: String,
}

impl Weighed {
    /// The outcome, where nothing is wrong.
    pub(super) fn accept(self) -> Result<Outcome, Error> {
        match self.outcome {
            Some(outcome) => Ok(outcome),
            None if self.faults.is_empty() => Err(Error::OverlayLoosens(self.loosened)),
            None => Err(Error::ContentInvalid(self.faults)),
        }
    }
}

impl Proposal {
    /// Sees that the proposal is about something: that the place exists on one of the days that count (today, or the first
    /// day) and the day is not past; of a withdrawal, that there is something to be withdrawn.
    pub(super) fn is_possible(&self, known: &Snapshot, today: Date) -> Result<(), Error> {
        if self.day < today {
            return Err(Error::DayPassed { today });
        }
        match &self.intent {
            Intent::Publish(_) => {
                if self.place.layers(&known.territories(today)).is_none() {
                    return Err(self.place_not_found());
                }
                Ok(())
            }
            Intent::Withdraw(_) => self.is_withdrawable(known),
        }
    }

    fn place_not_found(&self) -> Error {
        Error::PlaceNotFound {
            place: self.place.clone(),
        }
    }

    fn is_withdrawable(&self, known: &Snapshot) -> Result<(), Error> {
        let withdrawn = self.withdrawn(known)?;
        let records = known.records();
        if records.withdrawn_from(withdrawn).is_some_and(|from| from <= self.day) {
            return Err(Error::AlreadyWithdrawn);
        }
        if self.place != Place::Global {
            return Ok(());
        }
        // On each later day that something holds, something else must hold without it.
        let mut days = records
            .turning_days(&self.document, &Place::Global)
            .split_off(&self.day);
        days.insert(self.day);
        let only_it = |day: &Date| {
            let ranked = records.ranked(&self.document, &Place::Global, *day);
            matches!(ranked.as_slice(), [only] if only.id == withdrawn.id)
        };
        if days.iter().any(only_it) {
            return Err(Error::LastVersion);
        }
        Ok(())
    }

    /// The publication that is to be withdrawn.
    pub(super) fn withdrawn<'k>(&self, known: &'k Snapshot) -> Result<&'k Arc<Publication>, Error> {
        let Intent::Withdraw(id) = self.intent else {
            return Err(self.version_not_found());
        };
        known
            .records()
            .publication(id)
            .filter(|publication| publication.document == self.document && publication.place == self.place)
            .filter(|publication| known.records().standing(publication) == Standing::Valid)
            .ok_or_else(|| self.version_not_found())
    }

    fn version_not_found(&self) -> Error {
        Error::VersionNotFound {
            document: self.document.clone(),
        }
    }

    /// Sees that `region` is the one that makes the rules of the place today.
    pub(super) fn is_own(&self, known: &Snapshot, region: Region, today: Date) -> Result<(), Error> {
        let holder = known.records().holder().region;
        match self.place.owner(&known.territories(today)) {
            Some(Owner::Authority) if holder == region => Ok(()),
            Some(Owner::Authority) if self.place == Place::Global => Err(Error::NotAuthority { region: holder }),
            Some(Owner::Authority) => Err(self.of_other_region(holder)),
            Some(Owner::Region(owner)) if owner == region => Ok(()),
            Some(Owner::Region(owner)) => Err(self.of_other_region(owner)),
            // The place is gone. Nobody makes rules for it any more; its own may be taken away by who made them.
            None => match self.withdrawn(known) {
                Ok(publication) if publication.id.region() == region => Ok(()),
                _ => Err(self.place_not_found()),
            },
        }
    }

    fn of_other_region(&self, region: Region) -> Error {
        Error::PlaceOfOtherRegion {
            place: self.place.clone(),
            region: region.to_string(),
        }
    }

    /// What would come of it, were it published at `now`.
    pub(super) fn weigh(
        &self,
        known: &Snapshot,
        document: &Registered,
        signed: Signed,
        ids: &Ids,
        now: OffsetDateTime,
    ) -> Result<Weighed, Error> {
        let (record, text) = match &self.intent {
            Intent::Publish(text) => {
                let reading = check::read(known, document, &self.place, self.day, text)?;
                if !reading.is_acceptable() {
                    return Ok(Weighed {
                        faults: reading.faults,
                        loosened: reading.loosened,
                        outcome: None,
                    });
                }
                let publication = self.publication(known, &reading.canonical, signed, ids, now);
                (Record::Publication(publication), reading.canonical)
            }
            Intent::Withdraw(id) => {
                let withdrawal = Withdrawal {
                    id: self.id(known, ids, now).into(),
                    publication: *id,
                    from_day: self.day,
                    withdrawn_at: now,
                    author: signed.author,
                    approver: signed.approver,
                    reason: signed.reason,
                };
                (Record::Withdrawal(withdrawal), format!("withdraws {id}"))
            }
        };
        let after = known.with([record.clone()]);
        let comparison = check::compare(known, &after, document, &self.place, self.day);
        let place = self.place.to_string();
        let digest = check::digest(&[&self.document, &place, &text], known, self.day, &comparison);
        Ok(Weighed {
            faults: Vec::new(),
            loosened: Vec::new(),
            outcome: Some(Outcome {
                record,
                comparison,
                digest,
            }),
        })
    }

    fn publication(
        &self,
        known: &Snapshot,
        canonical: &str,
        signed: Signed,
        ids: &Ids,
        now: OffsetDateTime,
    ) -> Publication {
        let records = known.records();
        // Of two with the same first day the later one holds. That is this one, by whatever clock the other was written.
        let last = records
            .publications_for(&self.document, &self.place)
            .map(|publication| publication.published_at + Duration::MICROSECOND)
            .max();
        let tenure = (self.place == Place::Global).then(|| records.holder().tenure).flatten();
        Publication {
            id: self.id(known, ids, now).into(),
            document: self.document.clone(),
            place: self.place.clone(),
            version: records.next_version(&self.document, &self.place),
            effective_from: self.day,
            published_at: last.map_or(now, |last| last.max(now)),
            author: signed.author,
            approver: signed.approver,
            reason: signed.reason,
            digest: content::digest(canonical),
            content: Arc::from(canonical),
            tenure: tenure.map(|tenure| tenure.id),
        }
    }

    /// An id of the region whose record this would be: another's, where somebody only asks what the authority's next version
    /// would change. Such a record is never written.
    fn id(&self, known: &Snapshot, ids: &Ids, now: OffsetDateTime) -> Id {
        let holder = known.records().holder().region;
        if self.place == Place::Global && holder != ids.region() {
            Id::from_parts(holder, now, 0)
        } else {
            ids.next()
        }
    }
}
