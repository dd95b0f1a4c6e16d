//! What people write, at rest.

use sqlx::AssertSqlSafe;
use support_case::domain::CustomerId;
use support_case::store::held::Held;
use support_case::store::sealed::seal_clear;
use support_chassis::privacy::{PersonalData as _, Record};
use support_chassis::vault;
use support_proto::support::case::v1::{
    Case, GetCaseRequest, ListCasesRequest, ListMessagesRequest, Message, ResolveCaseRequest,
};
use support_testing::{Holds, columns_are_known, tables_that_hold};
use tonic::Code;

use crate::world::{World, case_id, database, new_id, open, opening, refused, request_id, saying, vault as keys};

/// The tables in which a row holds one of `needles`.
async fn tables_with(world: &World, needles: &[&str]) -> Vec<String> {
    tables_that_hold(world.db.pool(), 8, needles).await
}

const NEEDLES: [&str; 3] = ["schwarz", "Update", "Notausgang"];

async fn read(world: &World, id: &str) -> (Case, Vec<Message>) {
    let mut staff = world.staff();
    let get = GetCaseRequest { case_id: id.to_owned() };
    let case = staff.get_case(get).await.unwrap().into_inner().case.unwrap();
    let list = ListMessagesRequest {
        case_id: id.to_owned(),
        ..ListMessagesRequest::default()
    };
    (case, staff.list_messages(list).await.unwrap().into_inner().messages)
}

async fn exported(world: &World, customer: CustomerId) -> Vec<Record> {
    let mut connection = world.db.read().await.unwrap();
    let held = Held { vault: keys() };
    held.export(&mut connection, customer.uuid()).await.unwrap()
}

/// Erases a customer as the service does when it is told to, and says of how many records.
async fn erase(world: &World, customer: CustomerId) -> u64 {
    let held = Held { vault: keys() };
    let mut tx = world.db.begin().await.unwrap();
    let now = tx.now();
    vault::destroy(tx.conn(), customer.uuid(), now).await.unwrap();
    let records = held.erase(&mut tx, customer.uuid()).await.unwrap();
    tx.commit().await.unwrap();
    records
}

#[tokio::test]
async fn no_word_is_in_any_table_and_all_are_read() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    client
        .post_message(saying(&case.case_id, "Zum Notausgang?"))
        .await
        .unwrap();
    assert_eq!(tables_with(&world, &NEEDLES).await, Vec::<String>::new());
    // The search does find what is there.
    assert!(!tables_with(&world, &[&case.case_id[3..]]).await.is_empty());
    let (read, messages) = read(&world, &case.case_id).await;
    assert_eq!(
        (&*read.subject, &*read.description),
        ("Bildschirm bleibt schwarz", "Seit dem Update.")
    );
    assert!(!read.words_erased && !messages[0].words_erased);
    assert_eq!(messages[0].body, "Zum Notausgang?");
    let listed = ListCasesRequest {
        customer_id: customer.to_string(),
        ..ListCasesRequest::default()
    };
    let listed = world.staff().list_cases(listed).await.unwrap().into_inner().cases;
    assert_eq!(listed[0].subject, read.subject);
    let document = format!(
        "{:?}",
        exported(&world, customer)
            .await
            .iter()
            .map(|record| &record.document)
            .collect::<Vec<_>>()
    );
    for needle in NEEDLES {
        assert!(document.contains(needle), "{document}");
    }
    assert!(!document.contains("sealed"), "{document}");
}

#[tokio::test]
async fn what_every_column_holds_is_known() {
    let database = database().await;
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    columns_are_known(
        &pool,
        &[
            (
                Holds::Code,
                "cases.language cases.country_code cases.standard_basis cases.calendar_basis cases.stated_language
                 cases.read_languages cases.detected_language cases.model messages.language messages.text_key
                 messages.text_locale playbook_marks.step playbook_marks.text_key playbook_marks.text_locale
                 timeline_entries.detail",
            ),
            (
                Holds::Id,
                "messages.author_id playbook_marks.actor_id timeline_entries.actor_id",
            ),
            (Holds::Reference, "cases.source_reference"),
            (
                Holds::Sealed,
                "cases.sealed_subject cases.sealed_description messages.sealed_body",
            ),
            (Holds::Drained, "cases.subject cases.description messages.body"),
        ],
    )
    .await;
}

#[tokio::test]
#[should_panic(expected = "cases.nickname")]
async fn a_column_that_was_forgotten_is_found() {
    let database = database().await;
    let pool = sqlx::PgPool::connect(database.url()).await.unwrap();
    sqlx::query("alter table cases add column nickname text")
        .execute(&pool)
        .await
        .unwrap();
    columns_are_known(&pool, &[]).await;
}

#[tokio::test]
async fn two_sealed_values_are_not_taken_for_each_other() {
    let world = World::start().await;
    let (_, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    let other = open(&mut client, opening()).await;
    sqlx::query(
        "update cases set sealed_subject = other.sealed_subject from cases as other where cases.id = $1 and other.id = $2",
    )
    .bind(case_id(&case).uuid())
    .bind(case_id(&other).uuid())
    .execute(world.db.pool())
    .await
    .unwrap();
    let get = GetCaseRequest { case_id: case.case_id };
    assert_eq!(world.staff().get_case(get).await.unwrap_err().code(), Code::Internal);
}

/// Writes a case and a message as builds before the vault did.
async fn clear(world: &World, customer: CustomerId) -> String {
    let id = new_id();
    sqlx::raw_sql(AssertSqlSafe(format!(
        "insert into cases (id, customer_id, state, channel, language, severity, subject, description, open_time,
             update_time, version, timeline_length)
         values ('{case}', '{customer}', 'open', 'chat', 'de', 'normal', 'Bildschirm schwarz', 'Seit dem Update.', now(),
             now(), 1, 2);
         insert into timeline_entries (case_id, sequence, kind, source, subject_id, occur_time)
         values ('{case}', 1, 'case_opened', 'case', '{case}', now()),
             ('{case}', 2, 'message_posted', 'case', gen_random_uuid(), now());
         insert into messages (id, case_id, sequence, author, author_id, channel, language, body, send_time)
         values ('{message}', '{case}', 2, 'staff', 's', 'chat', 'de', 'Zum Notausgang?', now())",
        case = &id[3..],
        message = &new_id()[3..],
        customer = customer.uuid(),
    )))
    .execute(world.db.pool())
    .await
    .unwrap();
    id
}

#[tokio::test]
async fn what_a_build_before_wrote_in_the_clear_is_read_and_then_sealed_once() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(clear(&world, customer).await);
    }
    let (case, messages) = read(&world, &ids[0]).await;
    assert_eq!(
        (&*case.subject, &*messages[0].body),
        ("Bildschirm schwarz", "Zum Notausgang?")
    );
    client.post_message(saying(&ids[0], "Hallo")).await.unwrap();
    let gone: CustomerId = new_id().parse().unwrap();
    erase(&world, gone).await;
    let late = clear(&world, gone).await;
    let (case, messages) = read(&world, &late).await;
    assert!(
        case.words_erased && messages[0].words_erased,
        "whatever stands there still"
    );
    assert_eq!((&*case.subject, &*messages[0].body), ("", ""));
    // As when two replicas look at once.
    let (keys, again) = (keys(), keys());
    let (one, other) = tokio::join!(seal_clear(&world.db, &keys), seal_clear(&world.db, &again));
    assert_eq!(one.unwrap() + other.unwrap(), 8);
    assert_eq!(tables_with(&world, &NEEDLES).await, Vec::<String>::new());
    assert_eq!(seal_clear(&world.db, &keys).await.unwrap(), 0);
    let (case, messages) = read(&world, &ids[0]).await;
    assert_eq!(
        (&*case.subject, &*case.description),
        ("Bildschirm schwarz", "Seit dem Update.")
    );
    let bodies: Vec<_> = messages.iter().map(|message| &*message.body).collect();
    assert_eq!(bodies, ["Zum Notausgang?", "Hallo"]);
    assert!(read(&world, &late).await.0.words_erased);
}

#[tokio::test]
async fn of_who_is_erased_the_case_stays_and_the_words_are_gone() {
    let world = World::start().await;
    let (customer, mut client) = world.customer();
    let case = open(&mut client, opening()).await;
    let said = world
        .staff()
        .post_message(saying(&case.case_id, "Zum Notausgang?"))
        .await;
    said.unwrap();
    let before = read(&world, &case.case_id).await.0;
    assert_eq!(erase(&world, customer).await, 2);
    assert_eq!(erase(&world, customer).await, 0, "once more changes nothing");
    let (read, messages) = read(&world, &case.case_id).await;
    assert!(read.words_erased && messages[0].words_erased);
    assert_eq!((&*read.subject, &*read.description, &*messages[0].body), ("", "", ""));
    assert_eq!(read.case_number, case.case_number);
    assert_ne!(read.etag, before.etag, "desks look again");
    let sealed: i64 =
        sqlx::query_scalar("select count(*) from cases, messages where sealed_subject <> '' or sealed_body <> ''")
            .fetch_one(world.db.pool())
            .await
            .unwrap();
    assert_eq!(sealed, 0, "no noise is kept");
    let documents = exported(&world, customer).await;
    assert!(
        documents
            .iter()
            .any(|record| record.collection == "cases" && record.document["subject"].is_null())
    );

    let told = refused(world.staff().post_message(saying(&case.case_id, "Noch da?")).await);
    assert_eq!(told.code, Code::FailedPrecondition);
    assert_eq!(told.reason, "CASE_ERROR_REASON_CUSTOMER_ERASED");
    let mut new = opening();
    new.customer_id = customer.to_string();
    let told = refused(world.staff().open_case(new).await);
    assert_eq!(told.reason, "CASE_ERROR_REASON_CUSTOMER_ERASED");
    // What needs no words goes on.
    let resolve = ResolveCaseRequest {
        request_id: request_id(),
        case_id: case.case_id,
        resolution: support_proto::support::case::v1::Resolution::Answered.into(),
        ..ResolveCaseRequest::default()
    };
    world.staff().resolve_case(resolve).await.unwrap();
}
