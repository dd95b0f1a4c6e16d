//! How many proofs are redeemed in a second, right ones and wrong ones, by many at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use support_chassis::clock::Clock;
use support_chassis::db::{DatabaseSettings, Db};
use support_chassis::id::Ids;
use support_chassis::standard::Standard;
use support_chassis::vault::{KeyRing, Vault};
use support_identity_verification::chance::Chance;
use support_identity_verification::domain::code::Code;
use support_identity_verification::domain::contact::Contact;
use support_identity_verification::domain::customer::Name;
use support_identity_verification::domain::verification::{Checked, Purpose, Verification};
use support_identity_verification::keys::CodeKeys;
use support_identity_verification::ops::Means;
use support_identity_verification::ops::create_customer::{NewCustomer, create_customer};
use support_identity_verification::ops::redeem_factor::{By, Proof, redeem_factor};
use support_identity_verification::ops::start_verification::{Claim, Start, start_verification};
use support_identity_verification::standard::{Policy, VERIFICATION_POLICY};
use support_identity_verification::webauthn::RelyingParty;
use support_identity_verification::{MIGRATOR, NAME};
use support_postgres::{Options, Server};

use crate::Figure;

const ROUNDS: u32 = 3;
/// How many ask at once.
const AT_ONCE: usize = 16;

/// A server that flushes what is committed, and is thrown away with this process.
pub(crate) fn server() -> Server {
    let directory = std::env::temp_dir().join(format!("support-identity-bench-{}", std::process::id()));
    let options = Options {
        remove_at_end: true,
        ..Options::persistent(directory, 0)
    };
    Server::start(&options).unwrap()
}

struct World {
    db: Db,
    means: Means,
}

fn ring(byte: u8) -> KeyRing {
    KeyRing::parse(&format!("first {}", STANDARD.encode([byte; 32]))).unwrap()
}

impl World {
    async fn start(server: &Server) -> Self {
        let url = server.ensure_service_database(NAME, "bench").await.unwrap();
        let settings = DatabaseSettings {
            max_connections: u32::try_from(AT_ONCE).unwrap(),
            ..DatabaseSettings::small(&url)
        };
        let db = Db::connect(&settings).await.unwrap();
        db.migrate(&MIGRATOR).await.unwrap();
        let means = Means {
            ids: Ids::new("eu".parse().unwrap(), Clock::system()),
            chance: Chance::system(),
            keys: CodeKeys::new(&[5; 32]),
            vault: Vault::new(ring(1), ring(2)),
            policy: Policy::new(Standard::shipped(&VERIFICATION_POLICY)),
            passkeys: RelyingParty::new("support.example", &[]).unwrap(),
            reaches_phones: true,
        };
        Self { db, means }
    }

    /// A customer and a verification of theirs, with its code.
    async fn verification(&self, address: &str) -> (Verification, Code) {
        let new = NewCustomer {
            name: Name {
                given: "Ada".into(),
                family: "L".into(),
                display: "Ada L".into(),
            },
            languages: vec!["en".into()],
            country_code: "GB".into(),
            contacts: vec![Contact::email(address).unwrap()],
        };
        let start = Start {
            claim: Claim::Contact {
                contact: Contact::email(address).unwrap(),
                own: None,
            },
            purpose: Purpose::GeneralHelp,
            languages: vec![],
            case_id: None,
            country_code: None,
            method: None,
            step_up: None,
            acts_for: None,
            by: By::default(),
        };
        let mut tx = self.db.begin().await.unwrap();
        create_customer(&mut tx, &self.means.ids, &self.means.vault, new)
            .await
            .unwrap();
        let started = start_verification(&mut tx, &self.means, start).await.unwrap();
        tx.commit().await.unwrap();
        let code = self.means.keys.open(started.id, started.sealed_code.as_ref().unwrap());
        (started, code.unwrap())
    }

    async fn redeem(&self, verification: &Verification, code: Code) -> Checked {
        let by = By {
            source: Some(format!("network {}", verification.id)),
            ..By::default()
        };
        let mut tx = self.db.begin().await.unwrap();
        let redeemed = redeem_factor(&mut tx, &self.means, verification.id, &Proof::Code(code), &by)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        redeemed.checked
    }
}

/// Redeems all of them, `AT_ONCE` at a time, and says how many a second.
async fn rate(world: &Arc<World>, open: Vec<(Verification, Code)>, is_right: bool) -> f64 {
    let number = f64::from(u32::try_from(open.len()).unwrap());
    let mut parts: Vec<Vec<_>> = (0..AT_ONCE).map(|_| Vec::new()).collect();
    for (index, one) in open.into_iter().enumerate() {
        parts[index % AT_ONCE].push(one);
    }
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for part in parts {
        let world = Arc::clone(world);
        tasks.spawn(async move {
            for (verification, code) in part {
                let checked = world.redeem(&verification, code).await;
                assert_eq!(matches!(checked, Checked::Approved(_)), is_right, "{checked:?}");
            }
        });
    }
    tasks.join_all().await;
    number / started.elapsed().max(Duration::from_nanos(1)).as_secs_f64()
}

pub(crate) async fn measure(server: &Server, number: u32) -> Vec<Figure> {
    let world = Arc::new(World::start(server).await);
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let mut open = Vec::new();
        for index in 0..number {
            open.push(world.verification(&format!("ada{round}-{index}@example.com")).await);
        }
        let others = open.iter().map(|(verification, code)| {
            let other = if code.number() == 0 { "000001" } else { "000000" };
            (verification.clone(), Code::parse(other.as_bytes()).unwrap())
        });
        wrong.push(rate(&world, others.collect(), false).await);
        right.push(rate(&world, open, true).await);
    }
    world.db.close().await;
    vec![
        Figure::of("code_verifications_per_s", "/s", right),
        Figure::of("wrong_codes_per_s", "/s", wrong),
    ]
}
