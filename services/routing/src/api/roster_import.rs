//! `RosterService.ImportRosters`.

use std::collections::HashMap;

use support_chassis::db::Db;
use support_chassis::error::Violation;
use support_proto::support::routing::v1 as pb;
use time::Date;
use tonic::{Status, Streaming};

use super::people::{MOST, MOST_IN_MESSAGE, faults, told};
use super::roster::{read_exception, read_pattern};
use crate::error::Error;
use crate::ops::imports::RowFault;
use crate::ops::roster::{self, Planned};

/// Rows as they come.
#[derive(Debug, Default)]
struct Rows {
    planned: Vec<(String, Planned)>,
    faults: Vec<RowFault>,
    /// The row of each week and day of an agent: two of the same would say two things.
    seen: HashMap<(String, bool, Date), usize>,
    count: usize,
}

impl Rows {
    fn take(&mut self, stated: pb::RosterRow) {
        let row = self.count;
        self.count += 1;
        let mut found = faults(&stated);
        if found.is_empty() {
            match read(&stated) {
                Ok(planned) => {
                    let is_week = matches!(planned, Planned::Week(_));
                    let key = (stated.subject.clone(), is_week, planned.day());
                    if let Some(first) = self.seen.insert(key, row) {
                        found.push((
                            "subject".to_owned(),
                            format!("is said the same of as in row {}", first + 1),
                        ));
                    } else {
                        self.planned.push((stated.subject, planned));
                    }
                }
                Err(violation) => found.push((violation.field, violation.description)),
            }
        }
        let found = found.into_iter();
        self.faults
            .extend(found.map(|(field, fault)| RowFault { row, field, fault }));
    }
}

fn read(stated: &pb::RosterRow) -> Result<Planned, Violation> {
    match (&stated.pattern, &stated.exception) {
        (Some(pattern), _) => Ok(Planned::Week(read_pattern(pattern)?)),
        (None, exception) => {
            let (day, exception) = read_exception(&exception.clone().unwrap_or_default())?;
            Ok(Planned::Day(day, exception))
        }
    }
}

/// Reads all rows, and takes them in where all are right.
pub(super) async fn import(
    db: &Db,
    mut incoming: Streaming<pb::ImportRostersRequest>,
) -> Result<pb::ImportRostersResponse, Status> {
    let mut rows = Rows::default();
    while let Some(message) = incoming.message().await? {
        if message.rows.len() > MOST_IN_MESSAGE || rows.count + message.rows.len() > MOST {
            let fault = format!("must be up to {MOST_IN_MESSAGE} in one message, and {MOST} in all");
            return Err(Violation::new("rows", fault).into());
        }
        for row in message.rows {
            rows.take(row);
        }
        // Checking a message of rows takes milliseconds.
        tokio::task::yield_now().await;
    }
    if !rows.faults.is_empty() {
        return Ok(refused(&rows.faults));
    }
    let mut tx = db.begin().await.map_err(Error::from)?;
    match roster::import(&mut tx, &rows.planned).await? {
        Ok(changed) => {
            tx.commit().await.map_err(Error::from)?;
            let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
            Ok(pb::ImportRostersResponse {
                changed: count(changed),
                unchanged: count(rows.planned.len() - changed),
                ..pb::ImportRostersResponse::default()
            })
        }
        Err(faults) => {
            tx.rollback().await.map_err(Error::from)?;
            Ok(refused(&faults))
        }
    }
}

fn refused(faults: &[RowFault]) -> pb::ImportRostersResponse {
    let (faults, fault_count) = told(faults);
    pb::ImportRostersResponse {
        fault_count,
        faults,
        ..pb::ImportRostersResponse::default()
    }
}
