//! Names and addresses at rest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sqlx::PgPool;
use support_chassis::vault::{KeyRing, Rotated as _, Vault};
use support_identity_verification::domain::contact::Contact;
use support_identity_verification::domain::ids::{ContactPointId, CustomerId};
use support_identity_verification::store::{customers, sealed};
use support_identity_verification::work::rotation::LookUps;
use support_proto::support::identity::v1::{AddContactPointRequest, LookupCustomerRequest};
use support_testing::{showing, tables_that_hold};

use crate::bench::Bench;
use crate::house::{House, email, new_customer, phone, request_id, staff};

/// The tables in which a row holds one of `needles`.
pub(crate) async fn tables_with(pool: &PgPool, needles: &[&str]) -> Vec<String> {
    tables_that_hold(pool, 15, needles).await
}

#[tokio::test]
async fn no_name_and_no_address_is_in_any_table() {
    let house = House::new().await;
    let new = new_customer(vec![email("Ada.Hidden@example.com"), phone("+41790001122")]);
    let made = house
        .customers(&staff())
        .create_customer(new.clone())
        .await
        .unwrap()
        .into_inner();
    let id = made.customer.clone().unwrap().customer_id;
    let add = AddContactPointRequest {
        request_id: request_id(),
        customer_id: id.clone(),
        contact_point: Some(email("second.hidden@example.com")),
        etag: String::new(),
    };
    house
        .customers(&showing(&staff(), &id, "account_security"))
        .add_contact_point(add)
        .await
        .unwrap();
    let needles = ["Lovelace", "Hidden@", "+41790001122"];
    assert_eq!(tables_with(&house.pool, &needles).await, Vec::<String>::new());
    // The search does find what is there.
    assert!(!tables_with(&house.pool, &[&id[3..]]).await.is_empty());
    // Sent again, the sealed answer is read.
    let again = house
        .customers(&staff())
        .create_customer(new)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again, made);
    let look = LookupCustomerRequest {
        contact_point: Some(email("ada.hidden@EXAMPLE.com")),
    };
    let found = house
        .customers(&staff())
        .lookup_customer(look)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(found.customer.unwrap().name.unwrap().family_name, "L•••");
}

/// A customer as builds before the vault stored them.
async fn clear(bench: &Bench, address: &str) -> CustomerId {
    let id: CustomerId = bench.means.ids.next();
    sqlx::query(
        "insert into customers (id, given_name, family_name, display_name, languages, country_code, created_at)
         values ($1, 'Ada', 'Lovelace', 'Ada Lovelace', '{en}', 'GB', now())",
    )
    .bind(id.uuid())
    .execute(&bench.pool)
    .await
    .unwrap();
    sqlx::query(
        "insert into contact_points (id, customer_id, ordinal, kind, value, comparable, created_at, vouched)
         values ($3, $1, 1, 'email', $2, lower($2), now(), true)",
    )
    .bind(id.uuid())
    .bind(address)
    .bind(bench.means.ids.next::<ContactPointId>().uuid())
    .execute(&bench.pool)
    .await
    .unwrap();
    id
}

#[tokio::test]
async fn what_was_stored_in_the_clear_is_sealed_once() {
    let bench = Bench::new().await;
    let mut ids = Vec::new();
    for index in 0..5 {
        ids.push(clear(&bench, &format!("Hidden{index}@example.com")).await);
    }
    assert!(!tables_with(&bench.pool, &["Lovelace", "Hidden"]).await.is_empty());
    let vault = &bench.means.vault;
    // As when two replicas start at once.
    let (one, other) = tokio::join!(
        sealed::seal_clear(&bench.db, vault),
        sealed::seal_clear(&bench.db, vault)
    );
    assert_eq!(one.unwrap() + other.unwrap(), 5);
    assert_eq!(
        tables_with(&bench.pool, &["Lovelace", "Hidden"]).await,
        Vec::<String>::new()
    );
    assert_eq!(sealed::seal_clear(&bench.db, vault).await.unwrap(), 0);
    let mut connection = bench.db.read().await.unwrap();
    let contact = Contact::email("hidden3@example.com").unwrap();
    let found = customers::find_by_contact(&mut connection, vault, &contact)
        .await
        .unwrap();
    assert_eq!(found.map(|(id, _)| id), Some(ids[3]));
    let read = customers::get(&mut connection, vault, ids[3]).await.unwrap().unwrap();
    assert_eq!(read.name.display, "Ada Lovelace");
    assert_eq!(
        read.contact_points[0].contact.value(),
        "Hidden3@example.com",
        "as it was written"
    );
}

#[tokio::test]
async fn who_is_erased_is_nobody_and_their_address_is_free() {
    let bench = Bench::new().await;
    let vault = &bench.means.vault;
    let contact = || Contact::email("ada@example.com").unwrap();
    let (ada, bob) = (
        bench.customer_of("GB", vec![contact()]).await,
        bench
            .customer_of("GB", vec![Contact::email("bob@example.com").unwrap()])
            .await,
    );
    let mut tx = bench.db.begin().await.unwrap();
    let now = tx.now();
    assert!(sealed::erase(tx.conn(), ada, now).await.unwrap());
    tx.commit().await.unwrap();
    let mut connection = bench.db.read().await.unwrap();
    assert!(customers::get(&mut connection, vault, ada).await.unwrap().is_none());
    assert!(customers::lock(&mut connection, vault, ada).await.unwrap().is_none());
    assert!(customers::outline(&mut connection, ada).await.unwrap().is_none());
    assert!(
        customers::find_by_contact(&mut connection, vault, &contact())
            .await
            .unwrap()
            .is_none()
    );
    // No look-up comes back by itself.
    assert_eq!(sealed::add_lookups(&bench.db, vault).await.unwrap(), 0);
    assert!(customers::get(&mut connection, vault, bob).await.unwrap().is_some());
    let next = bench.customer_of("GB", vec![contact()]).await;
    let found = customers::find_by_contact(&mut connection, vault, &contact())
        .await
        .unwrap();
    assert_eq!(found.map(|(id, _)| id), Some(next));
}

#[tokio::test]
async fn both_kinds_of_keys_are_rotated_and_everybody_is_found_and_read() {
    let bench = Bench::new().await;
    let ring = |keys: &[(&str, u8)]| {
        let line = |(name, byte): &(&str, u8)| format!("{name} {}", STANDARD.encode([*byte; 32]));
        KeyRing::parse(&keys.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap()
    };
    let contact = Contact::email("ada@example.com").unwrap();
    let ada = bench.customer_of("GB", vec![contact.clone()]).await;
    // The house's keys are of bytes 1 and 2.
    let both = Vault::new(ring(&[("next", 11), ("first", 1)]), ring(&[("next", 12), ("first", 2)]));
    let alone = Vault::new(ring(&[("next", 11)]), ring(&[("next", 12)]));
    let mut connection = bench.db.read().await.unwrap();
    let found = customers::find_by_contact(&mut connection, &both, &contact)
        .await
        .unwrap();
    assert_eq!(found.map(|(id, _)| id), Some(ada), "before anything was done");
    assert_eq!(both.rewrap(&bench.db, 100).await.unwrap().moved, 1);
    assert_eq!(LookUps.round(&bench.db, &both).await.unwrap(), 0);
    let found = customers::find_by_contact(&mut connection, &alone, &contact)
        .await
        .unwrap();
    assert_eq!(found.map(|(id, _)| id), Some(ada));
    let read = customers::get(&mut connection, &alone, ada).await.unwrap().unwrap();
    assert_eq!(read.contact_points[0].contact.value(), "ada@example.com");
    // A replica that has the old look-up key alone still refuses a second owner.
    let old = customers::find_by_contact(&mut connection, &bench.means.vault, &contact)
        .await
        .unwrap();
    assert!(old.is_some());
}
