//! The carrier of short messages over HTTP, when it does not do what it should.

use support_identity_verification::domain::contact::Contact;

use crate::delivery::by_mail;
use crate::events::Lines;
use crate::house::{House, code_in, eventually, new_customer, phone, staff, start, visitor};
use crate::mail_server;
use crate::web_hook::{Manner, WebHook};

/// One thread, so that the worker logs to where the test looks.
#[tokio::test]
async fn a_short_message_is_offered_until_it_is_taken_and_to_nobody_else() {
    let (lines, _listening) = Lines::listen("info");
    let carrier = WebHook::serve("/sms").await;
    let (mail, _inbox) = mail_server::serve().await;
    let house = House::with(|settings| {
        by_mail(settings, mail)
            .set("identity-verification.sms.url", carrier.url.as_str())
            .set("identity-verification.sms.token", "a secret between us")
            .set("identity-verification.sms.timeout_seconds", 1)
    })
    .await;
    let mobile = "+447400123456";
    house
        .customers(&staff())
        .create_customer(new_customer(vec![phone(mobile)]))
        .await
        .unwrap();
    carrier.answers(302, "");
    let started = house
        .verifications(&visitor())
        .start_verification(start(phone(mobile)))
        .await;
    let started = started.unwrap().into_inner().verification.unwrap();
    carrier.asked_times(1).await;
    carrier.behaves(Manner::Silent);
    carrier.asked_times(2).await;
    carrier.behaves(Manner::HangsUp);
    carrier.asked_times(3).await;
    carrier.answers(200, "not JSON, and nobody minds");
    carrier.asked_times(4).await;

    let asked = carrier.asked();
    let code = code_in(asked[3].body["text"].as_str().unwrap());
    house.check(&started, &code).await.unwrap();
    for again in &asked {
        assert_eq!(
            (again, again.target.as_str()),
            (&asked[0], "POST /sms"),
            "one message, under one key"
        );
        assert_eq!(again.secret, "Bearer a secret between us");
        assert_eq!(
            (again.body["id"].as_str(), again.body["to"].as_str()),
            (Some(again.key.as_str()), Some(mobile))
        );
    }
    eventually("it is written down", async || {
        let sent: i64 = sqlx::query_scalar("select count(*) from deliveries where state = 'sent'")
            .fetch_one(&house.pool)
            .await
            .unwrap();
        (sent == 1).then_some(())
    })
    .await;
    assert_eq!(carrier.asked().len(), 4, "nobody is asked elsewhere, or once more");
    // What it refuses for good is not offered again.
    carrier.answers(422, "");
    house
        .verifications(&visitor())
        .start_verification(start(phone(mobile)))
        .await
        .unwrap();
    let ended = eventually("it has ended", async || {
        sqlx::query_as::<_, (String, Option<String>)>("select state, reason from deliveries where state = 'failed'")
            .fetch_optional(&house.pool)
            .await
            .unwrap()
    })
    .await;
    assert_eq!(ended, ("failed".to_owned(), Some("refused".to_owned())));
    assert_eq!(carrier.asked().len(), 5);

    let text = lines.text();
    for told in [
        "a short message was not taken error=the carrier did not take the message: 302",
        "a short message was not taken error=the carrier took too long",
        "a short message was not taken error=the carrier did not take the message: 0",
        "a short message was refused error=the carrier refuses the message: 422",
    ] {
        assert_eq!(text.matches(told).count(), 1, "{told}");
    }
    let number = Contact::phone(mobile).unwrap();
    for personal in [number.value(), &mobile[3..], "a secret between us"] {
        assert!(!text.contains(personal), "the log tells {personal}");
    }
}
