//! `PersonalDataService`.

use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use support_proto::codec::common_error;
use support_proto::support::privacy::v1::personal_data_service_server::{
    PersonalDataService, PersonalDataServiceServer,
};
use support_proto::support::privacy::v1::{ExportPersonalDataRequest, ExportPersonalDataResponse, PersonalRecord};
use tonic::{Code, Request, Response, Status};
use tonic_types::ErrorDetails;

use super::{ORDERED_BY, PersonalData, Record};
use crate::call::Call;
use crate::db::Db;
use crate::error::{CommonErrorReason, into_status};
use crate::id::{self, Id};

/// About how many bytes of records one message holds.
const BYTES_AT_ONCE: usize = 256 * 1024;

/// Hands out what a service holds.
#[derive(Clone)]
pub(crate) struct Api {
    db: Db,
    data: Arc<dyn PersonalData>,
}

impl Api {
    /// The gRPC service of what is held in `db`.
    pub(crate) fn server(db: Db, data: Arc<dyn PersonalData>) -> PersonalDataServiceServer<Self> {
        PersonalDataServiceServer::new(Self { db, data })
    }
}

#[tonic::async_trait]
impl PersonalDataService for Api {
    type ExportPersonalDataStream = BoxStream<'static, Result<ExportPersonalDataResponse, Status>>;

    async fn export_personal_data(
        &self,
        request: Request<ExportPersonalDataRequest>,
    ) -> Result<Response<Self::ExportPersonalDataStream>, Status> {
        let call = Call::of(&request)?;
        // Who may have it was decided there; no other service has anything to do with all of a customer.
        if call.caller().subject != ORDERED_BY {
            return Err(common_error(
                Code::PermissionDenied,
                CommonErrorReason::CallerKindNotAllowed,
                "only identity-verification gathers what is held",
                ErrorDetails::new(),
            ));
        }
        let customer: Id = id::parse("customer_id", &request.get_ref().customer_id)?;
        let mut connection = self.db.read().await.map_err(into_status)?;
        let records = self
            .data
            .export(&mut connection, customer.uuid())
            .await
            .map_err(into_status)?;
        Ok(Response::new(stream::iter(messages(records)).map(Ok).boxed()))
    }
}

/// The records in messages of a size that every client takes.
fn messages(records: Vec<Record>) -> Vec<ExportPersonalDataResponse> {
    let mut messages: Vec<ExportPersonalDataResponse> = Vec::new();
    let mut room = 0;
    for record in records {
        let record = PersonalRecord {
            collection: record.collection.to_owned(),
            document: record.document.to_string(),
        };
        let size = record.document.len();
        if let Some(message) = messages.last_mut().filter(|_| size <= room) {
            room -= size;
            message.records.push(record);
        } else {
            room = BYTES_AT_ONCE.saturating_sub(size);
            messages.push(ExportPersonalDataResponse { records: vec![record] });
        }
    }
    messages
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_are_packed_in_their_order_and_none_is_split() {
        let record = |length: usize| Record {
            collection: "notes",
            document: json!({ "text": "x".repeat(length) }),
        };
        let sizes = [100_000, 100_000, 100_000, 400_000, 10];
        let packed = messages(sizes.map(record).into());
        let counts: Vec<_> = packed.iter().map(|message| message.records.len()).collect();
        assert_eq!(counts, [2, 1, 1, 1]);
        let lengths = packed
            .iter()
            .flat_map(|message| &message.records)
            .map(|record| record.document.len() - json!({ "text": "" }).to_string().len());
        assert!(lengths.eq(sizes));
    }
}
