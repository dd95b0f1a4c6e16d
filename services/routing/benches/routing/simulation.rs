//! Simulated floors: how many things happen in a second, and how near they come to theory.

use std::time::Instant;

use support_routing::domain::{Attributes, Channel, Plan, ProductLine, Skill};
use support_routing::simulation::{
    Arrivals, Effort, Estimate, Group, Law, Measured, Scenario, Shift, Span, Work, simulate,
};
use support_routing::staffing::erlang::{Queue, Theory};
use time::Duration;

use crate::floor::NOW;
use crate::report::{Figure, Report};

const SERVICE: Duration = Duration::minutes(3);
const TARGET: Duration = Duration::seconds(20);
const REPLICATIONS: usize = 32;

/// A queue that theory knows: how many agents, how much work, how patient the customers are.
struct Known {
    name: &'static str,
    agents: u32,
    load: f64,
    patience: Option<Duration>,
    /// How many contacts are played, in millions.
    millions: f64,
}

const KNOWN: [Known; 3] = [
    Known {
        name: "erlang_b",
        agents: 10,
        load: 8.0,
        patience: Some(Duration::ZERO),
        millions: 60.0,
    },
    Known {
        name: "erlang_c",
        agents: 2,
        load: 1.0,
        patience: None,
        millions: 40.0,
    },
    Known {
        name: "erlang_a",
        agents: 10,
        load: 10.0,
        patience: Some(Duration::minutes(3)),
        millions: 20.0,
    },
];

/// Long runs of what theory knows, each figure as a ratio to it with how sure it is; and agents with one, two and all skills.
pub(crate) fn measure(is_quick: bool, report: &mut Report) {
    let (mut events, mut seconds) = (0.0, 0.0);
    for known in &KNOWN {
        let begun = Instant::now();
        let (measured, theory) = known.play(if is_quick { 0.1 } else { 1.0 });
        seconds += begun.elapsed().as_secs_f64();
        events += f64::from(u32::try_from(measured.events / 1000).unwrap()) * 1000.0;
        for (what, estimate, truth) in known.figures(&measured, &theory) {
            report.add(Figure::of(&format!("{}_{what}", known.name), "", estimate.mean).against("theory", truth));
            report.note(format!(
                "{} {what}: {:.6} ± {:.6} by simulation, {truth:.6} by theory: {:+.2} of a thousand, {}",
                known.name,
                estimate.mean,
                estimate.half_width,
                (estimate.mean / truth - 1.0) * 1e3,
                if estimate.holds(truth) {
                    "within the interval"
                } else {
                    "outside the interval"
                },
            ));
        }
    }
    report.add(Figure::of("simulated_events_per_second", "/s", events / seconds));
    skills(is_quick, report);
    foretold(is_quick, report);
}

/// What customers in line are told of their wait, beside how long it was: with a line most of the time, and with one now and then.
fn foretold(is_quick: bool, report: &mut Report) {
    let length = Duration::hours(if is_quick { 100 } else { 1_000 });
    for (name, an_hour) in [("busy", 194.0), ("usual", 170.0)] {
        let scenario = Scenario {
            foretells: true,
            ..scenario(
                length,
                vec![work(an_hour, None, Law::Never)],
                vec![group(10, &[], length)],
            )
        };
        let measured = simulate(&scenario, 8, &Effort::free()).unwrap();
        let shares = measured.foretold.unwrap().shorter_than;
        for (share, (bound, wanted)) in shares.iter().zip([("low", 0.1), ("likely", 0.5), ("high", 0.9)]) {
            let figure = Figure::of(&format!("waits_below_{bound}_when_{name}"), "", share.unwrap().mean);
            report.add(figure.against("what was said", wanted));
        }
    }
}

impl Known {
    fn play(&self, share: f64) -> (Measured, Theory) {
        let rate = self.load / SERVICE.as_seconds_f64();
        let length =
            Duration::seconds_f64(self.millions * 1e6 * share / rate / f64::from(u32::try_from(REPLICATIONS).unwrap()));
        let law = match self.patience {
            None => Law::Never,
            Some(mean) if mean.is_zero() => Law::Constant(mean),
            Some(mean) => Law::Exponential { mean },
        };
        let scenario = scenario(
            length,
            vec![work(rate * 3600.0, None, law)],
            vec![group(self.agents, &[], length)],
        );
        let queue = Queue {
            arrivals: rate,
            service: SERVICE.as_seconds_f64(),
            patience: self.patience.map(Duration::as_seconds_f64),
        };
        let theory = queue.with(usize::try_from(self.agents).unwrap(), TARGET.as_seconds_f64());
        (simulate(&scenario, REPLICATIONS, &Effort::free()).unwrap(), theory)
    }

    /// What can be held against theory.
    fn figures(&self, measured: &Measured, theory: &Theory) -> Vec<(&'static str, Estimate, f64)> {
        let all = &measured.all;
        if self.patience.is_some_and(Duration::is_zero) {
            return vec![("blocked", all.abandonment.unwrap(), theory.abandonment)];
        }
        let mut figures = vec![
            ("delayed", all.delayed.unwrap(), theory.delayed),
            ("wait", all.wait_of_all.unwrap(), theory.wait_of_all),
            ("service_level", all.service_level.unwrap(), theory.service_level),
        ];
        if self.patience.is_some() {
            figures.push(("abandonment", all.abandonment.unwrap(), theory.abandonment));
        }
        figures
    }
}

/// Seven kinds of work, three agents for each, who know one, two or all of them.
fn skills(is_quick: bool, report: &mut Report) {
    let length = Duration::hours(if is_quick { 60 } else { 600 });
    let lines = ProductLine::ALL;
    for (name, known) in [("one", 1), ("two", 2), ("all", lines.len())] {
        let works = lines.iter().map(|line| work(51.0, Some(*line), Law::Never)).collect();
        let groups = (0..lines.len()).map(|first| {
            let skills: Vec<_> = (0..known).map(|more| lines[(first + more) % lines.len()]).collect();
            group(3, &skills, length)
        });
        let measured = simulate(&scenario(length, works, groups.collect()), 8, &Effort::free()).unwrap();
        let wait = measured.all.wait.unwrap();
        report.add(Figure::of(&format!("wait_with_{name}_skills"), "s", wait.mean));
        report.note(format!(
            "with {name} of seven skills: {:.1} ± {:.1} s",
            wait.mean, wait.half_width
        ));
    }
}

fn work(an_hour: f64, product_line: Option<ProductLine>, patience: Law) -> Work {
    Work {
        name: "calls".to_owned(),
        asks: Attributes {
            product_line,
            ..Attributes::new(Channel::Phone, "en".parse().unwrap())
        }
        .into(),
        arrivals: Arrivals::Rates {
            every: Duration::HOUR,
            counts: [an_hour].into(),
        },
        handling: Law::Exponential { mean: SERVICE },
        wrap_up: Law::Constant(Duration::ZERO),
        patience,
        head_start: Duration::ZERO,
        transfer: None,
        callback: 0.0,
    }
}

fn group(agents: u32, skills: &[ProductLine], length: Duration) -> Group {
    Group {
        name: "cork".to_owned(),
        site: "cork".to_owned(),
        region: "eu".to_owned(),
        languages: vec![("en".parse().unwrap(), 5)],
        skills: skills.iter().map(|line| (Skill::product(*line), 5)).collect(),
        certifications: Vec::new(),
        capacity: 6,
        shifts: vec![Shift {
            agents,
            spans: vec![Span {
                from: Duration::ZERO,
                to: length * 2,
            }],
        }],
        absence: 0.0,
        answer: Law::Constant(Duration::ZERO),
        refusal: 0.0,
        no_answer: 0.0,
    }
}

fn scenario(length: Duration, works: Vec<Work>, groups: Vec<Group>) -> Scenario {
    let plan = Plan {
        language_level: 1,
        skill_level: 1,
        offer_timeout: Duration::seconds(20),
        ..Plan::default()
    };
    Scenario {
        region: "eu".parse().unwrap(),
        begin: NOW,
        length,
        interval: length,
        // Far longer than a queue remembers.
        warm_up: Duration::min(length / 10, Duration::hours(20)),
        target: TARGET,
        works,
        groups,
        plans: plan.into(),
        seed: 20_261_122,
        foretells: false,
    }
}
