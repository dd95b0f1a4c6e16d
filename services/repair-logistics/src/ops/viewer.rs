//! Who looks, and what they may see.

use support_chassis::call::Call;
use support_proto::support::options::v1::CallerKind;

use crate::domain::provider::Provider;
use crate::domain::repair::{CustomerId, Repair};

/// Who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// A customer: sees the repairs of their cases.
    Customer(CustomerId),
    /// A partner: sees and moves the repairs of its organisation.
    Partner(String),
    /// Staff, operators and services: see everything.
    Insider,
    /// Nobody we know: sees nothing.
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

    /// Whether there is this provider for them.
    #[must_use]
    pub fn sees_provider(&self, provider: &Provider) -> bool {
        match self {
            Self::Partner(organisation) => provider.house.organisation() == Some(organisation),
            Self::Insider => true,
            Self::Customer(_) | Self::Stranger => false,
        }
    }

    /// Whether there is this repair, of `customer`'s case, for them.
    #[must_use]
    pub fn sees_repair(&self, repair: &Repair, customer: CustomerId) -> bool {
        match self {
            Self::Customer(caller) => *caller == customer,
            Self::Partner(_) | Self::Insider | Self::Stranger => self.moves_repair(repair),
        }
    }

    /// Whether there is this repair for them to change.
    #[must_use]
    pub fn moves_repair(&self, repair: &Repair) -> bool {
        match self {
            Self::Partner(organisation) => repair.organisation.as_ref() == Some(organisation),
            Self::Insider => true,
            Self::Customer(_) | Self::Stranger => false,
        }
    }
}
