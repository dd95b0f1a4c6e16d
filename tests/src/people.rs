//! Whoever takes part: each test brings its own, so that tests may run side by side in one town.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;
use support::session::{Caller, Session};
use support_proto::support::case::v1::{
    Case, ListTimelineRequest, OpenCaseRequest, PostMessageRequest, Severity, TimelineEntry,
};
use support_proto::support::identity::v1::{
    CheckCodeRequest, CheckCodeResponse, CreateCustomerRequest, IssueGrantTokenRequest, ListOutboxMessagesRequest,
    NewContactPoint, StartVerificationRequest, VerificationPurpose,
};
use support_proto::support::routing::v1::{
    AcceptOfferRequest, CreateAgentRequest, LanguageSkill, Offer, Presence, ProductSkill, SetPresenceRequest, Task,
    WatchOffersRequest, WatchOffersResponse,
};
use support_proto::support::types::v1::{Channel, Date, PersonName, ProductLine};
use support_proto::support::warranty::v1::{PurchaseDateEvidence, RegisterDeviceRequest};
use tonic::{Status, Streaming};
use uuid::Uuid;

use crate::speak::web;
use crate::town::Town;
use crate::wait::{soon, until};

/// A random UUID: request ids are the caller's own, and not of the system's form.
fn chance() -> Uuid {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid()
}

/// A fresh request id.
#[must_use]
pub fn request_id() -> String {
    chance().to_string()
}

/// A language that nobody else in the town speaks, of those that ISO 639 leaves for private use (`qaa` to `qtz`).
#[must_use]
pub fn language() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let letter = |number: u32, of: u32| char::from_u32(u32::from(b'a') + number % of).unwrap_or('a');
    format!("q{}{}", letter(number / 26, 20), letter(number, 26))
}

/// An id of the same form and region as `id` that nothing has.
#[must_use]
pub fn nobody_like(id: &str) -> String {
    let (kept, _) = id.split_at(id.len() - 12);
    format!("{kept}{:012x}", chance().as_u128() & 0xffff_ffff_ffff)
}

/// What a failed call of a test says.
fn or_fail<T>(what: &str, answered: Result<tonic::Response<T>, Status>) -> T {
    match answered {
        Ok(answer) => answer.into_inner(),
        Err(status) => panic!("{what}: {status:?}"),
    }
}

fn given<T>(what: &str, value: Option<T>) -> T {
    match value {
        Some(value) => value,
        None => panic!("no {what}"),
    }
}

/// A customer who has said who they are.
#[derive(Debug)]
pub struct Customer {
    /// Calls with the session token.
    pub caller: Caller,
    /// The session token.
    pub token: String,
    /// Their id.
    pub id: String,
    /// Their name, unlike any other.
    pub name: String,
    /// Their e-mail address, unlike any other.
    pub email: String,
    /// The code they were sent.
    pub code: String,
    /// What they speak.
    pub language: String,
}

impl Customer {
    /// Becomes known, is sent a code, and gives it back: a fresh customer with a session.
    ///
    /// # Panics
    ///
    /// Where any of it fails.
    pub async fn verified(town: &Town) -> Self {
        let (session, operator) = (town.session(), town.operator());
        let mark = chance().simple().to_string();
        let name = format!("Zenobia-{mark}");
        let email = format!("zenobia.{mark}@post.example");
        let contact = NewContactPoint {
            email: email.clone(),
            phone: String::new(),
        };
        let language = language();
        let asked = CreateCustomerRequest {
            request_id: request_id(),
            name: Some(PersonName {
                given_name: name.clone(),
                family_name: format!("Quillfeather-{mark}"),
                display_name: format!("{name} Quillfeather-{mark}"),
            }),
            languages: vec!["en".to_owned()],
            country_code: "DE".to_owned(),
            contact_points: vec![contact.clone()],
        };
        let created = or_fail("create customer", operator.customers().create_customer(asked).await);
        let id = given("customer", created.customer).customer_id;
        let asked = StartVerificationRequest {
            request_id: request_id(),
            purpose: VerificationPurpose::PlanChange.into(),
            contact_point: Some(contact),
            ..StartVerificationRequest::default()
        };
        let visitor = session.anonymous();
        let started = or_fail("start", visitor.verifications().start_verification(asked).await);
        let verification_id = given("verification", started.verification).verification_id;
        let code = code(&operator, &verification_id).await;
        let checked = check(&visitor, &verification_id, &code).await;
        let checked = match checked {
            Ok(checked) => checked,
            Err(status) => panic!("check: {status:?}"),
        };
        let token = checked.session_token;
        let caller = match session.as_customer(&token) {
            Ok(caller) => caller,
            Err(error) => panic!("{error}"),
        };
        Self {
            caller,
            token,
            id,
            name,
            email,
            code,
            language,
        }
    }

    /// What opens a case by chat in the customer's language.
    #[must_use]
    pub fn case(&self, subject: &str) -> OpenCaseRequest {
        OpenCaseRequest {
            request_id: request_id(),
            channel: Channel::Chat.into(),
            language: self.language.clone(),
            product_line: ProductLine::Phone.into(),
            severity: Severity::Normal.into(),
            subject: subject.to_owned(),
            description: format!("{subject}, told at length"),
            // Whoever reads what they write is spoken to in the language they prefer.
            read_languages: vec!["en".to_owned()],
            ..OpenCaseRequest::default()
        }
    }

    /// Opens a case.
    ///
    /// # Panics
    ///
    /// Where it fails.
    pub async fn opens(&self, subject: &str) -> Case {
        let opened = or_fail("open", self.caller.cases().open_case(self.case(subject)).await);
        given("case", opened.case)
    }

    /// Buys a phone, and says so.
    ///
    /// # Panics
    ///
    /// Where it fails.
    pub async fn device(&self) -> String {
        let serial = serial_number();
        let asked = RegisterDeviceRequest {
            request_id: request_id(),
            model_code: "PHN-17-256".to_owned(),
            serial_number: serial.clone(),
            purchase_country_code: "DE".to_owned(),
            purchase_date: Some(Date {
                year: 2025,
                month: 12,
                day: 24,
            }),
            purchase_date_evidence: PurchaseDateEvidence::Declared.into(),
            ..RegisterDeviceRequest::default()
        };
        or_fail("register", self.caller.devices().register_device(asked).await);
        serial
    }
}

/// The code of a verification, from the local outbox.
///
/// # Panics
///
/// Where none comes.
pub async fn code(operator: &Caller, verification_id: &str) -> String {
    let asked = ListOutboxMessagesRequest {
        verification_id: verification_id.to_owned(),
        ..ListOutboxMessagesRequest::default()
    };
    until("the e-mail with the code", async || {
        let listed = operator.outbox().list_outbox_messages(asked.clone()).await;
        let body = or_fail("outbox", listed).messages.into_iter().next()?.body;
        body.split(|letter: char| !letter.is_ascii_digit())
            .find(|digits| digits.len() == 6)
            .map(str::to_owned)
    })
    .await
}

/// Gives a code back.
///
/// # Errors
///
/// What the system says.
pub async fn check(visitor: &Caller, verification_id: &str, code: &str) -> Result<CheckCodeResponse, Status> {
    let asked = CheckCodeRequest {
        request_id: request_id(),
        verification_id: verification_id.to_owned(),
        code: code.to_owned(),
        ..CheckCodeRequest::default()
    };
    Ok(visitor.verifications().check_code(asked).await?.into_inner())
}

/// A serial number that no other device has.
#[must_use]
pub fn serial_number() -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ0123456789";
    let mut number = chance().as_u128();
    let mut serial = String::with_capacity(14);
    for _ in 0..14 {
        let at = usize::try_from(number % 34).unwrap_or_default();
        serial.push(char::from(LETTERS[at]));
        number /= 34;
    }
    serial
}

/// An agent at work, who hears of offers.
pub struct Agent {
    /// Calls as the agent.
    pub caller: Caller,
    /// The token.
    pub token: String,
    /// Their id.
    pub id: String,
    offers: Streaming<WatchOffersResponse>,
    waiting: Vec<Offer>,
}

impl Agent {
    /// Is hired, comes to work and waits for offers in this language.
    ///
    /// # Panics
    ///
    /// Where any of it fails.
    pub async fn at_work(town: &Town, language: &str, capacity: i32) -> Self {
        let subject = format!("agent-{}", chance().simple());
        let asked = CreateAgentRequest {
            request_id: request_id(),
            subject: subject.clone(),
            display_name: "Tester".to_owned(),
            site: "Cork".to_owned(),
            time_zone: "Europe/Dublin".to_owned(),
            languages: vec![LanguageSkill {
                language: language.to_owned(),
                level: 5,
            }],
            skills: vec![ProductSkill {
                product_line: ProductLine::Phone.into(),
                level: 5,
            }],
            capacity,
            ..CreateAgentRequest::default()
        };
        let created = or_fail("create agent", town.operator().agents().create_agent(asked).await);
        let token = town.agent_token(&subject);
        let caller = match town.session().as_agent(&token) {
            Ok(caller) => caller,
            Err(error) => panic!("{error}"),
        };
        let here = SetPresenceRequest {
            request_id: request_id(),
            presence: Presence::Available.into(),
        };
        or_fail("presence", caller.agents().set_presence(here).await);
        let offers = or_fail("watch", caller.agents().watch_offers(WatchOffersRequest {}).await);
        Self {
            caller,
            token,
            id: given("agent", created.agent).agent_id,
            offers,
            waiting: Vec::new(),
        }
    }

    /// Verifies a customer for a purpose, who types the code themselves, and shows their grant from then on: how the agent
    /// calls then, the grant's id, and the token they show.
    ///
    /// # Panics
    ///
    /// Where any of it fails.
    pub async fn verifies(
        &self,
        town: &Town,
        customer: &Customer,
        purpose: VerificationPurpose,
    ) -> (Caller, String, String) {
        let asked = StartVerificationRequest {
            request_id: request_id(),
            purpose: purpose.into(),
            contact_point: Some(NewContactPoint {
                email: customer.email.clone(),
                phone: String::new(),
            }),
            ..StartVerificationRequest::default()
        };
        let started = or_fail("start", self.caller.verifications().start_verification(asked).await);
        let verification_id = given("verification", started.verification).verification_id;
        let code = code(&town.operator(), &verification_id).await;
        let checked = match check(&town.session().anonymous(), &verification_id, &code).await {
            Ok(checked) => checked,
            Err(status) => panic!("check: {status:?}"),
        };
        let grant_id = given("grant", checked.grant).grant_id;
        let asked = IssueGrantTokenRequest {
            grant_id: grant_id.clone(),
        };
        let issued = or_fail("grant token", self.caller.grants().issue_grant_token(asked).await);
        match self.caller.showing(&issued.grant_token) {
            Ok(caller) => (caller, grant_id, issued.grant_token),
            Err(error) => panic!("{error}"),
        }
    }

    /// The next offer for this case.
    ///
    /// # Panics
    ///
    /// Where none comes.
    pub async fn offered(&mut self, case_id: &str) -> Offer {
        soon("an offer", async {
            loop {
                let message = match self.offers.message().await {
                    Ok(message) => given("more offers", message),
                    Err(status) => panic!("offers: {status:?}"),
                };
                let of_case = |offer: &Offer| offer.task.as_ref().is_some_and(|task| task.case_id == case_id);
                if let Some(offer) = message.made.into_iter().find(of_case) {
                    return offer;
                }
            }
        })
        .await
    }

    /// The next offer, whatever it is for. Where the stream breaks it is opened again, which tells of all open offers.
    ///
    /// # Panics
    ///
    /// Where none comes.
    pub async fn any_offer(&mut self, town: &Town) -> Offer {
        let caller = with_token(&town.session(), &self.token);
        until("an offer", async || {
            if let Some(offer) = self.waiting.pop() {
                return Some(offer);
            }
            match tokio::time::timeout(Duration::from_secs(3), self.offers.message()).await {
                Ok(Ok(Some(message))) => self.waiting.extend(message.made),
                // Also where nothing came for a while: whoever watches anew is told of all that is open.
                Ok(Ok(None) | Err(_)) | Err(_) => {
                    if let Ok(offers) = caller.agents().watch_offers(WatchOffersRequest {}).await {
                        self.offers = offers.into_inner();
                    }
                }
            }
            self.waiting.pop()
        })
        .await
    }

    /// Accepts an offer.
    ///
    /// # Panics
    ///
    /// Where it fails.
    pub async fn accepts(&self, offer: &Offer) -> Task {
        let asked = AcceptOfferRequest {
            request_id: request_id(),
            offer_id: offer.offer_id.clone(),
        };
        given(
            "task",
            or_fail("accept", self.caller.agents().accept_offer(asked).await).task,
        )
    }
}

/// A partner's system, with a token from `/oauth2/token`.
///
/// # Panics
///
/// Where it fails.
pub async fn partner(town: &Town, organisation: &str) -> (Caller, String) {
    let client = town.partner(organisation);
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        client.client_id, client.client_secret
    );
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let answered = web::post(&town.gateway_url, "/oauth2/token", &headers, form.into_bytes()).await;
    assert_eq!(answered.status, 200, "{:?}", answered.body);
    let body: Value = match serde_json::from_slice(&answered.body) {
        Ok(body) => body,
        Err(error) => panic!("{error}"),
    };
    let token = given("access token", body["access_token"].as_str()).to_owned();
    match town.session().as_partner(&token) {
        Ok(caller) => (caller, token),
        Err(error) => panic!("{error}"),
    }
}

/// Says something in a case.
///
/// # Panics
///
/// Where it fails.
pub async fn says(caller: &Caller, case_id: &str, channel: Channel, body: &str) {
    let asked = PostMessageRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        channel: channel.into(),
        body: body.to_owned(),
        ..PostMessageRequest::default()
    };
    or_fail("post", caller.cases().post_message(asked).await);
}

/// The history of a case.
///
/// # Panics
///
/// Where it fails, or has gaps or double entries.
pub async fn timeline(caller: &Caller, case_id: &str) -> Vec<TimelineEntry> {
    let asked = ListTimelineRequest {
        case_id: case_id.to_owned(),
        page_size: 1000,
        ..ListTimelineRequest::default()
    };
    let entries = or_fail("timeline", caller.cases().list_timeline(asked).await).entries;
    for (place, entry) in (1..).zip(&entries) {
        assert_eq!(entry.sequence, place, "the history has a gap: {entries:#?}");
    }
    entries
}

/// A caller with any token.
///
/// # Panics
///
/// Where the token is unfit for a header.
#[must_use]
pub fn with_token(session: &Session, token: &str) -> Caller {
    match session.as_customer(token) {
        Ok(caller) => caller,
        Err(error) => panic!("{error}"),
    }
}
