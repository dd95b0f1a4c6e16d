//! How soon after its publishing an article is found, where it was published and in another replica.

use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support_proto::support::localisation::v1::{
    ApproveArticleDraftRequest, ArticleKind, ArticleProfile, Audience, Block, BlockKind, CreateArticleDraftRequest,
    PublishArticleDraftRequest, SearchArticlesRequest, SubmitArticleDraftRequest,
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
        let draft = written(service, language, &slug, &word, &mut rng).await;
        let begun = Instant::now();
        publish(service, draft).await;
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
        let mut drafts = Vec::new();
        for language in languages {
            let slug = format!("article-{}", 1_000 + round);
            drafts.push(written(service, language, &slug, &word, &mut rng).await);
        }
        let begun = Instant::now();
        for draft in drafts {
            publish(service, draft).await;
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

/// Writes a text and has it approved by somebody else; the draft, to be published.
async fn written(service: &Replica, language: &Language, slug: &str, word: &str, rng: &mut StdRng) -> String {
    let (mut author, mut reviewer) = (service.author(), service.reviewer());
    let profile = ArticleProfile {
        kind: ArticleKind::HowTo.into(),
        audience: Audience::Customer.into(),
        ..ArticleProfile::default()
    };
    let draft = CreateArticleDraftRequest {
        request_id: request_id(),
        slug: slug.to_owned(),
        language: language.tag.to_owned(),
        profile: slug.starts_with("new").then_some(profile),
        title: format!("{word} {}", language.say(5, rng)),
        blocks: vec![Block {
            kind: BlockKind::Paragraph.into(),
            text: language.say(120, rng),
        }],
        ..CreateArticleDraftRequest::default()
    };
    let draft = author.create_article_draft(draft).await.unwrap().into_inner().draft;
    let draft_id = draft.unwrap().draft_id;
    let submit = SubmitArticleDraftRequest {
        request_id: request_id(),
        draft_id: draft_id.clone(),
        ..SubmitArticleDraftRequest::default()
    };
    author.submit_article_draft(submit).await.unwrap();
    let approve = ApproveArticleDraftRequest {
        request_id: request_id(),
        draft_id: draft_id.clone(),
        ..ApproveArticleDraftRequest::default()
    };
    reviewer.approve_article_draft(approve).await.unwrap();
    draft_id
}

async fn publish(service: &Replica, draft_id: String) {
    let request = PublishArticleDraftRequest {
        request_id: request_id(),
        draft_id,
        ..PublishArticleDraftRequest::default()
    };
    service.reviewer().publish_article_draft(request).await.unwrap();
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
