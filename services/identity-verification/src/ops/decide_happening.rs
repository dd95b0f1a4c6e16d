//! Decides where a happening is told.

use support_calendars::Calendars;
use support_chassis::country::Country;
use support_chassis::db::Tx;
use support_chassis::id::Ids;
use support_chassis::vault::Vault;

use crate::domain::contact::ContactKind;
use crate::domain::happening::{Kind, Preferences, Rule};
use crate::domain::ids::{CaseId, NotificationId, SubjectId};
use crate::error::IdentityError;
use crate::standard::notifications::Telling;
use crate::store;
use crate::store::deliveries::Notice;
use crate::store::happenings::{Facts, Happening};
use crate::store::notifications::Way;

/// What decisions are made with.
#[derive(Debug, Clone)]
pub struct Deciding {
    /// Where ids come from.
    pub ids: Ids,
    /// For personal data at rest.
    pub vault: Vault,
    /// The rules.
    pub telling: Telling,
    /// On whose clocks it is quiet when.
    pub calendars: Calendars,
    /// Whether telephones can be reached.
    pub reaches_phones: bool,
}

/// Decides where and when a happening is told, and puts it on its way. One that was decided already changes nothing. The customer's
/// lock makes happenings of one customer wait for each other, so that what is told together finds each other. Says how often it is
/// told, or why it is not.
///
/// # Errors
///
/// Those of the database.
pub async fn decide_happening(
    tx: &mut Tx,
    means: &Deciding,
    happening: &Happening,
    facts: &Facts,
) -> Result<Result<usize, &'static str>, IdentityError> {
    let now = tx.now();
    let customer = match happening.customer_id {
        Some(id) => store::customers::lock(tx, &means.vault, id).await?,
        None => None,
    };
    if !store::happenings::decide(tx, happening.id, happening.kind, happening.customer_id, facts).await? {
        return Ok(Ok(0));
    }
    let Some(mut customer) = customer else {
        return nowhere(tx, &means.ids, happening, "no_customer", "").await;
    };
    let Some(rule) = means.telling.rule(&customer.country_code, happening.kind, now) else {
        return nowhere(tx, &means.ids, happening, "not_told", "").await;
    };
    if now >= happening.occurred_at + rule.worth {
        return nowhere(tx, &means.ids, happening, "stale", &rule.basis).await;
    }
    let preferences = store::preferences::get(tx, customer.id).await?;
    // It is on no list any more, and its owner hears of it there.
    if happening.kind == Kind::ContactPointRemoved
        && let Some(id) = happening.contact_point_id
    {
        let removed = store::customers::removed_contact_point(tx, &means.vault, customer.id, id).await?;
        customer.contact_points.extend(removed);
    }
    let reachable = |kind| means.reaches_phones || kind == ContactKind::Email;
    let found = rule.addresses(
        happening.kind,
        &customer,
        &preferences,
        happening.contact_point_id,
        reachable,
    );
    let points = match found {
        Ok(points) => points,
        Err(reason) => return nowhere(tx, &means.ids, happening, reason.as_str(), &rule.basis).await,
    };
    // What happens to a case and to its repair is one story.
    let about = (happening.case_id.map(CaseId::uuid)).or(happening.subject_id.map(SubjectId::uuid));
    for point in &points {
        let due_at = send_at(
            means,
            &rule,
            point.contact.kind(),
            &customer.country_code,
            &preferences,
            now,
        );
        let notice = Notice {
            contact_point: point.id,
            about,
            due_at,
            // What waits for the morning is not over by then.
            expires_at: (happening.occurred_at + rule.worth).max(due_at + std::time::Duration::from_mins(1)),
            greeting_key: &rule.keys.greeting,
            closing_key: &rule.keys.closing,
        };
        let delivery = if let Some(waiting) = store::deliveries::join_waiting(tx, &notice).await? {
            waiting
        } else {
            let id = means.ids.next();
            store::deliveries::insert_notice(tx, id, &notice, now).await?;
            id
        };
        let way = Way::At(point.id, delivery, &rule.keys);
        store::notifications::insert(tx, means.ids.next(), happening, way, &rule.basis, now).await?;
    }
    Ok(Ok(points.len()))
}

/// Writes down that a happening is told nowhere, where it was not asked for rules.
///
/// # Errors
///
/// Those of the database.
pub async fn give_up(tx: &mut Tx, ids: &Ids, happening: &Happening, reason: &'static str) -> Result<(), IdentityError> {
    let facts = Facts::default();
    if store::happenings::decide(tx, happening.id, happening.kind, happening.customer_id, &facts).await? {
        nowhere(tx, ids, happening, reason, "").await?.ok();
    }
    Ok(())
}

async fn nowhere(
    tx: &mut Tx,
    ids: &Ids,
    happening: &Happening,
    reason: &'static str,
    basis: &str,
) -> Result<Result<usize, &'static str>, IdentityError> {
    let id: NotificationId = ids.next();
    let now = tx.now();
    store::notifications::insert(tx, id, happening, Way::Nowhere(reason), basis, now).await?;
    Ok(Err(reason))
}

/// When it is sent to an address of this kind: after the wait, and to a telephone not while people sleep.
fn send_at(
    means: &Deciding,
    rule: &Rule,
    kind: ContactKind,
    country: &str,
    preferences: &Preferences,
    now: time::OffsetDateTime,
) -> time::OffsetDateTime {
    let due_at = now + rule.wait;
    if kind == ContactKind::Email || rule.urgent {
        return due_at;
    }
    let country: Option<Country> = country.parse().ok();
    match means.calendars.country(country) {
        Some(calendar) => calendar.awake_at_or_after(due_at, rule.quiet, preferences.time_zone.as_deref()),
        // Nobody knows when people sleep in a country without a profile.
        None => due_at,
    }
}
