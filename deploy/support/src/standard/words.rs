//! How the standard is told to people on a terminal.

use std::fmt::Write as _;
use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::bail;
use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use support_chassis::day;
use support_chassis::standard::Rule;
use support_proto::support::options::v1::Departure;
use support_proto::support::standard::v1::{CheckReport, Departed};
use support_proto::support::types::v1::Date;

/// Values longer than this are cut where they are shown, in characters.
const LONGEST_VALUE: usize = 100;
/// Ids of examples that are shown.
const MOST_EXAMPLES: usize = 3;

/// A value as it is shown, where it may be nothing.
pub(crate) fn value(json: &str) -> String {
    match json.char_indices().nth(LONGEST_VALUE) {
        _ if json.is_empty() => "nothing".to_owned(),
        Some((end, _)) => format!("{}…", &json[..end]),
        None => json.to_owned(),
    }
}

/// `path: 24 → 12`.
pub(crate) fn change(path: &str, before: &str, after: &str) -> String {
    format!("{path}: {} → {}", value(before), value(after))
}

/// A rule in words.
pub(crate) fn rule(departure: Departure) -> &'static str {
    Rule::try_from(departure).map_or("a rule that this program does not know", Rule::in_words)
}

/// What an overlay says against a rule: `may only be lower; the standard says 5, the overlay 7`.
pub(crate) fn against(departed: &Departed) -> String {
    format!(
        "{}; the standard says {}, the overlay {}",
        rule(departed.rule()),
        value(&departed.standard_value),
        value(&departed.overlay_value)
    )
}

/// What would change, place by place and for whom: a line each, `margin` before it.
pub(crate) fn report(report: &CheckReport, margin: &str) -> String {
    let mut lines = String::new();
    let mut line = |words: String| {
        let _ = writeln!(lines, "{margin}{words}");
    };
    for place in &report.changes {
        for value in &place.values {
            line(format!(
                "{}  {}",
                place.place,
                change(&value.path, &value.before, &value.after)
            ));
        }
        for lifted in &place.lifted {
            line(format!("{}  lifts {}: {}", place.place, lifted.path, against(lifted)));
        }
        if place.set_aside {
            line(format!(
                "{}  SETS ASIDE the overlay as a whole: with what remains of it there is no valid document",
                place.place
            ));
        }
    }
    for consequence in &report.consequences {
        let mut words = format!(
            "{}  {} × {}: {} → {}",
            consequence.place, consequence.count, consequence.whom, consequence.before, consequence.after
        );
        if !consequence.examples.is_empty() {
            let shown: Vec<&str> = consequence
                .examples
                .iter()
                .take(MOST_EXAMPLES)
                .map(String::as_str)
                .collect();
            let more = if consequence.examples.len() > MOST_EXAMPLES {
                ", …"
            } else {
                ""
            };
            let _ = write!(words, " ({}{more})", shown.join(", "));
        }
        line(words);
    }
    lines
}

/// A day of the contract; empty for none.
pub(crate) fn day_of(date: Option<&Date>) -> String {
    date.and_then(day::from_proto).map(super::file::day).unwrap_or_default()
}

/// A table of columns alone.
pub(crate) fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(head);
    table
}

/// Asks on the terminal, unless it was answered before.
#[expect(clippy::print_stdout, reason = "a question")]
pub(crate) fn confirmed(question: &str, yes: bool) -> anyhow::Result<bool> {
    if yes {
        return Ok(true);
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        bail!("{question} nobody is there to answer: say --yes");
    }
    print!("{question} [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// `1 file`, `2 files`.
pub(crate) fn count(number: usize, one: &str) -> String {
    if number == 1 {
        format!("1 {one}")
    } else {
        format!("{number} {one}s")
    }
}
