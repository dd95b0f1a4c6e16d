//! What a device is owed.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::error::Violation;
use support_chassis::id::Ids;
use support_chassis::page::Page;
use support_proto::support::warranty::v1::CoverageDecided;
use time::{Date, OffsetDateTime};

use super::{Viewer, device};
use crate::domain::country::Country;
use crate::domain::coverage::{Damage, DecisionId, decide, explain};
use crate::domain::device::DeviceId;
use crate::domain::facts::Question;
use crate::domain::reproduction::{Reproduction, compare, seal};
use crate::domain::sale::{PastRepair, Repairs, Sale};
use crate::domain::terms::Terms;
use crate::domain::zone::{self, Zone};
use crate::error::Error;
use crate::standard::Rulebook;
use crate::store::decisions::{Kept, NewRow};
use crate::store::facts::Known;
use crate::{store, wire};

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

/// A decision that was made, and its answer as it is stored.
#[derive(Debug, Clone)]
pub struct Made {
    /// The decision.
    pub kept: Kept,
    /// Its answer, as it was sealed.
    pub answer: String,
}

/// Decides coverage by the terms that hold where the device was sold on the day it is decided for, and keeps the decision.
pub async fn decide_coverage(
    tx: &mut Tx,
    ids: &Ids,
    rules: &Rulebook,
    viewer: &Viewer,
    ask: &AskCoverage,
) -> Result<Kept, Error> {
    let serial_numbers = std::slice::from_ref(&ask.serial_number);
    let mut known = store::facts::of_serial_numbers(tx, serial_numbers).await?;
    let known = known
        .remove(&ask.serial_number)
        .filter(|known| viewer.sees(&known.device))
        .ok_or(Error::DeviceNotFound)?;
    let Made { kept, answer } = make(ids, rules, viewer, known, ask, tx.now())?;
    let row = NewRow {
        kept: &kept,
        answer: &answer,
        item: None,
    };
    store::decisions::insert(tx, vec![row]).await?;
    tx.append(kept.id, &told(&kept)).await?;
    Ok(kept)
}

/// Decides what is owed for a device, and seals it. Pure but for the id: what is known was read before.
///
/// # Errors
///
/// What the question says that cannot be, or a day before the sale.
pub fn make(
    ids: &Ids,
    rules: &Rulebook,
    viewer: &Viewer,
    known: Known,
    ask: &AskCoverage,
    now: OffsetDateTime,
) -> Result<Made, Error> {
    let Known {
        device,
        model,
        mut facts,
        repaired,
        ..
    } = known;
    let country = device.purchase_country;
    let place = ask.place.unwrap_or(country);
    let latest = zone::latest_day(now, country);
    let day = ask.day.unwrap_or_else(|| {
        // Whoever asks from farther east does not lose a day that has not come at the place.
        let today = zone::today(now, ask.zone.as_ref(), place).min(latest.max(zone::latest_day(now, place)));
        // What was sold this very day, in whatever zone of the country, is not asked about for the day before.
        today.max(facts.sale.day.min(latest))
    });
    let repaired: Vec<_> = match ask.day {
        Some(_) => repaired,
        // What is back by now is back today, on whatever day that was where it came back.
        None => repaired
            .into_iter()
            .map(|repair| PastRepair {
                received: repair.received.min(day),
                returned: repair.returned.min(day),
                ..repair
            })
            .collect(),
    };
    check_repairs(&facts.sale, &ask.repairs, day)?;
    check_symptom(ask.symptom.as_deref(), &rules.terms(country, day))?;
    facts.sale.repairs = ask.repairs.joined(&facts.sale, &repaired, day);
    facts.unit.parts = model.parts_asked_for(&ask.parts, ask.component.as_deref());
    facts.unit.obsolete_from = rules.obsolete_from(model.sold, country, place, day);
    let question = Question {
        day,
        damage: ask.damage,
        place,
        symptom: ask.symptom.clone(),
        component: ask.component.clone(),
        parts: ask.parts.clone(),
    };
    let held = rules.on(country, &facts, &question);
    let decision = decide(&held.rules(), &facts, &question)?;
    let (answer, seal) = seal(&decision).map_err(|_| Error::Database(store::decisions::unwritable()))?;
    let kept = Kept {
        id: ids.next(),
        device_id: device.id,
        country,
        facts,
        question,
        decision,
        versions: held.versions(),
        seal,
        asked_by_organisation: viewer.organisation().map(str::to_owned),
        decided_at: now,
    };
    Ok(Made { kept, answer })
}

/// What the others are told of a decision.
pub(super) fn told(kept: &Kept) -> CoverageDecided {
    CoverageDecided {
        decision_id: kept.id.to_string(),
        device_id: kept.device_id.to_string(),
        outcome: wire::outcome(kept.decision.outcome).into(),
        terms_version: kept.decision.terms_version.to_string(),
    }
}

/// What was repaired was sold before, and is back by the day of the decision.
fn check_repairs(sale: &Sale, repairs: &Repairs, day: Date) -> Result<(), Violation> {
    let is_within = |repair: &PastRepair| sale.day <= repair.received && repair.returned <= day;
    if repairs.iter().all(is_within) {
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

/// The decision with this id, if the viewer may see it, with what the terms it names say beside, and what became of making it
/// again.
pub async fn decision(
    connection: &mut PgConnection,
    rules: &Rulebook,
    viewer: &Viewer,
    id: DecisionId,
) -> Result<(Kept, Reproduction), Error> {
    let (mut kept, _) = store::decisions::get(connection, id)
        .await?
        .filter(|(kept, owner)| viewer.sees_decision(*owner, kept.asked_by_organisation.as_deref()))
        .ok_or(Error::DecisionNotFound)?;
    let held = rules.of(&kept);
    let again = held.and_then(|held| decide(&held.rules(), &kept.facts, &kept.question).ok());
    let reproduction = compare(kept.seal, again.as_ref());
    explained(rules, &mut kept);
    Ok((kept, reproduction))
}

/// The decisions about a device that the viewer may see, newest first, made at `since` or later, and the token of the next
/// page.
pub async fn list_decisions(
    connection: &mut PgConnection,
    rules: &Rulebook,
    viewer: &Viewer,
    id: DeviceId,
    since: Option<OffsetDateTime>,
    page: &Page<DecisionId>,
) -> Result<(Vec<Kept>, String), Error> {
    device(connection, viewer, id).await?;
    let decisions =
        store::decisions::list(connection, id, since, viewer.organisation(), page.after, page.limit()).await?;
    let (mut decisions, next_page_token) = page.cut(decisions, |last| last.id);
    for kept in &mut decisions {
        explained(rules, kept);
    }
    Ok((decisions, next_page_token))
}

/// Adds to a decision that was read what the terms it names say beside; nothing where they cannot be had.
pub(super) fn explained(rules: &Rulebook, kept: &mut Kept) {
    if let Some(terms) = rules.terms_of_version(&kept.decision.terms_version, kept.country) {
        explain(&mut kept.decision, &terms, &kept.facts.sale);
    }
}
