//! In which language a case is held, and which texts of the catalogues its customer was shown.

use support_proto::support::case::v1::{
    AssignCaseRequest, CaseErrorReason, CaseLanguageChanged, CaseOpened, ChangeLanguageRequest, CustomerSegment,
    GetCaseRequest, GetCaseResponse, LanguageOrigin, ListMessagesRequest, OpenCaseRequest, Resolution,
    ResolveCaseRequest, TimelineEntryKind,
};
use support_proto::support::feed::v1::Event;
use support_proto::support::localisation::v1::TextOrigin;
use support_proto::support::types::v1::Channel;

use crate::world::{Client, World, new_agent, open, opening, refused, request_id, saying};

const PORTUGUESE: &str = "Olá, o meu telemóvel não liga desde ontem à noite, o que devo fazer?";
const SPANISH: &str = "Hola, mi teléfono no enciende desde ayer por la noche, ¿qué debo hacer?";

fn in_spanish(words: &str, reads: &[&str]) -> OpenCaseRequest {
    OpenCaseRequest {
        language: "es-MX".to_owned(),
        subject: "Telefone".to_owned(),
        description: words.to_owned(),
        read_languages: reads.iter().map(|tag| (*tag).to_owned()).collect(),
        ..opening()
    }
}

fn read<E: prost::Message + Default>(event: &Event) -> E {
    E::decode(&event.payload[..]).unwrap()
}

async fn get(client: &mut Client, id: &str) -> GetCaseResponse {
    let request = GetCaseRequest { case_id: id.to_owned() };
    client.get_case(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_chat_in_portuguese_is_not_sent_to_a_spanish_desk() {
    let world = World::start().await;
    let (_, mut customer) = world.customer();
    let case = open(&mut customer, in_spanish(PORTUGUESE, &[])).await;
    assert_eq!(
        (
            case.language.as_str(),
            case.stated_language.as_str(),
            case.detected_language.as_str()
        ),
        ("pt", "es-MX", "pt")
    );
    assert_eq!(
        (case.language_origin(), case.language_mismatch),
        (LanguageOrigin::Detected, false)
    );
    // Routing hears the language that is spoken.
    let events = world.events(1).await;
    assert_eq!(read::<CaseOpened>(&events[0]).language, "pt");
}

#[tokio::test]
async fn who_reads_both_is_answered_in_the_language_they_prefer() {
    let world = World::start().await;
    let (_, mut customer) = world.customer();
    let case = open(&mut customer, in_spanish(PORTUGUESE, &["pt-BR"])).await;
    assert_eq!(
        (case.language.as_str(), case.detected_language.as_str()),
        ("es-MX", "pt")
    );
    assert_eq!(case.language_origin(), LanguageOrigin::Stated);
    assert!(case.language_mismatch, "the agent sees that it is another");
    assert_eq!(case.read_languages, ["pt-BR"]);
}

#[tokio::test]
async fn what_tells_nothing_and_what_staff_take_down_changes_nothing() {
    let world = World::start().await;
    let (id, mut customer) = world.customer();
    let case = open(&mut customer, in_spanish("ok", &[])).await;
    assert_eq!((case.language.as_str(), case.detected_language.as_str()), ("es-MX", ""));
    let by_phone = OpenCaseRequest {
        channel: Channel::Phone.into(),
        ..in_spanish(PORTUGUESE, &[])
    };
    let case = open(&mut customer, by_phone).await;
    assert_eq!((case.language.as_str(), case.detected_language.as_str()), ("es-MX", ""));
    let taken = OpenCaseRequest {
        customer_id: id.to_string(),
        ..in_spanish(
            "The phone of the customer does not turn on since yesterday evening",
            &[],
        )
    };
    let case = open(&mut world.staff(), taken).await;
    assert_eq!((case.language.as_str(), case.detected_language.as_str()), ("es-MX", ""));
}

#[tokio::test]
async fn a_case_that_waits_follows_its_customer_and_one_at_work_shows_it() {
    let world = World::start().await;
    let (_, mut customer) = world.customer();
    let case = open(&mut customer, in_spanish(SPANISH, &[])).await;
    let etag = case.etag.clone();
    // A word that everybody knows is no other language.
    customer
        .post_message(saying(&case.case_id, "thank you!"))
        .await
        .unwrap();
    assert_eq!(get(&mut customer, &case.case_id).await.case.unwrap().etag, etag);
    let said = customer.post_message(saying(&case.case_id, PORTUGUESE)).await.unwrap();
    assert_eq!(said.into_inner().message.unwrap().language, "pt");
    let after = get(&mut customer, &case.case_id).await.case.unwrap();
    assert_eq!(
        (after.language.as_str(), after.language_origin()),
        ("pt", LanguageOrigin::Detected)
    );
    assert_ne!(after.etag, etag);
    let events = world.events(4).await;
    let changed: CaseLanguageChanged = read(&events[3]);
    assert_eq!(
        (changed.language.as_str(), changed.language_origin()),
        ("pt", LanguageOrigin::Detected)
    );
    let history = world.history(&case.case_id).await;
    let last = history.last().unwrap();
    assert_eq!(
        (last.kind(), last.detail.as_str()),
        (TimelineEntryKind::LanguageChanged, "PT")
    );

    // An agent works on it: the language stays, and the other one is shown.
    let mut staff = world.staff();
    let assign = AssignCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        agent_id: new_agent().to_string(),
        etag: String::new(),
    };
    staff.assign_case(assign).await.unwrap();
    customer.post_message(saying(&case.case_id, SPANISH)).await.unwrap();
    let after = get(&mut staff, &case.case_id).await.case.unwrap();
    assert_eq!(
        (after.language.as_str(), after.detected_language.as_str()),
        ("pt", "es")
    );
    assert!(after.language_mismatch);

    // Reopened, it waits again: routing is told the language that the customer writes now, with the country they said.
    let resolve = ResolveCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        resolution: Resolution::Answered.into(),
        etag: String::new(),
    };
    staff.resolve_case(resolve).await.unwrap();
    customer.post_message(saying(&case.case_id, SPANISH)).await.unwrap();
    let after = get(&mut staff, &case.case_id).await.case.unwrap();
    assert_eq!(
        (after.language.as_str(), after.language_origin()),
        ("es-MX", LanguageOrigin::Stated)
    );
    assert!(!after.language_mismatch);
}

#[tokio::test]
async fn what_staff_say_the_language_is_stays() {
    let world = World::start().await;
    let (_, mut customer) = world.customer();
    let case = open(&mut customer, in_spanish(SPANISH, &[])).await;
    let change = ChangeLanguageRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        language: "ca".to_owned(),
        etag: case.etag.clone(),
    };
    let mut staff = world.staff();
    let changed = staff
        .change_language(change.clone())
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    assert_eq!(
        (changed.language.as_str(), changed.language_origin()),
        ("ca", LanguageOrigin::Staff)
    );
    customer.post_message(saying(&case.case_id, PORTUGUESE)).await.unwrap();
    let after = get(&mut staff, &case.case_id).await.case.unwrap();
    assert_eq!(
        (after.language.as_str(), after.detected_language.as_str()),
        ("ca", "pt")
    );
    assert!(after.language_mismatch);
    let old = ChangeLanguageRequest {
        request_id: request_id(),
        ..change.clone()
    };
    assert_eq!(
        refused(staff.change_language(old).await).reason,
        "COMMON_ERROR_REASON_CONFLICT"
    );
    let resolve = ResolveCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        resolution: Resolution::Answered.into(),
        etag: String::new(),
    };
    staff.resolve_case(resolve).await.unwrap();
    let late = ChangeLanguageRequest {
        request_id: request_id(),
        etag: String::new(),
        ..change
    };
    let refused = refused(staff.change_language(late).await);
    assert_eq!(refused.reason, CaseErrorReason::CaseState.as_str_name());
}

#[tokio::test]
async fn a_case_tells_which_texts_its_customer_saw() {
    let world = World::start().await;
    let (_, mut customer) = world.customer();
    let mut staff = world.staff();
    let case = open(&mut customer, opening()).await;
    let origin = TextOrigin {
        key: "case.assigned".to_owned(),
        locale: "de".to_owned(),
        version: 7,
    };
    let mut canned = saying(&case.case_id, "Anna kümmert sich jetzt um Ihre Anfrage.");
    canned.text_origin = Some(origin.clone());
    let said = staff
        .post_message(canned.clone())
        .await
        .unwrap()
        .into_inner()
        .message
        .unwrap();
    assert_eq!(said.text_origin.as_ref(), Some(&origin));
    staff
        .post_message(saying(&case.case_id, "Moment bitte."))
        .await
        .unwrap();

    let shown = get(&mut customer, &case.case_id).await.shown_texts;
    assert_eq!(shown.len(), 1);
    assert_eq!(
        (shown[0].origin.as_ref(), shown[0].message_id.as_str()),
        (Some(&origin), said.message_id.as_str())
    );
    let history = world.history(&case.case_id).await;
    let origins: Vec<_> = history.iter().map(|entry| entry.text_origin.clone()).collect();
    assert_eq!(origins, [None, Some(origin.clone()), None]);
    let request = ListMessagesRequest {
        case_id: case.case_id.clone(),
        page_size: 0,
        page_token: String::new(),
    };
    let messages = customer.list_messages(request).await.unwrap().into_inner().messages;
    assert_eq!(messages[0].text_origin.as_ref(), Some(&origin));
    assert_eq!(messages[1].text_origin, None);

    // Customers have no texts of the catalogues.
    canned.request_id = request_id();
    let refused = refused(customer.post_message(canned).await);
    assert_eq!(refused.violations[0].field, "text_origin");
}

#[tokio::test]
async fn routing_hears_what_it_goes_by_and_of_customers_not_what_they_say_they_are() {
    let world = World::start().await;
    let (id, mut customer) = world.customer();
    let manager = new_agent().to_string();
    let request = || OpenCaseRequest {
        model: "aster-9-pro".to_owned(),
        segment: CustomerSegment::Business.into(),
        account_manager_id: manager.clone(),
        ..in_spanish(PORTUGUESE, &["fr"])
    };
    open(&mut customer, request()).await;
    let mut staff = world.staff();
    let by_staff = OpenCaseRequest {
        customer_id: id.to_string(),
        ..request()
    };
    open(&mut staff, by_staff).await;
    let events = world.events(2).await;
    let heard = [&events[0], &events[1]].map(read::<CaseOpened>);
    let languages = heard
        .each_ref()
        .map(|opened| (opened.language.as_str(), opened.further_languages.join(" ")));
    assert_eq!(languages, [("pt", "es-MX fr".to_owned()), ("es-MX", "fr".to_owned())]);
    let told = heard.each_ref().map(|opened| {
        (
            opened.model.as_str(),
            opened.segment(),
            opened.account_manager_id.as_str(),
        )
    });
    assert_eq!(
        told,
        [
            ("aster-9-pro", CustomerSegment::Unspecified, ""),
            ("aster-9-pro", CustomerSegment::Business, manager.as_str())
        ]
    );
}
