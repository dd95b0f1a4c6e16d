//! The partners: each takes repairs in by its own system's token, and moves them to their end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex as Lock;
use std::sync::PoisonError;
use std::time::Duration;

use anyhow::Context as _;
use support_proto::support::identity::v1::IssuePartnerTokenRequest;
use support_proto::support::repair::v1::{
    FinishRepairRequest, ListProvidersRequest, ReceiveDeviceRequest, RecordDiagnosisRequest, Repair, RepairOutcome,
    ReturnDeviceRequest, StartRepairRequest, SubmitRepairRequest,
};
use support_proto::support::warranty::v1::Damage;
use tokio::time::Instant;

use super::clock::DayClock;
use super::repairs::Fault;
use crate::seed::{PartnerClient, partner_clients};
use crate::session::{Caller, Session, call, request_id};

/// How long a repair stays in each of its states, in seconds of the day. Real ones take days; what matters here is that
/// many are under way while calls come in.
const STEP: f64 = 600.0;
/// For how long a token is used. They are good for 15 minutes.
const TOKEN_LIFE: Duration = Duration::from_mins(10);

/// All partners of the system.
pub struct Workshops {
    session: Session,
    partners: Vec<Partner>,
}

struct Partner {
    client: PartnerClient,
    /// The code and the country of its workshop.
    provider: (String, String),
    token: Lock<Option<(Instant, Caller)>>,
}

/// A repair to be carried out.
pub struct Order<'a> {
    /// The run.
    pub run: &'a str,
    /// The call it came by.
    pub key: &'a str,
    /// The case it belongs to.
    pub case_id: &'a str,
    /// The device.
    pub serial_number: &'a str,
    /// What is wrong with it.
    pub fault: &'a Fault,
}

impl Workshops {
    /// The partners that the data directory has credentials of.
    ///
    /// # Errors
    ///
    /// Where it has none, or the system refuses them.
    pub async fn open(session: &Session, data_dir: &Path) -> anyhow::Result<Self> {
        let clients: BTreeMap<String, PartnerClient> = partner_clients(data_dir)
            .context("the partners' credentials are needed: was this system started with --no-seed?")?;
        let mut partners = Vec::new();
        for client in clients.into_values() {
            let mut partner = Partner {
                client,
                provider: Default::default(),
                token: Lock::default(),
            };
            let caller = partner.caller(session).await?;
            let own = call!(caller.providers().list_providers(ListProvidersRequest::default()))?;
            if let Some(provider) = own.providers.first() {
                partner.provider = (provider.code.clone(), provider.country_code.clone());
                partners.push(partner);
            }
        }
        anyhow::ensure!(!partners.is_empty(), "no partner has a workshop");
        Ok(Self {
            session: session.clone(),
            partners,
        })
    }

    /// Carries a repair out, from the order to the device's return.
    ///
    /// # Errors
    ///
    /// What the system refused.
    pub async fn repair(&self, clock: &DayClock, order: &Order<'_>) -> anyhow::Result<Repair> {
        let partner = self.nearest(order.fault.country, order.key);
        let id = |step: &str| request_id(order.run, order.key, step);
        let caller = partner.caller(&self.session).await?;
        let request = SubmitRepairRequest {
            request_id: id("submit-repair"),
            case_id: order.case_id.to_owned(),
            provider_code: partner.provider.0.clone(),
            serial_number: order.serial_number.to_owned(),
            problem: order.fault.problem.clone(),
            language: order.fault.language.to_owned(),
            damage: Damage::None.into(),
            partner_reference: format!("{}/{}", order.run, order.key),
            ..SubmitRepairRequest::default()
        };
        let submitted = call!(caller.repairs().submit_repair(request)).context("a repair was not taken")?;
        let repair_id = submitted.repair.context("no repair in the answer")?.repair_id;
        let etag = String::new();

        clock.pass(STEP).await;
        let caller = partner.caller(&self.session).await?;
        let request = ReceiveDeviceRequest {
            request_id: id("receive"),
            repair_id: repair_id.clone(),
            etag: etag.clone(),
            note: String::new(),
        };
        call!(caller.repairs().receive_device(request)).context("a device was not received")?;

        clock.pass(STEP).await;
        let caller = partner.caller(&self.session).await?;
        let request = RecordDiagnosisRequest {
            request_id: id("diagnose"),
            repair_id: repair_id.clone(),
            diagnosis_code: diagnosis(order.fault.outcome).to_owned(),
            etag: etag.clone(),
            note: String::new(),
        };
        call!(caller.repairs().record_diagnosis(request)).context("a diagnosis was not recorded")?;

        // What nobody can repair, nobody begins to.
        if matches!(order.fault.outcome, RepairOutcome::Repaired | RepairOutcome::Repairable) {
            clock.pass(STEP).await;
            let caller = partner.caller(&self.session).await?;
            let request = StartRepairRequest {
                request_id: id("start"),
                repair_id: repair_id.clone(),
                etag: etag.clone(),
                note: String::new(),
            };
            call!(caller.repairs().start_repair(request)).context("a repair did not begin")?;
        }

        clock.pass(STEP).await;
        let caller = partner.caller(&self.session).await?;
        let request = FinishRepairRequest {
            request_id: id("finish"),
            repair_id: repair_id.clone(),
            outcome: order.fault.outcome.into(),
            etag: etag.clone(),
            note: finding(order.fault.outcome).to_owned(),
        };
        call!(caller.repairs().finish_repair(request)).context("a repair did not end")?;

        clock.pass(STEP).await;
        let caller = partner.caller(&self.session).await?;
        let request = ReturnDeviceRequest {
            request_id: id("return"),
            repair_id,
            etag,
            note: String::new(),
        };
        let returned = call!(caller.repairs().return_device(request)).context("a device was not returned")?;
        returned.repair.context("no repair in the answer")
    }

    /// A workshop of the country, or else always the same one for the same call.
    fn nearest(&self, country: &str, key: &str) -> &Partner {
        let any = key.bytes().map(usize::from).sum::<usize>() % self.partners.len();
        self.partners
            .iter()
            .find(|partner| partner.provider.1 == country)
            .unwrap_or(&self.partners[any])
    }
}

impl Partner {
    /// The partner's system with a token that is still good.
    async fn caller(&self, session: &Session) -> anyhow::Result<Caller> {
        let held = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((issued, caller)) = held.filter(|(issued, _)| issued.elapsed() < TOKEN_LIFE) {
            let _ = issued;
            return Ok(caller);
        }
        let anonymous = session.anonymous();
        let request = IssuePartnerTokenRequest {
            client_id: self.client.client_id.clone(),
            client_secret: self.client.client_secret.clone(),
            scopes: Vec::new(),
            ..Default::default()
        };
        let issued = call!(anonymous.credentials().issue_partner_token(request))
            .with_context(|| format!("{} got no token", self.client.organisation_id))?;
        let caller = session.as_partner(&issued.access_token)?;
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), caller.clone()));
        Ok(caller)
    }
}

fn diagnosis(outcome: RepairOutcome) -> &'static str {
    match outcome {
        RepairOutcome::Repaired => "FAULT-FOUND",
        RepairOutcome::Repairable => "PART-MISSING",
        RepairOutcome::EndOfLife => "BEYOND-REPAIR",
        RepairOutcome::Unknown | RepairOutcome::Unspecified => "NO-FAULT-FOUND",
    }
}

/// What the customer is told of the outcome.
fn finding(outcome: RepairOutcome) -> &'static str {
    match outcome {
        RepairOutcome::Repaired => "",
        RepairOutcome::Repairable => "The part that it needs cannot be had.",
        RepairOutcome::EndOfLife => "It cannot be repaired any more.",
        RepairOutcome::Unknown | RepairOutcome::Unspecified => "No fault was found.",
    }
}
