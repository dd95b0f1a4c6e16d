//! How fast articles are found, and how soon after they were published: `cargo bench -p support-localisation --bench search`.
//!
//! A hundred thousand articles, each in English and on average in five of 43 other languages; with `-- --all` each in all 44,
//! with `-- --quick` a tenth of the articles. They stand in a database of PostgreSQL, the service is started over it and asked
//! through its door: what is measured is what a caller waits for, with reading the request, searching, ranking, and writing
//! the answer. The service, its database and who asks share the machine. What is printed is also written to
//! `target/bench/localisation-search.json`.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]
#![expect(clippy::print_stdout, reason = "what was measured")]

mod asking;
mod corpus;
mod deployment;
mod publishing;
mod report;

use std::time::Instant;

use asking::{Ask, Kind, Titles, measure, measure_together};
use corpus::{Author, Translated};
use deployment::{Database, Replica, server};
use report::Report;
use support_testing::{load, processor_seconds, resident};

/// As in the executable that is shipped.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How many articles are put in at once.
const AT_ONCE: usize = 1_000;
/// How many ask at the same time, where several do.
const TOGETHER: usize = 8;

fn main() {
    let asked_for = |name: &str| std::env::args().any(|argument| argument == name);
    let is_quick = asked_for("--quick");
    let translated = if asked_for("--all") {
        Translated::All
    } else {
        Translated::Some
    };
    let (articles, queries) = if is_quick { (10_000, 500) } else { (100_000, 4_000) };
    let mut report = Report::new();
    println!(
        "{articles} articles, {} cores, load before: {}",
        std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        load()
    );
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    // The server starts and ends on threads that may wait.
    let server = server();
    runtime.block_on(async {
        let languages = corpus::languages();
        let tags: Vec<&str> = languages.iter().map(|language| language.tag).collect();
        let mut database = Database::new(&server).await;
        let mut titles = Titles::new(languages.len());
        let mut author = Author::new(translated);
        let mut texts = 0;
        for _ in 0..articles / AT_ONCE {
            let batch: Vec<_> = (0..AT_ONCE).map(|_| author.write(&languages)).collect();
            for article in &batch {
                texts += article.texts.len();
                titles.note(article);
            }
            database.put(&batch, &tags).await;
        }
        database.rest().await;
        println!("{texts} texts; load: {}", load());

        let (before, used) = (resident(), processor_seconds());
        let begun = Instant::now();
        let service = database.replica().await;
        report.note("start_until_ready", begun.elapsed().as_secs_f64(), "s");
        report.note("start_processor", processor_seconds() - used, "s");
        report.note("memory", (resident() - before) / 1e6, "MB");

        let asking = Asking {
            service: &service,
            languages: &languages,
            titles: &titles,
            queries,
        };
        asking.all(&mut report).await;
        publishing::measure(&database, &service, &languages, is_quick, &mut report).await;
    });
    println!("load after: {}", load());
    report.write();
}

/// Who asks, and for what.
struct Asking<'a> {
    service: &'a Replica,
    languages: &'a [corpus::Language],
    titles: &'a Titles,
    queries: usize,
}

impl Asking<'_> {
    async fn all(&self, report: &mut Report) {
        let (words, misspelt) = (Kind::Words { slips: false }, Kind::Words { slips: true });
        let plain = Ask::plain(words);
        for (name, ask, queries) in [
            ("search", plain, self.queries),
            ("search_misspelt", Ask::plain(misspelt), self.queries),
            ("search_english", plain.english(), self.queries),
            ("search_english_misspelt", Ask::plain(misspelt).english(), self.queries),
            ("search_english_policies", plain.english().policies(), self.queries),
            ("offer_by_a_story", Ask::plain(Kind::Story), self.queries),
            (
                "offer_by_a_story_english",
                Ask::plain(Kind::Story).english(),
                self.queries,
            ),
            ("search_in_all_languages", plain.everywhere(), self.queries),
            (
                "search_in_all_languages_misspelt",
                Ask::plain(misspelt).everywhere(),
                self.queries,
            ),
        ] {
            let used = processor_seconds();
            let took = measure(self.service, self.languages, self.titles, ask, queries).await;
            // On a machine that others use, this says what the wait would be without them.
            let each = (processor_seconds() - used) / f64::from(u32::try_from(queries).unwrap());
            report.searches(name, took);
            report.note(&format!("{name}_processor_each"), each * 1e3, "ms");
        }
        let mix = [
            plain,
            Ask::plain(misspelt),
            plain.english(),
            Ask::plain(Kind::Story),
            plain.everywhere(),
        ];
        let begun = Instant::now();
        let took = measure_together(self.service, self.languages, self.titles, &mix, TOGETHER, self.queries).await;
        let rate = f64::from(u32::try_from(took.len()).unwrap()) / begun.elapsed().as_secs_f64();
        report.searches(&format!("{TOGETHER}_at_once_of_all_kinds"), took);
        report.note(&format!("{TOGETHER}_at_once_rate"), rate, "/s");
    }
}
