//! What this service is told by the standard: the procedures of repair.

use support_chassis::standard::{Document, Effective, Place, Standard, day_of};
use support_proto::support::repair::v1::{RepairProcedures, Turnaround as WireTurnaround};
use time::{Duration, OffsetDateTime};

use crate::domain::procedures::{Procedures, Turnaround};
use crate::domain::provider::{Kind, ProductLine, Provider};
use crate::wire;

/// The procedures of repair.
pub static REPAIR_PROCEDURES: Document<RepairProcedures> =
    Document::new(include_str!("../standard/repair-procedures.yaml"));

/// What holds at a provider's country on the day of `now`, for places of the provider's kind.
#[must_use]
pub fn held_at(standard: &Standard<RepairProcedures>, provider: &Provider, now: OffsetDateTime) -> Procedures {
    let held = standard.on(&Place::country(&provider.country_code), day_of(now));
    read(&held, provider.house.kind())
}

/// The procedures for places of `kind`.
///
/// The field rules of the document promise that it names every kind and every length of time. Where it did not, nothing
/// would be due, no order would be too old, and nothing would be repaired there.
fn read(held: &Effective<RepairProcedures>, kind: Kind) -> Procedures {
    let repairs = |line: &&ProductLine| {
        let line = held.product_lines.get(line.as_str());
        line.is_some_and(|line| {
            line.provider_kinds()
                .filter_map(wire::read_kind)
                .any(|allowed| allowed == kind)
        })
    };
    Procedures {
        version: held.basis.to_string(),
        turnaround: turnaround(held.turnaround.get(kind.as_str())),
        product_lines: ProductLine::ALL.iter().filter(repairs).copied().collect(),
        order_valid_for: duration(held.order_valid_for.as_ref()),
        note_required_for: held.note_required_for().filter_map(wire::read_step).collect(),
    }
}

fn turnaround(stated: Option<&WireTurnaround>) -> Turnaround {
    let of = |field: fn(&WireTurnaround) -> Option<&prost_types::Duration>| duration(stated.and_then(field));
    Turnaround {
        diagnose_within: of(|stated| stated.diagnose_within.as_ref()),
        repair_within: of(|stated| stated.repair_within.as_ref()),
        return_within: of(|stated| stated.return_within.as_ref()),
    }
}

/// A length of time, at most a year by the field rules; the longest there is where none is stated.
fn duration(stated: Option<&prost_types::Duration>) -> Duration {
    stated.map_or(Duration::days(3650), |stated| {
        Duration::new(stated.seconds, stated.nanos)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_procedures_are_read_for_each_kind_of_place() {
        let standard = Standard::shipped(&REPAIR_PROCEDURES);
        let held = standard.today(&Place::Global);
        let read = |kind| read(&held, kind);
        assert_eq!(read(Kind::Depot).product_lines, ProductLine::ALL);
        assert!(!read(Kind::OwnStore).product_lines.contains(&ProductLine::Watch));
        assert_eq!(read(Kind::OwnStore).turnaround.whole(), Duration::days(6));
        assert_eq!(read(Kind::Depot).turnaround.whole(), Duration::days(10));
        assert_eq!(read(Kind::Partner).turnaround.repair_within, Duration::days(7));
        assert_eq!(read(Kind::Partner).order_valid_for, Duration::days(30));
        assert_eq!(read(Kind::Partner).note_required_for.len(), 2);
        assert_eq!(read(Kind::Partner).version, held.basis.to_string());
    }
}
