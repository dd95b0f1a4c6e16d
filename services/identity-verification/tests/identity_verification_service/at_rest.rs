//! Names of authenticators and the messages of a local outbox at rest.

use std::time::Duration;

use support_chassis::id::Id;
use support_chassis::page;
use support_chassis::vault::{KeyRing, Rotated as _, Vault};
use support_identity_verification::domain::contact::Contact;
use support_identity_verification::domain::grant::Assurance;
use support_identity_verification::domain::ids::CustomerId;
use support_identity_verification::ops::authenticators::{Owner, enrol_passkey, enrol_totp};
use support_identity_verification::store::local_outbox::{Filter, Message, insert, list};
use support_identity_verification::store::{authenticators, clear, held, sealed};
use support_identity_verification::work::rotation::LookUps;

use crate::bench::Bench;
use crate::sealed::tables_with;

const NEEDLES: [&str; 3] = ["Grandma", "ada@", "4711"];

async fn enrol(bench: &Bench, customer_id: CustomerId) {
    let owner = Owner {
        customer_id,
        assurance: Some(Assurance::Aal2),
    };
    let mut tx = bench.db.begin().await.unwrap();
    enrol_totp(&mut tx, &bench.means, owner, "Grandma's phone".into())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    // Ids are in the order of time.
    bench.hand.advance(Duration::from_secs(1));
    let mut tx = bench.db.begin().await.unwrap();
    enrol_passkey(&mut tx, &bench.means, owner, "Grandmas-laptop".into())
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// What a customer has called what they have.
async fn names(bench: &Bench, customer: CustomerId) -> Vec<String> {
    let mut connection = bench.db.read().await.unwrap();
    let now = bench.clock.now();
    let held = authenticators::of_customer(&mut connection, &bench.means.vault, customer, now).await;
    held.unwrap().into_iter().map(|held| held.display_name).collect()
}

async fn keep(bench: &Bench, customer: CustomerId) -> Id {
    let id = bench.means.ids.next();
    let message = Message {
        id,
        delivery_id: bench.means.ids.next(),
        verification_id: None,
        customer_id: customer,
        recipient: "Ada@example.com".into(),
        subject: "4711".into(),
        body: "Your code is 4711.".into(),
        html: Some("<p>4711</p>".into()),
        language: "en".into(),
        origin: None,
        sent_at: bench.clock.now(),
    };
    let mut connection = bench.db.read().await.unwrap();
    insert(&mut connection, &bench.means.vault, &message).await.unwrap();
    id
}

async fn kept(bench: &Bench, vault: &Vault, recipient: Option<&str>) -> Vec<(Id, String, Option<String>)> {
    let filter = Filter {
        recipient: recipient.map(str::to_owned),
        verification_id: None,
    };
    let page = page::parse(0, "", 10, 10, &()).unwrap();
    let mut connection = bench.db.read().await.unwrap();
    let found = list(&mut connection, vault, &filter, &page).await.unwrap();
    found
        .into_iter()
        .map(|message| (message.id, message.body, message.html))
        .collect()
}

#[tokio::test]
async fn no_name_of_an_authenticator_and_no_message_is_in_any_table() {
    let bench = Bench::new().await;
    let ada = bench.customer().await;
    enrol(&bench, ada).await;
    let id = keep(&bench, ada).await;
    assert_eq!(tables_with(&bench.pool, &NEEDLES).await, Vec::<String>::new());
    assert_eq!(names(&bench, ada).await, ["Grandma's phone", "Grandmas-laptop"]);
    let whole = (id, "Your code is 4711.".to_owned(), Some("<p>4711</p>".to_owned()));
    assert_eq!(
        kept(&bench, &bench.means.vault, Some("ADA@example.com")).await,
        std::slice::from_ref(&whole)
    );
    assert_eq!(kept(&bench, &bench.means.vault, None).await, [whole]);
    assert!(
        kept(&bench, &bench.means.vault, Some("adb@example.com"))
            .await
            .is_empty()
    );

    let mut connection = bench.db.read().await.unwrap();
    let exported = held::all(&mut connection, &bench.means.vault, ada).await.unwrap();
    let exported: String = exported.iter().map(|record| record.document.to_string()).collect();
    assert!(exported.contains("Grandmas-laptop"), "{exported}");
    assert!(!exported.contains("sealed_"), "{exported}");
}

#[tokio::test]
async fn what_the_build_before_writes_is_read_and_sealed() {
    let bench = Bench::new().await;
    let (ada, bob) = (
        bench.customer().await,
        bench
            .customer_of("GB", vec![Contact::email("bob@example.com").unwrap()])
            .await,
    );
    enrol(&bench, ada).await;
    enrol(&bench, bob).await;
    let verification = bench.start().await.unwrap();
    let (of_ada, of_nobody): (Id, Id) = (bench.means.ids.next(), bench.means.ids.next());
    sqlx::query(
        "update authenticators set sealed_display_name = null, display_name = 'Grandma''s tablet' where method = 'totp'",
    )
    .execute(&bench.pool)
    .await
    .unwrap();
    for (id, of) in [(of_ada, verification.id.uuid()), (of_nobody, of_nobody.uuid())] {
        sqlx::query(
            "insert into local_outbox_messages (id, delivery_id, verification_id, recipient, subject, body, language, sent_at)
             values ($1, $1, $2, 'ada@example.com', '4711', 'Code 4711', 'en', now())",
        )
        .bind(id.uuid())
        .bind(of)
        .execute(&bench.pool)
        .await
        .unwrap();
    }
    assert_eq!(names(&bench, ada).await, ["Grandma's tablet", "Grandmas-laptop"]);
    // Erased by the build before, which knows of no sealed name.
    let mut tx = bench.db.begin().await.unwrap();
    let now = tx.now();
    sealed::erase(tx.conn(), bob, now).await.unwrap();
    tx.commit().await.unwrap();

    let vault = &bench.means.vault;
    // As when two replicas start at once.
    let (one, other) = tokio::join!(clear::seal(&bench.db, vault), clear::seal(&bench.db, vault));
    assert_eq!(one.unwrap() + other.unwrap(), 4);
    assert_eq!(clear::seal(&bench.db, vault).await.unwrap(), 0);
    assert_eq!(tables_with(&bench.pool, &NEEDLES).await, Vec::<String>::new());
    assert_eq!(names(&bench, ada).await, ["Grandma's tablet", "Grandmas-laptop"]);
    assert_eq!(names(&bench, bob).await, ["", ""]);
    assert_eq!(
        kept(&bench, vault, Some("ada@example.com")).await,
        [(of_ada, "Code 4711".to_owned(), None)],
        "what is nobody's has gone"
    );
}

#[tokio::test]
async fn messages_of_whoever_was_erased_are_not_kept_and_not_listed() {
    let bench = Bench::new().await;
    let ada = bench.customer().await;
    keep(&bench, ada).await;
    let mut tx = bench.db.begin().await.unwrap();
    let now = tx.now();
    sealed::erase(tx.conn(), ada, now).await.unwrap();
    tx.commit().await.unwrap();
    keep(&bench, ada).await;
    let rows: i64 = sqlx::query_scalar("select count(*) from local_outbox_messages")
        .fetch_one(&bench.pool)
        .await
        .unwrap();
    assert_eq!(rows, 1, "the one of before, which is noise");
    assert!(kept(&bench, &bench.means.vault, None).await.is_empty());
}

#[tokio::test]
async fn messages_are_found_by_the_look_up_keys_of_the_day() {
    let bench = Bench::new().await;
    let ada = bench.customer().await;
    let id = keep(&bench, ada).await;
    let ring = |lines: &str| KeyRing::parse(lines).unwrap();
    let keys = "first AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let (old, new) = (
        "first AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=",
        "next DAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw=",
    );
    let both = Vault::new(ring(keys), ring(&format!("{old}\n{new}")));
    let alone = Vault::new(ring(keys), ring(new));
    assert!(kept(&bench, &alone, Some("ada@example.com")).await.is_empty());
    LookUps.round(&bench.db, &both).await.unwrap();
    for vault in [&bench.means.vault, &alone] {
        let found = kept(&bench, vault, Some("ada@example.com")).await;
        assert_eq!(found.first().map(|message| message.0), Some(id));
    }
    LookUps.round(&bench.db, &alone).await.unwrap();
    assert!(
        kept(&bench, &bench.means.vault, Some("ada@example.com"))
            .await
            .is_empty(),
        "no hash under the old key is left"
    );
    assert_eq!(kept(&bench, &alone, Some("ada@example.com")).await.len(), 1);
}

#[tokio::test]
async fn a_name_does_not_open_in_another_row() {
    let bench = Bench::new().await;
    let ada = bench.customer().await;
    enrol(&bench, ada).await;
    sqlx::query(
        "update authenticators set sealed_display_name = other.sealed_display_name
         from authenticators as other where other.id <> authenticators.id",
    )
    .execute(&bench.pool)
    .await
    .unwrap();
    let mut connection = bench.db.read().await.unwrap();
    let now = bench.clock.now();
    authenticators::of_customer(&mut connection, &bench.means.vault, ada, now)
        .await
        .err()
        .unwrap();
}
