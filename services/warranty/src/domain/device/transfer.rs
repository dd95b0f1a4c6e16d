//! Transfers: a device goes from who has it to somebody else.
//!
//! ```text
//! offered -> accepted | declined | withdrawn | expired
//! ```
//!
//! What goes over is who has it, and nothing else: the sale and what became of the device since are the device's, and stay
//! with it. So do its locks, which is why there must be none.

use sha2::{Digest as _, Sha256};
use support_chassis::id::{Id, Ids};
use support_chassis::{id_type, named};
use time::{Duration, OffsetDateTime};

use super::{Device, DeviceId, Obstacle, Owner};

id_type! {
    /// Names a transfer.
    TransferId
}

named! {
    /// Where a transfer stands.
    TransferState {
        /// It waits for the other side.
        Offered = "offered",
        /// The device has gone over.
        Accepted = "accepted",
        /// The other side did not want it.
        Declined = "declined",
        /// Who offered it took it back.
        Withdrawn = "withdrawn",
        /// Its time was over.
        Expired = "expired",
    }
}

named! {
    /// How somebody came by a device.
    OwnedReason {
        /// They registered it, or it was for them.
        Registered = "registered",
        /// It came with others of an organisation.
        Imported = "imported",
        /// Who had it gave it to them.
        Transferred = "transferred",
        /// It came in the place of one they had.
        Replaced = "replaced",
        /// Staff: they have shown that it is theirs.
        OwnershipProven = "ownership_proven",
        /// Staff: who had it has died.
        Inheritance = "inheritance",
        /// Staff: a court ordered it.
        CourtOrder = "court_order",
        /// Staff: it was registered for the wrong one.
        RegisteredInError = "registered_in_error",
        /// Staff: the seller took it back.
        ReturnedToSeller = "returned_to_seller",
    }
}

/// A device on its way from one to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its id.
    pub id: TransferId,
    /// The device.
    pub device_id: DeviceId,
    /// Who offers it.
    pub from: Owner,
    /// To whom; none where it is whoever has the code.
    pub to: Option<Owner>,
    /// Where it stands.
    pub state: TransferState,
    /// When it was offered.
    pub offered_at: OffsetDateTime,
    /// When the offer ends by itself.
    pub expires_at: OffsetDateTime,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
}

/// Why a device does not go over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransferRefusal {
    /// Whoever offers it does not have it.
    NotOwner,
    /// Another unit came in its place.
    Retired,
    /// Locks or flags stand in the way.
    Locked(Vec<Obstacle>),
    /// Who would get it has it.
    ToSelf,
    /// The transfer is not open any more.
    State(TransferState),
    /// It was offered to somebody else.
    NotForYou,
}

impl Transfer {
    /// Where it stands at a moment, whether that was written down or not.
    #[must_use]
    pub fn state_at(&self, now: OffsetDateTime) -> TransferState {
        if self.state == TransferState::Offered && self.expires_at <= now {
            TransferState::Expired
        } else {
            self.state
        }
    }

    /// Whether this is one of its two sides.
    #[must_use]
    pub fn is_party(&self, owner: &Owner) -> bool {
        self.from == *owner || self.to.as_ref() == Some(owner)
    }

    fn must_be_open(&self, now: OffsetDateTime) -> Result<(), TransferRefusal> {
        match self.state_at(now) {
            TransferState::Offered => Ok(()),
            ended => Err(TransferRefusal::State(ended)),
        }
    }
}

fn must_be_free(device: &Device) -> Result<(), TransferRefusal> {
    if device.retired_at.is_some() {
        return Err(TransferRefusal::Retired);
    }
    let obstacles = device.obstacles();
    if obstacles.is_empty() {
        Ok(())
    } else {
        Err(TransferRefusal::Locked(obstacles))
    }
}

/// Offers `device` to `to`, or to whoever has the code, for `days` days.
///
/// # Errors
///
/// Why not.
pub fn offer(
    id: TransferId,
    device: &Device,
    by: &Owner,
    to: Option<Owner>,
    days: u8,
    now: OffsetDateTime,
) -> Result<Transfer, TransferRefusal> {
    if device.holder().as_ref() != Some(by) {
        return Err(TransferRefusal::NotOwner);
    }
    must_be_free(device)?;
    if to.as_ref() == Some(by) {
        return Err(TransferRefusal::ToSelf);
    }
    Ok(Transfer {
        id,
        device_id: device.id,
        from: by.clone(),
        to,
        state: TransferState::Offered,
        offered_at: now,
        expires_at: now + Duration::days(days.into()),
        ended_at: None,
    })
}

/// Whether `by` may take the device now. Where the transfer is by code, that it was the right one has been seen before.
///
/// # Errors
///
/// Why not.
pub fn accept(transfer: &Transfer, device: &Device, by: &Owner, now: OffsetDateTime) -> Result<(), TransferRefusal> {
    if transfer.to.as_ref().is_some_and(|to| to != by) {
        return Err(TransferRefusal::NotForYou);
    }
    transfer.must_be_open(now)?;
    if transfer.from == *by || device.holder().as_ref() == Some(by) {
        return Err(TransferRefusal::ToSelf);
    }
    must_be_free(device)
}

/// How the transfer ends where `by` ends it; none for staff, who withdraw it.
///
/// # Errors
///
/// Why it does not.
pub fn end(transfer: &Transfer, by: Option<&Owner>, now: OffsetDateTime) -> Result<TransferState, TransferRefusal> {
    let state = match by {
        None => TransferState::Withdrawn,
        Some(by) if transfer.from == *by => TransferState::Withdrawn,
        Some(by) if transfer.to.as_ref() == Some(by) => TransferState::Declined,
        Some(_) => return Err(TransferRefusal::NotForYou),
    };
    transfer.must_be_open(now)?;
    Ok(state)
}

/// Whether staff may give `device` to `to`. A lock stands in their way too: it is lifted first, for a reason.
///
/// # Errors
///
/// Why not.
pub fn check_reassignment(device: &Device, to: Option<&Owner>) -> Result<(), TransferRefusal> {
    must_be_free(device)?;
    if device.holder().as_ref() == to {
        Err(TransferRefusal::ToSelf)
    } else {
        Ok(())
    }
}

/// Letters and digits of which none is taken for another: Crockford's base 32.
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A code that nobody guesses: 16 symbols, 80 bits, in groups of four. The chance is that of ids: 62 bits of each.
#[must_use]
pub fn new_code(ids: &Ids) -> String {
    let draw = || {
        let id: Id = ids.next();
        id.uuid().as_u64_pair().1
    };
    let (mut first, mut second) = (draw(), draw());
    let mut code = String::with_capacity(19);
    for place in 0..16 {
        let bits = if place % 2 == 0 { &mut first } else { &mut second };
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(SYMBOLS[usize::try_from(*bits & 31).unwrap_or_default()]));
        *bits >>= 5;
    }
    code
}

/// What is stored of a code: the hash of its symbols. Spaces, hyphens and case mean nothing, and what looks alike is alike.
#[must_use]
pub fn code_hash(code: &str) -> [u8; 32] {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|symbol| match symbol.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    Sha256::digest(plain).into()
}
