//! What a content or a withdrawal would mean, with what the service's own simulation says.

use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use super::draft::{Act, Draft};
use super::proposal::{Proposal, Signed, Weighed};
use super::{Desk, aside, day_of, registered};
use crate::standard::check::PlaceChange;
use crate::standard::compare::Departed;
use crate::standard::content::Fault;
use crate::standard::document::Change;
use crate::standard::error::Error;
use crate::standard::place::Place;
use crate::standard::simulate::{Consequence, Examination, Others};
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
    /// What was looked at for that, by place.
    pub examinations: Vec<(Place, Examination)>,
    /// What stands for the check; empty where something is wrong.
    pub digest: String,
}

/// Checks a proposal and simulates what would come of it. Writes nothing, and holds no transaction while the service's
/// simulator reads. It is to be told by `until`.
pub async fn report(desk: &Desk, proposal: Proposal, now: OffsetDateTime, until: Instant) -> Result<Report, Error> {
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
    let faults = objections(desk, &declared, &changes, day, until).await?;
    let mut report = Report {
        digest: if faults.is_empty() {
            outcome.digest
        } else {
            String::new()
        },
        faults,
        ..Report::default()
    };
    simulate(desk, &declared, &changes, day, until, &mut report).await?;
    Ok(Report { changes, ..report })
}

/// Checks a draft as it would be published now.
pub async fn report_of_draft(desk: &Desk, draft: &Draft, now: OffsetDateTime, until: Instant) -> Result<Report, Error> {
    draft.allows(Act::Check)?;
    report(desk, draft.proposal(day_of(now)), now, until).await
}

/// Sees that the service does not object to what a draft would do, where it is to be published or approved; of a withdrawal, which
/// brings back what was published once, it is not asked. What else may be wrong is for whoever does it to find, under the lock.
///
/// # Errors
///
/// [`Error::ContentInvalid`], with all there is.
pub async fn accepted(desk: &Desk, draft: &Draft, act: Act, now: OffsetDateTime, until: Instant) -> Result<(), Error> {
    if draft.is_withdrawal() || draft.allows(act).is_err() {
        return Ok(());
    }
    let known = desk.book.snapshot();
    let declared = registered(&known, &draft.document)?.clone();
    // A day that has passed while it lay there is found by whoever publishes.
    let proposal = draft.proposal(day_of(now));
    let (ids, document, day) = (desk.ids.clone(), declared.clone(), proposal.day);
    let weighed = aside(move || proposal.weigh(&known, &document, Signed::default(), &ids, now)).await?;
    let Some(outcome) = weighed.outcome else {
        return Ok(());
    };
    let faults = objections(desk, &declared, &outcome.comparison.changes, day, until).await?;
    if faults.is_empty() {
        Ok(())
    } else {
        Err(Error::ContentInvalid(faults))
    }
}

/// Why the service objects to the changes, each thing once.
async fn objections(
    desk: &Desk,
    document: &Registered,
    changes: &[PlaceChange],
    day: time::Date,
    until: Instant,
) -> Result<Vec<Fault>, Error> {
    let mut faults: Vec<Fault> = Vec::new();
    for change in changes.iter().filter(|change| !change.values.is_empty()) {
        let within = until.saturating_duration_since(Instant::now());
        let Some(objection) = document.declared().object(asked(desk, change, day, within)) else {
            break;
        };
        for fault in objection.await.map_err(Error::Simulation)? {
            if !faults.contains(&fault) {
                faults.push(fault);
            }
        }
    }
    Ok(faults)
}

/// What the service is asked of a change.
fn asked(desk: &Desk, change: &PlaceChange, day: time::Date, within: Duration) -> Change {
    Change {
        db: desk.book.db().clone(),
        place: change.place.clone(),
        reach: change.reach.clone(),
        held: change.before.clone(),
        proposed: change.after.clone(),
        day,
        others: Others::of_book(desk.book.clone()),
        within,
    }
}

async fn simulate(
    desk: &Desk,
    document: &Registered,
    changes: &[PlaceChange],
    day: time::Date,
    until: Instant,
    report: &mut Report,
) -> Result<(), Error> {
    let changes: Vec<_> = changes.iter().filter(|change| !change.values.is_empty()).collect();
    for (number, change) in changes.iter().enumerate() {
        // Those to come have a share of the time too; what one leaves is the others'.
        let share = u32::try_from(changes.len() - number).unwrap_or(u32::MAX);
        let within = until.saturating_duration_since(Instant::now()) / share;
        let simulation = document.declared().simulate(asked(desk, change, day, within));
        let Some(simulation) = simulation else {
            return Ok(());
        };
        let found = simulation.await.map_err(Error::Simulation)?;
        let place = || change.place.clone();
        let consequences = found.consequences.into_iter();
        report
            .consequences
            .extend(consequences.map(|consequence| (place(), consequence)));
        let examinations = found.examinations.into_iter();
        report
            .examinations
            .extend(examinations.map(|examination| (place(), examination)));
    }
    Ok(())
}
