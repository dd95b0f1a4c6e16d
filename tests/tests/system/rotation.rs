//! The keys of personal data are rotated while everything goes on.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use support::keys::rings::Ring;
use support::keys::rotate::rotate;
use support::session::Caller;
use support_chassis::db::{DatabaseSettings, Db};
use support_chassis::vault::KeyRing;
use support_proto::support::identity::v1::{
    CreateCustomerRequest, GetCustomerRequest, LookupCustomerRequest, NewContactPoint,
};
use support_proto::support::types::v1::PersonName;
use support_tests::people::{Customer, request_id};
use support_tests::town::shared;
use tokio::task::JoinSet;
use tonic::Status;

const SERVICE: &str = "identity-verification";

fn someone(address: &str) -> CreateCustomerRequest {
    CreateCustomerRequest {
        request_id: request_id(),
        name: Some(PersonName {
            given_name: "Ada".to_owned(),
            family_name: "Lovelace".to_owned(),
            display_name: "Ada Lovelace".to_owned(),
        }),
        languages: vec!["en".to_owned()],
        country_code: "DE".to_owned(),
        contact_points: vec![by(address)],
    }
}

fn by(email: &str) -> NewContactPoint {
    NewContactPoint {
        email: email.to_owned(),
        phone: String::new(),
    }
}

/// Makes a customer, makes them again by the same request, reads them, finds them.
async fn one_life(operator: &Caller) -> Result<(), Status> {
    let address = format!("{}@rotation.example", request_id());
    let new = someone(&address);
    let made = operator
        .customers()
        .create_customer(new.clone())
        .await?
        .into_inner()
        .customer
        .unwrap();
    let again = operator
        .customers()
        .create_customer(new)
        .await?
        .into_inner()
        .customer
        .unwrap();
    assert_eq!(again, made, "the stored answer opens");
    found(operator, &address, &made.customer_id).await
}

async fn found(operator: &Caller, address: &str, id: &str) -> Result<(), Status> {
    let read = GetCustomerRequest {
        customer_id: id.to_owned(),
    };
    operator.customers().get_customer(read).await?;
    let find = LookupCustomerRequest {
        contact_point: Some(by(address)),
    };
    let found = operator.customers().lookup_customer(find).await?.into_inner();
    assert_eq!(found.customer.unwrap().customer_id, id);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_while_customers_come_and_go_and_nothing_is_refused() {
    let town = shared();
    let before = Customer::verified(town).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for _ in 0..3 {
        let (operator, stop) = (town.operator(), Arc::clone(&stop));
        callers.spawn(async move {
            let mut lives = 0;
            while !stop.load(Ordering::Relaxed) {
                one_life(&operator)
                    .await
                    .map_err(|status| format!("after {lives}: {status:?}"))?;
                lives += 1;
            }
            Ok::<_, String>(lives)
        });
    }
    let (server, _) = town.superuser_url.rsplit_once('/').unwrap();
    let url = format!("{server}/support_identity_verification");
    let db = Db::connect(&DatabaseSettings::small(&url)).await.unwrap();
    for ring in Ring::ALL {
        let file = ring.path(&town.keys(), SERVICE);
        let mut said = Vec::new();
        rotate(&db, ring, &file, |line| said.push(line.to_owned()))
            .await
            .unwrap();
        let text = fs::read_to_string(&file).unwrap();
        let names: Vec<_> = KeyRing::parse(&text).unwrap().names().map(str::to_owned).collect();
        assert_eq!(names.len(), 1, "{said:?}");
        assert_ne!(names[0], "first", "{said:?}");
        assert_eq!(said.last().map(String::as_str), Some("done"), "{said:?}");
    }
    stop.store(true, Ordering::Relaxed);
    let lives: u32 = callers.join_all().await.into_iter().map(Result::unwrap).sum();
    assert!(lives > 3, "{lives}");
    let (old, hashes): (i64, i64) = sqlx::query_as(
        "select (select count(*) from customer_keys where wrapped_by = 'first')
             + (select count(*) from idempotency_keys where sealed_by = 'first'),
             (select count(*) from contact_lookups where key_id = 'first')",
    )
    .fetch_one(db.pool())
    .await
    .unwrap();
    assert_eq!((old, hashes), (0, 0), "nothing is left of the old keys");
    found(&town.operator(), &before.email, &before.id).await.unwrap();
    db.close().await;
}
