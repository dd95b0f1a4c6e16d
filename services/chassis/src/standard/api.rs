//! The gRPC door of the standard: `StandardService`, served by every service that has documents.

mod parse;
mod present;

use std::sync::Arc;
use std::time::Duration;

use support_proto::support::standard::v1 as wire;
use support_proto::support::standard::v1::standard_service_server::{StandardService, StandardServiceServer};
use tokio::time::Instant;
use tonic::{Request, Response, Status};

use super::book::Book;
use super::error::Error;
use super::ops::draft::{Act, DraftId};
use super::ops::{self, Desk, PublicationKey, person};
use super::snapshot::Snapshot;
use crate::call::Call;
use crate::db::Db;
use crate::error::{chain, into_status};
use crate::id::{self, Ids};
use crate::page;

/// The default number of entries on a page.
const PAGE_SIZE: u32 = 50;
/// The most entries on a page.
const PAGE_SIZE_LIMIT: u32 = 100;

/// The longest that a report takes; the call may take 60 s.
const REPORT_WITHIN: Duration = Duration::from_secs(48);

/// The service behind `StandardService`.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    desk: Desk,
}

impl Api {
    /// The door of a service's book.
    pub(crate) fn server(book: Book, ids: Ids) -> StandardServiceServer<Self> {
        StandardServiceServer::new(Self {
            desk: Desk { book, ids },
        })
    }

    fn db(&self) -> &Db {
        self.desk.book.db()
    }

    fn known(&self) -> Arc<Snapshot> {
        self.desk.book.snapshot()
    }

    /// Reads what was just committed, so that whoever did it is answered by it from now on.
    async fn refresh(&self) {
        if let Err(error) = self.desk.book.refresh().await {
            // It is committed, and read within a second anyhow.
            tracing::warn!(error = chain(&error), "what was published is not read yet");
        }
    }
}

/// By when a report is to be told: before whoever asked goes away, as a report that is not all is better than none.
fn report_by(call: &Call) -> Instant {
    let left = call.remaining().map_or(REPORT_WITHIN, |left| left * 4 / 5);
    Instant::now() + left.min(REPORT_WITHIN)
}

#[tonic::async_trait]
impl StandardService for Api {
    async fn list_documents(
        &self,
        request: Request<wire::ListDocumentsRequest>,
    ) -> Result<Response<wire::ListDocumentsResponse>, Status> {
        parse::service(&self.desk, &request.get_ref().service)?;
        let (known, today) = (self.known(), self.desk.book.today());
        let holder = known.records().holder().region;
        let documents = ops::aside(move || ops::documents(&known, today)).await;
        Ok(Response::new(wire::ListDocumentsResponse {
            documents: documents.iter().map(present::document).collect(),
            authority_region: holder.to_string(),
            regions: self
                .desk
                .book
                .heard()
                .all()
                .into_iter()
                .map(present::followed)
                .collect(),
            region: self.desk.book.region().to_string(),
        }))
    }

    async fn get_effective(
        &self,
        request: Request<wire::GetEffectiveRequest>,
    ) -> Result<Response<wire::GetEffectiveResponse>, Status> {
        let request = request.get_ref();
        let (known, today) = (self.known(), self.desk.book.today());
        let held = if request.basis.is_empty() {
            let (place, day) = parse::place_and_day(request)?;
            ops::effective(&known, &request.document, &place, day.unwrap_or(today), today)?
        } else {
            ops::effective_by_basis(&known, &request.document, &parse::basis(&request.basis)?)?
        };
        Ok(Response::new(present::effective(&held)))
    }

    async fn list_publications(
        &self,
        request: Request<wire::ListPublicationsRequest>,
    ) -> Result<Response<wire::ListPublicationsResponse>, Status> {
        let request = request.get_ref();
        let place = parse::filter_of_place(&request.place)?;
        let binding = ("ListPublications", &request.document, &request.place);
        let page: page::Page<PublicationKey> = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &binding,
        )
        .map_err(into_status)?;
        let known = self.known();
        let (publications, next_page_token) = ops::publications(&known, &request.document, place.as_ref(), &page)?;
        let publications = publications
            .iter()
            .map(|publication| present::publication_without_content(&known, publication));
        Ok(Response::new(wire::ListPublicationsResponse {
            publications: publications.collect(),
            next_page_token,
        }))
    }

    async fn get_publication(
        &self,
        request: Request<wire::GetPublicationRequest>,
    ) -> Result<Response<wire::GetPublicationResponse>, Status> {
        let request = request.get_ref();
        let id = id::parse("publication_id", &request.publication_id)?;
        let known = self.known();
        let publication = ops::publication(&known, &request.document, id)?;
        Ok(Response::new(wire::GetPublicationResponse {
            publication: Some(present::publication(&known, &publication)),
        }))
    }

    async fn check_content(
        &self,
        request: Request<wire::CheckContentRequest>,
    ) -> Result<Response<wire::CheckContentResponse>, Status> {
        let until = report_by(&Call::of(&request)?);
        let proposal = parse::content(request.into_inner(), self.desk.book.today())?;
        let report = ops::report(&self.desk, proposal, self.desk.book.now(), until).await?;
        Ok(Response::new(wire::CheckContentResponse {
            report: Some(present::report(report)),
        }))
    }

    async fn create_draft(
        &self,
        request: Request<wire::CreateDraftRequest>,
    ) -> Result<Response<wire::CreateDraftResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let new = parse::new_draft(&request, person(&call))?;
        let answer = self
            .db()
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let draft = ops::create(tx, &self.desk, new).await?;
                Ok(wire::CreateDraftResponse {
                    draft: Some(present::draft(&draft)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn update_draft(
        &self,
        request: Request<wire::UpdateDraftRequest>,
    ) -> Result<Response<wire::UpdateDraftResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let change = parse::draft_change(&request, person(&call))?;
        let answer = self
            .db()
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let draft = ops::change(tx, &self.desk, change).await?;
                Ok(wire::UpdateDraftResponse {
                    draft: Some(present::draft(&draft)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_draft(
        &self,
        request: Request<wire::GetDraftRequest>,
    ) -> Result<Response<wire::GetDraftResponse>, Status> {
        let request = request.get_ref();
        let draft = self.draft(&request.document, &request.draft_id).await?;
        Ok(Response::new(wire::GetDraftResponse {
            draft: Some(present::draft(&draft)),
        }))
    }

    async fn list_drafts(
        &self,
        request: Request<wire::ListDraftsRequest>,
    ) -> Result<Response<wire::ListDraftsResponse>, Status> {
        let request = request.get_ref();
        parse::service(&self.desk, &request.service)?;
        let states = parse::states(request);
        let filter = ops::DraftFilter {
            document: Some(request.document.as_str()).filter(|document| !document.is_empty()),
            states: &states,
        };
        let binding = ("ListDrafts", &request.document, &request.states);
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_SIZE_LIMIT,
            &binding,
        )
        .map_err(into_status)?;
        let mut connection = self.db().read().await.map_err(Error::from)?;
        let (drafts, next_page_token) = ops::list_drafts(&mut connection, filter, &page).await?;
        Ok(Response::new(wire::ListDraftsResponse {
            drafts: drafts.iter().map(present::draft).collect(),
            next_page_token,
        }))
    }

    async fn check_draft(
        &self,
        request: Request<wire::CheckDraftRequest>,
    ) -> Result<Response<wire::CheckDraftResponse>, Status> {
        let until = report_by(&Call::of(&request)?);
        let request = request.get_ref();
        let draft = self.draft(&request.document, &request.draft_id).await?;
        let report = ops::report_of_draft(&self.desk, &draft, self.desk.book.now(), until).await?;
        Ok(Response::new(wire::CheckDraftResponse {
            report: Some(present::report(report)),
        }))
    }

    async fn approve_draft(
        &self,
        request: Request<wire::ApproveDraftRequest>,
    ) -> Result<Response<wire::ApproveDraftResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id = parse::draft_id(&request.draft_id)?;
        self.accepted(&call, &request.document, id, Act::Approve).await?;
        let answer = self
            .db()
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let approver = person(&call);
                let draft = ops::approve(tx, &self.desk, &request.document, id, &request.etag, approver).await?;
                Ok(wire::ApproveDraftResponse {
                    draft: Some(present::draft(&draft)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn publish_draft(
        &self,
        request: Request<wire::PublishDraftRequest>,
    ) -> Result<Response<wire::PublishDraftResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let order = ops::PublishDraft {
            document: request.document.clone(),
            draft: parse::draft_id(&request.draft_id)?,
            digest: request.digest.clone(),
            may_set_aside: request.may_set_aside,
        };
        self.accepted(&call, &request.document, order.draft, Act::Publish)
            .await?;
        let answer = self
            .db()
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let (draft, known) = ops::publish(tx, &self.desk, order).await?;
                let publication = draft.publication.and_then(|id| known.records().publication(id));
                Ok(wire::PublishDraftResponse {
                    publication: publication.map(|publication| present::publication(&known, publication)),
                })
            })
            .await?;
        self.refresh().await;
        Ok(Response::new(answer))
    }

    async fn discard_draft(
        &self,
        request: Request<wire::DiscardDraftRequest>,
    ) -> Result<Response<wire::DiscardDraftResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id = parse::draft_id(&request.draft_id)?;
        let answer = self
            .db()
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let draft = ops::discard(tx, &self.desk, &request.document, id).await?;
                Ok(wire::DiscardDraftResponse {
                    draft: Some(present::draft(&draft)),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn hand_over_authority(
        &self,
        request: Request<wire::HandOverAuthorityRequest>,
    ) -> Result<Response<wire::HandOverAuthorityResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        parse::service(&self.desk, &request.service)?;
        let region = parse::region(&request.region)?;
        let answer = self
            .db()
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let tenure = ops::hand_over(tx, &self.desk, region, request.reason.clone(), person(&call)).await?;
                Ok(wire::HandOverAuthorityResponse {
                    region: tenure.region.to_string(),
                })
            })
            .await?;
        self.refresh().await;
        Ok(Response::new(answer))
    }

    async fn take_authority(
        &self,
        request: Request<wire::TakeAuthorityRequest>,
    ) -> Result<Response<wire::TakeAuthorityResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        parse::service(&self.desk, &request.service)?;
        let answer = self
            .db()
            .write::<_, _, Error, _>(&call, &request, async |tx| {
                let tenure = ops::take(tx, &self.desk, request.reason.clone(), person(&call)).await?;
                Ok(wire::TakeAuthorityResponse {
                    region: tenure.region.to_string(),
                })
            })
            .await?;
        self.refresh().await;
        Ok(Response::new(answer))
    }
}

impl Api {
    /// Sees that the service does not object to what is to be done with a draft: before anything is locked, for it reads at length.
    async fn accepted(&self, call: &Call, document: &str, id: DraftId, act: Act) -> Result<(), Error> {
        let mut connection = self.db().read().await?;
        let draft = ops::draft(&mut connection, &self.desk, document, id).await?;
        drop(connection);
        ops::accepted(&self.desk, &draft, act, self.desk.book.now(), report_by(call)).await
    }

    async fn draft(&self, document: &str, id: &str) -> Result<ops::draft::Draft, Error> {
        let id: DraftId = parse::draft_id(id)?;
        let mut connection = self.db().read().await?;
        ops::draft(&mut connection, &self.desk, document, id).await
    }
}
