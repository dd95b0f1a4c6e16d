//! The audit trail: what is on record, that it stays, and that what is done to it is found.

use std::collections::BTreeSet;

use sqlx::PgPool;
use support_chassis::db::DbError;
use support_proto::support::identity::v1::{
    AddContactPointRequest, AuditAction as Action, AuditBreakKind as Kind, AuditEntry, AuditLink,
    CreateSupportPinRequest, ListAuditEntriesRequest, RevokeGrantRequest, VerifyAuditTrailRequest,
    VerifyAuditTrailResponse,
};
use support_proto::support::options::v1::CallerKind;
use support_testing::showing;
use tonic::Code;

use crate::house::{House, customer, email, eventually, operator, request_id, staff};

async fn verify(house: &House, asked: VerifyAuditTrailRequest) -> VerifyAuditTrailResponse {
    let answer = house.audit(&operator()).verify_audit_trail(asked).await;
    answer.unwrap().into_inner()
}

async fn verify_all(house: &House) -> VerifyAuditTrailResponse {
    verify(house, VerifyAuditTrailRequest::default()).await
}

/// Waits until every entry has its place.
async fn linked(house: &House) -> VerifyAuditTrailResponse {
    eventually("all entries have their place", async || {
        let found = verify_all(house).await;
        (found.is_complete && found.unlinked_entries == 0).then_some(found)
    })
    .await
}

async fn entries(house: &House, asked: ListAuditEntriesRequest) -> Vec<AuditEntry> {
    let answer = house.audit(&operator()).list_audit_entries(asked).await;
    answer.unwrap().into_inner().entries
}

/// As somebody does who has the database in their hands.
async fn tamper(pool: &PgPool, statements: &[&'static str]) {
    let mut tx = pool.begin().await.unwrap();
    // Whoever owns the tables can take away what guards them.
    let first = [
        "alter table audit_entries disable trigger user",
        "alter table audit_links disable trigger user",
        "alter table audit_links drop constraint if exists audit_links_entry_number_fkey",
    ];
    for statement in first.iter().chain(statements) {
        sqlx::query(*statement).execute(&mut *tx).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn what_changes_who_a_customer_is_known_by_is_on_record_with_who_did_it() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await.customer_id;
    let add = AddContactPointRequest {
        request_id: request_id(),
        customer_id: ada.clone(),
        contact_point: Some(email("ada@work.example")),
        etag: String::new(),
    };
    house
        .customers(&showing(&staff(), &ada, "account_security"))
        .add_contact_point(add)
        .await
        .unwrap();
    let grant = house.verify("ada@example.com").await.grant.unwrap();
    let mut factors = house.factors(&customer(&ada));
    factors.create_support_pin(CreateSupportPinRequest {}).await.unwrap();
    let end = RevokeGrantRequest {
        request_id: request_id(),
        grant_id: grant.grant_id.clone(),
    };
    for _ in 0..2 {
        house.grants(&staff()).revoke_grant(end.clone()).await.unwrap();
    }

    let asked = ListAuditEntriesRequest {
        customer_id: ada.clone(),
        page_size: 2,
        ..ListAuditEntriesRequest::default()
    };
    let mut listed = Vec::new();
    let mut page = asked.clone();
    loop {
        let answer = house
            .audit(&operator())
            .list_audit_entries(page)
            .await
            .unwrap()
            .into_inner();
        listed.extend(answer.entries);
        if answer.next_page_token.is_empty() {
            break;
        }
        page = ListAuditEntriesRequest {
            page_token: answer.next_page_token,
            ..asked.clone()
        };
    }
    let told: Vec<_> = listed
        .iter()
        .rev()
        .map(|entry| (entry.action(), entry.actor_kind(), entry.actor_id.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (Action::CustomerCreated, CallerKind::Staff, "agent-7"),
            (Action::ContactPointAdded, CallerKind::Staff, "agent-7"),
            (Action::GrantIssued, CallerKind::Anonymous, "visit-1"),
            (Action::SupportPinCreated, CallerKind::Customer, ada.as_str()),
            (Action::GrantRevoked, CallerKind::Staff, "agent-7"),
        ]
    );
    assert_eq!(listed[0].grant_id, grant.grant_id);
    let by_agent = ListAuditEntriesRequest {
        actor_id: "agent-7".to_owned(),
        ..ListAuditEntriesRequest::default()
    };
    assert_eq!(entries(&house, by_agent).await.len(), 3);
    let of_later = ListAuditEntriesRequest {
        start_time: listed[0].record_time.map(|time| prost_types::Timestamp {
            seconds: time.seconds + 1,
            nanos: 0,
        }),
        ..ListAuditEntriesRequest::default()
    };
    assert!(entries(&house, of_later).await.is_empty());
    let refusal = house.audit(&staff()).list_audit_entries(asked).await.unwrap_err();
    assert_eq!(
        refusal.code(),
        Code::PermissionDenied,
        "who helps customers is no reviewer"
    );

    let found = linked(&house).await;
    assert_eq!((found.links_verified, found.first_break), (5, None));
}

#[tokio::test]
async fn nothing_of_the_trail_is_changed_or_removed() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    linked(&house).await;
    for (statement, constraint) in [
        (
            "update audit_entries set actor_id = 'somebody-else'",
            "audit_entries_append_only",
        ),
        ("delete from audit_entries", "audit_entries_append_only"),
        ("truncate audit_entries cascade", "audit_entries_append_only"),
        (
            "update audit_links set hash = decode(repeat('00', 32), 'hex')",
            "audit_links_append_only",
        ),
        ("delete from audit_links", "audit_links_append_only"),
        ("truncate audit_links", "audit_links_append_only"),
    ] {
        let refused = sqlx::query(statement).execute(&house.pool).await.map_err(DbError::from);
        assert_eq!(refused.unwrap_err().constraint(), Some(constraint), "{statement}");
    }
    assert_eq!(linked(&house).await.first_break, None);
}

#[tokio::test]
async fn what_is_done_to_the_trail_is_found() {
    let house = House::new().await;
    for index in 0..6 {
        house.customer(&format!("ada{index}@example.com")).await;
    }
    let whole = linked(&house).await;
    assert_eq!((whole.links_verified, whole.first_break), (6, None));
    let head = whole.through.unwrap();

    // In pieces, each from where the one before ended.
    let first = verify(
        &house,
        VerifyAuditTrailRequest {
            max_links: 4,
            ..VerifyAuditTrailRequest::default()
        },
    )
    .await;
    assert_eq!((first.links_verified, first.is_complete), (4, false));
    let rest = verify(
        &house,
        VerifyAuditTrailRequest {
            after: first.through.clone(),
            known: vec![head.clone()],
            ..VerifyAuditTrailRequest::default()
        },
    )
    .await;
    assert_eq!(
        (rest.links_verified, rest.is_complete, rest.through, rest.first_break),
        (2, true, Some(head.clone()), None)
    );

    let broken = |found: VerifyAuditTrailResponse| {
        let first = found.first_break.unwrap();
        (first.kind(), first.position)
    };
    let change = "update audit_entries set actor_id = 'somebody-else'
         where number = (select entry_number from audit_links where position = 3)";
    let back = "update audit_entries set actor_id = 'agent-7'";
    tamper(&house.pool, &[change]).await;
    assert_eq!(broken(verify_all(&house).await), (Kind::Changed, 3));
    tamper(&house.pool, &[back]).await;
    assert_eq!(verify_all(&house).await.first_break, None);

    // An entry whose link is gone with it, at the end: the chain is right in itself, and shorter than was known.
    tamper(
        &house.pool,
        &[
            "delete from audit_entries where number = (select entry_number from audit_links where position = 6)",
            "delete from audit_links where position = 6",
        ],
    )
    .await;
    assert_eq!(verify_all(&house).await.first_break, None);
    let asked = VerifyAuditTrailRequest {
        known: vec![AuditLink { ..head.clone() }],
        ..VerifyAuditTrailRequest::default()
    };
    assert_eq!(broken(verify(&house, asked).await), (Kind::NotAsKnown, 6));
    // A link alone.
    tamper(&house.pool, &["delete from audit_links where position = 5"]).await;
    assert_eq!(broken(verify_all(&house).await), (Kind::Unlinked, 0));
    tamper(&house.pool, &["delete from audit_links where position = 2"]).await;
    assert_eq!(broken(verify_all(&house).await), (Kind::LinkMissing, 2));
    // An entry alone.
    tamper(
        &house.pool,
        &["delete from audit_entries where number = (select entry_number from audit_links where position = 1)"],
    )
    .await;
    let found = verify_all(&house).await;
    assert_eq!(found.links_verified, 0);
    assert_eq!(broken(found), (Kind::EntryMissing, 1));
}

#[tokio::test]
async fn whoever_writes_at_the_same_moment_is_on_record_and_every_entry_gets_its_place() {
    let house = House::new().await;
    let mut writers = tokio::task::JoinSet::new();
    for index in 0..40 {
        let mut client = house.customers(&staff());
        let new = crate::house::new_customer(vec![email(&format!("ada{index}@example.com"))]);
        writers.spawn(async move {
            eventually("it is made", async || {
                client.clone().create_customer(new.clone()).await.ok()
            })
            .await;
            client.create_customer(new).await.unwrap();
        });
    }
    writers.join_all().await;
    let found = linked(&house).await;
    assert_eq!((found.links_verified, found.first_break), (40, None));
    let asked = ListAuditEntriesRequest {
        page_size: 500,
        ..ListAuditEntriesRequest::default()
    };
    let listed = entries(&house, asked).await;
    let places: BTreeSet<_> = listed.iter().map(|entry| entry.position).collect();
    assert_eq!(places, (1..=40).collect());
    assert!(listed.iter().all(|entry| entry.hash.len() == 32));
}
