//! The service's use cases without its door: time is moved by hand, chance is drawn from a seed, the policy is chosen.

use sqlx::PgPool;
use support_chassis::clock::{Clock, ManualClock};
use support_chassis::db::{DatabaseSettings, Db};
use support_chassis::id::Ids;
use support_chassis::standard::{Document, Standard};
use support_identity_verification::chance::Chance;
use support_identity_verification::domain::code::Code;
use support_identity_verification::domain::contact::Contact;
use support_identity_verification::domain::customer::Name;
use support_identity_verification::domain::ids::CustomerId;
use support_identity_verification::domain::verification::{Purpose, Verification};
use support_identity_verification::error::IdentityError;
use support_identity_verification::keys::CodeKeys;
use support_identity_verification::ops::Means;
use support_identity_verification::ops::create_customer::{NewCustomer, create_customer};
use support_identity_verification::ops::expire_verifications::expire_verifications;
use support_identity_verification::ops::redeem_factor::{By, Proof, Redemption, redeem_factor};
use support_identity_verification::ops::start_verification::{Claim, Start, start_verification};
use support_identity_verification::standard::{Policy, VERIFICATION_POLICY};
use support_identity_verification::webauthn::RelyingParty;
use support_postgres::testing::TestDatabase;
use support_proto::support::identity::v1::VerificationPolicy;
use time::macros::datetime;

use crate::house::{database, vault};

pub(crate) struct Bench {
    pub(crate) db: Db,
    pub(crate) hand: ManualClock,
    pub(crate) clock: Clock,
    pub(crate) means: Means,
    pub(crate) pool: PgPool,
    _database: TestDatabase,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::under(&VERIFICATION_POLICY).await
    }

    pub(crate) async fn under(policy: &Document<VerificationPolicy>) -> Self {
        let database = database().await;
        let (clock, hand) = Clock::manual(datetime!(2026-03-01 12:00 UTC));
        let db = Db::connect(&DatabaseSettings::small(database.url()))
            .await
            .unwrap()
            .with_clock(clock.clone());
        let means = Means {
            ids: Ids::seeded("eu".parse().unwrap(), clock.clone(), 1),
            chance: Chance::seeded(1),
            keys: CodeKeys::new(&[5; 32]),
            vault: vault(),
            policy: Policy::new(Standard::shipped(policy)),
            passkeys: RelyingParty::new("support.example", &[]).unwrap(),
            reaches_phones: true,
        };
        let pool = PgPool::connect_lazy(database.url()).unwrap();
        Self {
            db,
            hand,
            clock,
            means,
            pool,
            _database: database,
        }
    }

    /// A customer in Great Britain with an e-mail address.
    pub(crate) async fn customer(&self) -> CustomerId {
        self.customer_of("GB", vec![contact()]).await
    }

    pub(crate) async fn customer_of(&self, country_code: &str, contacts: Vec<Contact>) -> CustomerId {
        let new = NewCustomer {
            name: Name {
                given: "Ada".into(),
                family: "L".into(),
                display: "Ada L".into(),
            },
            languages: vec!["en".into()],
            country_code: country_code.to_owned(),
            contacts,
        };
        let mut tx = self.db.begin().await.unwrap();
        let customer = create_customer(&mut tx, &self.means.ids, &self.means.vault, new)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        customer.id
    }

    /// Starts a verification of that customer for a payment.
    pub(crate) async fn start(&self) -> Result<Verification, IdentityError> {
        let claim = Claim::Contact {
            contact: contact(),
            own: None,
        };
        self.start_of(claim, Purpose::Payment).await
    }

    pub(crate) async fn start_of(&self, claim: Claim, purpose: Purpose) -> Result<Verification, IdentityError> {
        let start = Start {
            claim,
            purpose,
            languages: vec![],
            case_id: None,
            country_code: None,
            method: None,
            step_up: None,
            acts_for: None,
            by: By::default(),
        };
        let mut tx = self.db.begin().await?;
        let verification = start_verification(&mut tx, &self.means, start).await?;
        tx.commit().await?;
        Ok(verification)
    }

    pub(crate) fn code(&self, verification: &Verification) -> Code {
        self.means
            .keys
            .open(verification.id, verification.sealed_code.as_ref().unwrap())
            .unwrap()
    }

    pub(crate) async fn check(&self, verification: &Verification) -> Redemption {
        let code = self.code(verification);
        let mut tx = self.db.begin().await.unwrap();
        let proof = Proof::Code(code);
        let redeemed = redeem_factor(&mut tx, &self.means, verification.id, &proof, &By::default())
            .await
            .unwrap();
        tx.commit().await.unwrap();
        redeemed
    }

    pub(crate) async fn expire(&self, limit: i64) -> usize {
        let mut tx = self.db.begin().await.unwrap();
        let ended = expire_verifications(&mut tx, limit).await.unwrap();
        tx.commit().await.unwrap();
        ended
    }
}

pub(crate) fn contact() -> Contact {
    Contact::email("ada@example.com").unwrap()
}
