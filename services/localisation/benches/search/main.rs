//! How fast articles are found: `cargo bench -p support-localisation`, with `-- --quick` for a tenth of the texts.
//!
//! One thread asks, on one core. What is printed is also written to `target/bench/localisation-search.json`.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what was measured")]

mod corpus;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use support_localisation::domain::article::Audience;
use support_localisation::search::build::{Batch, take_over};
use support_localisation::search::index::LanguageIndex;
use support_localisation::search::query::Mode;
use support_localisation::search::rank::Asked;
use support_localisation::search::state::{Search, State, searched};
use support_words::tag::Tag;
use time::macros::datetime;

use corpus::Language;

/// What p99 must stay below, in milliseconds.
const LIMIT_MS: f64 = 20.0;

struct Corpus {
    state: State,
    indexes: BTreeMap<Tag, LanguageIndex>,
    /// Titles by language.
    titles: Vec<Vec<String>>,
}

fn main() {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let (texts, queries) = if is_quick { (10_000, 1_000) } else { (100_000, 10_000) };
    let mut report = Vec::new();
    let all = corpus::languages();
    let english: Vec<Language> = corpus::languages()
        .into_iter()
        .filter(|one| one.tag.as_str() == "en")
        .collect();

    let mut world = build("44_languages", &all, texts, &mut report);
    let ask = |languages: &[Language], world: &Corpus, mode: Mode, slips: bool, everywhere: bool, queries: usize| {
        measure(languages, world, mode, slips, everywhere, queries)
    };
    told(
        &mut report,
        "search",
        ask(&all, &world, Mode::Words, false, false, queries),
        Some(LIMIT_MS),
    );
    told(
        &mut report,
        "search_misspelt",
        ask(&all, &world, Mode::Words, true, false, queries),
        Some(LIMIT_MS),
    );
    told(
        &mut report,
        "suggest_by_a_story",
        ask(&all, &world, Mode::Story, false, false, queries),
        Some(LIMIT_MS),
    );
    told(
        &mut report,
        "search_in_all_languages",
        ask(&all, &world, Mode::Words, false, true, queries / 5),
        Some(LIMIT_MS),
    );
    told(&mut report, "publish_one_article", republish(&all, &mut world), None);
    drop(world);

    let world = build("one_language", &english, texts, &mut report);
    told(
        &mut report,
        "one_language_search",
        ask(&english, &world, Mode::Words, false, false, queries),
        Some(LIMIT_MS),
    );
    told(
        &mut report,
        "one_language_search_misspelt",
        ask(&english, &world, Mode::Words, true, false, queries),
        Some(LIMIT_MS),
    );
    told(
        &mut report,
        "one_language_suggest_by_a_story",
        ask(&english, &world, Mode::Story, false, false, queries),
        Some(LIMIT_MS),
    );
    write(&report);
}

fn build(name: &str, languages: &[Language], texts: usize, report: &mut Vec<Value>) -> Corpus {
    let mut titles = vec![Vec::new(); languages.len()];
    let batches = corpus::batches(languages, texts, |index, title| titles[index].push(title.to_owned()));
    let before = resident();
    let mut indexes = BTreeMap::new();
    let begun = Instant::now();
    let state = take_over(&State::default(), &mut indexes, batches, true).unwrap();
    let took = begun.elapsed();
    let count = state.facts.text_count();
    println!(
        "{name}: {count} texts indexed in {:.1} s, {:.0} MB more in memory (their source texts were freed meanwhile)",
        took.as_secs_f64(),
        (resident() - before) / 1e6
    );
    report.push(json!({"name": format!("{name}_indexed"), "value": took.as_secs_f64(), "unit": "s", "texts": count}));
    Corpus { state, indexes, titles }
}

/// Asks one after the other; what each took.
fn measure(
    languages: &[Language],
    world: &Corpus,
    mode: Mode,
    slips: bool,
    everywhere: bool,
    queries: usize,
) -> Vec<Duration> {
    let mut rng = StdRng::seed_from_u64(1);
    let default = Tag::parse("en").unwrap();
    let mut took = Vec::with_capacity(queries);
    let mut found = 0;
    for _ in 0..queries {
        let index = rng.random_range(0..languages.len());
        let language = &languages[index];
        let titles = &world.titles[index];
        let title = &titles[rng.random_range(0..titles.len())];
        let text = match mode {
            Mode::Words => language.query(title, slips, &mut rng),
            Mode::Story => language.story(title, &mut rng),
        };
        let begun = Instant::now();
        let read = [language.tag.clone()];
        let search = Search {
            text: &text,
            mode,
            languages: searched(&read, &default, &text, everywhere, world.state.indexes.keys()),
            asked: Asked {
                reader: Audience::Customer,
                product_line: Some(1),
                product: String::new(),
                kind: None,
                now: datetime!(2026-03-01 00:00 UTC),
            },
            limit: 10,
        };
        let hits = world.state.search(&search).unwrap();
        took.push(begun.elapsed());
        found += usize::from(!hits.is_empty());
    }
    // Every word stands in some title: what is measured is finding, not failing to.
    assert!(found * 10 >= queries * 8, "{found} of {queries} found something");
    took
}

/// Publishes an article in all of its languages, one after the other.
fn republish(languages: &[Language], world: &mut Corpus) -> Vec<Duration> {
    let mut took = Vec::new();
    for _ in 0..20 {
        let mut batch: Batch = corpus::batches(languages, languages.len(), |_, _| ()).swap_remove(0);
        // The first article there is.
        let known = world.state.facts.article(0).unwrap().id;
        for (id, fact) in &mut batch.articles {
            *id = known;
            if let Some(fact) = fact {
                fact.id = known;
            }
        }
        for (id, _, _) in &mut batch.bodies {
            *id = known;
        }
        let begun = Instant::now();
        world.state = take_over(&world.state, &mut world.indexes, vec![batch], false).unwrap();
        took.push(begun.elapsed());
    }
    took
}

fn told(report: &mut Vec<Value>, name: &str, mut took: Vec<Duration>, limit: Option<f64>) {
    took.sort_unstable();
    let at = |share: usize| took[(took.len() * share / 100).min(took.len() - 1)].as_secs_f64() * 1e3;
    let (p50, p99) = (at(50), at(99));
    let ratio = limit.map(|limit| limit / p99);
    let beside = ratio.map_or_else(String::new, |ratio| {
        format!(", {ratio:.1} times faster than the {LIMIT_MS:.0} ms asked for")
    });
    println!("{name}: p50 {p50:.2} ms, p99 {p99:.2} ms{beside}");
    report.push(json!({"name": format!("{name}_p50_ms"), "value": p50, "unit": "ms"}));
    report.push(
        json!({"name": format!("{name}_p99_ms"), "value": p99, "unit": "ms", "compared_with": limit, "ratio": ratio}),
    );
}

fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next()?.parse::<f64>().ok());
    kilobytes.unwrap_or_default() * 1024.0
}

fn write(report: &[Value]) {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        PathBuf::from,
    );
    let directory = target.join("bench");
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join("localisation-search.json");
    std::fs::write(&path, serde_json::to_string_pretty(report).unwrap() + "\n").unwrap();
    println!("written to {}", path.display());
}
