//! The story.

mod cover;
mod phone;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use support_chassis::day;
use support_proto::support::case::v1::{
    CaseState, CloseCaseRequest, CloseReason, ListMessagesRequest, ListTimelineRequest, OpenCaseRequest,
    PostMessageRequest, Resolution, ResolveCaseRequest, Severity, TimelineEntry, TimelineEntryKind,
};
use support_proto::support::identity::v1::{
    CheckCodeRequest, CheckCodeResponse, CreateCustomerRequest, IssuePartnerTokenRequest, ListOutboxMessagesRequest,
    NewContactPoint, OutboxMessage, StartVerificationRequest, VerificationPurpose,
};
use support_proto::support::localisation::v1::{
    Argument, GetArticleRequest, GetPlaybookRequest, PlaybookStage, RenderMessageRequest,
};
use support_proto::support::repair::v1::{
    FinishRepairRequest, ReceiveDeviceRequest, RecordDiagnosisRequest, RepairOutcome, ReturnDeviceRequest,
    StartRepairRequest, SubmitRepairRequest,
};
use support_proto::support::routing::v1::{
    AcceptOfferRequest, CompleteTaskRequest, Offer, Presence, SetPresenceRequest, WatchOffersRequest,
    WatchOffersResponse,
};
use support_proto::support::types::v1::{Channel, PersonName, ProductLine};
use support_proto::support::warranty::v1::{Damage, PurchaseDateEvidence, RegisterDeviceRequest};
use time::OffsetDateTime;
use tonic::Streaming;

use super::narrator::Narrator;
use crate::seed::PartnerClient;
use crate::session::{Caller, Session, request_id};
use crate::world::Issuer;

/// How long anything that comes by events may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// The agent who speaks German.
const AGENT: &str = "agent-cork-02";
/// The partner who repairs in Berlin.
const PARTNER: &str = "nordlicht-service";

/// Everyone and everything in the story.
struct Story {
    say: Narrator,
    session: Session,
    visitor: Caller,
    operator: Caller,
    agent: Caller,
    /// Sets this telling apart from others.
    run: String,
    email: String,
}

/// Tells it.
pub(super) async fn tell(
    gateway: &str,
    issuer: &Issuer,
    partners: &BTreeMap<String, PartnerClient>,
    brief: bool,
) -> anyhow::Result<()> {
    let session = Session::connect(gateway)?;
    let run = format!("demo-{:016x}", rand::random::<u64>());
    let lifetime = Duration::from_mins(30);
    let mut story = Story {
        say: Narrator::new(brief),
        visitor: session.anonymous(),
        operator: session.as_operator(&issuer.operator_token(lifetime))?,
        agent: session.as_agent(&issuer.agent_token(AGENT, lifetime))?,
        email: format!("anna.{run}@example.com"),
        session,
        run,
    };
    story.article().await?;
    let customer = story.verification().await?;
    let serial = story.device(&customer).await?;
    let (case_id, task_id) = story.case_and_agent(&customer).await?;
    story.conversation(&customer, &case_id).await?;
    story.coverage(&serial).await?;
    story.playbook().await?;
    let partner = partners
        .get(PARTNER)
        .with_context(|| format!("the partner {PARTNER} is not in this system"))?;
    story.repair(partner, &case_id, &serial).await?;
    story.end(&customer, &case_id, &task_id).await?;
    let plan_id = story.plan(&customer).await?;
    story.phone(&plan_id).await?;
    Narrator::note("\n    Every step came as it should.");
    Ok(())
}

impl Story {
    fn id(&self, step: &str) -> String {
        request_id(&self.run, "story", step)
    }

    async fn article(&mut self) -> anyhow::Result<()> {
        self.say
            .step("Anna's phone is empty by noon. Before she asks anyone, she reads what is known, in German.");
        let asked = GetArticleRequest {
            slug: "battery-drains-fast".to_owned(),
            languages: vec!["de-AT".to_owned()],
            ..GetArticleRequest::default()
        };
        let read = self
            .say
            .call("visitor", "KnowledgeService/GetArticle", asked, async |request| {
                self.visitor.knowledge().get_article(request).await
            })
            .await?;
        let article = read.article.context("an article")?;
        ensure!(article.language == "de", "the article came in {}", article.language);
        Ok(())
    }

    /// Anna becomes known without being asked for a secret.
    async fn verification(&mut self) -> anyhow::Result<Caller> {
        self.say
            .step("The maker knows her from the day she bought the phone (an operator makes the record here).");
        let contact = NewContactPoint {
            email: self.email.clone(),
            phone: String::new(),
        };
        let known = CreateCustomerRequest {
            request_id: self.id("customer"),
            name: Some(PersonName {
                given_name: "Anna".to_owned(),
                family_name: "Beispiel".to_owned(),
                display_name: "Anna Beispiel".to_owned(),
            }),
            languages: vec!["de-AT".to_owned(), "en".to_owned()],
            country_code: "DE".to_owned(),
            contact_points: vec![contact.clone()],
        };
        self.say
            .call("operator", "CustomerService/CreateCustomer", known, async |request| {
                self.operator.customers().create_customer(request).await
            })
            .await?;

        self.say
            .step("She says who she is; a code goes to her e-mail, and to nobody else.");
        let claim = StartVerificationRequest {
            request_id: self.id("verification"),
            // She will also want cover for her device.
            purpose: VerificationPurpose::PlanChange.into(),
            contact_point: Some(contact),
            ..Default::default()
        };
        let begun = self
            .say
            .call(
                "visitor",
                "VerificationService/StartVerification",
                claim,
                async |request| self.visitor.verifications().start_verification(request).await,
            )
            .await?;
        let verification_id = begun.verification.context("a verification")?.verification_id;
        let verified = self.proven(&verification_id, "code").await?;
        Ok(self.session.as_customer(&verified.session_token)?)
    }

    /// She reads her code and gives it back.
    async fn proven(&self, verification_id: &str, step: &str) -> anyhow::Result<CheckCodeResponse> {
        let letter = self.letter(verification_id).await?;
        Narrator::note(format!(
            "in her mailbox ({}): {}",
            letter.language,
            letter.body.replace('\n', " ")
        ));
        ensure!(letter.language == "de", "the e-mail came in {}", letter.language);
        let redeem = CheckCodeRequest {
            request_id: self.id(step),
            verification_id: verification_id.to_owned(),
            code: digits(&letter.body).context("no code in the e-mail")?,
            ..CheckCodeRequest::default()
        };
        self.say
            .call("visitor", "VerificationService/CheckCode", redeem, async |request| {
                self.visitor.verifications().check_code(request).await
            })
            .await
    }

    /// The e-mail of a verification, from the outbox that a local system keeps instead of sending.
    async fn letter(&self, verification_id: &str) -> anyhow::Result<OutboxMessage> {
        let asked = ListOutboxMessagesRequest {
            verification_id: verification_id.to_owned(),
            ..Default::default()
        };
        until("the e-mail with the code", async || {
            let listed = self
                .operator
                .outbox()
                .list_outbox_messages(asked.clone())
                .await?
                .into_inner();
            Ok(listed.messages.into_iter().next())
        })
        .await
    }

    async fn device(&mut self, customer: &Caller) -> anyhow::Result<String> {
        self.say
            .step("She registers the phone; the serial number is on the box.");
        let serial = serial_number(rand::random());
        let today = now().date();
        let bought = today - time::Duration::days(240);
        let device = RegisterDeviceRequest {
            request_id: self.id("device"),
            model_code: "PHN-14-128".to_owned(),
            serial_number: serial.clone(),
            purchase_country_code: "DE".to_owned(),
            purchase_date: Some(day::to_proto(bought)),
            purchase_date_evidence: PurchaseDateEvidence::Declared.into(),
            ..Default::default()
        };
        self.say
            .call("Anna", "DeviceService/RegisterDevice", device, async |request| {
                customer.devices().register_device(request).await
            })
            .await?;
        Ok(serial)
    }

    /// The case, and somebody who speaks her language within moments.
    async fn case_and_agent(&mut self, customer: &Caller) -> anyhow::Result<(String, String)> {
        self.say.step("In Cork, Lukas starts his shift and waits for offers.");
        let here = SetPresenceRequest {
            request_id: self.id("here"),
            presence: Presence::Available.into(),
        };
        self.say
            .call("Lukas", "AgentService/SetPresence", here, async |request| {
                self.agent.agents().set_presence(request).await
            })
            .await?;
        let mut offers = self
            .agent
            .agents()
            .watch_offers(WatchOffersRequest {})
            .await?
            .into_inner();

        self.say.step("Anna opens a case by chat, in German.");
        let case = OpenCaseRequest {
            request_id: self.id("case"),
            channel: Channel::Chat.into(),
            language: "de-AT".to_owned(),
            product_line: ProductLine::Phone.into(),
            severity: Severity::Normal.into(),
            country_code: "DE".to_owned(),
            subject: "Akku hält nur bis mittags".to_owned(),
            description: "Seit dem Wochenende ist der Akku mittags leer, obwohl ich kaum telefoniere.".to_owned(),
            ..Default::default()
        };
        let sent = Instant::now();
        let opened = self
            .say
            .call("Anna", "CaseService/OpenCase", case, async |request| {
                customer.cases().open_case(request).await
            })
            .await?;
        let case = opened.case.context("a case")?;

        self.say
            .step("The offer reaches Lukas, who speaks German and knows the phone.");
        let offer = offer_for(&mut offers, &case.case_id).await?;
        Narrator::note(format!(
            "offered {:.0} ms after she asked",
            sent.elapsed().as_secs_f64() * 1000.0
        ));
        let take = AcceptOfferRequest {
            request_id: self.id("take"),
            offer_id: offer.offer_id,
        };
        let taken = self
            .say
            .call("Lukas", "AgentService/AcceptOffer", take, async |request| {
                self.agent.agents().accept_offer(request).await
            })
            .await?;
        Ok((case.case_id, taken.task.context("a task")?.task_id))
    }

    /// Chat, phone, store: one case.
    async fn conversation(&mut self, customer: &Caller, case_id: &str) -> anyhow::Result<()> {
        self.say
            .step("They talk: by chat, then she calls, then she stands in the store. Nothing is lost on the way.");
        let words = [
            (
                true,
                Channel::Chat,
                "Guten Tag! Ich habe die App mit dem größten Verbrauch schon aktualisiert.",
            ),
            (
                false,
                Channel::Chat,
                "Danke, Frau Beispiel. Wird das Gerät warm, wenn es in der Tasche liegt?",
            ),
            (true, Channel::Phone, "Ja, und die Rückseite wölbt sich ein wenig."),
            (
                false,
                Channel::Phone,
                "Bitte nicht mehr laden. Ein Partner in Berlin sieht es sich heute an.",
            ),
            (true, Channel::Store, "Ich bin jetzt hier und habe ein Backup gemacht."),
        ];
        for (index, (hers, channel, body)) in words.into_iter().enumerate() {
            let message = PostMessageRequest {
                request_id: self.id(&format!("message {index}")),
                case_id: case_id.to_owned(),
                channel: channel.into(),
                body: body.to_owned(),
                ..Default::default()
            };
            let (who, caller) = if hers {
                ("Anna", customer)
            } else {
                ("Lukas", &self.agent)
            };
            self.say
                .call(who, "CaseService/PostMessage", message, async |request| {
                    caller.cases().post_message(request).await
                })
                .await?;
        }
        let asked = ListMessagesRequest {
            case_id: case_id.to_owned(),
            ..Default::default()
        };
        let said = self.agent.cases().list_messages(asked).await?.into_inner().messages;
        ensure!(
            said.len() == words.len(),
            "{} of {} messages are in the case",
            said.len(),
            words.len()
        );
        Ok(())
    }

    async fn playbook(&mut self) -> anyhow::Result<()> {
        self.say
            .step("Before the phone leaves Anna's hands, Lukas is shown what to remind her of, in her language.");
        let asked = GetPlaybookRequest {
            purpose: "repair".to_owned(),
            product_line: ProductLine::Phone.into(),
            channel: Channel::Store.into(),
            stage: PlaybookStage::Remind.into(),
            place: "country/DE".to_owned(),
            languages: vec!["de".to_owned()],
            arguments: Vec::new(),
        };
        let given = self
            .say
            .call("Lukas", "PlaybookService/GetPlaybook", asked, async |request| {
                self.agent.playbooks().get_playbook(request).await
            })
            .await?;
        ensure!(
            given.steps.iter().any(|step| step.step == "repair/receipt"),
            "nobody reminds her of the receipt"
        );
        for step in given.steps {
            Narrator::note(step.text.context("words")?.text);
        }
        Ok(())
    }

    /// The partner's own system carries the repair through.
    async fn repair(&mut self, client: &PartnerClient, case_id: &str, serial: &str) -> anyhow::Result<()> {
        self.say
            .step("The partner's system gets its token and orders the repair.");
        let asked = IssuePartnerTokenRequest {
            client_id: client.client_id.clone(),
            client_secret: client.client_secret.clone(),
            scopes: Vec::new(),
            ..Default::default()
        };
        let token = self
            .visitor
            .credentials()
            .issue_partner_token(asked)
            .await?
            .into_inner();
        let partner = self.session.as_partner(&token.access_token)?;
        let order = SubmitRepairRequest {
            request_id: self.id("repair"),
            case_id: case_id.to_owned(),
            provider_code: "ASP-BER-01".to_owned(),
            serial_number: serial.to_owned(),
            problem: "Akku gewölbt, Gerät wird warm".to_owned(),
            language: "de".to_owned(),
            damage: Damage::None.into(),
            partner_reference: self.run.clone(),
            ..SubmitRepairRequest::default()
        };
        let ordered = self
            .say
            .call("partner", "RepairService/SubmitRepair", order, async |request| {
                partner.repairs().submit_repair(request).await
            })
            .await?;
        let repair_id = ordered.repair.context("a repair")?.repair_id;

        self.say
            .step("The device comes in, is diagnosed, repaired and handed back; the case hears of every step.");
        let received = ReceiveDeviceRequest {
            request_id: self.id("receive"),
            repair_id: repair_id.clone(),
            etag: String::new(),
            note: String::new(),
        };
        self.say
            .call("partner", "RepairService/ReceiveDevice", received, async |request| {
                partner.repairs().receive_device(request).await
            })
            .await?;
        let diagnosis = RecordDiagnosisRequest {
            request_id: self.id("diagnose"),
            repair_id: repair_id.clone(),
            diagnosis_code: "BATTERY-SWOLLEN".to_owned(),
            etag: String::new(),
            note: String::new(),
        };
        self.say
            .call("partner", "RepairService/RecordDiagnosis", diagnosis, async |request| {
                partner.repairs().record_diagnosis(request).await
            })
            .await?;
        let start = StartRepairRequest {
            request_id: self.id("start"),
            repair_id: repair_id.clone(),
            etag: String::new(),
            note: String::new(),
        };
        self.say
            .call("partner", "RepairService/StartRepair", start, async |request| {
                partner.repairs().start_repair(request).await
            })
            .await?;
        let finish = FinishRepairRequest {
            request_id: self.id("finish"),
            repair_id: repair_id.clone(),
            outcome: RepairOutcome::Repaired.into(),
            etag: String::new(),
            note: String::new(),
        };
        self.say
            .call("partner", "RepairService/FinishRepair", finish, async |request| {
                partner.repairs().finish_repair(request).await
            })
            .await?;
        let back = ReturnDeviceRequest {
            request_id: self.id("return"),
            repair_id,
            etag: String::new(),
            note: String::new(),
        };
        self.say
            .call("partner", "RepairService/ReturnDevice", back, async |request| {
                partner.repairs().return_device(request).await
            })
            .await?;
        Ok(())
    }

    async fn end(&mut self, customer: &Caller, case_id: &str, task_id: &str) -> anyhow::Result<()> {
        self.say
            .step("The repair is in the case's history; Lukas settles the case and is free for the next.");
        until("the repair in the history", async || {
            let entries = timeline(customer, case_id).await?;
            Ok(entries
                .into_iter()
                .find(|entry| entry.detail == "REPAIR_STATE_RETURNED"))
        })
        .await?;
        let resolve = ResolveCaseRequest {
            request_id: self.id("resolve"),
            case_id: case_id.to_owned(),
            resolution: Resolution::Repaired.into(),
            etag: String::new(),
        };
        self.say
            .call("Lukas", "CaseService/ResolveCase", resolve, async |request| {
                self.agent.cases().resolve_case(request).await
            })
            .await?;
        let done = CompleteTaskRequest {
            request_id: self.id("done"),
            task_id: task_id.to_owned(),
        };
        self.say
            .call("Lukas", "AgentService/CompleteTask", done, async |request| {
                self.agent.agents().complete_task(request).await
            })
            .await?;
        let away = SetPresenceRequest {
            request_id: self.id("away"),
            presence: Presence::Offline.into(),
        };
        self.agent.agents().set_presence(away).await?;

        self.say.step("What the maker writes to her, in her language:");
        for (key, argument) in [
            ("case.assigned", Some(("agent_name", "Lukas"))),
            ("case.resolved", None),
        ] {
            let asked = RenderMessageRequest {
                key: key.to_owned(),
                languages: vec!["de-AT".to_owned()],
                arguments: argument
                    .into_iter()
                    .map(|(name, text)| Argument {
                        name: name.to_owned(),
                        text: Some(text.to_owned()),
                        ..Default::default()
                    })
                    .collect(),
                time_zone: String::new(),
            };
            let words = self.visitor.messages().render_message(asked).await?.into_inner();
            ensure!(
                words.degradations.is_empty(),
                "{key} is not whole: {:?}",
                words.degradations
            );
            Narrator::note(words.text);
        }

        self.say.step("Anna is content and closes the case.");
        let close = CloseCaseRequest {
            request_id: self.id("close"),
            case_id: case_id.to_owned(),
            close_reason: CloseReason::Solved.into(),
            etag: String::new(),
        };
        let closed = self
            .say
            .call("Anna", "CaseService/CloseCase", close, async |request| {
                customer.cases().close_case(request).await
            })
            .await?;
        ensure!(
            closed.case.context("a case")?.state() == CaseState::Closed,
            "the case is not closed"
        );
        self.history(customer, case_id).await
    }

    /// The whole history, and that it has no gap.
    async fn history(&mut self, customer: &Caller, case_id: &str) -> anyhow::Result<()> {
        self.say.step("The whole history, as she can read it:");
        let entries = until("the end of the contact in the history", async || {
            let entries = timeline(customer, case_id).await?;
            let ended = entries
                .iter()
                .any(|entry| entry.kind() == TimelineEntryKind::TaskCompleted);
            Ok(ended.then_some(entries))
        })
        .await?;
        for (place, entry) in (1..).zip(&entries) {
            let kind = entry.kind().as_str_name().trim_start_matches("TIMELINE_ENTRY_KIND_");
            Narrator::note(format!(
                "{:>3}  {kind:<22} {:<18} {}",
                entry.sequence, entry.source, entry.detail
            ));
            ensure!(
                entry.sequence == place,
                "the history has a gap before {}",
                entry.sequence
            );
        }
        let told = |kind: TimelineEntryKind| entries.iter().filter(|entry| entry.kind() == kind).count();
        ensure!(
            told(TimelineEntryKind::CaseOpened) == 1 && told(TimelineEntryKind::CaseClosed) == 1,
            "one story"
        );
        ensure!(told(TimelineEntryKind::MessagePosted) == 5, "five messages");
        ensure!(
            told(TimelineEntryKind::RepairStateChanged) == 5,
            "five steps of the repair"
        );
        Ok(())
    }
}

async fn timeline(caller: &Caller, case_id: &str) -> anyhow::Result<Vec<TimelineEntry>> {
    let asked = ListTimelineRequest {
        case_id: case_id.to_owned(),
        page_size: 1000,
        ..Default::default()
    };
    Ok(caller.cases().list_timeline(asked).await?.into_inner().entries)
}

/// Asks until there is something, or patience ends. What comes by events comes soon, but not at once.
async fn until<T>(what: &str, ask: impl AsyncFn() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        if Instant::now() > end {
            bail!("{what} did not come within {} s", PATIENCE.as_secs());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn offer_for(offers: &mut Streaming<WatchOffersResponse>, case_id: &str) -> anyhow::Result<Offer> {
    let waiting = async {
        while let Some(change) = offers.message().await? {
            let ours = |offer: &Offer| offer.task.as_ref().is_some_and(|task| task.case_id == case_id);
            if let Some(offer) = change.made.into_iter().find(ours) {
                return Ok(offer);
            }
        }
        bail!("the stream of offers ended")
    };
    tokio::time::timeout(PATIENCE, waiting).await.context("no offer came")?
}

/// The code in an e-mail: its first six digits in a row.
fn digits(text: &str) -> Option<String> {
    text.split(|letter: char| !letter.is_ascii_digit())
        .find(|run| run.len() == 6)
        .map(str::to_owned)
}

/// A serial number of twelve signs that is like no other.
fn serial_number(mut chance: u64) -> String {
    const SIGNS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    (0..12)
        .map(|_| {
            let sign = SIGNS[usize::try_from(chance % 32).unwrap_or_default()];
            chance /= 32;
            char::from(sign)
        })
        .collect()
}

fn now() -> OffsetDateTime {
    #[expect(clippy::disallowed_methods, reason = "the story plays today")]
    OffsetDateTime::now_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_any_language() {
        assert_eq!(
            digits("Ihr Code lautet 123456, gültig 10 Minuten").as_deref(),
            Some("123456")
        );
        assert_eq!(digits("认证码\u{2068}654321\u{2069}。").as_deref(), Some("654321"));
        assert_eq!(digits("1234567 12345"), None);
    }

    #[test]
    fn serial_numbers_have_the_right_form() {
        let serial = serial_number(u64::MAX);
        assert!(serial.len() == 12 && serial.bytes().all(|sign| sign.is_ascii_alphanumeric()));
        assert!(!serial.contains(['I', 'O']));
    }
}
