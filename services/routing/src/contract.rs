//! The words of the contract and those of the domain, both ways.

use support_proto::support::case::v1 as case;
use support_proto::support::routing::v1 as pb;
use support_proto::support::types::v1 as types;

use crate::domain::{Area, Change, Channel, Departure, HandCause, Presence, ProductLine, Segment, Severity, TaskState};

/// A function each way over one list of pairs; UNSPECIFIED, and what a newer contract may bring, is none.
macro_rules! pairs {
    ($read:ident, $write:ident, $theirs:ty, $ours:ident, [$($variant:ident),+ $(,)?]) => {
        pub(crate) fn $read(word: $theirs) -> Option<$ours> {
            match word {
                <$theirs>::Unspecified => None,
                $(<$theirs>::$variant => Some($ours::$variant),)+
            }
        }

        pub(crate) fn $write(word: $ours) -> $theirs {
            match word {
                $($ours::$variant => <$theirs>::$variant,)+
            }
        }
    };
}

pairs!(
    read_presence,
    presence,
    pb::Presence,
    Presence,
    [Available, Break, AfterContactWork, Offline]
);
pairs!(
    read_task_state,
    task_state,
    pb::TaskState,
    TaskState,
    [Queued, Offered, Accepted, Wrapping, Completed, Canceled]
);
pairs!(
    read_channel,
    channel,
    types::Channel,
    Channel,
    [Phone, Email, Chat, Store, Social, App]
);
pairs!(
    read_product_line,
    product_line,
    types::ProductLine,
    ProductLine,
    [Phone, Laptop, Tablet, Watch, Audio, Desktop, Accessory]
);
pairs!(
    read_hand_cause,
    hand_cause,
    pb::HandCause,
    HandCause,
    [
        CustomerWish,
        Expertise,
        Escalation,
        Workload,
        AgentUnable,
        Coaching,
        Misrouted
    ]
);

pairs!(
    read_departure,
    departure,
    pb::ShiftExceptionKind,
    Departure,
    [Off, Extra, Changed]
);

pub(crate) fn read_segment(segment: case::CustomerSegment) -> Option<Segment> {
    match segment {
        case::CustomerSegment::Unspecified => None,
        case::CustomerSegment::Consumer => Some(Segment::Consumer),
        case::CustomerSegment::Business => Some(Segment::Business),
        case::CustomerSegment::Education => Some(Segment::Education),
    }
}

pub(crate) fn change(change: Change) -> pb::TaskChange {
    match change {
        Change::Queued => pb::TaskChange::Queued,
        Change::Offered => pb::TaskChange::Offered,
        Change::Accepted => pb::TaskChange::Accepted,
        Change::Rejected => pb::TaskChange::Rejected,
        Change::TimedOut => pb::TaskChange::TimedOut,
        Change::Withdrawn => pb::TaskChange::Withdrawn,
        Change::Completed => pb::TaskChange::Completed,
        Change::Canceled => pb::TaskChange::Canceled,
        Change::Assigned => pb::TaskChange::Assigned,
        Change::TakenOver => pb::TaskChange::TakenOver,
        Change::PulledBack => pb::TaskChange::PulledBack,
        Change::ContactEnded => pb::TaskChange::ContactEnded,
        Change::Transferred => pb::TaskChange::Transferred,
        Change::Joined => pb::TaskChange::Joined,
        Change::Left => pb::TaskChange::Left,
        Change::HandedOver => pb::TaskChange::HandedOver,
        Change::Lapsed => pb::TaskChange::Lapsed,
        Change::CallbackRequested => pb::TaskChange::CallbackRequested,
        Change::CallbackDue => pb::TaskChange::CallbackDue,
        Change::NotReached => pb::TaskChange::NotReached,
        Change::GivenUp => pb::TaskChange::GivenUp,
    }
}

pub(crate) fn read_area(area: case::CaseArea) -> Option<Area> {
    match area {
        case::CaseArea::Unspecified => None,
        case::CaseArea::Device => Some(Area::Device),
        case::CaseArea::AccountSecurity => Some(Area::AccountSecurity),
    }
}

/// What is not said is taken as normal.
pub(crate) fn read_severity(severity: case::Severity) -> Severity {
    match severity {
        case::Severity::Low => Severity::Low,
        case::Severity::Unspecified | case::Severity::Normal => Severity::Normal,
        case::Severity::High => Severity::High,
        case::Severity::Critical => Severity::Critical,
    }
}
