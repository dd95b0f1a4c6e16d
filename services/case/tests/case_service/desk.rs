//! The playbook of a case at a desk: what is given, what comes next, and what stays of it elsewhere.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use support_chassis::id::Id;
use support_proto::support::case::v1::{
    CaseErrorReason, CaseState, CloseCaseRequest, CloseReason, GetCaseRequest, MarkPlaybookStepRequest, Resolution,
    ResolveCaseRequest, StepOutcome, WatchPlaybookRequest, WatchPlaybookResponse,
};
use support_proto::support::localisation::v1::playbook_service_server::{PlaybookService, PlaybookServiceServer};
use support_proto::support::localisation::v1::{
    GetPlaybookRequest, GetPlaybookResponse, ListPlaybooksRequest, ListPlaybooksResponse, PlaybookStage, RenderedStep,
    RenderedText, TextOrigin,
};
use support_proto::support::repair::v1::RepairSubmitted;
use support_proto::support::types::v1::Channel;
use support_testing::LIMIT;
use tokio::net::TcpListener;
use tokio::time::timeout;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use crate::world::{World, new_id, open, opening, refused, request_id, saying};

/// A localisation that knows what is always said, and a repair; it breaks when it is told to.
#[derive(Clone, Default)]
struct Localisation {
    is_away: Arc<AtomicBool>,
    asked: Arc<Mutex<Vec<GetPlaybookRequest>>>,
}

impl Localisation {
    async fn serve(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tonic::transport::Server::builder()
            .add_service(PlaybookServiceServer::new(self.clone()))
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(server);
        address
    }
}

#[tonic::async_trait]
impl PlaybookService for Localisation {
    async fn list_playbooks(
        &self,
        _: Request<ListPlaybooksRequest>,
    ) -> Result<Response<ListPlaybooksResponse>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }

    async fn get_playbook(
        &self,
        request: Request<GetPlaybookRequest>,
    ) -> Result<Response<GetPlaybookResponse>, Status> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(Status::unavailable("away"));
        }
        let request = request.into_inner();
        self.asked.lock().unwrap().push(request.clone());
        let number = request
            .arguments
            .iter()
            .find(|argument| argument.name == "case_number")
            .and_then(|argument| argument.text.clone())
            .unwrap_or_else(|| "{$case_number}".to_owned());
        let step = |step: &str, stage: PlaybookStage| RenderedStep {
            step: step.to_owned(),
            stage: stage.into(),
            text: Some(RenderedText {
                text: format!("{} {step} {number}", request.languages[0]),
                locale: request.languages[0].clone(),
                key: "playbook.some".to_owned(),
                version: 3,
                ..RenderedText::default()
            }),
            required: true,
            added_by: String::new(),
        };
        let mut steps = vec![step("always/greet", PlaybookStage::Open)];
        if request.purpose == "repair" {
            steps.push(step("repair/back-up", PlaybookStage::Remind));
        }
        if request.channel() == Channel::Phone {
            steps.push(step("always/call-back", PlaybookStage::Remind));
        }
        steps.push(step("always/farewell", PlaybookStage::Close));
        Ok(Response::new(GetPlaybookResponse {
            title: None,
            steps,
            basis: "localisation/playbooks@1".to_owned(),
        }))
    }
}

fn watching(case_id: &str) -> WatchPlaybookRequest {
    WatchPlaybookRequest {
        case_id: case_id.to_owned(),
        languages: vec!["en".to_owned()],
        agent_name: "Kim".to_owned(),
        ..WatchPlaybookRequest::default()
    }
}

fn marking(case_id: &str, step: &str) -> MarkPlaybookStepRequest {
    MarkPlaybookStepRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        step: step.to_owned(),
        outcome: StepOutcome::Done.into(),
        channel: Channel::Unspecified.into(),
        text_origin: None,
        undo: false,
    }
}

/// What the stream shows, once it is as it should be.
async fn until(
    stream: &mut Streaming<WatchPlaybookResponse>,
    what: &str,
    enough: impl Fn(&WatchPlaybookResponse) -> bool,
) -> WatchPlaybookResponse {
    let mut last = None;
    let reading = async {
        loop {
            let shown = stream.message().await.unwrap().expect("the stream goes on");
            if enough(&shown) {
                return shown;
            }
            last = Some(shown);
        }
    };
    let Ok(shown) = timeout(LIMIT, reading).await else {
        panic!("the desk is not shown {what}, but {last:?}");
    };
    shown
}

fn names(shown: &WatchPlaybookResponse) -> Vec<&str> {
    shown.steps.iter().map(|step| step.step.as_str()).collect()
}

#[tokio::test]
async fn a_desk_is_given_the_steps_as_the_case_moves() {
    let localisation = Localisation::default();
    let world = World::with_peers_and(localisation.serve().await).await;
    let (_, mut customer) = world.customer();
    let mut staff = world.staff();
    let case = open(&mut customer, opening()).await;
    let mut desk = world.desk();
    let mut stream = desk.watch_playbook(watching(&case.case_id)).await.unwrap().into_inner();

    let shown = until(&mut stream, "the steps", |_| true).await;
    assert_eq!(names(&shown), ["always/greet", "always/farewell"]);
    assert_eq!(
        (shown.next_step.as_str(), shown.stage()),
        ("always/greet", PlaybookStage::Open)
    );
    assert_eq!(
        (shown.channel(), shown.customer_language.as_str()),
        (Channel::Chat, "de-AT")
    );
    let first = &shown.steps[0];
    assert!(first.instruction.as_ref().unwrap().text.starts_with("en "));
    let words = first.words.as_ref().unwrap();
    assert_eq!(words.text, format!("de-AT always/greet {}", case.case_number));
    assert!(!shown.is_stale);
    assert_eq!(shown.basis, "localisation/playbooks@1");

    // What was said is shown as done, here and at every other desk, with the words it was.
    let mut mark = marking(&case.case_id, "always/greet");
    mark.text_origin = Some(TextOrigin {
        key: words.key.clone(),
        locale: words.locale.clone(),
        version: words.version,
    });
    let marked = desk.mark_playbook_step(mark).await.unwrap().into_inner().mark.unwrap();
    assert_eq!((marked.channel(), marked.actor_id.as_str()), (Channel::Chat, "staff-1"));
    let shown = until(&mut stream, "the mark", |shown| shown.steps[0].mark.is_some()).await;
    assert_eq!(shown.next_step, "always/farewell");
    assert_eq!(shown.steps[0].mark.as_ref(), Some(&marked));
    let read = GetCaseRequest {
        case_id: case.case_id.clone(),
    };
    let texts = staff.get_case(read).await.unwrap().into_inner().shown_texts;
    assert_eq!((texts.len(), texts[0].step.as_str()), (1, "always/greet"));

    // A repair is ordered: its steps come, and what was said stays said.
    let repair = new_id();
    let submitted = RepairSubmitted {
        repair_id: repair.clone(),
        case_id: case.case_id.clone(),
        ..RepairSubmitted::default()
    };
    let repairs = world.repairs.as_ref().unwrap();
    repairs.tell(repair.parse::<Id>().unwrap(), &submitted).await;
    let shown = until(&mut stream, "the repair", |shown| shown.purpose == "repair").await;
    assert_eq!(names(&shown), ["always/greet", "repair/back-up", "always/farewell"]);
    assert_eq!(
        (shown.next_step.as_str(), shown.stage()),
        ("repair/back-up", PlaybookStage::Remind)
    );
    assert!(shown.steps[0].mark.is_some());

    // The customer goes on by phone, at another desk: nothing is asked twice.
    let by_phone = WatchPlaybookRequest {
        channel: Channel::Phone.into(),
        ..watching(&case.case_id)
    };
    let mut phone = world.desk().watch_playbook(by_phone).await.unwrap().into_inner();
    let shown = until(&mut phone, "the steps of the phone", |_| true).await;
    assert_eq!(
        names(&shown),
        ["always/greet", "repair/back-up", "always/call-back", "always/farewell"]
    );
    assert!(shown.steps[0].mark.is_some());
    assert_eq!(shown.next_step, "repair/back-up");
}

#[tokio::test]
async fn a_desk_follows_the_language_and_the_state_of_the_case() {
    let localisation = Localisation::default();
    let world = World::with_localisation(localisation.serve().await).await;
    let (_, mut customer) = world.customer();
    let mut staff = world.staff();
    let case = open(&mut customer, opening()).await;
    let mut desk = world.desk();
    let mut stream = desk.watch_playbook(watching(&case.case_id)).await.unwrap().into_inner();
    until(&mut stream, "the steps", |shown| !shown.steps.is_empty()).await;
    customer
        .post_message(saying(
            &case.case_id,
            "Olá, o meu telemóvel não liga desde ontem à noite, o que devo fazer?",
        ))
        .await
        .unwrap();
    let shown = until(&mut stream, "the language", |shown| shown.customer_language == "pt").await;
    assert!(shown.steps[0].words.as_ref().unwrap().text.starts_with("pt "));
    let resolve = ResolveCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        resolution: Resolution::Repaired.into(),
        etag: String::new(),
    };
    staff.resolve_case(resolve).await.unwrap();
    let shown = until(&mut stream, "the last words", |shown| {
        shown.case_state() == CaseState::Resolved
    })
    .await;
    assert_eq!(
        (shown.next_step.as_str(), shown.stage()),
        ("always/farewell", PlaybookStage::Close)
    );
    let close = CloseCaseRequest {
        request_id: request_id(),
        case_id: case.case_id.clone(),
        close_reason: CloseReason::Solved.into(),
        etag: String::new(),
    };
    staff.close_case(close).await.unwrap();
    let shown = until(&mut stream, "the end", |shown| shown.case_state() == CaseState::Closed).await;
    assert!(shown.steps.is_empty());
    let refused = refused(desk.mark_playbook_step(marking(&case.case_id, "always/farewell")).await);
    assert_eq!(refused.reason, CaseErrorReason::CaseState.as_str_name());
}

#[tokio::test]
async fn a_mark_can_be_taken_back_and_is_made_once() {
    let localisation = Localisation::default();
    let world = World::with_localisation(localisation.serve().await).await;
    let (_, mut customer) = world.customer();
    let case = open(&mut customer, opening()).await;
    let mut desk = world.desk();
    let mark = marking(&case.case_id, "always/greet");
    let first = desk.mark_playbook_step(mark.clone()).await.unwrap().into_inner();
    let again = desk.mark_playbook_step(mark.clone()).await.unwrap().into_inner();
    assert_eq!(first, again);
    let mut stream = desk.watch_playbook(watching(&case.case_id)).await.unwrap().into_inner();
    until(&mut stream, "the mark", |shown| shown.steps[0].mark.is_some()).await;
    let undo = MarkPlaybookStepRequest {
        request_id: request_id(),
        outcome: StepOutcome::Unspecified.into(),
        undo: true,
        ..mark.clone()
    };
    assert_eq!(desk.mark_playbook_step(undo).await.unwrap().into_inner().mark, None);
    let shown = until(&mut stream, "no mark", |shown| shown.steps[0].mark.is_none()).await;
    assert_eq!(shown.next_step, "always/greet");
    let nameless = MarkPlaybookStepRequest {
        request_id: request_id(),
        outcome: StepOutcome::Unspecified.into(),
        ..mark
    };
    let refused = refused(desk.mark_playbook_step(nameless).await);
    assert_eq!(refused.violations[0].field, "outcome");
}

#[tokio::test]
async fn while_localisation_is_away_the_last_playbook_is_given() {
    let localisation = Localisation::default();
    let world = World::with_localisation(localisation.serve().await).await;
    let (_, mut customer) = world.customer();
    let case = open(&mut customer, opening()).await;
    let mut desk = world.desk();
    let mut stream = desk.watch_playbook(watching(&case.case_id)).await.unwrap().into_inner();
    until(&mut stream, "the steps", |shown| !shown.steps.is_empty()).await;

    localisation.is_away.store(true, Ordering::SeqCst);
    // Another customer, the same questions: the steps are there, without what only localisation could write into them.
    let (_, mut other) = world.customer();
    let second = open(&mut other, opening()).await;
    let mut late = world
        .desk()
        .watch_playbook(watching(&second.case_id))
        .await
        .unwrap()
        .into_inner();
    let shown = until(&mut late, "the steps of before", |_| true).await;
    assert!(shown.is_stale);
    assert_eq!(names(&shown), ["always/greet", "always/farewell"]);
    let words = &shown.steps[0].words.as_ref().unwrap().text;
    assert_eq!(
        words, "de-AT always/greet {$case_number}",
        "no other customer's number is in it"
    );
    // Marks belong to the case, and need no localisation.
    desk.mark_playbook_step(marking(&second.case_id, "always/greet"))
        .await
        .unwrap();
    let shown = until(&mut late, "the mark", |shown| shown.steps[0].mark.is_some()).await;
    assert_eq!(shown.next_step, "always/farewell");

    localisation.is_away.store(false, Ordering::SeqCst);
    let shown = until(&mut late, "fresh steps", |shown| !shown.is_stale).await;
    let words = &shown.steps[0].words.as_ref().unwrap().text;
    assert_eq!(*words, format!("de-AT always/greet {}", second.case_number));
}

#[tokio::test]
async fn what_was_never_known_is_said_to_be_unknown() {
    let localisation = Localisation::default();
    localisation.is_away.store(true, Ordering::SeqCst);
    let world = World::with_localisation(localisation.serve().await).await;
    let (_, mut customer) = world.customer();
    let case = open(&mut customer, opening()).await;
    let mut stream = world
        .desk()
        .watch_playbook(watching(&case.case_id))
        .await
        .unwrap()
        .into_inner();
    let shown = until(&mut stream, "anything", |_| true).await;
    assert!(shown.is_stale && shown.steps.is_empty());
    let unknown = refused(world.desk().watch_playbook(watching(&new_id())).await);
    assert_eq!(unknown.reason, CaseErrorReason::CaseNotFound.as_str_name());
    assert!(localisation.asked.lock().unwrap().is_empty());
}
