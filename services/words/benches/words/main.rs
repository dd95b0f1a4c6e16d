//! How fast words are written out, and how much room they take: `cargo bench -p support-words`, with `-- --quick` for less of it.
//!
//! One thread does all of it. What is written out are the texts of the system as they are shipped, every one of them, in their
//! six languages, with values of the kinds that they take. What is printed is also written to `target/bench/words.json`.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what was measured")]

mod report;
mod texts;

use std::hint::black_box;
use std::time::{Duration, Instant};

use support_words::snapshot::Snapshot;
use support_words::wire;

use report::{Figure, Report};
use texts::Call;

/// What one core is to write out in a second.
const RENDERS: f64 = 1_000_000.0;

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let (rounds, time) = if is_quick {
        (3, Duration::from_millis(200))
    } else {
        (7, Duration::from_secs(1))
    };
    let mut report = Report::default();
    report.note(format!("load before: {}", report::load()));
    let (snapshot, calls) = texts::shipped(&mut report);
    let all = "renders_per_second_one_core";
    let figures = [
        (all, ""),
        ("renders_per_second_plain", "plain"),
        ("renders_per_second_texts", "texts"),
        ("renders_per_second_numbers", "numbers"),
        ("renders_per_second_dates", "dates"),
        ("renders_per_second_money", "money"),
    ];
    for (name, kind) in figures {
        let calls: Vec<&Call> = calls
            .iter()
            .filter(|call| kind.is_empty() || call.kind == kind)
            .collect();
        if calls.is_empty() {
            continue;
        }
        let rates = (0..rounds).map(|_| rate(&snapshot, &calls, time)).collect();
        let figure = Figure::rate(name, rates);
        report.add(if name == all { figure.at_least(RENDERS) } else { figure });
    }
    drop(snapshot);
    texts::room(&mut report);
    report.print();
    report.write();
}

/// How many of the calls are written out a second of processor time, which others on the machine do not take away.
fn rate(snapshot: &Snapshot, calls: &[&Call], time: Duration) -> f64 {
    let mut count = 0_u32;
    let (began, before) = (Instant::now(), report::processor_nanoseconds());
    while began.elapsed() < time {
        for call in calls {
            let text = wire::text(snapshot, &call.key, &call.languages, &call.arguments);
            black_box(text.unwrap());
            count += 1;
        }
    }
    f64::from(count) / (report::processor_nanoseconds() - before) * 1e9
}
