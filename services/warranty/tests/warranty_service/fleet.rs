//! Fleets: many devices in one call.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::stream;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sqlx::AssertSqlSafe;
use support_proto::support::warranty::v1::fleet_service_client::FleetServiceClient;
use support_proto::support::warranty::v1::{
    CoverageDecision, CoverageOutcome, Damage, DecideCoverageRequest, DecideCoverageStreamRequest,
    DecideCoverageStreamResponse, FleetCoverageDecided, GetCoverageDecisionRequest, ListCoverageDecisionsRequest,
    ReproductionState,
};
use support_testing::{Door, LIMIT};
use support_warranty::store::decisions::packing;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Streaming};

use crate::world::{World, customer, day, fleet_manager, partner, refused, request_id, staff};

/// A serial number of the fleet.
fn serial(number: u64) -> String {
    format!("FLEET{number:05}")
}

fn question(number: u64) -> DecideCoverageRequest {
    DecideCoverageRequest {
        request_id: request_id(number),
        serial_number: serial(number),
        damage: Damage::None.into(),
        ..DecideCoverageRequest::default()
    }
}

fn sent(question: DecideCoverageRequest) -> DecideCoverageStreamRequest {
    DecideCoverageStreamRequest {
        question: Some(question),
    }
}

/// Telephones of Germany, France and Spain, sold day by day from 1 March 2024, of nobody.
async fn fleet(world: &World, devices: i32) {
    world.product("PHN-12-128").await;
    let statement = format!(
        "insert into devices (id, product_id, serial_number, purchase_country_code, purchase_date,
                              purchase_date_evidence, registered_at)
         select overlay(id::text placing to_hex(number + 16 * 1048576) from 30 for 7)::uuid, product.id,
                'FLEET' || lpad(number::text, 5, '0'), (array['DE', 'FR', 'ES'])[number % 3 + 1],
                date '2024-03-01' + number % 700, 'proven', now()
         from products as product, generate_series(1, {devices}) as number"
    );
    world.run(&statement).await;
}

fn door(world: &World) -> FleetServiceClient<Door> {
    FleetServiceClient::new(world.door(&fleet_manager()))
}

async fn all(mut answers: Streaming<DecideCoverageStreamResponse>) -> Vec<DecideCoverageStreamResponse> {
    let reading = async {
        let mut read = Vec::new();
        while let Some(answer) = answers.message().await.unwrap() {
            read.push(answer);
        }
        read
    };
    tokio::time::timeout(LIMIT, reading).await.expect("the answers come")
}

async fn ask(world: &World, questions: Vec<DecideCoverageRequest>) -> Vec<DecideCoverageStreamResponse> {
    let questions = stream::iter(questions.into_iter().map(sent));
    let answers = door(world).decide_coverage_stream(questions).await.unwrap();
    all(answers.into_inner()).await
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, step by step")]
async fn a_fleet_is_answered_question_by_question() {
    let world = World::start().await;
    fleet(&world, 3000).await;
    // One in a hundred is bad, each in its own way.
    let bad = |number: u64| number % 100 == 50;
    let questions: Vec<_> = (1..=3000)
        .map(|number| {
            let good = question(number);
            match number {
                150 => DecideCoverageRequest {
                    serial_number: "NOSUCHDEVICE".replace('O', "0").replace('I', "1"),
                    ..good
                },
                250 => DecideCoverageRequest {
                    request_id: "this is none".to_owned(),
                    serial_number: "i".to_owned(),
                    ..good
                },
                350 => DecideCoverageRequest {
                    day: Some(day(2024, 2, 28)),
                    ..good
                },
                450 => DecideCoverageRequest { damage: 0, ..good },
                550 => DecideCoverageRequest {
                    day: Some(day(2026, 2, 30)),
                    ..good
                },
                _ if bad(number) => DecideCoverageRequest { damage: 999, ..good },
                _ => good,
            }
        })
        .collect();
    let answers = ask(&world, questions.clone()).await;

    let sequences: BTreeSet<_> = answers.iter().map(|answer| answer.sequence).collect();
    assert_eq!(sequences, (1..=3000).collect());
    assert_eq!(answers.len(), 3000, "each once");
    for answer in &answers {
        let number = u64::try_from(answer.sequence).unwrap();
        assert_eq!(answer.refused.is_some(), bad(number), "{answer:?}");
        assert_eq!(answer.decision.is_some(), !bad(number));
        if number != 250 {
            assert_eq!(answer.request_id, request_id(number));
        }
    }
    let refusal = |number: i64| {
        let answer = answers.iter().find(|answer| answer.sequence == number).unwrap();
        let refused = answer.refused.clone().unwrap();
        let fields: Vec<_> = refused
            .violations
            .iter()
            .map(|violation| violation.field.clone())
            .collect();
        (Code::from_i32(refused.code), refused.reason, fields)
    };
    let invalid = "COMMON_ERROR_REASON_INVALID_FIELDS".to_owned();
    assert_eq!(
        refusal(150),
        (
            Code::NotFound,
            "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND".to_owned(),
            vec![]
        )
    );
    assert_eq!(
        refusal(250),
        (
            Code::InvalidArgument,
            invalid.clone(),
            vec!["request_id".to_owned(), "serial_number".to_owned()]
        )
    );
    assert_eq!(
        refusal(350),
        (
            Code::FailedPrecondition,
            "WARRANTY_ERROR_REASON_DAY_BEFORE_PURCHASE".to_owned(),
            vec![]
        )
    );
    assert_eq!(
        refusal(450),
        (Code::InvalidArgument, invalid.clone(), vec!["damage".to_owned()])
    );
    assert_eq!(refusal(550), (Code::InvalidArgument, invalid, vec!["day".to_owned()]));
    assert_eq!(world.count("coverage_decisions").await, 2970);

    // The events tell of each decision once, in batches.
    let told: Vec<FleetCoverageDecided> = world
        .events_until(|told: &[FleetCoverageDecided]| {
            told.iter().map(|batch| batch.decisions.len()).sum::<usize>() >= 2970
        })
        .await;
    let told: Vec<_> = told.into_iter().flat_map(|batch| batch.decisions).collect();
    let of_events: BTreeMap<_, _> = told
        .iter()
        .map(|told| (told.decision_id.clone(), (told.device_id.clone(), told.outcome())))
        .collect();
    let of_answers: BTreeMap<_, _> = answers
        .iter()
        .filter_map(|answer| answer.decision.as_ref())
        .map(|decision| {
            (
                decision.decision_id.clone(),
                (decision.device_id.clone(), decision.outcome()),
            )
        })
        .collect();
    assert_eq!((told.len(), of_events), (2970, of_answers));

    // Sent again, all of it: the same answers, and nothing new.
    world.hand.advance(Duration::from_hours(48));
    let again = ask(&world, questions).await;
    let by_sequence = |answers: Vec<DecideCoverageStreamResponse>| -> BTreeMap<_, _> {
        answers.into_iter().map(|answer| (answer.sequence, answer)).collect()
    };
    assert_eq!(by_sequence(again), by_sequence(answers));
    assert_eq!(world.count("coverage_decisions").await, 2970);
}

#[tokio::test]
async fn a_request_id_names_one_question_of_one_caller() {
    let world = World::start().await;
    fleet(&world, 3).await;
    let first = ask(&world, vec![question(1), question(1)]).await;
    assert_eq!(first.len(), 2);
    assert_eq!(first[0].decision, first[1].decision, "within a batch");
    let other = DecideCoverageRequest {
        damage: Damage::Liquid.into(),
        ..question(1)
    };
    let answers = ask(&world, vec![other.clone(), question(2)]).await;
    let reused = answers.iter().find(|answer| answer.sequence == 1).unwrap();
    assert_eq!(
        reused.refused.as_ref().unwrap().reason,
        "COMMON_ERROR_REASON_REQUEST_ID_REUSED"
    );
    assert!(
        answers
            .iter()
            .any(|answer| answer.sequence == 2 && answer.decision.is_some())
    );
    // Another caller's are others, and so are those of single calls. A partner asks for what its organisation has.
    world
        .run("update devices set owner_organisation = 'asp-berlin' where serial_number = 'FLEET00001'")
        .await;
    let theirs = FleetServiceClient::new(world.door(&partner("asp-berlin")))
        .decide_coverage_stream(stream::iter([sent(other), sent(question(2))]))
        .await
        .unwrap();
    let theirs = all(theirs.into_inner()).await;
    let answered = |sequence| theirs.iter().find(|answer| answer.sequence == sequence).unwrap();
    assert!(answered(1).decision.is_some() && answered(1).decision != first[0].decision);
    assert_eq!(
        answered(2).refused.as_ref().unwrap().reason,
        "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND",
        "of nobody"
    );
    let single = world
        .coverage(&fleet_manager())
        .decide_coverage(question(1))
        .await
        .unwrap();
    let single = single.into_inner().decision.unwrap();
    assert_ne!(
        Some(single.decision_id),
        first[0].decision.as_ref().map(|of| of.decision_id.clone())
    );
    assert_eq!(world.count("coverage_decisions").await, 4);
}

#[tokio::test]
async fn two_streams_with_the_same_questions_get_the_same_decisions() {
    let world = World::start().await;
    fleet(&world, 600).await;
    let forwards: Vec<_> = (1..=600).map(question).collect();
    let backwards: Vec<_> = forwards.iter().rev().cloned().collect();
    let (one, other) = tokio::join!(ask(&world, forwards), ask(&world, backwards));
    let by_request = |answers: Vec<DecideCoverageStreamResponse>| -> BTreeMap<_, _> {
        answers
            .into_iter()
            .map(|answer| (answer.request_id, answer.decision.unwrap()))
            .collect()
    };
    assert_eq!(by_request(one), by_request(other));
    assert_eq!(world.count("coverage_decisions").await, 600);
}

#[tokio::test]
async fn whoever_hangs_up_finds_whole_batches() {
    let world = World::start().await;
    fleet(&world, 2000).await;
    let (questions, incoming) = mpsc::channel(8);
    let mut answers = door(&world)
        .decide_coverage_stream(ReceiverStream::new(incoming))
        .await
        .unwrap()
        .into_inner();
    let asking = tokio::spawn(async move {
        for number in 1..=2000 {
            if questions.send(sent(question(number))).await.is_err() {
                return;
            }
        }
    });
    let mut given = BTreeMap::new();
    for _ in 0..10 {
        let answer = answers.message().await.unwrap().unwrap();
        given.insert(answer.request_id, answer.decision.unwrap());
    }
    drop(answers);
    tokio::time::timeout(LIMIT, asking).await.unwrap().unwrap();

    // What was told of is what is stored, whole batches, and there is more to ask.
    world.settled().await;
    let stored = usize::try_from(world.count("coverage_decisions").await).unwrap();
    assert!((10..2000).contains(&stored), "{stored}");
    let told: Vec<FleetCoverageDecided> = world
        .events_until(|told: &[FleetCoverageDecided]| {
            told.iter().map(|batch| batch.decisions.len()).sum::<usize>() >= stored
        })
        .await;
    assert_eq!(told.iter().map(|batch| batch.decisions.len()).sum::<usize>(), stored);

    // Sent again, each has one decision, and those that were given are the same.
    let again = ask(&world, (1..=2000).map(question).collect()).await;
    assert_eq!(again.len(), 2000);
    for answer in again {
        if let Some(before) = given.get(&answer.request_id) {
            assert_eq!(answer.decision.as_ref(), Some(before));
        }
    }
    assert_eq!(world.count("coverage_decisions").await, 2000);
}

#[tokio::test]
async fn who_reads_slowly_is_asked_slowly() {
    let world = World::start().await;
    fleet(&world, 20_000).await;
    let taken = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counter = std::sync::Arc::clone(&taken);
    let questions = stream::iter((1..=20_000).map(move |number| {
        counter.store(number, std::sync::atomic::Ordering::Relaxed);
        sent(question(number))
    }));
    let mut answers = door(&world)
        .decide_coverage_stream(questions)
        .await
        .unwrap()
        .into_inner();
    let first = answers.message().await.unwrap();
    assert!(first.is_some());
    // Nobody reads on: what is stored comes to a standstill far below the whole.
    let stored = world.settled().await;
    assert!(stored < 10_000, "{stored}");
    let single = world.coverage(&staff()).decide_coverage(question(1)).await;
    assert!(single.is_ok(), "others are answered meanwhile: {single:?}");
    // And reading on, all of it is answered.
    let rest = all(answers).await;
    assert_eq!(rest.len(), 19_999);
    assert_eq!(taken.load(std::sync::atomic::Ordering::Relaxed), 20_000);
}

#[tokio::test]
async fn a_stream_that_stays_open_is_answered_as_it_is_asked() {
    let world = World::start().await;
    fleet(&world, 3).await;
    let (questions, incoming) = mpsc::channel(1);
    let mut answers = door(&world)
        .decide_coverage_stream(ReceiverStream::new(incoming))
        .await
        .unwrap()
        .into_inner();
    for number in 1..=3 {
        questions.send(sent(question(number))).await.unwrap();
        let answer = tokio::time::timeout(LIMIT, answers.message())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert_eq!(answer.request_id, request_id(number));
    }
    drop(questions);
    assert!(answers.message().await.unwrap().is_none());
}

#[tokio::test]
async fn only_those_who_may_ask_for_fleets() {
    let world = World::start().await;
    fleet(&world, 1).await;
    let without = support_chassis::call::Caller {
        scopes: ["coverage.decide".to_owned()].into(),
        ..fleet_manager()
    };
    let asked = FleetServiceClient::new(world.door(&without))
        .decide_coverage_stream(stream::iter([sent(question(1))]))
        .await;
    refused(asked, Code::PermissionDenied, "COMMON_ERROR_REASON_SCOPE_MISSING");
    let asked = FleetServiceClient::new(world.door(&customer(world.customer())))
        .decide_coverage_stream(stream::iter([sent(question(1))]))
        .await;
    refused(
        asked,
        Code::PermissionDenied,
        "COMMON_ERROR_REASON_CALLER_KIND_NOT_ALLOWED",
    );
    assert_eq!(world.count("coverage_decisions").await, 0);
}

#[tokio::test]
async fn decisions_are_listed_and_can_be_made_again() {
    let world = World::start().await;
    fleet(&world, 2).await;
    let first = ask(&world, vec![question(1), question(2)]).await;
    let device_id = first
        .iter()
        .find(|answer| answer.sequence == 1)
        .unwrap()
        .decision
        .clone()
        .unwrap()
        .device_id;
    world.hand.advance(Duration::from_mins(1));
    let later = world.clock.now();
    let mut made = Vec::new();
    for number in 11..=13 {
        // Newest first is by the clock.
        world.hand.advance(Duration::from_secs(1));
        let again = DecideCoverageRequest {
            serial_number: serial(1),
            ..question(number)
        };
        made.push(ask(&world, vec![again]).await.remove(0).decision.unwrap());
    }
    made.reverse();
    let list = async |since: bool, caller, page_size, page_token: String| {
        let request = ListCoverageDecisionsRequest {
            device_id: device_id.clone(),
            made_since: since.then(|| support_chassis::clock::timestamp(later)),
            page_size,
            page_token,
        };
        FleetServiceClient::new(world.door(&caller))
            .list_coverage_decisions(request)
            .await
    };
    let page = list(true, staff(), 2, String::new()).await.unwrap().into_inner();
    assert_eq!(page.decisions, made[..2]);
    let rest = list(true, staff(), 2, page.next_page_token.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (rest.decisions.as_slice(), rest.next_page_token.as_str()),
        (&made[2..], "")
    );
    assert_eq!(
        list(false, staff(), 0, String::new())
            .await
            .unwrap()
            .into_inner()
            .decisions
            .len(),
        4
    );
    refused(
        list(false, staff(), 2, page.next_page_token).await,
        Code::InvalidArgument,
        "COMMON_ERROR_REASON_PAGE_TOKEN_INVALID",
    );
    // A partner sees what its organisation asked for; a customer no device of others.
    let of_partner = list(false, partner("asp-berlin"), 0, String::new())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(of_partner.decisions, []);
    refused(
        list(false, customer(world.customer()), 0, String::new()).await,
        Code::NotFound,
        "WARRANTY_ERROR_REASON_DEVICE_NOT_FOUND",
    );

    // Each can be made again, bit for bit.
    for decision in &made {
        let (read, reproduction) = get(&world, decision).await;
        assert_eq!(&read, decision);
        assert_eq!(reproduction.0, ReproductionState::Same);
        assert_eq!(reproduction.1.len(), 64);
        assert_eq!(reproduction.1, reproduction.2);
    }
    assert!(
        made.iter()
            .all(|decision| decision.outcome() == CoverageOutcome::StatutoryRight
                || decision.outcome() == CoverageOutcome::OutOfWarranty)
    );
}

async fn get(world: &World, decision: &CoverageDecision) -> (CoverageDecision, (ReproductionState, String, String)) {
    let request = GetCoverageDecisionRequest {
        decision_id: decision.decision_id.clone(),
        ..GetCoverageDecisionRequest::default()
    };
    let answer = world
        .coverage(&staff())
        .get_coverage_decision(request)
        .await
        .unwrap()
        .into_inner();
    let reproduction = answer.reproduction.unwrap();
    (
        answer.decision.unwrap(),
        (reproduction.state(), reproduction.stored_digest, reproduction.digest),
    )
}

#[tokio::test]
async fn a_decision_that_was_tampered_with_is_found_out() {
    let world = World::start().await;
    fleet(&world, 1).await;
    let decision = ask(&world, vec![question(1)]).await.remove(0).decision.unwrap();
    let tamper = async |change: &str| {
        world
            .run("alter table coverage_decisions disable trigger coverage_decisions_immutable")
            .await;
        world.run(&format!("update coverage_decisions set {change}")).await;
        get(&world, &decision).await.1.0
    };
    let (given, answer) = (
        unpacked(&world, "given_packed").await,
        unpacked(&world, "answer_packed").await,
    );
    // What it was made from, what it was made by, and by which engine.
    let was = given["facts"]["sale"]["day"].as_str().unwrap();
    let sold = |day: &str| {
        let mut given = given.clone();
        given["facts"]["sale"]["day"] = day.into();
        format!("given_packed = {}", packed(&given))
    };
    assert_eq!(tamper(&sold("2020-03-01")).await, ReproductionState::Different);
    assert_eq!(
        tamper("engine = 0, digest = sha256('other')").await,
        ReproductionState::EarlierEngine
    );
    assert_eq!(
        tamper("engine = 0, digest = null").await,
        ReproductionState::NotRecorded
    );
    let mut unknown = answer.clone();
    unknown["terms_version"] = "warranty/coverage-terms@99".into();
    let unknown = format!("digest = sha256('other'), answer_packed = {}", packed(&unknown));
    assert_eq!(tamper(&unknown).await, ReproductionState::RulesUnknown);
    assert_eq!(tamper(&sold(was)).await, ReproductionState::RulesUnknown);
}

/// What the one decision that there is holds in this column.
async fn unpacked(world: &World, column: &str) -> Value {
    serde_json::from_slice(&unpacked_bytes(world, column).await).unwrap()
}

async fn unpacked_bytes(world: &World, column: &str) -> Vec<u8> {
    let mut connection = world.db.read().await.unwrap();
    let statement = format!("select packing, {column} from coverage_decisions");
    let (packing, packed): (i16, Vec<u8>) = sqlx::query_as(AssertSqlSafe(statement))
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    packing::unpack(packing, &packed).unwrap()
}

/// As a literal of the database.
fn packed(value: &Value) -> String {
    let packed = packing::pack(value.to_string().as_bytes()).unwrap();
    let hex = hex::encode(&packed);
    format!("'\\x{hex}'")
}

#[tokio::test]
async fn a_row_of_before_decisions_were_packed_reads_as_it_did() {
    let world = World::start().await;
    fleet(&world, 1).await;
    let decision = ask(&world, vec![question(1)]).await.remove(0).decision.unwrap();
    let (read, reproduction) = get(&world, &decision).await;
    assert_eq!(
        (&read, reproduction.0),
        (&decision, ReproductionState::Same),
        "as it is packed"
    );
    let (given, answer) = (
        unpacked(&world, "given_packed").await,
        unpacked_bytes(&world, "answer_packed").await,
    );
    // What was sealed is what is kept, byte for byte.
    let digest = world.text("select encode(digest, 'hex') from coverage_decisions").await;
    let kept = hex::encode(Sha256::digest(&answer));
    assert_eq!((&kept, &reproduction.1), (&digest, &digest));
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    world
        .run("alter table coverage_decisions disable trigger coverage_decisions_immutable")
        .await;
    world
        .run(&format!(
            "update coverage_decisions
             set facts = {}, question = {}, answer = {}, packing = null, given_packed = null, answer_packed = null,
                 purchase_date = null, sold_used = null",
            literal(&given["facts"].to_string()),
            literal(&given["question"].to_string()),
            literal(std::str::from_utf8(&answer).unwrap()),
        ))
        .await;
    assert_eq!(get(&world, &decision).await, (read, reproduction));
    // Asked again, it is found as it is.
    let again = ask(&world, vec![question(1)]).await.remove(0).decision.unwrap();
    assert_eq!(again, decision);
}
