//! The gRPC door: parse the request, call the use case, present the answer.

mod pages;
mod parse;
pub mod playbook;
pub(crate) mod present;

use prost::Message;
use support_chassis::call::Call;
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::id::Ids;
use support_chassis::page;
use support_chassis::vault::Vault;
use support_proto::codec::Change;
use support_proto::support::case::v1 as contract;
use support_proto::support::case::v1::case_service_server::CaseService;
use support_proto::support::case::v1::{
    AssignCaseRequest, AssignCaseResponse, ChangeLanguageRequest, ChangeLanguageResponse, ChangeSeverityRequest,
    ChangeSeverityResponse, CloseCaseRequest, CloseCaseResponse, GetCaseRequest, GetCaseResponse, ListCasesRequest,
    ListCasesResponse, ListMessagesRequest, ListMessagesResponse, ListTimelineRequest, ListTimelineResponse,
    OpenCaseRequest, OpenCaseResponse, PostMessageRequest, PostMessageResponse, ReopenCaseRequest, ReopenCaseResponse,
    ResolveCaseRequest, ResolveCaseResponse,
};
use support_proto::support::options::v1::CallerKind;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::levels::Book;
use crate::ops::{self, Viewer};
use crate::store::marks;

/// No more texts that a customer was shown go along with a case.
const MOST_SHOWN: i64 = 100;

/// The service `support.case.v1.CaseService`.
#[derive(Debug, Clone)]
pub struct CaseApi {
    db: Db,
    ids: Ids,
    clock: Clock,
    book: Book,
    vault: Vault,
}

impl CaseApi {
    /// The service over a database, by the service levels in `book`; what people write is sealed by `vault`.
    #[must_use]
    pub fn new(db: Db, ids: Ids, clock: Clock, book: Book, vault: Vault) -> Self {
        Self {
            db,
            ids,
            clock,
            book,
            vault,
        }
    }

    /// A call that changes a case: they differ in what they ask for and in the name of their answer.
    async fn change<Q: Change, R: Message + Default + Clone>(
        &self,
        request: Request<Q>,
        case: fn(&Q) -> &str,
        parse: fn(&Q) -> Result<ops::Change, Error>,
        answer: fn(contract::Case) -> R,
    ) -> Result<Response<R>, Status> {
        let (call, viewer, request) = open_of(request, case)?;
        let (change, now) = (parse(&request)?, self.clock.now());
        let written = self.db.write(&call, &request, async |tx| {
            let case = ops::change_case(tx, &self.vault, &viewer, change, now).await?;
            Ok::<_, Error>(answer(present::case(&case, now)))
        });
        Ok(Response::new(written.await?))
    }
}

/// A call and its request, taken apart.
fn open<T>(request: Request<T>) -> Result<(Call, Viewer, T), Status> {
    let call = Call::of(&request)?;
    let viewer = Viewer::of(&call)?;
    Ok((call, viewer, request.into_inner()))
}

/// The same for a call about one case. A customer who was verified for another is refused.
fn open_of<T>(request: Request<T>, case: impl Fn(&T) -> &str) -> Result<(Call, Viewer, T), Status> {
    let (call, viewer, request) = open(request)?;
    call.check_case(case(&request))?;
    Ok((call, viewer, request))
}

#[tonic::async_trait]
impl CaseService for CaseApi {
    async fn open_case(&self, request: Request<OpenCaseRequest>) -> Result<Response<OpenCaseResponse>, Status> {
        let (call, viewer, request) = open(request)?;
        let concern = parse::concern(&viewer, &request, &self.ids)?;
        let (ids, now) = (self.ids.clone(), self.clock.now());
        let written = self.db.write(&call, &request, async |tx| {
            let case = ops::open_case(tx, (&ids, &self.vault), &self.book, &viewer, concern, now).await?;
            Ok::<_, Error>(OpenCaseResponse {
                case: Some(present::case(&case, now)),
            })
        });
        Ok(Response::new(written.await?))
    }

    async fn get_case(&self, request: Request<GetCaseRequest>) -> Result<Response<GetCaseResponse>, Status> {
        let (call, viewer, request) = open_of(request, |request| &request.case_id)?;
        let id = parse::case_id(&request.case_id)?;
        let mut connection = self.db.read().await?;
        let case = ops::get_case(&mut connection, &self.vault, &viewer, id).await?;
        let shown = marks::shown(&mut connection, id, MOST_SHOWN).await?;
        let mut case = present::case(&case, self.clock.now());
        if call.caller().kind == CallerKind::Service {
            // No service needs what somebody wrote to people.
            case.subject.clear();
            case.description.clear();
        }
        Ok(Response::new(GetCaseResponse {
            case: Some(case),
            shown_texts: shown.iter().map(present::shown).collect(),
        }))
    }

    async fn list_cases(&self, request: Request<ListCasesRequest>) -> Result<Response<ListCasesResponse>, Status> {
        let (_, viewer, request) = open(request)?;
        let filter = parse::filter(&request)?;
        // Bound to the caller too: what a customer's list holds is theirs alone.
        let binding = (
            "ListCases",
            viewer.id(),
            &request.customer_id,
            &request.states,
            &request.source_reference_prefix,
        );
        let page = page::parse(request.page_size, &request.page_token, 50, 1000, &binding).map_err(Error::from)?;
        let mut connection = self.db.read().await?;
        let cases = ops::list_cases(&mut connection, &self.vault, &viewer, filter, page.after, page.limit()).await?;
        let now = self.clock.now();
        let (cases, next_page_token) = pages::cut(&page, cases, ops::place, |case| present::case(case, now));
        Ok(Response::new(ListCasesResponse { cases, next_page_token }))
    }

    async fn post_message(
        &self,
        request: Request<PostMessageRequest>,
    ) -> Result<Response<PostMessageResponse>, Status> {
        let (call, viewer, request) = open_of(request, |request| &request.case_id)?;
        let (case, utterance) = parse::utterance(&viewer, &request, &self.ids)?;
        let now = self.clock.now();
        let written = self.db.write(&call, &request, async |tx| {
            let message = ops::post_message(tx, &self.vault, &viewer, case, utterance, now).await?;
            Ok::<_, Error>(PostMessageResponse {
                message: Some(present::message(&message)),
            })
        });
        Ok(Response::new(written.await?))
    }

    async fn list_messages(
        &self,
        request: Request<ListMessagesRequest>,
    ) -> Result<Response<ListMessagesResponse>, Status> {
        let (_, viewer, request) = open_of(request, |request| &request.case_id)?;
        let case = parse::case_id(&request.case_id)?;
        let binding = ("ListMessages", &request.case_id);
        let page = page::parse(request.page_size, &request.page_token, 50, 200, &binding).map_err(Error::from)?;
        let mut connection = self.db.read().await?;
        let after = page.after.unwrap_or_default();
        let messages = ops::list_messages(&mut connection, &self.vault, &viewer, case, after, page.limit()).await?;
        let (messages, next_page_token) = pages::cut(&page, messages, |message| message.sequence, present::message);
        Ok(Response::new(ListMessagesResponse {
            messages,
            next_page_token,
        }))
    }

    async fn assign_case(&self, request: Request<AssignCaseRequest>) -> Result<Response<AssignCaseResponse>, Status> {
        self.change(
            request,
            |request| &request.case_id,
            parse::assignment,
            |case| AssignCaseResponse { case: Some(case) },
        )
        .await
    }

    async fn change_severity(
        &self,
        request: Request<ChangeSeverityRequest>,
    ) -> Result<Response<ChangeSeverityResponse>, Status> {
        let (call, viewer, request) = open_of(request, |request| &request.case_id)?;
        let (change, now) = (parse::severity(&request)?, self.clock.now());
        let written = self.db.write(&call, &request, async |tx| {
            let case = ops::change_severity(tx, &self.vault, &self.book, &viewer, change, now).await?;
            Ok::<_, Error>(ChangeSeverityResponse {
                case: Some(present::case(&case, now)),
            })
        });
        Ok(Response::new(written.await?))
    }

    async fn change_language(
        &self,
        request: Request<ChangeLanguageRequest>,
    ) -> Result<Response<ChangeLanguageResponse>, Status> {
        let (call, viewer, request) = open_of(request, |request| &request.case_id)?;
        let (change, now) = (parse::speech(&request)?, self.clock.now());
        let written = self.db.write(&call, &request, async |tx| {
            let case = ops::change_language(tx, &self.vault, &viewer, change, now).await?;
            Ok::<_, Error>(ChangeLanguageResponse {
                case: Some(present::case(&case, now)),
            })
        });
        Ok(Response::new(written.await?))
    }

    async fn resolve_case(
        &self,
        request: Request<ResolveCaseRequest>,
    ) -> Result<Response<ResolveCaseResponse>, Status> {
        self.change(
            request,
            |request| &request.case_id,
            parse::resolution,
            |case| ResolveCaseResponse { case: Some(case) },
        )
        .await
    }

    async fn reopen_case(&self, request: Request<ReopenCaseRequest>) -> Result<Response<ReopenCaseResponse>, Status> {
        self.change(
            request,
            |request| &request.case_id,
            parse::reopening,
            |case| ReopenCaseResponse { case: Some(case) },
        )
        .await
    }

    async fn close_case(&self, request: Request<CloseCaseRequest>) -> Result<Response<CloseCaseResponse>, Status> {
        self.change(
            request,
            |request| &request.case_id,
            parse::closing,
            |case| CloseCaseResponse { case: Some(case) },
        )
        .await
    }

    async fn list_timeline(
        &self,
        request: Request<ListTimelineRequest>,
    ) -> Result<Response<ListTimelineResponse>, Status> {
        let (_, viewer, request) = open_of(request, |request| &request.case_id)?;
        let case = parse::case_id(&request.case_id)?;
        let binding = ("ListTimeline", &request.case_id);
        let page = page::parse(request.page_size, &request.page_token, 100, 1000, &binding).map_err(Error::from)?;
        let mut connection = self.db.read().await?;
        let after = page.after.unwrap_or_default();
        let entries = ops::list_timeline(&mut connection, &self.vault, &viewer, case, after, page.limit()).await?;
        let (entries, next_page_token) = page.cut(entries, |entry| entry.sequence);
        let entries = entries.iter().map(present::entry).collect();
        Ok(Response::new(ListTimelineResponse {
            entries,
            next_page_token,
        }))
    }
}
