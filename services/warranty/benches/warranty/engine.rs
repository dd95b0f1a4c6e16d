//! Decisions on one thread, without a database: what a warm service does between reading and writing.

use std::hint::black_box;
use std::time::{Duration, Instant};

use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use support_chassis::standard::Standard;
use support_testing::resident;
use support_warranty::domain::coverage::{Damage, decide};
use support_warranty::domain::facts::{Facts, Incidents, PlanHeld, Question};
use support_warranty::domain::money::{Amount, Currency};
use support_warranty::domain::plan::PlanCover;
use support_warranty::domain::reproduction::seal;
use support_warranty::domain::sale::{PastRepair, Repairs};
use support_warranty::ops::{AskCoverage, Viewer, make};
use support_warranty::standard::plans::PLAN_TERMS;
use support_warranty::standard::{COVERAGE_TERMS, PriceBook, REPAIR_PRICES, Rulebook};
use support_warranty::store::facts::Known;

use crate::Scale;
use crate::report::{Figure, Report};

/// How many questions are asked in a round.
const QUESTIONS: usize = 20_000;

/// A question with all that it is decided from.
struct Case {
    known: Known,
    /// Of `known`, with what the question asks for.
    facts: Facts,
    ask: AskCoverage,
    question: Question,
}

pub(crate) fn measure(known: Vec<Known>, scale: Scale, report: &mut Report) {
    let clock = Clock::system();
    let ids = Ids::new("eu".parse().unwrap(), clock.clone());
    let cases = cases(known, &ids, &clock);
    let before = resident();
    let rules = Rulebook::new(
        Standard::shipped(&COVERAGE_TERMS),
        PriceBook::new(Standard::shipped(&REPAIR_PRICES), clock.clone()),
        Standard::shipped(&PLAN_TERMS),
    );
    let mut add = |name: &str, limit: Option<f64>, work: &dyn Fn()| {
        work();
        let rounds: Vec<Duration> = (0..scale.rounds)
            .map(|_| {
                let begin = Instant::now();
                work();
                begin.elapsed()
            })
            .collect();
        let figure = Figure::rate(name, cases.len(), &rounds);
        report.add(match limit {
            Some(limit) => figure.at_least(limit),
            None => figure,
        });
    };
    for case in &cases {
        black_box(rules.on(case.known.device.purchase_country, &case.facts, &case.question));
    }
    let rulebook = resident() - before;
    add("decisions_per_second_one_core", Some(100_000.0), &|| {
        for case in &cases {
            let held = rules.on(case.known.device.purchase_country, &case.facts, &case.question);
            black_box(decide(&held.rules(), &case.facts, &case.question).unwrap());
        }
    });
    add("decisions_written_per_second_one_core", None, &|| {
        for case in &cases {
            let held = rules.on(case.known.device.purchase_country, &case.facts, &case.question);
            let decision = decide(&held.rules(), &case.facts, &case.question).unwrap();
            black_box(seal(&decision).unwrap());
        }
    });
    let now = clock.now();
    add("decisions_whole_per_second_one_core", None, &|| {
        for case in &cases {
            black_box(make(&ids, &rules, &Viewer::Insider, case.known.clone(), &case.ask, now).unwrap());
        }
    });
    report.add(Figure::of("bytes_of_rulebook_14_countries", "B", rulebook));
    report.note("decisions: the rules of the country and day looked up and all weighed, parts too".to_owned());
    report.note("decisions written: and the answer as JSON, digested".to_owned());
    report.note(
        "decisions whole: and the facts of the device put together, all that a single call does between its statements"
            .to_owned(),
    );
}

/// Of ten questions five are of a fault, the others of accidents, liquid, a component, a symptom, parts; one in ten devices has
/// been repaired before, and one in ten has a plan.
fn cases(known: Vec<Known>, ids: &Ids, clock: &Clock) -> Vec<Case> {
    let today = clock.now().date();
    let step = (known.len() / QUESTIONS).max(1);
    let known = known.into_iter().step_by(step).take(QUESTIONS);
    known
        .enumerate()
        .map(|(number, mut known)| {
            let country = known.device.purchase_country;
            let sold = known.facts.sale.day;
            let component = matches!(number % 10, 6 | 8).then(|| "battery".to_owned());
            let parts = if number % 10 == 8 {
                vec!["BATTERY-1".to_owned(), "DISPLAY-1".to_owned()]
            } else {
                Vec::new()
            };
            let damage = match number % 10 {
                4 => Damage::Accidental,
                5 => Damage::Liquid,
                _ => Damage::None,
            };
            let symptom = (number % 10 == 7).then(|| "battery-drains-fast".to_owned());
            if number % 10 == 3 {
                known.repaired = vec![PastRepair {
                    received: sold,
                    returned: (sold + time::Duration::days(9)).min(today),
                    components: Vec::new(),
                }];
            }
            if number % 10 < 2 && number % 20 < 10 {
                known.facts.plans = vec![plan(ids, sold)];
            }
            let mut facts = known.facts.clone();
            facts.sale.repairs = Repairs::new(known.repaired.clone());
            facts.unit.parts = known.model.parts_asked_for(&parts, component.as_deref());
            let question = Question {
                symptom: symptom.clone(),
                component: component.clone(),
                parts: parts.clone(),
                ..Question::of(today, damage, country)
            };
            let ask = AskCoverage {
                serial_number: known.device.serial_number.clone(),
                day: Some(today),
                damage,
                place: None,
                zone: None,
                symptom,
                component,
                parts,
                repairs: Repairs::default(),
            };
            Case {
                known,
                facts,
                ask,
                question,
            }
        })
        .collect()
}

/// Two years of accidents and faults.
fn plan(ids: &Ids, sold: time::Date) -> PlanHeld {
    PlanHeld {
        plan_id: ids.next(),
        kind: "standard".to_owned(),
        version: "warranty/plan-terms@1".to_owned(),
        source: "the maker's terms of the protection plan".to_owned(),
        begins: sold,
        from: sold,
        until: Some(sold + time::Duration::days(730)),
        incidents: Some(Incidents {
            per_12_months: 2,
            used_on: Vec::new(),
        }),
        covers: vec![PlanCover {
            damages: vec![Damage::None, Damage::Accidental, Damage::Liquid],
            components: Vec::new(),
            fee: Amount::new(Currency::from_code("EUR").unwrap(), 9900),
        }],
    }
}
