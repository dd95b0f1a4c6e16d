//! Erasure and export: two persons want it, nothing of the customer is left, and every service says so.

use serde_json::Value;
use support_chassis::call::Caller;
use support_chassis::db::{DbError, Tx};
use support_chassis::error::Explained;
use support_identity_verification::domain::erasure::{
    Erasure as Known, ErasureState as State, FOLLOWERS, Reason as Why,
};
use support_identity_verification::domain::ids::{CustomerId, ErasureId};
use support_identity_verification::error::IdentityError;
use support_identity_verification::keys::CodeKeys;
use support_identity_verification::ops::erase_customer::{acknowledge_erasure, approve_erasure, request_erasure};
use support_identity_verification::store::erasures;
use support_proto::support::identity::v1::{
    ApproveErasureRequest, EraseCustomerRequest, Erasure, ErasureState, ExportCustomerRequest, GetCustomerRequest,
    GetErasureRequest, IdentityErrorReason as Reason, ListErasuresRequest, ListGrantsRequest,
    ListOutboxMessagesRequest, LookupCustomerRequest, PersonalDataReason, WithdrawErasureRequest,
};
use support_proto::support::options::v1::AssuranceLevel;
use support_proto::support::privacy::v1::CustomerErased;
use support_testing::{events_of, showing};
use tonic::{Code, Status};

use crate::bench::Bench;
use crate::house::{House, customer, email, guardian, new_customer, phone, refused, request_id, some_id, staff};
use crate::sealed::tables_with;

fn erase(customer_id: &str) -> EraseCustomerRequest {
    EraseCustomerRequest {
        request_id: request_id(),
        customer_id: customer_id.to_owned(),
        reason: PersonalDataReason::LegalOrder.into(),
        case_id: String::new(),
    }
}

pub(crate) async fn ask(house: &House, by: &Caller, customer_id: &str) -> Result<Erasure, Status> {
    let answer = house.erasures(by).erase_customer(erase(customer_id)).await?;
    Ok(answer.into_inner().erasure.unwrap())
}

pub(crate) async fn approve(house: &House, by: &Caller, erasure_id: &str) -> Result<Erasure, Status> {
    let request = ApproveErasureRequest {
        request_id: request_id(),
        erasure_id: erasure_id.to_owned(),
    };
    let answer = house.erasures(by).approve_erasure(request).await?;
    Ok(answer.into_inner().erasure.unwrap())
}

async fn withdraw(house: &House, by: &Caller, erasure_id: &str) -> Result<Erasure, Status> {
    let request = WithdrawErasureRequest {
        request_id: request_id(),
        erasure_id: erasure_id.to_owned(),
    };
    let answer = house.erasures(by).withdraw_erasure(request).await?;
    Ok(answer.into_inner().erasure.unwrap())
}

async fn read(house: &House, by: &Caller, erasure_id: &str) -> Result<Erasure, Status> {
    let request = GetErasureRequest {
        erasure_id: erasure_id.to_owned(),
    };
    let answer = house.erasures(by).get_erasure(request).await?;
    Ok(answer.into_inner().erasure.unwrap())
}

fn gone<T: std::fmt::Debug>(answer: Result<T, Status>) -> Explained {
    refused(answer, Reason::CustomerNotFound, Code::NotFound)
}

fn verified(customer_id: &str) -> Caller {
    Caller {
        assurance: AssuranceLevel::Aal2,
        ..customer(customer_id)
    }
}

#[tokio::test]
async fn two_persons_erase_a_customer_and_nothing_of_them_is_left() {
    let house = House::new().await;
    let (ada, bob) = (guardian("agent-7"), guardian("agent-8"));
    let new = new_customer(vec![email("Ada.Gone@example.com"), phone("+41790001122")]);
    let made = house.customers(&staff()).create_customer(new.clone()).await.unwrap();
    let id = made.into_inner().customer.unwrap().customer_id;
    house.verify("ada.gone@example.com").await;
    let open = house.start("ada.gone@example.com").await;
    house.code(&open).await;
    let needles = ["Lovelace", "Gone@", "+41790001122"];
    assert_eq!(
        tables_with(&house.pool, &needles).await,
        Vec::<String>::new(),
        "what a local system keeps in place of a mailbox is sealed"
    );
    assert_eq!(house.kept(ListOutboxMessagesRequest::default()).await.len(), 2);

    let asked = ask(&house, &ada, &id).await.unwrap();
    assert_eq!((asked.state(), asked.services.len()), (ErasureState::Requested, 0));
    assert_eq!(
        (asked.requested_by.as_str(), asked.reason()),
        ("agent-7", PersonalDataReason::LegalOrder)
    );
    assert_eq!(ask(&house, &bob, &id).await.unwrap(), asked, "it is asked for once");
    refused(
        approve(&house, &ada, &asked.erasure_id).await,
        Reason::SecondPersonNeeded,
        Code::PermissionDenied,
    );
    let look = GetCustomerRequest {
        customer_id: id.clone(),
    };
    house.customers(&staff()).get_customer(look.clone()).await.unwrap();

    let running = approve(&house, &bob, &asked.erasure_id).await.unwrap();
    assert_eq!(
        (running.state(), running.decided_by.as_str()),
        (ErasureState::Running, "agent-8")
    );
    let done: Vec<_> = running
        .services
        .iter()
        .map(|service| (service.service.as_str(), service.erase_time.is_some()))
        .collect();
    assert_eq!(
        done,
        [
            ("case", false),
            ("identity-verification", true),
            ("localisation", false),
            ("repair-logistics", false),
            ("routing", false),
            ("warranty", false)
        ]
    );
    let again = refused(
        approve(&house, &bob, &asked.erasure_id).await,
        Reason::ErasureNotRequested,
        Code::FailedPrecondition,
    );
    assert_eq!(again.metadata["state"], "ERASURE_STATE_RUNNING");

    assert_eq!(tables_with(&house.pool, &needles).await, Vec::<String>::new());
    assert!(house.kept(ListOutboxMessagesRequest::default()).await.is_empty());
    gone(house.customers(&staff()).get_customer(look).await);
    let find = LookupCustomerRequest {
        contact_point: Some(email("ada.gone@example.com")),
    };
    gone(house.customers(&staff()).lookup_customer(find).await);
    everything_has_ended(&house, &id, &open.verification_id).await;
    gone(ask(&house, &ada, &some_id()).await);
    assert_eq!(ask(&house, &ada, &id).await.unwrap(), running, "they are erased once");

    assert_eq!(on_record(&house, "customer_erased").await, ["agent-8"]);
    assert_eq!(
        house.trail("%erase%").await[..2],
        ["agent-7 customer_erased refused", "agent-8 customer_erased done"],
        "who would have been both persons is on record too"
    );
    assert_eq!(on_record(&house, "erasure_requested").await.len(), 1);

    let told: Vec<CustomerErased> = events_of(house.reader(), 1).await;
    assert_eq!(
        (told[0].customer_id.as_str(), told[0].erasure_id.as_str()),
        (id.as_str(), asked.erasure_id.as_str())
    );
    // The address is free.
    let next = house
        .customers(&staff())
        .create_customer(new_customer(vec![email("ada.gone@example.com")]))
        .await;
    assert_ne!(next.unwrap().into_inner().customer.unwrap().customer_id, id);
}

/// No grant lasts, no verification is open, and no hash of an address is left.
async fn everything_has_ended(house: &House, customer_id: &str, verification_id: &str) {
    let list = ListGrantsRequest {
        customer_id: customer_id.to_owned(),
        ..ListGrantsRequest::default()
    };
    let grants = house
        .grants(&staff())
        .list_grants(list)
        .await
        .unwrap()
        .into_inner()
        .grants;
    assert!(!grants.is_empty() && grants.iter().all(|grant| grant.revoke_time.is_some()));
    let state = sqlx::query_scalar!(
        "select state from verifications where id = $1",
        verification_id[3..].parse::<uuid::Uuid>().unwrap()
    )
    .fetch_one(&house.pool)
    .await
    .unwrap();
    assert_eq!(state, "canceled");
    let hashes = sqlx::query_scalar!(
        r#"select count(*) as "count!" from verifications
         where customer_id is not null and contact_key <> decode(repeat('00', 32), 'hex')"#
    )
    .fetch_one(&house.pool)
    .await
    .unwrap();
    assert_eq!(hashes, 0, "no hash tells that somebody with this address was here");
}

#[tokio::test]
async fn who_asked_may_take_it_back_and_nobody_else_learns_of_it() {
    let house = House::new().await;
    let id = house.customer("ada@example.com").await.customer_id;
    let other = house.customer("bob@example.com").await.customer_id;
    let asked = ask(&house, &verified(&id), &id).await.unwrap();
    assert_eq!(asked.reason(), PersonalDataReason::CustomerWish, "customers only wish");
    assert_eq!(asked.requested_by, id);
    gone(ask(&house, &verified(&other), &id).await);
    for answer in [
        read(&house, &verified(&other), &asked.erasure_id).await,
        withdraw(&house, &verified(&other), &asked.erasure_id).await,
        approve(&house, &guardian("agent-8"), &some_id()).await,
    ] {
        refused(answer, Reason::ErasureNotFound, Code::NotFound);
    }
    let waiting = ListErasuresRequest {
        state: ErasureState::Requested.into(),
        ..ListErasuresRequest::default()
    };
    let listed = house
        .erasures(&guardian("agent-8"))
        .list_erasures(waiting.clone())
        .await
        .unwrap();
    assert_eq!(listed.into_inner().erasures, std::slice::from_ref(&asked));
    let back = withdraw(&house, &verified(&id), &asked.erasure_id).await.unwrap();
    assert_eq!(
        (back.state(), back.decided_by.as_str()),
        (ErasureState::Withdrawn, id.as_str())
    );
    let late = approve(&house, &guardian("agent-8"), &asked.erasure_id).await;
    refused(late, Reason::ErasureNotRequested, Code::FailedPrecondition);
    let listed = house
        .erasures(&guardian("agent-8"))
        .list_erasures(waiting)
        .await
        .unwrap();
    assert!(listed.into_inner().erasures.is_empty());
    let anew = ask(&house, &verified(&id), &id).await.unwrap();
    assert_ne!(anew.erasure_id, asked.erasure_id);
    assert_eq!(read(&house, &verified(&id), &anew.erasure_id).await.unwrap(), anew);
}

/// Who is on record for having done something.
async fn on_record(house: &House, action: &str) -> Vec<String> {
    sqlx::query_scalar!(
        "select actor_id from audit_entries where action = $1 and outcome = 'done' order by number",
        action
    )
    .fetch_all(&house.pool)
    .await
    .unwrap()
}

/// An erasure that is under way.
async fn running(tx: &mut Tx, keys: &CodeKeys, id: ErasureId, customer: CustomerId) -> Known {
    request_erasure(
        tx,
        &support_chassis::id::Ids::new("eu".parse().unwrap(), support_chassis::clock::Clock::system()),
        (id, customer),
        Why::CustomerWish,
        None,
        "agent-7",
    )
    .await
    .unwrap();
    approve_erasure(tx, keys, id, "agent-8").await.unwrap()
}

#[tokio::test]
async fn it_is_complete_when_every_service_has_said_so() {
    let bench = Bench::new().await;
    let customer = bench.customer().await;
    let id: ErasureId = bench.means.ids.next();
    let mut tx = bench.db.begin().await.unwrap();
    let now = tx.now();
    assert_eq!(
        running(&mut tx, &bench.means.keys, id, customer).await.state,
        State::Running
    );
    let (last, others) = FOLLOWERS.split_last().unwrap();
    let stranger: ErasureId = bench.means.ids.next();
    let told = others.iter().chain(others).chain(&["nobody", "identity-verification"]);
    for service in told {
        acknowledge_erasure(&mut tx, id, service, 3, now).await.unwrap();
        acknowledge_erasure(&mut tx, stranger, service, 3, now).await.unwrap();
        let erasure = erasures::get(&mut tx, id).await.unwrap().unwrap();
        assert_eq!(erasure.state, State::Running, "{service}");
    }
    for _ in 0..2 {
        acknowledge_erasure(&mut tx, id, last, 4, now).await.unwrap();
        let erasure = erasures::get(&mut tx, id).await.unwrap().unwrap();
        assert_eq!((erasure.state, erasure.completed_at), (State::Completed, Some(now)));
    }
    let progress = erasures::progress(&mut tx, &[id]).await.unwrap();
    assert!(
        progress.iter().all(|(_, progress)| progress.done.is_some()),
        "{progress:?}"
    );
    let told = sqlx::query_scalar!(
        r#"select count(*) as "count!" from outbox where event_type = 'support.identity.v1.ErasureCompleted'"#
    )
    .fetch_one(tx.conn())
    .await
    .unwrap();
    assert_eq!(told, 1);
    let again = approve_erasure(&mut tx, &bench.means.keys, id, "agent-9").await;
    assert!(matches!(
        again,
        Err(IdentityError::ErasureNotRequested(State::Completed))
    ));
}

async fn export(house: &House, by: &Caller, customer_id: &str) -> Result<Value, Status> {
    let request = ExportCustomerRequest {
        customer_id: customer_id.to_owned(),
        reason: PersonalDataReason::CustomerWish.into(),
        case_id: String::new(),
    };
    let mut stream = house.erasures(by).export_customer(request).await?.into_inner();
    let mut text = String::new();
    while let Some(part) = stream.message().await? {
        text.push_str(&part.text);
    }
    Ok(serde_json::from_str(&text).unwrap())
}

#[tokio::test]
async fn all_that_is_held_is_one_document_which_names_who_did_not_tell() {
    let house = House::new().await;
    let id = house.customer("Ada@example.com").await.customer_id;
    let other = house.customer("bob@example.com").await.customer_id;
    house.verify("ada@example.com").await;
    gone(export(&house, &verified(&other), &id).await);
    let nobody = some_id();
    let shown = |id: &str| showing(&guardian("agent-7"), id, "general_help");
    gone(export(&house, &shown(&nobody), &nobody).await);
    let document = export(&house, &shown(&id), &id).await.unwrap();
    assert_eq!(document["customer_id"], id);
    let services = document["services"].as_array().unwrap();
    let complete: Vec<_> = services
        .iter()
        .map(|told| (told["service"].as_str().unwrap(), told["complete"].as_bool().unwrap()))
        .collect();
    assert_eq!(complete[0], ("identity-verification", true));
    assert_eq!(
        complete[1..],
        FOLLOWERS.map(|service| (service, false)),
        "the others are down"
    );
    let own = &services[0]["records"];
    let record = &own["customers"][0];
    assert_eq!(record["family_name"], "Lovelace");
    assert_eq!(record["contact_points"][0]["value"], "Ada@example.com");
    assert!(record["contact_points"][0]["verified_at"].is_string(), "{record}");
    assert_eq!(own["grants"].as_array().unwrap().len(), 1);
    assert_eq!(own["verifications"][0]["state"], "approved");
    let text = own.to_string();
    for secret in ["code_mac", "contact_key", "sealed_", "\"secret\"", "bob@"] {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
    // Who had it is in the next one.
    let document = export(&house, &verified(&id), &id).await.unwrap();
    let exports = document["services"][0]["records"]["personal_exports"]
        .as_array()
        .unwrap()
        .clone();
    let by: Vec<_> = exports
        .iter()
        .map(|export| export["exported_by"].as_str().unwrap())
        .collect();
    assert_eq!(by, ["agent-7", id.as_str()]);
    assert_eq!(on_record(&house, "customer_exported").await, ["agent-7", id.as_str()]);
}

/// Statements on an erasure that is under way and an export, each of which breaks one constraint.
const BREACHES: &[(&str, &str)] = &[
    ("update erasures set state = 'lost'", "erasures_state_check"),
    ("update erasures set reason = 'whim'", "erasures_reason_check"),
    ("update erasures set requested_by = ''", "erasures_requested_by_check"),
    ("update erasures set decided_by = ''", "erasures_decided_by_check"),
    (
        "update erasures set decided_at = requested_at - interval '1 second'",
        "erasures_decided_at_check",
    ),
    (
        "update erasures set state = 'completed', completed_at = decided_at - interval '1 second'",
        "erasures_completed_at_check",
    ),
    ("update erasures set decided_by = null", "erasures_decided_check"),
    ("update erasures set state = 'completed'", "erasures_completed_check"),
    (
        "update erasures set decided_by = requested_by",
        "erasures_two_persons_check",
    ),
    (
        "insert into erasures (id, customer_id, state, reason, requested_by, requested_at)
         select gen_random_uuid(), customer_id, 'requested', reason, requested_by, requested_at from erasures",
        "erasures_customer_key",
    ),
    (
        "update erasure_services set service = 'Case'",
        "erasure_services_service_check",
    ),
    (
        "update erasure_services set erased_at = now(), records = -1",
        "erasure_services_records_check",
    ),
    (
        "update erasure_services set records = 1",
        "erasure_services_erased_check",
    ),
    (
        "update personal_exports set reason = 'whim'",
        "personal_exports_reason_check",
    ),
    (
        "update personal_exports set exported_by = ''",
        "personal_exports_exported_by_check",
    ),
];

#[tokio::test]
async fn the_database_holds_what_the_rules_say() {
    let bench = Bench::new().await;
    let customer = bench.customer().await;
    let mut tx = bench.db.begin().await.unwrap();
    let export = erasures::Export {
        id: bench.means.ids.next(),
        customer_id: customer,
        reason: Why::CustomerWish,
        case_id: None,
        exported_by: "agent-7".into(),
        exported_at: tx.now(),
    };
    erasures::insert_export(&mut tx, &export).await.unwrap();
    running(&mut tx, &bench.means.keys, bench.means.ids.next(), customer).await;
    tx.commit().await.unwrap();
    let mut connection = bench.db.read().await.unwrap();
    for (statement, constraint) in BREACHES {
        let refused = sqlx::query(*statement)
            .execute(&mut *connection)
            .await
            .map_err(DbError::from)
            .unwrap_err();
        assert_eq!(refused.constraint(), Some(*constraint), "{statement}: {refused}");
    }
    // All of them were tried: a new one without a line above fails here.
    let known = sqlx::query_scalar!(
        r#"select count(*) as "count!" from pg_constraint
         where connamespace = 'public'::regnamespace and contype = 'c'
             and conrelid::regclass::text in ('erasures', 'erasure_services', 'personal_exports')"#
    )
    .fetch_one(&mut *connection)
    .await
    .unwrap();
    assert_eq!(usize::try_from(known).unwrap(), BREACHES.len() - 1);
}
