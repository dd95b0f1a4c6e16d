//! One case's whole way, from a code by e-mail to a repaired device.

use support_proto::support::case::v1::{
    CaseState, CloseCaseRequest, CloseReason, GetCaseRequest, ListMessagesRequest, Resolution, ResolveCaseRequest,
    TimelineEntry, TimelineEntryKind as Kind,
};
use support_proto::support::repair::v1::{
    FinishRepairRequest, GetRepairRequest, ReceiveDeviceRequest, RecordDiagnosisRequest, RepairOutcome, RepairState,
    ReturnDeviceRequest, StartRepairRequest, SubmitRepairRequest,
};
use support_proto::support::routing::v1::{
    CompleteTaskRequest, GetAgentRequest, ListTaskHistoryRequest, ListTasksRequest, TaskChange, TaskHistoryEntry,
    TaskState,
};
use support_proto::support::types::v1::Channel;
use support_proto::support::warranty::v1::Damage;
use support_tests::people::{Agent, Customer, partner, request_id, says, timeline};
use support_tests::town::shared;
use support_tests::wait::until;

fn kinds(entries: &[TimelineEntry]) -> Vec<Kind> {
    entries.iter().map(TimelineEntry::kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_goes_its_whole_way_and_its_history_has_no_gap() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let mut agent = Agent::at_work(town, &customer.language, 3).await;
    let serial = customer.device().await;

    // Asked by chat, offered to whoever speaks the language, taken.
    let case = customer.opens("The battery is empty by noon").await;
    assert_eq!(case.state(), CaseState::Open);
    assert_eq!(case.customer_id, customer.id);
    let offer = agent.offered(&case.case_id).await;
    assert_eq!(offer.agent_id, agent.id);
    assert_eq!(offer.task.as_ref().unwrap().language, customer.language);
    let task = agent.accepts(&offer).await;
    assert_eq!(task.state(), TaskState::Accepted);
    until("the case is assigned", async || {
        let asked = GetCaseRequest {
            case_id: case.case_id.clone(),
        };
        let case = customer
            .caller
            .cases()
            .get_case(asked)
            .await
            .unwrap()
            .into_inner()
            .case
            .unwrap();
        (case.state() == CaseState::Assigned && case.assigned_agent_id == agent.id).then_some(())
    })
    .await;

    // Talked about by chat, by phone and in the store: one case.
    says(&customer.caller, &case.case_id, Channel::Chat, "It gets warm, too.").await;
    says(&agent.caller, &case.case_id, Channel::Chat, "Since when?").await;
    says(&customer.caller, &case.case_id, Channel::Phone, "Since the weekend.").await;
    says(&agent.caller, &case.case_id, Channel::Store, "Let us have a look.").await;
    let asked = ListMessagesRequest {
        case_id: case.case_id.clone(),
        ..ListMessagesRequest::default()
    };
    let messages = customer
        .caller
        .cases()
        .list_messages(asked)
        .await
        .unwrap()
        .into_inner()
        .messages;
    let bodies: Vec<&str> = messages.iter().map(|message| message.body.as_str()).collect();
    assert_eq!(
        bodies,
        [
            "It gets warm, too.",
            "Since when?",
            "Since the weekend.",
            "Let us have a look."
        ]
    );

    // Repaired by a partner's own system, with a token it got by OAuth.
    let (workshop, _) = partner(town, "nordlicht-service").await;
    let mut repairs = workshop.repairs();
    let order = SubmitRepairRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        provider_code: "ASP-BER-01".to_owned(),
        serial_number: serial,
        problem: "The back is swollen".to_owned(),
        language: "en".to_owned(),
        damage: Damage::None.into(),
        partner_reference: request_id(),
        ..SubmitRepairRequest::default()
    };
    let submitted = until("the workshop's system has heard of the case", async || {
        repairs.submit_repair(order.clone()).await.ok()
    })
    .await;
    let repair = submitted.into_inner().repair.unwrap();
    assert_eq!(repair.state(), RepairState::Submitted);
    let (repair_id, etag) = (repair.repair_id, String::new());
    let receive = ReceiveDeviceRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        etag: etag.clone(),
        note: String::new(),
    };
    repairs.receive_device(receive).await.unwrap();
    let diagnose = RecordDiagnosisRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        diagnosis_code: "BATTERY-SWOLLEN".to_owned(),
        etag: etag.clone(),
        note: String::new(),
    };
    repairs.record_diagnosis(diagnose).await.unwrap();
    let start = StartRepairRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        etag: etag.clone(),
        note: String::new(),
    };
    repairs.start_repair(start).await.unwrap();
    let finish = FinishRepairRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        outcome: RepairOutcome::Repaired.into(),
        etag: etag.clone(),
        note: String::new(),
    };
    repairs.finish_repair(finish).await.unwrap();
    let give_back = ReturnDeviceRequest {
        request_id: request_id(),
        repair_id: repair_id.clone(),
        etag: etag.clone(),
        note: String::new(),
    };
    repairs.return_device(give_back).await.unwrap();
    let asked = GetRepairRequest {
        repair_id: repair_id.clone(),
    };
    let repair = customer
        .caller
        .repairs()
        .get_repair(asked)
        .await
        .unwrap()
        .into_inner()
        .repair
        .unwrap();
    assert_eq!(
        (repair.state(), repair.outcome()),
        (RepairState::Returned, RepairOutcome::Repaired)
    );

    // Settled by the agent, who is free again; closed by the customer.
    let resolve = ResolveCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        resolution: Resolution::Repaired.into(),
        etag: String::new(),
    };
    agent.caller.cases().resolve_case(resolve).await.unwrap();
    let done = CompleteTaskRequest {
        request_id: request_id(),
        task_id: task.task_id.clone(),
    };
    agent.caller.agents().complete_task(done).await.unwrap();
    let close = CloseCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        close_reason: CloseReason::Solved.into(),
        etag: String::new(),
    };
    let closed = customer
        .caller
        .cases()
        .close_case(close)
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    assert_eq!(closed.state(), CaseState::Closed);

    // The history knows all of it once, and of each part in its order.
    let entries = until("the whole history", async || {
        let entries = timeline(&customer.caller, &case.case_id).await;
        let seen = kinds(&entries);
        let repair = entries.iter().any(|entry| entry.detail == "REPAIR_STATE_RETURNED");
        (repair && seen.contains(&Kind::TaskCompleted)).then_some(entries)
    })
    .await;
    let of = |wanted: &[Kind]| -> Vec<Kind> {
        kinds(&entries)
            .into_iter()
            .filter(|kind| wanted.contains(kind))
            .collect()
    };
    assert_eq!(
        of(&[
            Kind::CaseOpened,
            Kind::CaseAssigned,
            Kind::MessagePosted,
            Kind::CaseResolved,
            Kind::CaseClosed
        ]),
        [
            Kind::CaseOpened,
            Kind::CaseAssigned,
            Kind::MessagePosted,
            Kind::MessagePosted,
            Kind::MessagePosted,
            Kind::MessagePosted,
            Kind::CaseResolved,
            Kind::CaseClosed,
        ]
    );
    assert_eq!(
        of(&[Kind::TaskQueued, Kind::TaskCompleted, Kind::TaskCanceled]),
        [Kind::TaskQueued, Kind::TaskCompleted]
    );
    let steps: Vec<&str> = entries
        .iter()
        .filter(|entry| matches!(entry.kind(), Kind::RepairSubmitted | Kind::RepairStateChanged))
        .map(|entry| entry.detail.as_str())
        .collect();
    assert_eq!(steps.len(), 6, "{steps:?}");
    assert_eq!(
        steps[1..],
        [
            "REPAIR_STATE_RECEIVED",
            "REPAIR_STATE_DIAGNOSED",
            "REPAIR_STATE_IN_REPAIR",
            "REPAIR_STATE_FINISHED",
            "REPAIR_STATE_RETURNED",
        ]
    );

    // One task, ended once, never beyond what the agent can carry.
    let operator = town.operator();
    let asked = ListTasksRequest {
        case_id: case.case_id.clone(),
        ..ListTasksRequest::default()
    };
    let tasks = operator.tasks().list_tasks(asked).await.unwrap().into_inner().tasks;
    assert_eq!(tasks.len(), 1);
    assert_eq!(tasks[0].state(), TaskState::Completed);
    let asked = ListTaskHistoryRequest { task_id: task.task_id };
    let history = operator
        .tasks()
        .list_task_history(asked)
        .await
        .unwrap()
        .into_inner()
        .entries;
    let changes: Vec<TaskChange> = history.iter().map(TaskHistoryEntry::change).collect();
    assert_eq!(
        changes,
        [
            TaskChange::Queued,
            TaskChange::Offered,
            TaskChange::Accepted,
            TaskChange::Completed
        ]
    );
    assert!(history.iter().all(|entry| entry.agent_load <= entry.agent_capacity));
    let asked = GetAgentRequest {
        agent_id: agent.id.clone(),
    };
    let agent = operator
        .agents()
        .get_agent(asked)
        .await
        .unwrap()
        .into_inner()
        .agent
        .unwrap();
    assert_eq!(agent.load, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_withdraws_leaves_no_task_behind() {
    let town = shared();
    let customer = Customer::verified(town).await;
    let case = customer.opens("Never mind").await;
    let operator = town.operator();
    let task = until("the task", async || {
        let asked = ListTasksRequest {
            case_id: case.case_id.clone(),
            ..ListTasksRequest::default()
        };
        operator
            .tasks()
            .list_tasks(asked)
            .await
            .unwrap()
            .into_inner()
            .tasks
            .into_iter()
            .next()
    })
    .await;
    assert_eq!(task.state(), TaskState::Queued, "nobody speaks this language");
    let close = CloseCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        close_reason: CloseReason::Withdrawn.into(),
        etag: String::new(),
    };
    customer.caller.cases().close_case(close).await.unwrap();
    let entries = until("the history tells of the end", async || {
        let entries = timeline(&customer.caller, &case.case_id).await;
        kinds(&entries).contains(&Kind::TaskCanceled).then_some(entries)
    })
    .await;
    assert_eq!(entries.len(), 4, "{entries:#?}");
}
