//! Keys that change under a service that serves.

use std::fs;
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support_chassis::clock::Clock;
use support_chassis::db::{DatabaseSettings, Db};
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{migrate, run};
use support_chassis::vault::{Field, KeyRing, Process, Vault, processes};
use support_postgres::testing::database;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::feed::until;
use crate::ledger::{self, LEDGER};

fn ring(keys: &[(&str, u8)]) -> String {
    let line = |(name, byte): &(&str, u8)| format!("{name} {}\n", STANDARD.encode([*byte; 32]));
    keys.iter().map(line).collect()
}

/// Replaces a ring as the command does: at once.
fn write(path: &Path, keys: &[(&str, u8)]) {
    let draft = path.with_extension("new");
    fs::write(&draft, ring(keys)).unwrap();
    fs::rename(draft, path).unwrap();
}

/// What the one process has said.
async fn said(db: &Db) -> Option<Process> {
    processes(db, Duration::from_hours(1))
        .await
        .unwrap()
        .1
        .into_iter()
        .next()
}

#[tokio::test]
async fn a_ring_is_read_again_and_one_that_lacks_a_key_that_is_needed_is_not_taken() {
    let database = database().await;
    let folder = std::env::temp_dir().join(format!("support-chassis-rings-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let (keys, lookup_keys) = (folder.join("vault.keys"), folder.join("lookup.keys"));
    write(&keys, &[("a", 1)]);
    write(&lookup_keys, &[("l", 9)]);
    let settings = ledger::settings(&database)
        .set("vault.keys_file", keys.display().to_string())
        .set("vault.lookup_keys_file", lookup_keys.display().to_string());
    migrate(&LEDGER, &settings).await.unwrap();
    let db = Db::connect(&DatabaseSettings::small(database.url())).await.unwrap();
    let old = Vault::new(
        KeyRing::parse(&ring(&[("a", 1)])).unwrap(),
        KeyRing::parse(&ring(&[("l", 9)])).unwrap(),
    );
    let (ada, name) = (Uuid::from_u128(7), Field::new("people.name"));
    let mut connection = db.read().await.unwrap();
    let key = old.make(&mut connection, ada, Clock::system().now()).await.unwrap();
    let sealed = key.seal(name, b"Ada").unwrap();

    let life = Lifecycle::new();
    let running = run(&LEDGER, &settings, &life, None).await.unwrap();
    let has = async |names: &[&str]| {
        said(&db)
            .await
            .is_some_and(|said| said.keys == names && said.checked.is_some())
    };
    until("it has its ring", async || has(&["a"]).await).await;
    write(&lookup_keys, &[("m", 8), ("l", 9)]);
    write(&keys, &[("b", 2), ("a", 1)]);
    until("the key is put first", async || has(&["b", "a"]).await).await;
    let (_, told) = processes(&db, Duration::from_hours(1)).await.unwrap();
    assert_eq!(told[0].lookup_keys, ["m", "l"]);
    write(&keys, &[("b", 2)]);
    until("the old key is gone", async || has(&["b"]).await).await;
    let new = Vault::new(
        KeyRing::parse(&ring(&[("b", 2)])).unwrap(),
        KeyRing::parse(&ring(&[("l", 9)])).unwrap(),
    );
    let held = new.held(&mut connection, ada).await.unwrap().key().unwrap();
    assert_eq!(held.open_text(name, &sealed).unwrap(), "Ada");
    // Too early: the data key is wrapped by the one that is gone.
    write(&keys, &[("c", 3)]);
    let before = processes(&db, Duration::from_hours(1)).await.unwrap().0;
    until("it goes on", async || seen_since(&db, before).await).await;
    assert!(has(&["b"]).await);
    write(&keys, &[("b", 2)]);
    life.drain("test");
    assert_eq!(running.finished().await, Ok(()));
    fs::remove_dir_all(folder).unwrap();
}

/// Whether the process has read its ring since: it says that it lives after it has.
async fn seen_since(db: &Db, since: OffsetDateTime) -> bool {
    sqlx::query_scalar!(
        r#"select exists (select from vault_processes where seen_at > $1) as "seen!""#,
        since + time::Duration::seconds(3)
    )
    .fetch_one(db.pool())
    .await
    .unwrap()
}
