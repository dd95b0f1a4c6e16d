//! What the routing plan says, is done, and named where it was.

use std::time::Duration;

use serde_json::json;
use support_proto::support::routing::v1 as pb;
use support_routing::domain::{AgentId, Area, Change, Channel, Presence, ProductLine, Severity};
use support_routing::store;

use crate::invariants::check;
use crate::system::{System, accept, complete, next, next_offer, reject};
use crate::world::{OFFER_TIMEOUT, World, plan_with};

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Whom a call goes to that has waited for so long, of these agents.
async fn taken_after(world: &World, waited: Duration, agents: &[AgentId]) -> Option<AgentId> {
    let opening = world.opening(Channel::Phone, "es-MX", Some(ProductLine::Watch));
    let task = world.open(opening).await;
    world.hand.advance(waited);
    world.make_offers().await;
    let holder = world.read_task(task.id).await.agent;
    for agent in agents {
        for (offer, _) in world.standing(*agent).await {
            let agent = world.read_agent(*agent).await;
            world.accept(&agent.subject, offer).await.unwrap();
        }
    }
    world
        .end_case(task.case_id, support_routing::ops::tasks::CaseEnd::Closed)
        .await
        .unwrap();
    holder
}

#[tokio::test]
async fn what_is_asked_of_an_agent_is_relaxed_step_by_step() {
    let world = World::new().await;
    // What is shipped asks for level 3 of the language and 2 of the product line at first.
    let fluent = world.agent_at(&[("es", 3)], &[(ProductLine::Watch, 2)]).await;
    let learning = world.agent_at(&[("es", 2)], &[(ProductLine::Watch, 1)]).await;
    let stranger = world.agent_at(&[("es", 2)], &[(ProductLine::Audio, 5)]).await;
    let english = world.agent_at(&[("en", 3)], &[(ProductLine::Audio, 5)]).await;
    let all = [fluent, learning, stranger, english];
    let away = async |subjects: &[AgentId]| {
        for agent in subjects {
            let subject = world.read_agent(*agent).await.subject;
            world.presence(&subject, Presence::Break).await;
        }
    };
    assert_eq!(
        taken_after(&world, seconds(3600), &all).await,
        Some(fluent),
        "nobody else where she is there"
    );
    away(&[fluent]).await;
    assert_eq!(taken_after(&world, seconds(119), &all).await, None);
    assert_eq!(taken_after(&world, seconds(120), &all).await, Some(learning));
    assert_eq!(taken_after(&world, seconds(3600), &all).await, Some(learning));
    away(&[learning]).await;
    assert_eq!(taken_after(&world, seconds(599), &all).await, None);
    assert_eq!(taken_after(&world, seconds(600), &all).await, Some(stranger));
    away(&[stranger]).await;
    assert_eq!(taken_after(&world, seconds(1799), &all).await, None);
    assert_eq!(taken_after(&world, seconds(1800), &all).await, Some(english));
    world.check().await;
}

#[tokio::test]
async fn who_waits_goes_up_but_not_before_danger() {
    // Without the lane for accounts, which goes before all.
    let lane = (r#"when: area == "account_security""#, r#"when: "false""#);
    let world = World::by(plan_with(&[lane])).await;
    let open = async |severity, area| {
        let mut opening = world.opening(Channel::Phone, "en", None);
        opening.attributes.severity = severity;
        opening.attributes.area = area;
        world.open(opening).await
    };
    let question = open(Severity::Low, None).await;
    world.hand.advance(seconds(20 * 60));
    let dead = open(Severity::High, None).await;
    let account = open(Severity::Low, Some(Area::AccountSecurity)).await;
    world.hand.advance(seconds(24 * 3600));
    let danger = open(Severity::Critical, None).await;
    assert_eq!(
        [&question, &dead, &account, &danger].map(|task| task.priority),
        [3, 7, 9, 9],
        "as the plan says"
    );
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let mut order = Vec::new();
    for _ in 0..4 {
        world.make_offers().await;
        let (offer, task) = world.standing(amy).await[0];
        world.accept("amy", offer).await.unwrap();
        world.complete("amy", task).await.unwrap();
        order.push(task);
    }
    // Both have come as far up as waiting brings them; the question came first.
    assert_eq!(order, [account.id, danger.id, question.id, dead.id]);
}

#[tokio::test]
async fn offers_obey_another_plan_and_name_it() {
    let world = World::by(plan_with(&[
        ("timeout: 20s", "timeout: 7s"),
        ("refusal_delay: 60s", "refusal_delay: 5s"),
        ("normal: 5", "normal: 6"),
        ("timeout: 120s", "timeout: 9s"),
    ]))
    .await;
    let basis = world.plans().remove(0).plan.basis;
    let held = Some(basis.as_str());
    let amy = world.agent("amy", &["en"], &[], 6).await;
    let task = world.open_call().await;
    assert_eq!((task.priority, task.basis.as_deref()), (6, held));
    world.make_offers().await;
    let standing = store::offers::standing(&mut world.db.read().await.unwrap(), &[amy.uuid()])
        .await
        .unwrap();
    let (offer, offered) = &standing[0];
    assert_eq!(offer.expires_at, world.now() + seconds(7));
    assert_eq!((offer.basis.as_deref(), offered.basis.as_deref()), (held, held));
    world.hand.advance(seconds(7));
    assert_eq!(world.expire().await, 1);
    assert_eq!(world.make_offers().await, Some(world.now() + seconds(5)));
    let history = store::tasks::history(&mut world.db.read().await.unwrap(), task.id)
        .await
        .unwrap();
    let named: Vec<_> = history
        .iter()
        .map(|entry| (entry.change, entry.basis.as_deref()))
        .collect();
    assert_eq!(
        named,
        [
            (Change::Queued, held),
            (Change::Offered, held),
            (Change::TimedOut, None)
        ]
    );
    world.hand.advance(seconds(2));
    world.look_round().await;
    assert_eq!(
        world.read_agent(amy).await.presence,
        Presence::Offline,
        "out of sight for nine seconds"
    );
}

#[tokio::test]
async fn a_relaxed_task_is_found_behind_many_that_are_not() {
    let world = World::new().await;
    let learning = world.agent_at(&[("en", 2)], &[]).await;
    let old = world.open_call().await;
    world.hand.advance(seconds(130));
    for _ in 0..100 {
        let mut opening = world.opening(Channel::Phone, "en", None);
        opening.attributes.severity = Severity::Critical;
        world.open(opening).await;
    }
    world.make_offers().await;
    let standing = world.standing(learning).await;
    assert_eq!(standing.iter().map(|(_, task)| *task).collect::<Vec<_>>(), [old.id]);
    world.hand.advance(OFFER_TIMEOUT);
    world.expire().await;
}

/// How long an offer was made for, in seconds.
fn stands(offer: &pb::Offer) -> i64 {
    let seconds = |at: &Option<prost_types::Timestamp>| at.as_ref().unwrap().seconds;
    seconds(&offer.expire_time) - seconds(&offer.offer_time)
}

#[tokio::test]
async fn offers_obey_the_plan_of_their_country_and_name_it() {
    let system = System::start().await;
    system.agent("amy").await;
    let (mut amy, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    let overlay = json!({"offers": {"timeout": "5s"}, "priorities": {"high": 8}});
    system.publish("country/DE", &overlay).await;

    system.open_case_in("FR").await;
    let offer = next_offer(&mut amy).await;
    let french = offer.task.clone().unwrap();
    assert_eq!(
        (stands(&offer), french.priority, french.country_code.as_str()),
        (20, 7, "FR")
    );
    assert_eq!(
        (offer.standard_basis.as_str(), &french.standard_basis),
        ("routing/routing-plan@1", &offer.standard_basis)
    );
    system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
    next(&mut amy).await;
    system
        .staff("amy")
        .complete_task(complete(&french.task_id))
        .await
        .unwrap();

    let case = system.open_case_in("DE").await;
    let offer = next_offer(&mut amy).await;
    let german = offer.task.clone().unwrap();
    assert_eq!(
        (stands(&offer), german.priority, german.country_code.as_str()),
        (5, 8, "DE")
    );
    assert!(
        offer.standard_basis.starts_with("routing/routing-plan@1+country/DE@1"),
        "{}",
        offer.standard_basis
    );
    let by_overlay = offer.standard_basis.clone();
    system.staff("amy").reject_offer(reject(&offer)).await.unwrap();
    next(&mut amy).await;

    // A version that comes while the task waits holds for its next offer.
    let overlay = json!({"offers": {"timeout": "4s", "refusal_delay": "0s"}});
    system.publish("country/DE", &overlay).await;
    let offer = next_offer(&mut amy).await;
    assert_eq!(stands(&offer), 4);
    assert_eq!(offer.task.as_ref().unwrap().priority, 8, "as it was queued");
    assert_ne!(offer.standard_basis, by_overlay);
    let accepted = system
        .staff("amy")
        .accept_offer(accept(&offer))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(accepted.task.unwrap().standard_basis, offer.standard_basis);
    let task = &system.tasks_of(case, 1, pb::TaskState::Accepted).await[0];
    assert_eq!(task.standard_basis, offer.standard_basis);
    let request = pb::ListTaskHistoryRequest {
        task_id: task.task_id.clone(),
    };
    let history = system.tasks().list_task_history(request).await.unwrap().into_inner();
    let named: Vec<_> = history
        .entries
        .iter()
        .map(|entry| (entry.change(), entry.standard_basis.as_str()))
        .collect();
    assert_eq!(
        named,
        [
            (pb::TaskChange::Queued, by_overlay.as_str()),
            (pb::TaskChange::Offered, by_overlay.as_str()),
            (pb::TaskChange::Rejected, ""),
            (pb::TaskChange::Offered, offer.standard_basis.as_str()),
            (pb::TaskChange::Accepted, ""),
        ]
    );
    let reasons: Vec<_> = history.entries.iter().map(|entry| entry.offer_reason).collect();
    let because = |asked_again| {
        Some(pb::OfferReason {
            relaxed_steps: 0,
            candidates: 1,
            asked_again,
        })
    };
    assert_eq!(reasons, [None, because(false), None, because(true), None]);
    check(&system.db).await;
}
