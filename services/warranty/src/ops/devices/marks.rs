//! Locks and flags.

use support_chassis::call::Needed;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_proto::support::options::v1::AssuranceLevel;
use support_proto::support::warranty::v1::{DeviceFlagChanged, DeviceLockChanged};

use super::locked;
use crate::domain::device::{Actor, DeviceId, Flag, Lock, LockReason, MarkRefusal};
use crate::error::Error;
use crate::ops::Viewer;
use crate::store::devices::Registered;
use crate::store::devices::marks::{insert_flag, insert_lock};
use crate::{domain, wire};

impl From<MarkRefusal> for Error {
    fn from(refusal: MarkRefusal) -> Self {
        match refusal {
            MarkRefusal::State => Self::MarkState,
            MarkRefusal::NotAllowed => Self::MarkNotAllowed,
            MarkRefusal::Retired => Self::DeviceRetired,
        }
    }
}

/// What staff must show who lift a lock because its owner says so.
const OWNERS_WORD: Needed<'static> = Needed {
    assurance: AssuranceLevel::Aal1,
    purposes: &[],
    case_id: None,
    delegates: false,
};

/// Sets or lifts a lock.
pub async fn change_lock(
    tx: &mut Tx,
    ids: &Ids,
    (viewer, actor): (&Viewer, &Actor),
    id: DeviceId,
    (lock, sets, reason): (Lock, bool, LockReason),
) -> Result<Registered, Error> {
    let mut registered = locked(tx, viewer, id).await?;
    let device = &mut registered.device;
    domain::device::change_lock(device, actor.kind, lock, sets, reason)?;
    if let (Some(owner), Some(call)) = (device.owner, tx.call())
        && !sets
        && reason.is_owners_word()
    {
        call.check_grant_for(owner, &OWNERS_WORD)?;
    }
    let now = tx.now();
    insert_lock(tx, ids.next(), id, (lock, sets, reason), actor, now).await?;
    device.locks.retain(|set| *set != lock);
    device.locks.extend(sets.then_some(lock));
    device.locks.sort_unstable();
    let event = DeviceLockChanged {
        device_id: id.to_string(),
        lock: wire::devices::lock(lock).into(),
        lifted: !sets,
        reason: wire::devices::lock_reason(reason).into(),
    };
    tx.append(id, &event).await?;
    Ok(registered)
}

/// Sets or clears a flag.
pub async fn change_flag(
    tx: &mut Tx,
    ids: &Ids,
    (viewer, actor): (&Viewer, &Actor),
    id: DeviceId,
    (flag, sets, reference): (Flag, bool, &str),
) -> Result<Registered, Error> {
    let mut registered = locked(tx, viewer, id).await?;
    let device = &mut registered.device;
    domain::device::change_flag(device, flag, sets)?;
    let now = tx.now();
    insert_flag(tx, ids.next(), id, (flag, sets, reference), actor, now).await?;
    device.flags.retain(|set| *set != flag);
    device.flags.extend(sets.then_some(flag));
    device.flags.sort_unstable();
    let event = DeviceFlagChanged {
        device_id: id.to_string(),
        flag: wire::devices::flag(flag).into(),
        cleared: !sets,
    };
    tx.append(id, &event).await?;
    Ok(registered)
}
