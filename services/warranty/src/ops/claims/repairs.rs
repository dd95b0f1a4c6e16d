//! What becomes of repairs decides what becomes of their claims.
//!
//! Each of these may be told again, and then changes nothing: what was heard of a repair stands in its claim.
//!
//! What is told has a moment and no place. Its day is that of the country where the device was sold, and where that has
//! several at once the one that is best for the customer: a device comes in on the earliest and goes back on the latest, so
//! that what is owed is prolonged by all of the time, and what is owed for the repair begins last.

use support_chassis::db::{DbError, Tx};
use support_chassis::id::Ids;
use time::{Date, OffsetDateTime};

use super::tell::{told_over_limit, told_reserved};
use super::{committed, device_of, released, take_again};
use crate::domain::claim::{Claim, ClaimId, Grant, RepairId, State};
use crate::domain::coverage::Outcome;
use crate::domain::device::{Device, DeviceId};
use crate::domain::zone;
use crate::store;

/// A repair was ordered.
#[derive(Debug, Clone)]
pub struct RepairOrdered {
    /// The repair.
    pub repair: RepairId,
    /// The device.
    pub device: DeviceId,
    /// What was reserved for it; none where nothing was, as in orders from before there were reservations.
    pub claim: Option<ClaimId>,
    /// What is owed for it; none where it is not known here.
    pub outcome: Option<Outcome>,
    /// When it was ordered.
    pub at: OffsetDateTime,
}

/// A repair moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepairMoved {
    /// The device came in then.
    Received(OffsetDateTime),
    /// It went back then, repaired.
    Repaired(OffsetDateTime),
    /// It went back then as it was.
    Unrepaired(OffsetDateTime),
    /// The order was taken back.
    Canceled,
}

/// What was told does not fit what is known here.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    /// No such claim.
    #[error("no such entitlement")]
    NoSuchClaim,
    /// No such device.
    #[error("no such device")]
    NoSuchDevice,
    /// The claim is another device's.
    #[error("the entitlement is another device's")]
    OtherDevice,
    /// The claim belongs to another repair.
    #[error("the entitlement belongs to another repair")]
    OtherRepair,
    /// The database did not do what was asked.
    #[error("database")]
    Database(#[from] DbError),
}

/// Makes the reservation of a repair firm: from now on the repair decides. What has expired in the meantime is taken again. An
/// order without a reservation is written down where it is free of charge: it prolongs what is owed.
pub async fn repair_ordered(tx: &mut Tx, ids: &Ids, told: RepairOrdered) -> Result<(), Unfit> {
    if let Some(known) = store::claims::lock_of_repair(tx, told.repair).await? {
        return if told.claim.is_none_or(|claim| claim == known.id) {
            Ok(())
        } else {
            Err(Unfit::OtherRepair)
        };
    }
    let Some(id) = told.claim else {
        return record(tx, ids, told).await;
    };
    let claim = store::claims::lock(tx, id).await?.ok_or(Unfit::NoSuchClaim)?;
    if claim.device_id != told.device {
        return Err(Unfit::OtherDevice);
    }
    match claim.repair_id {
        None => {}
        // Told twice at once.
        Some(repair) if repair == told.repair => return Ok(()),
        Some(_) => return Err(Unfit::OtherRepair),
    }
    let is_live = claim.state.is_live();
    let claim = if is_live {
        claim
    } else {
        let now = tx.now();
        take_again(tx, claim, now).await?
    };
    let claim = Claim {
        repair_id: Some(told.repair),
        state: if is_live { claim.state } else { State::Reserved },
        expires_at: None,
        ended_at: if is_live { claim.ended_at } else { None },
        ..claim
    };
    store::claims::update(tx, &claim).await?;
    if !is_live {
        tx.append(claim.id, &told_reserved(&claim)).await?;
        if claim.over_limit {
            tx.append(claim.id, &told_over_limit(&claim)).await?;
        }
    }
    Ok(())
}

/// Writes a repair down for which nothing was reserved.
async fn record(tx: &mut Tx, ids: &Ids, told: RepairOrdered) -> Result<(), Unfit> {
    let Some(outcome @ (Outcome::LimitedWarranty | Outcome::StatutoryRight | Outcome::RepairWarranty)) = told.outcome
    else {
        return Ok(());
    };
    let device = store::devices::get(tx, told.device).await?.ok_or(Unfit::NoSuchDevice)?;
    let claim = Claim {
        id: ids.next(),
        device_id: told.device,
        decision_id: None,
        grant: Grant::free(outcome),
        state: State::Reserved,
        slot: None,
        over_limit: false,
        day: received_on(&device.device, told.at),
        components: Vec::new(),
        reference: None,
        repair_id: Some(told.repair),
        asked_by_organisation: None,
        reserved_at: tx.now(),
        expires_at: None,
        ended_at: None,
        received_on: None,
        returned_on: None,
    };
    store::claims::insert(tx, &claim).await?;
    tx.append(claim.id, &told_reserved(&claim)).await?;
    Ok(())
}

/// Uses or gives back what was reserved for a repair. Repairs without a claim are nobody's concern here.
pub async fn repair_moved(tx: &mut Tx, repair: RepairId, moved: RepairMoved) -> Result<(), DbError> {
    let Some(mut claim) = store::claims::lock_of_repair(tx, repair).await? else {
        return Ok(());
    };
    if let RepairMoved::Received(at) = moved {
        if claim.received_on.is_none() {
            let device = device_of(tx, claim.device_id).await?;
            claim.received_on = Some(received_on(&device, at));
            store::claims::update(tx, &claim).await?;
        }
        return Ok(());
    }
    if let RepairMoved::Repaired(at) | RepairMoved::Unrepaired(at) = moved {
        if claim.returned_on.is_some() {
            return Ok(());
        }
        let device = device_of(tx, claim.device_id).await?;
        let returned_on = zone::latest_day(at, device.purchase_country);
        // What came in before this service listened: it was there no later than it went back.
        let received_on = claim.received_on.unwrap_or_else(|| received_on(&device, at));
        claim.received_on = Some(received_on.min(returned_on));
        claim.returned_on = Some(returned_on);
    }
    if claim.state != State::Reserved {
        store::claims::update(tx, &claim).await?;
        return Ok(());
    }
    match moved {
        RepairMoved::Repaired(_) => {
            let now = tx.now();
            committed(tx, claim, now).await?;
        }
        RepairMoved::Unrepaired(_) | RepairMoved::Canceled | RepairMoved::Received(_) => {
            released(tx, claim).await?;
        }
    }
    Ok(())
}

/// The day on which a device came in at a moment: the earliest in its country, and none before it was sold.
fn received_on(device: &Device, at: OffsetDateTime) -> Date {
    let latest = zone::latest_day(at, device.purchase_country);
    zone::earliest_day(at, device.purchase_country).max(device.purchase_date.min(latest))
}
