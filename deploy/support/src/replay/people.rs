//! The callers: the invented customers of the data, made in the system once.

use std::collections::HashMap;
use std::fs::File;
use std::iter;
use std::path::Path;

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use support_proto::support::identity::v1::{CreateCustomerRequest, NewContactPoint};
use support_proto::support::types::v1::PersonName;
use tonic::Code;

use super::trace::Call;
use crate::session::{Caller, call, request_id};

/// The run that the customers belong to: every replay has the same ones.
const RUN: &str = "replay/people/v2";
/// How many contact points a customer can have.
const CONTACT_POINTS: usize = 10;
/// How many are made at once.
const AT_ONCE: usize = 16;

/// One line of the file. Prints nothing of itself: it is a person's.
#[derive(Clone, Deserialize)]
struct Row {
    id: String,
    first_name: String,
    last_name: String,
    email: String,
    country: String,
}

/// The people who call.
pub struct People {
    rows: Vec<Row>,
    /// Each call's person, in the order of the calls.
    of_call: Vec<usize>,
}

impl People {
    /// Reads the people and gives each call one of them: whom the bank knew is the same person whenever they call, whom it
    /// did not know is somebody else each time, as long as there are people.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or is empty.
    pub fn read(path: &Path, calls: &[Call]) -> anyhow::Result<Self> {
        let open = || format!("cannot read {}", path.display());
        let rows: Vec<Row> = csv::Reader::from_reader(File::open(path).with_context(open)?)
            .deserialize()
            .collect::<Result<_, _>>()
            .with_context(open)?;
        anyhow::ensure!(!rows.is_empty(), "{} holds nobody", path.display());
        let of_call = cast(calls, rows.len());
        Ok(Self { rows, of_call })
    }

    /// Makes every customer who calls, as an operator. Who is there stays.
    ///
    /// # Errors
    ///
    /// What the system refused.
    pub async fn make(&self, operator: &Caller) -> anyhow::Result<usize> {
        let mut needed = self.of_call.clone();
        needed.sort_unstable();
        needed.dedup();
        let count = needed.len();
        stream::iter(needed)
            .map(|person| async move {
                let row = &self.rows[person];
                let request = CreateCustomerRequest {
                    request_id: request_id(RUN, &row.id, "create"),
                    name: Some(PersonName {
                        given_name: row.first_name.clone(),
                        family_name: row.last_name.clone(),
                        display_name: format!("{} {}", row.first_name, row.last_name),
                    }),
                    languages: vec!["en".to_owned()],
                    country_code: country(&row.country).to_owned(),
                    contact_points: self.contact_points(person),
                };
                match call!(operator.customers().create_customer(request)) {
                    Ok(_) => Ok(()),
                    // Made so long ago that the answer to our request is no longer kept.
                    Err(status) if status.code() == Code::AlreadyExists => Ok(()),
                    Err(status) => Err(anyhow::Error::new(status).context("a customer could not be made")),
                }
            })
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        Ok(count)
    }

    /// Where the person of the `ordinal`th call can be reached, the one to try first in front: by the standard codes to one
    /// address are few an hour, and a compressed day is short.
    #[must_use]
    pub fn reached_by(&self, ordinal: usize) -> Vec<NewContactPoint> {
        let mut points = self.contact_points(self.of_call[ordinal]);
        let first = ordinal % points.len();
        points.rotate_left(first);
        points
    }

    /// An address, and telephones that the data do not have: as many as a customer can have, so that who calls often in a
    /// compressed day, or in several of them, gets a code each time.
    fn contact_points(&self, person: usize) -> Vec<NewContactPoint> {
        let phone = |line: usize| NewContactPoint {
            phone: format!("+1555{:07}", person * 10 + line),
            ..NewContactPoint::default()
        };
        let email = NewContactPoint {
            email: self.rows[person].email.clone(),
            ..NewContactPoint::default()
        };
        iter::once(email).chain((1..CONTACT_POINTS).map(phone)).collect()
    }
}

/// Who makes which call, of `people` people.
fn cast(calls: &[Call], people: usize) -> Vec<usize> {
    let mut known = HashMap::new();
    let mut next = (0..people).cycle();
    let mut somebody = || next.next().unwrap_or_default();
    calls
        .iter()
        .map(|call| match &call.customer {
            Some(customer) => *known.entry(customer).or_insert_with(&mut somebody),
            None => somebody(),
        })
        .collect()
}

/// ISO 3166-1 alpha-2 of the file's countries.
fn country(name: &str) -> &str {
    match name {
        "USA" => "US",
        other if other.len() == 2 && other.bytes().all(|letter| letter.is_ascii_uppercase()) => other,
        _ => "ZZ",
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::trace::Day;
    use super::*;

    #[test]
    fn whom_the_bank_knew_is_the_same_person_each_time() {
        let header = "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\tq_exit\t\
                      q_time\toutcome\tser_start\tser_exit\tser_time\tserver\n";
        let mut rows = String::new();
        for (call, customer) in [(1, 0), (2, 5), (3, 0), (4, 5), (5, 6)] {
            let times =
                format!("7:00:0{call}\t7:00:1{call}\t1\t0:00:00\t0:00:00\t0\tAGENT\t7:00:2{call}\t7:00:3{call}");
            let _ = writeln!(rows, "L\t{call}\t{customer}\t0\tA\t010203\t{times}\t10\tANNA");
        }
        let day = Day::read(format!("{header}{rows}").as_bytes(), "010203").unwrap();
        assert_eq!(cast(&day.calls, 10), [0, 1, 2, 1, 3]);
        assert_eq!(cast(&day.calls, 2), [0, 1, 0, 1, 1]);
    }
}
