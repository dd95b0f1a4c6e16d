//! Finding articles, and what came of them.

use support_chassis::call::Caller;
use support_chassis::id::Id;
use support_chassis::settings::Settings;
use support_proto::support::case::v1::{CaseOpened, CaseReopened, CaseResolved};
use support_proto::support::localisation::v1::{
    AnswerOutcome, ArticleFigures, Audience, FoundArticle, ListArticleFiguresRequest, ListArticleUsesRequest,
    OfferAnswersRequest, OfferAnswersResponse, RateArticleRequest, RecordArticleUseRequest, RecordOutcomeRequest,
    RetireArticleRequest, SearchArticlesRequest, SuggestForCaseRequest, TranslationState,
};
use support_proto::support::types::v1::ProductLine;
use tonic::Code;

use crate::articles::{block, publish, writing};
use crate::fake_case::{FakeCase, KNOWN};
use crate::world::{World, anonymous, assert_refused, customer, eventually, ids, operator, partner, request_id, staff};
use support_proto::support::localisation::v1::BlockKind;
use support_proto::support::localisation::v1::CreateArticleDraftRequest;

fn asking(query: &str, languages: &[&str]) -> SearchArticlesRequest {
    SearchArticlesRequest {
        query: query.to_owned(),
        languages: languages.iter().map(|tag| (*tag).to_owned()).collect(),
        ..SearchArticlesRequest::default()
    }
}

async fn found(world: &World, caller: &Caller, request: SearchArticlesRequest) -> Vec<FoundArticle> {
    world
        .answers(caller)
        .search_articles(request)
        .await
        .unwrap()
        .into_inner()
        .articles
}

fn slugs(found: &[FoundArticle]) -> Vec<&str> {
    found
        .iter()
        .map(|found| found.article.as_ref().unwrap().slug.as_str())
        .collect()
}

fn text(slug: &str, audience: Audience, language: &str, title: &str, body: &str) -> CreateArticleDraftRequest {
    CreateArticleDraftRequest {
        blocks: vec![block(BlockKind::Paragraph, body)],
        ..writing(slug, audience, language, title)
    }
}

/// Two matters in two languages.
async fn filled(world: &World) {
    for (slug, language, title, body) in [
        (
            "battery",
            "en",
            "The battery drains fast",
            "Charge the phone overnight.",
        ),
        (
            "battery",
            "de",
            "Der Akku ist schnell leer",
            "Laden Sie das Telefon über Nacht.",
        ),
        (
            "printer",
            "en",
            "The printer does not print",
            "Is there paper in the tray?",
        ),
        ("printer", "de", "Der Drucker druckt nicht", "Liegt Papier im Fach?"),
    ] {
        publish(world, text(slug, Audience::Customer, language, title, body)).await;
    }
}

#[tokio::test]
async fn what_is_published_is_found_at_once_and_in_every_replica() {
    let world = World::bare().await;
    // It does not look for itself in all the time that this takes: what it finds it was told of.
    let seldom = |settings: Settings| settings.set("localisation.refresh_interval_ms", 3_600_000);
    let replica = world.replica_at(None, seldom).await;
    filled(&world).await;
    let articles = found(&world, &anonymous(), asking("akkus", &["de-AT"])).await;
    assert_eq!(slugs(&articles), ["battery"]);
    let article = articles[0].article.as_ref().unwrap();
    assert_eq!(
        (article.language.as_str(), article.title.as_str()),
        ("de", "Der Akku ist schnell leer")
    );
    assert_eq!(article.translation_state(), TranslationState::Current);
    assert_eq!(article.available_languages, ["de", "en"]);
    assert_eq!(articles[0].excerpt, "Laden Sie das Telefon über Nacht.");
    let corrected = found(&world, &anonymous(), asking("druker", &["de"])).await;
    assert_eq!(slugs(&corrected), ["printer"]);
    assert_eq!(corrected[0].corrections[0].taken_for, "drucker");
    // Found in the language of the words, shown in that of the reader.
    let crossed = found(&world, &anonymous(), asking("battery", &["de"])).await;
    assert_eq!(crossed[0].article.as_ref().unwrap().language, "de");
    assert_eq!(crossed[0].matched_language, "en");

    let elsewhere = async |query: &str| {
        replica
            .answers(&anonymous())
            .search_articles(asking(query, &["de"]))
            .await
            .unwrap()
            .into_inner()
            .articles
            .len()
    };
    eventually("the other replica", || async { elsewhere("akku").await == 1 }).await;

    // A new version replaces the old one; what is taken out is gone.
    publish(
        &world,
        text("battery", Audience::Customer, "de", "Die Batterie", "Aufladen."),
    )
    .await;
    assert_eq!(
        slugs(&found(&world, &anonymous(), asking("akku", &["de"])).await),
        [""; 0]
    );
    assert_eq!(
        slugs(&found(&world, &anonymous(), asking("batterie", &["de"])).await),
        ["battery"]
    );
    eventually("the other replica", || async { elsewhere("batterie").await == 1 }).await;
    let retire = RetireArticleRequest {
        request_id: request_id(),
        slug: "battery".to_owned(),
    };
    world.knowledge(&staff()).retire_article(retire).await.unwrap();
    assert_eq!(
        slugs(&found(&world, &anonymous(), asking("batterie", &["de"])).await),
        [""; 0]
    );
    eventually("the other replica", || async { elsewhere("batterie").await == 0 }).await;
}

#[tokio::test]
async fn nobody_finds_what_is_not_for_them() {
    let world = World::bare().await;
    for (slug, audience) in [
        ("for-all", Audience::Customer),
        ("for-partners", Audience::Partner),
        ("for-staff", Audience::Staff),
    ] {
        publish(&world, text(slug, audience, "en", "Swelling", "The battery swells.")).await;
    }
    for (caller, readable) in [
        (anonymous(), 1),
        (customer(), 1),
        (partner(), 2),
        (staff(), 3),
        (operator(), 3),
    ] {
        let articles = found(&world, &caller, asking("swelling", &["en"])).await;
        assert_eq!(articles.len(), readable, "{:?}", caller.kind);
    }
    // What becomes narrower is gone with the same publishing.
    publish(
        &world,
        text("for-all", Audience::Staff, "en", "Swelling", "The battery swells."),
    )
    .await;
    assert_eq!(
        slugs(&found(&world, &anonymous(), asking("swelling", &["en"])).await),
        [""; 0]
    );
    let answer = world.answers(&anonymous()).search_articles(asking("", &["en"])).await;
    assert_refused(answer, Code::InvalidArgument, "INVALID_FIELDS");
}

#[tokio::test]
async fn articles_are_searched_while_the_database_is_away() {
    let mut world = World::bare().await;
    filled(&world).await;
    world.lose_database();
    assert_eq!(
        slugs(&found(&world, &anonymous(), asking("printer", &["en"])).await),
        ["printer"]
    );
}

#[tokio::test]
async fn a_case_is_given_what_fits_its_own_words() {
    let case = FakeCase::start().await;
    let world = World::with_cases(&case.url()).await;
    filled(&world).await;
    let asked = SuggestForCaseRequest {
        case_id: KNOWN.clone(),
        ..SuggestForCaseRequest::default()
    };
    let articles = world
        .answers(&staff())
        .suggest_for_case(asked.clone())
        .await
        .unwrap()
        .into_inner()
        .articles;
    assert_eq!(slugs(&articles), ["battery"]);
    assert_eq!(articles[0].article.as_ref().unwrap().language, "de");
    // In the agent's language, by the customer's words.
    let english = SuggestForCaseRequest {
        languages: vec!["en".to_owned()],
        ..asked.clone()
    };
    let articles = world
        .answers(&staff())
        .suggest_for_case(english)
        .await
        .unwrap()
        .into_inner()
        .articles;
    assert_eq!(articles[0].article.as_ref().unwrap().language, "en");
    let unknown = SuggestForCaseRequest {
        case_id: ids().next::<Id>().to_string(),
        ..asked
    };
    assert_refused(
        world.answers(&staff()).suggest_for_case(unknown).await,
        Code::NotFound,
        "ANSWER_CASE_NOT_FOUND",
    );
}

async fn figures(world: &World, slug: &str) -> Vec<ArticleFigures> {
    world
        .answers(&staff())
        .list_article_figures(ListArticleFiguresRequest {
            slug: slug.to_owned(),
            ..ListArticleFiguresRequest::default()
        })
        .await
        .unwrap()
        .into_inner()
        .figures
}

async fn offer(world: &World, caller: &Caller, concern: &str, line: ProductLine) -> OfferAnswersResponse {
    world
        .answers(caller)
        .offer_answers(OfferAnswersRequest {
            request_id: request_id(),
            concern: concern.to_owned(),
            languages: vec!["de".to_owned()],
            product_line: line.into(),
            product: String::new(),
        })
        .await
        .unwrap()
        .into_inner()
}

fn outcome(offer: &OfferAnswersResponse, outcome: AnswerOutcome, article_id: &str) -> RecordOutcomeRequest {
    RecordOutcomeRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        outcome: outcome.into(),
        article_id: article_id.to_owned(),
    }
}

#[tokio::test]
async fn answers_are_offered_and_whether_they_ended_the_matter_is_measured() {
    let case = FakeCase::start().await;
    let world = World::with_cases(&case.url()).await;
    let db = world.db().await;
    filled(&world).await;
    let concern = "Mein Akku ist jeden Mittag leer, obwohl ich das Telefon über Nacht lade.";
    // A wrong answer is worse than none.
    let none = offer(
        &world,
        &anonymous(),
        "Wann kommt mein Paket an?",
        ProductLine::Unspecified,
    )
    .await;
    assert_eq!((none.offer_id.as_str(), none.articles.len()), ("", 0));

    // A visitor says that it ended the matter, then that it did not: the last word counts.
    let visitor = anonymous();
    let first = offer(&world, &visitor, concern, ProductLine::Phone).await;
    assert_eq!(slugs(&first.articles), ["battery"]);
    let battery = first.articles[0].article.as_ref().unwrap().article_id.clone();
    let mut answers = world.answers(&visitor);
    answers
        .record_outcome(outcome(&first, AnswerOutcome::Ended, &battery))
        .await
        .unwrap();
    let row = figures(&world, "battery").await.remove(0);
    assert_eq!(
        (row.language.as_str(), row.offers, row.ended, row.not_ended),
        ("de", 1, 1, 0)
    );
    answers
        .record_outcome(outcome(&first, AnswerOutcome::NotEnded, ""))
        .await
        .unwrap();
    let row = figures(&world, "battery").await.remove(0);
    assert_eq!((row.offers, row.ended, row.not_ended, row.unknown), (1, 0, 1, 0));

    // It is nobody else's to say, nor of an article that was not offered.
    assert_refused(
        world
            .answers(&customer())
            .record_outcome(outcome(&first, AnswerOutcome::Ended, ""))
            .await,
        Code::NotFound,
        "ANSWER_OFFER_NOT_FOUND",
    );
    let other = ids().next::<Id>().to_string();
    let refused = assert_refused(
        answers
            .record_outcome(outcome(&first, AnswerOutcome::Ended, &other))
            .await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    assert_eq!(refused.violations[0].field, "article_id");

    // One customer says that it ended the matter and opens a case about it all the same; another one says nothing and
    // opens one; a third opens one about something else.
    let (said, silent, elsewhere) = (customer(), customer(), customer());
    let told = offer(&world, &said, concern, ProductLine::Phone).await;
    offer(&world, &silent, concern, ProductLine::Phone).await;
    offer(&world, &elsewhere, concern, ProductLine::Phone).await;
    world
        .answers(&said)
        .record_outcome(outcome(&told, AnswerOutcome::Ended, &battery))
        .await
        .unwrap();
    let row = figures(&world, "battery").await.remove(0);
    assert_eq!((row.offers, row.ended, row.not_ended, row.unknown), (4, 1, 1, 2));
    for (who, line) in [
        (&said, ProductLine::Phone),
        (&silent, ProductLine::Phone),
        (&elsewhere, ProductLine::Desktop),
    ] {
        let id: Id = ids().next();
        let opened = CaseOpened {
            case_id: id.to_string(),
            customer_id: who.subject.clone(),
            product_line: line.into(),
            ..CaseOpened::default()
        };
        case.tell(id, &opened, &db).await;
    }
    let row = figures(&world, "battery").await.remove(0);
    assert_eq!(
        (
            row.offers,
            row.ended,
            row.ended_but_came_back,
            row.not_ended,
            row.unknown
        ),
        (4, 0, 1, 2, 1)
    );
    // The words of the customer are nowhere.
    let kept = sqlx::query_scalar!("select count(*) from answer_offers as offer where offer::text like '%Mittag%'")
        .fetch_one(db.pool())
        .await
        .unwrap();
    assert_eq!(kept, Some(0));
}

#[tokio::test]
async fn votes_and_resolved_cases_are_counted_and_lift_an_article() {
    let case = FakeCase::start().await;
    let world = World::with_cases(&case.url()).await;
    let db = world.db().await;
    for slug in ["first", "second"] {
        publish(
            &world,
            text(slug, Audience::Customer, "en", "No sound", "Turn the volume up."),
        )
        .await;
    }
    let order = async || {
        let articles = found(&world, &anonymous(), asking("no sound", &["en"])).await;
        slugs(&articles).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(order().await[0], "first");
    let rate = |slug: &str, helpful| RateArticleRequest {
        request_id: request_id(),
        slug: slug.to_owned(),
        language: "en".to_owned(),
        helpful,
    };
    let reader = customer();
    for caller in [&reader, &anonymous(), &staff()] {
        world.answers(caller).rate_article(rate("second", true)).await.unwrap();
        world.answers(caller).rate_article(rate("first", false)).await.unwrap();
    }
    // One vote each, the last word counts.
    world
        .answers(&reader)
        .rate_article(rate("second", false))
        .await
        .unwrap();
    world.answers(&reader).rate_article(rate("second", true)).await.unwrap();
    let row = figures(&world, "second").await.remove(0);
    assert_eq!((row.helpful_votes, row.unhelpful_votes), (3, 0));
    eventually("the order", || async { order().await == ["second", "first"] }).await;
    assert_refused(
        world
            .answers(&reader)
            .rate_article(RateArticleRequest {
                language: "de".to_owned(),
                ..rate("second", true)
            })
            .await,
        Code::NotFound,
        "ARTICLE_NOT_FOUND",
    );

    // Used in a case; it counts as long as the case is resolved.
    let using = |case_id: &str| RecordArticleUseRequest {
        request_id: request_id(),
        slug: "first".to_owned(),
        language: "en".to_owned(),
        case_id: case_id.to_owned(),
    };
    let mut answers = world.answers(&staff());
    answers.record_article_use(using(&KNOWN)).await.unwrap();
    answers.record_article_use(using(&KNOWN)).await.unwrap();
    assert_refused(
        answers.record_article_use(using(&ids().next::<Id>().to_string())).await,
        Code::NotFound,
        "ANSWER_CASE_NOT_FOUND",
    );
    let uses = async |resolved| {
        world
            .answers(&staff())
            .list_article_uses(ListArticleUsesRequest {
                slug: "first".to_owned(),
                resolved,
                ..ListArticleUsesRequest::default()
            })
            .await
            .unwrap()
            .into_inner()
            .uses
    };
    assert_eq!((uses(false).await.len(), uses(true).await.len()), (1, 0));
    let subject: Id = KNOWN.parse().unwrap();
    let resolved = CaseResolved {
        case_id: KNOWN.clone(),
        ..CaseResolved::default()
    };
    case.tell(subject, &resolved, &db).await;
    let listed = uses(true).await;
    assert_eq!((listed.len(), listed[0].case_id.as_str()), (1, KNOWN.as_str()));
    assert!(listed[0].resolve_time.is_some());
    let row = figures(&world, "first").await.remove(0);
    assert_eq!((row.uses, row.resolved_uses), (1, 1));
    let reopened = CaseReopened {
        case_id: KNOWN.clone(),
        ..CaseReopened::default()
    };
    case.tell(subject, &reopened, &db).await;
    assert_eq!(figures(&world, "first").await.remove(0).resolved_uses, 0);
    // No reader stands in the database.
    let named = sqlx::query_scalar!(
        "select count(*) from article_votes as vote where vote::text like '%' || $1 || '%'",
        reader.subject
    )
    .fetch_one(db.pool())
    .await
    .unwrap();
    assert_eq!(named, Some(0));
}
