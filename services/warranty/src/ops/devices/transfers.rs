//! Transfers.
//!
//! The device's row is locked first, the transfer is read after: of two who end a transfer at the same time the second sees what
//! the first has done.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_proto::support::warranty::v1::{
    DeviceTransferEnded, DeviceTransferOffered, DeviceTransferred, ReassignReason,
};

use super::locked;
use crate::domain::device::{
    Actor, Device, DeviceId, OwnedReason, Owner, Transfer, TransferId, TransferRefusal, TransferState, accept,
    check_reassignment, code_hash, end, new_code, offer,
};
use crate::error::Error;
use crate::ops::{Viewer, plans};
use crate::store::devices::Registered;
use crate::store::devices::{self as rows, owners, transfers};
use crate::wire;

/// How many overdue offers are ended at a time.
const EXPIRED_AT_ONCE: i64 = 200;

impl From<TransferRefusal> for Error {
    fn from(refusal: TransferRefusal) -> Self {
        match refusal {
            TransferRefusal::NotOwner => Self::NotOwner,
            TransferRefusal::Retired => Self::DeviceRetired,
            TransferRefusal::Locked(obstacles) => Self::DeviceLocked(obstacles),
            TransferRefusal::ToSelf => Self::TransferToSelf,
            TransferRefusal::State(_) => Self::TransferState,
            TransferRefusal::NotForYou => Self::TransferNotFound,
        }
    }
}

/// An offer to make.
#[derive(Debug, Clone)]
pub struct NewOffer {
    /// The device.
    pub device_id: DeviceId,
    /// To whom; none for whoever has the code.
    pub to: Option<Owner>,
    /// For how many days.
    pub days: u8,
}

/// What somebody takes a device by.
#[derive(Clone)]
pub enum AcceptBy {
    /// An offer that names them.
    Transfer(TransferId),
    /// The code of an offer; its hash.
    Code([u8; 32]),
}

/// Offers a device. The code, where it needs one, is drawn afterwards ([`mint_code`]).
pub async fn offer_transfer(tx: &mut Tx, ids: &Ids, viewer: &Viewer, new: NewOffer) -> Result<Transfer, Error> {
    let by = viewer.owner().ok_or(Error::NotOwner)?;
    let device = locked(tx, viewer, new.device_id).await?.device;
    let now = tx.now();
    let transfer = offer(ids.next(), &device, &by, new.to, new.days, now)?;
    if let Some(open) = transfers::open_of(tx, device.id).await? {
        match open.state_at(now) {
            TransferState::Expired => finish(tx, &open, TransferState::Expired).await?,
            _ => return Err(Error::TransferPending),
        }
    }
    transfers::insert(tx, &transfer).await?;
    let event = DeviceTransferOffered {
        device_id: device.id.to_string(),
        transfer_id: transfer.id.to_string(),
    };
    tx.append(device.id, &event).await?;
    Ok(transfer)
}

/// A code for an open offer that names nobody; the one before is void. None where the offer needs none or has ended.
///
/// It is no part of the stored answer of the offer: whoever reads the database finds its hash alone. So that a caller whom the answer did not
/// reach is not left without, every repetition draws a new one.
pub async fn mint_code(connection: &mut PgConnection, ids: &Ids, id: TransferId) -> Result<Option<String>, Error> {
    let code = new_code(ids);
    let is_set = transfers::set_code(connection, id, &code_hash(&code)).await?;
    Ok(is_set.then_some(code))
}

/// Takes a device that is offered.
pub async fn accept_transfer(
    tx: &mut Tx,
    (viewer, actor): (&Viewer, &Actor),
    by: AcceptBy,
) -> Result<(Transfer, Registered), Error> {
    let taker = viewer.owner().ok_or(Error::TransferNotFound)?;
    let found = match by {
        AcceptBy::Transfer(id) => transfers::get(tx, id).await?,
        AcceptBy::Code(hash) => transfers::find_by_code(tx, &hash).await?,
    };
    let is_by_code = matches!(by, AcceptBy::Code(_));
    // An offer to whoever has the code is not taken by its id: ids are no secret.
    let found = found
        .filter(|found| found.to.is_none() == is_by_code)
        .ok_or(Error::TransferNotFound)?;
    let mut registered = rows::lock(tx, found.device_id).await?.ok_or(Error::DeviceNotFound)?;
    let mut transfer = transfers::get(tx, found.id).await?.ok_or(Error::TransferNotFound)?;
    let now = tx.now();
    accept(&transfer, &registered.device, &taker, now)?;
    transfers::end(tx, transfer.id, TransferState::Accepted, now).await?;
    (transfer.state, transfer.ended_at) = (TransferState::Accepted, Some(now));
    let reference = Some(transfer.id.into());
    owners::change(
        tx,
        transfer.device_id,
        Some(&taker),
        OwnedReason::Transferred,
        reference,
        actor,
        now,
    )
    .await?;
    give(&mut registered.device, Some(&taker));
    plans::device_changed_hands(tx, transfer.device_id, registered.device.owner).await?;
    let event = DeviceTransferred {
        device_id: transfer.device_id.to_string(),
        transfer_id: transfer.id.to_string(),
        reason: ReassignReason::Unspecified.into(),
    };
    tx.append(transfer.device_id, &event).await?;
    Ok((transfer, registered))
}

fn give(device: &mut Device, to: Option<&Owner>) {
    device.owner = to.and_then(Owner::customer);
    device.organisation = to.and_then(Owner::organisation).map(str::to_owned);
}

/// Ends an offer, as whoever the viewer is to it.
pub async fn end_transfer(tx: &mut Tx, viewer: &Viewer, id: TransferId) -> Result<Transfer, Error> {
    let found = transfer(tx, viewer, id).await?;
    rows::lock(tx, found.device_id).await?;
    let mut transfer = transfer(tx, viewer, id).await?;
    let state = end(&transfer, viewer.owner().as_ref(), tx.now())?;
    finish(tx, &transfer, state).await?;
    (transfer.state, transfer.ended_at) = (state, Some(tx.now()));
    Ok(transfer)
}

/// Ends an open offer whose device is locked.
async fn finish(tx: &mut Tx, transfer: &Transfer, state: TransferState) -> Result<(), Error> {
    let now = tx.now();
    transfers::end(tx, transfer.id, state, now).await?;
    let event = DeviceTransferEnded {
        device_id: transfer.device_id.to_string(),
        transfer_id: transfer.id.to_string(),
        state: wire::devices::transfer_state(state).into(),
    };
    Ok(tx.append(transfer.device_id, &event).await?)
}

/// Takes back what is offered of a locked device, before it goes another way.
pub(super) async fn withdraw_open(tx: &mut Tx, device_id: DeviceId) -> Result<(), Error> {
    let Some(open) = transfers::open_of(tx, device_id).await? else {
        return Ok(());
    };
    let state = match open.state_at(tx.now()) {
        TransferState::Expired => TransferState::Expired,
        _ => TransferState::Withdrawn,
    };
    finish(tx, &open, state).await
}

/// The transfer with this id: for its two sides and for those who see everything.
pub async fn transfer(connection: &mut PgConnection, viewer: &Viewer, id: TransferId) -> Result<Transfer, Error> {
    transfers::get(connection, id)
        .await?
        .filter(|transfer| match viewer {
            Viewer::Insider => true,
            Viewer::Customer(_) | Viewer::Partner(_) => viewer.owner().is_some_and(|owner| transfer.is_party(&owner)),
            Viewer::Stranger => false,
        })
        .ok_or(Error::TransferNotFound)
}

/// Gives a device to somebody, or to nobody, for a reason of staff.
pub async fn reassign_device(
    tx: &mut Tx,
    (viewer, actor): (&Viewer, &Actor),
    id: DeviceId,
    to: Option<Owner>,
    reason: OwnedReason,
) -> Result<Registered, Error> {
    let mut registered = locked(tx, viewer, id).await?;
    check_reassignment(&registered.device, to.as_ref())?;
    withdraw_open(tx, id).await?;
    let now = tx.now();
    owners::change(tx, id, to.as_ref(), reason, None, actor, now).await?;
    give(&mut registered.device, to.as_ref());
    plans::device_changed_hands(tx, id, registered.device.owner).await?;
    let event = DeviceTransferred {
        device_id: id.to_string(),
        transfer_id: String::new(),
        reason: wire::devices::reassign_reason(reason).into(),
    };
    tx.append(id, &event).await?;
    Ok(registered)
}

/// Writes down that offers ran out, some at a time; says how many. Nothing waits for it: an offer whose time is over is not
/// taken, whether that was written down or not.
pub async fn expire_transfers(tx: &mut Tx) -> Result<usize, Error> {
    let now = tx.now();
    let mut overdue = transfers::overdue(tx, now, EXPIRED_AT_ONCE).await?;
    // In one order, so that two replicas do not wait for each other.
    overdue.sort_unstable();
    let mut expired = 0;
    for device_id in overdue {
        rows::lock(tx, device_id).await?;
        let open = transfers::open_of(tx, device_id).await?;
        if let Some(open) = open.filter(|open| open.state_at(now) == TransferState::Expired) {
            finish(tx, &open, TransferState::Expired).await?;
            expired += 1;
        }
    }
    Ok(expired)
}
