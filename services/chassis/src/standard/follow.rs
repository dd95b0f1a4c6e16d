//! Follows another region: its records come by its feed.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};
use support_proto::support::standard::v1::{AuthorityMoved, StandardPublished, StandardWithdrawn};

use super::adding::AddError;
use super::book::Book;
use super::records::{Publication, Record, Tenure, Withdrawal};
use crate::db::Tx;
use crate::feed::{ApplyError, Consumer, Received};
use crate::id::{Id, Region};

/// The events that are records.
const RECORDS: [&str; 3] = [
    "support.standard.v1.StandardPublished",
    "support.standard.v1.StandardWithdrawn",
    "support.standard.v1.AuthorityMoved",
];

/// Takes in the records of one region. What is no record of that region is set aside in `feed_parked`, and the rest goes on.
#[derive(Debug)]
pub(crate) struct Follower {
    book: Book,
    region: Region,
}

impl Follower {
    pub(crate) fn new(book: Book, region: Region) -> Self {
        Self { book, region }
    }

    /// The record that an event is.
    fn read(&self, event: &Received) -> Result<Record, ApplyError> {
        let (id, record) = if let Some(published) = event.decode::<StandardPublished>()? {
            let publication = Publication::try_from(published).map_err(park)?;
            self.check(&publication)?;
            (Id::from(publication.id), Record::Publication(publication))
        } else if let Some(withdrawn) = event.decode::<StandardWithdrawn>()? {
            let withdrawal = Withdrawal::try_from(withdrawn).map_err(park)?;
            (Id::from(withdrawal.id), Record::Withdrawal(withdrawal))
        } else if let Some(moved) = event.decode::<AuthorityMoved>()? {
            let tenure = Tenure::try_from(moved).map_err(park)?;
            (Id::from(tenure.id), Record::Tenure(tenure))
        } else {
            return Err(ApplyError::Park(format!("{} is no record", event.event_type)));
        };
        // Each region is heard from itself alone: nobody else can put words into its mouth.
        if id.region() != self.region {
            return Err(ApplyError::Park(format!(
                "record of region {} from the feed of {}",
                id.region(),
                self.region
            )));
        }
        if id != event.subject {
            return Err(ApplyError::Park("record is not the subject of its event".to_owned()));
        }
        Ok(record)
    }

    /// Refuses what no build could rule by. What only this build cannot read, because a newer one wrote it, is taken: it does
    /// not hold here until this region runs that build too.
    fn check(&self, publication: &Publication) -> Result<(), ApplyError> {
        if publication.document.split('/').next() != Some(self.book.service()) {
            return Err(park("record of another service"));
        }
        serde_json::from_str::<Map<String, Value>>(&publication.content)
            .map(drop)
            .map_err(|_| park("content is no object of JSON"))
    }
}

fn park(why: impl std::fmt::Display) -> ApplyError {
    ApplyError::Park(why.to_string())
}

impl Consumer for Follower {
    fn event_types(&self) -> Vec<&'static str> {
        RECORDS.to_vec()
    }

    fn apply<'t>(&'t self, tx: &'t mut Tx, event: &'t Received) -> BoxFuture<'t, Result<(), ApplyError>> {
        async {
            let record = self.read(event)?;
            let mut adding = self.book.adding(tx).await?;
            match adding.add(tx, record).await {
                Ok(_) => Ok(()),
                Err(AddError::Db(error)) => Err(error.into()),
                Err(error @ AddError::Contradicted) => Err(park(error)),
            }
        }
        .boxed()
    }

    /// Records that are there stay as they are.
    fn is_repeatable(&self) -> bool {
        true
    }

    fn heard(&self) {
        self.book.heard().note(self.region, self.book.now());
    }
}

#[cfg(test)]
mod tests {
    use support_proto::policy::kept_events;

    use super::*;

    #[test]
    fn records_are_the_kept_events_of_the_standard_and_all_of_them() {
        let kept = kept_events().iter().map(String::as_str);
        let kept: Vec<&str> = kept.filter(|name| name.starts_with("support.standard.")).collect();
        let mut records = RECORDS;
        records.sort_unstable();
        assert_eq!(kept, records);
    }
}
