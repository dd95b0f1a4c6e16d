//! Data keys on a real database.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support_chassis::db::{Db, DbError};
use support_chassis::vault::{self, Field, Held, KeyRing, Rewrapped, Vault, VaultError};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::{connect, database, new_id};

const NOW: OffsetDateTime = datetime!(2026-03-01 12:00 UTC);
const NAME: Field = Field::new("people.name");

fn ring(keys: &[(&str, u8)]) -> KeyRing {
    let lines: Vec<_> = keys
        .iter()
        .map(|(name, byte)| format!("{name} {}", STANDARD.encode([*byte; 32])))
        .collect();
    KeyRing::parse(&lines.join("\n")).unwrap()
}

fn vault(keys: &[(&str, u8)]) -> Vault {
    Vault::new(ring(keys), ring(&[("l", 99)]))
}

/// Seals a name for a new customer.
async fn seal(db: &Db, vault: &Vault, name: &str) -> (Uuid, Vec<u8>) {
    let customer = new_id().uuid();
    let mut connection = db.read().await.unwrap();
    let key = vault.make(&mut connection, customer, NOW).await.unwrap();
    (customer, key.seal(NAME, name.as_bytes()).unwrap())
}

async fn open(db: &Db, vault: &Vault, customer: Uuid, sealed: &[u8]) -> Result<String, DbError> {
    let mut connection = db.read().await?;
    let key = vault.held(&mut connection, customer).await?.key()?;
    Ok(key.open_text(NAME, sealed)?)
}

fn refusal(result: Result<impl std::fmt::Debug, DbError>) -> VaultError {
    match result.unwrap_err() {
        DbError::Vault(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_customer_has_one_data_key_whoever_makes_it() {
    let database = database().await;
    let (db, vault) = (connect(&database).await, vault(&[("a", 1)]));
    let customer = new_id().uuid();
    let mut makers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (db, vault) = (db.clone(), vault.clone());
        makers.spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let key = vault.make(tx.conn(), customer, NOW).await.unwrap();
            tx.commit().await.unwrap();
            key.seal(NAME, b"Ada").unwrap()
        });
    }
    for sealed in makers.join_all().await {
        assert_eq!(open(&db, &vault, customer, &sealed).await.unwrap(), "Ada");
    }
}

#[tokio::test]
async fn what_is_erased_is_unreadable_for_good() {
    let database = database().await;
    let (db, vault) = (connect(&database).await, vault(&[("a", 1)]));
    let (ada, sealed) = seal(&db, &vault, "Ada").await;
    let (bob, other) = seal(&db, &vault, "Bob").await;
    let mut connection = db.read().await.unwrap();
    assert!(vault::destroy(&mut connection, ada, NOW).await.unwrap());
    assert!(!vault::destroy(&mut connection, ada, NOW).await.unwrap(), "once");
    assert!(matches!(vault.held(&mut connection, ada).await.unwrap(), Held::Erased));
    assert_eq!(refusal(open(&db, &vault, ada, &sealed).await), VaultError::Erased);
    let again = vault.make(&mut connection, ada, NOW).await;
    assert_eq!(refusal(again), VaultError::Erased, "no id gets a second key");
    let keys = vault.held_by(&mut connection, &[ada, bob]).await.unwrap();
    assert_eq!(keys.keys().copied().collect::<Vec<_>>(), [bob]);
    assert_eq!(open(&db, &vault, bob, &other).await.unwrap(), "Bob");
    // Who was never here is erased before they come.
    let late = new_id().uuid();
    assert!(matches!(vault.held(&mut connection, late).await.unwrap(), Held::Never));
    assert!(!vault::destroy(&mut connection, late, NOW).await.unwrap());
    assert_eq!(
        refusal(vault.make(&mut connection, late, NOW).await),
        VaultError::Erased
    );
    // The erased key is in no column any more.
    let left = sqlx::query_scalar!(r#"select count(*) as "count!" from customer_keys where wrapped is not null"#)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert_eq!(left, 1);
}

#[tokio::test]
async fn keys_are_rotated_while_others_read_and_write() {
    let database = database().await;
    let db = connect(&database).await;
    let (old, both, new) = (vault(&[("a", 1)]), vault(&[("b", 2), ("a", 1)]), vault(&[("b", 2)]));
    let mut people = Vec::new();
    for index in 0..25 {
        people.push(seal(&db, &old, &format!("n{index}")).await);
    }
    // A replica that has not heard of the new first key yet goes on, before, while and after.
    let behind = vault(&[("a", 1), ("b", 2)]);
    let reading = {
        let (db, people) = (db.clone(), people.clone());
        tokio::spawn(async move {
            for _ in 0..4 {
                for (index, (customer, sealed)) in people.iter().enumerate() {
                    assert_eq!(
                        open(&db, &behind, *customer, sealed).await.unwrap(),
                        format!("n{index}")
                    );
                }
            }
            seal(&db, &behind, "late").await
        })
    };
    let mut moved = 0;
    while moved < 25 {
        let (one, other) = tokio::join!(both.rewrap(&db, 4), both.rewrap(&db, 4));
        moved += one.unwrap().moved + other.unwrap().moved;
    }
    let (late, sealed) = reading.await.unwrap();
    let last = both.rewrap(&db, 100).await.unwrap();
    assert_eq!((moved + last.moved, last.stuck), (26, 0));
    assert_eq!(open(&db, &new, late, &sealed).await.unwrap(), "late");
    for (index, (customer, sealed)) in people.iter().enumerate() {
        assert_eq!(open(&db, &new, *customer, sealed).await.unwrap(), format!("n{index}"));
        let gone = refusal(open(&db, &old, *customer, sealed).await);
        assert_eq!(gone, VaultError::UnknownKey("b".into()));
    }
}

#[tokio::test]
async fn a_key_that_was_taken_out_too_early_is_noticed_and_nothing_is_lost() {
    let database = database().await;
    let db = connect(&database).await;
    let (ada, sealed) = seal(&db, &vault(&[("a", 1)]), "Ada").await;
    let early = vault(&[("b", 2)]);
    let stuck = Rewrapped { moved: 0, stuck: 1 };
    assert_eq!(early.rewrap(&db, 10).await.unwrap(), stuck);
    // The name is there again, with another key.
    assert_eq!(vault(&[("b", 2), ("a", 3)]).rewrap(&db, 10).await.unwrap(), stuck);
    let back = vault(&[("b", 2), ("a", 1)]);
    assert_eq!(back.rewrap(&db, 10).await.unwrap(), Rewrapped { moved: 1, stuck: 0 });
    assert_eq!(open(&db, &early, ada, &sealed).await.unwrap(), "Ada");
}
