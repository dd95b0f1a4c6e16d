//! Every reason of the contract is provoked once.

use support_chassis::error::{CommonErrorReason, Explained, explain};
use support_chassis::id::Id;
use support_proto::support::routing::v1 as pb;
use support_proto::support::routing::v1::RoutingErrorReason as Reason;
use support_proto::support::types::v1::ProductLine;
use tonic::{Code, Response, Status};

use crate::invariants::check;
use crate::system::{System, accept, complete, new_agent, next_offer, reject, request_id};

fn refused<T: std::fmt::Debug>(answer: Result<Response<T>, Status>, code: Code, reason: Reason) -> Explained {
    let explained = explain(&answer.unwrap_err());
    assert_eq!(
        (explained.code, explained.reason.as_str()),
        (code, reason.as_str_name())
    );
    assert_eq!(explained.domain, "support.routing.v1");
    explained
}

#[tokio::test]
async fn agents_that_are_none_or_exist() {
    let system = System::start().await;
    let unknown = system.ids.next::<Id>().to_string();
    let request = pb::GetAgentRequest {
        agent_id: unknown.clone(),
    };
    refused(
        system.staff("amy").get_agent(request).await,
        Code::NotFound,
        Reason::AgentNotFound,
    );
    let request = pb::SetPresenceRequest {
        request_id: request_id(),
        presence: pb::Presence::Available.into(),
    };
    refused(
        system.staff("amy").set_presence(request).await,
        Code::NotFound,
        Reason::AgentNotFound,
    );
    let watched = system.staff("amy").watch_offers(pb::WatchOffersRequest {}).await;
    assert_eq!(
        explain(&watched.map(|_| ()).unwrap_err()).reason,
        Reason::AgentNotFound.as_str_name()
    );
    refused(
        system.staff("amy").complete_task(complete(&unknown)).await,
        Code::NotFound,
        Reason::AgentNotFound,
    );

    system.agent("amy").await;
    refused(
        system.operator().create_agent(new_agent("amy")).await,
        Code::AlreadyExists,
        Reason::AgentExists,
    );
}

#[tokio::test]
async fn offers_and_tasks_of_others_are_not_there() {
    let system = System::start().await;
    system.agent("amy").await;
    let (mut amy, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    system.open_case().await;
    let offer = next_offer(&mut amy).await;
    let task_id = offer.task.clone().unwrap().task_id;
    system.agent("ben").await;

    let mut ben = system.staff("ben");
    refused(
        ben.accept_offer(accept(&offer)).await,
        Code::NotFound,
        Reason::OfferNotFound,
    );
    refused(
        ben.reject_offer(reject(&offer)).await,
        Code::NotFound,
        Reason::OfferNotFound,
    );
    refused(
        ben.complete_task(complete(&task_id)).await,
        Code::NotFound,
        Reason::TaskNotFound,
    );
    let state = refused(
        system.staff("amy").complete_task(complete(&task_id)).await,
        Code::FailedPrecondition,
        Reason::TaskState,
    );
    assert_eq!(
        (state.metadata["state"].as_str(), state.metadata["action"].as_str()),
        ("offered", "completed")
    );
    assert_eq!(state.preconditions[0].subject, task_id);

    system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
    let ended = refused(
        system.staff("amy").reject_offer(reject(&offer)).await,
        Code::FailedPrecondition,
        Reason::OfferEnded,
    );
    assert_eq!(ended.metadata["ended_as"], "accepted");
    refused(
        ben.complete_task(complete(&task_id)).await,
        Code::NotFound,
        Reason::TaskNotFound,
    );
    check(&system.db).await;
}

#[tokio::test]
async fn tasks_that_are_none() {
    let system = System::start().await;
    let task_id = system.ids.next::<Id>().to_string();
    let request = pb::GetTaskRequest {
        task_id: task_id.clone(),
    };
    refused(
        system.tasks().get_task(request).await,
        Code::NotFound,
        Reason::TaskNotFound,
    );
    let request = pb::ListTaskHistoryRequest { task_id };
    refused(
        system.tasks().list_task_history(request).await,
        Code::NotFound,
        Reason::TaskNotFound,
    );
}

#[tokio::test]
async fn fields_beyond_the_rules_of_the_contract() {
    let system = System::start().await;
    let mut request = new_agent("amy");
    request.languages.push(pb::LanguageSkill {
        language: "EN".to_owned(),
        level: 1,
    });
    request.languages.push(pb::LanguageSkill {
        language: "en-abcdefgh-1".to_owned(),
        level: 1,
    });
    request.skills.push(pb::ProductSkill {
        product_line: ProductLine::Phone.into(),
        level: 1,
    });
    let answer = explain(&system.operator().create_agent(request).await.unwrap_err());
    assert_eq!(
        (answer.code, answer.common()),
        (Code::InvalidArgument, Some(CommonErrorReason::InvalidFields))
    );
    let fields: Vec<_> = answer
        .violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["languages", "skills"]);

    // Of the right form, but no id: not of version 7, or of another region than it says.
    for agent_id in [
        "eu-00000000-0000-4000-8000-000000000000",
        "eu-------------------------------------",
    ] {
        let answer = system
            .staff("amy")
            .get_agent(pb::GetAgentRequest {
                agent_id: agent_id.to_owned(),
            })
            .await;
        let answer = explain(&answer.unwrap_err());
        assert_eq!(answer.violations[0].field, "agent_id", "{answer:?}");
    }
}

#[tokio::test]
async fn page_tokens_of_other_lists() {
    let system = System::start().await;
    for subject in ["amy", "ben"] {
        system.agent(subject).await;
    }
    let request = pb::ListAgentsRequest {
        page_size: 1,
        ..Default::default()
    };
    let page_token = system
        .operator()
        .list_agents(request)
        .await
        .unwrap()
        .into_inner()
        .next_page_token;
    assert!(!page_token.is_empty());
    let other = pb::ListAgentsRequest {
        page_token: page_token.clone(),
        presence: pb::Presence::Break.into(),
        ..Default::default()
    };
    let answer = explain(&system.operator().list_agents(other).await.unwrap_err());
    assert_eq!(answer.common(), Some(CommonErrorReason::PageTokenInvalid));
    let other = pb::ListTasksRequest {
        page_token,
        ..Default::default()
    };
    let answer = explain(&system.tasks().list_tasks(other).await.unwrap_err());
    assert_eq!(
        (answer.code, answer.common()),
        (Code::InvalidArgument, Some(CommonErrorReason::PageTokenInvalid))
    );
}

#[tokio::test]
async fn what_cannot_be_done_by_hand() {
    let system = System::start().await;
    let amy = system.agent("amy").await.agent_id;
    let ben = system.agent("ben").await.agent_id;
    let (mut stream, _) = system.watch("amy").await;
    system.presence("amy", pb::Presence::Available).await;
    system.open_case().await;
    let offer = next_offer(&mut stream).await;
    let task_id = offer.task.clone().unwrap().task_id;
    let assign = |task_id: &str, agent_id: &str| pb::AssignTaskRequest {
        request_id: request_id(),
        task_id: task_id.to_owned(),
        agent_id: agent_id.to_owned(),
        cause: pb::HandCause::Expertise.into(),
    };
    let mut lead = system.desk("lead");
    let state = refused(
        lead.assign_task(assign(&task_id, &amy)).await,
        Code::FailedPrecondition,
        Reason::TaskState,
    );
    assert_eq!(state.metadata["action"], "assigned");
    system.staff("amy").accept_offer(accept(&offer)).await.unwrap();
    let waiting_case = system.open_case().await;
    let waiting = system
        .tasks_of(waiting_case, 1, pb::TaskState::Queued)
        .await
        .remove(0)
        .task_id;
    refused(
        lead.assign_task(assign(&waiting, &amy)).await,
        Code::FailedPrecondition,
        Reason::AgentBusy,
    );
    refused(
        lead.assign_task(assign(&waiting, &ben)).await,
        Code::FailedPrecondition,
        Reason::AgentAway,
    );
    let take_over = pb::TakeOverTaskRequest {
        request_id: request_id(),
        task_id: task_id.clone(),
        cause: pb::HandCause::Escalation.into(),
    };
    refused(
        lead.take_over_task(take_over).await,
        Code::NotFound,
        Reason::AgentNotFound,
    );
    let add = |agent_id: &str| pb::AddParticipantRequest {
        request_id: request_id(),
        task_id: task_id.clone(),
        agent_id: agent_id.to_owned(),
        note_id: String::new(),
    };
    let mut amy_desk = system.desk("amy");
    refused(
        amy_desk.add_participant(add(&amy)).await,
        Code::AlreadyExists,
        Reason::ParticipantExists,
    );
    let hand_over = pb::HandOverTaskRequest {
        request_id: request_id(),
        task_id: task_id.clone(),
        agent_id: ben.clone(),
        cause: pb::HandCause::Expertise.into(),
        ..Default::default()
    };
    refused(
        amy_desk.hand_over_task(hand_over).await,
        Code::NotFound,
        Reason::ParticipantNotFound,
    );
    // Else the task that waits would come to them first.
    system.close_case(waiting_case).await;
    system.tasks_of(waiting_case, 1, pb::TaskState::Canceled).await;
    for (place, subject) in ["eva", "kim", "lou", "max"].into_iter().enumerate() {
        let agent = system.agent(subject).await.agent_id;
        system.presence(subject, pb::Presence::Available).await;
        let joined = amy_desk.add_participant(add(&agent)).await;
        if place < 3 {
            assert_eq!(joined.unwrap().into_inner().participant_agent_ids.len(), place + 1);
        } else {
            refused(joined, Code::FailedPrecondition, Reason::ConferenceFull);
        }
    }
    check(&system.db).await;
}
