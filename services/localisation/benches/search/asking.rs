//! Those who ask.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support_proto::support::localisation::v1::{ArticleKind, OfferAnswersRequest, SearchArticlesRequest};
use support_proto::support::types::v1::ProductLine;

use crate::corpus::{Article, Language, SOURCE};
use crate::deployment::{Replica, request_id};

/// How many titles are remembered of a language.
const REMEMBERED: usize = 5_000;
/// How many ask before it is measured.
const WARM_UP: usize = 50;

/// Some titles of each language.
pub(crate) struct Titles(Vec<Vec<String>>);

impl Titles {
    pub(crate) fn new(languages: usize) -> Self {
        Self(vec![Vec::new(); languages])
    }

    pub(crate) fn note(&mut self, article: &Article) {
        for (language, title, _) in &article.texts {
            let titles = &mut self.0[*language];
            if titles.len() < REMEMBERED {
                titles.push(title.clone());
            }
        }
    }
}

/// What is asked with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// A few words of a title, one of them misspelt.
    Words { slips: bool },
    /// What somebody tells.
    Story,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    kind: Kind,
    /// In English, or in any language.
    english: bool,
    everywhere: bool,
    policies: bool,
}

impl Ask {
    pub(crate) fn plain(kind: Kind) -> Self {
        Self {
            kind,
            english: false,
            everywhere: false,
            policies: false,
        }
    }

    pub(crate) fn english(self) -> Self {
        Self { english: true, ..self }
    }

    pub(crate) fn everywhere(self) -> Self {
        Self {
            everywhere: true,
            ..self
        }
    }

    pub(crate) fn policies(self) -> Self {
        Self { policies: true, ..self }
    }
}

/// Asks one after the other; how long each waited.
pub(crate) async fn measure(
    service: &Replica,
    languages: &[Language],
    titles: &Titles,
    ask: Ask,
    queries: usize,
) -> Vec<Duration> {
    let mut one = One::new(service, languages, titles, 1);
    for _ in 0..WARM_UP {
        one.ask(ask).await;
    }
    one.found = 0;
    let mut took = Vec::with_capacity(queries);
    for _ in 0..queries {
        took.push(one.ask(ask).await);
    }
    // Every word stands in some title: what is measured is finding, not failing to. Of stories little is offered: most of
    // their words were made up to be of no matter.
    if matches!(ask.kind, Kind::Words { .. }) && !ask.policies {
        assert!(
            one.found * 10 >= queries * 8,
            "{} of {queries} found something: {ask:?}",
            one.found
        );
    }
    took
}

/// As [`measure`], with so many who ask at the same time, each for one after the other of `mix`.
pub(crate) async fn measure_together(
    service: &Replica,
    languages: &[Language],
    titles: &Titles,
    mix: &[Ask],
    together: usize,
    queries: usize,
) -> Vec<Duration> {
    let each = (0..together).map(async |number| {
        let mut one = One::new(service, languages, titles, 100 + number as u64);
        let mut took = Vec::new();
        for ask in mix.iter().cycle().skip(number).take(queries / together) {
            took.push(one.ask(*ask).await);
        }
        took
    });
    join_all(each).await.into_iter().flatten().collect()
}

/// One who asks.
struct One<'a> {
    service: &'a Replica,
    languages: &'a [Language],
    titles: &'a Titles,
    rng: StdRng,
    found: usize,
}

impl<'a> One<'a> {
    fn new(service: &'a Replica, languages: &'a [Language], titles: &'a Titles, seed: u64) -> Self {
        Self {
            service,
            languages,
            titles,
            rng: StdRng::seed_from_u64(seed),
            found: 0,
        }
    }

    async fn ask(&mut self, ask: Ask) -> Duration {
        let index = if ask.english {
            self.languages
                .iter()
                .position(|language| language.tag == SOURCE)
                .unwrap()
        } else {
            self.rng.random_range(0..self.languages.len())
        };
        let language = &self.languages[index];
        let titles = &self.titles.0[index];
        let title = &titles[self.rng.random_range(0..titles.len())];
        let reads = vec![language.tag.to_owned()];
        let mut client = self.service.visitor();
        let (took, found) = match ask.kind {
            Kind::Words { slips } => {
                let request = SearchArticlesRequest {
                    query: language.query(title, slips, &mut self.rng),
                    languages: reads,
                    product_line: ProductLine::Phone.into(),
                    all_languages: ask.everywhere,
                    kind: if ask.policies {
                        ArticleKind::Policy
                    } else {
                        ArticleKind::Unspecified
                    }
                    .into(),
                    ..SearchArticlesRequest::default()
                };
                let begun = Instant::now();
                let found = client.search_articles(request).await.unwrap().into_inner().articles;
                (begun.elapsed(), !found.is_empty())
            }
            Kind::Story => {
                let request = OfferAnswersRequest {
                    request_id: request_id(),
                    concern: language.story(title, &mut self.rng),
                    languages: reads,
                    product_line: ProductLine::Phone.into(),
                    ..OfferAnswersRequest::default()
                };
                let begun = Instant::now();
                let found = client.offer_answers(request).await.unwrap().into_inner().articles;
                (begun.elapsed(), !found.is_empty())
            }
        };
        self.found += usize::from(found);
        took
    }
}
