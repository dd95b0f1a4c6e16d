//! How soon after its publishing an article is found, where it was published and in another replica.

use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support_proto::support::localisation::v1::{
    Audience, Block, BlockKind, PublishArticleRequest, SearchArticlesRequest,
};

use crate::corpus::Language;
use crate::deployment::{Database, Replica, request_id};
use crate::report::Report;

/// How many are published.
const PUBLISHINGS: usize = 100;

pub(crate) async fn measure(
    database: &Database,
    service: &Replica,
    languages: &[Language],
    is_quick: bool,
    report: &mut Report,
) {
    let other = database.replica().await;
    let mut rng = StdRng::seed_from_u64(3);
    let (mut answered, mut elsewhere) = (Vec::new(), Vec::new());
    for number in 0..PUBLISHINGS {
        let language = &languages[number % languages.len()];
        // Every other one is the next version of an article that there is.
        let slug = if number % 2 == 0 {
            format!("new-{number}")
        } else {
            format!("article-{number}")
        };
        let word = format!("qq{number}zz{number}");
        let begun = Instant::now();
        publish(service, language, &slug, &word, &mut rng).await;
        answered.push(begun.elapsed());
        assert!(
            finds(service, language, &word).await,
            "{slug} is not found where it was published"
        );
        elsewhere.push(until_found(&other, language, &word, begun).await);
    }
    report.publishings("publishing_answered_and_found", answered);
    report.publishings("publishing_found_in_another_replica", elsewhere);

    // One after the other in all languages, as a release of a manual does.
    let mut all = Vec::new();
    for round in 0..if is_quick { 2 } else { 5 } {
        let word = format!("qq{round}yy");
        let begun = Instant::now();
        for language in languages {
            publish(
                service,
                language,
                &format!("article-{}", 1_000 + round),
                &word,
                &mut rng,
            )
            .await;
        }
        let published = Instant::now();
        for language in languages {
            until_found(&other, language, &word, begun).await;
        }
        all.push(published.elapsed());
    }
    report.publishings(
        "publishing_in_all_languages_found_in_another_replica_after_the_last",
        all,
    );
}

async fn publish(service: &Replica, language: &Language, slug: &str, word: &str, rng: &mut StdRng) {
    let request = PublishArticleRequest {
        request_id: request_id(),
        slug: slug.to_owned(),
        language: language.tag.to_owned(),
        audience: Audience::Customer.into(),
        title: format!("{word} {}", language.say(5, rng)),
        blocks: vec![Block {
            kind: BlockKind::Paragraph.into(),
            text: language.say(120, rng),
        }],
        ..PublishArticleRequest::default()
    };
    service.publisher().publish_article(request).await.unwrap();
}

async fn finds(service: &Replica, language: &Language, word: &str) -> bool {
    let request = SearchArticlesRequest {
        query: word.to_owned(),
        languages: vec![language.tag.to_owned()],
        ..SearchArticlesRequest::default()
    };
    !service
        .visitor()
        .search_articles(request)
        .await
        .unwrap()
        .into_inner()
        .articles
        .is_empty()
}

async fn until_found(service: &Replica, language: &Language, word: &str, begun: Instant) -> Duration {
    while !finds(service, language, word).await {
        assert!(begun.elapsed() < Duration::from_mins(1), "{word} is not found");
    }
    begun.elapsed()
}
