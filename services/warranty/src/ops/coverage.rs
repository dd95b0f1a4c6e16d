//! What a device is owed.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::error::Violation;
use support_chassis::id::Ids;
use support_chassis::standard::{Place, Standard};
use support_proto::support::warranty::v1::{CoverageDecided, CoverageTerms};
use time::Date;

use super::{Viewer, device_by_serial_number};
use crate::domain::claim::past_repairs;
use crate::domain::country::Country;
use crate::domain::coverage::{Damage, DecisionId, decide, explain};
use crate::domain::device::DeviceId;
use crate::domain::facts::{Facts, Question, Rules};
use crate::domain::prices::Prices;
use crate::domain::sale::{PastRepair, Repairs, Sale};
use crate::domain::terms::Terms;
use crate::domain::zone::{self, Zone};
use crate::error::Error;
use crate::store::decisions::Kept;
use crate::store::devices::standing::{self, Standing};
use crate::{standard, store, wire};

/// A question of coverage.
#[derive(Debug, Clone)]
pub struct AskCoverage {
    /// The device's serial number.
    pub serial_number: String,
    /// The day for which to decide; none for today at the place.
    pub day: Option<Date>,
    /// How the device came to harm.
    pub damage: Damage,
    /// Where it would be repaired; none for the country of purchase.
    pub place: Option<Country>,
    /// The time zone there; none for that of the country, of several for the one where the day begins last.
    pub zone: Option<Zone>,
    /// What the customer sees; none where it is not known.
    pub symptom: Option<String>,
    /// The component; none for the whole unit, or where it is not known.
    pub component: Option<String>,
    /// The numbers of parts to decide about one by one as well.
    pub parts: Vec<String>,
    /// The repairs free of charge that it has had.
    pub repairs: Repairs,
}

/// Decides coverage by the terms that hold where the device was sold on the day it is decided for, and keeps the decision.
pub async fn decide_coverage(
    tx: &mut Tx,
    ids: &Ids,
    terms: &Standard<CoverageTerms>,
    viewer: &Viewer,
    ask: &AskCoverage,
) -> Result<Kept, Error> {
    let registered = device_by_serial_number(tx, viewer, &ask.serial_number).await?;
    let (device, product) = (registered.device, registered.product);
    let country = device.purchase_country;
    let standing = standing::of_devices(tx, &[device.id])
        .await?
        .remove(&device.id)
        .unwrap_or_default();
    let sale = Sale {
        day: device.purchase_date,
        line: product.product_line,
        warranty_months: standing.warranty_months,
        used: device.sold_used,
        repairs: ask.repairs.clone(),
    };
    let now = tx.now();
    let place = ask.place.unwrap_or(country);
    let day = ask.day.unwrap_or_else(|| {
        // What was sold this very day, in whatever zone of the country, is not asked about for the day before.
        zone::today(now, ask.zone.as_ref(), place).max(sale.day.min(zone::latest_day(now, country)))
    });
    check_repairs(&sale, day)?;
    let held = terms.on(&Place::country(country.code()), day);
    let held = standard::terms(&held.document, held.basis.to_string(), country);
    check_symptom(ask.symptom.as_deref(), &held)?;
    let sale = with_known_repairs(tx, device.id, &standing, sale, day).await?;
    let mut facts = Facts::of(sale, product.model_code, device.serial_number);
    facts.bars = standing.bars;
    let question = Question {
        day,
        damage: ask.damage,
        place,
        symptom: ask.symptom.clone(),
        component: ask.component.clone(),
        parts: ask.parts.clone(),
    };
    let rules = Rules {
        terms: &held,
        prices: &Prices::default(),
        offers: &[],
    };
    let decision = decide(&rules, &facts, &question)?;
    let kept = Kept {
        id: ids.next(),
        device_id: device.id,
        country,
        sale: facts.sale,
        decision,
        asked_by_organisation: match viewer {
            Viewer::Partner(organisation) => Some(organisation.clone()),
            Viewer::Customer(_) | Viewer::Insider | Viewer::Stranger => None,
        },
        decided_at: now,
    };
    store::decisions::insert(tx, &kept).await?;
    let event = CoverageDecided {
        decision_id: kept.id.to_string(),
        device_id: kept.device_id.to_string(),
        outcome: wire::outcome(kept.decision.outcome).into(),
        terms_version: kept.decision.terms_version.to_string(),
    };
    tx.append(kept.id, &event).await?;
    Ok(kept)
}

/// The sale with the repairs that this service has kept book of itself.
async fn with_known_repairs(
    connection: &mut PgConnection,
    device: DeviceId,
    standing: &Standing,
    mut sale: Sale,
    day: Date,
) -> Result<Sale, Error> {
    // What was repaired on the units before it was repaired on it, and each of their replacements is a repair too.
    let units: Vec<_> = standing.before.iter().copied().chain([device]).collect();
    let claims = store::claims::of_devices(connection, &units).await?;
    let known = claims
        .values()
        .flat_map(|claims| past_repairs(claims))
        .chain(standing.replacements.iter().cloned());
    let is_within = |repair: &PastRepair| sale.day <= repair.received && repair.returned <= day;
    let mut repairs: Vec<_> = sale.repairs.iter().cloned().collect();
    for repair in known.filter(is_within) {
        let is_told = |told: &PastRepair| (told.received, told.returned) == (repair.received, repair.returned);
        if !repairs.iter().any(is_told) {
            repairs.push(repair);
        }
    }
    sale.repairs = Repairs::new(repairs);
    Ok(sale)
}

/// What was repaired was sold before, and is back by the day of the decision.
fn check_repairs(sale: &Sale, day: Date) -> Result<(), Violation> {
    let is_within = |repair: &PastRepair| sale.day <= repair.received && repair.returned <= day;
    if sale.repairs.iter().all(is_within) {
        Ok(())
    } else {
        Err(Violation::new("repairs", "must lie between the purchase and the day"))
    }
}

/// What the customer sees is one of what the terms know.
fn check_symptom(symptom: Option<&str>, terms: &Terms) -> Result<(), Violation> {
    if symptom.is_none_or(|code| terms.symptoms.contains_key(code)) {
        Ok(())
    } else {
        Err(Violation::new("symptom", "must be one of the terms' symptoms"))
    }
}

/// The decision with this id, if the viewer may see it, with what the terms it names say beside.
pub async fn decision(
    connection: &mut PgConnection,
    terms: &Standard<CoverageTerms>,
    viewer: &Viewer,
    id: DecisionId,
) -> Result<Kept, Error> {
    let (mut kept, _) = store::decisions::get(connection, id)
        .await?
        .filter(|(kept, owner)| viewer.sees_decision(*owner, kept.asked_by_organisation.as_deref()))
        .ok_or(Error::DecisionNotFound)?;
    if let Some(terms) = standard::terms_of_version(terms, &kept.decision.terms_version, kept.country) {
        explain(&mut kept.decision, &terms, &kept.sale);
    }
    Ok(kept)
}
