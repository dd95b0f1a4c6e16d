//! The error model: what is said is read back, what is ours is logged once and told to nobody.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderMap;
use proptest::prelude::*;
use support_chassis::error::{
    Answer, CommonErrorReason, DETAILS_LIMIT, Explained, ServiceError, Violation, explain, into_status, read_status,
    write_status,
};
use support_proto::support::case::v1::case_service_client::CaseServiceClient;
use tonic::{Code, Status};
use tracing_subscriber::fmt::MakeWriter;

use super::harness::{Desk, World, customer, get_case, script, with_passport};

#[derive(Debug)]
struct Fault;

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("table cases is on fire")
    }
}

impl std::error::Error for Fault {}

#[derive(Debug, thiserror::Error)]
enum DeskError {
    #[error("the desk broke")]
    Broken(#[source] Fault),
    #[error("no such case")]
    Missing,
}

impl ServiceError for DeskError {
    fn answer(&self) -> Answer {
        match self {
            Self::Broken(_) => Answer::internal(),
            Self::Missing => Answer::new(Code::NotFound, "support.case.v1", "CASE_NOT_FOUND", "no such case"),
        }
    }
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

#[tokio::test]
async fn our_own_fault_is_logged_once_as_a_chain_and_leaks_nothing() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new();
    let desk = Desk::new(script(|_, _| async { Err(into_status(DeskError::Broken(Fault))) }));
    let request = with_passport(get_case(), &world.pass(&customer()));
    let status = CaseServiceClient::new(world.stack(&desk))
        .get_case(request)
        .await
        .unwrap_err();
    assert_eq!(status.message(), "internal error");
    let told = explain(&status);
    assert_eq!(
        (told.code, told.common()),
        (Code::Internal, Some(CommonErrorReason::Internal))
    );
    assert!(!String::from_utf8_lossy(status.details()).contains("fire"));

    let text = lines.text();
    let errors: Vec<_> = text.lines().filter(|line| line.contains("ERROR")).collect();
    assert_eq!(errors.len(), 1, "{text}");
    assert!(errors[0].contains("the desk broke: table cases is on fire"), "{text}");
}

#[tokio::test]
async fn a_callers_fault_is_no_error_of_ours() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(lines.clone())
        .with_ansi(false)
        .with_max_level(tracing::Level::INFO)
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new();
    let desk = Desk::new(script(|_, _| async { Err(into_status(DeskError::Missing)) }));
    let request = with_passport(get_case(), &world.pass(&customer()));
    let mut cases = CaseServiceClient::new(world.stack(&desk));
    let told = explain(&cases.get_case(request).await.unwrap_err());
    assert_eq!((told.code, told.reason.as_str()), (Code::NotFound, "CASE_NOT_FOUND"));
    cases.get_case(get_case()).await.unwrap_err();
    assert_eq!(lines.text(), "");
}

#[tokio::test]
async fn a_bare_status_of_a_handler_gets_a_reason_and_keeps_no_secret_words() {
    let world = World::new();
    let desk = Desk::new(script(|_, _| async {
        Err(Status::internal("password of the database is hunter2"))
    }));
    let request = with_passport(get_case(), &world.pass(&customer()));
    let status = CaseServiceClient::new(world.stack(&desk))
        .get_case(request)
        .await
        .unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::Internal, "internal error"));
    assert_eq!(explain(&status).common(), Some(CommonErrorReason::Internal));
}

#[test]
fn details_that_are_not_base64_are_no_reason_to_panic() {
    let mut headers = HeaderMap::new();
    headers.insert("grpc-status", "5".parse().unwrap());
    headers.insert("grpc-status-details-bin", "!!!".parse().unwrap());
    assert_eq!(read_status(&headers).unwrap().code(), Code::NotFound);
}

fn codes() -> impl Strategy<Value = Code> {
    (1_i32..=16).prop_map(Code::from_i32)
}

prop_compose! {
    fn all_answers(texts: &'static str, most: usize)(
        code in codes(),
        message in texts,
        reason in "[A-Z_]{1,30}",
        metadata in prop::collection::btree_map("[a-z_]{1,12}", texts, 0..most),
        violations in prop::collection::vec(("[a-z.\\[\\]0-9]{1,20}", texts), 0..most),
        preconditions in prop::collection::vec(("[A-Z]{1,9}", "[a-z0-9-]{1,40}", texts), 0..most),
        delay in prop::option::of(0_u64..100_000),
    ) -> Answer {
        let mut answer = Answer::new(code, "support.case.v1", reason, message);
        answer.metadata = metadata;
        answer.violations = violations.into_iter().map(|(field, text)| Violation::new(field, text)).collect();
        for (kind, subject, description) in preconditions {
            answer = answer.precondition(kind, subject, description);
        }
        answer.retry_after = delay.map(Duration::from_millis);
        answer
    }
}

proptest! {
    #[test]
    fn what_is_answered_is_read_back(answer in all_answers("\\PC{0,20}", 4)) {
        let mut headers = HeaderMap::new();
        write_status(&answer.to_status(), &mut headers);
        let read = explain(&read_status(&headers).unwrap());
        prop_assert_eq!(read, Explained {
            code: answer.code,
            message: answer.message.into_owned(),
            reason: answer.reason.into_owned(),
            domain: answer.domain.into_owned(),
            metadata: answer.metadata,
            violations: answer.violations,
            preconditions: answer.preconditions,
            retry_after: answer.retry_after,
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_answer_is_larger_than_headers_bear(answer in all_answers("\\PC{0,120}", 60)) {
        let status = answer.to_status();
        prop_assert!(status.details().len() <= DETAILS_LIMIT);
        let mut headers = HeaderMap::new();
        write_status(&status, &mut headers);
        let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32).sum();
        prop_assert!(size <= 8 * 1024, "{} bytes", size);
        let told = explain(&status);
        prop_assert_eq!((told.code, told.reason), (answer.code, answer.reason.into_owned()));
        prop_assert_eq!(told.retry_after, answer.retry_after);
    }
}
