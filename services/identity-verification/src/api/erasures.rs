//! `ErasureService`.

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use support_chassis::call::Call;
use support_chassis::db::Db;
use support_chassis::id::{Ids, parse, parse_optional};
use support_chassis::page;
use support_proto::support::identity::v1::erasure_service_server::ErasureService;
use support_proto::support::identity::v1::{
    ApproveErasureRequest, ApproveErasureResponse, EraseCustomerRequest, EraseCustomerResponse,
    ErasureState as WireState, ExportCustomerRequest, ExportCustomerResponse, GetErasureRequest, GetErasureResponse,
    ListErasuresRequest, ListErasuresResponse, PersonalDataReason, WithdrawErasureRequest, WithdrawErasureResponse,
};
use support_proto::support::options::v1::CallerKind;
use tonic::{Request, Response, Status};

use super::{may_see, own, present, refusal_on_record};
use crate::domain::audit::{Action, Deed};
use crate::domain::erasure::{Erasure, ErasureState, Reason};
use crate::domain::ids::{CaseId, CustomerId, ErasureId};
use crate::error::IdentityError;
use crate::keys::CodeKeys;
use crate::ops::erase_customer::{approve_erasure, request_erasure, withdraw_erasure};
use crate::ops::export_customer::{Exporting, Handed};
use crate::store::erasures;

/// How many erasures a page holds where nobody says.
const PAGE_SIZE: u32 = 50;
/// How many it holds at most.
const PAGE_LIMIT: u32 = 200;
/// How long a part of a document is, in bytes, about.
const PART: usize = 64 * 1024;

/// `ErasureService`.
#[derive(Debug, Clone)]
pub struct ErasureApi {
    /// The service's database.
    pub db: Db,
    /// Where ids come from.
    pub ids: Ids,
    /// By which it is found what was counted of somebody.
    pub keys: CodeKeys,
    /// Gathers what is held on somebody.
    pub exporting: Exporting,
}

#[tonic::async_trait]
impl ErasureService for ErasureApi {
    type ExportCustomerStream = BoxStream<'static, Result<ExportCustomerResponse, Status>>;

    async fn erase_customer(
        &self,
        request: Request<EraseCustomerRequest>,
    ) -> Result<Response<EraseCustomerResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let customer: CustomerId = parse("customer_id", &request.customer_id)?;
        let case_id: Option<CaseId> = parse_optional("case_id", &request.case_id)?;
        may_see(&call, customer)?;
        let reason = reason(&call, request.reason());
        let (ids, by) = (self.ids.clone(), call.caller().subject.clone());
        let id = ids.next();
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let erasure = request_erasure(tx, &ids, (id, customer), reason, case_id, &by).await?;
                Ok::<_, IdentityError>(EraseCustomerResponse {
                    erasure: Some(self::shown(tx, erasure).await?),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn approve_erasure(
        &self,
        request: Request<ApproveErasureRequest>,
    ) -> Result<Response<ApproveErasureResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: ErasureId = parse("erasure_id", &request.erasure_id)?;
        let (by, keys) = (call.caller().subject.clone(), self.keys.clone());
        let outcome = self
            .db
            .write(&call, &request, async move |tx| {
                let erasure = approve_erasure(tx, &keys, id, &by).await?;
                Ok::<_, IdentityError>(ApproveErasureResponse {
                    erasure: Some(self::shown(tx, erasure).await?),
                })
            })
            .await;
        let answer = refusal_on_record(&self.db, &call, outcome, |error| {
            matches!(error, IdentityError::SecondPersonNeeded).then(|| Deed {
                subject_id: Some(id.uuid()),
                ..Deed::new(Action::CustomerErased, None)
            })
        })
        .await?;
        Ok(Response::new(answer))
    }

    async fn withdraw_erasure(
        &self,
        request: Request<WithdrawErasureRequest>,
    ) -> Result<Response<WithdrawErasureResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let id: ErasureId = parse("erasure_id", &request.erasure_id)?;
        let (own, by) = (own(&call)?, call.caller().subject.clone());
        let answer = self
            .db
            .write(&call, &request, async move |tx| {
                let erasure = withdraw_erasure(tx, id, own, &by).await?;
                Ok::<_, IdentityError>(WithdrawErasureResponse {
                    erasure: Some(self::shown(tx, erasure).await?),
                })
            })
            .await?;
        Ok(Response::new(answer))
    }

    async fn get_erasure(&self, request: Request<GetErasureRequest>) -> Result<Response<GetErasureResponse>, Status> {
        let call = Call::of(&request)?;
        let id: ErasureId = parse("erasure_id", &request.get_ref().erasure_id)?;
        let own = own(&call)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let erasure = erasures::get(&mut connection, id)
            .await
            .map_err(IdentityError::from)?
            .filter(|erasure| own.is_none_or(|customer| customer == erasure.customer_id))
            .ok_or(IdentityError::ErasureNotFound)?;
        Ok(Response::new(GetErasureResponse {
            erasure: Some(shown(&mut connection, erasure).await?),
        }))
    }

    async fn list_erasures(
        &self,
        request: Request<ListErasuresRequest>,
    ) -> Result<Response<ListErasuresResponse>, Status> {
        let request = request.into_inner();
        let customer: Option<CustomerId> = parse_optional("customer_id", &request.customer_id)?;
        let state = match request.state() {
            WireState::Unspecified => None,
            WireState::Requested => Some(ErasureState::Requested),
            WireState::Withdrawn => Some(ErasureState::Withdrawn),
            WireState::Running => Some(ErasureState::Running),
            WireState::Completed => Some(ErasureState::Completed),
        };
        let page = page::parse(
            request.page_size,
            &request.page_token,
            PAGE_SIZE,
            PAGE_LIMIT,
            &("ListErasures", request.state, request.customer_id.as_str()),
        )
        .map_err(IdentityError::from)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let found = erasures::list(&mut connection, state, customer, &page)
            .await
            .map_err(IdentityError::from)?;
        let (found, next_page_token) = page.cut(found, erasures::sort_key);
        let ids: Vec<_> = found.iter().map(|erasure| erasure.id).collect();
        let progress = erasures::progress(&mut connection, &ids)
            .await
            .map_err(IdentityError::from)?;
        let erasures = found
            .iter()
            .map(|erasure| present::erasure(erasure, progress.iter().filter(|(id, _)| *id == erasure.id)))
            .collect();
        Ok(Response::new(ListErasuresResponse {
            erasures,
            next_page_token,
        }))
    }

    async fn export_customer(
        &self,
        request: Request<ExportCustomerRequest>,
    ) -> Result<Response<Self::ExportCustomerStream>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let customer: CustomerId = parse("customer_id", &request.customer_id)?;
        let case_id: Option<CaseId> = parse_optional("case_id", &request.case_id)?;
        may_see(&call, customer)?;
        let handed = Handed {
            customer,
            reason: reason(&call, request.reason()),
            case_id,
            by: call.caller().subject.clone(),
        };
        let text = self.exporting.export(&call, handed).await?;
        Ok(Response::new(parts(text)))
    }
}

/// The reason that is kept: customers can only wish.
fn reason(call: &Call, stated: PersonalDataReason) -> Reason {
    if call.caller().kind == CallerKind::Customer {
        return Reason::CustomerWish;
    }
    match stated {
        // The contract rules the first out.
        PersonalDataReason::Unspecified | PersonalDataReason::CustomerWish => Reason::CustomerWish,
        PersonalDataReason::PurposeOver => Reason::PurposeOver,
        PersonalDataReason::LegalOrder => Reason::LegalOrder,
        PersonalDataReason::MistakenRecord => Reason::MistakenRecord,
    }
}

/// An erasure with how far every service is.
async fn shown(
    connection: &mut sqlx::PgConnection,
    erasure: Erasure,
) -> Result<support_proto::support::identity::v1::Erasure, IdentityError> {
    let progress = erasures::progress(connection, &[erasure.id]).await?;
    Ok(present::erasure(&erasure, progress.iter()))
}

/// A text in parts, none of which ends within a letter.
fn parts(text: String) -> BoxStream<'static, Result<ExportCustomerResponse, Status>> {
    stream::unfold(text, |mut rest| async {
        if rest.is_empty() {
            return None;
        }
        let next = rest.split_off(rest.ceil_char_boundary(PART));
        Some((Ok(ExportCustomerResponse { text: rest }), next))
    })
    .boxed()
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt as _;

    use super::*;

    #[tokio::test]
    async fn all_parts_together_are_the_text() {
        for text in [String::new(), "{}".to_owned(), "ä€𐍈".repeat(30_000)] {
            let parts: Vec<_> = parts(text.clone()).try_collect().await.unwrap();
            assert!(parts.iter().all(|part| part.text.len() <= PART + 3));
            assert_eq!(parts.into_iter().map(|part| part.text).collect::<String>(), text);
        }
    }
}
