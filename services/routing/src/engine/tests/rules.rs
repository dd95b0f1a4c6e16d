//! The rules, one by one.

use super::*;
use crate::domain::{Share, Sharing};

/// Puts all of them, and gives who gets what.
fn decide(steps: &[Step], tasks: &[Queued], agents: &[Candidate], now: OffsetDateTime) -> (Engine, Vec<Decision>) {
    let mut engine = Engine::new();
    for agent in agents {
        engine.put_agent(agent);
    }
    for task in tasks {
        engine.put_task(task.clone(), now, |_| plan(steps.to_vec()));
    }
    let decisions = engine.decide(now, usize::MAX);
    (engine, decisions)
}

fn pairs(decisions: &[Decision]) -> Vec<(TaskId, AgentId)> {
    decisions
        .iter()
        .map(|decision| (decision.pairing.task, decision.pairing.agent))
        .collect()
}

const EN: &[(&str, i16)] = &[("en", 3)];

#[test]
fn the_urgent_goes_first_then_the_one_who_waits_longest() {
    let mut tasks = [1, 2, 3].map(|number| queued(number, "en", None, Channel::Phone));
    tasks[1].queue_time -= Duration::MINUTE;
    tasks[2].priority = 9;
    let agents = [candidate(1, EN, &[], 6, 1), candidate(2, EN, &[], 6, 2)];
    let (engine, decisions) = decide(&[], &tasks, &agents, NOW);
    assert_eq!(pairs(&decisions), [(id(3), id(2)), (id(2), id(1))]);
    assert_eq!((engine.tasks(), engine.agents()), (1, 2));
}

#[test]
fn language_and_skill_are_demanded_and_hold_up_nobody_behind() {
    let watch = ProductLine::Watch;
    let mut tasks = [
        queued(1, "ja", Some(watch), Channel::Phone),
        queued(2, "es-MX", Some(watch), Channel::Phone),
    ];
    tasks[0].priority = 9;
    let agents = [
        candidate(1, &[("ja", 3)], &[(ProductLine::Phone, 3)], 6, 90),
        candidate(2, &[("de", 3), ("es", 3)], &[(watch, 3)], 6, 1),
    ];
    let (_, decisions) = decide(&[], &tasks, &agents, NOW);
    assert_eq!(pairs(&decisions), [(id(2), id(2))]);
}

#[test]
fn chats_run_side_by_side_up_to_the_capacity_and_go_to_idle_hands_first() {
    let tasks: Vec<_> = (1..=9)
        .map(|number| queued(number, "en", None, Channel::Chat))
        .collect();
    let agents = [candidate(1, EN, &[], 6, 90), candidate(2, EN, &[], 7, 10)];
    let (_, decisions) = decide(&[], &tasks, &agents, NOW);
    let taken: Vec<_> = decisions.iter().map(|decision| decision.pairing.agent).collect();
    assert_eq!(taken, [id(1), id(2), id(1), id(2), id(1), id(2)]);
    assert_eq!(
        decisions
            .iter()
            .map(|decision| decision.reason.candidates)
            .collect::<Vec<_>>(),
        [2, 2, 2, 2, 2, 1]
    );
}

#[test]
fn what_does_not_mix_waits_for_somebody_else() {
    use Channel::{Chat, Email, Phone};
    let apart = Sharing::new(
        &[
            (Phone, Share::Units(4)),
            (Chat, Share::Units(1)),
            (Email, Share::Units(1)),
        ],
        &[(Phone, Email)],
    );
    let mut on_the_phone = candidate(1, EN, &[], 6, 90);
    on_the_phone.book.sharing = apart;
    on_the_phone.book = on_the_phone.book.taking(Phone).unwrap().0;
    let mut reading = candidate(2, EN, &[], 6, 10);
    reading.book.sharing = Sharing::new(&[(Email, Share::Whole)], &[]);
    let tasks = [
        queued(1, "en", None, Chat),
        queued(2, "en", None, Email),
        queued(3, "en", None, Phone),
    ];
    let (mut engine, decisions) = decide(&[], &tasks, &[on_the_phone.clone(), reading], NOW);
    assert_eq!(
        pairs(&decisions),
        [(id(2), id(2))],
        "nobody has room for a chat or a call"
    );
    // Without the call there is room for a chat, and then not for a call.
    on_the_phone.book = on_the_phone.book.giving_back(Phone, 4, NOW);
    engine.put_agent(&on_the_phone);
    assert_eq!(pairs(&engine.decide(NOW, 9)), [(id(1), id(1))]);
    assert_eq!(engine.tasks(), 1);
    // Where the agent's rules change, what waits goes to them at once.
    let (chatting, _) = on_the_phone.book.taking(Chat).unwrap();
    on_the_phone.book = chatting
        .reshared(
            6,
            Sharing::new(&[(Phone, Share::Units(5)), (Chat, Share::Units(1))], &[(Phone, Chat)]),
        )
        .unwrap();
    engine.put_agent(&on_the_phone);
    assert_eq!(pairs(&engine.decide(NOW, 9)), [(id(3), id(1))]);
}

#[test]
fn who_let_it_go_by_comes_last_and_not_at_once() {
    let agents = [candidate(1, EN, &[], 6, 90), candidate(2, EN, &[], 6, 10)];
    let mut task = queued(1, "en", None, Channel::Phone);
    task.let_go_by = vec![(id(1), NOW)];
    let asked = |agents: &[Candidate], now| decide(&[], std::slice::from_ref(&task), agents, now).1;
    assert_eq!(pairs(&asked(&agents, NOW)), [(id(1), id(2))]);
    let (mut engine, none) = decide(&[], std::slice::from_ref(&task), &agents[..1], NOW);
    let then = NOW + Duration::seconds(30);
    assert_eq!((pairs(&none), engine.next_due()), (vec![], Some(then)));
    assert_eq!(engine.decide(then - Duration::MICROSECOND, 9), []);
    let again = engine.decide(then, 9);
    assert_eq!(
        (pairs(&again), again[0].reason.asked_again),
        (vec![(id(1), id(1))], true)
    );
    assert_eq!(engine.next_due(), None);
    assert_eq!(pairs(&asked(&agents, then)), [(id(1), id(2))]);
}

#[test]
fn who_fits_only_by_a_step_comes_after_who_fits_without() {
    let watch = ProductLine::Watch;
    let steps = vec![step(60, 2, 3, &[]), step(120, 3, 3, &["en"])];
    let task = queued(1, "ja", Some(watch), Channel::Phone);
    // Idle the longest: a beginner, then somebody who speaks English alone, then the one who was asked for.
    let all = [
        candidate(1, &[("ja", 2)], &[(watch, 3)], 6, 90),
        candidate(2, &[("en", 3)], &[(watch, 3)], 6, 80),
        candidate(3, &[("ja", 3)], &[(watch, 3)], 6, 1),
    ];
    let after = |waited: i64, agents: &[Candidate]| {
        let now = NOW + Duration::seconds(waited);
        let (_, decisions) = decide(&steps, std::slice::from_ref(&task), agents, now);
        decisions
            .first()
            .map(|decision| (decision.pairing.agent, decision.reason.relaxed_steps))
    };
    assert_eq!(after(59, &all[..2]), None, "nobody is good enough");
    assert_eq!(after(300, &all), Some((id(3), 0)));
    assert_eq!(after(300, &all[..2]), Some((id(1), 1)));
    assert_eq!(after(119, &all[1..2]), None);
    assert_eq!(after(120, &all[1..2]), Some((id(2), 2)));
    // Somebody who fits by a step goes before somebody who let it go by.
    let mut let_go = task.clone();
    let_go.let_go_by = vec![(id(3), NOW)];
    let now = NOW + Duration::seconds(300);
    let (_, decisions) = decide(&steps, &[let_go], &all, now);
    assert_eq!(pairs(&decisions), [(id(1), id(1))]);
}

#[test]
fn whoever_is_freed_gets_the_oldest_that_they_fit() {
    let mut busy = candidate(1, EN, &[], 6, 1);
    let idle = busy.book;
    for _ in 0..3 {
        busy.book = busy.book.taking(Channel::Chat).unwrap().0;
    }
    let mut tasks: Vec<_> = (1..=4)
        .map(|number| queued(number, "en", None, Channel::Chat))
        .collect();
    for (waits, task) in (0..).zip(&mut tasks) {
        task.queue_time -= Duration::seconds(waits);
    }
    Arc::make_mut(&mut tasks[3].attributes).language = "de".parse().unwrap();
    let (mut engine, none) = decide(&[], &tasks, std::slice::from_ref(&busy), NOW);
    assert_eq!(none, []);
    busy.book = idle.taking(Channel::Chat).unwrap().0;
    engine.put_agent(&busy);
    assert!(engine.is_pending());
    assert_eq!(pairs(&engine.decide(NOW, 1)), [(id(3), id(1))]);
    assert!(engine.is_pending(), "one at a time was asked for");
    assert_eq!(pairs(&engine.decide(NOW, 1)), [(id(2), id(1))]);
    assert_eq!(engine.decide(NOW, 1), []);
    assert!(!engine.is_pending());
}

#[test]
fn another_plan_holds_for_who_waits_already() {
    let beginner = candidate(1, &[("en", 2)], &[], 6, 1);
    let (mut engine, none) = decide(&[], &[queued(1, "en", None, Channel::Phone)], &[beginner], NOW);
    assert_eq!(none, []);
    let easier = Plan {
        language_level: 2,
        ..plan(vec![])
    };
    engine.put_plan(
        Ruled {
            country: Some("DE".parse().unwrap()),
            plan: easier.clone(),
        },
        NOW,
    );
    assert_eq!(engine.decide(NOW, 9), [], "another country's");
    engine.put_plan(
        Ruled {
            country: None,
            plan: easier,
        },
        NOW,
    );
    let decisions = engine.decide(NOW, 9);
    assert_eq!(pairs(&decisions), [(id(1), id(1))]);
    assert_eq!(engine.plans()[decisions[0].pairing.plan].plan.language_level, 2);
}
