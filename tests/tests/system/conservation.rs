//! Nothing is lost and nothing is done twice, whatever breaks in between.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use support::session::Patience;
use support_proto::support::case::v1::{ListCasesRequest, OpenCaseRequest, TimelineEntryKind as Kind};
use support_proto::support::routing::v1::{
    AcceptOfferRequest, CompleteTaskRequest, ListTaskHistoryRequest, ListTasksRequest, TaskChange, TaskState,
};
use support_tests::books;
use support_tests::people::{Agent, Customer, request_id, timeline};
use support_tests::town::Town;
use support_tests::wait::{soon, until};

const CASES: usize = 25;

#[tokio::test(flavor = "multi_thread")]
async fn everything_arrives_once_though_databases_are_cut_off() {
    let town = tokio::task::spawn_blocking(|| Town::build("faults", "")).await.unwrap();
    let customer = Customer::verified(&town).await;
    let capacity = i32::try_from(CASES).unwrap() * 4;
    let mut agent = Agent::at_work(&town, &customer.language, capacity).await;
    let patient = town.session().with_patience(Patience {
        limit: Duration::from_secs(30),
        ..Patience::default()
    });
    let caller = patient.as_customer(&customer.token).unwrap();
    let reference = request_id();

    // Cases are opened, by a caller that sends again what failed, while one database after the other is cut off.
    let opening = (0..CASES).map(|number| {
        let request = OpenCaseRequest {
            source_reference: format!("{reference}/{number}"),
            ..customer.case(&format!("Number {number}"))
        };
        let (patient, caller) = (&patient, &caller);
        async move {
            let opened = patient
                .retrying(async || caller.cases().open_case(request.clone()).await)
                .await;
            opened.unwrap().case.unwrap().case_id
        }
    });
    let cutting = async {
        let mut cut = 0;
        for database in [
            "support_case",
            "support_routing",
            "support_case",
            "support_identity_verification",
        ] {
            cut += books::cut_off(&town, database).await;
            tokio::task::yield_now().await;
        }
        cut
    };
    let (opened, cut) = soon("all cases", async { tokio::join!(join_all(opening), cutting) }).await;
    assert!(cut > 0, "nothing was cut off");
    let opened: BTreeSet<String> = opened.into_iter().collect();
    assert_eq!(opened.len(), CASES);

    // And taken and ended while routing is cut off again.
    let patient_agent = patient.as_agent(&agent.token).unwrap();
    let mut taken = BTreeMap::new();
    for case_id in &opened {
        let mut waiting = ListTasksRequest {
            case_id: case_id.clone(),
            ..ListTasksRequest::default()
        };
        waiting.page_size = 10;
        let operator = patient.as_operator(&town.operator_token()).unwrap();
        let task = until("the task", async || {
            let listed = patient
                .retrying(async || operator.tasks().list_tasks(waiting.clone()).await)
                .await;
            listed.unwrap().tasks.into_iter().next()
        })
        .await;
        taken.insert(task.task_id, case_id.clone());
    }
    books::cut_off(&town, "support_routing").await;
    let mut accepted = BTreeSet::new();
    while accepted.len() < CASES {
        let offer = agent.any_offer(&town).await;
        let task_id = offer.task.unwrap().task_id;
        if accepted.contains(&task_id) {
            continue;
        }
        if accepted.len() == CASES / 2 {
            books::cut_off(&town, "support_routing").await;
        }
        let take = AcceptOfferRequest {
            request_id: request_id(),
            offer_id: offer.offer_id,
        };
        let took = patient
            .retrying(async || patient_agent.agents().accept_offer(take.clone()).await)
            .await;
        if took.is_ok() {
            let done = CompleteTaskRequest {
                request_id: request_id(),
                task_id: task_id.clone(),
            };
            let done = patient
                .retrying(async || patient_agent.agents().complete_task(done.clone()).await)
                .await;
            done.unwrap();
            accepted.insert(task_id);
        }
    }

    // One case each, with one history each, and one task each that ended once.
    let operator = patient.as_operator(&town.operator_token()).unwrap();
    let asked = ListCasesRequest {
        source_reference_prefix: reference,
        page_size: 1000,
        ..ListCasesRequest::default()
    };
    let listed = patient
        .retrying(async || operator.cases().list_cases(asked.clone()).await)
        .await
        .unwrap();
    let found: BTreeSet<String> = listed.cases.iter().map(|case| case.case_id.clone()).collect();
    assert_eq!((listed.cases.len(), &found), (CASES, &opened));
    for (task_id, case_id) in &taken {
        let entries = until("the end in the history", async || {
            let entries = timeline(&customer.caller, case_id).await;
            entries
                .iter()
                .any(|entry| entry.kind() == Kind::TaskCompleted)
                .then_some(entries)
        })
        .await;
        for kind in [
            Kind::CaseOpened,
            Kind::TaskQueued,
            Kind::CaseAssigned,
            Kind::TaskCompleted,
        ] {
            let times = entries.iter().filter(|entry| entry.kind() == kind).count();
            assert_eq!(times, 1, "{kind:?} in {entries:#?}");
        }
        let asked = ListTasksRequest {
            case_id: case_id.clone(),
            ..ListTasksRequest::default()
        };
        let tasks = operator.tasks().list_tasks(asked).await.unwrap().into_inner().tasks;
        assert_eq!(tasks.len(), 1, "{tasks:#?}");
        assert_eq!((&tasks[0].task_id, tasks[0].state()), (task_id, TaskState::Completed));
        let asked = ListTaskHistoryRequest {
            task_id: task_id.clone(),
        };
        let history = operator
            .tasks()
            .list_task_history(asked)
            .await
            .unwrap()
            .into_inner()
            .entries;
        let ends = history
            .iter()
            .filter(|entry| matches!(entry.change(), TaskChange::Completed | TaskChange::Canceled));
        assert_eq!(ends.count(), 1, "{history:#?}");
        assert!(
            history.iter().all(|entry| entry.agent_load <= entry.agent_capacity),
            "{history:#?}"
        );
    }
}
