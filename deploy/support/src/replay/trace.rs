//! One day of a call centre: the anonymous-bank data of February 1999.
//!
//! A row is a call. A row that is not what the file's description says is skipped and counted, never guessed at.

use std::collections::{BTreeMap, HashSet};
use std::io::Read;

use anyhow::Context as _;

/// The columns, in their order.
const COLUMNS: [&str; 17] = [
    "vru+line",
    "call_id",
    "customer_id",
    "priority",
    "type",
    "date",
    "vru_entry",
    "vru_exit",
    "vru_time",
    "q_start",
    "q_exit",
    "q_time",
    "outcome",
    "ser_start",
    "ser_exit",
    "ser_time",
    "server",
];
/// The server of a call that no server took.
const NO_SERVER: &str = "NO_SERVER";
/// Seconds of a day.
const DAY: u32 = 24 * 60 * 60;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A server took it.
    Agent,
    /// The caller gave up.
    Hang,
    /// It came to a server when nobody was on the line any more.
    Phantom,
}

/// One call. Times are seconds since the day's midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// Line and number, unique within the day: `AA0101-34536`.
    pub key: String,
    /// The bank's number of the customer, as it stands in the file (a spreadsheet has made `3.26702E+11` of some); none
    /// where the bank did not know who called.
    pub customer: Option<String>,
    /// 0 or 1: ordinary; 2: goes first.
    pub priority: u8,
    /// The service asked for, two letters.
    pub kind: String,
    /// When the caller began to talk to the machine.
    pub entry: u32,
    /// When the caller was ready for a person: entered the queue or left the machine.
    pub arrival: u32,
    /// How long the caller waited, in seconds.
    pub waited: u32,
    /// How the call ended.
    pub outcome: Outcome,
    /// How long service took, in seconds; 0 where there was none.
    pub service: u32,
    /// Who took it; none where that is not known or nobody did.
    pub server: Option<String>,
    /// When service began and ended; past midnight where it went on into the next day.
    served: Option<(u32, u32)>,
}

impl Call {
    /// When service began and ended, in seconds since the day's midnight; none where there was none.
    #[must_use]
    pub fn served(&self) -> Option<(u32, u32)> {
        self.served
    }

    /// How long the caller is willing to wait, in seconds: as long as those waited who gave up or were gone when a server
    /// came. Of those who were answered the data say only that they were willing to wait as long as they had to; they are
    /// taken never to give up, so that the replay invents no loss that the day did not have.
    #[must_use]
    pub fn patience(&self) -> Option<u32> {
        match self.outcome {
            Outcome::Agent => None,
            Outcome::Hang | Outcome::Phantom => Some(self.waited),
        }
    }
}

/// When one server was at work, in seconds since the day's midnight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// The server.
    pub server: String,
    /// From their first service.
    pub from: u32,
    /// To the end of their last.
    pub to: u32,
}

/// A day.
#[derive(Debug, Clone, Default)]
pub struct Day {
    /// The calls, by arrival.
    pub calls: Vec<Call>,
    /// Rows that could not be understood, by line number of the file, with what was wrong. They belong to no day for sure,
    /// so that all days show them.
    pub malformed: Vec<(u64, String)>,
}

impl Day {
    /// Reads the calls of `day`, `YYMMDD`.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or has other columns.
    pub fn read(source: impl Read, day: &str) -> anyhow::Result<Self> {
        let mut read = Self::default();
        let mut seen = HashSet::new();
        for (line, row) in rows(source)? {
            match row {
                Ok((date, _)) if date != day => {}
                Ok((_, call)) if !seen.insert(call.key.clone()) => {
                    read.malformed
                        .push((line, format!("a second row of call {}", call.key)));
                }
                Ok((_, call)) => read.calls.push(call),
                Err(fault) => read.malformed.push((line, fault.to_string())),
            }
        }
        read.sort();
        Ok(read)
    }

    /// Reads the calls of all days, by day. What cannot be understood is left out.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read or has other columns.
    pub fn read_all(source: impl Read) -> anyhow::Result<BTreeMap<String, Self>> {
        let mut days: BTreeMap<String, Self> = BTreeMap::new();
        let mut seen = HashSet::new();
        for (date, call) in rows(source)?.into_iter().filter_map(|(_, row)| row.ok()) {
            if seen.insert((date.clone(), call.key.clone())) {
                days.entry(date).or_default().calls.push(call);
            }
        }
        days.values_mut().for_each(Self::sort);
        Ok(days)
    }

    fn sort(&mut self) {
        self.calls
            .sort_by(|one, other| (one.arrival, &one.key).cmp(&(other.arrival, &other.key)));
    }

    /// Who was at work when: each server from their first service to the end of their last. Their breaks are not in the
    /// data, so the replay has more hands than the day had, and its callers tend to wait less.
    #[must_use]
    pub fn shifts(&self) -> Vec<Shift> {
        let mut spans: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
        for call in &self.calls {
            if let (Some(server), Some((from, to))) = (&call.server, call.served) {
                let span = spans.entry(server).or_insert((from, to));
                *span = (span.0.min(from), span.1.max(to));
            }
        }
        spans
            .into_iter()
            .map(|(server, (from, to))| Shift {
                server: server.to_owned(),
                from,
                to,
            })
            .collect()
    }

    /// How long the service of a call takes that the day never saw served: as long as that of the others on average.
    #[must_use]
    pub fn usual_service(&self) -> u32 {
        let served: Vec<u32> = self
            .calls
            .iter()
            .filter_map(|call| (call.service > 0).then_some(call.service))
            .collect();
        let sum: u64 = served.iter().copied().map(u64::from).sum();
        u64::try_from(served.len())
            .ok()
            .and_then(|count| sum.checked_div(count))
            .map_or(0, |mean| u32::try_from(mean).unwrap_or(u32::MAX))
    }

    /// The waits of the calls that were answered, in seconds.
    #[must_use]
    pub fn answered_waits(&self) -> Vec<f64> {
        self.calls
            .iter()
            .filter(|call| call.outcome == Outcome::Agent)
            .map(|call| f64::from(call.waited))
            .collect()
    }
}

/// The rows by the lines of the file, each with its day, or with what is wrong with it.
type Rows = Vec<(u64, anyhow::Result<(String, Call)>)>;

fn rows(source: impl Read) -> anyhow::Result<Rows> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(b'\t')
        .quoting(false)
        .flexible(true)
        .from_reader(source);
    let header = reader.headers().context("the file of calls cannot be read")?;
    anyhow::ensure!(
        header.iter().eq(COLUMNS),
        "the file of calls has other columns than {}",
        COLUMNS.join(", ")
    );
    let records = reader.byte_records().zip(2_u64..);
    records
        .map(|(row, line)| Ok((line, parse(&row.context("the file of calls cannot be read")?))))
        .collect()
}

fn parse(row: &csv::ByteRecord) -> anyhow::Result<(String, Call)> {
    anyhow::ensure!(
        row.len() == COLUMNS.len(),
        "{} columns instead of {}",
        row.len(),
        COLUMNS.len()
    );
    let text = |name: &str| -> anyhow::Result<&str> {
        let at = COLUMNS
            .iter()
            .position(|column| *column == name)
            .context("no such column")?;
        std::str::from_utf8(row.get(at).unwrap_or_default()).with_context(|| format!("{name} is no text"))
    };
    let number = |name: &str| -> anyhow::Result<u32> {
        text(name)?
            .parse()
            .with_context(|| format!("{name} is no number of seconds"))
    };
    let clock = |name: &str| -> anyhow::Result<u32> {
        seconds(text(name)?).with_context(|| format!("{name} is no time of day"))
    };
    let date = text("date")?;
    anyhow::ensure!(
        date.len() == 6 && date.bytes().all(|digit| digit.is_ascii_digit()),
        "date is not YYMMDD"
    );
    let (line, id, kind) = (text("vru+line")?, text("call_id")?, text("type")?);
    let plain =
        |word: &str| !word.is_empty() && word.len() <= 20 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    anyhow::ensure!(
        plain(line) && plain(id) && plain(kind),
        "vru+line, call_id or type is not a plain word"
    );
    let customer = text("customer_id")?;
    let is_number = customer.len() <= 20 && customer.parse().is_ok_and(|number: f64| number >= 0.0);
    anyhow::ensure!(is_number, "customer_id is no number");
    let priority: u8 = text("priority")?.parse().context("priority is no number")?;
    anyhow::ensure!(priority <= 2, "priority is above 2");
    let outcome = match text("outcome")? {
        "AGENT" => Outcome::Agent,
        "HANG" => Outcome::Hang,
        "PHANTOM" => Outcome::Phantom,
        _ => anyhow::bail!("outcome is none of AGENT, HANG, PHANTOM"),
    };
    let (entry, left, queued) = (clock("vru_entry")?, clock("vru_exit")?, clock("q_start")?);
    let (waited, service) = (number("q_time")?, number("ser_time")?);
    let (from, to) = (clock("ser_start")?, clock("ser_exit")?);
    let server = Some(text("server")?).filter(|server| *server != NO_SERVER && !server.is_empty());
    let call = Call {
        key: format!("{line}-{id}"),
        customer: (customer != "0").then(|| customer.to_owned()),
        priority,
        kind: kind.to_owned(),
        entry,
        // A queue that was not entered is written as midnight.
        arrival: if queued == 0 { left } else { queued },
        waited,
        outcome,
        service,
        server: server.map(str::to_owned),
        served: (outcome == Outcome::Agent && service > 0).then_some((from, if to < from { to + DAY } else { to })),
    };
    Ok((date.to_owned(), call))
}

/// `7:02:47` as seconds since midnight.
fn seconds(clock: &str) -> Option<u32> {
    let mut parts = clock.split(':').map(|part| part.parse::<u32>().ok());
    let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
    (parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60)
        .then(|| hours * 3600 + minutes * 60 + seconds)
}

/// The mean; none of nothing.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a day has some thousand calls")]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The value that `percent` of all do not exceed (nearest rank); none of nothing.
#[must_use]
pub fn percentile(values: &[f64], percent: usize) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\t\
                          q_exit\tq_time\toutcome\tser_start\tser_exit\tser_time\tserver\n";

    fn day(rows: &[&str]) -> Day {
        let file = format!("{HEADER}{}\n", rows.join("\n").replace(' ', "\t"));
        Day::read(file.as_bytes(), "010203").unwrap()
    }

    const ANSWERED: &str = "L01 1 0 0 AA 010203 7:00:00 7:00:10 10 7:00:10 7:00:30 20 AGENT 7:00:30 7:02:10 100 ANNA";
    const AT_ONCE: &str = "L02 2 77 2 AA 010203 8:00:00 8:00:10 10 0:00:00 0:00:00 0 AGENT 8:00:11 8:05:11 300 ANNA";
    const GAVE_UP: &str = "L01 3 0 1 BB 010203 6:59:00 6:59:05 5 6:59:05 7:00:05 60 HANG 0:00:00 0:00:00 0 NO_SERVER";
    const PHANTOM: &str = "L01 4 0 1 BB 010203 9:00:00 9:00:05 5 9:00:05 9:00:12 7 PHANTOM 9:00:12 9:00:15 3 NO_SERVER";
    const LATE: &str = "L03 5 0 0 AA 010203 23:59:00 23:59:10 10 0:00:00 0:00:00 0 AGENT 23:59:10 0:00:40 90 BORIS";

    #[test]
    fn calls_are_read_and_ordered_by_arrival() {
        let day = day(&[
            ANSWERED,
            AT_ONCE,
            GAVE_UP,
            PHANTOM,
            &ANSWERED.replace("010203", "010204"),
        ]);
        assert!(day.malformed.is_empty(), "{:?}", day.malformed);
        let keys: Vec<_> = day
            .calls
            .iter()
            .map(|call| (call.key.as_str(), call.arrival, call.patience()))
            .collect();
        let at = |hours: u32, seconds: u32| hours * 3600 + seconds;
        assert_eq!(
            keys,
            [
                ("L01-3", at(7, 0) - 55, Some(60)),
                ("L01-1", at(7, 10), None),
                ("L02-2", at(8, 10), None),
                ("L01-4", at(9, 5), Some(7)),
            ]
        );
        assert_eq!(
            (day.calls[0].customer.as_deref(), day.calls[2].customer.as_deref()),
            (None, Some("77"))
        );
        assert_eq!(day.answered_waits(), [20.0, 0.0]);
    }

    #[test]
    fn shifts_span_services_also_past_midnight() {
        let day = day(&[ANSWERED, AT_ONCE, GAVE_UP, PHANTOM, LATE]);
        let shifts = day.shifts();
        let spans: Vec<_> = shifts
            .iter()
            .map(|shift| (shift.server.as_str(), shift.from, shift.to))
            .collect();
        assert_eq!(spans, [("ANNA", 25_230, 29_111), ("BORIS", 86_350, 86_440)]);
        // 100, 300, 90 and the phantom's 3.
        assert_eq!(day.usual_service(), 123);
    }

    #[test]
    fn what_is_not_a_call_is_counted_and_skipped() {
        let rows = [
            ANSWERED,
            ANSWERED, // twice
            &ANSWERED.replace(" 20 AGENT", " -20 AGENT"),
            &ANSWERED.replace("AGENT", "OTHER"),
            &ANSWERED.replace("7:00:30", "7:60:30"),
            &ANSWERED.replace("010203", "10203"),
            &ANSWERED.replace(" ANNA", ""),
            &ANSWERED.replace(" 0 0 AA", " 0 3 AA"),
            &ANSWERED.replace("L01", "L/1"),
        ];
        let day = day(&rows);
        assert_eq!(day.calls.len(), 1);
        let lines: Vec<u64> = day.malformed.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn another_file_is_refused() {
        assert!(Day::read("a\tb\n1\t2\n".as_bytes(), "010203").is_err());
    }

    #[test]
    fn means_and_percentiles() {
        let ten: Vec<f64> = (1..=10).rev().map(f64::from).collect();
        assert_eq!(
            (mean(&ten), percentile(&ten, 90), percentile(&ten, 100)),
            (Some(5.5), Some(9.0), Some(10.0))
        );
        assert_eq!((percentile(&ten, 0), percentile(&[4.0], 90)), (Some(1.0), Some(4.0)));
        assert_eq!((mean(&[]), percentile(&[], 90)), (None, None));
    }
}
