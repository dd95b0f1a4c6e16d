//! What a device is owed.

use sqlx::PgConnection;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_proto::support::warranty::v1::CoverageDecided;
use time::Date;

use super::{Viewer, device_by_serial_number};
use crate::domain::coverage::{Damage, DayBeforePurchase, DecisionId, Sale, decide};
use crate::domain::terms::Terms;
use crate::error::Error;
use crate::store::decisions::Kept;
use crate::{store, wire};

/// A question of coverage.
#[derive(Debug, Clone)]
pub struct AskCoverage {
    /// The device's serial number.
    pub serial_number: String,
    /// The day for which to decide; none for today, UTC.
    pub day: Option<Date>,
    /// How the device came to harm.
    pub damage: Damage,
}

/// Decides coverage and keeps the decision.
pub async fn decide_coverage(
    tx: &mut Tx,
    ids: &Ids,
    terms: &Terms,
    viewer: &Viewer,
    ask: &AskCoverage,
) -> Result<Kept, Error> {
    let registered = device_by_serial_number(tx, viewer, &ask.serial_number).await?;
    let (device, product) = (registered.device, registered.product);
    let sale = Sale {
        day: device.purchase_date,
        country: device.purchase_country,
        warranty_months: product.limited_warranty_months,
    };
    let now = tx.now();
    let decision = decide(terms, sale, ask.day.unwrap_or(now.date()), ask.damage)
        .map_err(|DayBeforePurchase| Error::DayBeforePurchase)?;
    let kept = Kept {
        id: ids.next(),
        device_id: device.id,
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

/// The decision with this id, if the viewer may see it.
pub async fn decision(connection: &mut PgConnection, viewer: &Viewer, id: DecisionId) -> Result<Kept, Error> {
    store::decisions::get(connection, id)
        .await?
        .filter(|(kept, owner)| viewer.sees_decision(*owner, kept.asked_by_organisation.as_deref()))
        .map(|(kept, _)| kept)
        .ok_or(Error::DecisionNotFound)
}
