//! Requests. The field rules of the contract hold already; what is left is what they cannot state.

use std::sync::Arc;

use support_chassis::clock::{from_duration, from_timestamp};
use support_chassis::error::{InvalidFields, Violations};
use support_chassis::id::Region;
use support_proto::support::routing::v1 as pb;
use time::{Duration, OffsetDateTime};

use super::super::scenario::{Arrival, Arrivals, Group, Plans, Scenario, Shift, Span, Transfer, Work};
use super::super::{Law, count};
use crate::contract;
use crate::domain::{Attributes, Channel, Country, Plan, Skill};
use crate::plan;
use crate::staffing::{Pool, PoolShift, Staffing, Targets};

/// What one call may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// So many contacts, in all replications.
    pub contacts: f64,
    /// So many agents at once.
    pub agents: u64,
    /// So many figures: intervals times works and teams.
    pub figures: usize,
    /// So much may happen.
    pub events: u64,
}

impl Bounds {
    /// What the contract says.
    pub const CALL: Self = Self {
        contacts: 2e6,
        agents: 20_000,
        figures: 200_000,
        events: 20_000_000,
    };
    /// At one's own desk nobody is held up.
    pub const NONE: Self = Self {
        contacts: f64::INFINITY,
        agents: u64::MAX,
        figures: usize::MAX,
        events: u64::MAX,
    };

    /// Whether a scenario that is played so many times keeps to them.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    pub fn hold(&self, scenario: &Scenario, replications: usize) -> Result<(), TooLarge> {
        let too_large = |what: &'static str, is: bool| if is { Err(TooLarge { what }) } else { Ok(()) };
        let kinds = scenario.works.len() + scenario.groups.len();
        too_large("contacts", scenario.contacts() * count(replications) > self.contacts)?;
        too_large("agents", scenario.agents() > self.agents)?;
        too_large("figures", scenario.intervals().saturating_mul(kinds) > self.figures)
    }
}

/// More than may be asked for at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the simulation is too large: too many {what}")]
pub struct TooLarge {
    /// Of what there is too much: `contacts`, `agents`, `figures` or `events`.
    pub what: &'static str,
}

/// How often a demand is to be played.
#[must_use]
pub fn replications(demand: &pb::SimulatedDemand) -> usize {
    match usize::try_from(demand.replications) {
        Ok(0) | Err(_) => 10,
        Ok(number) => number,
    }
}

/// A demand and who is there. `plan_of` says what holds in a country when it begins.
///
/// # Errors
///
/// What is wrong with the fields.
pub fn scenario(
    demand: &pb::SimulatedDemand,
    teams: &[pb::SimulatedTeam],
    region: Region,
    now: OffsetDateTime,
    plan_of: impl Fn(Option<Country>, OffsetDateTime) -> Plan,
) -> Result<Scenario, InvalidFields> {
    let mut fields = Violations::new();
    let mut scenario = without_groups(demand, region, now, plan_of, &mut fields);
    for (place, team) in teams.iter().enumerate() {
        let at = format!("teams[{place}]");
        let mut group = group(
            &team.group.clone().unwrap_or_default(),
            &format!("{at}.group"),
            &mut fields,
        );
        let shifts = team.shifts.iter().enumerate().map(|(number, shift)| Shift {
            agents: u32::try_from(shift.agents).unwrap_or_default(),
            spans: spans(shift, scenario.length, &format!("{at}.shifts[{number}]"), &mut fields),
        });
        group.shifts = shifts.collect();
        scenario.groups.push(group);
    }
    fields.finish(())?;
    Ok(scenario)
}

/// A demand, who can be had, and what is to be met.
///
/// # Errors
///
/// What is wrong with the fields.
pub fn staffing(
    request: &pb::StaffRequest,
    region: Region,
    now: OffsetDateTime,
    plan_of: impl Fn(Option<Country>, OffsetDateTime) -> Plan,
) -> Result<Staffing, InvalidFields> {
    let mut fields = Violations::new();
    let demand = request.demand.clone().unwrap_or_default();
    let scenario = without_groups(&demand, region, now, plan_of, &mut fields);
    let pools = request.pools.iter().enumerate().map(|(place, pool)| {
        let at = format!("pools[{place}]");
        let an_hour = if pool.hourly_cost > 0.0 { pool.hourly_cost } else { 1.0 };
        let shifts = pool.shifts.iter().enumerate().map(|(number, shift)| {
            let spans = spans(shift, scenario.length, &format!("{at}.shifts[{number}]"), &mut fields);
            let hours: f64 = spans
                .iter()
                .map(|span| (span.to - span.from).as_seconds_f64() / 3600.0)
                .sum();
            PoolShift {
                spans,
                cost: (an_hour * hours).max(1e-6),
                most: match u32::try_from(shift.agents) {
                    Ok(0) | Err(_) => 20_000,
                    Ok(most) => most,
                },
            }
        });
        let shifts = shifts.collect();
        Pool {
            group: group(
                &pool.group.clone().unwrap_or_default(),
                &format!("{at}.group"),
                &mut fields,
            ),
            shifts,
        }
    });
    let staffing = Staffing {
        pools: pools.collect(),
        targets: Targets {
            service_level: request.service_level,
            abandonment: if request.abandonment > 0.0 {
                request.abandonment
            } else {
                1.0
            },
        },
        replications: replications(&demand),
        scenario,
    };
    fields.finish(())?;
    Ok(staffing)
}

fn without_groups(
    demand: &pb::SimulatedDemand,
    region: Region,
    now: OffsetDateTime,
    plan_of: impl Fn(Option<Country>, OffsetDateTime) -> Plan,
    fields: &mut Violations,
) -> Scenario {
    let begin = demand.begin.as_ref().and_then(from_timestamp).unwrap_or(now);
    let length = from_duration(demand.length.as_ref());
    let or = |stated: &Option<prost_types::Duration>, usual: Duration| {
        stated.as_ref().map_or(usual, |stated| from_duration(Some(stated)))
    };
    let interval = or(&demand.interval, Duration::minutes(15)).min(length);
    fields.require(
        length.as_seconds_f64() / interval.as_seconds_f64().max(1.0) <= 3000.0,
        "demand.interval",
        "must not make more than 3000 intervals of the length",
    );
    let works: Vec<Work> = demand
        .works
        .iter()
        .enumerate()
        .filter_map(|(place, stated)| work(stated, interval, &format!("demand.works[{place}]"), fields))
        .collect();
    let works = with_transfers(works, &demand.works, fields);
    let draft = demand.plan.as_ref().map(|draft| plan::plan_of(draft, String::new()));
    if let Some(draft) = &demand.plan {
        for (path, fault) in plan::check(draft) {
            fields.add(format!("demand.plan.{path}"), fault);
        }
    }
    let plans = draft.map_or_else(
        || {
            let mut countries: Vec<Country> = works.iter().filter_map(|work| work.asks.country).collect();
            countries.sort();
            countries.dedup();
            Plans {
                everywhere: plan_of(None, begin),
                by_country: countries
                    .into_iter()
                    .map(|country| (country, plan_of(Some(country), begin)))
                    .collect(),
            }
        },
        Plans::from,
    );
    Scenario {
        region,
        begin,
        length,
        interval,
        warm_up: from_duration(demand.warm_up.as_ref()),
        target: or(&demand.target, Duration::seconds(20)),
        works,
        groups: Vec::new(),
        plans,
        seed: demand.seed.cast_unsigned(),
        foretells: false,
    }
}

/// The works, each with where its contacts go on.
fn with_transfers(mut works: Vec<Work>, stated: &[pb::SimulatedWork], fields: &mut Violations) -> Vec<Work> {
    // Where one was refused, all are, and places mean nothing.
    if works.len() < stated.len() {
        return works;
    }
    for (place, stated) in stated.iter().enumerate() {
        let Some(transfer) = &stated.transfer else { continue };
        let channel = works[place].asks.channel;
        let to = works
            .iter()
            .position(|work| work.name == transfer.to && work.asks.channel == channel);
        fields.require(
            to.is_some(),
            format!("demand.works[{place}].transfer.to"),
            "must be the name of a work of the same channel",
        );
        works[place].transfer = to.map(|to| Transfer {
            to,
            share: transfer.share,
        });
    }
    works
}

/// None where something is wrong with it.
fn work(stated: &pb::SimulatedWork, interval: Duration, at: &str, fields: &mut Violations) -> Option<Work> {
    let channel = contract::read_channel(stated.channel());
    let language = stated.language.parse().ok();
    fields.require(
        language.is_some(),
        format!("{at}.language"),
        "is not a BCP 47 language tag",
    );
    let country = (!stated.country_code.is_empty()).then(|| stated.country_code.parse().ok());
    fields.require(country != Some(None), format!("{at}.country_code"), "must be a country");
    fields.require(
        stated.callback <= 0.0 || channel == Some(Channel::Phone),
        format!("{at}.callback"),
        "is only of calls",
    );
    let asks = Attributes {
        product_line: contract::read_product_line(stated.product_line()),
        severity: contract::read_severity(stated.severity()),
        country: country.flatten(),
        ..Attributes::new(channel?, language?)
    };
    Some(Work {
        name: stated.name.clone(),
        asks: asks.into(),
        arrivals: arrivals(stated, interval, at, fields),
        handling: law(stated.handling.as_ref(), &format!("{at}.handling"), fields)
            .unwrap_or(Law::Constant(Duration::ZERO)),
        wrap_up: law(stated.wrap_up.as_ref(), &format!("{at}.wrap_up"), fields)
            .unwrap_or(Law::Constant(Duration::ZERO)),
        patience: law(stated.patience.as_ref(), &format!("{at}.patience"), fields).unwrap_or(Law::Never),
        head_start: Duration::ZERO,
        transfer: None,
        callback: stated.callback,
    })
}

fn arrivals(stated: &pb::SimulatedWork, every: Duration, at: &str, fields: &mut Violations) -> Arrivals {
    fields.require(
        stated.arrivals.is_empty() != stated.trace.is_empty(),
        format!("{at}.arrivals"),
        "must be said by rates or by a trace, and not by both",
    );
    let are_counts = |rate: &f64| rate.is_finite() && (0.0..=1e6).contains(rate);
    fields.require(
        stated.arrivals.iter().all(are_counts),
        format!("{at}.arrivals"),
        "must be from 0 to 1000000 each",
    );
    if stated.trace.is_empty() {
        return Arrivals::Rates {
            every,
            counts: stated
                .arrivals
                .iter()
                .map(|rate| if are_counts(rate) { *rate } else { 0.0 })
                .collect(),
        };
    }
    let some = |stated: &Option<prost_types::Duration>| stated.as_ref().map(|stated| from_duration(Some(stated)));
    let trace: Arc<[Arrival]> = stated
        .trace
        .iter()
        .map(|arrival| Arrival {
            at: from_duration(arrival.at.as_ref()),
            handling: some(&arrival.handling),
            patience: some(&arrival.patience),
        })
        .collect();
    fields.require(
        trace.is_sorted_by_key(|arrival| arrival.at),
        format!("{at}.trace"),
        "must be in the order of arrival",
    );
    Arrivals::Trace(trace)
}

/// None where nothing is said.
fn law(stated: Option<&pb::SimulatedTime>, at: &str, fields: &mut Violations) -> Option<Law> {
    let stated = stated?;
    let deviation = stated
        .deviation
        .as_ref()
        .map(|deviation| from_duration(Some(deviation)));
    fields.require(
        deviation.is_none() || stated.mean.is_some(),
        format!("{at}.deviation"),
        "needs a mean",
    );
    if let Some(constant) = &stated.constant {
        return Some(Law::Constant(from_duration(Some(constant))));
    }
    if let Some(mean) = &stated.mean {
        let mean = from_duration(Some(mean));
        return Some(match deviation {
            Some(deviation) => Law::LogNormal { mean, deviation },
            None => Law::Exponential { mean },
        });
    }
    let samples: Arc<[Duration]> = stated
        .samples
        .iter()
        .map(|sample| from_duration(Some(sample)))
        .collect();
    fields.require(
        samples
            .iter()
            .all(|sample| (Duration::ZERO..=Duration::days(7)).contains(sample)),
        format!("{at}.samples"),
        "must be from 0 to 7 days each",
    );
    Some(Law::Samples(samples))
}

fn group(stated: &pb::SimulatedGroup, at: &str, fields: &mut Violations) -> Group {
    let small = |level: i32| i16::try_from(level).unwrap_or(1);
    let mut languages = Vec::new();
    for (place, skill) in stated.languages.iter().enumerate() {
        match skill.language.parse() {
            Ok(language) => languages.push((language, small(skill.level))),
            Err(_) => fields.add(
                format!("{at}.languages[{place}].language"),
                "is not a BCP 47 language tag",
            ),
        }
    }
    let skills = stated.skills.iter().filter_map(|skill| {
        let line = contract::read_product_line(skill.product_line())?;
        Some((Skill::product(line), small(skill.level)))
    });
    Group {
        name: stated.name.clone(),
        site: stated.site.clone(),
        region: stated.region.clone(),
        languages,
        skills: skills.collect(),
        certifications: Vec::new(),
        capacity: if stated.capacity > 0 { stated.capacity } else { 6 },
        shifts: Vec::new(),
        absence: stated.absence,
        answer: law(stated.answer.as_ref(), &format!("{at}.answer"), fields).unwrap_or(Law::Constant(Duration::ZERO)),
        refusal: stated.refusal,
        no_answer: stated.no_answer,
    }
}

/// When a shift takes work, each day on which it does.
fn spans(stated: &pb::SimulatedShift, length: Duration, at: &str, fields: &mut Violations) -> Vec<Span> {
    let (mut from, until) = (from_duration(stated.from.as_ref()), from_duration(stated.to.as_ref()));
    let is_short = !stated.daily || until - from < Duration::DAY;
    fields.require(
        from < until && is_short,
        format!("{at}.to"),
        "must be after `from`, and a daily shift within a day of it",
    );
    let mut day = Vec::new();
    for (place, rest) in stated.breaks.iter().enumerate() {
        let (begin, end) = (from_duration(rest.from.as_ref()), from_duration(rest.to.as_ref()));
        let is_within = from <= begin && begin < end && end <= until;
        fields.require(
            is_within,
            format!("{at}.breaks[{place}]"),
            "must lie within the shift, after the break before it",
        );
        day.push(Span { from, to: begin });
        from = end;
    }
    day.push(Span { from, to: until });
    day.retain(|span| span.from < span.to);
    let days = if stated.daily { length.whole_days() + 1 } else { 1 };
    let on = |number: i64| {
        day.iter().map(move |span| Span {
            from: span.from + Duration::DAY * i32::try_from(number).unwrap_or_default(),
            to: span.to + Duration::DAY * i32::try_from(number).unwrap_or_default(),
        })
    };
    let all: Vec<Span> = (0..days).flat_map(on).filter(|span| span.from < length).collect();
    all
}
