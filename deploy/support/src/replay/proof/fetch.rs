//! Fetching everything back through the public API.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use support_proto::support::case::v1::{Case, ListCasesRequest, ListTimelineRequest};
use support_proto::support::repair::v1::ListRepairsRequest;
use support_proto::support::routing::v1::{ListTaskHistoryRequest, ListTasksRequest};
use tokio::time::{Instant, sleep};

use super::{Proof, Record, Violation, never_over, one_case_each, one_contact};
use crate::replay::board::Board;
use crate::replay::contact::Contact;
use crate::session::{Caller, call};

/// How many cases are looked at at once.
const AT_ONCE: usize = 24;
/// How long the last events may take to arrive where they belong, once everything has been done.
const SETTLING: Duration = Duration::from_mins(1);
/// How long to wait before looking again.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Every case of the run.
///
/// # Errors
///
/// What the system refused.
pub async fn cases(operator: &Caller, prefix: &str) -> anyhow::Result<Vec<Case>> {
    let mut request = ListCasesRequest {
        source_reference_prefix: prefix.to_owned(),
        page_size: 1000,
        ..Default::default()
    };
    let mut cases = Vec::new();
    loop {
        let page = call!(operator.cases().list_cases(request.clone()))?;
        cases.extend(page.cases);
        if page.next_page_token.is_empty() {
            return Ok(cases);
        }
        request.page_token = page.next_page_token;
    }
}

/// Fetches all of the run back and holds it against what was played. `progress` hears of every case looked at.
///
/// # Errors
///
/// What the system refused.
pub async fn prove(
    operator: &Caller,
    board: &Board,
    contacts: &[Contact],
    capacity: i32,
    progress: impl Fn(),
) -> anyhow::Result<Proof> {
    let cases = cases(operator, board.prefix()).await?;
    let key_of = |case: &Case| board.key_of(&case.source_reference).map(str::to_owned);
    let mut violations = one_case_each(contacts, &cases, key_of);
    let contacts: HashMap<&str, &Contact> = contacts.iter().map(|contact| (contact.key.as_str(), contact)).collect();
    let deadline = Instant::now() + SETTLING;
    let progress = &progress;
    let pairs: Vec<(&Contact, &Case)> = cases
        .iter()
        .filter_map(|case| Some((*contacts.get(board.key_of(&case.source_reference)?)?, case)))
        .collect();
    let looked: Vec<(Record, Vec<Violation>)> = stream::iter(pairs)
        .map(|(contact, case)| async move {
            let looked = look(operator, contact, case, deadline).await;
            progress();
            looked
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut proof = Proof {
        cases: cases.len(),
        ..Proof::default()
    };
    let mut records = Vec::new();
    for (record, broken) in looked {
        violations.extend(broken);
        records.push(record);
    }
    violations.extend(never_over(&records, capacity));
    for record in &records {
        proof.tasks += record.tasks.len();
        proof.repairs += record.repairs.len();
        proof.timeline_entries += record.timeline.len();
        proof.task_entries += record.tasks.iter().map(|(_, entries)| entries.len()).sum::<usize>();
        for entry in &record.timeline {
            *proof.delivered.entry(entry.source.clone()).or_default() += 1;
        }
    }
    violations.sort_by(|one, other| (one.law, &one.what).cmp(&(other.law, &other.what)));
    proof.violations = violations;
    Ok(proof)
}

/// Looks at one case until it is as it should be, or until it has had the time to become so.
async fn look(
    operator: &Caller,
    contact: &Contact,
    case: &Case,
    deadline: Instant,
) -> anyhow::Result<(Record, Vec<Violation>)> {
    loop {
        let record = fetch(operator, case).await?;
        let violations = one_contact(contact, &record);
        if violations.is_empty() || Instant::now() >= deadline {
            return Ok((record, violations));
        }
        sleep(LOOK_AGAIN).await;
    }
}

async fn fetch(operator: &Caller, case: &Case) -> anyhow::Result<Record> {
    let case_id = &case.case_id;
    let mut request = ListTimelineRequest {
        case_id: case_id.clone(),
        page_size: 1000,
        ..Default::default()
    };
    let mut timeline = Vec::new();
    loop {
        let page = call!(operator.cases().list_timeline(request.clone()))?;
        timeline.extend(page.entries);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    let request = ListTasksRequest {
        case_id: case_id.clone(),
        page_size: 1000,
        ..Default::default()
    };
    let mut tasks = Vec::new();
    for task in call!(operator.tasks().list_tasks(request))?.tasks {
        let request = ListTaskHistoryRequest {
            task_id: task.task_id.clone(),
        };
        let entries = call!(operator.tasks().list_task_history(request))?.entries;
        tasks.push((task, entries));
    }
    let request = ListRepairsRequest {
        case_id: case_id.clone(),
        page_size: 1000,
        ..Default::default()
    };
    let repairs = call!(operator.repairs().list_repairs(request))?.repairs;
    Ok(Record {
        case: case.clone(),
        timeline,
        tasks,
        repairs,
    })
}
