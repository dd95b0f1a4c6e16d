//! Requests about devices, read.

use support_chassis::error::{InvalidFields, ServiceError as _, Violation, Violations};
use support_chassis::id;
use support_proto::support::types::v1::Date as WireDate;
use support_proto::support::warranty::v1 as warranty;
use time::Date;

use crate::domain::country::Country;
use crate::domain::device::{
    CustomerId, DeviceId, Evidence, Identifiers, Imei, InvalidIdentifier, Lock, LockReason, Meid, NewProof, Owner,
    is_serial_number,
};
use crate::ops::{NewDevice, NewReplacementUnit};
use crate::wire;

/// A text; none where it is empty.
pub(super) fn given(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// A value of an enum that must be said.
pub(super) fn said<T>(field: &str, value: Option<T>) -> Result<T, Violation> {
    value.ok_or_else(|| Violation::new(field, "must be said"))
}

/// A day that may be absent.
fn day(field: &str, date: Option<WireDate>) -> Result<Option<Date>, Violation> {
    date.map(|date| wire::read_date(field, date)).transpose()
}

fn country(code: &str) -> Result<Country, Violation> {
    Country::from_code(code)
        .ok_or_else(|| Violation::new("purchase_country_code", "must be a code of iso 3166-1 alpha-2"))
}

/// Who is named in these two fields, of which one at most is given.
pub(super) fn owner(
    (customer_field, customer): (&str, &str),
    (organisation_field, organisation): (&str, &str),
) -> Result<Option<Owner>, InvalidFields> {
    let customer = id::parse_optional::<CustomerId>(customer_field, customer)?;
    if customer.is_some() && !organisation.is_empty() {
        return Err(Violation::new(organisation_field, "must not be given together with a customer").into());
    }
    Ok(Owner::of(customer, given(organisation)))
}

fn number<T>(
    field: &str,
    text: &str,
    read: impl Fn(&str) -> Result<T, InvalidIdentifier>,
) -> Result<Option<T>, Violation> {
    given(text)
        .map(|text| read(&text).map_err(|wrong| Violation::new(field, wrong.to_string())))
        .transpose()
}

fn identifiers(fields: &mut Violations, imei: &str, imei2: &str, meid: &str) -> Identifiers {
    let imei = fields.take(number("imei", imei, Imei::parse)).flatten();
    let imei2 = fields.take(number("imei2", imei2, Imei::parse)).flatten();
    let meid = fields.take(number("meid", meid, Meid::parse)).flatten();
    fields.require(
        imei2.is_none() || imei.is_some() && imei != imei2,
        "imei2",
        "must be another than the first, which must be given",
    );
    Identifiers { imei, imei2, meid }
}

/// The day of a purchase: that which is said, or else that of the activation, which makes it a guess.
fn purchase_date(
    fields: &mut Violations,
    (purchased, activated): (Option<WireDate>, Option<WireDate>),
    evidence: Option<Evidence>,
) -> (Option<Date>, Option<Date>) {
    let activated = fields.take(day("first_activation_date", activated)).flatten();
    let is_said = purchased.is_some();
    let purchased = fields.take(day("purchase_date", purchased)).flatten();
    if !is_said {
        fields.require(
            activated.is_some(),
            "purchase_date",
            "must be given where the day of activation is not",
        );
        fields.require(
            evidence.is_none_or(|evidence| evidence == Evidence::Estimated),
            "purchase_date_evidence",
            "must be estimated where no day of purchase is given",
        );
    }
    (purchased.or(activated), activated)
}

/// A device to register.
pub(super) fn new_device(request: &warranty::RegisterDeviceRequest) -> Result<NewDevice, InvalidFields> {
    let mut fields = Violations::new();
    let owner = fields.take(id::parse_optional("owner_customer_id", &request.owner_customer_id));
    let country = fields.take(country(&request.purchase_country_code));
    let evidence = fields.take(
        wire::read_evidence(request.purchase_date_evidence())
            .ok_or_else(|| Violation::new("purchase_date_evidence", "must say how sure the day is")),
    );
    let days = (request.purchase_date, request.first_activation_date);
    let (purchase_date, first_activated_on) = purchase_date(&mut fields, days, evidence);
    let identifiers = identifiers(&mut fields, &request.imei, &request.imei2, &request.meid);
    let (owner, purchase_country, purchase_date, evidence) =
        fields.finish((owner, country, purchase_date, evidence))?;
    Ok(NewDevice {
        model_code: request.model_code.clone(),
        serial_number: request.serial_number.clone(),
        identifiers,
        configuration: given(&request.configuration),
        seller_reference: given(&request.seller_reference),
        owner,
        organisation: given(&request.owner_organisation_id),
        purchase_country,
        purchase_date,
        evidence,
        sold_used: request.sold_used,
        first_activated_on,
    })
}

/// Whether this is a code of upper-case letters, digits and hyphens that begins with one of the former two; up to `longest`.
fn is_code(text: &str, longest: usize) -> bool {
    let is_of_it = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'Z');
    text.len() <= longest
        && text.bytes().next().is_some_and(is_of_it)
        && text.bytes().all(|byte| is_of_it(byte) || byte == b'-')
}

/// A row of an import, or the fields for which it is refused: what the contract would refuse of a single device is told row by row.
pub(super) fn import_row(row: &warranty::ImportRow) -> Result<NewDevice, Vec<String>> {
    let mut fields = Violations::new();
    let code = "must be a code";
    fields.require(
        is_code(&row.model_code, 40) && row.model_code.len() >= 3,
        "model_code",
        code,
    );
    fields.require(
        is_serial_number(&row.serial_number),
        "serial_number",
        "must be a serial number",
    );
    for (field, text) in [
        ("configuration", &row.configuration),
        ("seller_reference", &row.seller_reference),
    ] {
        fields.require(text.is_empty() || is_code(text, 40), field, code);
    }
    let country = fields.take(country(&row.purchase_country_code));
    let evidence = fields.take(
        wire::read_evidence(row.purchase_date_evidence())
            .filter(|evidence| *evidence != Evidence::Proven)
            .ok_or_else(|| Violation::new("purchase_date_evidence", "must be estimated or declared")),
    );
    let days = (row.purchase_date, row.first_activation_date);
    let (purchase_date, first_activated_on) = purchase_date(&mut fields, days, evidence);
    let identifiers = identifiers(&mut fields, &row.imei, &row.imei2, &row.meid);
    let (purchase_country, purchase_date, evidence) =
        fields.finish((country, purchase_date, evidence)).map_err(|wrong| {
            wrong
                .answer()
                .violations
                .into_iter()
                .map(|violation| violation.field)
                .collect::<Vec<_>>()
        })?;
    Ok(NewDevice {
        model_code: row.model_code.clone(),
        serial_number: row.serial_number.clone(),
        identifiers,
        configuration: given(&row.configuration),
        seller_reference: given(&row.seller_reference),
        owner: None,
        organisation: None,
        purchase_country,
        purchase_date,
        evidence,
        sold_used: row.sold_used,
        first_activated_on,
    })
}

/// A unit that comes in the place of another.
pub(super) fn replacement(request: &warranty::ReplaceDeviceRequest) -> Result<NewReplacementUnit, InvalidFields> {
    let mut fields = Violations::new();
    let device_id = fields.take(id::parse("device_id", &request.device_id));
    let repair_id = fields.take(id::parse_optional("repair_id", &request.repair_id));
    let received = fields.take(day("received_on", request.received_on));
    let replaced = fields.take(day("replaced_on", request.replaced_on));
    let reason = fields.take(said("reason", wire::devices::read_replacement_reason(request.reason())));
    let identifiers = identifiers(&mut fields, &request.imei, &request.imei2, &request.meid);
    let (device_id, repair_id, received, replaced, reason) =
        fields.finish((device_id, repair_id, received, replaced, reason))?;
    Ok(NewReplacementUnit {
        device_id,
        model_code: given(&request.model_code),
        serial_number: request.serial_number.clone(),
        identifiers,
        configuration: given(&request.configuration),
        received,
        replaced,
        reason,
        repair_id,
    })
}

/// A lock to set or to lift.
pub(super) fn lock_change(
    request: &warranty::ChangeLockRequest,
) -> Result<(DeviceId, (Lock, bool, LockReason)), InvalidFields> {
    let mut fields = Violations::new();
    let id = fields.take(id::parse("device_id", &request.device_id));
    let lock = fields.take(said("lock", wire::devices::read_lock(request.lock())));
    let reason = fields.take(said("reason", wire::devices::read_lock_reason(request.reason())));
    let (id, lock, reason) = fields.finish((id, lock, reason))?;
    Ok((id, (lock, !request.lift, reason)))
}

/// A proof of purchase.
pub(super) fn proof(request: &warranty::SubmitProofRequest) -> Result<NewProof, InvalidFields> {
    let mut fields = Violations::new();
    let device_id = fields.take(id::parse("device_id", &request.device_id));
    let kind = fields.take(said("kind", wire::devices::read_proof_kind(request.kind())));
    let day = fields.take(wire::read_date(
        "purchase_date",
        request.purchase_date.unwrap_or_default(),
    ));
    let country = fields.take(country(&request.purchase_country_code));
    let case_id = fields.take(id::parse_optional("case_id", &request.case_id));
    let (device_id, kind, day, country, case_id) = fields.finish((device_id, kind, day, country, case_id))?;
    Ok(NewProof {
        device_id,
        kind,
        day,
        country,
        used: request.sold_used,
        seller_reference: given(&request.seller_reference),
        document_reference: request.document_reference.clone(),
        case_id,
        case_agent: given(&request.case_agent_id),
    })
}
