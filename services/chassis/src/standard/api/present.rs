//! What the use cases give, as the contract has it.

use prost::Message as _;
use support_proto::support::options::v1::Departure;
use support_proto::support::standard::v1 as wire;
use time::OffsetDateTime;

use crate::clock::timestamp;
use crate::day;
use crate::id::Region;
use crate::standard::check::PlaceChange;
use crate::standard::compare::{Departed, ValueChange};
use crate::standard::effective::{Held, HeldOverlay};
use crate::standard::ops::draft::{Draft, DraftState, Intent};
use crate::standard::ops::{DocumentStatus, Report};
use crate::standard::place::Place;
use crate::standard::records::{Publication, Standing};
use crate::standard::simulate::{Consequence, Examination, Fare, Faring, MoneyChange, Share};
use crate::standard::snapshot::Snapshot;

/// The most bytes of a report in which values are given whole. A client refuses an answer of 4 MiB.
const REPORT_LIMIT: usize = 2 * 1024 * 1024;
/// The most characters of a value in a report that would be larger.
const CUT_TO: usize = 120;

/// How a document stands.
pub(super) fn document(status: &DocumentStatus) -> wire::Document {
    let declared = status.document.declared();
    wire::Document {
        document: status.document.id().to_owned(),
        message_type: status.document.schema().message().full_name().to_owned(),
        four_eyes: declared.four_eyes(),
        version: status.global.as_ref().map_or(0, |global| global.version),
        effective_from: status
            .global
            .as_ref()
            .map(|global| day::to_proto(global.effective_from)),
        scheduled: status
            .scheduled
            .iter()
            .map(|next| wire::ScheduledVersion {
                version: next.version,
                effective_from: Some(day::to_proto(next.effective_from)),
                publication_id: next.id.to_string(),
            })
            .collect(),
        overlays: status.overlays.iter().map(overlay).collect(),
    }
}

fn overlay(overlay: &HeldOverlay) -> wire::OverlayStatus {
    let publication = &overlay.publication;
    wire::OverlayStatus {
        place: publication.place.to_string(),
        version: publication.version,
        publication_id: publication.id.to_string(),
        region: publication.id.region().to_string(),
        lifted: overlay.lifted.iter().map(departed).collect(),
        set_aside: !overlay.set_aside.is_empty(),
    }
}

fn departed(departed: &Departed) -> wire::Departed {
    wire::Departed {
        path: departed.path.clone(),
        rule: Departure::from(departed.rule).into(),
        standard_value: departed.standard.clone(),
        overlay_value: departed.overlay.clone(),
    }
}

/// How far another region is known.
pub(super) fn followed((region, last_heard_at): (Region, Option<OffsetDateTime>)) -> wire::FollowedRegion {
    wire::FollowedRegion {
        region: region.to_string(),
        last_heard_at: last_heard_at.map(timestamp),
    }
}

/// What holds.
pub(super) fn effective(held: &Held) -> wire::GetEffectiveResponse {
    wire::GetEffectiveResponse {
        content: held.content.print(),
        basis: held.basis.to_string(),
        overlays: held.overlays.iter().map(overlay).collect(),
    }
}

/// A publication with its content.
pub(super) fn publication(known: &Snapshot, publication: &Publication) -> wire::Publication {
    wire::Publication {
        content: publication.content.to_string(),
        ..publication_without_content(known, publication)
    }
}

/// A publication without its content.
pub(super) fn publication_without_content(known: &Snapshot, publication: &Publication) -> wire::Publication {
    let records = known.records();
    wire::Publication {
        publication_id: publication.id.to_string(),
        document: publication.document.clone(),
        place: publication.place.to_string(),
        version: publication.version,
        effective_from: Some(day::to_proto(publication.effective_from)),
        published_at: Some(timestamp(publication.published_at)),
        region: publication.id.region().to_string(),
        author: publication.author.clone(),
        approver: publication.approver.clone(),
        reason: publication.reason.clone(),
        content: String::new(),
        digest: publication.digest.clone(),
        withdrawn_from: records.withdrawn_from(publication).map(day::to_proto),
        void: records.standing(publication) == Standing::Void,
    }
}

/// A draft; without content where it was read without.
pub(super) fn draft(draft: &Draft) -> wire::Draft {
    let (content, withdraws) = match &draft.intent {
        Intent::Publish(content) => (content.clone(), String::new()),
        Intent::Withdraw(publication) => (String::new(), publication.to_string()),
    };
    wire::Draft {
        draft_id: draft.id.to_string(),
        document: draft.document.clone(),
        place: draft.place.to_string(),
        state: match draft.state {
            DraftState::Open => wire::DraftState::Open,
            DraftState::Approved => wire::DraftState::Approved,
            DraftState::Published => wire::DraftState::Published,
            DraftState::Discarded => wire::DraftState::Discarded,
        }
        .into(),
        content,
        withdraws,
        effective_from: draft.effective_from.map(day::to_proto),
        reason: draft.reason.clone(),
        author: draft.author.clone(),
        approver: draft.approver.clone().unwrap_or_default(),
        create_time: Some(timestamp(draft.created_at)),
        update_time: Some(timestamp(draft.updated_at)),
        publication_id: draft.publication.map(|id| id.to_string()).unwrap_or_default(),
        etag: draft.etag(),
    }
}

/// Everything there is to say of a proposal. Nothing is left out; but where that would be more than a client takes, long
/// values are cut.
pub(super) fn report(report: Report) -> wire::CheckReport {
    let mut presented = wire::CheckReport {
        faults: report
            .faults
            .into_iter()
            .map(|fault| wire::ContentFault {
                path: fault.path,
                fault: fault.fault,
            })
            .collect(),
        loosened: report.loosened.iter().map(departed).collect(),
        changes: report.changes.into_iter().map(change).collect(),
        consequences: report.consequences.into_iter().map(consequence).collect(),
        examinations: report.examinations.into_iter().map(examination).collect(),
        digest: report.digest,
    };
    if presented.encoded_len() > REPORT_LIMIT {
        cut_values(&mut presented);
    }
    if presented.encoded_len() > REPORT_LIMIT {
        leave_out_places(&mut presented);
    }
    presented
}

fn change(change: PlaceChange) -> wire::PlaceChange {
    let value = |value: ValueChange| wire::ValueChange {
        path: value.path,
        before: value.before,
        after: value.after,
    };
    wire::PlaceChange {
        place: change.place.to_string(),
        values: change.values.into_iter().map(value).collect(),
        lifted: change.lifted.iter().map(departed).collect(),
        set_aside: change.set_aside,
    }
}

fn consequence((place, consequence): (Place, Consequence)) -> wire::Consequence {
    wire::Consequence {
        place: place.to_string(),
        whom: consequence.whom,
        count: consequence.count,
        before: consequence.before,
        after: consequence.after,
        examples: consequence.examples.into_iter().take(10).collect(),
        fare: match consequence.fare {
            None => wire::Fare::Unspecified,
            Some(Fare::Better) => wire::Fare::Better,
            Some(Fare::Worse) => wire::Fare::Worse,
            Some(Fare::Otherwise) => wire::Fare::Otherwise,
        }
        .into(),
        rule: consequence.rule,
        because: consequence.because,
        money: consequence.money.into_iter().map(money).collect(),
        shares: consequence.shares.into_iter().map(share).collect(),
    }
}

fn money(change: MoneyChange) -> wire::MoneyChange {
    wire::MoneyChange {
        currency_code: change.currency,
        more_minor_units: change.more,
        less_minor_units: change.less,
    }
}

fn share(share: Share) -> wire::ConsequenceShare {
    wire::ConsequenceShare {
        country_code: share.country,
        product: share.product,
        count: share.count,
    }
}

fn examination((place, examination): (Place, Examination)) -> wire::Examination {
    wire::Examination {
        place: place.to_string(),
        what: examination.what,
        total: examination.total,
        looked_at: examination.looked_at,
        complete: examination.looked_at >= examination.total,
        farings: examination.farings.into_iter().map(faring).collect(),
    }
}

fn faring(faring: Faring) -> wire::Faring {
    wire::Faring {
        tried: faring.tried,
        country_code: faring.country,
        product: faring.product,
        better: faring.better,
        worse: faring.worse,
        otherwise: faring.otherwise,
        same: faring.same,
        money: faring.money.into_iter().map(money).collect(),
    }
}

/// Leaves out where those are who would fare differently; how many they are together stays.
fn leave_out_places(report: &mut wire::CheckReport) {
    for consequence in &mut report.consequences {
        consequence.shares.clear();
    }
    for examination in &mut report.examinations {
        examination.farings.retain(|faring| faring.country_code.is_empty());
    }
}

fn cut_values(report: &mut wire::CheckReport) {
    let changes = report.changes.iter_mut();
    let lifted = changes.flat_map(|change| {
        let values = change
            .values
            .iter_mut()
            .flat_map(|value| [&mut value.before, &mut value.after]);
        let lifted = change.lifted.iter_mut();
        values.chain(lifted.flat_map(|departed| [&mut departed.standard_value, &mut departed.overlay_value]))
    });
    let loosened = report.loosened.iter_mut();
    let loosened = loosened.flat_map(|departed| [&mut departed.standard_value, &mut departed.overlay_value]);
    for text in lifted.chain(loosened) {
        if let Some((end, _)) = text.char_indices().nth(CUT_TO) {
            text.truncate(end);
            text.push_str("...");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::departure::Rule;

    /// A report of so many fields that depart, each from a value of so many letters.
    fn report_of(fields: usize, letters: usize) -> wire::CheckReport {
        let departed = |number| Departed {
            path: format!("steps[\"{number}\"]"),
            rule: Rule::Locked,
            standard: "ü".repeat(letters),
            overlay: String::new(),
        };
        report(Report {
            loosened: (0..fields).map(departed).collect(),
            ..Report::default()
        })
    }

    #[test]
    fn values_are_given_whole_as_long_as_a_client_takes_them() {
        let told = report_of(10, 10_000);
        assert_eq!(told.loosened[9].standard_value, "ü".repeat(10_000));
    }

    #[test]
    fn a_report_of_too_many_places_tells_them_together() {
        let faring = |country: String| Faring {
            country,
            product: "p".repeat(100),
            better: 1,
            ..Faring::default()
        };
        let farings: Vec<_> = (0..30_000).map(|number| faring(format!("C{number}"))).collect();
        let examination = Examination {
            what: "devices".to_owned(),
            total: 5,
            looked_at: 4,
            farings: [faring(String::new())].into_iter().chain(farings).collect(),
        };
        let told = report(Report {
            examinations: vec![(Place::Global, examination)],
            ..Report::default()
        });
        assert!(told.encoded_len() < REPORT_LIMIT, "{}", told.encoded_len());
        assert_eq!(told.examinations[0].farings.len(), 1);
        assert!(!told.examinations[0].complete);
    }

    #[test]
    fn a_report_that_no_client_would_take_still_names_every_path() {
        let told = report_of(1_000, 10_000);
        assert!(told.encoded_len() < REPORT_LIMIT, "{}", told.encoded_len());
        assert_eq!(told.loosened.len(), 1_000);
        assert_eq!(told.loosened[999].path, "steps[\"999\"]");
        assert_eq!(told.loosened[999].standard_value, format!("{}...", "ü".repeat(CUT_TO)));
        assert_eq!(told.loosened[999].overlay_value, "");
    }
}
