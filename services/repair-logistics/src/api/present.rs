//! Answers.

use support_chassis::clock::timestamp;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::repair::v1 as wire_repair;

use crate::domain::provider::Provider;
use crate::domain::repair::Repair;
use crate::domain::step::Taken;
use crate::wire;

pub(super) fn provider(provider: Provider) -> wire_repair::Provider {
    wire_repair::Provider {
        provider_id: provider.id.to_string(),
        code: provider.code,
        name: provider.name,
        kind: wire::kind(provider.house.kind()).into(),
        organisation_id: provider.house.organisation().unwrap_or_default().to_owned(),
        country_code: provider.country_code,
        product_lines: provider
            .product_lines
            .into_iter()
            .map(|line| wire::product_line(line).into())
            .collect(),
    }
}

pub(super) fn repair(repair: Repair) -> wire_repair::Repair {
    wire_repair::Repair {
        etag: repair.etag(),
        repair_id: repair.id.to_string(),
        case_id: repair.case_id.to_string(),
        provider_id: repair.provider_id.to_string(),
        device_id: repair.device_id.to_string(),
        serial_number: repair.serial_number,
        state: wire::state(repair.progress.state).into(),
        outcome: wire::outcome(repair.progress.outcome).into(),
        words_erased: repair.problem.is_none(),
        problem: repair.problem.unwrap_or_default(),
        language: repair.language,
        diagnosis_code: repair.progress.diagnosis_code.unwrap_or_default(),
        coverage_outcome: wire::coverage(repair.coverage).into(),
        coverage_decision_id: repair.decision_id.to_string(),
        partner_reference: repair.partner_reference.unwrap_or_default(),
        submit_time: Some(timestamp(repair.submitted_at)),
        update_time: Some(timestamp(repair.updated_at)),
        note: repair.note.unwrap_or_default(),
        step_due_time: repair.due.step.map(timestamp),
        return_due_time: repair.due.back.map(timestamp),
        procedures_version: repair.procedures_version.unwrap_or_default(),
        customer_pays: repair.pays.map(wire::pays),
        entitlement_id: repair.entitlement_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}

/// A step, to a customer without who took it.
pub(super) fn step(taken: Taken, is_customer: bool) -> wire_repair::RepairStepTaken {
    let kind = format!("CALLER_KIND_{}", taken.by.kind.to_ascii_uppercase());
    wire_repair::RepairStepTaken {
        state: wire::state(taken.state).into(),
        take_time: Some(timestamp(taken.at)),
        actor_kind: CallerKind::from_str_name(&kind).unwrap_or_default().into(),
        actor_id: if is_customer { String::new() } else { taken.by.id },
        technician: taken.by.technician.filter(|_| !is_customer).unwrap_or_default(),
    }
}
