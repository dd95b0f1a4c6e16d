//! Addresses on the wire.

use support_proto::support::localisation::v1 as wire;
use support_words::catalogue::Arguments;
use support_words::format::address::{self, Address, Field, Part};
use support_words::format::names::{self, Kind};
use support_words::format::writes_in_script_of;
use support_words::snapshot::Snapshot;
use support_words::tag::Tag;
use support_words::wire as words;

/// What an address in a country asks for, in the words of who reads; `own` is what the country's profile says of it.
pub(super) fn form(
    snapshot: &Snapshot,
    request: &wire::GetAddressFormRequest,
    own: Option<wire::AddressForm>,
) -> wire::GetAddressFormResponse {
    let reads = snapshot.locales().negotiate(&request.languages).locale;
    let in_latin = !writes_in_script_of(&reads.tag, &request.country_code);
    let form = address::form(&request.country_code, in_latin);
    let present = |field: &Field, is_required: bool| {
        let key = format!("address.field.{}", field.called);
        wire::AddressField {
            name: field.part.name().to_owned(),
            label: words::text_or_key(snapshot, &key, &request.languages, &Arguments::new()).text,
            required: is_required,
        }
    };
    let Some(own) = own else {
        return wire::GetAddressFormResponse {
            fields: form
                .fields
                .iter()
                .map(|field| present(field, field.is_required))
                .collect(),
            code_pattern: form.code.to_owned(),
        };
    };
    let field = |name: &String| {
        let known = form.fields.iter().find(|field| field.part.name() == name).copied();
        let part = Part::ALL.into_iter().find(|part| part.name() == name)?;
        let field = known.unwrap_or_else(|| Field::usual(part));
        Some(present(&field, own.required.contains(name)))
    };
    wire::GetAddressFormResponse {
        fields: own.fields.iter().filter_map(field).collect(),
        code_pattern: own.code_pattern.clone(),
    }
}

/// The address in its lines, with the country's name by `rules`.
pub(super) fn written(
    rules: &Tag,
    request: wire::FormatAddressRequest,
    own: Option<wire::AddressForm>,
) -> wire::FormatAddressResponse {
    let country = request.country_code;
    let address = read(request.parts.unwrap_or_default());
    let (mut lines, unplaced) = address::lines(&country, &address);
    if request.with_country {
        lines.extend(names::named(rules, Kind::Region, &[&country]));
    }
    let form = address::form(&country, true);
    let (required, code_pattern): (Vec<Part>, String) = if let Some(own) = own {
        let is_required = |part: &Part| own.required.iter().any(|name| name == part.name());
        (
            Part::ALL.into_iter().filter(is_required).collect(),
            own.code_pattern.clone(),
        )
    } else {
        let asked = form.fields.iter().filter(|field| field.is_required);
        (asked.map(|field| field.part).collect(), form.code.to_owned())
    };
    let names = |parts: Vec<Part>| parts.into_iter().map(|part| part.name().to_owned()).collect();
    wire::FormatAddressResponse {
        lines,
        missing: names(required.into_iter().filter(|part| !address.has(*part)).collect()),
        unplaced: names(unplaced),
        code_fits: !address.has(Part::PostalCode) || address::code_fits(&code_pattern, &address.postal_code()),
    }
}

fn read(parts: wire::AddressParts) -> Address {
    let one = |text: String| [text];
    Address::default()
        .with(Part::Recipient, one(parts.recipient))
        .with(Part::Organisation, one(parts.organisation))
        .with(Part::Street, parts.street)
        .with(Part::District, one(parts.district))
        .with(Part::City, one(parts.city))
        .with(Part::Province, one(parts.province))
        .with(Part::PostalCode, one(parts.postal_code))
        .with(Part::SortingCode, one(parts.sorting_code))
}
