use proptest::prelude::*;
use support_chassis::id::Id;
use time::Duration;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-03-02 08:00 UTC);

fn id<T: From<Id>>(number: u64) -> T {
    Id::from_parts("eu".parse().unwrap(), NOW, number).into()
}

/// At level 3 of both.
fn need(language: &str, product_line: Option<ProductLine>, weight: i32) -> Need {
    Need {
        languages: vec![(language.parse().unwrap(), 3)],
        product_line: product_line.map(|line| (line, 3)),
        weight,
    }
}

fn step(language_level: i16, skill_level: i16, languages: &[&str]) -> Step {
    Step {
        after: Duration::ZERO,
        language_level,
        skill_level,
        languages: languages.iter().map(|language| language.parse().unwrap()).collect(),
    }
}

fn waiting(number: u64, need: Need, priority: i16, waits: i64) -> Waiting {
    Waiting {
        task: id(number),
        version: 1,
        needs: vec![need],
        priority,
        queue_time: NOW - Duration::seconds(waits),
        refusals: Vec::new(),
        plan: 0,
    }
}

fn agent(number: u64, languages: &[&str], skills: &[ProductLine], capacity: i32, idle: i64) -> Candidate {
    Candidate {
        book: Book {
            agent: id(number),
            capacity,
            load: 0,
            idle_since: NOW - Duration::seconds(idle),
        },
        languages: languages
            .iter()
            .map(|language| (language.parse().unwrap(), 3))
            .collect(),
        skills: skills.iter().map(|line| (*line, 3)).collect(),
    }
}

fn pairs(decision: &Decision) -> Vec<(TaskId, AgentId)> {
    decision
        .pairings
        .iter()
        .map(|pairing| (pairing.task, pairing.agent))
        .collect()
}

#[test]
fn the_urgent_goes_first_then_the_one_who_waits_longest() {
    let tasks = vec![
        waiting(1, need("en", None, 6), 5, 10),
        waiting(2, need("en", None, 6), 5, 90),
        waiting(3, need("en", None, 6), 9, 1),
    ];
    let agents = [agent(1, &["en"], &[], 6, 1), agent(2, &["en"], &[], 6, 2)];
    let decision = decide(NOW, tasks, &agents);
    assert_eq!(pairs(&decision), [(id(3), id(2)), (id(2), id(1))]);
    assert_eq!(decision.look_again, None);
}

#[test]
fn language_and_skill_are_demanded_and_hold_up_nobody_behind() {
    let tasks = vec![
        waiting(1, need("ja", Some(ProductLine::Watch), 6), 9, 90),
        waiting(2, need("es-MX", Some(ProductLine::Watch), 6), 3, 1),
    ];
    let agents = [
        agent(1, &["ja"], &[ProductLine::Phone], 6, 90),
        agent(2, &["de", "es"], &[ProductLine::Watch], 6, 1),
    ];
    assert_eq!(pairs(&decide(NOW, tasks, &agents)), [(id(2), id(2))]);
}

#[test]
fn chats_run_side_by_side_up_to_the_capacity_and_go_to_idle_hands_first() {
    let tasks = (1..=9)
        .map(|number| waiting(number, need("en", None, 2), 5, 100 - number.cast_signed()))
        .collect();
    let agents = [agent(1, &["en"], &[], 6, 90), agent(2, &["en"], &[], 7, 10)];
    let decision = decide(NOW, tasks, &agents);
    let taken: Vec<_> = decision.pairings.iter().map(|pairing| pairing.agent).collect();
    assert_eq!(taken, [id(1), id(2), id(1), id(2), id(1), id(2)]);
}

#[test]
fn who_let_it_go_by_comes_last_and_not_at_once() {
    let refusal = |number, seconds| Refusal {
        agent: id(number),
        until: NOW + Duration::seconds(seconds),
    };
    let agents = [agent(1, &["en"], &[], 6, 90), agent(2, &["en"], &[], 6, 10)];
    let mut task = waiting(1, need("en", None, 6), 5, 1);

    task.refusals = vec![refusal(1, 30)];
    assert_eq!(pairs(&decide(NOW, vec![task.clone()], &agents)), [(id(1), id(2))]);
    let alone = decide(NOW, vec![task.clone()], &agents[..1]);
    assert_eq!(
        (pairs(&alone), alone.look_again),
        (vec![], Some(NOW + Duration::seconds(30)))
    );
    assert!(alone.let_go_by.contains(&task.needs[0]));

    task.refusals = vec![refusal(1, 0)];
    assert_eq!(pairs(&decide(NOW, vec![task.clone()], &agents)), [(id(1), id(2))]);
    assert_eq!(pairs(&decide(NOW, vec![task], &agents[..1])), [(id(1), id(1))]);
}

#[test]
fn who_fits_only_by_a_step_comes_after_who_fits_without() {
    let line = ProductLine::Watch;
    let strict = need("ja", Some(line), 6);
    let mut task = waiting(1, strict.clone(), 5, 300);
    // Idle the longest: a beginner, then somebody who speaks English alone, then the one who was asked for.
    let mut beginner = agent(1, &["ja"], &[line], 6, 90);
    beginner.languages[0].1 = 2;
    let stranger = agent(2, &["en"], &[line], 6, 80);
    let fluent = agent(3, &["ja"], &[line], 6, 1);
    let all = [beginner, stranger, fluent];
    let taken = |task: &Waiting, agents: &[Candidate]| pairs(&decide(NOW, vec![task.clone()], agents));
    assert_eq!(taken(&task, &all[..2]), [], "nobody is good enough");

    let easier = strict.relaxed(&step(2, 3, &[]));
    let by_english = easier.relaxed(&step(3, 3, &["en"]));
    assert_eq!(
        by_english.languages,
        [("ja".parse().unwrap(), 2), ("en".parse().unwrap(), 3)],
        "a later step takes nothing back"
    );
    task.needs = vec![strict, easier, by_english];
    assert_eq!(taken(&task, &all), [(id(1), id(3))]);
    assert_eq!(taken(&task, &all[..2]), [(id(1), id(1))]);
    assert_eq!(taken(&task, &all[1..2]), [(id(1), id(2))]);
    // Somebody who fits by a step goes before somebody who let it go by.
    task.refusals = vec![Refusal {
        agent: id(3),
        until: NOW,
    }];
    assert_eq!(taken(&task, &all), [(id(1), id(1))]);
    assert_eq!(taken(&task, &all[2..]), [(id(1), id(3))]);
}

/// The rule, one sentence after the other, without any of the shortcuts.
fn reference(now: OffsetDateTime, waiting: &[Waiting], agents: &[Candidate]) -> Vec<(TaskId, AgentId)> {
    let mut agents = agents.to_vec();
    let mut left: Vec<&Waiting> = waiting.iter().collect();
    let mut pairs = Vec::new();
    while !left.is_empty() {
        let mut first = 0;
        for index in 1..left.len() {
            let (one, best) = (left[index], left[first]);
            let goes_before = one.priority > best.priority
                || one.priority == best.priority
                    && (one.queue_time < best.queue_time || one.queue_time == best.queue_time && one.task < best.task);
            if goes_before {
                first = index;
            }
        }
        let task = left.remove(first);
        let refused = |agent: &Candidate| task.refusals.iter().find(|refusal| refusal.agent == agent.book.agent);
        let is_good_enough = |agent: &Candidate, need: &Need| {
            let mut speaks = false;
            for (wanted, level) in &need.languages {
                for (spoken, how) in &agent.languages {
                    speaks |= spoken.primary() == wanted.primary() && how >= level;
                }
            }
            let knows = match need.product_line {
                None => true,
                Some((line, level)) => agent.skills.iter().any(|(known, how)| *known == line && *how >= level),
            };
            speaks && knows
        };
        // The step by which the agent fits; none where they do not at all.
        let step = |agent: &Candidate| task.needs.iter().position(|need| is_good_enough(agent, need));
        let best = agents
            .iter_mut()
            .filter(|agent| step(agent).is_some())
            .filter(|agent| agent.book.capacity - agent.book.load >= task.needs[0].weight)
            .filter(|agent| refused(agent).is_none_or(|refusal| refusal.until <= now))
            .min_by_key(|agent| {
                (
                    refused(agent).is_some(),
                    if refused(agent).is_some() { None } else { step(agent) },
                    agent.book.load,
                    agent.book.idle_since,
                    agent.book.agent,
                )
            });
        if let Some(agent) = best {
            agent.book.load += task.needs[0].weight;
            pairs.push((task.task, agent.book.agent));
        }
    }
    pairs
}

const LANGUAGES: &[&str] = &["en", "en-GB", "es", "es-MX", "ja"];
const LINES: &[ProductLine] = &[ProductLine::Phone, ProductLine::Laptop];

prop_compose! {
    fn any_relaxation()(
        language_level in 1..=4_i16,
        skill_level in 0..=4_i16,
        languages in proptest::sample::subsequence(LANGUAGES, 0..2),
    ) -> Step {
        step(language_level, skill_level, &languages)
    }
}

prop_compose! {
    fn any_task()(
        number in 0..1_000_000_u64,
        language in proptest::sample::select(LANGUAGES),
        line in proptest::option::of(proptest::sample::select(LINES)),
        weight in proptest::sample::select(&[1, 2, 6][..]),
        priority in proptest::sample::select(&[3_i16, 5, 7, 9][..]),
        waits in 0..4_i64,
        refusals in proptest::collection::btree_map(0..6_u64, -2..3_i64, 0..3),
        steps in proptest::collection::vec(any_relaxation(), 0..3),
    ) -> Waiting {
        let mut task = waiting(number, need(language, line, weight), priority, waits);
        for step in &steps {
            task.needs.push(task.needs.last().unwrap().relaxed(step));
        }
        task.refusals = refusals
            .into_iter()
            .map(|(agent, seconds)| Refusal { agent: id(agent), until: NOW + Duration::seconds(seconds) })
            .collect();
        task
    }
}

prop_compose! {
    fn any_agent()(
        languages in proptest::sample::subsequence(LANGUAGES, 1..3),
        skills in proptest::sample::subsequence(LINES, 0..=2),
        levels in proptest::array::uniform4(1..=5_i16),
        capacity in 1..10_i32,
        load in 0..10_i32,
        idle in 0..4_i64,
    ) -> Candidate {
        let mut agent = agent(0, &languages, &skills, capacity, idle);
        agent.book.load = load.min(capacity);
        for ((_, level), given) in agent.languages.iter_mut().zip(levels) {
            *level = given;
        }
        for ((_, level), given) in agent.skills.iter_mut().zip(&levels[2..]) {
            *level = *given;
        }
        agent
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_decision_is_the_obvious_one(
        mut tasks in proptest::collection::vec(any_task(), 0..12),
        mut agents in proptest::collection::vec(any_agent(), 0..6),
    ) {
        tasks.sort_by_key(|task| task.task);
        tasks.dedup_by_key(|task| task.task);
        for (number, agent) in (0_u64..).zip(&mut agents) {
            agent.book.agent = id(number);
        }
        let decision = decide(NOW, tasks.clone(), &agents);
        prop_assert_eq!(pairs(&decision), reference(NOW, &tasks, &agents));
        for task in &tasks {
            for agent in &agents {
                let fits: Vec<_> = task.needs.iter().map(|need| agent.fits(need)).collect();
                prop_assert!(fits.is_sorted(), "whoever fits a step fits those after it: {:?} {:?}", agent, task);
            }
        }
        // The order in which they are given does not matter.
        tasks.reverse();
        agents.reverse();
        prop_assert_eq!(&decide(NOW, tasks.clone(), &agents), &decision);
        // Looking again at what is left finds nothing more.
        let taken: BTreeSet<_> = decision.pairings.iter().map(|pairing| pairing.task).collect();
        for agent in &mut agents {
            for pairing in decision.pairings.iter().filter(|pairing| pairing.agent == agent.book.agent) {
                agent.book.load += tasks.iter().find(|task| task.task == pairing.task).unwrap().needs[0].weight;
            }
            prop_assert!(agent.book.load <= agent.book.capacity);
        }
        tasks.retain(|task| !taken.contains(&task.task));
        let rest = decide(NOW, tasks, &agents);
        prop_assert_eq!(pairs(&rest), vec![]);
        // Once the time to look again has come, there is something to do.
        prop_assert!(rest.look_again.is_none_or(|at| at > NOW));
    }
}
