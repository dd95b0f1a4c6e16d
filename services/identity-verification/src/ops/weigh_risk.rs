//! Weighs what speaks against a verification: when it is started, and when something was proven.

use std::time::Duration;

use support_chassis::db::Tx;
use time::OffsetDateTime;

use super::Means;
use super::redeem_factor::By;
use crate::domain::contact::Contact;
use crate::domain::ids::CaseId;
use crate::domain::risk::number::{Line, line, range};
use crate::domain::risk::place::impossible_travel;
use crate::domain::risk::{Assessment, Bounds, Outcome, Report, RiskRules, Signal, days_ago};
use crate::domain::verification::{Method, Subject, Verification};
use crate::error::IdentityError;
use crate::keys::Counted;
use crate::store::risk as stored;
use crate::store::risk::known::{Devices, Habits};

/// For how long it counts that a source has used something.
pub const USES: Duration = Duration::from_hours(1);

/// What is weighed when a verification is started.
pub struct AtStart<'a> {
    /// The contact point.
    pub contact: &'a Contact,
    /// What it is counted by.
    pub contact_key: &'a [u8; 32],
    /// The case.
    pub case_id: Option<CaseId>,
    /// The country whose rules it is answered by.
    pub country_code: Option<&'a str>,
    /// Whether the methods that count can come to AAL2.
    pub can_raise: bool,
    /// Who starts it.
    pub by: &'a By,
}

/// Weighs what is the same whether the contact point has an owner or not: the same statements, the same answer.
///
/// # Errors
///
/// Those of the database.
pub async fn at_start(tx: &mut Tx, means: &Means, start: AtStart<'_>) -> Result<Assessment, IdentityError> {
    let now = tx.now();
    let (rules, basis) = means.policy.risk(start.country_code, now);
    let counted = range(start.contact).map(|range| {
        let country = range.calling_code.map_or_else(String::new, |code| format!("+{code}"));
        let key = |kind: &str, what: &str| means.keys.counter(Counted::Range(&format!("{kind} {what}")));
        (key("prefix", &range.prefix), key("country", &country))
    });
    let mut assessment = Assessment {
        findings: Vec::new(),
        score: 0,
        outcome: Outcome::None,
        basis: String::new(),
        assessed_at: now,
        started_by: start.by.staff.clone(),
        device: start.by.report.device,
        counted,
    };
    match line(start.contact) {
        Some(Line::Voip) => assessment.note(Signal::NumberVoip, 0, &rules, now),
        Some(Line::Premium) => assessment.note(Signal::NumberPremium, 0, &rules, now),
        None => {}
    }
    if let Some(source) = &start.by.source {
        let is_person = start.by.staff.is_some() || start.by.session.is_some();
        let limit = if is_person {
            rules.subjects_per_person
        } else {
            rules.subjects_per_network
        };
        let subjects = count(tx, means, ("subjects", source), start.contact_key, limit).await?;
        if subjects > limit {
            assessment.note(Signal::ManySubjects, small(subjects), &rules, now);
        }
        if let Some(case) = start.case_id {
            let limit = rules.cases_per_source;
            let cases = count(tx, means, ("cases", source), case.uuid().as_bytes(), limit).await?;
            if cases > limit {
                assessment.note(Signal::ManyCases, small(cases), &rules, now);
            }
        }
    }
    let bounds = Bounds {
        is_cleared: stored::is_cleared(tx, start.contact_key, now).await?,
        can_raise: start.can_raise,
    };
    assessment.weigh(&rules, bounds, &basis, now);
    Ok(assessment)
}

/// Counts that a source uses one thing more of a kind.
async fn count(
    tx: &mut Tx,
    means: &Means,
    (kind, source): (&str, &str),
    used: &[u8],
    limit: i64,
) -> Result<i64, IdentityError> {
    let now = tx.now();
    let source = means.keys.counter(Counted::Uses(&format!("{kind} {source}")));
    let used = means.keys.counter(Counted::Used(kind, used));
    Ok(stored::counts::count_use(tx, &source, &used, (now - USES, now), limit).await?)
}

/// What is weighed when a proof was right.
pub struct AtProof<'a> {
    /// The verification, locked.
    pub verification: &'a Verification,
    /// Its subject.
    pub subject: &'a Subject,
    /// By what it was proven.
    pub method: Method,
    /// By whom it was brought.
    pub by: &'a By,
    /// How the device stands to the customer.
    pub devices: Devices,
}

/// Weighs all that is known of the customer besides, by the rules of their country. A verification from before there were
/// assessments has none, and comes to nothing.
///
/// # Errors
///
/// Those of the database.
pub async fn at_proof(tx: &mut Tx, means: &Means, proof: AtProof<'_>) -> Result<Option<Assessment>, IdentityError> {
    let now = tx.now();
    let (verification, subject) = (proof.verification, proof.subject);
    let Some(mut assessment) = stored::lock(tx, verification.id).await? else {
        return Ok(None);
    };
    let (rules, basis) = means.policy.risk(Some(&subject.country_code), now);
    let point = (subject.contact_point_id, &verification.contact_key);
    let habits = stored::known::habits(tx, subject.customer_id, point).await?;
    // What was noticed at the start weighs what the customer's own country says as well.
    for found in assessment.findings.clone() {
        assessment.note(found.signal, found.measure, &rules, now);
    }
    note_front_end(&mut assessment, &proof, &habits, &rules, now);
    if proof.method.is_sent() || verification.proven.iter().any(|method| method.is_sent()) {
        note_contact(&mut assessment, verification, &habits, &rules, now);
    }
    let bounds = Bounds {
        is_cleared: stored::is_cleared(tx, &verification.contact_key, now).await?,
        can_raise: verification.can_raise(),
    };
    assessment.weigh(&rules, bounds, &basis, now);
    stored::update(tx, verification.id, &assessment).await?;
    Ok(Some(assessment))
}

/// What the front end says of where the customer is, against what is known. In person nobody needs one.
fn note_front_end(
    assessment: &mut Assessment,
    proof: &AtProof<'_>,
    habits: &Habits,
    rules: &RiskRules,
    now: OffsetDateTime,
) {
    if proof.by.staff.is_some() {
        return;
    }
    // Whoever says nothing of their device is on none that is known.
    if proof.devices.known > 0 && !proof.devices.is_known {
        assessment.note(Signal::NewDevice, small(proof.devices.known), rules, now);
    }
    let report = &proof.by.report;
    if let (Some(begun), Some(proven)) = (assessment.device, report.device)
        && begun != proven
    {
        assessment.note(Signal::DeviceSwitched, 0, rules, now);
    }
    if let (Some(last), Some(here)) = (habits.last_place, report.place)
        && let Some(speed) = impossible_travel(last, here, rules, now)
    {
        assessment.note(Signal::ImpossibleTravel, speed, rules, now);
    }
}

/// What is known of the contact point that a code came back from.
fn note_contact(
    assessment: &mut Assessment,
    verification: &Verification,
    habits: &Habits,
    rules: &RiskRules,
    now: OffsetDateTime,
) {
    if let Some(days) = days_ago(habits.contact_added_at, rules.contact_changed_days, now) {
        assessment.note(Signal::ContactChanged, days, rules, now);
    }
    if verification.method != Method::SmsCode {
        return;
    }
    let number = &habits.number;
    match number.line {
        Some(Line::Voip) => assessment.note(Signal::NumberVoip, 0, rules, now),
        Some(Line::Premium) => assessment.note(Signal::NumberPremium, 0, rules, now),
        None => {}
    }
    if let Some(days) = days_ago(number.ported_at, rules.ported_days, now) {
        assessment.note(Signal::NumberPorted, days, rules, now);
    }
    if let Some(days) = days_ago(number.sim_swapped_at, rules.sim_swapped_days, now) {
        assessment.note(Signal::SimSwapped, days, rules, now);
    }
}

/// Remembers what a customer was verified on and where, and that a code came back. What staff saw in person says nothing of the
/// customer's device.
///
/// # Errors
///
/// Those of the database.
pub async fn approved(
    tx: &mut Tx,
    verification: &Verification,
    subject: &Subject,
    by: &By,
    assessment: Option<&Assessment>,
) -> Result<(), IdentityError> {
    let now = tx.now();
    let report = if by.staff.is_some() {
        Report::default()
    } else {
        by.report
    };
    stored::known::remember(tx, subject.customer_id, &report, now).await?;
    let counted = assessment.and_then(|assessment| assessment.counted);
    if let Some((prefix, country)) = counted
        && verification.proven.contains(&Method::SmsCode)
    {
        stored::counts::count_approval(tx, &[prefix, country], hour(now)).await?;
    }
    Ok(())
}

/// The beginning of the hour of the clock.
#[must_use]
pub fn hour(now: OffsetDateTime) -> OffsetDateTime {
    let seconds = now.unix_timestamp();
    OffsetDateTime::from_unix_timestamp(seconds - seconds.rem_euclid(3_600)).unwrap_or(now)
}

fn small(number: i64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
