//! What stricter rules would mean: who was verified lately beyond what they allow, or for longer; and what other weights and
//! thresholds of risk would have done.
//!
//! Only what is known for certain is told. Rules that allow more have no consequences here: whether somebody who gave up would
//! have come through nobody knows.

mod risk;

use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use support_chassis::lifecycle::BoxError;
use support_chassis::standard::{Consequence, Effective, Findings, Reach, WhatIf};
use support_proto::support::identity::v1::VerificationPolicy;

use super::{code_rules, rules};
use crate::domain::rules::{CodeRules, Rules};
use crate::domain::verification::{Method, Purpose};
use crate::store::approvals::{self, Beyond, Count, Sample};

/// How far back is looked.
const DAYS: u32 = 28;

/// Looks at the verifications of the last four weeks.
///
/// # Errors
///
/// Those of the database.
#[must_use]
pub fn simulate(what_if: WhatIf<VerificationPolicy>) -> BoxFuture<'static, Result<Findings, BoxError>> {
    async move {
        let (countries, all_but) = match &what_if.reach {
            Reach::Only(countries) => (countries, false),
            Reach::AllBut(countries) => (countries, true),
        };
        let until = Instant::now() + what_if.within;
        let mut tx = what_if.db.begin().await?;
        let sample = Sample {
            countries: countries.iter().cloned().collect(),
            all_but,
            since: tx.now() - Duration::from_hours(24) * DAYS,
        };
        let (held, proposed) = (Ruled::by(&what_if.held), Ruled::by(&what_if.proposed));
        let mut told = of_codes(
            &held.codes,
            &proposed.codes,
            &approvals::beyond(&mut tx, &sample, &proposed.codes).await?,
        );
        let crowded = proposed.codes.sends_per_hour;
        if crowded < held.codes.sends_per_hour {
            let sends = approvals::crowded_sends(&mut tx, &sample, crowded).await?;
            told.extend(consequence(
                "codes sent",
                &sends,
                format!("{} in an hour to one contact point", held.codes.sends_per_hour),
                format!("{crowded}: not sent"),
            ));
        }
        for (purpose, methods, count) in approvals::by_purpose(&mut tx, &sample).await? {
            told.extend(of_purpose(
                purpose,
                &methods,
                &count,
                &held.of(purpose),
                &proposed.of(purpose),
            ));
        }
        let of_risk = risk::weigh_again(&mut tx, &sample, &what_if, until).await?;
        tx.rollback().await?;
        told.extend(of_risk.consequences);
        Ok(Findings {
            consequences: told,
            ..of_risk
        })
    }
    .boxed()
}

/// What a policy says.
struct Ruled<'e> {
    held: &'e Effective<VerificationPolicy>,
    codes: CodeRules,
}

impl<'e> Ruled<'e> {
    fn by(held: &'e Effective<VerificationPolicy>) -> Self {
        Self {
            held,
            codes: code_rules(held.codes.as_ref()),
        }
    }

    fn of(&self, purpose: Purpose) -> Rules {
        rules(self.held, purpose)
    }
}

fn of_codes(held: &CodeRules, proposed: &CodeRules, beyond: &Beyond) -> Vec<Consequence> {
    let approved = "verifications approved";
    let seconds = |lifetime: Duration| format!("{} s", lifetime.as_secs());
    let late = (proposed.lifetime < held.lifetime).then(|| {
        let after = format!("{}: the code came back later", seconds(proposed.lifetime));
        consequence(
            approved,
            &beyond.late,
            format!("a code works for {}", seconds(held.lifetime)),
            after,
        )
    });
    let sends = (proposed.sends < held.sends).then(|| {
        consequence(
            approved,
            &beyond.sends,
            format!("a code is sent {} times", held.sends),
            format!("{}: it was sent more often", proposed.sends),
        )
    });
    let checks = (proposed.checks < held.checks).then(|| {
        consequence(
            approved,
            &beyond.checks,
            format!("{} codes can be tried", held.checks),
            format!("{}: more were tried", proposed.checks),
        )
    });
    [late, sends, checks].into_iter().flatten().flatten().collect()
}

fn of_purpose(
    purpose: Purpose,
    methods: &[Method],
    count: &Count,
    held: &Rules,
    proposed: &Rules,
) -> Option<Consequence> {
    let by: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
    let whom = format!(
        "verifications approved for {} by {}",
        purpose.as_str(),
        by.join(" and ")
    );
    let lasts = held.satisfied_by(methods)?.grant_lifetime;
    let before = format!("accepted, for {} s", lasts.as_secs());
    match proposed.satisfied_by(methods) {
        None => consequence(&whom, count, before, "not accepted".to_owned()),
        Some(asked) if asked.grant_lifetime < lasts => consequence(
            &whom,
            count,
            before,
            format!("accepted, for {} s", asked.grant_lifetime.as_secs()),
        ),
        Some(_) => None,
    }
}

fn consequence(whom: &str, count: &Count, before: String, after: String) -> Option<Consequence> {
    (count.number > 0).then(|| Consequence {
        whom: format!("{whom} in the last {DAYS} days"),
        count: count.number,
        before,
        after,
        examples: count.examples.iter().map(ToString::to_string).collect(),
        ..Consequence::default()
    })
}
