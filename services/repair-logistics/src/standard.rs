//! What this service is told by the standard: the procedures of repair.

mod simulate;

use support_chassis::standard::{Document, Effective, Place, Standard, day_of};
use support_proto::support::repair::v1::{RepairProcedures, Turnaround as WireTurnaround};
use time::{Duration, OffsetDateTime};

use crate::domain::procedures::{Procedures, Turnaround};
use crate::domain::provider::{Kind, ProductLine, Provider};
use crate::wire;

/// The procedures of repair.
pub static REPAIR_PROCEDURES: Document<RepairProcedures> =
    Document::new(include_str!("../standard/repair-procedures.yaml")).simulated_by(simulate::simulate);

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
    use std::collections::BTreeSet;

    use rand::SeedableRng as _;
    use rand::rngs::StdRng;
    use support_chassis::standard::{Patch, Schema, content, looser};
    use support_testing::loosenings;

    use super::*;

    #[test]
    fn overlays_that_loosen_in_one_place_are_refused_at_that_place() {
        let schema = Schema::of::<RepairProcedures>(|_| Vec::new()).unwrap();
        let base = content::from_yaml(&schema, include_str!("../standard/repair-procedures.yaml")).unwrap();
        let mut tried = BTreeSet::new();
        for loosening in loosenings(schema.message(), &base.to_value(), &mut StdRng::seed_from_u64(7)) {
            let patch = Patch::from_json(&schema, &loosening.patch.to_string()).unwrap();
            let departed = looser(&base, &patch.apply(&base));
            let found: Vec<_> = departed.iter().map(|departed| departed.path.as_str()).collect();
            assert!(found.contains(&loosening.path.as_str()), "{loosening:?}: {found:?}");
            tried.insert(loosening.path);
        }
        for path in [
            "order_valid_for",
            "note_required_for",
            r#"turnaround["depot"]"#,
            r#"turnaround["partner"].diagnose_within"#,
            r#"turnaround["own_store"].return_within"#,
            r#"product_lines["watch"]"#,
            r#"product_lines["watch"].provider_kinds"#,
        ] {
            assert!(tried.contains(path), "{path} was never tried: {tried:?}");
        }
    }

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
