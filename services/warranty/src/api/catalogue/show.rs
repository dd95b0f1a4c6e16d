//! Products as they are answered.

use support_chassis::clock::timestamp;
use support_chassis::day;
use support_proto::support::warranty::v1 as warranty;
use time::Date;

use crate::domain::catalogue::import::RowFault;
use crate::domain::catalogue::{Component, Configuration, Details, Family, FaultKind, Model, ServiceState, changes};
use crate::ops::{Imported, ServiceLife};
use crate::store::product_changes::Change;
use crate::wire;

/// How many faults are told at most: more than that is another catalogue.
const FAULTS: usize = 10_000;

/// A model without its lists.
pub(super) fn listed(model: Model) -> warranty::Product {
    warranty::Product {
        etag: model.etag(),
        product_id: model.id.to_string(),
        model_code: model.model_code,
        name: model.details.name,
        product_line: wire::product_line(model.details.product_line).into(),
        limited_warranty_months: model.details.limited_warranty_months.into(),
        release_date: Some(day::to_proto(model.details.release_date)),
        family: model.details.family.unwrap_or_default(),
        price_group: model.details.price_group,
        last_sold_date: model.details.last_sold.map(day::to_proto),
        vintage_date: model.details.vintage_from.map(day::to_proto),
        obsolete_date: model.details.obsolete_from.map(day::to_proto),
        ..warranty::Product::default()
    }
}

/// A model with all there is of it.
pub(super) fn whole(mut model: Model, life: ServiceLife) -> warranty::Product {
    let configurations = std::mem::take(&mut model.details.configurations);
    let components = std::mem::take(&mut model.details.components);
    let service_life = Some(service_life(&model.details, life));
    warranty::Product {
        configurations: configurations.into_iter().map(configuration).collect(),
        components: components.into_iter().map(component).collect(),
        service_life,
        ..listed(model)
    }
}

fn configuration(one: Configuration) -> warranty::ProductConfiguration {
    warranty::ProductConfiguration {
        configuration: one.configuration,
        name: one.name,
    }
}

fn component(one: Component) -> warranty::ProductComponent {
    let part = |part: crate::domain::catalogue::Part| warranty::ProductPart {
        part_number: part.part_number,
        name: part.name,
        wears: part.wears,
        cosmetic: part.cosmetic,
    };
    warranty::ProductComponent {
        component: one.component,
        parts: one.parts.into_iter().map(part).collect(),
    }
}

fn service_life(details: &Details, of: ServiceLife) -> warranty::ServiceLife {
    let state = match of.life.state_on(of.day) {
        ServiceState::Current => warranty::ServiceState::Current,
        ServiceState::Vintage => warranty::ServiceState::Vintage,
        ServiceState::Obsolete => warranty::ServiceState::Obsolete,
    };
    warranty::ServiceLife {
        state: state.into(),
        vintage_date: of.life.vintage_from.map(day::to_proto),
        vintage_date_set: details.vintage_from.is_some(),
        obsolete_date: of.life.obsolete_from.map(day::to_proto),
        obsolete_date_set: details.obsolete_from.is_some(),
        repaired_until: of.life.repaired_until().map(day::to_proto),
        spare_parts: (of.life.duties.into_iter())
            .map(|duty| warranty::SparePartDutyEnd {
                rule_id: duty.rule_id,
                years: duty.years.into(),
                until: duty.until.map(day::to_proto),
                source: duty.source,
            })
            .collect(),
        rule_version: of.rule_version,
        terms_version: of.terms_version,
    }
}

/// All that is said of a model, as requests say it.
pub(super) fn details(of: &Details) -> warranty::ProductDetails {
    let date = |day: Option<Date>| day.map(day::to_proto);
    warranty::ProductDetails {
        name: of.name.clone(),
        product_line: wire::product_line(of.product_line).into(),
        limited_warranty_months: of.limited_warranty_months.into(),
        release_date: date(Some(of.release_date)),
        family: of.family.clone().unwrap_or_default(),
        price_group: of.price_group.clone(),
        last_sold_date: date(of.last_sold),
        vintage_date: date(of.vintage_from),
        obsolete_date: date(of.obsolete_from),
        configurations: of.configurations.iter().cloned().map(configuration).collect(),
        components: of.components.iter().cloned().map(component).collect(),
    }
}

pub(super) fn family(family: Family) -> warranty::ProductFamily {
    warranty::ProductFamily {
        family_id: family.id.to_string(),
        family: family.family,
        name: family.name,
        product_line: wire::product_line(family.product_line).into(),
    }
}

pub(super) fn change(change: Change) -> warranty::ProductChange {
    let fields = change
        .before
        .map(|before| changes(&before, &change.details))
        .unwrap_or_default();
    warranty::ProductChange {
        revision: change.revision,
        change_time: Some(timestamp(change.changed_at)),
        changed_by: change.changed_by,
        reason: change.reason,
        fields: fields
            .into_iter()
            .map(|(field, before, after)| warranty::ProductFieldChange { field, before, after })
            .collect(),
    }
}

pub(super) fn imported(imported: Imported) -> warranty::ImportCatalogueResponse {
    let plan = imported.plan;
    let omitted = imported.faults.len().saturating_sub(FAULTS);
    warranty::ImportCatalogueResponse {
        written: imported.is_written,
        faults: imported.faults.into_iter().take(FAULTS).map(fault).collect(),
        families_added: count(plan.new_families.len()),
        families_corrected: count(plan.families.len()),
        products_added: count(plan.new_products.len()),
        products_corrected: count(plan.products.len()),
        products_unchanged: count(plan.unchanged),
        faults_omitted: count(omitted),
    }
}

fn fault(found: RowFault) -> warranty::CatalogueFault {
    use warranty::CatalogueFaultReason as Reason;
    let reason = match found.fault.kind {
        FaultKind::Form => Reason::Form,
        FaultKind::Twice => Reason::Twice,
        FaultKind::UnknownFamily => Reason::UnknownFamily,
        FaultKind::LineDiffers => Reason::LineDiffers,
        FaultKind::OrderOfDays => Reason::OrderOfDays,
        FaultKind::InUse => Reason::InUse,
    };
    warranty::CatalogueFault {
        row: count(found.row),
        field: found.fault.field,
        reason: reason.into(),
        words: found.fault.words.to_owned(),
    }
}

/// A number of rows: bounded far below by the size of a message.
fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
