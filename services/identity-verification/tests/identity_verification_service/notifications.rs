//! What happens elsewhere, told to whom it concerns.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use prost::bytes::Bytes;
use support_chassis::error::explain;
use support_proto::support::case::v1::{CaseMessagePosted, CaseOpened, CaseResolved, MessageAuthor, Resolution};
use support_proto::support::identity::v1::{
    AddContactPointRequest, ContactPointKind, ContactPreferences, CreateCustomerRequest, Customer,
    GetContactPreferencesRequest, Happening, IdentityErrorReason as Reason, ListNotificationsRequest, Notification,
    NotificationState as State, SetContactPreferencesRequest,
};
use support_proto::support::localisation::v1::TextOrigin;
use support_proto::support::repair::v1::{ProviderKind, RepairOutcome, RepairState, RepairStateChanged};
use support_proto::support::types::v1::{Channel, Date, Money};
use support_proto::support::warranty::v1::PlanRenewalDue;
use support_testing::showing;
use time::OffsetDateTime;
use time::macros::datetime;
use tonic::Code;

use crate::delivery::{header, unquoted};
use crate::house::{customer as as_customer, email, eventually, new_customer, phone, refused, request_id, staff};
use crate::mail_server::Mail;
use crate::town::Town;

/// Noon in Zurich on a Monday.
pub(crate) const NOON: OffsetDateTime = datetime!(2026-03-02 11:00 UTC);

/// A customer who reads these languages, at these addresses.
pub(crate) fn reader(languages: &[&str], contacts: &[&str]) -> CreateCustomerRequest {
    let contacts = contacts.iter().map(|text| {
        if text.starts_with('+') {
            phone(text)
        } else {
            email(text)
        }
    });
    CreateCustomerRequest {
        languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
        ..new_customer(contacts.collect())
    }
}

fn opened(case_id: &str, customer: &Customer) -> CaseOpened {
    CaseOpened {
        case_id: case_id.to_owned(),
        customer_id: customer.customer_id.clone(),
        channel: Channel::Chat.into(),
        language: "de".to_owned(),
        ..CaseOpened::default()
    }
}

fn said(case_id: &str, author: MessageAuthor) -> CaseMessagePosted {
    CaseMessagePosted {
        case_id: case_id.to_owned(),
        message_id: case_id.to_owned(),
        author: author.into(),
        channel: Channel::Chat.into(),
    }
}

fn moved(case_id: &str, repair_id: &str, to: RepairState, outcome: RepairOutcome) -> RepairStateChanged {
    RepairStateChanged {
        repair_id: repair_id.to_owned(),
        case_id: case_id.to_owned(),
        to_state: to.into(),
        outcome: outcome.into(),
        ..RepairStateChanged::default()
    }
}

fn of_case(case_id: &str) -> ListNotificationsRequest {
    ListNotificationsRequest {
        case_id: case_id.to_owned(),
        ..ListNotificationsRequest::default()
    }
}

/// The plain text and the HTML of a mail.
pub(crate) fn parts(mail: &Mail) -> (String, String) {
    let kind = header(mail, "Content-Type");
    assert!(kind.starts_with("multipart/alternative"), "{kind}");
    let boundary = kind.split('"').nth(1).unwrap();
    let boundary = format!("--{boundary}");
    let mut parts = mail.data.split(&boundary).skip(1).map(|part| {
        let (head, body) = part.split_once("\r\n\r\n").unwrap_or((part, ""));
        (head.to_owned(), unquoted(body))
    });
    let (plain, html) = (parts.next().unwrap(), parts.next().unwrap());
    assert!(plain.0.contains("text/plain; charset=utf-8"), "{}", plain.0);
    assert!(html.0.contains("text/html; charset=utf-8"), "{}", html.0);
    (plain.1, html.1)
}

pub(crate) fn state(told: &Notification) -> (Happening, State, &str) {
    (told.happening(), told.state(), told.reason.as_str())
}

#[tokio::test]
async fn an_opened_case_is_told_by_mail_and_what_was_told_is_listed_without_words() {
    let town = Town::at(NOON).await;
    let ada = town.customer(reader(&["de-CH"], &["ada@example.com"])).await;
    let case = town.case(&ada);
    town.tell("case", &case, &opened(&case, &ada)).await;
    let mail = town.mails(1).await.remove(0);
    assert_eq!(mail.to, ["ada@example.com"]);
    assert_eq!(header(&mail, "Content-Language"), "de");
    assert_eq!(header(&mail, "Auto-Submitted"), "auto-generated");
    let (plain, html) = parts(&mail);
    let plain = plain.replace(['\u{2068}', '\u{2069}'], "");
    assert!(plain.starts_with("Guten Tag Ada Lovelace,\r\n\r\n"), "{plain}");
    assert!(plain.contains("es hat die Nummer C-10000008."), "{plain}");
    assert!(
        plain.trim_end().ends_with("Freundliche Grüße, Device Support"),
        "{plain}"
    );
    assert!(html.contains("<html lang=\"de\" dir=\"ltr\">"), "{html}");

    let told = town.listed(of_case(&case), 1).await;
    assert_eq!(told.len(), 1);
    let told = &told[0];
    assert_eq!(state(told), (Happening::CaseOpened, State::Sent, ""));
    assert_eq!(
        header(&mail, "Message-ID"),
        format!("<{}@maker.example>", told.delivery_id)
    );
    assert_eq!(told.masked_address, "a•••@e•••.com");
    assert_eq!(told.channel(), ContactPointKind::Email);
    let origin = |key: &str| {
        Some(TextOrigin {
            key: key.to_owned(),
            locale: "de".to_owned(),
            version: 1,
        })
    };
    assert_eq!(told.subject_origin, origin("notice.subject.case_opened"));
    assert_eq!(told.text_origin, origin("case.opened.acknowledgement"));
    assert_eq!(told.more_origin, origin("notice.more.case_opened"));
    assert!(
        told.standard_basis
            .starts_with("identity-verification/notification-rules@"),
        "{}",
        told.standard_basis
    );

    // Customers see their own, and nobody else's.
    let own = town.notifications(&as_customer(&ada.customer_id));
    let mine = own
        .clone()
        .list_notifications(ListNotificationsRequest::default())
        .await;
    assert_eq!(mine.unwrap().into_inner().notifications.len(), 1);
    let other = town.customer(reader(&["en"], &["bob@example.com"])).await;
    let theirs = town.notifications(&as_customer(&other.customer_id));
    let none = theirs.clone().list_notifications(of_case(&case)).await;
    assert_eq!(none.unwrap().into_inner().notifications, []);
    let foreign = ListNotificationsRequest {
        customer_id: ada.customer_id.clone(),
        ..ListNotificationsRequest::default()
    };
    refused(
        theirs.clone().list_notifications(foreign).await,
        Reason::CustomerNotFound,
        Code::NotFound,
    );
    let nobody = ListNotificationsRequest::default();
    let unsaid = town
        .notifications(&staff())
        .list_notifications(nobody)
        .await
        .unwrap_err();
    assert_eq!(explain(&unsaid).violations[0].field, "customer_id");

    // What is kept has no person in it.
    for table in ["happenings", "notifications", "deliveries"] {
        let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select t::text from {table} as t")))
            .fetch_all(&town.pool)
            .await
            .unwrap();
        assert!(!rows.is_empty());
        let all = rows.join("\n");
        assert!(!all.contains("example.com") && !all.contains("Ada"), "{table}: {all}");
    }
}

#[tokio::test]
async fn what_was_heard_before_a_crash_is_told_once_however_often_it_is_heard() {
    let mut town = Town::at(NOON).await;
    let ada = town.customer(reader(&["de"], &["ada@example.com"])).await;
    let case = town.case(&ada);
    town.mail_is_put_off(true);
    town.tell("case", &case, &opened(&case, &ada)).await;
    town.heard("case").await;
    town.crash().await;
    // The feed is heard from its beginning, as after a position that was lost.
    sqlx::query!("update feed_positions set position = 0")
        .execute(&town.pool)
        .await
        .unwrap();
    sqlx::query!("update deliveries set due_at = created_at")
        .execute(&town.pool)
        .await
        .unwrap();
    town.mail_is_put_off(false);
    town.start().await;
    town.later(Duration::from_mins(2));
    town.mails(1).await;
    town.heard("case").await;
    town.decided().await;
    let told = town.listed(of_case(&case), 1).await;
    assert_eq!(
        told.iter().map(state).collect::<Vec<_>>(),
        [(Happening::CaseOpened, State::Sent, "")]
    );
    let happenings = sqlx::query_scalar!(r#"select count(*) as "count!" from happenings"#)
        .fetch_one(&town.pool)
        .await
        .unwrap();
    assert_eq!(happenings, 1);
    // A further case is told by the next mail: there is none between.
    let second = town.case(&ada);
    town.tell("case", &second, &opened(&second, &ada)).await;
    assert_eq!(town.mails(2).await.len(), 2);
}

#[tokio::test]
async fn mail_in_arabic_is_written_from_the_right() {
    let town = Town::at(NOON).await;
    let reem = town.customer(reader(&["ar"], &["reem@example.com"])).await;
    let case = town.case(&reem);
    town.tell("case", &case, &opened(&case, &reem)).await;
    let mail = town.mails(1).await.remove(0);
    assert_eq!(header(&mail, "Content-Language"), "ar");
    let (plain, html) = parts(&mail);
    assert!(plain.contains("شكرًا لتواصلك معنا"), "{plain}");
    // The number is isolated from the direction of the words around it.
    assert!(
        plain.contains("\u{2068}C-10000008\u{2069}") || plain.contains("\u{2066}C-10000008\u{2069}"),
        "{plain}"
    );
    assert!(html.contains("<html lang=\"ar\" dir=\"rtl\">"), "{html}");
    assert!(html.contains("<body lang=\"ar\" dir=\"rtl\">"), "{html}");
    assert!(html.contains("شكرًا لتواصلك معنا"), "{html}");
}

#[tokio::test]
async fn states_that_follow_each_other_are_one_message_and_an_answer_that_was_seen_is_none() {
    let town = Town::at(NOON).await;
    let ada = town.customer(reader(&["en"], &["ada@example.com"])).await;
    let case = town.case(&ada);
    let repair = town.repair(ProviderKind::Depot);
    for to in [RepairState::Received, RepairState::Diagnosed, RepairState::InRepair] {
        let event = moved(&case, &repair, to, RepairOutcome::Unspecified);
        town.tell("repair-logistics", &repair, &event).await;
        town.heard("repair-logistics").await;
        town.later(Duration::from_secs(1));
    }
    town.tell("case", &case, &said(&case, MessageAuthor::Staff)).await;
    town.heard("case").await;
    town.decided().await;
    town.later(Duration::from_secs(1));
    town.tell("case", &case, &said(&case, MessageAuthor::Customer)).await;
    town.heard("case").await;
    assert!(
        town.inbox.mails.lock().unwrap().is_empty(),
        "it waits for what else happens"
    );
    town.later(Duration::from_mins(10));
    let told = town.listed(of_case(&case), 4).await;
    assert_eq!(
        told.iter().map(state).collect::<Vec<_>>(),
        [
            (Happening::CaseAnswered, State::Dropped, "seen"),
            (Happening::RepairInRepair, State::Sent, ""),
            (Happening::RepairDiagnosed, State::Dropped, "overtaken"),
            (Happening::RepairReceived, State::Dropped, "overtaken"),
        ]
    );
    let mail = town.mails(1).await.remove(0);
    let (plain, _) = parts(&mail);
    assert!(plain.contains("Your device is being repaired"), "{plain}");
    assert!(
        !plain.contains("has arrived") && !plain.contains("There is an answer"),
        "{plain}"
    );
    assert_eq!(town.inbox.mails.lock().unwrap().len(), 1);

    // What is not of one track is told together.
    town.tell("case", &case, &said(&case, MessageAuthor::Staff)).await;
    let resolved = CaseResolved {
        case_id: case.clone(),
        resolution: Resolution::Repaired.into(),
    };
    town.tell("case", &case, &resolved).await;
    town.heard("case").await;
    town.decided().await;
    town.later(Duration::from_mins(6));
    let mail = town.mails(2).await.remove(1);
    let (plain, _) = parts(&mail);
    assert!(
        plain.contains("There is an answer") && plain.contains("is settled"),
        "{plain}"
    );
    let told = town.listed(of_case(&case), 6).await;
    assert_eq!(told[0].delivery_id, told[1].delivery_id);
}

#[tokio::test]
async fn who_cannot_be_reached_is_listed_with_the_reason() {
    let town = Town::at(NOON).await;
    let ada = town.customer(reader(&["en"], &["ada@example.com"])).await;
    sqlx::query!("update contact_points set verified_at = null")
        .execute(&town.pool)
        .await
        .unwrap();
    let stranger = Customer {
        customer_id: ada.customer_id.replace("-0", "-1"),
        ..ada.clone()
    };
    let (unverified, unknown, muted) = (town.case(&ada), town.case(&stranger), town.case(&ada));
    town.tell("case", &unverified, &opened(&unverified, &ada)).await;
    town.tell("case", &unknown, &opened(&unknown, &stranger)).await;
    let told = town.listed(of_case(&unverified), 1).await;
    assert_eq!(state(&told[0]), (Happening::CaseOpened, State::Dropped, "no_address"));
    assert_eq!(
        (told[0].channel(), told[0].masked_address.as_str()),
        (ContactPointKind::Unspecified, "")
    );
    let told = town.listed(of_case(&unknown), 1).await;
    assert_eq!(state(&told[0]).2, "no_customer");

    let set = SetContactPreferencesRequest {
        request_id: request_id(),
        customer_id: ada.customer_id.clone(),
        preferences: Some(ContactPreferences {
            preferred_kind: ContactPointKind::Phone.into(),
            muted: vec![Happening::CaseOpened.into()],
            plain_text_only: true,
            time_zone: "Europe/Zurich".to_owned(),
        }),
        etag: ada.etag.clone(),
    };
    let mut own = town.notifications(&as_customer(&ada.customer_id));
    let answer = own.set_contact_preferences(set.clone()).await.unwrap().into_inner();
    assert_eq!(answer.preferences, set.preferences);
    let read = GetContactPreferencesRequest {
        customer_id: ada.customer_id.clone(),
    };
    let read = own.get_contact_preferences(read).await.unwrap().into_inner();
    assert_eq!((read.preferences, read.etag), (answer.preferences, answer.etag));
    let nowhere = SetContactPreferencesRequest {
        request_id: request_id(),
        preferences: Some(ContactPreferences {
            time_zone: "Mars/Olympus".to_owned(),
            ..ContactPreferences::default()
        }),
        etag: String::new(),
        ..set.clone()
    };
    let refusal = own.set_contact_preferences(nowhere).await.unwrap_err();
    assert_eq!(explain(&refusal).violations[0].field, "preferences.time_zone");
    let late = SetContactPreferencesRequest {
        request_id: request_id(),
        ..set
    };
    assert_eq!(
        own.set_contact_preferences(late).await.unwrap_err().code(),
        Code::Aborted
    );

    town.tell("case", &muted, &opened(&muted, &ada)).await;
    let told = town.listed(of_case(&muted), 1).await;
    assert_eq!(state(&told[0]).2, "muted");
}

#[tokio::test]
async fn a_new_address_is_told_at_the_others() {
    let town = Town::at(NOON).await;
    let ada = town
        .customer(reader(&["en"], &["ada@example.com", "ada@example.org"]))
        .await;
    let add = AddContactPointRequest {
        request_id: request_id(),
        customer_id: ada.customer_id.clone(),
        contact_point: Some(email("mallory@example.net")),
        etag: String::new(),
    };
    town.customers(&showing(&staff(), &ada.customer_id, "account_security"))
        .add_contact_point(add)
        .await
        .unwrap();
    let mails = town.mails(2).await;
    let mut to: Vec<_> = mails.iter().flat_map(|mail| mail.to.clone()).collect();
    to.sort();
    assert_eq!(to, ["ada@example.com", "ada@example.org"]);
    let (plain, _) = parts(&mails[0]);
    assert!(
        plain.contains("m•••@e•••.net") && plain.contains("We never ask you for a code"),
        "{plain}"
    );
    let asked = ListNotificationsRequest {
        customer_id: ada.customer_id.clone(),
        ..ListNotificationsRequest::default()
    };
    let told = town.listed(asked, 2).await;
    assert!(
        told.iter()
            .all(|told| state(told) == (Happening::ContactPointAdded, State::Sent, ""))
    );
}

#[tokio::test]
async fn what_is_due_for_a_plan_is_told_with_the_amount_and_the_day() {
    let town = Town::at(NOON).await;
    let ada = town.customer(reader(&["de"], &["ada@example.com"])).await;
    let plan = town.plan(&ada);
    let due = PlanRenewalDue {
        plan_id: plan.clone(),
        due: Some(Money {
            currency_code: "EUR".to_owned(),
            minor_units: 1_299,
        }),
        pay_by: Some(Date {
            year: 2026,
            month: 4,
            day: 1,
        }),
        ..PlanRenewalDue::default()
    };
    town.tell("warranty", &plan, &due).await;
    let mail = town.mails(1).await.remove(0);
    let text = parts(&mail)
        .0
        .replace(['\u{2068}', '\u{2069}', '\u{2066}'], "")
        .replace('\u{a0}', " ");
    assert!(
        text.contains("Schutzplan: Der nächste Zeitraum ist fällig. Bitte zahlen Sie 12,99 € bis zum 1. April 2026."),
        "{text}"
    );
}

/// A carrier of short messages that takes everything: what it was told, with which secret.
async fn carrier() -> (String, Arc<Mutex<Vec<(String, serde_json::Value)>>>) {
    let taken: Arc<Mutex<Vec<(String, serde_json::Value)>>> = Arc::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shared = Arc::clone(&taken);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let shared = Arc::clone(&shared);
            let answer = hyper_util::service::TowerToHyperService::new(tower::service_fn(
                move |request: http::Request<hyper::body::Incoming>| {
                    let shared = Arc::clone(&shared);
                    async move {
                        let secret = request.headers()["authorization"].to_str().unwrap().to_owned();
                        let key = request.headers()["idempotency-key"].to_str().unwrap().to_owned();
                        let body = request.into_body().collect().await.unwrap().to_bytes();
                        let message: serde_json::Value = serde_json::from_slice(&body).unwrap();
                        assert_eq!(message["id"], key);
                        shared.lock().unwrap().push((secret, message));
                        Ok::<_, std::convert::Infallible>(http::Response::new(Empty::<Bytes>::new()))
                    }
                },
            ));
            tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
        }
    });
    (format!("http://{address}/sms"), taken)
}

#[tokio::test]
async fn a_short_message_waits_for_the_morning_and_codes_go_the_same_way() {
    let (url, taken) = carrier().await;
    // Half past ten in the evening in Zurich.
    let town = Town::with(datetime!(2026-03-02 21:30 UTC), |settings| {
        settings
            .set("identity-verification.sms.url", url)
            .set("identity-verification.sms.token", "a secret between us")
    })
    .await;
    let ada = town
        .customer(reader(&["en"], &["+41790001122", "ada@example.com"]))
        .await;
    let case = town.case(&ada);
    let repair = town.repair(ProviderKind::OwnStore);
    let finished = moved(&case, &repair, RepairState::Finished, RepairOutcome::Repaired);
    town.tell("repair-logistics", &repair, &finished).await;
    town.heard("repair-logistics").await;
    town.decided().await;
    let due_at = sqlx::query_scalar!("select due_at from deliveries")
        .fetch_one(&town.pool)
        .await
        .unwrap();
    assert_eq!(due_at, datetime!(2026-03-03 07:00 UTC), "eight in the morning");
    assert!(taken.lock().unwrap().is_empty());
    town.later(Duration::from_hours(10));
    let (secret, message) = eventually("the carrier has it", async || taken.lock().unwrap().first().cloned()).await;
    assert_eq!(secret, "Bearer a secret between us");
    assert_eq!(message["to"], "+41790001122");
    assert_eq!(
        message["text"],
        "Your device is ready. You can collect it here: Device Store Zürich (repair C-10000008)."
    );
    let told = town.listed(of_case(&case), 1).await;
    assert_eq!(state(&told[0]), (Happening::RepairReadyForCollection, State::Sent, ""));
    assert_eq!(
        (told[0].masked_address.as_str(), told[0].subject_origin.as_ref()),
        ("+•••••22", None)
    );
}
