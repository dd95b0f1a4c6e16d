//! A bank's month of calls, as it would have been served by the engine.
//!
//! What is known of a server is when they served; not when they were there. It is taken that they were there from their first
//! call of the day to their last, but not between two calls where somebody waited meanwhile whom they serve: else they had
//! taken them. The service types stand for product lines: a server knows those of their day, and those that are at least a fiftieth
//! of what they did in the month.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::sync::Arc;

use anyhow::Context as _;
use serde::Serialize;
use support_routing::ROUTING_PLAN;
use support_routing::domain::{Attributes, Channel, Language, Plan, ProductLine, Severity, Skill};
use support_routing::plan::plan_of;
use support_routing::simulation::{
    Arrival, Arrivals, Effort, Endured, Estimate, Group, Law, Measured, Scenario, Shift, Span, Work, plot, simulate,
    survival,
};
use time::{Duration, OffsetDateTime, Time};

use crate::replay::trace::{Call, Day, Outcome};

/// A caller of priority 2 stands in line as if they had waited so long already.
const HEAD_START: Duration = Duration::seconds(90);
/// The most that a served call tells nothing of how well its type is known: a fiftieth of the month.
const FIFTIETH: usize = 50;
const SEED: u64 = 1999;

/// A month of calls.
pub(super) struct Month {
    days: BTreeMap<String, Day>,
    /// How patient the callers of each type are.
    patience: BTreeMap<String, Law>,
    /// How long the calls of each type were served.
    service: BTreeMap<String, Law>,
    /// How many calls of each type each server served.
    served: BTreeMap<String, BTreeMap<String, usize>>,
}

/// A day, as it was and as it was played.
#[derive(Debug, Serialize)]
pub(super) struct Played {
    pub(super) day: String,
    pub(super) calls: usize,
    /// Who hung up before they stood in line.
    pub(super) left_out: usize,
    /// The share that gave up, and the mean wait of all in seconds, as it was.
    pub(super) was: (f64, f64),
    /// By its own rules.
    pub(super) own: Fared,
    /// By the routing plan as it is shipped, without its relaxing steps; as it is shipped; and with any server after one minute.
    /// None where that was not asked.
    pub(super) by_plans: Option<[Fared; 3]>,
}

/// How callers fared, as means over the replications.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Fared {
    pub(super) gave_up: f64,
    /// To each side of it lies the truth 95 times of a hundred.
    pub(super) gave_up_within: f64,
    pub(super) wait: f64,
    pub(super) wait_within: f64,
    /// The wait that 90 of a hundred of those who were answered did not exceed.
    pub(super) wait_p90: f64,
}

impl Fared {
    fn of(measured: &Measured) -> Self {
        let figure = |figure: Option<Estimate>| figure.unwrap_or_default();
        let (gave_up, wait) = (figure(measured.all.abandonment), figure(measured.all.wait_of_all));
        // Whom nobody was left to answer has given up too.
        let left = figure(measured.all.unserved).mean;
        Self {
            gave_up: gave_up.mean + left,
            gave_up_within: gave_up.half_width,
            wait: wait.mean,
            wait_within: wait.half_width,
            wait_p90: figure(measured.all.wait_percentiles[1]).mean,
        }
    }
}

/// By which rules a day is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rules {
    Own,
    Unrelaxed,
    Shipped,
    Soon,
}

/// Whether a caller came to stand in line, or was served at once.
fn is_contact(call: &Call) -> bool {
    call.outcome != Outcome::Hang || call.waited > 0
}

impl Month {
    pub(super) fn read(source: impl Read) -> anyhow::Result<Self> {
        let days = Day::read_all(source)?;
        anyhow::ensure!(!days.is_empty(), "the file of calls holds none");
        let mut waits: BTreeMap<String, Vec<Endured>> = BTreeMap::new();
        let mut service: BTreeMap<String, Vec<Duration>> = BTreeMap::new();
        let mut served: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
        let calls = days.values().flat_map(|day| &day.calls);
        for call in calls.filter(|call| is_contact(call)) {
            waits.entry(call.kind.clone()).or_default().push(Endured {
                waited: seconds(call.waited),
                gave_up: call.outcome != Outcome::Agent,
            });
            if call.outcome == Outcome::Agent && call.service > 0 {
                service
                    .entry(call.kind.clone())
                    .or_default()
                    .push(seconds(call.service));
            }
            if let Some(server) = call.server.as_ref().filter(|_| call.served().is_some()) {
                *served
                    .entry(server.clone())
                    .or_default()
                    .entry(call.kind.clone())
                    .or_default() += 1;
            }
        }
        Ok(Self {
            days,
            patience: waits.into_iter().map(|(kind, waits)| (kind, survival(waits))).collect(),
            service: service
                .into_iter()
                .map(|(kind, times)| (kind, Law::Samples(times.into())))
                .collect(),
            served,
        })
    }

    /// Plays each day, or one; by the shipped plan too, where that is asked.
    pub(super) fn replay(
        &self,
        only: Option<&str>,
        replications: usize,
        with_plans: bool,
    ) -> anyhow::Result<Vec<Played>> {
        let days = self
            .days
            .iter()
            .filter(|(name, _)| only.is_none_or(|only| only == name.as_str()));
        let played = days
            .map(|(name, day)| {
                let contacts: Vec<&Call> = day.calls.iter().filter(|call| is_contact(call)).collect();
                let count = real(contacts.len());
                let lost = contacts.iter().filter(|call| call.outcome != Outcome::Agent).count();
                let waited: f64 = contacts.iter().map(|call| f64::from(call.waited)).sum();
                let fared = |rules| {
                    let measured = simulate(&self.scenario(day, rules)?, replications, &Effort::free())?;
                    anyhow::Ok(Fared::of(&measured))
                };
                Ok(Played {
                    day: name.clone(),
                    calls: contacts.len(),
                    left_out: day.calls.len() - contacts.len(),
                    was: (real(lost) / count, waited / count),
                    own: fared(Rules::Own)?,
                    by_plans: if with_plans {
                        Some([fared(Rules::Unrelaxed)?, fared(Rules::Shipped)?, fared(Rules::Soon)?])
                    } else {
                        None
                    },
                })
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        anyhow::ensure!(!played.is_empty(), "no calls of that day");
        Ok(played)
    }

    /// The day with the most calls of those that were played, by its own rules.
    pub(super) fn plot(&self, played: &[Played]) -> anyhow::Result<String> {
        let busiest = played
            .iter()
            .max_by_key(|played| played.calls)
            .context("no day was played")?;
        let day = self.days.get(&busiest.day).context("no day was played")?;
        let scenario = self.scenario(day, Rules::Own)?;
        let measured = simulate(&scenario, 20, &Effort::free())?;
        Ok(plot::day(&scenario, &measured)?)
    }

    fn scenario(&self, day: &Day, rules: Rules) -> anyhow::Result<Scenario> {
        let language: Language = "he".parse()?;
        Ok(Scenario {
            region: "il".parse()?,
            begin: OffsetDateTime::new_utc(
                time::Date::from_calendar_date(1999, time::Month::February, 1)?,
                Time::MIDNIGHT,
            ),
            length: Duration::DAY,
            interval: Duration::minutes(30),
            warm_up: Duration::ZERO,
            target: Duration::seconds(20),
            works: self.works(day, &language, rules),
            groups: self.servers(day, &language),
            plans: plan(rules)?.into(),
            seed: SEED,
            foretells: false,
        })
    }

    /// The day's calls, by type and priority.
    fn works(&self, day: &Day, language: &Language, rules: Rules) -> Vec<Work> {
        let mut traces: BTreeMap<(&str, bool), Vec<Arrival>> = BTreeMap::new();
        for call in day.calls.iter().filter(|call| is_contact(call)) {
            let arrival = Arrival {
                at: seconds(call.arrival),
                handling: (call.outcome == Outcome::Agent && call.service > 0).then(|| seconds(call.service)),
                patience: None,
            };
            traces
                .entry((&call.kind, call.priority == 2))
                .or_default()
                .push(arrival);
        }
        let works = traces.into_iter().map(|((kind, goes_first), trace)| Work {
            name: format!("{kind} {}", if goes_first { "first" } else { "usual" }),
            asks: Arc::new(Attributes {
                product_line: line_of(kind),
                severity: if goes_first { Severity::High } else { Severity::Normal },
                ..Attributes::new(Channel::Phone, language.clone())
            }),
            arrivals: Arrivals::Trace(trace.into()),
            handling: self.service.get(kind).cloned().unwrap_or(Law::Constant(Duration::ZERO)),
            wrap_up: Law::Constant(Duration::ZERO),
            patience: self.patience.get(kind).cloned().unwrap_or(Law::Never),
            head_start: if goes_first && rules == Rules::Own {
                HEAD_START
            } else {
                Duration::ZERO
            },
            transfer: None,
            callback: 0.0,
        });
        works.collect()
    }

    /// The day's servers: what each knows, and when they were there.
    fn servers(&self, day: &Day, language: &Language) -> Vec<Group> {
        let mut calls: BTreeMap<&str, Vec<(u32, u32, &str)>> = BTreeMap::new();
        for call in &day.calls {
            if let (Some(server), Some((from, to))) = (&call.server, call.served()) {
                calls.entry(server).or_default().push((from, to, &call.kind));
            }
        }
        let groups = calls.into_iter().map(|(server, mut calls)| {
            calls.sort_unstable();
            let known = self.known(server, calls.iter().map(|(.., kind)| *kind));
            Group {
                name: server.to_owned(),
                site: "bank".to_owned(),
                region: "il".to_owned(),
                languages: vec![(language.clone(), 5)],
                skills: known
                    .iter()
                    .filter_map(|kind| Some((Skill::product(line_of(kind)?), 3)))
                    .collect(),
                certifications: Vec::new(),
                capacity: 6,
                shifts: vec![Shift {
                    agents: 1,
                    spans: spans(day, &calls, &known),
                }],
                absence: 0.0,
                answer: Law::Constant(Duration::ZERO),
                refusal: 0.0,
                no_answer: 0.0,
            }
        });
        groups.collect()
    }

    fn known<'a>(&'a self, server: &str, today: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
        let month = self.served.get(server);
        let all: usize = month.map_or(0, |kinds| kinds.values().sum());
        let usual = month
            .into_iter()
            .flatten()
            .filter(|(_, number)| **number * FIFTIETH >= all);
        usual.map(|(kind, _)| kind.as_str()).chain(today).collect()
    }
}

/// When a server was there.
fn spans(day: &Day, calls: &[(u32, u32, &str)], known: &BTreeSet<&str>) -> Vec<Span> {
    let waits: Vec<(u32, u32)> = day
        .calls
        .iter()
        .filter(|call| is_contact(call) && call.waited > 0 && known.contains(call.kind.as_str()))
        .map(|call| (call.arrival, call.arrival + call.waited))
        .collect();
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for (from, to, _) in calls {
        let is_there = |left: u32| !waits.iter().any(|(begin, end)| *begin.max(&left) < *end.min(from));
        match spans.last_mut() {
            Some((_, left)) if is_there(*left) => *left = (*left).max(*to),
            _ => spans.push((*from, *to)),
        }
    }
    let spans = spans.into_iter().filter(|(from, to)| from < to).map(|(from, to)| Span {
        from: seconds(from),
        to: seconds(to),
    });
    spans.collect()
}

/// The plan of a set of rules.
fn plan(rules: Rules) -> anyhow::Result<Plan> {
    let mut document = ROUTING_PLAN.parse_shipped()?;
    match rules {
        Rules::Own => {
            // First come, first served; nothing is relaxed.
            return Ok(Plan {
                language_level: 1,
                skill_level: 1,
                offer_timeout: Duration::seconds(20),
                ..Plan::default()
            });
        }
        Rules::Unrelaxed => document.relaxation.clear(),
        Rules::Shipped => {}
        Rules::Soon => {
            for step in document.relaxation.values_mut().filter(|step| step.skill_level == 0) {
                step.after = Some(prost_types::Duration { seconds: 60, nanos: 0 });
            }
        }
    }
    Ok(plan_of(&document, String::new()))
}

/// The product line that stands for a service type; none for a type that the data's description does not know.
fn line_of(kind: &str) -> Option<ProductLine> {
    const KINDS: [&str; 6] = ["PS", "NW", "NE", "TT", "IN", "PE"];
    let place = KINDS.iter().position(|known| *known == kind)?;
    ProductLine::ALL.get(place).copied()
}

fn seconds(seconds: u32) -> Duration {
    Duration::seconds(i64::from(seconds))
}

/// A count as a number that can be divided by.
pub(super) fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
