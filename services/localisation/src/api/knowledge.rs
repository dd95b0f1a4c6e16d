//! `KnowledgeService`.

mod drafts;
mod parse;
pub(super) mod present;

use support_chassis::call::Call;
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::id::{self, Ids};
use support_chassis::page;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::knowledge_service_server::KnowledgeService;
use time::Date;

use super::answered::answered;
use crate::catalogues::Catalogues;
use crate::domain::article::{Audience, Profile};
use crate::error::Error;
use crate::ids::ArticleDraftId;
use crate::ops;
use crate::ops::articles::{self, NewText, Wanted, audience_of};
use crate::search::live::Live;
use crate::standard::knowledge::Rules;
use crate::store;
use crate::store::articles::Listed;
use support_words::tag::Tag;

/// How many a page holds where the caller does not say.
const DEFAULT_PAGE: u32 = 50;
/// How many it holds at most.
const LARGEST_PAGE: u32 = 200;

/// `KnowledgeService`.
#[derive(Debug, Clone)]
pub struct KnowledgeApi {
    db: Db,
    ids: Ids,
    clock: Clock,
    catalogues: Catalogues,
    rules: Rules,
    search: Live,
}

impl KnowledgeApi {
    /// The service over a database, with the locales of the catalogues. What is published is found by `search` when
    /// the publishing is answered.
    #[must_use]
    pub fn new(db: Db, ids: Ids, clock: Clock, catalogues: Catalogues, rules: Rules, search: Live) -> Self {
        Self {
            db,
            ids,
            clock,
            catalogues,
            rules,
            search,
        }
    }

    fn today(&self) -> Date {
        self.clock.now().date()
    }

    fn default_language(&self) -> Tag {
        self.catalogues.current().locales().default_tag().clone()
    }

    /// The tag of a locale.
    fn language(&self, language: &str) -> Result<Tag, Error> {
        let snapshot = self.catalogues.current();
        let locale = snapshot.locales().find(language).ok_or(Error::LocaleNotFound)?;
        Ok(locale.tag.clone())
    }

    async fn publish(
        &self,
        call: &Call,
        request: &wire::PublishArticleRequest,
    ) -> Result<wire::PublishArticleResponse, Error> {
        let language = self.language(&request.language)?;
        let audience = parse::audience(request.audience)?;
        let lines = parse::product_lines(&request.product_lines);
        let by = &call.caller().subject;
        let answer = self
            .db
            .write(call, request, async |tx| -> Result<_, Error> {
                // What this call cannot say stays as it is.
                let known = store::articles::find_any(tx, &request.slug).await?;
                let mut profile = known.map_or_else(
                    || Profile::plain(wire::ArticleKind::HowTo, audience),
                    |article| article.profile,
                );
                profile.audience = audience;
                profile.product_lines = lines;
                profile.review_on = None;
                if request.kind() != wire::ArticleKind::Unspecified {
                    profile.kind = request.kind();
                }
                let new = NewText {
                    slug: request.slug.clone(),
                    profile: Some(profile),
                    language,
                    title: request.title.clone(),
                    blocks: parse::blocks(&request.blocks),
                    source_version: None,
                };
                let read = articles::publish(tx, &self.ids, &self.rules, &new, by, None).await?;
                Ok(wire::PublishArticleResponse {
                    article: Some(present::article(read, self.today())),
                })
            })
            .await?;
        self.search.refresh_or_warn().await;
        Ok(answer)
    }

    async fn get(&self, call: &Call, request: &wire::GetArticleRequest) -> Result<wire::GetArticleResponse, Error> {
        let reader = audience_of(call.caller().kind);
        let version = Some(request.version).filter(|version| *version != 0);
        if version.is_some() && reader < Audience::Staff {
            return Err(Error::ArticleNotFound);
        }
        let wanted = Wanted {
            slug: &request.slug,
            reader,
            languages: &request.languages,
            version,
        };
        let mut connection = self.db.read().await?;
        let read = articles::get(&mut connection, wanted, &self.default_language()).await?;
        Ok(wire::GetArticleResponse {
            article: Some(present::article(read, self.today())),
        })
    }

    async fn list(
        &self,
        call: &Call,
        request: &wire::ListArticlesRequest,
    ) -> Result<wire::ListArticlesResponse, Error> {
        let reader = audience_of(call.caller().kind);
        let number = |number: i32| i16::try_from(number).ok().filter(|number| *number != 0);
        let default = self.default_language();
        let target = self.catalogues.current();
        let target = &target.locales().negotiate(&request.languages).locale.tag;
        let binding = (
            "ListArticles",
            reader.rank(),
            request.product_line,
            &request.languages,
            request.kind,
            request.review_due,
            request.to_be_translated,
        );
        let page = page::parse::<String, _>(
            request.page_size,
            &request.page_token,
            DEFAULT_PAGE,
            LARGEST_PAGE,
            &binding,
        )?;
        let listed = Listed {
            audience: reader,
            product_line: number(request.product_line),
            kind: number(request.kind),
            due: request.review_due.then(|| self.today()),
            to_be_translated: request.to_be_translated.then_some(target),
            after: page.after.as_deref(),
            limit: page.limit(),
        };
        let mut connection = self.db.read().await?;
        let rows = store::articles::list(&mut connection, listed).await?;
        let (rows, next_page_token) = page.cut(rows, |article| article.slug.clone());
        let read = articles::in_best_language(&mut connection, rows, &request.languages, None, &default).await?;
        let today = self.today();
        let articles = read.into_iter().map(|read| present::article(read, today)).collect();
        Ok(wire::ListArticlesResponse {
            articles,
            next_page_token,
        })
    }

    async fn versions(
        &self,
        request: &wire::ListArticleVersionsRequest,
    ) -> Result<wire::ListArticleVersionsResponse, Error> {
        let binding = ("ListArticleVersions", &request.slug, &request.language);
        let page = page::parse::<i64, _>(
            request.page_size,
            &request.page_token,
            DEFAULT_PAGE,
            LARGEST_PAGE,
            &binding,
        )?;
        let language = self.language(&request.language).map_err(|_| Error::ArticleNotFound)?;
        let mut connection = self.db.read().await?;
        let article = store::articles::find_any(&mut connection, &request.slug)
            .await?
            .ok_or(Error::ArticleNotFound)?;
        let rows = store::articles::versions(&mut connection, article.id, &language, page.after, page.limit()).await?;
        let (rows, next_page_token) = page.cut(rows, |row| row.version);
        Ok(wire::ListArticleVersionsResponse {
            versions: rows.into_iter().map(present::version).collect(),
            next_page_token,
        })
    }

    async fn review(
        &self,
        call: &Call,
        request: &wire::ReviewArticleRequest,
    ) -> Result<wire::ReviewArticleResponse, Error> {
        let on = parse::date("review_date", request.review_date.as_ref())?;
        let today = self.today();
        let answer = self
            .db
            .write(call, request, async |tx| -> Result<_, Error> {
                let read = articles::review(tx, &self.rules, &request.slug, on).await?;
                Ok(wire::ReviewArticleResponse {
                    article: Some(present::article(read, today)),
                })
            })
            .await?;
        self.search.refresh_or_warn().await;
        Ok(answer)
    }

    async fn retire(
        &self,
        call: &Call,
        request: &wire::RetireArticleRequest,
    ) -> Result<wire::RetireArticleResponse, Error> {
        let answer = self
            .db
            .write(call, request, async |tx| -> Result<_, Error> {
                articles::retire(tx, &request.slug).await?;
                Ok(wire::RetireArticleResponse {})
            })
            .await?;
        self.search.refresh_or_warn().await;
        Ok(answer)
    }

    async fn draft(&self, request: &wire::GetArticleDraftRequest) -> Result<wire::GetArticleDraftResponse, Error> {
        let id = draft_id(&request.draft_id)?;
        let mut connection = self.db.read().await?;
        let draft = ops::drafts::read(&mut connection, id).await?;
        Ok(wire::GetArticleDraftResponse {
            draft: Some(present::draft(draft)),
        })
    }
}

/// A draft's id. One that is none names no draft.
fn draft_id(text: &str) -> Result<ArticleDraftId, Error> {
    id::parse("draft_id", text).map_err(|_| Error::DraftNotFound)
}

answered! {
    KnowledgeService for KnowledgeApi:
    publish_article: PublishArticleRequest -> PublishArticleResponse by publish (call);
    get_article: GetArticleRequest -> GetArticleResponse by get (call);
    list_articles: ListArticlesRequest -> ListArticlesResponse by list (call);
    list_article_versions: ListArticleVersionsRequest -> ListArticleVersionsResponse by versions;
    create_article_draft: CreateArticleDraftRequest -> CreateArticleDraftResponse by create_draft (call);
    change_article_draft: ChangeArticleDraftRequest -> ChangeArticleDraftResponse by change_draft (call);
    submit_article_draft: SubmitArticleDraftRequest -> SubmitArticleDraftResponse by submit_draft (call);
    return_article_draft: ReturnArticleDraftRequest -> ReturnArticleDraftResponse by return_draft (call);
    approve_article_draft: ApproveArticleDraftRequest -> ApproveArticleDraftResponse by approve_draft (call);
    publish_article_draft: PublishArticleDraftRequest -> PublishArticleDraftResponse by publish_draft (call);
    discard_article_draft: DiscardArticleDraftRequest -> DiscardArticleDraftResponse by discard_draft (call);
    get_article_draft: GetArticleDraftRequest -> GetArticleDraftResponse by draft;
    list_article_drafts: ListArticleDraftsRequest -> ListArticleDraftsResponse by list_drafts;
    review_article: ReviewArticleRequest -> ReviewArticleResponse by review (call);
    retire_article: RetireArticleRequest -> RetireArticleResponse by retire (call);
}
