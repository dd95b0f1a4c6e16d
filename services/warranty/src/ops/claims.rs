//! What is used up of what a device is owed.

mod grant;
mod repairs;
mod tell;

use sqlx::PgConnection;
use support_chassis::db::{DbError, Tx, stored};
use support_chassis::error::Violation;
use support_chassis::id::Ids;
use support_chassis::page::Page;
use time::{Date, Duration, OffsetDateTime};

pub use repairs::{RepairMoved, RepairOrdered, Unfit, repair_moved, repair_ordered};

use super::Viewer;
use crate::domain::claim::{Claim, ClaimId, DECISION_GOOD_FOR, RESERVED_FOR, State};
use crate::domain::coverage::DecisionId;
use crate::domain::device::{Device, DeviceId};
use crate::domain::zone;
use crate::error::Error;
use crate::standard::Rulebook;
use crate::store;
use tell::{told_committed, told_expired, told_over_limit, told_released, told_reserved};

/// What to reserve.
#[derive(Debug, Clone)]
pub struct AskReserve {
    /// The decision that grants it.
    pub decision: DecisionId,
    /// What the caller calls it.
    pub reference: Option<String>,
}

/// Reserves what a decision grants, for [`RESERVED_FOR`].
pub async fn reserve_claim(
    tx: &mut Tx,
    ids: &Ids,
    rules: &Rulebook,
    viewer: &Viewer,
    ask: AskReserve,
) -> Result<Claim, Error> {
    let (kept, _) = store::decisions::get(tx, ask.decision)
        .await?
        .filter(|(kept, owner)| viewer.sees_decision(*owner, kept.asked_by_organisation.as_deref()))
        .ok_or(Error::DecisionNotFound)?;
    let now = tx.now();
    let today = zone::latest_day(now, kept.question.place).max(zone::latest_day(now, kept.country));
    if now - kept.decided_at > DECISION_GOOD_FOR || kept.decision.day > today {
        return Err(Error::DecisionNotCurrent);
    }
    let grant = grant::of(tx, rules, &kept).await?.ok_or(Error::NothingGranted)?;
    if let Some(plan) = grant.plan {
        grant::check_plan(tx, &kept, plan).await?;
    }
    let claim = Claim {
        id: ids.next(),
        device_id: kept.device_id,
        decision_id: Some(kept.id),
        grant,
        state: State::Reserved,
        slot: None,
        over_limit: false,
        day: kept.decision.day,
        components: grant::components(&kept),
        reference: ask.reference,
        repair_id: None,
        asked_by_organisation: kept.asked_by_organisation,
        reserved_at: now,
        expires_at: Some(now + RESERVED_FOR),
        ended_at: None,
        received_on: None,
        returned_on: None,
    };
    hold_claim(tx, claim).await
}

/// Gives a new claim its place in its pool, and writes it.
pub async fn hold_claim(tx: &mut Tx, mut claim: Claim) -> Result<Claim, Error> {
    let now = tx.now();
    if !take(tx, &mut claim, now).await? {
        let is_claimed = match claim.decision_id {
            Some(decision) => store::claims::is_claimed(tx, decision, claim.id).await?,
            None => false,
        };
        return Err(if is_claimed {
            Error::DecisionClaimed
        } else {
            Error::EntitlementUsedUp(claim.grant.outcome)
        });
    }
    store::claims::insert(tx, &claim).await?;
    tx.append(claim.id, &told_reserved(&claim)).await?;
    Ok(claim)
}

/// Gives the claim a place in its pool, where it needs one: whether there was one. Reservations that are over and that nobody has
/// ended yet make room.
async fn take(tx: &mut Tx, claim: &mut Claim, now: OffsetDateTime) -> Result<bool, DbError> {
    let Some(pool) = &claim.grant.pool else {
        return Ok(true);
    };
    store::claims::lock_pool(tx, pool).await?;
    claim.slot = store::claims::free_slot(tx, pool).await?;
    if claim.slot.is_none() {
        let over = store::claims::lock_over_of_pool(tx, pool, now).await?;
        for over in over {
            expire(tx, over, now).await?;
        }
        claim.slot = store::claims::free_slot(tx, pool).await?;
    }
    Ok(claim.slot.is_some())
}

/// Takes again what a claim had that ended, because it is used all the same: a free place where there is one, and else over the
/// limit. The claim is not written yet.
async fn take_again(tx: &mut Tx, mut claim: Claim, now: OffsetDateTime) -> Result<Claim, DbError> {
    let is_free = take(tx, &mut claim, now).await?;
    let is_claimed = match claim.decision_id {
        Some(decision) => store::claims::is_claimed(tx, decision, claim.id).await?,
        None => false,
    };
    if !is_free || is_claimed {
        claim.slot = None;
        claim.over_limit = true;
    }
    Ok(claim)
}

async fn expire(tx: &mut Tx, claim: Claim, now: OffsetDateTime) -> Result<(), DbError> {
    let claim = claim.ended(State::Expired, now);
    store::claims::update(tx, &claim).await?;
    tx.append(claim.id, &told_expired(&claim)).await
}

/// Ends reservations that are over, `limit` at most: how many.
pub async fn expire_claims(tx: &mut Tx, limit: i64) -> Result<usize, DbError> {
    let now = tx.now();
    let over = store::claims::lock_over(tx, now, limit).await?;
    let count = over.len();
    for claim in over {
        expire(tx, claim, now).await?;
    }
    Ok(count)
}

/// Says that a claim is used, after a repair of these days where it was one.
pub async fn commit_claim(
    tx: &mut Tx,
    viewer: &Viewer,
    id: ClaimId,
    days: Option<(Date, Date)>,
) -> Result<Claim, Error> {
    let claim = lock(tx, viewer, id).await?;
    claim.check_free()?;
    let now = tx.now();
    let claim = match claim.state {
        State::Committed => return Ok(claim),
        State::Released => return Err(Error::claim_state(State::Released, "commit")),
        State::Reserved => claim,
        State::Expired => take_again(tx, claim, now).await?,
    };
    if let Some((received, returned)) = days {
        check_days(tx, &claim, received, returned, now).await?;
    }
    let (received_on, returned_on) = days.unzip();
    let claim = Claim {
        received_on,
        returned_on,
        ..claim
    };
    Ok(committed(tx, claim, now).await?)
}

/// Writes that a claim that is taken is used.
async fn committed(tx: &mut Tx, claim: Claim, now: OffsetDateTime) -> Result<Claim, DbError> {
    let was_over_limit = claim.state == State::Reserved && claim.over_limit;
    let claim = claim.ended(State::Committed, now);
    store::claims::update(tx, &claim).await?;
    tx.append(claim.id, &told_committed(&claim)).await?;
    if claim.over_limit && !was_over_limit {
        tx.append(claim.id, &told_over_limit(&claim)).await?;
    }
    Ok(claim)
}

async fn check_days(
    connection: &mut PgConnection,
    claim: &Claim,
    received: Date,
    returned: Date,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let device = device_of(connection, claim.device_id).await?;
    if received < device.purchase_date {
        return Err(Violation::new("received_on", "must not be before the purchase").into());
    }
    if returned > zone::latest_day(now, device.purchase_country) {
        return Err(Violation::new("returned_on", "must not be after today").into());
    }
    Ok(())
}

/// The device that a claim or a decision is about.
async fn device_of(connection: &mut PgConnection, id: DeviceId) -> Result<Device, DbError> {
    let registered = store::devices::get(connection, id).await?;
    stored(registered, "claims", "device_id").map(|registered| registered.device)
}

/// Gives back what a claim holds.
pub async fn release_claim(tx: &mut Tx, viewer: &Viewer, id: ClaimId) -> Result<Claim, Error> {
    let claim = lock(tx, viewer, id).await?;
    claim.check_free()?;
    match claim.state {
        State::Released | State::Expired => Ok(claim),
        State::Committed => Err(Error::claim_state(State::Committed, "release")),
        State::Reserved => Ok(released(tx, claim).await?),
    }
}

async fn released(tx: &mut Tx, claim: Claim) -> Result<Claim, DbError> {
    let claim = claim.ended(State::Released, tx.now());
    store::claims::update(tx, &claim).await?;
    tx.append(claim.id, &told_released(&claim)).await?;
    Ok(claim)
}

/// Lets a reservation live for `longer` from now, and never shorter than it would have.
pub async fn extend_claim(tx: &mut Tx, viewer: &Viewer, id: ClaimId, longer: Duration) -> Result<Claim, Error> {
    let claim = lock(tx, viewer, id).await?;
    claim.check_free()?;
    let now = tx.now();
    if claim.is_over(now) {
        return Err(Error::claim_state(State::Expired, "extend"));
    }
    if claim.state != State::Reserved {
        return Err(Error::claim_state(claim.state, "extend"));
    }
    let claim = Claim {
        expires_at: claim.expires_at.max(Some(now + longer)),
        ..claim
    };
    store::claims::update(tx, &claim).await?;
    Ok(claim)
}

/// The claim with this id, locked, if the viewer may change it.
async fn lock(tx: &mut Tx, viewer: &Viewer, id: ClaimId) -> Result<Claim, Error> {
    store::claims::lock(tx, id)
        .await?
        .filter(|claim| viewer.sees_decision(None, claim.asked_by_organisation.as_deref()))
        .ok_or(Error::EntitlementNotFound)
}

/// The claim with this id, if the viewer may see it.
pub async fn claim(connection: &mut PgConnection, viewer: &Viewer, id: ClaimId) -> Result<Claim, Error> {
    store::claims::get(connection, id)
        .await?
        .filter(|(claim, owner)| viewer.sees_decision(*owner, claim.asked_by_organisation.as_deref()))
        .map(|(claim, _)| claim)
        .ok_or(Error::EntitlementNotFound)
}

/// The claims of a device that there are for the viewer, newest first, those in some states or all, and the token of the next page.
pub async fn list_claims(
    connection: &mut PgConnection,
    viewer: &Viewer,
    device: DeviceId,
    states: &[State],
    page: &Page<ClaimId>,
) -> Result<(Vec<Claim>, String), Error> {
    super::device(connection, viewer, device).await?;
    let organisation = match viewer {
        Viewer::Partner(organisation) => Some(organisation.as_str()),
        Viewer::Customer(_) | Viewer::Insider | Viewer::Stranger => None,
    };
    let claims = store::claims::list(connection, device, states, organisation, page.after, page.limit()).await?;
    Ok(page.cut(claims, |last| last.id))
}
