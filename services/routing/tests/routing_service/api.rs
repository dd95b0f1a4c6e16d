//! What a front end and the other services see when all goes well.

use std::collections::BTreeMap;

use support_chassis::error::{CommonErrorReason, explain};
use support_chassis::id::Id;
use support_proto::support::case::v1 as case;
use support_proto::support::feed::v1::SubscribeRequest;
use support_proto::support::feed::v1::feed_service_client::FeedServiceClient;
use support_proto::support::options::v1::CallerKind;
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::desk_service_client::DeskServiceClient;
use support_proto::support::types::v1::{Channel, ProductLine};
use tonic::Code;

use crate::invariants::check;
use crate::system::{PATIENCE, System, accept, complete, new_agent, next, next_offer, reject, request_id, shipped_but};

/// The events of routing's feed about `subject`, once there are so many.
async fn events(system: &System, subject: &str, count: usize) -> Vec<String> {
    let mut feed = FeedServiceClient::new(system.peer(CallerKind::Service, "case", &[]));
    let request = SubscribeRequest {
        consumer: "case".to_owned(),
        after_position: 0,
        event_types: Vec::new(),
    };
    let mut stream = feed.subscribe(request).await.unwrap().into_inner();
    let mut types = Vec::new();
    while types.len() < count {
        let batch = tokio::time::timeout(PATIENCE, stream.message())
            .await
            .expect("events come")
            .unwrap()
            .unwrap();
        let about = batch.events.into_iter().filter(|event| event.subject_id == subject);
        types.extend(about.map(|event| event.event_type.strip_prefix("support.routing.v1.").unwrap().to_owned()));
    }
    types
}

#[tokio::test]
async fn what_an_agent_holds_at_once_is_theirs() {
    let system = System::start().await;
    let usual = system.agent("amy").await.channels;
    let written = [Channel::Email, Channel::Chat, Channel::Social, Channel::App];
    for rule in &usual {
        let mixes: Vec<Channel> = rule.mixes_with().collect();
        let others = written.iter().copied().filter(|other| *other != rule.channel());
        let (weight, with) = match rule.channel() {
            Channel::Phone | Channel::Store => (0, Vec::new()),
            Channel::Chat | Channel::App => (2, others.collect()),
            _ => (1, others.collect()),
        };
        assert_eq!((rule.weight, mixes), (weight, with), "{:?}", rule.channel());
    }
    assert_eq!(usual.len(), 6);
    let rule = |channel: Channel, weight, mixes_with: &[Channel]| pb::ChannelRule {
        channel: channel.into(),
        weight,
        mixes_with: mixes_with.iter().map(|other| (*other).into()).collect(),
    };
    let mut request = new_agent("ben");
    request.channels = vec![rule(Channel::Phone, 5, &[]), rule(Channel::Email, 1, &[Channel::Phone])];
    let ben = system
        .operator()
        .create_agent(request)
        .await
        .unwrap()
        .into_inner()
        .agent
        .unwrap();
    assert_eq!(
        ben.channels,
        [
            rule(Channel::Phone, 5, &[Channel::Email]),
            rule(Channel::Email, 1, &[Channel::Phone])
        ]
    );
    for (channels, field) in [
        (vec![rule(Channel::Chat, 7, &[])], "channels[0].weight"),
        (
            vec![rule(Channel::Chat, 1, &[]), rule(Channel::Chat, 2, &[])],
            "channels",
        ),
        (vec![rule(Channel::Chat, 1, &[Channel::Email])], "channels"),
    ] {
        let request = pb::CreateAgentRequest {
            channels,
            ..new_agent("eva")
        };
        let answer = explain(&system.operator().create_agent(request).await.unwrap_err());
        assert_eq!(answer.code, Code::InvalidArgument);
        assert_eq!(answer.violations[0].field, field);
    }
}

#[tokio::test]
async fn a_case_finds_its_agent() {
    let system = System::start().await;
    let agent = system.agent("amy").await;
    assert_eq!(
        (agent.presence(), agent.load, agent.capacity),
        (pb::Presence::Offline, 0, 6)
    );
    let (mut stream, first) = system.watch("amy").await;
    assert!(first.made.is_empty() && first.ended_offer_ids.is_empty(), "{first:?}");
    system.presence("amy", pb::Presence::Available).await;

    let case = system.open_case().await;
    let offer = next_offer(&mut stream).await;
    let task = offer.task.clone().unwrap();
    assert_eq!(
        (task.case_id.as_str(), task.state()),
        (case.to_string().as_str(), pb::TaskState::Offered)
    );
    assert_eq!((task.priority, task.weight, task.offer_count), (7, 6, 1));
    assert_eq!(
        (task.channel(), task.product_line(), task.language.as_str()),
        (Channel::Phone, ProductLine::Phone, "en-GB")
    );
    assert_eq!((&offer.agent_id, &task.agent_id), (&agent.agent_id, &agent.agent_id));

    let request = accept(&offer);
    let taken = system
        .staff("amy")
        .accept_offer(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(taken.task.as_ref().unwrap().state(), pb::TaskState::Accepted);
    let told = next(&mut stream).await;
    assert_eq!(
        (told.made.len(), told.ended_offer_ids),
        (0, vec![offer.offer_id.clone()])
    );

    let done = system
        .staff("amy")
        .complete_task(complete(&task.task_id))
        .await
        .unwrap()
        .into_inner()
        .task
        .unwrap();
    assert_eq!(done.state(), pb::TaskState::Completed);
    assert!(done.end_time.is_some() && done.accept_time.is_some());
    // The same call again has the same answer, though the task has moved on.
    assert_eq!(
        system
            .staff("amy")
            .accept_offer(request.clone())
            .await
            .unwrap()
            .into_inner(),
        taken
    );
    let other_body = pb::AcceptOfferRequest {
        offer_id: task.task_id.clone(),
        ..request
    };
    let refused = explain(&system.staff("amy").accept_offer(other_body).await.unwrap_err());
    assert_eq!(refused.common(), Some(CommonErrorReason::RequestIdReused));

    let request = pb::ListTaskHistoryRequest {
        task_id: task.task_id.clone(),
    };
    let entries = system
        .tasks()
        .list_task_history(request)
        .await
        .unwrap()
        .into_inner()
        .entries;
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.sequence, entry.change(), entry.agent_load, entry.agent_capacity))
        .collect();
    assert_eq!(
        told,
        [
            (1, pb::TaskChange::Queued, 0, 0),
            (2, pb::TaskChange::Offered, 6, 6),
            (3, pb::TaskChange::Accepted, 6, 6),
            (4, pb::TaskChange::Completed, 0, 6),
        ]
    );
    assert_eq!(
        events(&system, &task.task_id, 4).await,
        ["TaskQueued", "TaskOffered", "TaskAccepted", "TaskCompleted"]
    );
    assert_eq!(
        events(&system, &agent.agent_id, 2).await,
        ["AgentCreated", "AgentPresenceChanged"]
    );
    check(&system.db).await;
}

#[tokio::test]
async fn a_declined_task_goes_to_the_next() {
    let system = System::start().await;
    system.agent("amy").await;
    system.agent("ben").await;
    let (mut amy, _) = system.watch("amy").await;
    let (mut ben, _) = system.watch("ben").await;
    system.presence("amy", pb::Presence::Available).await;
    system.presence("ben", pb::Presence::Available).await;
    system.open_case().await;
    let offer = next_offer(&mut amy).await;
    let back = system
        .staff("amy")
        .reject_offer(reject(&offer))
        .await
        .unwrap()
        .into_inner()
        .task
        .unwrap();
    assert_eq!((back.state(), back.agent_id.as_str()), (pb::TaskState::Queued, ""));
    let second = next_offer(&mut ben).await;
    assert_eq!(second.task.as_ref().unwrap().task_id, back.task_id);
    assert_eq!(second.task.unwrap().queue_time, back.queue_time);
    assert_eq!(next(&mut amy).await.ended_offer_ids, [offer.offer_id]);
    check(&system.db).await;
}

#[tokio::test]
async fn an_unanswered_offer_runs_out() {
    let system = System::start().await;
    system
        .publish("global", &shipped_but(|plan| plan["offers"]["timeout"] = "1s".into()))
        .await;
    system.agent("amy").await;
    let (mut amy, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    let case = system.open_case().await;
    let offer = next_offer(&mut amy).await;
    assert_eq!(
        next(&mut amy).await.ended_offer_ids,
        std::slice::from_ref(&offer.offer_id)
    );
    system.tasks_of(case, 1, pb::TaskState::Queued).await;
    let refused = explain(&system.staff("amy").accept_offer(accept(&offer)).await.unwrap_err());
    assert_eq!(refused.metadata["ended_as"], "timed_out");
    check(&system.db).await;
}

#[tokio::test]
async fn what_happens_to_a_case_happens_to_its_tasks() {
    let system = System::start().await;
    let agent = system.agent("amy").await;
    let (mut amy, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;

    let closed = system.open_case().await;
    let offer = next_offer(&mut amy).await;
    system.close_case(closed).await;
    assert_eq!(next(&mut amy).await.ended_offer_ids, [offer.offer_id]);

    let resolved = system.open_case().await;
    let offer = next_offer(&mut amy).await;
    system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
    next(&mut amy).await;
    let waiting = system.open_case().await;
    system.tasks_of(waiting, 1, pb::TaskState::Queued).await;
    for case in [resolved, waiting] {
        let resolution = case::Resolution::default();
        system
            .tell(
                case,
                &case::CaseResolved {
                    case_id: case.to_string(),
                    resolution: resolution.into(),
                },
            )
            .await;
    }
    system.tasks_of(waiting, 1, pb::TaskState::Canceled).await;
    let accepted = system.tasks_of(resolved, 1, pb::TaskState::Accepted).await;
    system.close_case(resolved).await;
    let ended = system.tasks_of(resolved, 1, pb::TaskState::Canceled).await;
    assert_eq!(
        (&ended[0].task_id, &ended[0].agent_id),
        (&accepted[0].task_id, &agent.agent_id)
    );

    let reopened = case::CaseReopened {
        case_id: resolved.to_string(),
        customer_id: system.ids.next::<Id>().to_string(),
        channel: Channel::Email.into(),
        language: "en".to_owned(),
        product_line: ProductLine::Unspecified.into(),
        severity: case::Severity::Unspecified.into(),
        ..case::CaseReopened::default()
    };
    system.tell(resolved, &reopened).await;
    let task = next_offer(&mut amy).await.task.unwrap();
    assert_eq!(
        (task.priority, task.weight, task.product_line()),
        (5, 1, ProductLine::Unspecified)
    );
    assert_eq!(
        system.presence("amy", pb::Presence::Available).await.load,
        1,
        "she is free of the closed one"
    );
    check(&system.db).await;
}

#[tokio::test]
async fn a_case_in_another_language_waits_for_that_one_at_the_place_it_had() {
    let system = System::start().await;
    system.agent("amy").await;
    let (mut amy, _) = system.watch("amy").await;
    let waiting = system.open_case().await;
    let before = system.tasks_of(waiting, 1, pb::TaskState::Queued).await;
    let respoken = |case: Id, language: &str| case::CaseLanguageChanged {
        case_id: case.to_string(),
        language: language.to_owned(),
        language_origin: case::LanguageOrigin::Detected.into(),
        channel: before[0].channel,
        product_line: before[0].product_line,
        severity: case::Severity::Normal.into(),
        ..case::CaseLanguageChanged::default()
    };
    system.tell(waiting, &respoken(waiting, "pt")).await;
    system.tasks_of(waiting, 1, pb::TaskState::Canceled).await;
    let after = system.tasks_of(waiting, 1, pb::TaskState::Queued).await;
    assert_eq!(after[0].language, "pt");
    assert_eq!(after[0].queue_time, before[0].queue_time, "its place in line stays");
    // The same language again: nothing to be done.
    system.tell(waiting, &respoken(waiting, "pt")).await;

    // Whoever works on a case already goes on.
    system.presence("amy", pb::Presence::Available).await;
    let taken = system.open_case().await;
    let offer = next_offer(&mut amy).await;
    system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
    system.tell(taken, &respoken(taken, "pt")).await;
    let last = system.open_case().await;
    system.tasks_of(last, 1, pb::TaskState::Queued).await;
    system.tasks_of(taken, 1, pb::TaskState::Accepted).await;
    assert_eq!(system.tasks_of(waiting, 1, pb::TaskState::Queued).await, after);
    check(&system.db).await;
}

#[tokio::test]
async fn an_event_that_cannot_be_understood_stops_nobody() {
    let system = System::start().await;
    let strange: Id = system.ids.next();
    let opened = case::CaseOpened {
        case_id: strange.to_string(),
        channel: 77,
        ..case::CaseOpened::default()
    };
    system.tell(strange, &opened).await;
    let case = system.open_case().await;
    system.tasks_of(case, 1, pb::TaskState::Queued).await;
    let parked = sqlx::query_scalar!(r#"select count(*) as "count!" from feed_parked"#)
        .fetch_one(system.db.pool())
        .await;
    assert_eq!(parked.unwrap(), 1, "it is kept for a person to see to");
}

#[tokio::test]
async fn lists_come_in_pages() {
    let system = System::start().await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(system.agent(&format!("agent {number}")).await.agent_id);
    }
    made.sort();
    let mut request = pb::ListAgentsRequest {
        page_size: 2,
        ..pb::ListAgentsRequest::default()
    };
    let mut given = Vec::new();
    loop {
        let page = system
            .operator()
            .list_agents(request.clone())
            .await
            .unwrap()
            .into_inner();
        given.extend(page.agents.into_iter().map(|agent| agent.agent_id));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(given, made);
    let available = pb::ListAgentsRequest {
        presence: pb::Presence::Available.into(),
        ..Default::default()
    };
    assert_eq!(
        system
            .operator()
            .list_agents(available)
            .await
            .unwrap()
            .into_inner()
            .agents,
        []
    );

    let mut cases = BTreeMap::new();
    for _ in 0..3 {
        let case = system.open_case().await;
        cases.insert(
            system.tasks_of(case, 1, pb::TaskState::Queued).await.remove(0).task_id,
            case,
        );
    }
    let request = pb::ListTasksRequest {
        page_size: 2,
        ..Default::default()
    };
    let first = system.tasks().list_tasks(request.clone()).await.unwrap().into_inner();
    let request = pb::ListTasksRequest {
        page_token: first.next_page_token,
        ..request
    };
    let second = system.tasks().list_tasks(request).await.unwrap().into_inner();
    let newest_first: Vec<_> = first
        .tasks
        .into_iter()
        .chain(second.tasks)
        .map(|task| task.task_id)
        .collect();
    assert_eq!(newest_first, cases.into_keys().rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn an_agent_is_read_as_it_was_made() {
    let system = System::start().await;
    let mut request = new_agent("amy");
    request.languages.push(pb::LanguageSkill {
        language: "ZH-hans".to_owned(),
        level: 1,
    });
    let made = system
        .operator()
        .create_agent(request.clone())
        .await
        .unwrap()
        .into_inner();
    let again = system.operator().create_agent(request).await.unwrap().into_inner();
    assert_eq!(made, again);
    let agent = made.agent.unwrap();
    assert_eq!(agent.languages[1].language, "zh-Hans");
    let request = pb::GetAgentRequest {
        agent_id: agent.agent_id.clone(),
    };
    assert_eq!(
        system
            .staff("ben")
            .get_agent(request)
            .await
            .unwrap()
            .into_inner()
            .agent
            .unwrap(),
        agent
    );
}

#[tokio::test]
async fn who_may_is_who_the_contract_says() {
    let system = System::start().await;
    system.agent("amy").await;
    let code = |status: tonic::Status| (status.code(), explain(&status).reason);
    let denied = system.staff("amy").create_agent(new_agent("ben")).await.unwrap_err();
    assert_eq!(code(denied).0, Code::PermissionDenied);
    let request = pb::SetPresenceRequest {
        request_id: request_id(),
        presence: pb::Presence::Available.into(),
    };
    let denied = system.operator().set_presence(request).await.unwrap_err();
    assert_eq!(code(denied).0, Code::PermissionDenied);
}

#[tokio::test]
async fn a_task_is_passed_on_with_a_note_and_its_history_says_so() {
    let system = System::start().await;
    system.agent("amy").await;
    let (mut amy, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    system.open_case().await;
    let offer = next_offer(&mut amy).await;
    let task_id = offer.task.clone().unwrap().task_id;
    system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
    next(&mut amy).await;
    let ben = system.agent("ben").await.agent_id;
    let (mut stream, _) = system.watch("ben").await;
    system.presence("ben", pb::Presence::Available).await;
    let note_id = system.ids.next::<Id>().to_string();
    let request = pb::TransferTaskRequest {
        request_id: request_id(),
        task_id: task_id.clone(),
        agent_id: ben.clone(),
        cause: pb::HandCause::Expertise.into(),
        note_id: note_id.clone(),
        ..Default::default()
    };
    let passed = system
        .desk("amy")
        .transfer_task(request)
        .await
        .unwrap()
        .into_inner()
        .task
        .unwrap();
    assert_eq!((passed.state(), &passed.agent_id), (pb::TaskState::Offered, &ben));
    let offer = next_offer(&mut stream).await;
    assert_eq!(offer.task.as_ref().unwrap().task_id, task_id);
    system.staff("ben").accept_offer(accept(&offer)).await.unwrap();
    let desk = system
        .desk("ben")
        .get_desk(pb::GetDeskRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!((desk.items.len(), &desk.items[0].note_id), (1, &note_id));
    let request = pb::EndContactRequest {
        request_id: request_id(),
        task_id: task_id.clone(),
    };
    let wrapping = system.desk("ben").end_contact(request).await.unwrap().into_inner();
    let desk = system
        .desk("ben")
        .get_desk(pb::GetDeskRequest {})
        .await
        .unwrap()
        .into_inner();
    assert_eq!(desk.items[0].wrap_up_due_time, wrapping.wrap_up_due_time);
    system.staff("ben").complete_task(complete(&task_id)).await.unwrap();
    let request = pb::ListTaskHistoryRequest {
        task_id: task_id.clone(),
    };
    let history = system.tasks().list_task_history(request).await.unwrap().into_inner();
    let told: Vec<_> = history
        .entries
        .iter()
        .map(|entry| {
            (
                entry.change(),
                entry.actor.as_str(),
                entry.hand_cause(),
                entry.note_id.as_str(),
            )
        })
        .collect();
    let by_amy = |change| (change, "amy", pb::HandCause::Expertise, note_id.as_str());
    assert_eq!(
        told[3..5],
        [by_amy(pb::TaskChange::Transferred), by_amy(pb::TaskChange::Assigned)]
    );
    assert_eq!(
        events(&system, &task_id, 8).await[3..],
        [
            "TaskReturned",
            "TaskOffered",
            "TaskAccepted",
            "TaskContactEnded",
            "TaskCompleted"
        ]
    );
    check(&system.db).await;
}

#[tokio::test]
async fn supervising_needs_its_scope() {
    let system = System::start().await;
    let request = pb::PullBackTaskRequest {
        request_id: request_id(),
        task_id: system.ids.next::<Id>().to_string(),
        cause: pb::HandCause::Workload.into(),
    };
    let mut agent = DeskServiceClient::new(system.peer(CallerKind::Staff, "amy", &["tasks.work"]));
    let denied = agent.pull_back_task(request.clone()).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let unknown = system.desk("lead").pull_back_task(request).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
}

#[tokio::test]
async fn how_a_day_was_spread_is_said_without_names() {
    let system = System::start().await;
    system.agent("amy").await;
    system.agent("ben").await;
    let (mut amy, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    for _ in 0..2 {
        system.open_case().await;
        let offer = next_offer(&mut amy).await;
        system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
        next(&mut amy).await;
        let task_id = offer.task.unwrap().task_id;
        system.staff("amy").complete_task(complete(&task_id)).await.unwrap();
    }
    // The days of Dublin: what is asked shortly before midnight may have been done the day before.
    let now = support_chassis::clock::Clock::system().now();
    let mut offers = 0.0;
    for day in [now - time::Duration::days(1), now, now + time::Duration::days(1)] {
        let request = pb::GetFairnessRequest {
            site: "Cork".to_owned(),
            day: day.date().to_string(),
            page_size: 1,
            ..pb::GetFairnessRequest::default()
        };
        let told = system
            .desk("lead")
            .get_fairness(request.clone())
            .await
            .unwrap()
            .into_inner();
        assert_eq!(told.next_page_token, "", "there is but one group");
        for group in &told.groups {
            assert_eq!(
                (group.languages.as_slice(), group.agents),
                (&["en".to_owned()][..], 1),
                "{group:?}"
            );
            assert!(group.available_seconds.unwrap().mean > 0.0);
            offers += group.offers.unwrap().most;
        }
    }
    assert!((offers - 2.0_f64).abs() < f64::EPSILON, "{offers}");
    let elsewhere = pb::GetFairnessRequest {
        site: "Nowhere".to_owned(),
        day: now.date().to_string(),
        ..pb::GetFairnessRequest::default()
    };
    let unknown = system.desk("lead").get_fairness(elsewhere).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let never = pb::GetFairnessRequest {
        site: "Cork".to_owned(),
        day: "2026-13-01".to_owned(),
        ..pb::GetFairnessRequest::default()
    };
    let refused = explain(&system.desk("lead").get_fairness(never).await.unwrap_err());
    assert_eq!(refused.violations[0].field, "day");

    // Who does something else is another group, on a page of its own.
    let mut kenji = new_agent("kenji");
    kenji.languages[0].language = "ja".to_owned();
    system.operator().create_agent(kenji).await.unwrap();
    let (_kenji, _) = system.watch("kenji").await;
    system.presence("kenji", pb::Presence::Available).await;
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = pb::GetFairnessRequest {
            site: "Cork".to_owned(),
            day: support_chassis::clock::Clock::system().now().date().to_string(),
            page_size: 1,
            page_token,
        };
        let told = system.desk("lead").get_fairness(request).await.unwrap().into_inner();
        assert!(told.groups.len() <= 1);
        seen.push(told.groups.len());
        page_token = told.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
}

#[tokio::test]
async fn whenever_there_is_room_whoever_waits_longest_is_next() {
    let system = System::start().await;
    system.agent("amy").await;
    let (mut amy, _) = system.watch("amy").await;
    let mut cases = Vec::new();
    for _ in 0..3 {
        let case = system.open_case().await;
        system.tasks_of(case, 1, pb::TaskState::Queued).await;
        cases.push(case.to_string());
    }
    // She comes, and each time she has written one up.
    system.presence("amy", pb::Presence::Available).await;
    for (place, case) in cases.iter().enumerate() {
        let offer = next_offer(&mut amy).await;
        let task = offer.task.clone().unwrap();
        assert_eq!(&task.case_id, case, "the {place}th");
        system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
        next(&mut amy).await;
        let request = pb::EndContactRequest {
            request_id: request_id(),
            task_id: task.task_id.clone(),
        };
        system.desk("amy").end_contact(request).await.unwrap();
        system
            .staff("amy")
            .complete_task(complete(&task.task_id))
            .await
            .unwrap();
    }
    check(&system.db).await;
}
