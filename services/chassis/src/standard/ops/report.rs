//! What a content or a withdrawal would mean, with what the service's own simulation says.

use time::OffsetDateTime;

use super::draft::{Act, Draft};
use super::proposal::{Proposal, Signed, Weighed};
use super::{Desk, aside, day_of, registered};
use crate::standard::check::PlaceChange;
use crate::standard::compare::Departed;
use crate::standard::content::Fault;
use crate::standard::document::Change;
use crate::standard::error::Error;
use crate::standard::place::Place;
use crate::standard::simulate::Consequence;
use crate::standard::snapshot::Registered;

/// Everything there is to say of a proposal.
#[derive(Debug, Default)]
pub struct Report {
    /// What keeps the content from being a document.
    pub faults: Vec<Fault>,
    /// Where it loosens the standard.
    pub loosened: Vec<Departed>,
    /// What would change, by place.
    pub changes: Vec<PlaceChange>,
    /// What would turn out differently, by place.
    pub consequences: Vec<(Place, Consequence)>,
    /// What stands for the check; empty where something is wrong.
    pub digest: String,
}

/// Checks a proposal and simulates what would come of it. Writes nothing, and holds no transaction while the service's
/// simulator reads.
pub async fn report(desk: &Desk, proposal: Proposal, now: OffsetDateTime) -> Result<Report, Error> {
    let known = desk.book.snapshot();
    let declared = registered(&known, &proposal.document)?.clone();
    proposal.is_possible(&known, day_of(now))?;
    let (ids, document, day) = (desk.ids.clone(), declared.clone(), proposal.day);
    let weighed = aside(move || proposal.weigh(&known, &document, Signed::default(), &ids, now)).await?;
    let Weighed {
        faults,
        loosened,
        outcome,
    } = weighed;
    let Some(outcome) = outcome else {
        return Ok(Report {
            faults,
            loosened,
            ..Report::default()
        });
    };
    let changes = outcome.comparison.changes;
    Ok(Report {
        consequences: simulate(desk, &declared, &changes, day).await?,
        changes,
        digest: outcome.digest,
        ..Report::default()
    })
}

/// Checks a draft as it would be published now.
pub async fn report_of_draft(desk: &Desk, draft: &Draft, now: OffsetDateTime) -> Result<Report, Error> {
    draft.allows(Act::Check)?;
    report(desk, draft.proposal(day_of(now)), now).await
}

async fn simulate(
    desk: &Desk,
    document: &Registered,
    changes: &[PlaceChange],
    day: time::Date,
) -> Result<Vec<(Place, Consequence)>, Error> {
    let mut consequences = Vec::new();
    for change in changes.iter().filter(|change| !change.values.is_empty()) {
        let simulation = document.declared().simulate(Change {
            db: desk.book.db().clone(),
            place: change.place.clone(),
            reach: change.reach.clone(),
            held: change.before.clone(),
            proposed: change.after.clone(),
            day,
        });
        let Some(simulation) = simulation else {
            return Ok(Vec::new());
        };
        let found = simulation.await.map_err(Error::Simulation)?;
        consequences.extend(found.into_iter().map(|consequence| (change.place.clone(), consequence)));
    }
    Ok(consequences)
}
