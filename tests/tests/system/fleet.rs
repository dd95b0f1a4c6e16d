//! A fleet through the gateway: an organisation brings in its devices and asks about all of them in one call.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream;
use support::session::Caller;
use support_chassis::day;
use support_proto::support::warranty::v1::{
    CoverageDecision, CoverageOutcome, Damage, DecideCoverageRequest, DecideCoverageStreamRequest,
    DecideCoverageStreamResponse, GetCoverageDecisionRequest, ImportDevicesRequest, ImportOutcome, ImportRow,
    ListCoverageDecisionsRequest, PurchaseDateEvidence, ReproductionState,
};
use support_tests::people::{Agent, Customer, partner, request_id, serial_number};
use support_tests::town::shared;
use support_tests::wait::soon;
use time::{Duration, OffsetDateTime};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

/// Devices of the fleet: more than one batch, and no whole number of them.
const DEVICES: usize = 400;
/// Of these places in the stream, each question is bad in its own way.
const UNKNOWN: i64 = 20;
const NO_DAMAGE_NAMED: i64 = 150;
const NO_REQUEST_ID: i64 = 260;
const SOMEBODY_ELSES: i64 = 390;

/// Brings telephones of three countries into the register, bought day by day over two years, and gives their serial numbers.
async fn imported(workshop: &Caller) -> Vec<String> {
    #[expect(clippy::disallowed_methods, reason = "the system under test runs by the real clock")]
    let today = OffsetDateTime::now_utc().date();
    let rows: Vec<ImportRow> = (0..DEVICES)
        .map(|place| ImportRow {
            model_code: "PHN-14-128".to_owned(),
            serial_number: serial_number(),
            purchase_country_code: ["DE", "FR", "GB"][place % 3].to_owned(),
            purchase_date: Some(day::to_proto(today - Duration::days(i64::try_from(place * 2).unwrap()))),
            purchase_date_evidence: PurchaseDateEvidence::Declared.into(),
            ..ImportRow::default()
        })
        .collect();
    let serials = rows.iter().map(|row| row.serial_number.clone()).collect();
    let asked = ImportDevicesRequest {
        request_id: request_id(),
        rows,
        ..ImportDevicesRequest::default()
    };
    let answer = workshop.device_life().import_devices(asked).await.unwrap();
    let rows = answer.into_inner().rows;
    assert_eq!(rows.len(), DEVICES);
    for row in rows {
        assert_eq!(row.outcome(), ImportOutcome::Registered, "{row:?}");
    }
    serials
}

fn question(serial_number: &str) -> DecideCoverageRequest {
    DecideCoverageRequest {
        request_id: request_id(),
        serial_number: serial_number.to_owned(),
        damage: Damage::None.into(),
        ..DecideCoverageRequest::default()
    }
}

fn sent(question: &DecideCoverageRequest) -> DecideCoverageStreamRequest {
    DecideCoverageStreamRequest {
        question: Some(question.clone()),
    }
}

/// The answers by their places in the stream, each of which is answered once.
async fn all(mut answers: Streaming<DecideCoverageStreamResponse>) -> BTreeMap<i64, DecideCoverageStreamResponse> {
    soon("all answers", async {
        let mut read = BTreeMap::new();
        while let Some(answer) = answers.message().await.unwrap() {
            let before = read.insert(answer.sequence, answer);
            assert_eq!(before, None, "answered twice");
        }
        read
    })
    .await
}

async fn ask(caller: &Caller, questions: &[DecideCoverageRequest]) -> BTreeMap<i64, DecideCoverageStreamResponse> {
    let questions: Vec<_> = questions.iter().map(sent).collect();
    let answers = caller.fleet().decide_coverage_stream(stream::iter(questions)).await;
    all(answers.unwrap().into_inner()).await
}

async fn stored(caller: &Caller, decision_id: &str) -> (CoverageDecision, ReproductionState) {
    let asked = GetCoverageDecisionRequest {
        decision_id: decision_id.to_owned(),
        ..GetCoverageDecisionRequest::default()
    };
    let answer = caller.coverage().get_coverage_decision(asked).await.unwrap();
    let answer = answer.into_inner();
    let made_again = answer.reproduction.unwrap().state();
    (answer.decision.unwrap(), made_again)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_is_answered_in_one_call_and_bad_questions_by_themselves() {
    let town = shared();
    let (workshop, _) = partner(town, "nordlicht-service").await;
    let customer = Customer::verified(town).await;
    let serials = imported(&workshop).await;
    let mut questions: Vec<_> = serials.iter().map(|serial| question(serial)).collect();
    let hers = customer.device().await;
    let mut spoil = |place: i64, change: &dyn Fn(&mut DecideCoverageRequest)| {
        change(&mut questions[usize::try_from(place - 1).unwrap()]);
    };
    spoil(UNKNOWN, &|question| question.serial_number = serial_number());
    spoil(NO_DAMAGE_NAMED, &|question| question.damage = 0);
    spoil(NO_REQUEST_ID, &|question| question.request_id = "none".to_owned());
    spoil(SOMEBODY_ELSES, &|question| question.serial_number.clone_from(&hers));
    let bad = BTreeMap::from([
        (UNKNOWN, (Code::NotFound, "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND", "")),
        (
            NO_DAMAGE_NAMED,
            (Code::InvalidArgument, "COMMON_ERROR_REASON_INVALID_FIELDS", "damage"),
        ),
        (
            NO_REQUEST_ID,
            (
                Code::InvalidArgument,
                "COMMON_ERROR_REASON_INVALID_FIELDS",
                "request_id",
            ),
        ),
        // An organisation does not learn that somebody else's device exists.
        (
            SOMEBODY_ELSES,
            (Code::NotFound, "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND", ""),
        ),
    ]);

    let answers = ask(&workshop, &questions).await;
    let places: Vec<i64> = answers.keys().copied().collect();
    assert_eq!(places, (1..=i64::try_from(DEVICES).unwrap()).collect::<Vec<_>>());
    let mut outcomes = BTreeSet::new();
    for (place, answer) in &answers {
        match (bad.get(place), &answer.refused, &answer.decision) {
            (Some((code, reason, field)), Some(refused), None) => {
                assert_eq!(
                    (Code::from_i32(refused.code), refused.reason.as_str()),
                    (*code, *reason)
                );
                let fields: Vec<_> = refused.violations.iter().map(|one| one.field.as_str()).collect();
                assert_eq!(fields.concat(), *field);
                assert_eq!(refused.retry_after, None, "{refused:?}");
            }
            (None, None, Some(decision)) => {
                assert_eq!(
                    answer.request_id,
                    questions[usize::try_from(place - 1).unwrap()].request_id
                );
                outcomes.insert(decision.outcome());
            }
            _ => panic!("{answer:?}"),
        }
    }
    // The oldest is of more than two years ago, the newest of today.
    assert!(
        outcomes.contains(&CoverageOutcome::LimitedWarranty) && outcomes.len() > 1,
        "{outcomes:?}"
    );

    // What the stream said is what a single question says, is stored, and can be made again.
    for place in [1, 200, 400] {
        let of_stream = answers[&place].decision.as_ref().unwrap();
        let serial = &serials[usize::try_from(place - 1).unwrap()];
        let single = workshop.coverage().decide_coverage(question(serial)).await.unwrap();
        let single = single.into_inner().decision.unwrap();
        assert_ne!(single.decision_id, of_stream.decision_id);
        assert_eq!(
            (single.outcome(), &single.covered_until, &single.pays, &single.chain),
            (
                of_stream.outcome(),
                &of_stream.covered_until,
                &of_stream.pays,
                &of_stream.chain
            )
        );
        let (decision, made_again) = stored(&workshop, &of_stream.decision_id).await;
        assert_eq!((&decision, made_again), (of_stream, ReproductionState::Same));
    }

    // All of it sent again: the same answers, and no second decision.
    assert_eq!(ask(&workshop, &questions).await, answers);
    let first = answers[&2].decision.as_ref().unwrap();
    let asked = ListCoverageDecisionsRequest {
        device_id: first.device_id.clone(),
        ..ListCoverageDecisionsRequest::default()
    };
    let listed = workshop.fleet().list_coverage_decisions(asked).await.unwrap();
    assert_eq!(listed.into_inner().decisions, std::slice::from_ref(first));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_while_questions_are_still_asked() {
    let town = shared();
    let agent = Agent::at_work(town, &support_tests::people::language(), 1).await;
    let customer = Customer::verified(town).await;
    let serial = customer.device().await;
    let (questions, asked) = mpsc::channel(4);
    questions.send(sent(&question(&serial))).await.unwrap();
    let mut fleet = agent.caller.fleet();
    let answers = fleet.decide_coverage_stream(ReceiverStream::new(asked));
    let mut answers = soon("the stream", answers).await.unwrap().into_inner();
    for sequence in 1..=3 {
        let answer = soon("an answer", answers.message()).await.unwrap().unwrap();
        assert_eq!((answer.sequence, answer.decision.is_some()), (sequence, true));
        // The next is asked only now, over the same call.
        questions.send(sent(&question(&serial))).await.unwrap();
    }
    drop(questions);
    let last = all(answers).await;
    assert_eq!(last.keys().copied().collect::<Vec<_>>(), [4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_has_no_fleet() {
    let customer = Customer::verified(shared()).await;
    let asked = stream::iter([sent(&question(&serial_number()))]);
    let refused = customer.caller.fleet().decide_coverage_stream(asked).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}
