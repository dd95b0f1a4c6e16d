//! One caller's life: proves who they are, opens a case, waits, talks or gives up, has a device repaired.

use std::time::Duration;

use anyhow::Context as _;
use sha2::{Digest as _, Sha256};
use support_chassis::error::explain;
use support_proto::support::case::v1::{
    Case, CaseState, CloseCaseRequest, CloseReason, OpenCaseRequest, Resolution, ResolveCaseRequest, Severity,
};
use support_proto::support::identity::v1::{
    CheckCodeRequest, IdentityErrorReason, ListOutboxMessagesRequest, StartVerificationRequest, VerificationPurpose,
};
use support_proto::support::repair::v1::RepairOutcome;
use support_proto::support::routing::v1::{ListTasksRequest, TaskState};
use support_proto::support::types::v1::{Channel, Date, ProductLine};
use support_proto::support::warranty::v1::{PurchaseDateEvidence, RegisterDeviceRequest};
use tokio::time::{Instant, sleep};

use super::floor::Floor;
use super::repairs::Fault;
use super::trace::Call;
use super::workshop::Order;
use crate::session::{Caller, call, request_id};

/// How long before the day opens a caller's case the caller begins to prove who they are, in our time. In the data people
/// talk to a machine for some seconds; compressed, that is less than a mail takes, and the queue must not feel it.
const HEAD_START: Duration = Duration::from_secs(2);
/// How long a code may take to arrive, in our time.
const CODE_LIMIT: Duration = Duration::from_mins(2);

/// What is to happen to one call.
pub struct Plan {
    /// The call of the trace.
    pub call: Call,
    /// Its place among the calls of the day.
    pub ordinal: usize,
    /// The device that is broken, and the product it is: every n-th call is about one.
    pub device: Option<Device>,
}

/// A broken device.
pub struct Device {
    /// What is wrong with it.
    pub fault: Fault,
    /// The model code of the product it is.
    pub model_code: String,
    /// When it was bought: not before there were any, not after today.
    pub bought: Date,
}

/// How a contact ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// An agent took it, and the case is resolved.
    Answered,
    /// The caller gave up, and the case is closed.
    GaveUp,
}

/// What became of one call.
#[derive(Debug, Clone)]
pub struct Contact {
    /// The call.
    pub key: String,
    /// The customer who was verified; empty where an earlier process did that.
    pub customer_id: String,
    /// How it ended.
    pub end: End,
    /// How long the caller waited; none where it was not answered or an earlier process saw it.
    pub wait: Option<Wait>,
    /// How much later than in the trace the case was opened, in seconds of the day.
    pub late: f64,
    /// What the repair came to, where there was one.
    pub repair: Option<RepairOutcome>,
}

/// From sending `OpenCase` to the answer of `AcceptOffer`.
#[derive(Debug, Clone, Copy)]
pub struct Wait {
    /// In seconds of the day.
    pub day: f64,
}

/// Lives it.
///
/// # Errors
///
/// What the system refused, or could not do within its patience.
pub async fn live(floor: &Floor, plan: &Plan) -> anyhow::Result<Contact> {
    let key = &plan.call.key;
    let Some(line) = floor.board.line(key) else {
        anyhow::bail!("the call is not on the board")
    };
    let found = floor.found.get(key);
    if let Some(ended) = found.and_then(|case| ended_before(case, plan)) {
        return Ok(ended);
    }
    if let Some(agent) = talked_before(floor, found).await? {
        line.talked(floor.clock.now(), agent);
        let case_id = found.map(|case| case.case_id.clone()).unwrap_or_default();
        return settle(floor, plan, &case_id, Contact::of(plan, String::new())).await;
    }

    let arrival = f64::from(plan.call.arrival);
    let head_start = floor.clock.seconds_in(HEAD_START);
    floor.clock.until(arrival - head_start).await;
    let (customer, customer_id) = {
        let _door = floor.doors.acquire().await.context("the doors are closed")?;
        let verified = verify(floor, plan).await?;
        if let Some(device) = &plan.device {
            register(floor, key, device, &verified.0).await?;
        }
        verified
    };
    let mut contact = Contact::of(plan, customer_id);

    floor.clock.until(arrival).await;
    let asked = floor.clock.now();
    contact.late = asked - arrival;
    floor.waiting.send_modify(|count| *count += 1);
    line.wait();
    let opened = open(floor, plan, &customer).await;
    let outcome = match opened {
        Ok(case_id) => {
            floor.board.note_case(&case_id, key);
            let at = match plan.call.patience() {
                None => Some(line.answered().await),
                Some(patience) => tokio::select! {
                    at = line.answered() => Some(at),
                    () = floor.clock.until(asked + f64::from(patience)) => {
                        if line.give_up() { None } else { Some(line.answered().await) }
                    }
                },
            };
            Ok((case_id, at))
        }
        Err(error) => Err(error),
    };
    floor.waiting.send_modify(|count| *count -= 1);
    match outcome? {
        (case_id, Some(at)) => {
            contact.wait = found.is_none().then_some(Wait {
                day: (at - asked).max(0.0),
            });
            settle(floor, plan, &case_id, contact).await
        }
        (case_id, None) => {
            let request = CloseCaseRequest {
                request_id: request_id(&floor.run, key, "give-up"),
                case_id,
                close_reason: CloseReason::Withdrawn.into(),
                etag: String::new(),
            };
            call!(customer.cases().close_case(request)).context("a case could not be withdrawn")?;
            contact.end = End::GaveUp;
            Ok(contact)
        }
    }
}

impl Contact {
    fn of(plan: &Plan, customer_id: String) -> Self {
        Self {
            key: plan.call.key.clone(),
            customer_id,
            end: End::Answered,
            wait: None,
            late: 0.0,
            repair: None,
        }
    }
}

/// What an earlier process of this run has brought to its end.
fn ended_before(case: &Case, plan: &Plan) -> Option<Contact> {
    let contact = Contact::of(plan, case.customer_id.clone());
    let outcome = plan.device.as_ref().map(|device| device.fault.outcome);
    match case.state() {
        CaseState::Resolved => Some(Contact {
            repair: outcome,
            ..contact
        }),
        CaseState::Closed => Some(Contact {
            end: End::GaveUp,
            ..contact
        }),
        CaseState::Open | CaseState::Assigned | CaseState::Unspecified => None,
    }
}

/// The agent who completed the task in an earlier process of this run, which did not come to settle the case.
async fn talked_before(floor: &Floor, found: Option<&Case>) -> anyhow::Result<Option<Caller>> {
    let Some(case) = found else { return Ok(None) };
    let operator = &floor.operator;
    let request = ListTasksRequest {
        states: vec![TaskState::Completed.into()],
        case_id: case.case_id.clone(),
        ..Default::default()
    };
    let tasks = call!(operator.tasks().list_tasks(request))?.tasks;
    Ok(tasks.first().and_then(|task| floor.agents.get(&task.agent_id)).cloned())
}

/// What follows the conversation.
async fn settle(floor: &Floor, plan: &Plan, case_id: &str, mut contact: Contact) -> anyhow::Result<Contact> {
    let key = &plan.call.key;
    let line = floor.board.line(key).context("the call is not on the board")?;
    let agent = line.over().await;
    let mut resolution = Resolution::Answered;
    if let Some(device) = &plan.device {
        let serial_number = serial_number(&floor.run, key);
        let order = Order {
            run: &floor.run,
            key,
            case_id,
            serial_number: &serial_number,
            fault: &device.fault,
        };
        let repair = floor.workshops.repair(&floor.clock, &order).await?;
        contact.repair = Some(repair.outcome());
        resolution = match repair.outcome() {
            RepairOutcome::Repaired => Resolution::Repaired,
            _ => Resolution::NotPossible,
        };
    }
    let request = ResolveCaseRequest {
        request_id: request_id(&floor.run, key, "resolve"),
        case_id: case_id.to_owned(),
        resolution: resolution.into(),
        etag: String::new(),
    };
    call!(agent.cases().resolve_case(request)).context("a case could not be resolved")?;
    Ok(contact)
}

/// Proves who they are by a code; gives the customer as a caller, and the id.
async fn verify(floor: &Floor, plan: &Plan) -> anyhow::Result<(Caller, String)> {
    let key = &plan.call.key;
    let visitor = floor.session.anonymous();
    for (attempt, contact_point) in floor.people.reached_by(plan.ordinal).into_iter().enumerate() {
        let request = StartVerificationRequest {
            request_id: request_id(&floor.run, key, &format!("verify-{attempt}")),
            purpose: VerificationPurpose::GeneralHelp.into(),
            contact_point: Some(contact_point),
            languages: vec![language(plan).to_owned()],
            ..Default::default()
        };
        let started = match call!(visitor.verifications().start_verification(request)) {
            Ok(started) => started,
            // This address has had its codes for this hour.
            Err(status) if explain(&status).reason == IdentityErrorReason::TooManySends.as_str_name() => continue,
            Err(status) => return Err(anyhow::Error::new(status).context("a verification did not start")),
        };
        let verification_id = started
            .verification
            .context("no verification in the answer")?
            .verification_id;
        let request = CheckCodeRequest {
            request_id: request_id(&floor.run, key, &format!("check-{attempt}")),
            verification_id: verification_id.clone(),
            code: code(floor, &verification_id).await?,
            ..CheckCodeRequest::default()
        };
        let checked =
            call!(visitor.verifications().check_code(request)).context("the code that was sent was refused")?;
        let customer_id = checked.grant.context("no grant in the answer")?.customer_id;
        return Ok((floor.session.as_customer(&checked.session_token)?, customer_id));
    }
    anyhow::bail!("every address of the customer has had its codes for this hour: wait, or use another data directory")
}

/// The code, out of the local outbox as soon as it is there.
async fn code(floor: &Floor, verification_id: &str) -> anyhow::Result<String> {
    let operator = &floor.operator;
    let (begun, stood) = (Instant::now(), floor.clock.stood());
    let mut pause = Duration::from_millis(20);
    loop {
        let request = ListOutboxMessagesRequest {
            verification_id: verification_id.to_owned(),
            ..Default::default()
        };
        let listed = call!(operator.outbox().list_outbox_messages(request)).context("the outbox cannot be read")?;
        if let Some(code) = listed.messages.iter().find_map(|message| six_digits(&message.body)) {
            return Ok(code);
        }
        let outages = floor.clock.stood().saturating_sub(stood);
        anyhow::ensure!(
            begun.elapsed() < CODE_LIMIT + outages,
            "no code arrived within {} s",
            CODE_LIMIT.as_secs()
        );
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(250));
    }
}

/// The first six digits that stand together and alone.
#[must_use]
pub fn six_digits(text: &str) -> Option<String> {
    text.split(|letter: char| !letter.is_ascii_digit())
        .find(|digits| digits.len() == 6)
        .map(str::to_owned)
}

async fn register(floor: &Floor, key: &str, device: &Device, customer: &Caller) -> anyhow::Result<()> {
    let request = RegisterDeviceRequest {
        request_id: request_id(&floor.run, key, "register"),
        model_code: device.model_code.clone(),
        serial_number: serial_number(&floor.run, key),
        purchase_country_code: device.fault.country.to_owned(),
        purchase_date: Some(device.bought),
        purchase_date_evidence: PurchaseDateEvidence::Estimated.into(),
        ..RegisterDeviceRequest::default()
    };
    call!(customer.devices().register_device(request)).context("a device could not be registered")?;
    Ok(())
}

async fn open(floor: &Floor, plan: &Plan, customer: &Caller) -> anyhow::Result<String> {
    let call = &plan.call;
    let (line, description) = match &plan.device {
        Some(device) => (device.fault.line, device.fault.problem.clone()),
        None => (ProductLine::Unspecified, String::new()),
    };
    let request = OpenCaseRequest {
        request_id: request_id(&floor.run, &call.key, "open"),
        customer_id: String::new(),
        channel: Channel::Phone.into(),
        language: language(plan).to_owned(),
        product_line: line.into(),
        device_id: String::new(),
        severity: if call.priority >= 2 {
            Severity::High
        } else {
            Severity::Normal
        }
        .into(),
        subject: format!("call of type {}", call.kind),
        description,
        source_reference: floor.board.source_reference(&call.key),
        // The trace does not say where its callers live.
        ..OpenCaseRequest::default()
    };
    let opened = call!(customer.cases().open_case(request)).context("a case could not be opened")?;
    Ok(opened.case.context("no case in the answer")?.case_id)
}

fn language(plan: &Plan) -> &'static str {
    plan.device.as_ref().map_or("en", |device| device.fault.language)
}

/// A serial number that no other call of any run has, as far as 32^14 go.
fn serial_number(run: &str, key: &str) -> String {
    /// Without I and O, which the contract refuses, and two more to make it 32.
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let digest = Sha256::digest(format!("{run}\n{key}"));
    let drawn = digest
        .iter()
        .take(14)
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    std::iter::once('R').chain(drawn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_alone() {
        assert_eq!(
            six_digits("Your code is \u{2068}012345\u{2069}. It is valid"),
            Some("012345".to_owned())
        );
        assert_eq!(six_digits("10 minutes, 1234567, 12345"), None);
    }

    #[test]
    fn serial_numbers_are_as_the_contract_wants_them() {
        let (one, other) = (serial_number("run", "L-1"), serial_number("run", "L-2"));
        assert!(one != other && one == serial_number("run", "L-1"));
        assert!(
            one.len() == 15
                && one
                    .chars()
                    .all(|letter| letter.is_ascii_alphanumeric() && !"IOio".contains(letter))
        );
    }
}
