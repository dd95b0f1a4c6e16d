//! What others hear, and what nobody reads.

use std::io;
use std::sync::{Arc, Mutex};

use support_proto::support::feed::v1::Event;
use support_proto::support::identity::v1::{
    CancelVerificationRequest, CustomerCreated, GrantIssued, GrantRevoked, RevokeGrantRequest, VerificationEnded,
    VerificationPurpose, VerificationStarted, VerificationState,
};
use support_proto::support::options::v1::AssuranceLevel;
use support_testing::events;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::EnvFilter;

use crate::house::{House, operator, other_than, request_id, visitor};

fn read<E: prost::Message + prost::Name + Default>(event: &Event) -> E {
    assert_eq!(event.event_type, E::full_name());
    E::decode(&event.payload[..]).unwrap()
}

#[tokio::test]
async fn what_happens_is_told_in_order_and_without_a_word_about_the_person() {
    let house = House::new().await;
    let ada = house.customer("ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let code = house.code(&started).await;
    house.check(&started, other_than(&code)).await.unwrap_err();
    let grant = house.check(&started, &code).await.unwrap().grant.unwrap();
    for _ in 0..2 {
        let revoke = RevokeGrantRequest {
            request_id: request_id(),
            grant_id: grant.grant_id.clone(),
        };
        house.grants(&operator()).revoke_grant(revoke).await.unwrap();
    }
    let nobody = house.start("nobody@example.com").await;
    let cancel = CancelVerificationRequest {
        request_id: request_id(),
        verification_id: nobody.verification_id.clone(),
    };
    house
        .verifications(&visitor())
        .cancel_verification(cancel)
        .await
        .unwrap();
    let guessed = house.start("ada@example.com").await;
    let guessed_code = house.code(&guessed).await;
    for _ in 0..6 {
        house.check(&guessed, other_than(&guessed_code)).await.unwrap_err();
    }

    let events = events(house.reader(), 9).await;
    assert_eq!(
        events.len(),
        9,
        "a second revocation and a sixth guess tell nothing new"
    );
    let created: CustomerCreated = read(&events[0]);
    assert_eq!(
        (created.customer_id.as_str(), created.country_code.as_str()),
        (ada.customer_id.as_str(), "CH")
    );
    let begun: VerificationStarted = read(&events[1]);
    assert_eq!(
        (begun.verification_id.as_str(), begun.purpose()),
        (started.verification_id.as_str(), VerificationPurpose::GeneralHelp)
    );
    let issued: GrantIssued = read(&events[2]);
    assert_eq!(
        (issued.grant_id.as_str(), issued.assurance()),
        (grant.grant_id.as_str(), AssuranceLevel::Aal1)
    );
    let ended: VerificationEnded = read(&events[3]);
    assert_eq!(
        (ended.state(), ended.customer_id.as_str()),
        (VerificationState::Approved, ada.customer_id.as_str())
    );
    let revoked: GrantRevoked = read(&events[4]);
    assert_eq!(
        (revoked.grant_id, revoked.customer_id),
        (grant.grant_id, ada.customer_id.clone())
    );
    read::<VerificationStarted>(&events[5]);
    let canceled: VerificationEnded = read(&events[6]);
    assert_eq!(
        (canceled.state(), canceled.customer_id.as_str()),
        (VerificationState::Canceled, "")
    );
    read::<VerificationStarted>(&events[7]);
    let exhausted: VerificationEnded = read(&events[8]);
    // Whose it would have been is not told: nobody was proven to be anybody.
    assert_eq!(
        (exhausted.state(), exhausted.customer_id.as_str()),
        (VerificationState::MaxAttempts, "")
    );

    for event in &events {
        let text = String::from_utf8_lossy(&event.payload).into_owned();
        // Three letters of hex may stand in any id, six digits too unless they stand alone.
        for personal in ["Ada", "Lovelace", "example"] {
            assert!(!text.contains(personal), "{} tells {personal}", event.event_type);
        }
        assert!(
            !text
                .split(|letter: char| !letter.is_ascii_alphanumeric())
                .any(|word| word == code)
        );
        assert!(event.subject_id.starts_with("eu-"), "{}", event.subject_id);
    }
    house.end().await;
}

/// Collects log lines.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<u8>>>);

/// What keeps log lines coming; dropped, they end.
pub(crate) struct Listening(#[expect(dead_code, reason = "held")] (tracing::Dispatch, DefaultGuard));

impl Lines {
    /// Collects what the tasks of this thread log, by this filter: of a test on one thread, all that it logs.
    pub(crate) fn listen(filter: &str) -> (Self, Listening) {
        let lines = Self::default();
        // While there is one subscriber, tracing asks that of whichever thread comes to a log line first whether it is
        // wanted, and other tests' threads have none. With two it asks all.
        let second = tracing::Dispatch::new(tracing_subscriber::registry());
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(filter))
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .finish();
        let guard = tracing::subscriber::set_default(subscriber);
        (lines, Listening((second, guard)))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One thread, so that all tasks log to where the test looks.
#[tokio::test]
async fn logs_name_nobody_however_much_is_logged() {
    let (lines, logging) = Lines::listen("info,support=trace,sqlx=trace,tonic=trace,lettre=trace");

    let house = House::new().await;
    house.customer("ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let code = house.code(&started).await;
    house.check(&started, other_than(&code)).await.unwrap_err();
    let approved = house.check(&started, &code).await.unwrap();
    house.start("nobody@example.com").await;
    let twin = crate::house::new_customer(vec![crate::house::email("ada@example.com")]);
    house
        .customers(&crate::house::staff())
        .create_customer(twin)
        .await
        .unwrap_err();
    house.end().await;
    drop(logging);

    let text = lines.text();
    assert!(text.contains(&started.verification_id), "the work was logged at all");
    for personal in ["ada@", "nobody@", "Lovelace", approved.session_token.as_str()] {
        assert!(!text.contains(personal), "the log tells {personal}");
    }
    // Six digits may be part of a time or an id; alone they are a code.
    assert!(
        !text
            .split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.')
            .any(|word| word == code)
    );
}
