//! How a text of an article comes to be.

use support_proto::support::localisation::v1::{
    ApproveArticleDraftRequest, ArticleDraft, ArticleDraftState, ArticleKind, ArticleProfile, Audience,
    ChangeArticleDraftRequest, CreateArticleDraftRequest, DiscardArticleDraftRequest, GetArticleDraftRequest,
    GetArticleRequest, ListArticleDraftsRequest, ListArticleVersionsRequest, ListArticlesRequest,
    PublishArticleDraftRequest, PublishArticleRequest, RetireArticleRequest, ReturnArticleDraftRequest,
    ReviewArticleRequest, SubmitArticleDraftRequest, TranslationState,
};
use support_proto::support::types::v1::Date;
use tonic::Code;

use crate::articles::{publish, writing};
use crate::world::{World, anonymous, assert_refused, ids, operator, request_id, staff};

async fn begin(world: &World, written: CreateArticleDraftRequest) -> ArticleDraft {
    world
        .knowledge(&staff())
        .create_article_draft(written)
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap()
}

fn submit(draft: &ArticleDraft) -> SubmitArticleDraftRequest {
    SubmitArticleDraftRequest {
        request_id: request_id(),
        draft_id: draft.draft_id.clone(),
        etag: String::new(),
    }
}

fn approve(draft: &ArticleDraft) -> ApproveArticleDraftRequest {
    ApproveArticleDraftRequest {
        request_id: request_id(),
        draft_id: draft.draft_id.clone(),
        etag: String::new(),
    }
}

fn publishing(draft: &ArticleDraft) -> PublishArticleDraftRequest {
    PublishArticleDraftRequest {
        request_id: request_id(),
        draft_id: draft.draft_id.clone(),
        etag: String::new(),
    }
}

fn change(draft: &ArticleDraft, title: &str) -> ChangeArticleDraftRequest {
    ChangeArticleDraftRequest {
        request_id: request_id(),
        draft_id: draft.draft_id.clone(),
        etag: draft.etag.clone(),
        profile: draft.profile.clone(),
        title: title.to_owned(),
        blocks: draft.blocks.clone(),
        source_version: 0,
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, step by step")]
async fn a_text_is_published_by_two_people() {
    let world = World::bare().await;
    let (mut sam, mut olga) = (world.knowledge(&staff()), world.knowledge(&operator()));
    let draft = begin(&world, writing("a", Audience::Customer, "en", "A")).await;
    assert_eq!(draft.state(), ArticleDraftState::Draft);
    assert_eq!(draft.writers, ["sam"]);

    // Nobody approves what nobody has handed over, nor what they wrote; and without an approval nothing is published.
    let refused = assert_refused(
        olga.approve_article_draft(approve(&draft)).await,
        Code::FailedPrecondition,
        "ARTICLE_DRAFT_STATE",
    );
    assert_eq!(refused.metadata["state"], "ARTICLE_DRAFT_STATE_DRAFT");
    sam.submit_article_draft(submit(&draft)).await.unwrap();
    assert_refused(
        sam.approve_article_draft(approve(&draft)).await,
        Code::FailedPrecondition,
        "ARTICLE_APPROVER_IS_AUTHOR",
    );
    assert_refused(
        sam.publish_article_draft(publishing(&draft)).await,
        Code::FailedPrecondition,
        "ARTICLE_APPROVAL_MISSING",
    );

    // Given back, changed by the reviewer, who then has written in it and cannot approve it any more.
    let returned = olga
        .return_article_draft(ReturnArticleDraftRequest {
            request_id: request_id(),
            draft_id: draft.draft_id.clone(),
            etag: String::new(),
            remark: "Which key?".to_owned(),
        })
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    assert_eq!(
        (returned.state(), returned.remark.as_str()),
        (ArticleDraftState::Draft, "Which key?")
    );
    assert_refused(
        olga.change_article_draft(change(&draft, "Too late")).await,
        Code::Aborted,
        "CONFLICT",
    );
    let changed = olga
        .change_article_draft(change(&returned, "A key"))
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    assert_eq!(changed.writers, ["sam", "olga"]);
    sam.submit_article_draft(submit(&draft)).await.unwrap();
    assert_refused(
        olga.approve_article_draft(approve(&draft)).await,
        Code::FailedPrecondition,
        "ARTICLE_APPROVER_IS_AUTHOR",
    );

    // What is changed is approved no more.
    let third = begin(&world, writing("b", Audience::Customer, "en", "B")).await;
    sam.submit_article_draft(submit(&third)).await.unwrap();
    let approved = olga
        .approve_article_draft(approve(&third))
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    assert_eq!(approved.approver, "olga");
    let reopened = sam
        .change_article_draft(change(&approved, "B2"))
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    assert_eq!(
        (reopened.state(), reopened.approver.as_str()),
        (ArticleDraftState::Draft, "")
    );

    // One draft at a time; a discarded one makes room.
    assert_refused(
        sam.create_article_draft(writing("b", Audience::Customer, "en", "B"))
            .await,
        Code::AlreadyExists,
        "ARTICLE_DRAFT_EXISTS",
    );
    sam.discard_article_draft(DiscardArticleDraftRequest {
        request_id: request_id(),
        draft_id: third.draft_id.clone(),
        etag: String::new(),
    })
    .await
    .unwrap();
    assert_refused(
        sam.submit_article_draft(submit(&third)).await,
        Code::FailedPrecondition,
        "ARTICLE_DRAFT_STATE",
    );
    let fourth = begin(&world, writing("b", Audience::Customer, "en", "B")).await;
    let open = sam
        .list_article_drafts(ListArticleDraftsRequest::default())
        .await
        .unwrap()
        .into_inner()
        .drafts;
    let open: Vec<_> = open.iter().map(|draft| draft.draft_id.as_str()).collect();
    assert_eq!(open, [fourth.draft_id.as_str(), draft.draft_id.as_str()]);
    assert_refused(
        sam.get_article_draft(GetArticleDraftRequest {
            draft_id: ids().next::<support_chassis::id::Id>().to_string(),
        })
        .await,
        Code::NotFound,
        "ARTICLE_DRAFT_NOT_FOUND",
    );
    // Nothing of all this can be read.
    assert_refused(
        world
            .knowledge(&anonymous())
            .get_article(GetArticleRequest {
                slug: "a".to_owned(),
                ..GetArticleRequest::default()
            })
            .await,
        Code::NotFound,
        "ARTICLE_NOT_FOUND",
    );
}

#[tokio::test]
async fn one_step_is_for_rules_that_ask_for_nobody_else() {
    let world = World::bare().await;
    let answer = world
        .knowledge(&operator())
        .publish_article(PublishArticleRequest {
            request_id: request_id(),
            slug: "a".to_owned(),
            audience: Audience::Customer.into(),
            language: "en".to_owned(),
            title: "A".to_owned(),
            blocks: writing("a", Audience::Customer, "en", "A").blocks,
            ..PublishArticleRequest::default()
        })
        .await;
    assert_refused(answer, Code::FailedPrecondition, "ARTICLE_APPROVAL_MISSING");
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "one story, step by step")]
async fn a_translation_is_stale_when_its_source_says_something_else() {
    let world = World::bare().await;
    let read = async |languages: &[&str]| {
        world
            .knowledge(&staff())
            .get_article(GetArticleRequest {
                slug: "a".to_owned(),
                languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
                version: 0,
            })
            .await
            .unwrap()
            .into_inner()
            .article
            .unwrap()
    };
    let to_do = async |language: &str| {
        let asked = ListArticlesRequest {
            languages: vec![language.to_owned()],
            to_be_translated: true,
            ..ListArticlesRequest::default()
        };
        let answer = world.knowledge(&staff()).list_articles(asked).await.unwrap();
        answer.into_inner().articles.len()
    };
    let source = publish(&world, writing("a", Audience::Customer, "en", "Reset")).await;
    assert_eq!(source.translation_state(), TranslationState::Source);
    assert_eq!((to_do("de").await, to_do("en").await), (1, 0));
    let german = publish(&world, writing("a", Audience::Customer, "de", "Zurücksetzen")).await;
    assert_eq!(german.translation_state(), TranslationState::Current);
    assert_eq!((german.source_version, german.source_language.as_str()), (1, "en"));
    assert_eq!((to_do("de").await, to_do("ja").await), (0, 1));

    publish(&world, writing("a", Audience::Customer, "en", "Reset it")).await;
    assert_eq!(read(&["de"]).await.translation_state(), TranslationState::Stale);
    assert_eq!(to_do("de").await, 1);
    // A translation of what the source said before is stale from its first day.
    let late = publish(
        &world,
        CreateArticleDraftRequest {
            source_version: 1,
            ..writing("a", Audience::Customer, "ja", "リセット")
        },
    )
    .await;
    assert_eq!(late.translation_state(), TranslationState::Stale);
    // It is the words that count: back to what it said, the old translation fits again, without anybody saying so.
    publish(&world, writing("a", Audience::Customer, "en", "Reset")).await;
    assert_eq!(read(&["de"]).await.translation_state(), TranslationState::Current);
    assert_eq!(read(&["ja"]).await.translation_state(), TranslationState::Current);
    assert_eq!(to_do("de").await, 0);

    // A draft says so too.
    let draft = begin(&world, writing("a", Audience::Customer, "es", "Restablecer")).await;
    assert!(!draft.is_stale);
    publish(&world, writing("a", Audience::Customer, "en", "Reset now")).await;
    let draft = world
        .knowledge(&staff())
        .get_article_draft(GetArticleDraftRequest {
            draft_id: draft.draft_id,
        })
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    assert!(draft.is_stale);
    assert_refused(
        world
            .knowledge(&staff())
            .create_article_draft(CreateArticleDraftRequest {
                source_version: 77,
                ..writing("a", Audience::Customer, "ar", "إعادة")
            })
            .await,
        Code::FailedPrecondition,
        "ARTICLE_SOURCE_MISSING",
    );

    // Every version is still there, for staff.
    let versions = world
        .knowledge(&staff())
        .list_article_versions(ListArticleVersionsRequest {
            slug: "a".to_owned(),
            language: "en".to_owned(),
            ..ListArticleVersionsRequest::default()
        })
        .await
        .unwrap()
        .into_inner()
        .versions;
    let told: Vec<_> = versions
        .iter()
        .map(|version| {
            (
                version.version,
                version.title.as_str(),
                version.publisher.as_str(),
                version.approver.as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (4, "Reset now", "sam", "olga"),
            (3, "Reset", "sam", "olga"),
            (2, "Reset it", "sam", "olga"),
            (1, "Reset", "sam", "olga"),
        ]
    );
    assert_eq!(versions[1].content_digest, versions[3].content_digest);
    assert_ne!(versions[1].content_digest, versions[2].content_digest);
    let former = GetArticleRequest {
        slug: "a".to_owned(),
        languages: vec!["en".to_owned()],
        version: 2,
    };
    let article = world.knowledge(&staff()).get_article(former.clone()).await.unwrap();
    assert_eq!(article.into_inner().article.unwrap().title, "Reset it");
    assert_refused(
        world.knowledge(&anonymous()).get_article(former).await,
        Code::NotFound,
        "ARTICLE_NOT_FOUND",
    );
}

#[tokio::test]
async fn articles_are_looked_at_again_and_taken_out() {
    let world = World::bare().await;
    let past = Date {
        year: 2020,
        month: 2,
        day: 29,
    };
    let article = publish(
        &world,
        CreateArticleDraftRequest {
            profile: Some(ArticleProfile {
                kind: ArticleKind::KnownIssue.into(),
                audience: Audience::Customer.into(),
                products: vec!["ONE-5G".to_owned()],
                symptoms: vec!["no-sound".to_owned(), "no-power".to_owned(), "no-sound".to_owned()],
                owner: "sam".to_owned(),
                review_date: Some(past),
                ..ArticleProfile::default()
            }),
            ..writing("a", Audience::Customer, "en", "A")
        },
    )
    .await;
    assert_eq!(article.kind(), ArticleKind::KnownIssue);
    assert_eq!(article.products, ["ONE-5G"]);
    assert_eq!(article.symptoms, ["no-power", "no-sound"]);
    assert_eq!(
        (article.owner.as_str(), article.review_date, article.is_review_due),
        ("sam", Some(past), true)
    );
    publish(&world, writing("b", Audience::Customer, "en", "B")).await;
    let due = async || {
        let asked = ListArticlesRequest {
            review_due: true,
            ..ListArticlesRequest::default()
        };
        let answer = world.knowledge(&staff()).list_articles(asked).await.unwrap();
        answer
            .into_inner()
            .articles
            .into_iter()
            .map(|article| article.slug)
            .collect::<Vec<_>>()
    };
    assert_eq!(due().await, ["a"]);
    let impossible = ReviewArticleRequest {
        request_id: request_id(),
        slug: "a".to_owned(),
        review_date: Some(Date {
            year: 2027,
            month: 2,
            day: 29,
        }),
    };
    assert_refused(
        world.knowledge(&staff()).review_article(impossible).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    // Never later than the rules allow.
    let review = |year| ReviewArticleRequest {
        request_id: request_id(),
        slug: "a".to_owned(),
        review_date: Some(Date { year, month: 1, day: 1 }),
    };
    let reviewed = world.knowledge(&staff()).review_article(review(9000)).await.unwrap();
    let reviewed = reviewed.into_inner().article.unwrap();
    assert!(!reviewed.is_review_due);
    assert!(reviewed.review_date.unwrap().year < 2200);
    assert_eq!(due().await, [""; 0]);

    // Taken out it is gone for everybody; published again it is back, with its history.
    let retire = RetireArticleRequest {
        request_id: request_id(),
        slug: "a".to_owned(),
    };
    world.knowledge(&staff()).retire_article(retire.clone()).await.unwrap();
    for caller in [anonymous(), staff()] {
        let answer = world
            .knowledge(&caller)
            .get_article(GetArticleRequest {
                slug: "a".to_owned(),
                ..GetArticleRequest::default()
            })
            .await;
        assert_refused(answer, Code::NotFound, "ARTICLE_NOT_FOUND");
    }
    assert_refused(
        world
            .knowledge(&staff())
            .retire_article(RetireArticleRequest {
                request_id: request_id(),
                ..retire
            })
            .await,
        Code::NotFound,
        "ARTICLE_NOT_FOUND",
    );
    let again = publish(&world, writing("a", Audience::Customer, "en", "A")).await;
    assert_eq!((again.version, again.article_id), (2, article.article_id));
}
