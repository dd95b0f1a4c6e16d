//! What would be, asked through the door.

use prost_types::Duration;
use support_chassis::error::explain;
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::RoutingErrorReason as Reason;
use support_proto::support::types::v1::Channel;
use tonic::Code;

use crate::system::System;

const fn seconds(seconds: i64) -> Duration {
    Duration { seconds, nanos: 0 }
}

fn mean(length: i64) -> pb::SimulatedTime {
    pb::SimulatedTime {
        mean: Some(seconds(length)),
        ..pb::SimulatedTime::default()
    }
}

/// Two hours of calls in English, so many a quarter of an hour, of three minutes each.
fn demand(calls: f64) -> pb::SimulatedDemand {
    pb::SimulatedDemand {
        length: Some(seconds(7200)),
        works: vec![pb::SimulatedWork {
            name: "calls".to_owned(),
            channel: Channel::Phone.into(),
            language: "en".to_owned(),
            arrivals: vec![calls],
            handling: Some(mean(180)),
            patience: Some(mean(120)),
            ..pb::SimulatedWork::default()
        }],
        seed: 7,
        replications: 4,
        ..pb::SimulatedDemand::default()
    }
}

fn group(name: &str) -> pb::SimulatedGroup {
    pb::SimulatedGroup {
        name: name.to_owned(),
        site: "cork".to_owned(),
        languages: vec![pb::LanguageSkill {
            language: "en".to_owned(),
            level: 4,
        }],
        ..pb::SimulatedGroup::default()
    }
}

fn shift(agents: i32) -> pb::SimulatedShift {
    pb::SimulatedShift {
        agents,
        to: Some(seconds(7200)),
        ..pb::SimulatedShift::default()
    }
}

fn team(agents: i32) -> pb::SimulatedTeam {
    pb::SimulatedTeam {
        group: Some(group("cork")),
        shifts: vec![shift(agents)],
    }
}

fn request(calls: f64, agents: i32) -> pb::SimulateRequest {
    pb::SimulateRequest {
        demand: Some(demand(calls)),
        teams: vec![team(agents)],
    }
}

#[tokio::test]
async fn a_floor_is_played_by_the_plan_that_holds() {
    let system = System::start().await;
    let ask = |agents| {
        let mut planner = system.planner();
        async move { planner.simulate(request(25.0, agents)).await.unwrap().into_inner() }
    };
    let (few, again, many) = (ask(4).await, ask(4).await, ask(12).await);
    assert_eq!(few, again, "the same question has the same answer");
    assert!(
        few.standard_basis[0].contains("routing-plan@"),
        "{:?}",
        few.standard_basis
    );
    assert_eq!((few.intervals.len(), few.works.len(), few.teams.len()), (8, 1, 1));
    let level = |answer: &pb::SimulateResponse| answer.all.as_ref().unwrap().service_level.unwrap();
    assert!(level(&few).mean + 0.2 < level(&many).mean, "{few:?} {many:?}");
    assert_eq!(level(&few).number, 4);
    let contacts = few.all.as_ref().unwrap().contacts.unwrap().mean;
    assert!((150.0..250.0).contains(&contacts), "{contacts}");
    // The same customers came, whoever was there.
    assert_eq!(
        Some(contacts),
        many.all.as_ref().unwrap().contacts.map(|figure| figure.mean)
    );
}

#[tokio::test]
async fn a_draft_of_the_plan_is_tried() {
    let system = System::start().await;
    let answer = system.planner().simulate(request(25.0, 8)).await.unwrap().into_inner();
    let mut asked = request(25.0, 8);
    let mut draft = support_routing::ROUTING_PLAN.parse_shipped().unwrap();
    // Nobody of the team speaks so well.
    draft.requirements.as_mut().unwrap().language_level = 5;
    draft.relaxation.clear();
    asked.demand.as_mut().unwrap().plan = Some(draft);
    let tried = system.planner().simulate(asked).await.unwrap().into_inner();
    let answered = |answer: &pb::SimulateResponse| answer.teams[0].answered.unwrap().mean;
    assert!(answered(&answer) > 100.0);
    assert!(answered(&tried).abs() < f64::EPSILON, "{tried:?}");
    assert!(tried.standard_basis.is_empty());
}

#[tokio::test]
async fn a_roster_is_found() {
    let system = System::start().await;
    let request = pb::StaffRequest {
        demand: Some(demand(20.0)),
        pools: vec![pb::StaffPool {
            group: Some(group("cork")),
            shifts: vec![shift(0)],
            hourly_cost: 20.0,
        }],
        service_level: 0.8,
        abandonment: 0.0,
    };
    let answer = system.planner().staff(request).await.unwrap().into_inner();
    assert!(answer.meets_targets && answer.is_tight, "{answer:?}");
    let agents = answer.rosters[0].agents[0];
    assert!((5..=12).contains(&agents), "{agents}");
    assert!((answer.cost - f64::from(agents) * 40.0).abs() < 1e-9);
    assert!(
        answer
            .intervals
            .iter()
            .all(|interval| interval.agents == [agents] && interval.meets_targets)
    );
}

#[tokio::test]
async fn a_plot_is_drawn() {
    let system = System::start().await;
    let request = pb::PlotRequest {
        demand: Some(demand(25.0)),
        teams: vec![team(6)],
    };
    let answer = system.planner().plot(request).await.unwrap().into_inner();
    let svg = String::from_utf8(answer.svg).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("answered within the target"));
    assert_eq!(answer.outcome.unwrap().intervals.len(), 8);
}

#[tokio::test]
async fn what_is_too_large_is_refused() {
    let system = System::start().await;
    let refused = system.planner().simulate(request(100_000.0, 4)).await.unwrap_err();
    let explained = explain(&refused);
    assert_eq!(
        (explained.code, explained.reason.as_str()),
        (Code::InvalidArgument, Reason::SimulationTooLarge.as_str_name())
    );
    assert_eq!(explained.metadata["what"], "contacts");
    let mut many = request(1.0, 20_000);
    many.teams.push(team(1));
    let explained = explain(&system.planner().simulate(many).await.unwrap_err());
    assert_eq!(explained.metadata["what"], "agents");
}

#[tokio::test]
async fn what_cannot_be_is_refused_by_field() {
    let system = System::start().await;
    let mut asked = request(1.0, 4);
    asked.demand.as_mut().unwrap().works[0].trace = vec![pb::SimulatedArrival {
        at: Some(seconds(1)),
        ..pb::SimulatedArrival::default()
    }];
    asked.teams[0].shifts[0].breaks = vec![pb::SimulatedBreak {
        from: Some(seconds(7000)),
        to: Some(seconds(8000)),
    }];
    let explained = explain(&system.planner().simulate(asked).await.unwrap_err());
    assert_eq!(explained.code, Code::InvalidArgument);
    let fields: Vec<_> = explained
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["demand.works[0].arrivals", "teams[0].shifts[0].breaks[0]"]);
}

#[tokio::test]
async fn contacts_are_passed_on_and_called_back() {
    let system = System::start().await;
    let mut asked = demand(20.0);
    asked.works.push(pb::SimulatedWork {
        name: "second line".to_owned(),
        arrivals: vec![0.0],
        ..asked.works[0].clone()
    });
    asked.works[0].transfer = Some(pb::SimulatedTransfer {
        to: "second line".to_owned(),
        share: 0.4,
    });
    asked.works[0].callback = 1.0;
    let ask = async |demand: &pb::SimulatedDemand| {
        let request = pb::SimulateRequest {
            demand: Some(demand.clone()),
            teams: vec![pb::SimulatedTeam {
                group: Some(group("cork")),
                shifts: vec![shift(5)],
            }],
        };
        system.planner().simulate(request).await
    };
    let told = ask(&asked).await.unwrap().into_inner();
    let of = |work: usize| told.works[work].faring.unwrap();
    assert!(of(0).called_back.unwrap().mean > 0.0 && of(0).callback_seconds.unwrap().mean > 0.0);
    assert!(of(0).abandonment.unwrap().mean.abs() < 1e-9, "they are called back");
    assert!((of(1).transferred.unwrap().mean - 1.0).abs() < 1e-9);
    assert!(of(1).contacts.unwrap().mean > 0.0);
    asked.works[0].transfer.as_mut().unwrap().to = "third line".to_owned();
    asked.works[1].channel = Channel::Chat.into();
    asked.works[1].callback = 0.5;
    let refused = ask(&asked).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let fields = explain(&refused).violations;
    let named = |field: &str| fields.iter().any(|violation| violation.field == field);
    assert!(
        named("demand.works[0].transfer.to") && named("demand.works[1].callback"),
        "{fields:?}"
    );
}
