//! Agents are changed while they work, leave, and are taken in by the thousand.

use support_chassis::error::explain;
use support_proto::support::routing::v1 as pb;
use support_proto::support::types::v1::{Channel, ProductLine};
use support_routing::domain::{AgentId, Channel as ByChannel, LanguageSkill, Presence, ProductLine as Line};
use support_routing::ops;
use tonic::Code;

use crate::invariants::check;
use crate::system::{System, accept, new_agent, next_offer, request_id};
use crate::world::World;

fn update(agent: &pb::Agent, mask: &[&str]) -> pb::UpdateAgentRequest {
    pb::UpdateAgentRequest {
        request_id: request_id(),
        agent_id: agent.agent_id.clone(),
        expected_version: 0,
        agent: Some(agent.clone()),
        update_mask: mask.iter().map(|field| (*field).to_owned()).collect(),
    }
}

fn reason(status: &tonic::Status) -> (Code, String) {
    let answer = explain(status);
    (answer.code, answer.reason)
}

#[tokio::test]
async fn what_is_known_of_an_agent_is_changed_field_by_field() {
    let system = System::start().await;
    let agent = system.agent("amy").await;
    assert_eq!(
        (agent.version, agent.region.as_str(), agent.team.as_str()),
        (1, "eu", "")
    );
    let wanted = pb::Agent {
        picture: "asset/amy.jpg".to_owned(),
        region: "us".to_owned(),
        team: "north".to_owned(),
        site: "elsewhere".to_owned(),
        abilities: vec![pb::Ability {
            name: "accessibility/sign-language".to_owned(),
            level: 3,
        }],
        ..agent.clone()
    };
    let request = update(&wanted, &["picture", "region", "team", "abilities"]);
    let changed = system
        .operator()
        .update_agent(request.clone())
        .await
        .unwrap()
        .into_inner();
    let expected = pb::Agent {
        version: 2,
        site: agent.site.clone(),
        ..wanted.clone()
    };
    assert_eq!(changed.agent, Some(expected.clone()), "the site was not named");
    let again = system.operator().update_agent(request).await.unwrap().into_inner();
    assert_eq!(
        again.agent,
        Some(expected.clone()),
        "one effect, however often it is sent"
    );
    let same = system
        .operator()
        .update_agent(update(&expected, &["team", "site"]))
        .await
        .unwrap();
    assert_eq!(same.into_inner().agent.unwrap().version, 2, "nothing was changed");
    // The picture is shown to customers, and said in no event.
    let told = sqlx::query!(
        r#"select event_type, payload from outbox where event_type like '%AgentUpdated' order by position"#
    )
    .fetch_all(system.db.pool())
    .await
    .unwrap();
    assert_eq!(told.len(), 1);
    assert!(!String::from_utf8_lossy(&told[0].payload).contains("amy"));

    let late = pb::UpdateAgentRequest {
        expected_version: 1,
        ..update(&wanted, &["site"])
    };
    let refused = system.operator().update_agent(late).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::Aborted, "ROUTING_ERROR_REASON_AGENT_CHANGED".to_owned())
    );
    let wrong = pb::Agent {
        languages: Vec::new(),
        capacity: 500,
        ..wanted.clone()
    };
    let request = update(&wrong, &["languages", "team"]);
    let answer = explain(&system.operator().update_agent(request).await.unwrap_err());
    let fields: Vec<_> = answer.violations.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["agent.languages"], "only what is named is looked at");
    let nonsense = update(&wanted, &["load"]);
    assert_eq!(
        system.operator().update_agent(nonsense).await.unwrap_err().code(),
        Code::InvalidArgument
    );
    let nobody = pb::UpdateAgentRequest {
        agent_id: system.ids.next::<AgentId>().to_string(),
        ..update(&wanted, &["team"])
    };
    assert_eq!(
        system.operator().update_agent(nobody).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test]
async fn who_is_changed_gets_other_work_at_once() {
    let system = System::start().await;
    let mut french = new_agent("amy");
    french.languages[0].language = "fr".to_owned();
    let agent = system
        .operator()
        .create_agent(french)
        .await
        .unwrap()
        .into_inner()
        .agent
        .unwrap();
    let (mut stream, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    let case = system.open_case().await;
    system.tasks_of(case, 1, pb::TaskState::Queued).await;
    let english = pb::Agent {
        languages: vec![pb::LanguageSkill {
            language: "en".to_owned(),
            level: 4,
        }],
        ..agent.clone()
    };
    system
        .operator()
        .update_agent(update(&english, &["languages"]))
        .await
        .unwrap();
    let offer = next_offer(&mut stream).await;
    assert_eq!(offer.task.clone().unwrap().case_id, case.to_string());
    system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
    // A call takes all six; with other rules it could not be held, nor beside a smaller capacity.
    for (field, to) in [
        (
            "capacity",
            pb::Agent {
                capacity: 3,
                ..agent.clone()
            },
        ),
        (
            "channels",
            pb::Agent {
                channels: vec![pb::ChannelRule {
                    channel: Channel::Email.into(),
                    weight: 1,
                    mixes_with: Vec::new(),
                }],
                ..agent.clone()
            },
        ),
    ] {
        let answer = system.operator().update_agent(update(&to, &[field])).await;
        if field == "capacity" {
            let refused = reason(&answer.unwrap_err());
            assert_eq!(
                refused,
                (
                    Code::FailedPrecondition,
                    "ROUTING_ERROR_REASON_AGENT_HOLDS_WORK".to_owned()
                )
            );
        } else {
            answer.expect("what is held stays, and no more calls come");
        }
    }
    check(&system.db).await;
}

#[tokio::test]
async fn who_leaves_gives_back_what_they_were_offered_and_is_nobody() {
    let system = System::start().await;
    let agent = system.agent("amy").await;
    let (mut stream, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    let case = system.open_case().await;
    next_offer(&mut stream).await;
    let request = pb::DeactivateAgentRequest {
        request_id: request_id(),
        agent_id: agent.agent_id.clone(),
    };
    let gone = system
        .operator()
        .deactivate_agent(request.clone())
        .await
        .unwrap()
        .into_inner();
    let gone = gone.agent.unwrap();
    assert_eq!(
        (gone.presence(), gone.load, gone.version),
        (pb::Presence::Offline, 0, 2)
    );
    assert!(gone.deactivate_time.is_some());
    system.tasks_of(case, 1, pb::TaskState::Queued).await;
    let back = pb::SetPresenceRequest {
        request_id: request_id(),
        presence: pb::Presence::Available.into(),
    };
    let refused = system.staff("amy").set_presence(back).await.unwrap_err();
    assert_eq!(
        reason(&refused),
        (Code::NotFound, "ROUTING_ERROR_REASON_AGENT_NOT_FOUND".to_owned())
    );
    let twice = pb::DeactivateAgentRequest {
        request_id: request_id(),
        ..request
    };
    let gone_again = (Code::FailedPrecondition, "ROUTING_ERROR_REASON_AGENT_GONE".to_owned());
    assert_eq!(
        reason(&system.operator().deactivate_agent(twice).await.unwrap_err()),
        gone_again
    );
    let changed = system
        .operator()
        .update_agent(update(&gone, &["team"]))
        .await
        .unwrap_err();
    assert_eq!(reason(&changed), gone_again);
    // Whoever comes back is taken in again.
    let answer = import(&system, vec![row("amy")]).await;
    assert_eq!((answer.created, answer.updated, answer.fault_count), (0, 1, 0));
    system.presence("amy", pb::Presence::Available).await;
    system.tasks_of(case, 1, pb::TaskState::Offered).await;
    check(&system.db).await;
}

/// As `new_agent`, for an import.
fn row(subject: &str) -> pb::CreateAgentRequest {
    pb::CreateAgentRequest {
        request_id: String::new(),
        ..new_agent(subject)
    }
}

async fn import(system: &System, rows: Vec<pb::CreateAgentRequest>) -> pb::ImportAgentsResponse {
    let messages: Vec<_> = rows
        .chunks(200)
        .map(|agents| pb::ImportAgentsRequest {
            agents: agents.to_vec(),
        })
        .collect();
    let stream = futures_util::stream::iter(messages);
    system.operator().import_agents(stream).await.unwrap().into_inner()
}

async fn agents(system: &System) -> i64 {
    sqlx::query_scalar!(r#"select count(*) as "count!" from agents"#)
        .fetch_one(system.db.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_same_import_again_changes_nothing() {
    let system = System::start().await;
    let mut rows: Vec<_> = (0..500).map(|number| row(&format!("agent-{number}"))).collect();
    rows[0].certifications = vec![pb::AgentCertification {
        name: "cert/battery-safety".to_owned(),
        grant_time: None,
        expire_time: Some(prost_types::Timestamp {
            seconds: 4_000_000_000,
            nanos: 0,
        }),
    }];
    let first = import(&system, rows.clone()).await;
    assert_eq!(
        (first.created, first.updated, first.unchanged),
        (500, 0, 0),
        "{first:?}"
    );
    let events = async || {
        sqlx::query_scalar!(
            r#"select count(*) as "count!" from outbox where event_type like 'support.routing.v1.Agent%'"#
        )
        .fetch_one(system.db.pool())
        .await
        .unwrap()
    };
    let told = events().await;
    assert_eq!(told, 501, "each was made, one is certified");
    let second = import(&system, rows.clone()).await;
    assert_eq!((second.created, second.updated, second.unchanged), (0, 0, 500));
    assert_eq!(events().await, told);
    rows[7].team = "north".to_owned();
    rows[8].certifications = rows[0].certifications.clone();
    rows.push(row("one-more"));
    let third = import(&system, rows).await;
    assert_eq!((third.created, third.updated, third.unchanged), (1, 2, 498));
    assert_eq!(agents(&system).await, 501);
}

#[tokio::test]
async fn where_a_row_is_wrong_nothing_is_written_and_every_fault_is_told() {
    let system = System::start().await;
    let mut rows: Vec<_> = (0..6).map(|number| row(&format!("agent-{number}"))).collect();
    rows[1].display_name = String::new();
    rows[1].capacity = 0;
    rows[2].time_zone = "Europe/Atlantis".to_owned();
    rows[3].subject = "agent-0".to_owned();
    rows[4].skills.push(pb::ProductSkill {
        product_line: ProductLine::Phone.into(),
        level: 1,
    });
    let answer = import(&system, rows).await;
    let faults: Vec<_> = answer
        .faults
        .iter()
        .map(|fault| (fault.row, fault.field.as_str()))
        .collect();
    assert_eq!(
        faults,
        [
            (2, "display_name"),
            (2, "capacity"),
            (3, "time_zone"),
            (4, "subject"),
            (5, "skills")
        ]
    );
    assert_eq!((answer.fault_count, answer.created, agents(&system).await), (5, 0, 0));
}

/// What the agent holds may not be taken from under them by an import either.
#[tokio::test]
async fn an_import_leaves_room_for_what_is_held() {
    let world = World::new().await;
    let amy = world.agent("amy", &["en"], &[Line::Phone], 6).await;
    world.open_call().await;
    world.make_offers().await;
    let agent = world.read_agent(amy).await;
    assert_eq!(agent.book.load, 6);
    let mut details = agent.details();
    details.capacity = 5;
    details.languages = vec![LanguageSkill {
        language: "fr".parse().unwrap(),
        level: 2,
    }];
    let new = ops::agents::NewAgent {
        subject: "amy".to_owned(),
        details,
        certifications: Vec::new(),
    };
    let mut tx = world.db.begin().await.unwrap();
    let outcome = ops::imports::import(&mut tx, &world.ids, std::slice::from_ref(&new), world.now())
        .await
        .unwrap();
    assert_eq!(outcome.unwrap_err()[0].field, "capacity");
    tx.rollback().await.unwrap();
    let mut larger = new;
    larger.details.capacity = 8;
    let mut tx = world.db.begin().await.unwrap();
    ops::imports::import(&mut tx, &world.ids, &[larger], world.now())
        .await
        .unwrap()
        .unwrap();
    tx.commit().await.unwrap();
    let after = world.read_agent(amy).await;
    assert_eq!((after.book.load, after.book.capacity, after.version), (6, 8, 2));
    assert!(
        !after.book.room().has(ByChannel::Email),
        "a call is held beside nothing"
    );
    assert_eq!(after.presence, Presence::Available);
    world.check().await;
}
