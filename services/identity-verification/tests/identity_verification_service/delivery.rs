//! Codes on their way: by a real mail server, and kept where there is none.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use support_chassis::error::{CommonErrorReason, explain};
use support_chassis::settings::Settings;
use support_proto::support::identity::v1::{
    IdentityErrorReason as Reason, ListOutboxMessagesRequest, StartVerificationRequest,
};
use support_proto::support::localisation::v1::TextOrigin;
use tonic::Code;

use crate::house::{House, code_in, email, eventually, new_customer, operator, phone, refused, staff, start, visitor};
use crate::localisation::localisation;
use crate::mail_server::{self, Inbox, Mail};

pub(crate) fn by_mail(settings: Settings, server: SocketAddr) -> Settings {
    settings
        .set("identity-verification.delivery.outbox", "smtp")
        .set("identity-verification.delivery.poll_interval_ms", 20)
        .set("identity-verification.smtp.host", server.ip().to_string())
        .set("identity-verification.smtp.port", server.port())
        .set("identity-verification.smtp.tls", "none")
        .set(
            "identity-verification.smtp.from",
            "Device Support <support@maker.example>",
        )
        .set("identity-verification.smtp.username", "support")
        .set("identity-verification.smtp.password", "open sesame")
}

async fn house_with_mail() -> (House, Arc<Inbox>) {
    let (address, inbox) = mail_server::serve().await;
    (House::with(|settings| by_mail(settings, address)).await, inbox)
}

async fn mail(inbox: &Inbox) -> Mail {
    eventually("a mail arrives", async || inbox.mails.lock().unwrap().first().cloned()).await
}

async fn delivery_state(house: &House) -> (String, Option<String>) {
    eventually("the delivery has ended", async || {
        let row = sqlx::query!("select state, reason from deliveries")
            .fetch_one(&house.pool)
            .await
            .unwrap();
        (row.state != "pending").then_some((row.state, row.reason))
    })
    .await
}

/// A header of a mail, unfolded.
pub(crate) fn header(mail: &Mail, name: &str) -> String {
    let (head, _) = mail.data.split_once("\r\n\r\n").unwrap();
    let head = head.replace("\r\n ", " ");
    let prefix = format!("{name}: ");
    head.lines()
        .find_map(|line| line.strip_prefix(&prefix))
        .unwrap_or_else(|| panic!("no {name} in {head}"))
        .to_owned()
}

/// The text of a mail of one part.
fn body(mail: &Mail) -> String {
    let (_, body) = mail.data.split_once("\r\n\r\n").unwrap();
    unquoted(body)
}

/// What stands in quoted-printable (RFC 2045, 6.7).
pub(crate) fn unquoted(body: &str) -> String {
    let body = body.replace("=\r\n", "");
    let (mut bytes, mut rest) = (Vec::new(), body.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'=' {
            let (hex, after) = after.split_at(2);
            bytes.push(u8::from_str_radix(std::str::from_utf8(hex).unwrap(), 16).unwrap());
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn the_code_arrives_by_mail_in_the_customers_language_and_is_redeemed() {
    let (house, inbox) = house_with_mail().await;
    house.customer("Ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let mail = mail(&inbox).await;
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("support@maker.example", ["Ada@example.com".to_owned()].as_slice())
    );
    assert_eq!(header(&mail, "Content-Language"), "de-CH");
    assert_eq!(header(&mail, "Auto-Submitted"), "auto-generated");
    assert_eq!(header(&mail, "From"), "\"Device Support\" <support@maker.example>");
    assert!(header(&mail, "Content-Type").starts_with("text/plain; charset=utf-8"));
    let subject = header(&mail, "Subject");
    assert!(subject.starts_with("de-CH: =?utf-8?b?"), "{subject}");
    let delivery = sqlx::query_scalar!("select id from deliveries")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!(header(&mail, "Message-ID"), format!("<eu-{delivery}@maker.example>"));
    let body = body(&mail);
    assert!(body.starts_with("de-CH: \u{2068}") && body.contains("· 10"), "{body}");

    house.check(&started, &code_in(&body)).await.unwrap();
    assert_eq!(delivery_state(&house).await, ("sent".to_owned(), None));
    let answer = house
        .outbox(&operator())
        .list_outbox_messages(ListOutboxMessagesRequest::default())
        .await;
    refused(answer, Reason::LocalOutboxDisabled, Code::FailedPrecondition);
    house.end().await;
}

#[tokio::test]
async fn the_languages_asked_for_come_before_the_customers_own() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    let request = StartVerificationRequest {
        languages: vec!["ja".to_owned(), "en".to_owned()],
        ..start(email("ada@example.com"))
    };
    let answer = house
        .verifications(&visitor())
        .start_verification(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(house.message(&answer.verification.unwrap()).await.language, "ja");
}

#[tokio::test]
async fn a_busy_mail_server_is_tried_again() {
    let (house, inbox) = house_with_mail().await;
    inbox.puts_off.store(1, Ordering::SeqCst);
    house.customer("ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let mail = mail(&inbox).await;
    assert_eq!(inbox.put_off.load(Ordering::SeqCst), 1);
    assert_eq!(delivery_state(&house).await, ("sent".to_owned(), None));
    let attempts = sqlx::query_scalar!(r#"select attempts - render_failures as "attempts!" from deliveries"#)
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!(attempts, 2);
    house.check(&started, &code_in(&body(&mail))).await.unwrap();
}

#[tokio::test]
async fn a_mail_that_is_refused_for_good_is_not_tried_again() {
    let (house, inbox) = house_with_mail().await;
    *inbox.no_mailbox.lock().unwrap() = Some("ada@example.com".to_owned());
    house.customer("ada@example.com").await;
    house.start("ada@example.com").await;
    assert_eq!(
        delivery_state(&house).await,
        ("failed".to_owned(), Some("refused".to_owned()))
    );
    assert!(inbox.mails.lock().unwrap().is_empty());
}

#[tokio::test]
async fn our_own_wrong_password_does_not_lose_the_mail() {
    let (address, _inbox) = mail_server::serve().await;
    let house =
        House::with(|settings| by_mail(settings, address).set("identity-verification.smtp.password", "open barley"))
            .await;
    house.customer("ada@example.com").await;
    house.start("ada@example.com").await;
    eventually("it was tried and put off", async || {
        let row = sqlx::query!(
            r#"select state, attempts, due_at < now() + interval '20 seconds' as "is_put_off!" from deliveries"#
        )
        .fetch_one(&house.pool)
        .await
        .unwrap();
        (row.state == "pending" && row.attempts > 0 && row.is_put_off).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_telephone_is_not_reached_where_there_is_no_carrier() {
    let (house, inbox) = house_with_mail().await;
    let contacts = vec![phone("+41790001122"), email("ada@example.com")];
    let ada = house
        .customers(&staff())
        .create_customer(new_customer(contacts))
        .await
        .unwrap()
        .into_inner();
    house
        .verifications(&visitor())
        .start_verification(start(phone("+41790001122")))
        .await
        .unwrap();
    assert_eq!(
        delivery_state(&house).await,
        ("failed".to_owned(), Some("no_sms_carrier".to_owned()))
    );
    // Where staff name the customer, an address that can be reached is chosen.
    let by_id = StartVerificationRequest {
        contact_point: None,
        customer_id: ada.customer.unwrap().customer_id,
        ..start(email("x"))
    };
    house.verifications(&staff()).start_verification(by_id).await.unwrap();
    assert_eq!(mail(&inbox).await.to, ["ada@example.com"]);
}

#[tokio::test]
async fn a_code_goes_without_words_where_localisation_gives_none() {
    let silent = localisation();
    silent.fail(true);
    let house = House::with_words(silent, |settings| {
        settings
            .set("identity-verification.delivery.poll_interval_ms", 20)
            .set("identity-verification.product_name", "Device Support")
    })
    .await;
    house.customer("ada@example.com").await;
    let started = house.start("ada@example.com").await;
    let message = house.message(&started).await;
    assert_eq!(
        (message.subject.as_str(), message.language.as_str()),
        ("Device Support", "und")
    );
    assert!(message.body.starts_with("Device Support: "), "{}", message.body);
    house.check(&started, &code_in(&message.body)).await.unwrap();
    let failures = sqlx::query_scalar!("select attempts from deliveries")
        .fetch_one(&house.pool)
        .await
        .unwrap();
    assert_eq!(failures, 3, "it looked three times");
    assert_eq!((message.subject_origin, message.body_origin), (None, None));
}

#[tokio::test]
async fn words_that_have_come_stay_and_what_was_sent_is_written_down() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    let first = house.message(&house.start("ada@example.com").await).await;
    house
        .localisation
        .publish("de-CH", [("verification.code.body", "Neu: {$code} ({$minutes})\n")]);
    let origin = |key: &str, version: i64| {
        Some(TextOrigin {
            key: format!("verification.code.{key}"),
            locale: "de-CH".to_owned(),
            version,
        })
    };
    assert_eq!(
        (first.subject_origin, first.body_origin),
        (origin("subject", 1), origin("body", 1))
    );
    // Somebody else each time: one address is sent ten codes an hour.
    let tries = AtomicU32::new(0);
    let next = eventually("the new words are sent", async || {
        let address = format!("ada-{}@example.com", tries.fetch_add(1, Ordering::Relaxed));
        house.customer(&address).await;
        let message = house.message(&house.start(&address).await).await;
        message.body.starts_with("Neu: ").then_some(message)
    })
    .await;
    assert_eq!(
        (next.subject_origin, next.body_origin),
        (origin("subject", 2), origin("body", 2))
    );
    house.localisation.fail(true);
    let cut_off = house.message(&house.start("ada@example.com").await).await;
    assert_eq!(
        (cut_off.language.as_str(), cut_off.body_origin),
        ("de-CH", origin("body", 2))
    );
    // The record stays when the message is pruned, and has no person in it.
    let kept =
        sqlx::query!("select subject_locale, subject_version, body_locale, body_version from deliveries limit 1")
            .fetch_one(&house.pool)
            .await
            .unwrap();
    assert_eq!(
        (kept.subject_locale.as_deref(), kept.body_locale.as_deref()),
        (Some("de-CH"), Some("de-CH"))
    );
    assert!(kept.subject_version.is_some() && kept.body_version.is_some());
}

#[tokio::test]
async fn a_verification_that_has_ended_sends_nothing_more() {
    let (house, inbox) = house_with_mail().await;
    inbox.puts_off.store(usize::MAX, Ordering::SeqCst);
    house.customer("ada@example.com").await;
    house.start("ada@example.com").await;
    eventually("it was tried", async || {
        (inbox.put_off.load(Ordering::SeqCst) > 0).then_some(())
    })
    .await;
    sqlx::query!("update verifications set created_at = created_at - interval '1 hour', expires_at = now()")
        .execute(&house.pool)
        .await
        .unwrap();
    assert_eq!(
        delivery_state(&house).await,
        ("dropped".to_owned(), Some("ended".to_owned()))
    );
    assert!(inbox.mails.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_code_does_not_cross_the_network_in_the_clear_where_tls_is_asked_for() {
    for tls in ["starttls", "implicit"] {
        let (address, inbox) = mail_server::serve().await;
        let house = House::with(|settings| by_mail(settings, address).set("identity-verification.smtp.tls", tls)).await;
        house.customer("ada@example.com").await;
        house.start("ada@example.com").await;
        eventually("it was tried and put off", async || {
            let row = sqlx::query!("select state, attempts from deliveries")
                .fetch_one(&house.pool)
                .await
                .unwrap();
            assert_eq!(row.state, "pending", "neither sent nor given up");
            (row.attempts > 1).then_some(())
        })
        .await;
        assert!(
            inbox.mails.lock().unwrap().is_empty() && inbox.heard.lock().unwrap().is_empty(),
            "{tls}"
        );
    }
}

#[tokio::test]
async fn kept_messages_are_listed_newest_first_by_recipient_and_verification() {
    let house = House::new().await;
    house.customer("ada@example.com").await;
    house.customer("bob@example.com").await;
    let mut sent = Vec::new();
    for address in [
        "ada@example.com",
        "bob@example.com",
        "ada@example.com",
        "ada@example.com",
    ] {
        let started = house.start(address).await;
        house.message(&started).await;
        sent.push((address, started.verification_id));
    }
    sent.reverse();
    let list = async |recipient: &str, page_size: i32, page_token: &str| {
        let request = ListOutboxMessagesRequest {
            recipient: recipient.to_owned(),
            page_size,
            page_token: page_token.to_owned(),
            ..ListOutboxMessagesRequest::default()
        };
        house
            .outbox(&operator())
            .list_outbox_messages(request)
            .await
            .map(tonic::Response::into_inner)
    };
    let all = list("", 0, "").await.unwrap();
    let ids: Vec<_> = all
        .messages
        .iter()
        .map(|message| message.verification_id.as_str())
        .collect();
    assert_eq!(ids, sent.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>());

    let first = list("ADA@example.com", 2, "").await.unwrap();
    let second = list("ADA@example.com", 2, &first.next_page_token).await.unwrap();
    assert_eq!(
        (
            first.messages.len(),
            second.messages.len(),
            second.next_page_token.as_str()
        ),
        (2, 1, "")
    );
    assert!(
        first
            .messages
            .iter()
            .chain(&second.messages)
            .all(|message| message.recipient == "ada@example.com")
    );
    let foreign = list("bob@example.com", 2, &first.next_page_token).await.unwrap_err();
    assert_eq!(explain(&foreign).common(), Some(CommonErrorReason::PageTokenInvalid));

    let told = house
        .outbox(&staff())
        .list_outbox_messages(ListOutboxMessagesRequest::default())
        .await
        .unwrap_err();
    assert_eq!(explain(&told).common(), Some(CommonErrorReason::CallerKindNotAllowed));
}
