//! What routing and repair-logistics tell.

use support_chassis::id::Id;
use support_proto::support::case::v1::{
    CaseState, CloseCaseRequest, CloseReason, GetCaseRequest, TimelineEntryKind as Kind,
};
use support_proto::support::repair::v1::{RepairState, RepairStateChanged, RepairSubmitted};
use support_proto::support::routing::v1::{TaskAccepted, TaskCanceled, TaskCompleted, TaskQueued};
use support_proto::support::warranty::v1::CoverageOutcome;

use crate::world::{World, new_agent, new_id, open, opening, request_id};

#[tokio::test]
async fn a_task_gives_the_case_to_its_agent() {
    let world = World::with_peers().await;
    let routing = world.routing.as_ref().unwrap();
    let (_, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    let (agent, task, case_id) = (new_agent().to_string(), new_id(), case.case_id.clone());
    let subject: Id = task.parse().unwrap();
    routing
        .tell(
            subject,
            &TaskQueued {
                task_id: task.clone(),
                case_id: case_id.clone(),
            },
        )
        .await;
    let accepted = TaskAccepted {
        task_id: task.clone(),
        case_id: case_id.clone(),
        agent_id: agent.clone(),
    };
    routing.tell(subject, &accepted).await;
    world.caught_up(routing).await;

    let read = client
        .get_case(GetCaseRequest {
            case_id: case_id.clone(),
        })
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    assert_eq!((read.state(), &read.assigned_agent_id), (CaseState::Assigned, &agent));
    let completed = TaskCompleted {
        task_id: task.clone(),
        case_id: case_id.clone(),
        agent_id: agent.clone(),
    };
    routing.tell(subject, &completed).await;
    let second = new_id();
    routing
        .tell(
            second.parse().unwrap(),
            &TaskCanceled {
                task_id: second.clone(),
                case_id: case_id.clone(),
            },
        )
        .await;
    world.caught_up(routing).await;

    let history = world.history(&case_id).await;
    let told: Vec<_> = history
        .iter()
        .map(|entry| {
            (
                entry.kind(),
                entry.source.as_str(),
                entry.subject_id.as_str(),
                entry.actor_id.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told[1..],
        [
            (Kind::TaskQueued, "routing", task.as_str(), ""),
            (Kind::CaseAssigned, "routing", task.as_str(), agent.as_str()),
            (Kind::TaskCompleted, "routing", task.as_str(), agent.as_str()),
            (Kind::TaskCanceled, "routing", second.as_str(), ""),
        ]
    );
    let events = world.events(2).await;
    assert_eq!(events[1].event_type, "support.case.v1.CaseAssigned");
}

#[tokio::test]
async fn a_task_taken_too_late_is_told_and_changes_nothing() {
    let world = World::with_peers().await;
    let routing = world.routing.as_ref().unwrap();
    let (_, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    let close = CloseCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        close_reason: CloseReason::Withdrawn.into(),
        etag: String::new(),
    };
    let closed = client.close_case(close).await.unwrap().into_inner().case.unwrap();

    let (task, agent) = (new_id(), new_agent().to_string());
    let accepted = TaskAccepted {
        task_id: task.clone(),
        case_id: case.case_id.clone(),
        agent_id: agent,
    };
    routing.tell(task.parse().unwrap(), &accepted).await;
    world.caught_up(routing).await;

    let request = GetCaseRequest {
        case_id: case.case_id.clone(),
    };
    assert_eq!(
        client.get_case(request).await.unwrap().into_inner().case.unwrap(),
        closed
    );
    assert_eq!(
        world.kinds(&case.case_id).await,
        [Kind::CaseOpened, Kind::CaseClosed, Kind::CaseAssigned]
    );
    assert_eq!(parked(&world).await, []);
}

#[tokio::test]
async fn what_cannot_be_placed_is_set_aside_and_the_rest_goes_on() {
    let world = World::with_peers().await;
    let (routing, repairs) = (world.routing.as_ref().unwrap(), world.repairs.as_ref().unwrap());
    let (_, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    let task = new_id();
    let subject: Id = task.parse().unwrap();
    let queued = |case_id: &str| TaskQueued {
        task_id: task.clone(),
        case_id: case_id.to_owned(),
    };
    routing.tell(subject, &queued(&new_id())).await;
    routing.tell(subject, &queued("no id")).await;
    let accepted = TaskAccepted {
        task_id: task.clone(),
        case_id: new_id(),
        agent_id: new_agent().to_string(),
    };
    routing.tell(subject, &accepted).await;
    routing.tell(subject, &queued(&case.case_id)).await;
    let submitted = RepairSubmitted {
        repair_id: task.clone(),
        case_id: new_id(),
        ..RepairSubmitted::default()
    };
    repairs.tell(subject, &submitted).await;
    world.caught_up(routing).await;
    world.caught_up(repairs).await;

    assert_eq!(world.kinds(&case.case_id).await, [Kind::CaseOpened, Kind::TaskQueued]);
    let own = |source: &str, reason: &str| (source.to_owned(), reason.to_owned());
    assert_eq!(
        parked(&world).await,
        [
            own("repair-logistics", "no such case"),
            own("routing", "no such case"),
            own("routing", "case_id is not an id of the form <region>-<uuid>"),
            own("routing", "no such case"),
        ]
    );
}

async fn parked(world: &World) -> Vec<(String, String)> {
    sqlx::query_as("select source, reason from feed_parked order by source, position")
        .fetch_all(world.db.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_history_tells_of_repairs() {
    let world = World::with_peers().await;
    let repairs = world.repairs.as_ref().unwrap();
    let (_, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    let repair = new_id();
    let subject: Id = repair.parse().unwrap();
    let submitted = RepairSubmitted {
        repair_id: repair.clone(),
        case_id: case.case_id.clone(),
        coverage_outcome: CoverageOutcome::Unspecified.into(),
        ..RepairSubmitted::default()
    };
    repairs.tell(subject, &submitted).await;
    let changed = RepairStateChanged {
        repair_id: repair.clone(),
        case_id: case.case_id.clone(),
        from_state: RepairState::Submitted.into(),
        to_state: RepairState::Returned.into(),
        ..RepairStateChanged::default()
    };
    repairs.tell(subject, &changed).await;
    world.caught_up(repairs).await;

    let history = world.history(&case.case_id).await;
    let told: Vec<_> = history[1..]
        .iter()
        .map(|entry| (entry.kind(), entry.detail.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Kind::RepairSubmitted, ""),
            (Kind::RepairStateChanged, "REPAIR_STATE_RETURNED")
        ]
    );
    assert!(
        history[1..]
            .iter()
            .all(|entry| entry.source == "repair-logistics" && entry.subject_id == repair)
    );
}
