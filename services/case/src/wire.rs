//! The short lists of the domain beside those of the contract. Apart, because what is stored and decided must not change
//! when the contract grows.

use support_proto::support::case::v1 as contract;
use support_proto::support::types::v1 as types;

use crate::domain::kinds::{
    Area, Author, Channel, CloseReason, LanguageOrigin, ProductLine, Resolution, Segment, Severity,
};
use crate::domain::levels::ClockState;
use crate::domain::playbook::StepOutcome;
use crate::domain::state::State;
use crate::domain::timeline::Kind;

/// A value that the contract has under another type.
pub(crate) trait Mirrored: Sized {
    /// The contract's type.
    type Wire: TryFrom<i32>;

    /// The same in the contract.
    fn to_wire(self) -> Self::Wire;

    /// The same here; none for UNSPECIFIED.
    fn from_wire(wire: Self::Wire) -> Option<Self>;

    /// The value of a field; none for UNSPECIFIED and for numbers that the contract does not know.
    fn from_field(field: i32) -> Option<Self> {
        Self::Wire::try_from(field).ok().and_then(Self::from_wire)
    }
}

macro_rules! mirrored {
    ($($ours:ty, $theirs:ty { $($value:ident),+ };)+) => {
        $(impl Mirrored for $ours {
            type Wire = $theirs;

            fn to_wire(self) -> $theirs {
                match self {
                    $(Self::$value => <$theirs>::$value,)+
                }
            }

            fn from_wire(wire: $theirs) -> Option<Self> {
                match wire {
                    <$theirs>::Unspecified => None,
                    $(<$theirs>::$value => Some(Self::$value),)+
                }
            }
        })+
    };
}

mirrored! {
    Channel, types::Channel { Phone, Email, Chat, Store, Social, App };
    ProductLine, types::ProductLine { Phone, Laptop, Tablet, Watch, Audio, Desktop, Accessory };
    Severity, contract::Severity { Low, Normal, High, Critical };
    State, contract::CaseState { Open, Assigned, Resolved, Closed };
    Resolution, contract::Resolution { Answered, FixedRemotely, Repaired, Replaced, NotPossible };
    CloseReason, contract::CloseReason { Solved, Withdrawn, Duplicate, NoAnswer };
    Author, contract::MessageAuthor { Customer, Staff, System };
    LanguageOrigin, contract::LanguageOrigin { Stated, Detected, Staff };
    StepOutcome, contract::StepOutcome { Done, Skipped };
    Area, contract::CaseArea { Device, AccountSecurity };
    Segment, contract::CustomerSegment { Consumer, Business, Education };
    ClockState, contract::ClockState { Running, Met, Missed, Stopped };
    Kind, contract::TimelineEntryKind {
        CaseOpened, MessagePosted, CaseAssigned, CaseResolved, CaseReopened, CaseClosed, TaskQueued, TaskCompleted,
        TaskCanceled, RepairSubmitted, RepairStateChanged, SeverityChanged,
        LanguageChanged
    };
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;
    use crate::domain::happening::Happening;

    fn holds<T: Mirrored + Copy + PartialEq + Debug>(ours: &[T], contract_has: i32)
    where
        T::Wire: Into<i32>,
    {
        for value in ours {
            assert_eq!(T::from_wire(value.to_wire()), Some(*value));
        }
        let known = (0..100).filter_map(T::from_field).count();
        assert_eq!(i32::try_from(known).unwrap(), contract_has, "of {:?}", ours[0]);
    }

    #[test]
    fn every_value_of_the_contract_has_its_own() {
        holds(Channel::ALL, 6);
        holds(ProductLine::ALL, 7);
        holds(Severity::ALL, 4);
        holds(State::ALL, 4);
        holds(Resolution::ALL, 5);
        holds(CloseReason::ALL, 4);
        holds(Author::ALL, 3);
        holds(Kind::ALL, 13);
        holds(LanguageOrigin::ALL, 3);
        holds(StepOutcome::ALL, 2);
        holds(Area::ALL, 2);
        holds(Segment::ALL, 3);
        holds(ClockState::ALL, 4);
    }

    #[test]
    fn the_history_names_a_severity_as_the_contract_does() {
        for severity in Severity::ALL {
            let rated = Happening::Rated { severity: *severity };
            assert_eq!(rated.detail().unwrap().as_str(), severity.to_wire().as_str_name());
        }
    }
}
