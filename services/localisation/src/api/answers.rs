//! `AnswerService`.

mod cases;
mod present;

use support_chassis::call::Call;
use support_chassis::client::Peer;
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::id::{self, Ids};
use support_chassis::page;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::answer_service_server::AnswerService;
use support_proto::support::types::v1::ProductLine;
use time::OffsetDateTime;
use uuid::Uuid;

use super::answered::answered;
use crate::catalogues::Catalogues;
use crate::error::Error;
use crate::ids::{ArticleId, CaseId, OfferId};
use crate::ops::answers;
use crate::ops::articles::audience_of;
use crate::search::live::Live;
use crate::search::query::Mode;
use crate::search::rank::Asked;
use crate::search::state::{Hit, Search, searched};
use crate::store;
use cases::Cases;
use support_words::tag::Tag;

/// How many articles are found where the caller does not say.
const FOUND: usize = 10;
/// How many are suggested for a case where the caller does not say.
const SUGGESTED: usize = 5;
/// How many answers are offered at most: who has to read more has not been helped.
const OFFERED: usize = 3;
/// How well an answer must fit to be offered. A customer who is shown what is beside the point asks a person with less
/// patience.
const FITS: f32 = 0.16;
/// How many a page of uses or figures holds where the caller does not say, and at most.
const PAGE: u32 = 50;
const LARGEST_PAGE: u32 = 200;

/// `AnswerService`.
#[derive(Debug, Clone)]
pub struct AnswerApi {
    db: Db,
    ids: Ids,
    clock: Clock,
    catalogues: Catalogues,
    search: Live,
    cases: Cases,
}

/// What a caller looks for.
struct Wanted<'w> {
    text: &'w str,
    mode: Mode,
    languages: &'w [String],
    everywhere: bool,
    product_line: ProductLine,
    product: &'w str,
    kind: Option<wire::ArticleKind>,
    limit: usize,
}

/// A number of things that a caller wants; `usual` where they do not say.
fn limit(size: i32, usual: usize) -> usize {
    usize::try_from(size).ok().filter(|size| *size > 0).unwrap_or(usual)
}

impl AnswerApi {
    /// The service over what is searched, with `cases` to ask for what was said in one.
    #[must_use]
    pub fn new(db: Db, ids: Ids, clock: Clock, catalogues: Catalogues, search: Live, cases: Peer) -> Self {
        Self {
            db,
            ids,
            clock,
            catalogues,
            search,
            cases: Cases::new(cases),
        }
    }

    /// The locales that a reader reads, best first.
    fn read(&self, languages: &[String]) -> Vec<Tag> {
        let snapshot = self.catalogues.current();
        let mut read: Vec<Tag> = Vec::new();
        for language in languages {
            let negotiated = snapshot.locales().negotiate(std::slice::from_ref(language));
            let tag = &negotiated.locale.tag;
            if negotiated.matched.is_some() && !read.contains(tag) {
                read.push(tag.clone());
            }
        }
        if read.is_empty() {
            read.push(snapshot.locales().default_tag().clone());
        }
        read
    }

    fn default_language(&self) -> Tag {
        self.catalogues.current().locales().default_tag().clone()
    }

    /// A language that an article may have.
    fn language(&self, language: &str) -> Result<Tag, Error> {
        let snapshot = self.catalogues.current();
        let locale = snapshot.locales().find(language).ok_or(Error::ArticleNotFound)?;
        Ok(locale.tag.clone())
    }

    async fn find(&self, call: &Call, wanted: Wanted<'_>) -> Result<Vec<Hit>, Error> {
        let state = self.search.current();
        let languages = searched(
            &self.read(wanted.languages),
            &self.default_language(),
            wanted.text,
            wanted.everywhere,
            state.indexes.keys(),
        );
        let line = i16::try_from(i32::from(wanted.product_line)).unwrap_or_default();
        let search = Search {
            text: wanted.text,
            mode: wanted.mode,
            languages,
            asked: Asked {
                reader: audience_of(call.caller().kind),
                product_line: (line != 0).then_some(line),
                product: wanted.product.to_owned(),
                kind: wanted.kind,
                now: self.clock.now(),
            },
            limit: wanted.limit,
        };
        self.search.search(search).await
    }

    fn found(&self, hits: &[Hit], languages: &[String]) -> Vec<wire::FoundArticle> {
        let (default, today) = (self.default_language(), self.clock.now().date());
        hits.iter()
            .filter_map(|hit| present::found(hit, languages, &default, today))
            .collect()
    }

    async fn search(
        &self,
        call: &Call,
        request: &wire::SearchArticlesRequest,
    ) -> Result<wire::SearchArticlesResponse, Error> {
        let wanted = Wanted {
            text: &request.query,
            mode: Mode::Words,
            languages: &request.languages,
            everywhere: request.all_languages,
            product_line: request.product_line(),
            product: &request.product,
            kind: Some(request.kind()).filter(|kind| *kind != wire::ArticleKind::Unspecified),
            limit: limit(request.page_size, FOUND),
        };
        let hits = self.find(call, wanted).await?;
        Ok(wire::SearchArticlesResponse {
            articles: self.found(&hits, &request.languages),
        })
    }

    async fn suggest(
        &self,
        call: &Call,
        request: &wire::SuggestForCaseRequest,
    ) -> Result<wire::SuggestForCaseResponse, Error> {
        let told = self.cases.told(call, &request.case_id).await?;
        // Without a word of the reader: what the case is held in.
        let languages = if request.languages.is_empty() {
            vec![told.language]
        } else {
            let mut languages = request.languages.clone();
            languages.push(told.language);
            languages
        };
        let wanted = Wanted {
            text: &told.words,
            mode: Mode::Story,
            languages: &languages,
            everywhere: false,
            product_line: told.product_line,
            product: "",
            kind: None,
            limit: limit(request.page_size, SUGGESTED),
        };
        let hits = self.find(call, wanted).await?;
        Ok(wire::SuggestForCaseResponse {
            articles: self.found(&hits, &languages),
        })
    }

    async fn offer(
        &self,
        call: &Call,
        request: &wire::OfferAnswersRequest,
    ) -> Result<wire::OfferAnswersResponse, Error> {
        let wanted = Wanted {
            text: &request.concern,
            mode: Mode::Story,
            languages: &request.languages,
            everywhere: false,
            product_line: request.product_line(),
            product: &request.product,
            kind: None,
            limit: OFFERED,
        };
        let mut hits = self.find(call, wanted).await?;
        hits.retain(|hit| hit.score >= FITS);
        let articles = self.found(&hits, &request.languages);
        if articles.is_empty() {
            return Ok(wire::OfferAnswersResponse::default());
        }
        let offered = hits
            .iter()
            .filter_map(|hit| {
                let (language, text) = present::text_for(hit, &request.languages, &self.default_language())?;
                Some((hit.article.id, language.clone(), text.version))
            })
            .collect();
        let language = self.read(&request.languages).swap_remove(0);
        let id: OfferId = self.ids.next();
        let at = self.clock.now();
        let offer = answers::offer_to(call.caller(), id, language, request.product_line(), at, offered);
        self.db
            .write(call, request, async |tx| -> Result<_, Error> {
                store::feedback::offer(tx, &offer).await?;
                Ok(wire::OfferAnswersResponse {
                    offer_id: id.to_string(),
                    articles,
                })
            })
            .await
    }

    async fn outcome(
        &self,
        call: &Call,
        request: &wire::RecordOutcomeRequest,
    ) -> Result<wire::RecordOutcomeResponse, Error> {
        let offer: OfferId = id::parse("offer_id", &request.offer_id).map_err(|_| Error::OfferNotFound)?;
        let article: Option<ArticleId> =
            id::parse_optional("article_id", &request.article_id).map_err(|_| Error::ArticleNotFound)?;
        let has_ended = request.outcome() == wire::AnswerOutcome::Ended;
        self.db
            .write(call, request, async |tx| -> Result<_, Error> {
                answers::record_outcome(tx, call.caller(), offer, has_ended, article).await?;
                Ok(wire::RecordOutcomeResponse {})
            })
            .await
    }

    async fn rate(&self, call: &Call, request: &wire::RateArticleRequest) -> Result<wire::RateArticleResponse, Error> {
        let language = self.language(&request.language)?;
        self.db
            .write(call, request, async |tx| -> Result<_, Error> {
                answers::rate(tx, call.caller(), &request.slug, &language, request.helpful).await?;
                Ok(wire::RateArticleResponse {})
            })
            .await
    }

    async fn record_use(
        &self,
        call: &Call,
        request: &wire::RecordArticleUseRequest,
    ) -> Result<wire::RecordArticleUseResponse, Error> {
        let language = self.language(&request.language)?;
        let case: CaseId = id::parse("case_id", &request.case_id).map_err(|_| Error::CaseNotFound)?;
        // Before anything is locked: whether there is such a case for the caller, and whether it is resolved already.
        let resolved_at = self.cases.resolved_at(call, &request.case_id).await?;
        self.db
            .write(call, request, async |tx| -> Result<_, Error> {
                answers::record_use(tx, call.caller(), &request.slug, &language, case, resolved_at).await?;
                Ok(wire::RecordArticleUseResponse {})
            })
            .await
    }

    async fn uses(&self, request: &wire::ListArticleUsesRequest) -> Result<wire::ListArticleUsesResponse, Error> {
        let binding = ("ListArticleUses", &request.slug, request.resolved);
        let page = page::parse::<(OffsetDateTime, Uuid), _>(
            request.page_size,
            &request.page_token,
            PAGE,
            LARGEST_PAGE,
            &binding,
        )?;
        let mut connection = self.db.read().await?;
        let article = store::articles::find_any(&mut connection, &request.slug)
            .await?
            .ok_or(Error::ArticleNotFound)?;
        let rows =
            store::feedback::uses(&mut connection, article.id, request.resolved, page.after, page.limit()).await?;
        let (rows, next_page_token) = page.cut(rows, |row| (row.used_at, row.case.uuid()));
        Ok(wire::ListArticleUsesResponse {
            uses: rows.into_iter().map(present::used).collect(),
            next_page_token,
        })
    }

    async fn figures(
        &self,
        request: &wire::ListArticleFiguresRequest,
    ) -> Result<wire::ListArticleFiguresResponse, Error> {
        let binding = ("ListArticleFigures", &request.slug);
        let page =
            page::parse::<(String, String), _>(request.page_size, &request.page_token, PAGE, LARGEST_PAGE, &binding)?;
        let slug = Some(request.slug.as_str()).filter(|slug| !slug.is_empty());
        let mut connection = self.db.read().await?;
        let rows = store::feedback::figures(&mut connection, slug, page.after.as_ref(), page.limit()).await?;
        let (rows, next_page_token) = page.cut(rows, |row| (row.slug.clone(), row.language.clone()));
        Ok(wire::ListArticleFiguresResponse {
            figures: rows.into_iter().map(present::figures).collect(),
            next_page_token,
        })
    }
}

answered! {
    AnswerService for AnswerApi:
    search_articles: SearchArticlesRequest -> SearchArticlesResponse by search (call);
    suggest_for_case: SuggestForCaseRequest -> SuggestForCaseResponse by suggest (call);
    offer_answers: OfferAnswersRequest -> OfferAnswersResponse by offer (call);
    record_outcome: RecordOutcomeRequest -> RecordOutcomeResponse by outcome (call);
    rate_article: RateArticleRequest -> RateArticleResponse by rate (call);
    record_article_use: RecordArticleUseRequest -> RecordArticleUseResponse by record_use (call);
    list_article_uses: ListArticleUsesRequest -> ListArticleUsesResponse by uses;
    list_article_figures: ListArticleFiguresRequest -> ListArticleFiguresResponse by figures;
}
