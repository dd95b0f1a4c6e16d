//! What a replay came to: for people as a table, for programs as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::{Value, json};
use support_proto::support::repair::v1::RepairOutcome;

use super::contact::{Contact, End};
use super::proof::{Law, Proof};
use super::trace::{Day, Outcome, mean, percentile};

/// How many violations are shown; JSON has all.
const SHOWN: usize = 20;

/// Everything there is to say about a replay.
pub struct Report<'a> {
    /// The run's name.
    pub run: &'a str,
    /// The day, `YYMMDD`.
    pub day: &'a str,
    /// The factor.
    pub speed: f64,
    /// The day as the trace has it.
    pub trace: &'a Day,
    /// The contacts that came to their end.
    pub contacts: &'a [Contact],
    /// How many agents there were.
    pub agents: usize,
    /// How many repairs were to be made, by outcome.
    pub planned_repairs: BTreeMap<&'static str, usize>,
    /// What was fetched back.
    pub proof: &'a Proof,
    /// How many faults there were, and the first of them.
    pub faults: (usize, Vec<String>),
    /// How often the system went away, and for how long in all, in seconds of our time.
    pub outages: (u64, f64),
    /// How many requests were sent again.
    pub resent: u64,
    /// How long it took, in seconds of our time.
    pub took: f64,
}

impl Report<'_> {
    /// Whether all laws hold, all contacts came to their end, and nothing went wrong on the way.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.proof.violations.is_empty() && self.faults.0 == 0 && self.contacts.len() == self.trace.calls.len()
    }

    fn ended(&self, end: End) -> usize {
        self.contacts.iter().filter(|contact| contact.end == end).count()
    }

    fn waits(&self) -> Vec<f64> {
        self.contacts
            .iter()
            .filter_map(|contact| contact.wait.map(|wait| wait.day))
            .collect()
    }

    fn repairs(&self) -> BTreeMap<&'static str, usize> {
        by_outcome(self.contacts.iter().filter_map(|contact| contact.repair))
    }

    /// For people.
    #[must_use]
    pub fn table(&self) -> String {
        let trace = |outcome: Outcome| self.trace.calls.iter().filter(|call| call.outcome == outcome).count();
        let calls = self.trace.calls.len();
        let (waits, theirs) = (self.waits(), self.trace.answered_waits());
        let mut table = figures(["", "replay", "trace"]);
        let mut row = |what: &str, ours: String, theirs: String| {
            table.add_row([what.to_owned(), ours, theirs]);
        };
        row("contacts", self.contacts.len().to_string(), calls.to_string());
        row("verified", self.contacts.len().to_string(), String::new());
        row(
            "answered",
            self.ended(End::Answered).to_string(),
            trace(Outcome::Agent).to_string(),
        );
        let gone = trace(Outcome::Hang) + trace(Outcome::Phantom);
        row("given up", self.ended(End::GaveUp).to_string(), gone.to_string());
        row(
            "wait of the answered, mean",
            seconds(mean(&waits)),
            seconds(mean(&theirs)),
        );
        row(
            "wait of the answered, median",
            seconds(percentile(&waits, 50)),
            seconds(percentile(&theirs, 50)),
        );
        row(
            "wait of the answered, 90th percentile",
            seconds(percentile(&waits, 90)),
            seconds(percentile(&theirs, 90)),
        );
        row("agents", self.agents.to_string(), self.trace.shifts().len().to_string());
        let repaired = self.repairs();
        for (outcome, planned) in &self.planned_repairs {
            let ours = repaired.get(outcome).copied().unwrap_or_default();
            row(
                &format!("repairs: {outcome}"),
                ours.to_string(),
                format!("{planned} calls"),
            );
        }
        let delivered: usize = self
            .proof
            .delivered
            .iter()
            .filter(|(source, _)| source.as_str() != "case")
            .map(|(_, count)| count)
            .sum();
        row(
            "entries in the cases' histories",
            self.proof.timeline_entries.to_string(),
            String::new(),
        );
        row(
            "of them events delivered by other services",
            delivered.to_string(),
            String::new(),
        );
        row(
            "entries in the tasks' histories",
            self.proof.task_entries.to_string(),
            String::new(),
        );

        let mut laws = figures(["law", "holds", "broken"]);
        for law in Law::ALL {
            let broken = self.proof.broken(law);
            laws.add_row([law.words().to_owned(), yes(broken == 0), broken.to_string()]);
        }
        let mut text = format!("{table}\n{laws}\n");
        let late = percentile(&self.lateness(), 99).unwrap_or_default();
        let _ = writeln!(
            text,
            "One second of the day took {:.1} ms; waits are in the day's seconds and hold the system's own time. 99 of 100 \
             cases were opened within {late:.1} s of the trace's moment. It took {:.0} s.",
            1000.0 / self.speed,
            self.took,
        );
        if self.outages.0 > 0 {
            let _ = writeln!(
                text,
                "The system was away {} times, {:.1} s in all, while the day stood still; {} requests were sent again.",
                self.outages.0, self.outages.1, self.resent
            );
        }
        for violation in self.proof.violations.iter().take(SHOWN) {
            let _ = writeln!(text, "broken: {}: {}", violation.law.words(), violation.what);
        }
        for fault in self.faults.1.iter().take(SHOWN) {
            let _ = writeln!(text, "fault: {fault}");
        }
        let unsaid = self.proof.violations.len().saturating_sub(SHOWN) + self.faults.0.saturating_sub(SHOWN);
        if unsaid > 0 {
            let _ = writeln!(text, "and {unsaid} more (--json has them)");
        }
        text
    }

    fn lateness(&self) -> Vec<f64> {
        self.contacts.iter().map(|contact| contact.late).collect()
    }

    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let (waits, theirs) = (self.waits(), self.trace.answered_waits());
        let trace = |outcome: Outcome| self.trace.calls.iter().filter(|call| call.outcome == outcome).count();
        let distribution = |waits: &[f64]| json!({ "mean": mean(waits), "p50": percentile(waits, 50), "p90": percentile(waits, 90), "p99": percentile(waits, 99) });
        json!({
            "run": self.run,
            "day": self.day,
            "speed": self.speed,
            "holds": self.holds(),
            "took_seconds": self.took,
            "replay": {
                "contacts": self.contacts.len(),
                "verified": self.contacts.len(),
                "answered": self.ended(End::Answered),
                "given_up": self.ended(End::GaveUp),
                "wait_seconds": distribution(&waits),
                "late_seconds": distribution(&self.lateness()),
                "agents": self.agents,
                "repairs": self.repairs(),
                "outages": self.outages.0,
                "away_seconds": self.outages.1,
                "requests_sent_again": self.resent,
            },
            "trace": {
                "contacts": self.trace.calls.len(),
                "malformed_rows": self.trace.malformed.len(),
                "answered": trace(Outcome::Agent),
                "given_up": trace(Outcome::Hang),
                "phantom": trace(Outcome::Phantom),
                "wait_seconds": distribution(&theirs),
                "planned_repairs": self.planned_repairs,
            },
            "proof": {
                "cases": self.proof.cases,
                "tasks": self.proof.tasks,
                "repairs": self.proof.repairs,
                "timeline_entries": self.proof.timeline_entries,
                "timeline_entries_by_source": self.proof.delivered,
                "task_history_entries": self.proof.task_entries,
                "laws": Law::ALL.map(|law| json!({ "law": law.words(), "broken": self.proof.broken(law) })),
                "violations": self.proof.violations.iter()
                    .map(|violation| json!({ "law": violation.law.words(), "what": violation.what }))
                    .collect::<Vec<_>>(),
            },
            "faults": { "count": self.faults.0, "first": self.faults.1 },
        })
    }
}

/// How many there are of each outcome.
#[must_use]
pub fn by_outcome(outcomes: impl Iterator<Item = RepairOutcome>) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for outcome in outcomes {
        let name = match outcome {
            RepairOutcome::Repaired => "repaired",
            RepairOutcome::Repairable => "repairable",
            RepairOutcome::EndOfLife => "end of life",
            RepairOutcome::Unknown => "unknown",
            RepairOutcome::Unspecified => "not known yet",
        };
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn figures(header: [&str; 3]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(header);
    for column in [1, 2] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn seconds(value: Option<f64>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| format!("{value:.1} s"))
}

fn yes(holds: bool) -> String {
    if holds { "yes" } else { "NO" }.to_owned()
}
