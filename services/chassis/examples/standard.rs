//! How fast the standard is read, and how long a publication is on its way to another region: two regions as real services,
//! each with a PostgreSQL database of its own.
//!
//! ```text
//! cargo run --release -p support-chassis --example standard
//! ```

#![expect(clippy::unwrap_used, reason = "a measurement ends where something fails")]
#![expect(clippy::print_stdout, reason = "what was measured")]

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine as _;
use ed25519_dalek::SigningKey;
use futures_util::FutureExt as _;
use sqlx::migrate::Migrator;
use support_chassis::lifecycle::Lifecycle;
use support_chassis::service::{Kit, Parts, Service, migrate, run};
use support_chassis::settings::{SettingDocs, Settings, TrustRole, TrustSettings};
use support_chassis::standard::{Document, Place, Publication, Record, Standard, content, day_of};
use support_postgres::testing::{TestDatabase, database};
use support_proto::support::identity::v1::VerificationPolicy;
use tokio::net::TcpListener;

const PURPOSES: &str = r#"{"payment":{"assurance":"ASSURANCE_LEVEL_AAL1","grant_lifetime":"1800s","methods":["VERIFICATION_METHOD_EMAIL_CODE"]}}"#;
const COUNTRIES: [&str; 8] = ["DE", "FR", "IE", "ES", "IT", "PL", "US", "JP"];
const READS: u32 = 2_000_000;
const PUBLICATIONS: i64 = 100;

static POLICY: Document<VerificationPolicy> = Document::new(
    "codes: {lifetime: 600s, sends: 5, checks: 5, sends_per_hour: 10}
purposes:
  payment: {assurance: ASSURANCE_LEVEL_AAL1, methods: [VERIFICATION_METHOD_EMAIL_CODE], grant_lifetime: 1800s}",
);
static MIGRATOR: Migrator = Migrator::DEFAULT;
static KITS: Mutex<Vec<Kit>> = Mutex::new(Vec::new());
static RULER: Service = Service {
    name: "ruler",
    title: "rules",
    migrator: &MIGRATOR,
    defaults: "",
    setting_docs: SettingDocs::none(),
    standards: &[&POLICY],
    start: |kit| {
        KITS.lock().unwrap().push(kit);
        async { Ok(Parts::new()) }.boxed()
    },
};

#[tokio::main]
async fn main() {
    let [eu, us] = regions().await;
    for country in COUNTRIES {
        publish(
            &eu.0,
            Place::country(country),
            r#"{"codes":{"sends_per_hour":5}}"#.to_owned(),
        )
        .await;
    }
    read(&eu.0.standard(&POLICY));
    travel(&eu.0, &us.0.standard(&POLICY)).await;
}

/// Two regions that follow each other; the first holds the authority.
async fn regions() -> [(Kit, TestDatabase); 2] {
    let names = ["eu", "us"];
    let listeners = [
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
        TcpListener::bind("127.0.0.1:0").await.unwrap(),
    ];
    let urls = listeners
        .each_ref()
        .map(|listener| format!("http://{}", listener.local_addr().unwrap()));
    let keys = [1, 2].map(|seed| SigningKey::from_bytes(&[seed; 32]));
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let mut databases = Vec::new();
    for (index, listener) in listeners.into_iter().enumerate() {
        let other = 1 - index;
        let database = database().await;
        let settings = Settings::new(&["ruler"])
            .set("region", names[index])
            .set("database.url", database.url())
            .set("passport.signing_key", base64(keys[index].as_bytes()))
            .set(
                "passport.trust",
                vec![TrustSettings {
                    issuer: "ruler".to_owned(),
                    role: TrustRole::Region,
                    public_key: base64(keys[other].verifying_key().as_bytes()),
                }],
            )
            .set("standard.authority", names[0])
            .set(
                "standard.regions",
                HashMap::from([(names[other], vec![urls[other].clone()])]),
            );
        migrate(&RULER, &settings).await.unwrap();
        run(&RULER, &settings, &Lifecycle::new(), Some(listener)).await.unwrap();
        databases.push(database);
    }
    let kits = std::mem::take(&mut *KITS.lock().unwrap());
    let mut regions = kits.into_iter().zip(databases);
    [regions.next().unwrap(), regions.next().unwrap()]
}

async fn publish(kit: &Kit, place: Place, content: String) {
    let mut tx = kit.db.begin().await.unwrap();
    let mut adding = kit.book().adding(&mut tx).await.unwrap();
    let document = "ruler/verification-policy".to_owned();
    let now = kit.clock.now();
    let publication = Publication {
        id: kit.ids.next(),
        version: adding.snapshot().records().next_version(&document, &place),
        document,
        place,
        effective_from: day_of(now),
        published_at: now,
        author: "operator:one".to_owned(),
        approver: "operator:two".to_owned(),
        reason: "measured".to_owned(),
        digest: content::digest(&content),
        content: content.into(),
        tenure: None,
    };
    adding.publish(&mut tx, Record::Publication(publication)).await.unwrap();
    tx.commit().await.unwrap();
    kit.book().refresh().await.unwrap();
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds for people")]
fn read(standard: &Standard<VerificationPolicy>) {
    let places = COUNTRIES.map(Place::country);
    let began = Instant::now();
    for place in &places {
        black_box(standard.today(place));
    }
    let first = began.elapsed() / u32::try_from(places.len()).unwrap();
    println!(
        "first read of a place:       {:>9.1} µs",
        first.as_nanos() as f64 / 1000.0
    );
    for threads in [1, 4] {
        let began = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for place in places.iter().cycle().take(READS as usize) {
                        black_box(standard.today(black_box(place)));
                    }
                });
            }
        });
        let each = began.elapsed().as_nanos() as f64 / f64::from(READS);
        println!("read again, {threads} thread(s):     {each:>9.1} ns");
    }
}

/// From before the transaction of the publication until the other region's service rules by it.
async fn travel(from: &Kit, to: &Standard<VerificationPolicy>) {
    let mut took: Vec<Duration> = Vec::new();
    let mut changes = to.changes();
    for step in 0..PUBLICATIONS {
        let (place, seconds) = (Place::Global, 500 - step);
        let content = format!(
            r#"{{"codes":{{"checks":5,"lifetime":"{seconds}s","sends":5,"sends_per_hour":10}},"purposes":{PURPOSES}}}"#
        );
        let began = Instant::now();
        let publishing = publish(from, place.clone(), content);
        let holding = async {
            while to.today(&place).codes.unwrap().lifetime.unwrap().seconds != seconds {
                changes.changed().await.unwrap();
            }
        };
        tokio::join!(publishing, holding);
        took.push(began.elapsed());
    }
    took.sort();
    println!(
        "publication to other region: {:>9.1} ms median, {:.1} ms longest of {}",
        took[took.len() / 2].as_secs_f64() * 1000.0,
        took[took.len() - 1].as_secs_f64() * 1000.0,
        took.len(),
    );
}
