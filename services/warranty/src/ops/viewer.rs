//! Who looks, and what they may see.

use support_chassis::call::Call;
use support_proto::support::options::v1::CallerKind;

use crate::domain::device::{Actor, ActorKind, CustomerId, Device, Owner};

/// Who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// A customer: sees what is theirs.
    Customer(CustomerId),
    /// A partner of an organisation: sees every device, but no owner.
    Partner(String),
    /// Staff, operators and services: see everything.
    Insider,
    /// Nobody we know: sees nothing that is somebody's.
    Stranger,
}

impl Viewer {
    /// Who makes this call.
    #[must_use]
    pub fn of(call: &Call) -> Self {
        let caller = call.caller();
        match caller.kind {
            CallerKind::Customer => call.customer_id().map_or(Self::Stranger, Self::Customer),
            CallerKind::Partner => caller.organisation.clone().map_or(Self::Stranger, Self::Partner),
            CallerKind::Staff | CallerKind::Operator | CallerKind::Service => Self::Insider,
            CallerKind::Anonymous | CallerKind::Unspecified => Self::Stranger,
        }
    }

    /// The organisation that asks, where a partner does.
    #[must_use]
    pub fn organisation(&self) -> Option<&str> {
        match self {
            Self::Partner(organisation) => Some(organisation),
            Self::Customer(_) | Self::Insider | Self::Stranger => None,
        }
    }

    /// Whether they may see this device at all.
    #[must_use]
    pub fn sees(&self, device: &Device) -> bool {
        match self {
            Self::Customer(customer) => device.owner == Some(*customer),
            Self::Partner(_) | Self::Insider => true,
            Self::Stranger => false,
        }
    }

    /// Whether a device is one that they may ask about with a whole fleet: partners ask for those of their own organisation only.
    #[must_use]
    pub fn manages(&self, device: &Device) -> bool {
        match self {
            Self::Partner(organisation) => device.organisation.as_ref() == Some(organisation),
            Self::Customer(_) | Self::Insider | Self::Stranger => self.sees(device),
        }
    }

    /// Whether they may see who has a device: the customer, or an organisation that is not theirs.
    #[must_use]
    pub fn sees_owner(&self) -> bool {
        matches!(self, Self::Customer(_) | Self::Insider)
    }

    /// As whom they have devices; none where they have none.
    #[must_use]
    pub fn owner(&self) -> Option<Owner> {
        match self {
            Self::Customer(customer) => Some(Owner::Customer(*customer)),
            Self::Partner(organisation) => Some(Owner::Organisation(organisation.clone())),
            Self::Insider | Self::Stranger => None,
        }
    }

    /// Whether they may see a decision about a device of `owner` that `asked_by` asked for.
    #[must_use]
    pub fn sees_decision(&self, owner: Option<CustomerId>, asked_by: Option<&str>) -> bool {
        match self {
            Self::Customer(customer) => owner == Some(*customer),
            Self::Partner(organisation) => asked_by == Some(organisation),
            Self::Insider => true,
            Self::Stranger => false,
        }
    }
}

/// Who makes this call, as history keeps it.
#[must_use]
pub fn actor(call: &Call) -> Actor {
    let caller = call.caller();
    let kind = match caller.kind {
        CallerKind::Customer => ActorKind::Customer,
        CallerKind::Staff => ActorKind::Staff,
        CallerKind::Partner => ActorKind::Partner,
        CallerKind::Operator => ActorKind::Operator,
        CallerKind::Service | CallerKind::Anonymous | CallerKind::Unspecified => ActorKind::Service,
    };
    Actor {
        kind,
        id: caller.person().to_owned(),
    }
}
