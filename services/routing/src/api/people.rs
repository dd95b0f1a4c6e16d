//! Agents are changed, leave, and are taken in by the thousand.

use std::collections::HashMap;

use support_chassis::error::{Violation, Violations};
use support_proto::codec::Inbound;
use support_proto::support::routing::v1 as pb;
use tonic::{Status, Streaming};

use super::agents::AgentApi;
use super::{parse, present};
use crate::domain::{Agent, Details};
use crate::error::Error;
use crate::ops::agents::NewAgent;
use crate::ops::imports::{self, RowFault};

/// How many rows are taken in at once.
pub(super) const MOST: usize = 20_000;
/// How many of them come in one message.
pub(super) const MOST_IN_MESSAGE: usize = 1_000;
/// How many faults are told.
pub(super) const MOST_TOLD: usize = 1_000;
/// Stands for the request id that a row has none of.
const NO_ID: &str = "00000000-0000-0000-0000-000000000000";

/// What is to be known of `agent` where the fields that the request names are changed. What is said is held against the rules of
/// `CreateAgent`.
pub(super) fn changed(agent: &Agent, request: &pb::UpdateAgentRequest) -> Result<Details, Error> {
    let stands = present::agent(agent);
    let wanted = request.agent.clone().unwrap_or_default();
    let is_changed = |field: &str| request.update_mask.iter().any(|named| named == field);
    macro_rules! pick {
        ($($field:ident),+) => {
            pb::CreateAgentRequest {
                request_id: NO_ID.to_owned(),
                subject: stands.subject,
                certifications: Vec::new(),
                $($field: if is_changed(stringify!($field)) { wanted.$field } else { stands.$field },)+
            }
        };
    }
    let whole = pick!(
        display_name,
        picture,
        site,
        region,
        team,
        time_zone,
        languages,
        skills,
        abilities,
        capacity,
        channels
    );
    let mut fields = Violations::new();
    for (field, fault) in faults(&whole) {
        fields.add(format!("agent.{field}"), fault);
    }
    fields.finish(())?;
    Ok(parse::new_agent(&whole)?.details)
}

/// What is wrong with a row by the rules of the contract, without the values.
pub(super) fn faults(row: &impl Inbound) -> Vec<(String, String)> {
    let Err(error) = row.check() else {
        return Vec::new();
    };
    let said = |violation: &prost_protovalidate::Violation| match violation.message() {
        "" => format!("breaks rule {}", violation.rule_id()),
        words => words.to_owned(),
    };
    let violations = error.violations().iter();
    violations.map(|one| (one.field_path(), said(one))).collect()
}

/// Rows as they come.
#[derive(Debug, Default)]
struct Rows {
    agents: Vec<NewAgent>,
    faults: Vec<RowFault>,
    /// The row of each subject.
    seen: HashMap<String, usize>,
    count: usize,
}

impl Rows {
    fn take(&mut self, mut request: pb::CreateAgentRequest) {
        let row = self.count;
        self.count += 1;
        NO_ID.clone_into(&mut request.request_id);
        let mut found = faults(&request);
        if let Some(first) = self.seen.insert(request.subject.clone(), row) {
            found.push(("subject".to_owned(), format!("is that of row {} too", first + 1)));
        }
        if found.is_empty() {
            match parse::new_agent(&request) {
                Ok(agent) => self.agents.push(agent),
                Err(invalid) => {
                    let violations = invalid.violations().iter();
                    found.extend(violations.map(|one| (one.field.clone(), one.description.clone())));
                }
            }
        }
        let found = found.into_iter();
        self.faults
            .extend(found.map(|(field, fault)| RowFault { row, field, fault }));
    }
}

/// Reads all rows, and takes them in where all are right.
pub(super) async fn import(
    api: &AgentApi,
    mut incoming: Streaming<pb::ImportAgentsRequest>,
) -> Result<pb::ImportAgentsResponse, Status> {
    let mut rows = Rows::default();
    while let Some(message) = incoming.message().await? {
        if message.agents.len() > MOST_IN_MESSAGE || rows.count + message.agents.len() > MOST {
            let fault = format!("must be up to {MOST_IN_MESSAGE} in one message, and {MOST} in all");
            return Err(Violation::new("agents", fault).into());
        }
        for agent in message.agents {
            rows.take(agent);
        }
        // Checking a message of rows takes milliseconds.
        tokio::task::yield_now().await;
    }
    if !rows.faults.is_empty() {
        return Ok(refused(&rows.faults));
    }
    let mut tx = api.db.begin().await.map_err(Error::from)?;
    let now = tx.now();
    let outcome = imports::import(&mut tx, &api.ids, &rows.agents, now).await?;
    match outcome {
        Ok(imported) => {
            tx.commit().await.map_err(Error::from)?;
            api.live.changed();
            let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
            Ok(pb::ImportAgentsResponse {
                created: count(imported.created),
                updated: count(imported.updated),
                unchanged: count(imported.unchanged),
                ..pb::ImportAgentsResponse::default()
            })
        }
        Err(faults) => {
            tx.rollback().await.map_err(Error::from)?;
            Ok(refused(&faults))
        }
    }
}

/// The faults as the contract has them, the first so many, and how many there are.
pub(super) fn told(faults: &[RowFault]) -> (Vec<pb::ImportFault>, i32) {
    let told = faults.iter().take(MOST_TOLD).map(|fault| pb::ImportFault {
        row: i32::try_from(fault.row + 1).unwrap_or(i32::MAX),
        field: fault.field.clone(),
        fault: fault.fault.clone(),
    });
    (told.collect(), i32::try_from(faults.len()).unwrap_or(i32::MAX))
}

fn refused(faults: &[RowFault]) -> pb::ImportAgentsResponse {
    let (faults, fault_count) = told(faults);
    pb::ImportAgentsResponse {
        fault_count,
        faults,
        ..pb::ImportAgentsResponse::default()
    }
}
