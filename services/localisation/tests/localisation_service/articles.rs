//! Articles.

use support_chassis::call::Caller;
use support_proto::support::localisation::v1::{
    ApproveArticleDraftRequest, Article, ArticleKind, ArticleProfile, ArticlePublished, Audience, Block, BlockKind,
    CreateArticleDraftRequest, GetArticleRequest, ListArticlesRequest, PublishArticleDraftRequest,
    SubmitArticleDraftRequest,
};
use support_proto::support::types::v1::ProductLine;
use tonic::Code;

use crate::world::{World, anonymous, assert_refused, customer, operator, partner, request_id, staff};

pub(crate) fn block(kind: BlockKind, text: &str) -> Block {
    Block {
        kind: kind.into(),
        text: text.to_owned(),
    }
}

pub(crate) fn writing(slug: &str, audience: Audience, language: &str, title: &str) -> CreateArticleDraftRequest {
    CreateArticleDraftRequest {
        request_id: request_id(),
        slug: slug.to_owned(),
        profile: Some(ArticleProfile {
            kind: ArticleKind::HowTo.into(),
            audience: audience.into(),
            ..ArticleProfile::default()
        }),
        language: language.to_owned(),
        title: title.to_owned(),
        blocks: vec![
            block(BlockKind::Heading, title),
            block(BlockKind::Warning, "Unplug it."),
            block(BlockKind::Step, "Open it."),
            block(BlockKind::Step, "Close it."),
        ],
        source_version: 0,
    }
}

fn reading(slug: &str, languages: &[&str]) -> GetArticleRequest {
    GetArticleRequest {
        slug: slug.to_owned(),
        languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
        version: 0,
    }
}

/// Writes, has approved by another, and publishes.
pub(crate) async fn publish(world: &World, written: CreateArticleDraftRequest) -> Article {
    let (mut author, mut reviewer) = (world.knowledge(&staff()), world.knowledge(&operator()));
    let draft = author
        .create_article_draft(written)
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    let draft_id = draft.draft_id;
    author
        .submit_article_draft(SubmitArticleDraftRequest {
            request_id: request_id(),
            draft_id: draft_id.clone(),
            etag: String::new(),
        })
        .await
        .unwrap();
    reviewer
        .approve_article_draft(ApproveArticleDraftRequest {
            request_id: request_id(),
            draft_id: draft_id.clone(),
            etag: String::new(),
        })
        .await
        .unwrap();
    let request = PublishArticleDraftRequest {
        request_id: request_id(),
        draft_id,
        etag: String::new(),
    };
    let answer = author
        .publish_article_draft(request.clone())
        .await
        .unwrap()
        .into_inner();
    // Sent again it publishes nothing more.
    assert_eq!(
        author.publish_article_draft(request).await.unwrap().into_inner(),
        answer
    );
    answer.article.unwrap()
}

async fn titles(world: &World, caller: &Caller, request: ListArticlesRequest) -> Vec<String> {
    let answer = world
        .knowledge(caller)
        .list_articles(request)
        .await
        .unwrap()
        .into_inner();
    assert!(answer.articles.iter().all(|article| article.blocks.is_empty()));
    answer.articles.into_iter().map(|article| article.title).collect()
}

#[tokio::test]
async fn an_article_is_read_in_the_best_of_its_languages() {
    let world = World::bare().await;
    let first = publish(&world, writing("reset-watch", Audience::Customer, "en", "Reset")).await;
    assert_eq!((first.version, first.available_languages), (1, vec!["en".to_owned()]));
    let german = publish(&world, writing("reset-watch", Audience::Customer, "DE", "Zurücksetzen")).await;
    assert_eq!((german.version, german.language.as_str()), (1, "de"));
    assert_eq!(german.article_id, first.article_id);
    let again = publish(&world, writing("reset-watch", Audience::Customer, "en", "Reset it")).await;
    assert_eq!(again.version, 2);
    assert_eq!(again.available_languages, ["de", "en"]);

    let mut knowledge = world.knowledge(&anonymous());
    for (languages, title, version) in [
        (&["de-AT"][..], "Zurücksetzen", 1),
        (&["en-GB", "de"], "Reset it", 2),
        (&["ja"], "Reset it", 2),
        (&[], "Reset it", 2),
    ] {
        let article = knowledge
            .get_article(reading("reset-watch", languages))
            .await
            .unwrap()
            .into_inner()
            .article
            .unwrap();
        assert_eq!(
            (article.title.as_str(), article.version),
            (title, version),
            "{languages:?}"
        );
        let kinds: Vec<_> = article.blocks.iter().map(Block::kind).collect();
        assert_eq!(
            kinds,
            [BlockKind::Heading, BlockKind::Warning, BlockKind::Step, BlockKind::Step]
        );
        assert_eq!(article.blocks[3].text, "Close it.");
        assert!(article.publish_time.is_some());
    }

    let events = world.events(3).await;
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            assert_eq!(event.event_type, "support.localisation.v1.ArticlePublished");
            assert_eq!(event.subject_id, first.article_id);
            let event = <ArticlePublished as prost::Message>::decode(event.payload.as_ref()).unwrap();
            assert_eq!(event.article_id, first.article_id);
            (event.language, event.version)
        })
        .collect();
    assert_eq!(told, [("en".to_owned(), 1), ("de".to_owned(), 1), ("en".to_owned(), 2)]);
}

#[tokio::test]
async fn nobody_reads_what_is_not_for_them() {
    let world = World::bare().await;
    for (slug, audience) in [
        ("for-all", Audience::Customer),
        ("for-partners", Audience::Partner),
        ("for-staff", Audience::Staff),
    ] {
        publish(&world, writing(slug, audience, "en", slug)).await;
    }
    for (caller, readable) in [
        (anonymous(), &["for-all"][..]),
        (customer(), &["for-all"]),
        (partner(), &["for-all", "for-partners"]),
        (staff(), &["for-all", "for-partners", "for-staff"]),
        (operator(), &["for-all", "for-partners", "for-staff"]),
    ] {
        assert_eq!(
            titles(&world, &caller, ListArticlesRequest::default()).await,
            readable,
            "{:?}",
            caller.kind
        );
        for slug in ["for-all", "for-partners", "for-staff"] {
            let answer = world.knowledge(&caller).get_article(reading(slug, &[])).await;
            if readable.contains(&slug) {
                assert_eq!(answer.unwrap().into_inner().article.unwrap().slug, slug);
            } else {
                assert_refused(answer, Code::NotFound, "ARTICLE_NOT_FOUND");
            }
        }
    }
    // The last publishing decides.
    publish(&world, writing("for-staff", Audience::Customer, "ja", "公開")).await;
    assert_eq!(
        titles(&world, &anonymous(), ListArticlesRequest::default()).await,
        ["for-all", "for-staff"]
    );
}

#[tokio::test]
async fn lists_are_cut_into_pages_and_by_product_line() {
    let world = World::bare().await;
    for (slug, lines) in [
        ("a", vec![ProductLine::Phone]),
        ("b", vec![]),
        ("c", vec![ProductLine::Watch, ProductLine::Phone, ProductLine::Watch]),
        ("d", vec![ProductLine::Laptop]),
        ("e", vec![ProductLine::Phone]),
    ] {
        let lines: Vec<i32> = lines.into_iter().map(Into::into).collect();
        publish(
            &world,
            CreateArticleDraftRequest {
                profile: Some(ArticleProfile {
                    kind: ArticleKind::HowTo.into(),
                    audience: Audience::Customer.into(),
                    product_lines: lines,
                    ..ArticleProfile::default()
                }),
                ..writing(slug, Audience::Customer, "en", slug)
            },
        )
        .await;
    }
    let about = |line: ProductLine| ListArticlesRequest {
        product_line: line.into(),
        ..ListArticlesRequest::default()
    };
    assert_eq!(
        titles(&world, &anonymous(), about(ProductLine::Watch)).await,
        ["b", "c"]
    );
    assert_eq!(titles(&world, &anonymous(), about(ProductLine::Tablet)).await, ["b"]);

    let mut knowledge = world.knowledge(&anonymous());
    let mut request = ListArticlesRequest {
        page_size: 2,
        ..about(ProductLine::Phone)
    };
    let mut pages = Vec::new();
    loop {
        let answer = knowledge.list_articles(request.clone()).await.unwrap().into_inner();
        pages.push(
            answer
                .articles
                .into_iter()
                .map(|article| article.slug)
                .collect::<Vec<_>>(),
        );
        if answer.next_page_token.is_empty() {
            break;
        }
        request.page_token = answer.next_page_token;
    }
    assert_eq!(pages, [vec!["a", "b"], vec!["c", "e"]]);
    let token = request.page_token;
    let other = ListArticlesRequest {
        page_token: token.clone(),
        ..about(ProductLine::Watch)
    };
    assert_refused(
        knowledge.list_articles(other).await,
        Code::InvalidArgument,
        "PAGE_TOKEN_INVALID",
    );
    // Who may read more has another list.
    let same = ListArticlesRequest {
        page_token: token,
        page_size: 2,
        ..about(ProductLine::Phone)
    };
    let answer = world.knowledge(&staff()).list_articles(same).await;
    assert_refused(answer, Code::InvalidArgument, "PAGE_TOKEN_INVALID");
}

#[tokio::test]
async fn bad_articles_are_refused() {
    let world = World::bare().await;
    let mut knowledge = world.knowledge(&staff());
    let unknown = writing("a", Audience::Customer, "tlh", "A");
    assert_refused(
        knowledge.create_article_draft(unknown).await,
        Code::NotFound,
        "LOCALE_NOT_FOUND",
    );
    let bad = CreateArticleDraftRequest {
        slug: "Not A Slug".to_owned(),
        profile: Some(ArticleProfile {
            kind: 0,
            audience: 9,
            product_lines: vec![0],
            symptoms: vec!["No power".to_owned()],
            ..ArticleProfile::default()
        }),
        title: String::new(),
        blocks: vec![Block {
            kind: 77,
            text: String::new(),
        }],
        ..writing("a", Audience::Customer, "en", "A")
    };
    let refused = assert_refused(
        knowledge.create_article_draft(bad).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    for field in [
        "slug",
        "profile.kind",
        "profile.audience",
        "profile.product_lines[0]",
        "profile.symptoms[0]",
        "title",
        "blocks[0].kind",
        "blocks[0].text",
    ] {
        assert!(
            refused.violations.iter().any(|violation| violation.field == field),
            "{field}: {refused:?}"
        );
    }
    // Nothing says what the new article is.
    let bare = CreateArticleDraftRequest {
        profile: None,
        ..writing("a", Audience::Customer, "en", "A")
    };
    let refused = assert_refused(
        knowledge.create_article_draft(bare).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    assert_eq!(refused.violations[0].field, "profile");
    assert_refused(
        knowledge.get_article(reading("a", &[])).await,
        Code::NotFound,
        "ARTICLE_NOT_FOUND",
    );
    for caller in [anonymous(), customer(), partner()] {
        let answer = world
            .knowledge(&caller)
            .create_article_draft(writing("a", Audience::Customer, "en", "A"))
            .await;
        assert_refused(answer, Code::PermissionDenied, "CALLER_KIND_NOT_ALLOWED");
    }
}
