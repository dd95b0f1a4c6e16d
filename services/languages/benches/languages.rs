//! How fast languages are told, on one core: `cargo bench -p support-languages`, with `-- --quick` for less of it.

#![expect(clippy::print_stdout, reason = "it shows what it measured")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use support_languages::detect;

const SENTENCES: &str = include_str!("../tests/data/sentences.tsv");
/// A core does at least so many; else the bench fails.
const LEAST_PER_SECOND: f64 = 10_000.0;

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let length = Duration::from_secs(if is_quick { 1 } else { 5 });
    let texts: Vec<&str> = SENTENCES
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(_, text)| text)
        .collect();
    let short: Vec<String> = texts
        .iter()
        .map(|text| text.split_whitespace().take(5).collect::<Vec<_>>().join(" "))
        .collect();
    let loaded = Instant::now();
    for text in &texts {
        black_box(detect(text, &[]));
    }
    println!(
        "models read and {} texts told once in {:?}",
        texts.len(),
        loaded.elapsed()
    );
    let sentences = rate("detections_per_second_one_core", &texts, length);
    let short: Vec<&str> = short.iter().map(String::as_str).collect();
    rate("detections_per_second_one_core_short", &short, length);
    assert!(sentences >= LEAST_PER_SECOND, "slower than {LEAST_PER_SECOND} a second");
}

fn rate(name: &str, texts: &[&str], length: Duration) -> f64 {
    let (begun, worked) = (Instant::now(), work());
    let mut told = 0_u32;
    while begun.elapsed() < length {
        for text in texts {
            black_box(detect(black_box(text), &[]));
            told += 1;
        }
    }
    // By the processor's time, where the system tells it: other work on the machine does not count.
    let took = worked
        .zip(work())
        .map_or(begun.elapsed(), |(before, after)| after.saturating_sub(before));
    let rate = f64::from(told) / took.as_secs_f64();
    println!("{name}: {rate:.0}");
    rate
}

/// How long this thread has had a processor; none where the system does not tell.
fn work() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}
