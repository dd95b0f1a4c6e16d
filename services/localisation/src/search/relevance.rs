//! Whether what people type finds what they mean: queries in fourteen languages of ten scripts against ten matters. Prints the
//! figures by kind and language (`cargo test -p support-localisation relevance -- --nocapture`), and holds them to a bound.

use std::collections::BTreeMap;

use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use support_proto::support::localisation::v1::ArticleKind;
use support_words::tag::Tag;
use time::macros::datetime;

use super::build::{Amount, Batch, take_over};
use super::facts::{ArticleFact, TextFact};
use super::query::Mode;
use super::rank::Asked;
use super::state::{Search, State, searched};
use crate::domain::article::{Audience, Profile};
use crate::ids::ArticleId;

/// Matters, by slug: title and words by language.
type Articles = BTreeMap<String, BTreeMap<String, (String, String)>>;
/// Queries, by kind: what they mean by what is typed, by language.
type Queries = BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>;

/// How many of the first are looked at.
const FIRST: usize = 3;

fn world() -> State {
    let articles: Articles = toml::from_str(include_str!("relevance/articles.toml")).unwrap();
    let (clock, _) = Clock::manual(datetime!(2026-01-01 00:00 UTC));
    let ids = Ids::seeded("eu".parse().unwrap(), clock, 7);
    let mut batch = Batch::default();
    for (slug, texts) in articles {
        let id: ArticleId = ids.next();
        let mut facts = BTreeMap::new();
        for (language, (title, body)) in texts {
            let language = Tag::parse(&language).unwrap();
            let fact = TextFact {
                version: 1,
                title,
                excerpt: String::new(),
                published_at: datetime!(2026-01-01 00:00 UTC),
                source_version: None,
                is_stale: false,
            };
            facts.insert(language.clone(), fact);
            batch.bodies.push((id, language, body));
        }
        let fact = ArticleFact {
            id,
            slug,
            profile: Profile::plain(ArticleKind::HowTo, Audience::Customer),
            source: Tag::parse("en").unwrap(),
            texts: facts,
        };
        batch.articles.push((id, Some(fact)));
    }
    take_over(&State::default(), [batch], Amount::Everything).unwrap()
}

/// At which place of the first ten the article stands that was meant.
fn place(state: &State, language: &str, text: &str, meant: &str) -> Option<usize> {
    let read = [Tag::parse(language).unwrap()];
    let default = Tag::parse("en").unwrap();
    let search = Search {
        text,
        mode: Mode::Words,
        languages: searched(&read, &default, text, false, state.indexes.keys()),
        asked: Asked {
            reader: Audience::Customer,
            product_line: None,
            product: String::new(),
            kind: None,
            now: datetime!(2026-03-01 00:00 UTC),
        },
        limit: 10,
    };
    let hits = state.search(&search).unwrap();
    hits.iter().position(|hit| hit.article.slug == meant)
}

/// How well some queries were answered.
#[derive(Debug, Default, Clone, Copy)]
struct Figures {
    queries: f64,
    /// The sum of one by the place of what was meant.
    reciprocal: f64,
    /// How often that was among the first.
    first: f64,
}

impl Figures {
    fn add(&mut self, place: Option<usize>) {
        self.queries += 1.0;
        if let Some(place) = place {
            self.reciprocal += 1.0 / f64::from(u32::try_from(place + 1).unwrap());
            self.first += f64::from(u8::from(place < FIRST));
        }
    }

    fn mean_reciprocal_rank(self) -> f64 {
        self.reciprocal / self.queries
    }

    fn recall(self) -> f64 {
        self.first / self.queries
    }
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures")]
fn what_people_type_finds_what_they_mean() {
    let state = world();
    let queries: Queries = toml::from_str(include_str!("relevance/queries.toml")).unwrap();
    let mut by_kind: BTreeMap<&str, Figures> = BTreeMap::new();
    let mut by_language: BTreeMap<&str, Figures> = BTreeMap::new();
    let mut all = Figures::default();
    for (kind, languages) in &queries {
        for (language, texts) in languages {
            for (text, meant) in texts {
                assert!(state.facts.articles().any(|article| article.slug == *meant), "{meant}");
                let place = place(&state, language, text, meant);
                if place != Some(0) {
                    println!("{kind}, {language}: {text}: {meant} is at {place:?}");
                }
                all.add(place);
                by_kind.entry(kind).or_default().add(place);
                by_language.entry(language).or_default().add(place);
            }
        }
    }
    let lines = by_kind.iter().chain(&by_language).chain([(&"all", &all)]);
    for (name, figures) in lines.clone() {
        println!(
            "{name}: of {} queries mean reciprocal rank {:.3}, recall among the first {FIRST} {:.3}",
            figures.queries,
            figures.mean_reciprocal_rank(),
            figures.recall()
        );
    }
    for (name, figures) in lines {
        assert!(figures.mean_reciprocal_rank() >= 0.8, "{name}");
        assert!(figures.recall() >= 0.85, "{name}");
    }
    assert!(all.mean_reciprocal_rank() >= 0.95);
    assert!(all.recall() >= 0.97);
}
