//! Decisions in memory.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use rand::RngExt as _;
use support_routing::domain::{Book, Candidate, Decision, Pairing};
use support_routing::engine::{Engine, Queued};
use support_testing::resident;

use crate::floor::{CAPACITY, Floor, NOW, busy, shipped};
use crate::report::{Figure, Report, percentile, real};

const AGENTS: usize = 100_000;
const SETS: usize = 500;
const TASKS: usize = 50_000;

/// A hundred thousand agents, and fifty thousand tasks that wait for them. What has happened is told and decided in one: somebody is
/// freed and gets the first task that they fit; a task comes and goes to whoever is idle the longest; a task is declined, comes
/// back and goes to the next.
pub(crate) fn measure(is_quick: bool, report: &mut Report) {
    let rounds = if is_quick { 20_000 } else { 200_000 };
    let before = resident();
    let mut floor = Floor::new(SETS);
    let plan = shipped();
    let mut agents: Vec<Candidate> = (0..AGENTS).map(|number| floor.agent(number)).collect();
    let waiting: Vec<Queued> = (0..TASKS).map(|_| floor.waiting(NOW)).collect();
    let given = resident();
    let begun = Instant::now();
    let mut engine = Engine::new();
    for agent in &agents {
        engine.put_agent(agent);
    }
    for task in &waiting {
        engine.put_task(task.clone(), NOW, |_| plan.clone());
    }
    let built = begun.elapsed();
    assert!(
        engine.decide(NOW, usize::MAX).is_empty(),
        "whoever could take one is busy"
    );
    assert_eq!((engine.agents(), engine.tasks()), (AGENTS, TASKS));
    let megabytes = 1_048_576.0;
    report.add(Figure::of("engine_memory_mb", "MB", (resident() - given) / megabytes));
    report.add(Figure::of("engine_build_ms", "ms", built.as_secs_f64() * 1e3));
    report.note(format!(
        "the same agents and tasks as rows in memory, beside the engine: {:.0} MB",
        (given - before) / megabytes
    ));
    let by_id: std::collections::HashMap<_, _> = (0..)
        .zip(&agents)
        .map(|(place, agent)| (agent.book.agent, place))
        .collect();
    let mut times = Times::default();
    let mut now = NOW;
    for _ in 0..rounds {
        // So that steps are reached and waiting raises, as in life: fifty thousand wait, and a thousand things happen a second.
        now += time::Duration::milliseconds(1);
        match floor.chance().random_range(0..10) {
            0..5 => {
                let agent = &mut agents[pick(&mut floor, true)];
                agent.book = Book::new(agent.book.agent, CAPACITY, now);
                let decided = times.freed.of(|| {
                    engine.put_agent(agent);
                    engine.decide(now, 1)
                });
                // Whatever else they have room for, so that they are busy again; and others come in its place.
                let mut taken = decided;
                taken.extend(engine.decide(now, usize::MAX));
                agent.book = busy(&agent.book);
                engine.put_agent(agent);
                for _ in taken {
                    let next = floor.waiting(now);
                    engine.put_task(next, now, |_| plan.clone());
                }
                assert!(engine.decide(now, usize::MAX).is_empty());
            }
            5..9 => {
                let task = floor.fresh(now);
                let id = task.task;
                let decided = times.came.of(|| {
                    engine.put_task(task, now, |_| plan.clone());
                    engine.decide(now, 1)
                });
                // Nobody there knows the product: fifty thousand that wait are enough.
                engine.remove_task(id);
                for Decision { pairing, .. } in decided {
                    free(&mut engine, &mut agents[by_id[&pairing.agent]], now);
                }
            }
            _ => {
                let mut task = floor.fresh(now);
                engine.put_task(task.clone(), now, |_| plan.clone());
                let first: Vec<Pairing> = engine.decide(now, 1).iter().map(|decision| decision.pairing).collect();
                let Some(first) = first.first() else {
                    engine.remove_task(task.task);
                    continue;
                };
                let agent = &mut agents[by_id[&first.agent]];
                agent.book.idle_since = now;
                let id = task.task;
                task.version += 2;
                task.let_go_by = vec![(first.agent, now)];
                let decided = times.declined.of(|| {
                    engine.put_agent(agent);
                    engine.put_task(task, now, |_| plan.clone());
                    engine.decide(now, 1)
                });
                for Decision { pairing, .. } in decided {
                    assert_ne!(pairing.agent, first.agent, "somebody else is asked");
                    free(&mut engine, &mut agents[by_id[&pairing.agent]], now);
                }
                engine.remove_task(id);
            }
        }
    }
    report.note(format!(
        "{} tasks waited at the end; {} decisions",
        engine.tasks(),
        times.freed.decided.len() + times.came.decided.len() + times.declined.decided.len()
    ));
    times.tell(report);
}

/// A busy agent, or an idle one.
fn pick(floor: &mut Floor, is_busy: bool) -> usize {
    loop {
        let number = floor.chance().random_range(0..AGENTS);
        // As the floor makes them: five of forty languages are quiet.
        if (number % SETS % 40 >= 5) == is_busy {
            return number;
        }
    }
}

/// The agent has done what was asked.
fn free(engine: &mut Engine, agent: &mut Candidate, now: time::OffsetDateTime) {
    agent.book = Book::new(agent.book.agent, CAPACITY, now);
    engine.put_agent(agent);
    engine.decide(now, usize::MAX);
}

#[derive(Default)]
struct Times {
    freed: Sort,
    came: Sort,
    declined: Sort,
}

#[derive(Default)]
struct Sort {
    decided: Vec<Duration>,
    /// Looked at, and nobody and nothing was found.
    in_vain: Vec<Duration>,
}

impl Sort {
    fn of(&mut self, work: impl FnOnce() -> Vec<Decision>) -> Vec<Decision> {
        let begun = Instant::now();
        let decided = work();
        let took = begun.elapsed();
        let times = if decided.is_empty() {
            &mut self.in_vain
        } else {
            &mut self.decided
        };
        times.push(took);
        decided
    }
}

impl Times {
    fn tell(self, report: &mut Report) {
        let mut all = Vec::new();
        for (name, mut sort) in [
            ("somebody is freed", self.freed),
            ("a task comes", self.came),
            ("a task is declined", self.declined),
        ] {
            let mut told = format!(
                "{name}: {} decided, p50 {:.2}, p99 {:.2} µs",
                sort.decided.len(),
                percentile(&mut sort.decided, 50),
                percentile(&mut sort.decided, 99)
            );
            if !sort.in_vain.is_empty() {
                let (median, late) = (percentile(&mut sort.in_vain, 50), percentile(&mut sort.in_vain, 99));
                let _ = write!(
                    told,
                    "; {} in vain, p50 {median:.2}, p99 {late:.2} µs",
                    sort.in_vain.len()
                );
            }
            report.note(told);
            all.extend(sort.decided);
        }
        let (median, late) = (percentile(&mut all, 50), percentile(&mut all, 99));
        report.add(Figure::of("decision_p50_us", "µs", median).against("at most", 10.0));
        report.add(Figure::of("decision_p99_us", "µs", late).against("at most", 100.0));
        let total: f64 = all.iter().map(Duration::as_secs_f64).sum();
        report.add(Figure::of("decisions_per_second", "/s", real(all.len()) / total));
    }
}
