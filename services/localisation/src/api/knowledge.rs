//! `KnowledgeService`.

use std::collections::BTreeSet;

use support_chassis::call::Call;
use support_chassis::db::Db;
use support_chassis::error::Violations;
use support_chassis::id::Ids;
use support_chassis::page;
use support_proto::support::localisation::v1 as wire;
use support_proto::support::localisation::v1::knowledge_service_server::KnowledgeService;
use tonic::{Request, Response, Status};

use super::present;
use crate::catalogues::Catalogues;
use crate::domain::article::Audience;
use crate::error::Error;
use crate::ops::articles::{self, NewText, audience_of};
use crate::store;
use crate::store::articles::Block;
use support_words::tag::Tag;

/// How many articles a page holds where the caller does not say.
const DEFAULT_PAGE: u32 = 50;
/// How many it holds at most.
const LARGEST_PAGE: u32 = 200;

/// `KnowledgeService`.
#[derive(Debug, Clone)]
pub struct KnowledgeApi {
    db: Db,
    ids: Ids,
    catalogues: Catalogues,
}

impl KnowledgeApi {
    /// The service over a database, with the locales of the catalogues.
    #[must_use]
    pub fn new(db: Db, ids: Ids, catalogues: Catalogues) -> Self {
        Self { db, ids, catalogues }
    }

    fn default_language(&self) -> Tag {
        self.catalogues.current().locales().default_tag().clone()
    }

    async fn publish(
        &self,
        call: &Call,
        request: &wire::PublishArticleRequest,
    ) -> Result<wire::PublishArticleResponse, Error> {
        let new = self.parse(request)?;
        let by = &call.caller().subject;
        self.db
            .write(call, request, async |tx| {
                let read = articles::publish(tx, &self.ids, &new, by).await?;
                Ok(wire::PublishArticleResponse {
                    article: Some(present::article(read)),
                })
            })
            .await
    }

    fn parse(&self, request: &wire::PublishArticleRequest) -> Result<NewText, Error> {
        let snapshot = self.catalogues.current();
        let language = snapshot
            .locales()
            .find(&request.language)
            .ok_or(Error::LocaleNotFound)?
            .tag
            .clone();
        let mut fields = Violations::new();
        let audience = i16::try_from(request.audience).ok().and_then(Audience::from_rank);
        fields.require(audience.is_some(), "audience", "must be one of the values");
        // A line named twice says no more than once.
        let lines: BTreeSet<i16> = request
            .product_lines
            .iter()
            .filter_map(|line| i16::try_from(*line).ok())
            .collect();
        let blocks = request
            .blocks
            .iter()
            .filter_map(|block| {
                Some(Block {
                    kind: i16::try_from(block.kind).ok()?,
                    body: block.text.clone(),
                })
            })
            .collect();
        let audience = fields.finish(audience)?;
        Ok(NewText {
            slug: request.slug.clone(),
            audience,
            product_lines: lines.into_iter().collect(),
            language,
            title: request.title.clone(),
            blocks,
        })
    }

    async fn list(
        &self,
        call: &Call,
        request: &wire::ListArticlesRequest,
    ) -> Result<wire::ListArticlesResponse, Error> {
        let reader = audience_of(call.caller().kind);
        let line = i16::try_from(request.product_line).ok().filter(|line| *line != 0);
        let binding = ("ListArticles", reader.rank(), request.product_line, &request.languages);
        let page = page::parse::<String, _>(
            request.page_size,
            &request.page_token,
            DEFAULT_PAGE,
            LARGEST_PAGE,
            &binding,
        )?;
        let mut connection = self.db.read().await?;
        let rows = store::articles::list(&mut connection, reader, line, page.after.as_deref(), page.limit()).await?;
        let (rows, next_page_token) = page.cut(rows, |article| article.slug.clone());
        let read =
            articles::in_best_language(&mut connection, rows, &request.languages, &self.default_language()).await?;
        let articles = read.into_iter().map(present::article).collect();
        Ok(wire::ListArticlesResponse {
            articles,
            next_page_token,
        })
    }
}

#[tonic::async_trait]
impl KnowledgeService for KnowledgeApi {
    async fn publish_article(
        &self,
        request: Request<wire::PublishArticleRequest>,
    ) -> Result<Response<wire::PublishArticleResponse>, Status> {
        let call = Call::of(&request)?;
        Ok(Response::new(self.publish(&call, request.get_ref()).await?))
    }

    async fn get_article(
        &self,
        request: Request<wire::GetArticleRequest>,
    ) -> Result<Response<wire::GetArticleResponse>, Status> {
        let reader = audience_of(Call::of(&request)?.caller().kind);
        let wire::GetArticleRequest { slug, languages } = request.into_inner();
        let mut connection = self.db.read().await?;
        let read = articles::get(&mut connection, &slug, reader, &languages, &self.default_language()).await?;
        Ok(Response::new(wire::GetArticleResponse {
            article: Some(present::article(read)),
        }))
    }

    async fn list_articles(
        &self,
        request: Request<wire::ListArticlesRequest>,
    ) -> Result<Response<wire::ListArticlesResponse>, Status> {
        let call = Call::of(&request)?;
        Ok(Response::new(self.list(&call, request.get_ref()).await?))
    }
}
