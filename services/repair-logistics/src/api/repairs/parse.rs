//! Requests.

use support_chassis::error::{InvalidFields, Violation, Violations};
use support_chassis::id;
use support_proto::support::repair::v1::{ListRepairsRequest, RepairOutcome, SubmitRepairRequest};
use support_proto::support::warranty::v1::Damage;
use time::OffsetDateTime;

use crate::domain::state::Outcome;
use crate::ops::{Filter, Order, Viewer};
use crate::wire;

pub(super) fn order(request: &SubmitRepairRequest) -> Result<Order, InvalidFields> {
    let mut fields = Violations::new();
    let case_id = fields.take(id::parse("case_id", &request.case_id));
    let is_said = request.damage() != Damage::Unspecified;
    fields.require(is_said, "damage", "must say how the device came to harm");
    let agreed_to_pay = request.agreed_to_pay.clone().map(wire::read_money);
    let is_amount = agreed_to_pay.as_ref().is_none_or(|amount| amount.minor >= 0);
    fields.require(is_amount, "agreed_to_pay.minor_units", "must not be negative");
    let case_id = fields.finish(case_id)?;
    Ok(Order {
        case_id,
        provider_code: request.provider_code.clone(),
        serial_number: request.serial_number.clone(),
        problem: request.problem.clone(),
        language: request.language.clone(),
        damage: request.damage(),
        symptom: said(&request.symptom),
        component: said(&request.component),
        agreed_to_pay,
        partner_reference: said(&request.partner_reference),
    })
}

/// What a field says; none where it is empty.
fn said(field: &str) -> Option<String> {
    Some(field.to_owned()).filter(|field| !field.is_empty())
}

pub(super) fn filter(
    request: &ListRepairsRequest,
    viewer: &Viewer,
    now: OffsetDateTime,
) -> Result<Filter, InvalidFields> {
    let mut fields = Violations::new();
    let case = fields.take(id::parse_optional("case_id", &request.case_id));
    let must_name_case = matches!(viewer, Viewer::Customer(_)) && request.case_id.is_empty();
    fields.require(!must_name_case, "case_id", "must name one of the customer's cases");
    let states: Option<Vec<_>> = request.states().map(wire::read_state).collect();
    let states = fields.take(states.ok_or_else(|| Violation::new("states", "must be states of a repair")));
    let (case, states) = fields.finish((case, states))?;
    Ok(Filter {
        case,
        states,
        due_before: request.overdue_only.then_some(now),
    })
}

pub(super) fn outcome(outcome: RepairOutcome) -> Result<Outcome, Violation> {
    wire::read_outcome(outcome).ok_or_else(|| Violation::new("outcome", "must say what it came to"))
}

/// What was said of a step; none where nothing was. Blanks are no reason.
pub(super) fn note(note: &str) -> Result<Option<String>, Violation> {
    match note.trim() {
        "" if note.is_empty() => Ok(None),
        "" => Err(Violation::new("note", "must not be blank")),
        _ => Ok(Some(note.to_owned())),
    }
}
