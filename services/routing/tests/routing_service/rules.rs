//! Rules of the plan, and what is told of how they rule.

use std::time::Duration;

use serde_json::json;
use support_calendars::Calendars;
use support_chassis::client::Peer;
use support_chassis::error::explain;
use support_chassis::id::Id;
use support_chassis::standard::{Document, Standard};
use support_proto::support::case::v1 as case;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::plan_service_client::PlanServiceClient;
use support_proto::support::types::v1 as types;
use support_routing::domain::{AgentId, Area, Cause, Channel, Presence, ProductLine, Severity, Task};
use support_routing::ops;
use support_routing::plan::Book;
use tonic::Code;

use crate::invariants::check;
use crate::system::{System, new_agent, next_offer, request_id, shipped_but};
use crate::world::World;

/// What is shipped, with other rules, queues and neighbours.
fn book(more: &str) -> Book {
    let shipped = include_str!("../../standard/routing-plan.yaml");
    let (before, rest) = shipped.split_once("\nqueues:").unwrap();
    let (_, after) = rest.split_once("\noffers:").unwrap();
    let yaml = format!("{before}\noffers:{after}\n{more}");
    let more_steps = "relaxation:\n  more: { after: 60s, language_level: 3, skill_level: 2, further_languages: true, neighbours: true }\n";
    let yaml = if more.starts_with("neighbours:") {
        yaml.replacen("relaxation:\n", more_steps, 1)
    } else {
        yaml
    };
    Book::new(Standard::shipped(&Document::new(yaml.leak())), Calendars::shipped())
}

/// Whom a task was offered to, who then takes and ends it.
async fn served_by(world: &World, task: &Task) -> Option<AgentId> {
    world.make_offers().await;
    let agent = world.read_task(task.id).await.agent?;
    let subject = world.read_agent(agent).await.subject;
    let (offer, _) = *world.standing(agent).await.iter().find(|(_, of)| *of == task.id)?;
    world.accept(&subject, offer).await.unwrap();
    world.complete(&subject, task.id).await.unwrap();
    Some(agent)
}

async fn reopened(world: &World, task: &Task) -> Task {
    let mut opening = world.opening(Channel::Phone, "en", None);
    opening.case_id = task.case_id;
    opening.attributes.cause = Cause::Reopened;
    world.open(opening).await
}

#[tokio::test]
async fn whoever_helped_last_is_asked_first_and_for_a_time_alone() {
    let world = World::by(book(
        "rules: { known: { order: 1, last_agent_first: true, first_for: 60s } }",
    ))
    .await;
    let kim = world.agent("kim", &["en"], &[], 6).await;
    let first = world.open_call().await;
    assert_eq!(served_by(&world, &first).await, Some(kim));
    let lee = world.agent("lee", &["en"], &[], 6).await;
    world.hand.advance(Duration::from_secs(10));
    // Kim has something else in hand, lee nothing: kim is waited for, and lee serves others meanwhile.
    let other = world.open_call().await;
    world.presence("lee", Presence::Break).await;
    world.make_offers().await;
    let (offer, _) = world.standing(kim).await[0];
    world.accept("kim", offer).await.unwrap();
    world.presence("lee", Presence::Available).await;
    let again = reopened(&world, &first).await;
    world.make_offers().await;
    assert_eq!(world.read_task(again.id).await.agent, None, "kept for kim");
    world.complete("kim", other.id).await.unwrap();
    assert_eq!(
        served_by(&world, &again).await,
        Some(kim),
        "though lee is idle for longer"
    );
    // Who is not there is waited for, but not for ever.
    world.presence("kim", Presence::Break).await;
    let third = reopened(&world, &first).await;
    assert_eq!(served_by(&world, &third).await, None);
    world.hand.advance(Duration::from_secs(59));
    assert_eq!(served_by(&world, &third).await, None);
    world.hand.advance(Duration::from_secs(1));
    assert_eq!(served_by(&world, &third).await, Some(lee));
    world.check().await;
}

#[tokio::test]
async fn the_lane_goes_before_all_and_to_those_alone_who_know() {
    let world = World::by(book(
        r#"
queues: { security: { before_all: true } }
rules:
  security:
    order: 1
    when: area == "account_security"
    queue: security
    skills: { product/audio: { level: 3, kept: 3 } }
"#,
    ))
    .await;
    let mut danger = world.opening(Channel::Phone, "en", None);
    danger.attributes.severity = Severity::Critical;
    let danger = world.open(danger).await;
    world.hand.advance(Duration::from_hours(1));
    let mut account = world.opening(Channel::Phone, "en", None);
    account.attributes.area = Some(Area::AccountSecurity);
    account.attributes.severity = Severity::Low;
    let account = world.open(account).await;
    let usual = world.agent("usual", &["en"], &[ProductLine::Watch], 6).await;
    let knows = world.agent("knows", &["en"], &[ProductLine::Audio], 6).await;
    // Usual came first and would have been given either.
    assert_eq!(served_by(&world, &account).await, Some(knows));
    assert_eq!(served_by(&world, &danger).await, Some(usual));
    // However long it waits, nobody else is given it.
    world.presence("knows", Presence::Offline).await;
    let mut account = world.opening(Channel::Phone, "en", None);
    account.attributes.area = Some(Area::AccountSecurity);
    let account = world.open(account).await;
    world.hand.advance(Duration::from_hours(24));
    assert_eq!(served_by(&world, &account).await, None);
    world.check().await;
}

#[tokio::test]
async fn further_languages_and_neighbours_serve_once_a_step_says_so() {
    let world = World::by(book("neighbours: { product/watch: { skills: { product/phone: 3 } } }")).await;
    let french = world.agent_at(&[("fr", 3)], &[(ProductLine::Phone, 3)]).await;
    let mut opening = world.opening(Channel::Phone, "pt", Some(ProductLine::Watch));
    opening.attributes.further_languages = vec!["fr-CA".parse().unwrap()];
    let task = world.open(opening).await;
    world.hand.advance(Duration::from_secs(59));
    assert_eq!(served_by(&world, &task).await, None);
    world.hand.advance(Duration::from_secs(1));
    assert_eq!(served_by(&world, &task).await, Some(french));
    world.check().await;
}

pub(crate) fn plans(system: &System) -> PlanServiceClient<Peer> {
    let scopes = ["tasks.read", "standard.read", "standard.write"];
    PlanServiceClient::new(system.peer(CallerKind::Operator, "op", &scopes))
}

#[tokio::test]
async fn a_task_is_explained() {
    let system = System::start().await;
    let speaks = async |subject: &str, language: &str, level: i32| {
        let mut request = new_agent(subject);
        request.languages = vec![pb::LanguageSkill {
            language: language.to_owned(),
            level,
        }];
        let agent = system.operator().create_agent(request).await.unwrap().into_inner();
        system.presence(subject, pb::Presence::Available).await;
        agent.agent.unwrap().agent_id
    };
    let (mut amy, _) = {
        system.agent("amy").await;
        system.watch("amy").await
    };
    system.presence("amy", pb::Presence::Available).await;
    let case = system.open_case().await;
    let offer = crate::system::next_offer(&mut amy).await;
    let task_id = offer.task.as_ref().unwrap().task_id.clone();
    system
        .staff("amy")
        .reject_offer(crate::system::reject(&offer))
        .await
        .unwrap();
    let beginner = speaks("ben", "en", 1).await;
    let stranger = speaks("cleo", "ja", 5).await;
    system.tasks_of(case, 1, pb::TaskState::Queued).await;
    let ask = async |page_token: &str| {
        let request = pb::ExplainTaskRequest {
            task_id: task_id.clone(),
            page_size: 2,
            page_token: page_token.to_owned(),
        };
        plans(&system).explain_task(request).await.unwrap().into_inner()
    };
    let told = ask("").await;
    assert_eq!(
        (told.queue.as_str(), told.rules.len(), told.before_all),
        ("general", 0, false)
    );
    assert_eq!(told.standard_basis, told.task.as_ref().unwrap().standard_basis);
    assert!(told.stages.len() > 2 && told.stages[0].is_reached && !told.stages[1].is_reached);
    assert_eq!(told.offers.len(), 1);
    assert_eq!(told.offers[0].offer_reason.unwrap().candidates, 1);
    let counts: Vec<_> = told
        .counts
        .iter()
        .map(|count| (count.standing(), count.count))
        .collect();
    assert_eq!(
        counts,
        [
            (pb::CandidateStanding::LetItGoBy, 1),
            (pb::CandidateStanding::Language, 2)
        ]
    );
    let rest = ask(&told.next_page_token).await;
    let all: Vec<_> = told.candidates.iter().chain(&rest.candidates).collect();
    assert_eq!(
        (told.candidates.len(), all.len(), rest.next_page_token.as_str()),
        (2, 3, "")
    );
    assert!(all[0].let_go_by_time.is_some());
    let of = |agent: &str| all.iter().find(|candidate| candidate.agent_id == agent).unwrap();
    assert_eq!(of(&beginner).wanting, "speaks en-GB at 1, 3 is asked");
    assert_eq!(of(&stranger).wanting, "does not speak en-GB");
    let missing = pb::ExplainTaskRequest {
        task_id: "eu-018f0000-0000-7000-8000-000000000000".to_owned(),
        ..pb::ExplainTaskRequest::default()
    };
    let code = plans(&system).explain_task(missing).await.unwrap_err().code();
    assert!(matches!(code, Code::NotFound | Code::InvalidArgument), "{code:?}");
    check(&system.db).await;
}

#[tokio::test]
async fn an_account_in_danger_goes_to_who_was_taught_by_what_is_shipped() {
    let system = System::start().await;
    system.agent("plain").await;
    let mut taught = new_agent("taught");
    taught.abilities = vec![pb::Ability {
        name: "area/account-security".to_owned(),
        level: 2,
    }];
    system.operator().create_agent(taught).await.unwrap();
    let (_plain, _) = system.watch("plain").await;
    let (mut offers, _) = system.watch("taught").await;
    system.presence("plain", pb::Presence::Available).await;
    system.presence("taught", pb::Presence::Available).await;
    let id: Id = system.ids.next();
    let opened = case::CaseOpened {
        case_id: id.to_string(),
        channel: types::Channel::Chat.into(),
        language: "en-GB".to_owned(),
        severity: case::Severity::Low.into(),
        area: case::CaseArea::AccountSecurity.into(),
        ..case::CaseOpened::default()
    };
    system.tell(id, &opened).await;
    let offer = next_offer(&mut offers).await;
    let task = offer.task.unwrap();
    assert_eq!((task.case_id, task.priority), (id.to_string(), 9));
    let request = pb::ExplainTaskRequest {
        task_id: task.task_id,
        ..pb::ExplainTaskRequest::default()
    };
    let told = plans(&system).explain_task(request).await.unwrap().into_inner();
    assert_eq!(
        (told.rules, told.queue.as_str(), told.before_all),
        (vec!["account-security".to_owned()], "account-security", true)
    );
    let last = told.stages.last().unwrap();
    assert_eq!(
        last.skills[0].any[0].skill, "area/account-security",
        "however long it waits"
    );
    assert!(told.candidates.is_empty(), "it waits no more");
}

/// What can never do what it is there for is refused at each door, with all there is.
#[tokio::test]
async fn a_plan_that_cannot_be_carried_out_is_not_published() {
    let system = System::start().await;
    system.agent("amy").await;
    let channel = support_testing::channel(system.routing.address);
    let overlay = json!({"queues": {"glass": {}}, "rules": {
        "glass": {
            "order": 900, "when": "product_line == \"phone\"", "queue": "glass",
            "skills": {"area/glass": {"level": 3, "kept": 3}},
        },
        "never": {"order": 901, "when": "channel == \"phone\" && channel == \"email\""},
    }});
    let paths = |faults: &[String]| {
        let mut paths = faults.to_vec();
        paths.sort();
        paths
    };
    let wrong = ["queues[\"glass\"]", "rules[\"glass\"]", "rules[\"never\"]"];
    let report = support_testing::check(&channel, "routing/routing-plan", "country/DE", &overlay).await;
    let told: Vec<String> = report.faults.iter().map(|fault| fault.path.clone()).collect();
    assert_eq!(paths(&told), wrong);
    assert_eq!(report.digest, "");
    assert!(!report.changes.is_empty(), "all else is told too");
    // A draft of it may be written down, and is not approved.
    let refused = support_testing::try_publish(&channel, "routing/routing-plan", "country/DE", &overlay).await;
    let refused = explain(&refused.unwrap_err());
    assert_eq!(refused.reason, "STANDARD_ERROR_REASON_CONTENT_INVALID");
    let told: Vec<String> = refused.violations.iter().map(|one| one.field.clone()).collect();
    assert_eq!(paths(&told), wrong);

    // Once somebody knows it, only the rule that never applies is in the way.
    let mut ben = new_agent("ben");
    ben.abilities = vec![pb::Ability {
        name: "area/glass".to_owned(),
        level: 4,
    }];
    system.operator().create_agent(ben).await.unwrap();
    let report = support_testing::check(&channel, "routing/routing-plan", "country/DE", &overlay).await;
    let told: Vec<String> = report.faults.iter().map(|fault| fault.path.clone()).collect();
    assert_eq!(told, wrong[2..]);
    let mut overlay = overlay;
    overlay["rules"].as_object_mut().unwrap().remove("never");
    system.publish("country/DE", &overlay).await;
    // What holds is not in the way of what comes after, whoever leaves.
    system.publish("country/DE", &overlay).await;
}

#[tokio::test]
async fn a_plan_is_tried_without_any_effect() {
    let system = System::start().await;
    let start = async |content: String| {
        let request = pb::StartShadowRequest {
            request_id: request_id(),
            content,
            draft_id: String::new(),
            length: Some(prost_types::Duration {
                seconds: 3600,
                nanos: 0,
            }),
        };
        plans(&system).start_shadow(request).await
    };
    let none = plans(&system)
        .get_shadow(pb::GetShadowRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(none.shadow, None);
    let wrong = shipped_but(|plan| plan["rules"] = json!({"one": {"order": 1, "when": "channel == 'fax'"}}));
    let refused = start(wrong.to_string()).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(start("{".to_owned()).await.unwrap_err().code(), Code::InvalidArgument);
    let right = shipped_but(|plan| plan["rules"] = json!({"one": {"order": 1, "priority": 8}}));
    let channel = support_testing::channel(system.routing.address);
    let drafted = support_testing::draft(&channel, "routing/routing-plan", "global", &right).await;
    let of_draft = |draft_id: &str| pb::StartShadowRequest {
        request_id: request_id(),
        content: String::new(),
        draft_id: draft_id.to_owned(),
        length: Some(prost_types::Duration {
            seconds: 3600,
            nanos: 0,
        }),
    };
    let unknown: Id = system.ids.next();
    let refused = plans(&system).start_shadow(of_draft(&unknown.to_string())).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument);
    let refused = plans(&system).start_shadow(of_draft("")).await;
    assert_eq!(refused.unwrap_err().code(), Code::InvalidArgument, "nothing is named");
    let by_draft = plans(&system).start_shadow(of_draft(&drafted)).await.unwrap();
    assert!(by_draft.into_inner().shadow.is_some());
    let begun = start(right.to_string()).await.unwrap().into_inner().shadow.unwrap();
    assert_eq!((begun.tasks, begun.findings.len()), (0, 0));
    let ended = pb::EndShadowRequest {
        request_id: request_id(),
    };
    let ended = plans(&system)
        .end_shadow(ended)
        .await
        .unwrap()
        .into_inner()
        .shadow
        .unwrap();
    assert!(ended.end_time.unwrap().seconds < begun.end_time.unwrap().seconds);
    assert_eq!(ended.start_time, begun.start_time);
}

#[tokio::test]
async fn what_a_plan_would_do_otherwise_is_counted() {
    let world = World::new().await;
    world.agent("kim", &["en"], &[], 6).await;
    let content = shipped_but(|plan| {
        plan["queues"] = json!({"phones": {}});
        plan["rules"] = json!({
            "phones": {"order": 1, "when": "product_line == 'phone'", "queue": "phones", "priority": 9},
            "taught": {"order": 2, "when": "channel == 'phone'", "skills": {"area/calls": {"level": 1}}},
        });
    });
    let length = time::Duration::hours(1);
    world
        .act(async |tx| ops::shadow::start(tx, &world.ids, &content.to_string(), length, world.now()).await)
        .await
        .unwrap();
    world.hand.advance(Duration::from_secs(1));
    let before = world
        .open(world.opening(Channel::Email, "en", Some(ProductLine::Phone)))
        .await;
    for _ in 0..2 {
        world.open_call().await;
    }
    let look = async || {
        let looked = world.act(async |tx| ops::shadow::look(tx, &world.ids, &world.book, world.now()).await);
        looked.await.unwrap()
    };
    assert_eq!(look().await, 0, "they may not all be written yet");
    world.hand.advance(Duration::from_secs(6));
    assert_eq!((look().await, look().await), (3, 0));
    assert_eq!(
        world.read_task(before.id).await.priority,
        5,
        "nothing is done otherwise"
    );
    let mut connection = world.db.read().await.unwrap();
    let found = support_routing::store::shadow::findings(&mut connection).await.unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|((live, tried), found)| {
            let counts = [
                found.tasks,
                found.moved,
                found.raised,
                found.lowered,
                found.fewer,
                found.more,
                found.nobody,
            ];
            (live.as_str(), tried.as_str(), counts)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("default", "taught", [2, 0, 0, 0, 2, 0, 2]),
            ("default", "phones", [1, 1, 1, 0, 0, 0, 0])
        ]
    );
    world.hand.advance(Duration::from_hours(1));
    world.open_call().await;
    world.hand.advance(Duration::from_secs(10));
    assert_eq!(look().await, 0, "it is over");
}
