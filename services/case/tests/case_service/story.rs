//! One case from its first word to its end.

use support_case::domain::number::CaseNumber;
use support_proto::support::case::v1::{
    AssignCaseRequest, Case, CaseState, CloseCaseRequest, CloseReason, GetCaseRequest, ListMessagesRequest, Message,
    MessageAuthor, OpenCaseRequest, ReopenCaseRequest, Resolution, ResolveCaseRequest, Severity,
    TimelineEntryKind as Kind,
};
use support_proto::support::types::v1::ProductLine;

use crate::world::{Client, World, new_agent, new_id, open, opening, request_id, saying};

/// A case to which everything happens, as its customer and staff see it. Gives the first message too.
async fn live_through(customer: &str, client: &mut Client, staff: &mut Client) -> (Case, Message) {
    let case = open(client, opening()).await;
    assert_eq!((case.state(), case.severity()), (CaseState::Open, Severity::Normal));
    assert_eq!(case.customer_id, customer);
    assert_eq!(case.language, "de-AT", "tags come back in their usual letter case");
    assert_eq!(case.etag, "1");
    let number: CaseNumber = case.case_number.parse().expect("a number with its check digit");
    assert_eq!(number.to_string(), case.case_number);
    assert_eq!(
        read(client, &case.case_id).await,
        case,
        "what is read is what was answered"
    );

    let agent = new_agent().to_string();
    let assigned = assign(staff, &case, &agent).await;
    assert_eq!(
        (assigned.state(), assigned.assigned_agent_id),
        (CaseState::Assigned, agent)
    );
    assert_eq!(assigned.etag, "2");

    let said = say(client, &case, "Immer noch schwarz.").await;
    assert_eq!(
        (said.author(), said.author_id.as_str()),
        (MessageAuthor::Customer, customer)
    );
    assert_eq!(said.language, "de-AT", "the case's language where none is given");
    let told = say(staff, &case, "Bitte neu starten.").await;
    assert_eq!(
        (told.author(), told.author_id.as_str()),
        (MessageAuthor::Staff, "staff-1")
    );

    let resolved = resolve(staff, &case, "2").await;
    assert_eq!(
        (resolved.state(), resolved.resolution()),
        (CaseState::Resolved, Resolution::FixedRemotely)
    );
    assert_eq!(resolved.assigned_agent_id, "", "nobody works on it");
    assert!(resolved.resolve_time.is_some());

    say(client, &case, "Leider nein.").await;
    let objected = read(client, &case.case_id).await;
    assert_eq!(
        (objected.state(), objected.resolution()),
        (CaseState::Open, Resolution::Unspecified)
    );

    resolve(staff, &case, "").await;
    let reopen = ReopenCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        etag: String::new(),
    };
    client.reopen_case(reopen).await.unwrap();
    resolve(staff, &case, "").await;
    let close = CloseCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        close_reason: CloseReason::Solved.into(),
        etag: String::new(),
    };
    let closed = client.close_case(close).await.unwrap().into_inner().case.unwrap();
    assert_eq!(
        (closed.state(), closed.close_reason()),
        (CaseState::Closed, CloseReason::Solved)
    );
    assert_eq!(closed.resolution(), Resolution::FixedRemotely);
    assert!(closed.close_time.is_some());
    (closed, said)
}

async fn read(client: &mut Client, case_id: &str) -> Case {
    client
        .get_case(GetCaseRequest {
            case_id: case_id.to_owned(),
        })
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap()
}

async fn say(client: &mut Client, case: &Case, body: &str) -> Message {
    client
        .post_message(saying(&case.case_id, body))
        .await
        .unwrap()
        .into_inner()
        .message
        .unwrap()
}

async fn assign(client: &mut Client, case: &Case, agent: &str) -> Case {
    let request = AssignCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        agent_id: agent.to_owned(),
        etag: case.etag.clone(),
    };
    client.assign_case(request).await.unwrap().into_inner().case.unwrap()
}

async fn resolve(client: &mut Client, case: &Case, etag: &str) -> Case {
    let request = ResolveCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        resolution: Resolution::FixedRemotely.into(),
        etag: etag.to_owned(),
    };
    client.resolve_case(request).await.unwrap().into_inner().case.unwrap()
}

/// What happened to such a case: what the history calls it, the event that tells of it, and who did it.
const STORY: [(Kind, &str, By); 11] = [
    (Kind::CaseOpened, "CaseOpened", By::Customer),
    (Kind::CaseAssigned, "CaseAssigned", By::Staff),
    (Kind::MessagePosted, "CaseMessagePosted", By::Customer),
    (Kind::MessagePosted, "CaseMessagePosted", By::Staff),
    (Kind::CaseResolved, "CaseResolved", By::Staff),
    (Kind::MessagePosted, "CaseMessagePosted", By::Customer),
    (Kind::CaseReopened, "CaseReopened", By::Customer),
    (Kind::CaseResolved, "CaseResolved", By::Staff),
    (Kind::CaseReopened, "CaseReopened", By::Customer),
    (Kind::CaseResolved, "CaseResolved", By::Staff),
    (Kind::CaseClosed, "CaseClosed", By::Customer),
];

#[derive(Clone, Copy)]
enum By {
    Customer,
    Staff,
}

#[tokio::test]
async fn a_case_from_its_first_word_to_its_end() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let customer = customer.to_string();
    let (case, first) = live_through(&customer, &mut client, &mut world.staff()).await;

    let history = world.history(&case.case_id).await;
    let told: Vec<_> = history
        .iter()
        .map(|entry| (entry.kind(), entry.actor_id.as_str()))
        .collect();
    let expected = STORY.map(|(kind, _, by)| (kind, if matches!(by, By::Staff) { "staff-1" } else { &customer }));
    assert_eq!(told, expected);
    assert_eq!(
        history.iter().map(|entry| entry.sequence).collect::<Vec<_>>(),
        (1..=11).collect::<Vec<_>>()
    );
    assert!(
        history
            .iter()
            .all(|entry| entry.source == "case" && entry.occur_time.is_some())
    );
    assert_eq!(
        (&history[0].subject_id, &history[2].subject_id),
        (&case.case_id, &first.message_id)
    );

    // The feed tells the same, in the same order.
    let events = world.events(STORY.len()).await;
    let names: Vec<_> = events
        .iter()
        .map(|event| event.event_type.rsplit('.').next().unwrap())
        .collect();
    assert_eq!(names, STORY.map(|(_, event, _)| event));
    for event in &events {
        assert_eq!(event.subject_id, case.case_id);
        let payload = String::from_utf8_lossy(&event.payload);
        assert!(
            !payload.contains("schwarz") && !payload.contains("Update"),
            "words of people in {payload}"
        );
    }

    let request = ListMessagesRequest {
        case_id: case.case_id,
        page_size: 2,
        page_token: String::new(),
    };
    let page = client.list_messages(request.clone()).await.unwrap().into_inner();
    let rest = ListMessagesRequest {
        page_token: page.next_page_token.clone(),
        ..request
    };
    let rest = client.list_messages(rest).await.unwrap().into_inner();
    let bodies: Vec<_> = page
        .messages
        .iter()
        .chain(&rest.messages)
        .map(|message| message.body.as_str())
        .collect();
    assert_eq!(bodies, ["Immer noch schwarz.", "Bitte neu starten.", "Leider nein."]);
    assert_eq!(page.messages[0], first, "what is read is what was answered");
    assert_eq!(rest.next_page_token, "");
}

#[tokio::test]
async fn staff_open_cases_for_customers() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let request = OpenCaseRequest {
        customer_id: customer.to_string(),
        severity: Severity::Critical.into(),
        product_line: ProductLine::Phone.into(),
        device_id: new_id(),
        source_reference: "trace/990201/17".to_owned(),
        ..opening()
    };
    let case = open(&mut world.staff(), request.clone()).await;
    assert_eq!(
        (case.severity(), case.product_line()),
        (Severity::Critical, ProductLine::Phone)
    );
    assert_eq!(
        (&case.device_id, &case.source_reference),
        (&request.device_id, &request.source_reference)
    );
    assert_eq!(world.history(&case.case_id).await[0].actor_id, "staff-1");
    assert_eq!(read(&mut client, &case.case_id).await, case, "it is the customer's");
}

#[tokio::test]
async fn a_service_reads_a_case_without_what_its_customer_wrote() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    let bare = read(&mut world.service(), &case.case_id).await;
    assert!(!case.subject.is_empty() && !case.description.is_empty());
    assert_eq!(
        bare,
        Case {
            subject: String::new(),
            description: String::new(),
            ..case
        }
    );
}
