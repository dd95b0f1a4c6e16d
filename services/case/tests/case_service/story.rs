//! One case from its first word to its end.

use support_proto::support::case::v1::{
    AssignCaseRequest, CaseState, CloseCaseRequest, CloseReason, GetCaseRequest, ListMessagesRequest, MessageAuthor,
    ReopenCaseRequest, Resolution, ResolveCaseRequest, Severity, TimelineEntryKind as Kind,
};

use crate::world::{World, new_agent, open, opening, request_id, saying};

#[tokio::test]
async fn a_case_from_its_first_word_to_its_end() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let mut staff = world.staff();

    let case = open(&mut client, opening()).await;
    assert_eq!((case.state(), case.severity()), (CaseState::Open, Severity::Normal));
    assert_eq!(case.customer_id, customer.to_string());
    assert_eq!(case.language, "de-AT", "tags come back in their usual letter case");
    assert_eq!(case.etag, "1");
    let number: support_case::domain::number::CaseNumber = case.case_number.parse().expect("a number with its check digit");
    assert_eq!(number.to_string(), case.case_number);
    let id = case.case_id.clone();

    let read = client.get_case(GetCaseRequest { case_id: id.clone() }).await.unwrap().into_inner().case.unwrap();
    assert_eq!(read, case, "what is read is what was answered");

    let agent = new_agent();
    let assign = AssignCaseRequest {
        request_id: request_id(),
        case_id: id.clone(),
        agent_id: agent.to_string(),
        etag: case.etag.clone(),
    };
    let assigned = staff.assign_case(assign).await.unwrap().into_inner().case.unwrap();
    assert_eq!((assigned.state(), assigned.assigned_agent_id.as_str()), (CaseState::Assigned, agent.to_string().as_str()));
    assert_eq!(assigned.etag, "2");

    let said = client.post_message(saying(&id, "Immer noch schwarz.")).await.unwrap().into_inner().message.unwrap();
    assert_eq!((said.author(), said.author_id.as_str()), (MessageAuthor::Customer, customer.to_string().as_str()));
    assert_eq!(said.language, "de-AT", "the case's language where none is given");
    let told = staff.post_message(saying(&id, "Bitte neu starten.")).await.unwrap().into_inner().message.unwrap();
    assert_eq!((told.author(), told.author_id.as_str()), (MessageAuthor::Staff, "staff-1"));

    let resolve = |etag: &str| ResolveCaseRequest {
        request_id: request_id(),
        case_id: id.clone(),
        resolution: Resolution::FixedRemotely.into(),
        etag: etag.to_owned(),
    };
    let resolved = staff.resolve_case(resolve("2")).await.unwrap().into_inner().case.unwrap();
    assert_eq!((resolved.state(), resolved.resolution()), (CaseState::Resolved, Resolution::FixedRemotely));
    assert_eq!(resolved.assigned_agent_id, "", "nobody works on it");
    assert!(resolved.resolve_time.is_some());

    client.post_message(saying(&id, "Leider nein.")).await.unwrap();
    let objected = client.get_case(GetCaseRequest { case_id: id.clone() }).await.unwrap().into_inner().case.unwrap();
    assert_eq!((objected.state(), objected.resolution()), (CaseState::Open, Resolution::Unspecified));

    staff.resolve_case(resolve("")).await.unwrap();
    let reopen = ReopenCaseRequest { request_id: request_id(), case_id: id.clone(), etag: String::new() };
    client.reopen_case(reopen).await.unwrap();
    staff.resolve_case(resolve("")).await.unwrap();
    let close = CloseCaseRequest {
        request_id: request_id(),
        case_id: id.clone(),
        close_reason: CloseReason::Solved.into(),
        etag: String::new(),
    };
    let closed = client.close_case(close).await.unwrap().into_inner().case.unwrap();
    assert_eq!((closed.state(), closed.close_reason()), (CaseState::Closed, CloseReason::Solved));
    assert_eq!(closed.resolution(), Resolution::FixedRemotely);
    assert!(closed.close_time.is_some());

    let history = world.history(&id).await;
    let expected = [
        (Kind::CaseOpened, customer.to_string()),
        (Kind::CaseAssigned, "staff-1".to_owned()),
        (Kind::MessagePosted, customer.to_string()),
        (Kind::MessagePosted, "staff-1".to_owned()),
        (Kind::CaseResolved, "staff-1".to_owned()),
        (Kind::MessagePosted, customer.to_string()),
        (Kind::CaseReopened, customer.to_string()),
        (Kind::CaseResolved, "staff-1".to_owned()),
        (Kind::CaseReopened, customer.to_string()),
        (Kind::CaseResolved, "staff-1".to_owned()),
        (Kind::CaseClosed, customer.to_string()),
    ];
    let told: Vec<_> = history.iter().map(|entry| (entry.kind(), entry.actor_id.clone())).collect();
    assert_eq!(told, expected);
    assert_eq!(history.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), (1..=11).collect::<Vec<_>>());
    assert!(history.iter().all(|entry| entry.source == "case" && entry.occur_time.is_some()));
    assert_eq!(history[2].subject_id, said.message_id);
    assert_eq!(history[0].subject_id, id);

    // The feed tells the same, in the same order.
    let events = world.events(11).await;
    let names: Vec<_> = events.iter().map(|event| event.event_type.rsplit('.').next().unwrap()).collect();
    let expected: Vec<_> = expected
        .iter()
        .map(|(kind, _)| match kind {
            Kind::MessagePosted => "CaseMessagePosted".to_owned(),
            kind => kind.as_str_name().rsplit_once("CASE_").map(|(_, word)| format!("Case{}", title(word))).unwrap(),
        })
        .collect();
    assert_eq!(names, expected);
    assert!(events.iter().all(|event| event.subject_id == id));
    for event in &events {
        let payload = String::from_utf8_lossy(&event.payload);
        assert!(!payload.contains("schwarz") && !payload.contains("Update"), "no words of people in {payload}");
    }

    let request = ListMessagesRequest { case_id: id, page_size: 2, page_token: String::new() };
    let page = client.list_messages(request.clone()).await.unwrap().into_inner();
    let rest = ListMessagesRequest { page_token: page.next_page_token.clone(), ..request };
    let rest = client.list_messages(rest).await.unwrap().into_inner();
    let bodies: Vec<_> = page.messages.iter().chain(&rest.messages).map(|message| message.body.as_str()).collect();
    assert_eq!(bodies, ["Immer noch schwarz.", "Bitte neu starten.", "Leider nein."]);
    assert_eq!(page.messages[0], said, "what is read is what was answered");
    assert_eq!(rest.next_page_token, "");
}

fn title(word: &str) -> String {
    word[..1].to_owned() + &word[1..].to_ascii_lowercase()
}

#[tokio::test]
async fn staff_open_cases_for_customers() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let request = support_proto::support::case::v1::OpenCaseRequest {
        customer_id: customer.to_string(),
        severity: Severity::Critical.into(),
        product_line: support_proto::support::types::v1::ProductLine::Phone.into(),
        device_id: crate::world::new_id(),
        source_reference: "trace/990201/17".to_owned(),
        ..opening()
    };
    let case = open(&mut world.staff(), request.clone()).await;
    assert_eq!((case.severity(), case.product_line()), (Severity::Critical, request.product_line()));
    assert_eq!((&case.device_id, &case.source_reference), (&request.device_id, &request.source_reference));
    assert_eq!(world.history(&case.case_id).await[0].actor_id, "staff-1");

    let read = client.get_case(GetCaseRequest { case_id: case.case_id.clone() }).await.unwrap().into_inner().case;
    assert_eq!(read, Some(case), "it is the customer's");
}
