//! Requests about plans.

use support_chassis::error::{InvalidFields, Violation, Violations};
use support_chassis::id;
use support_proto::support::types::v1::Money;
use support_proto::support::warranty::v1 as warranty;

use crate::domain::money::{Amount, Currency};
use crate::domain::plan::{Buyer, PlanId};
use crate::ops::Viewer;
use crate::ops::plans::{AskOffers, AskPlans, AskQuote, Enrol, Payment};
use crate::wire::plans::{read_buyer, read_money, read_state};

/// What only those may say whose word counts: not customers.
fn said_by_customer(fields: &mut Violations, viewer: &Viewer, field: &str, said: bool) {
    let customer = matches!(viewer, Viewer::Customer(_));
    fields.require(!(customer && said), field, "must not be said by a customer");
}

/// The currency that a request names; none where it names none.
fn currency(fields: &mut Violations, code: &str) -> Option<Currency> {
    if code.is_empty() {
        return None;
    }
    let currency = Currency::from_code(code);
    fields.take(currency.ok_or_else(|| Violation::new("currency_code", "must be a currency of iso 4217")))
}

fn amount(fields: &mut Violations, field: &str, money: Option<&Money>) -> Option<Amount> {
    let read = money.and_then(read_money);
    fields.take(read.ok_or_else(|| Violation::new(field, "must be an amount in a currency of iso 4217")))
}

pub(super) fn offers(request: &warranty::ListPlanOffersRequest, viewer: &Viewer) -> Result<AskOffers, InvalidFields> {
    let mut fields = Violations::new();
    let device_id = fields.take(id::parse("device_id", &request.device_id));
    let currency = currency(&mut fields, &request.currency_code);
    let buyer = read_buyer(request.buyer());
    said_by_customer(&mut fields, viewer, "buyer", buyer == Buyer::Business);
    said_by_customer(&mut fields, viewer, "inspected", request.inspected);
    let (device_id,) = fields.finish((device_id,))?;
    Ok(AskOffers {
        device_id,
        buyer,
        currency,
        inspected: request.inspected,
    })
}

pub(super) fn quote(request: &warranty::QuotePlanRequest, viewer: &Viewer) -> Result<AskQuote, InvalidFields> {
    let mut fields = Violations::new();
    let device_id = fields.take(id::parse("device_id", &request.device_id));
    let currency = currency(&mut fields, &request.currency_code);
    let buyer = read_buyer(request.buyer());
    let inspected = !request.inspection_reference.is_empty();
    said_by_customer(&mut fields, viewer, "buyer", buyer == Buyer::Business);
    said_by_customer(&mut fields, viewer, "inspection_reference", inspected);
    let (device_id,) = fields.finish((device_id,))?;
    Ok(AskQuote {
        of: AskOffers {
            device_id,
            buyer,
            currency,
            inspected,
        },
        kind: request.kind.clone(),
        inspection_reference: inspected.then(|| request.inspection_reference.clone()),
    })
}

pub(super) fn enrol(request: &warranty::EnrolPlanRequest, viewer: &Viewer) -> Result<Enrol, InvalidFields> {
    let mut fields = Violations::new();
    let quote_id = fields.take(id::parse("quote_id", &request.quote_id));
    let paid = !request.payment_reference.is_empty();
    said_by_customer(&mut fields, viewer, "payment_reference", paid);
    let (quote_id,) = fields.finish((quote_id,))?;
    Ok(Enrol {
        quote_id,
        renews: request.renews,
        payment_reference: paid.then(|| request.payment_reference.clone()),
    })
}

pub(super) fn list(request: &warranty::ListPlansRequest) -> Result<AskPlans, InvalidFields> {
    let mut fields = Violations::new();
    let device = fields.take(id::parse_optional("device_id", &request.device_id));
    let holder = fields.take(id::parse_optional("holder_customer_id", &request.holder_customer_id));
    let (device, holder) = fields.finish((device, holder))?;
    Ok(AskPlans {
        device,
        holder,
        state: read_state(request.state()),
    })
}

pub(super) fn payment(request: &warranty::RecordPlanPaymentRequest) -> Result<(PlanId, Payment), InvalidFields> {
    let mut fields = Violations::new();
    let id = fields.take(id::parse("plan_id", &request.plan_id));
    let amount = amount(&mut fields, "amount", request.amount.as_ref());
    let (id, amount) = fields.finish((id, amount))?;
    let payment = Payment {
        reference: request.payment_reference.clone(),
        paid: request.outcome() == warranty::PlanPaymentOutcome::Paid,
        amount,
    };
    Ok((id, payment))
}

pub(super) fn cancel(request: &warranty::CancelPlanRequest) -> Result<(PlanId, Amount), InvalidFields> {
    let mut fields = Violations::new();
    let id = fields.take(id::parse("plan_id", &request.plan_id));
    let refund = amount(&mut fields, "refund", request.refund.as_ref());
    fields.finish((id, refund))
}
