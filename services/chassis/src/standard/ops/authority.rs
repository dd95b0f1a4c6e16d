//! The authority over global versions: given to another region, or taken.

use time::{Duration, OffsetDateTime};

use super::Desk;
use crate::db::Tx;
use crate::id::Region;
use crate::standard::adding::Adding;
use crate::standard::error::Error;
use crate::standard::records::{Record, Tenure};
use crate::standard::snapshot::Snapshot;

/// Gives the authority, which this region holds, to `region`. From then on this one publishes no global versions.
pub async fn hand_over(
    tx: &mut Tx,
    desk: &Desk,
    region: Region,
    reason: String,
    author: String,
) -> Result<Tenure, Error> {
    let adding = desk.book.adding(tx).await?;
    let holder = adding.snapshot().records().holder().region;
    if holder != desk.book.region() {
        return Err(Error::NotAuthority { region: holder });
    }
    if region == holder {
        return Err(Error::AuthorityHeld { region });
    }
    if !desk.book.heard().all().iter().any(|(followed, _)| *followed == region) {
        return Err(Error::RegionNotFollowed {
            region: region.to_string(),
        });
    }
    move_to(tx, desk, adding, region, reason, author).await
}

/// Takes the authority for this region, because the region that holds it is gone. What that region published and this one has
/// not heard of never holds.
pub async fn take(tx: &mut Tx, desk: &Desk, reason: String, author: String) -> Result<Tenure, Error> {
    let adding = desk.book.adding(tx).await?;
    let (holder, own) = (adding.snapshot().records().holder().region, desk.book.region());
    if holder == own {
        return Err(Error::AuthorityHeld { region: own });
    }
    move_to(tx, desk, adding, own, reason, author).await
}

async fn move_to(
    tx: &mut Tx,
    desk: &Desk,
    mut adding: Adding<'_>,
    region: Region,
    reason: String,
    author: String,
) -> Result<Tenure, Error> {
    let known = adding.snapshot();
    let (records, now) = (known.records(), tx.now());
    let tenure = Tenure {
        id: desk.ids.next(),
        number: records.holder().number() + 1,
        region,
        taken: region == desk.book.region(),
        last_versions: records.last_versions(),
        moved_at: last_moment(known).map_or(now, |last| last.max(now)),
        author,
        reason,
    };
    adding.publish(tx, Record::Tenure(tenure.clone())).await?;
    Ok(tenure)
}

/// The last moment of a global record, by whatever clock. What the holder did before it gave the authority away must not come to
/// lie after that, only because a clock was set back.
fn last_moment(known: &Snapshot) -> Option<OffsetDateTime> {
    let records = known.records();
    let publications = known
        .documents()
        .iter()
        .flat_map(|document| records.publications(document.id()));
    let moments = publications.flat_map(|publication| {
        let withdrawn = records
            .withdrawals(publication.id)
            .map(|withdrawal| withdrawal.withdrawn_at);
        withdrawn.chain([publication.published_at])
    });
    let tenures = records.tenures().into_iter().map(|tenure| tenure.moved_at);
    moments.chain(tenures).max().map(|last| last + Duration::MICROSECOND)
}
