//! Gathers all that is held on a customer, in every service, into one document.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use serde_json::{Value, json};
use support_chassis::call::Call;
use support_chassis::client::Peer;
use support_chassis::clock::Clock;
use support_chassis::db::Db;
use support_chassis::id::Ids;
use support_chassis::privacy::Record;
use support_chassis::vault::Vault;
use support_proto::support::privacy::v1::ExportPersonalDataRequest;
use support_proto::support::privacy::v1::personal_data_service_client::PersonalDataServiceClient;
use time::format_description::well_known::Rfc3339;
use tonic::{Code, Status};

use super::tell_owner;
use crate::NAME;
use crate::domain::audit::{Action, Deed};
use crate::domain::erasure::Reason;
use crate::domain::happening::Kind;
use crate::domain::ids::{CaseId, CustomerId};
use crate::error::IdentityError;
use crate::store::erasures::Export;
use crate::store::{audit, customers, erasures, held};

/// Gathers what is held on somebody.
#[derive(Debug, Clone)]
pub struct Exporting {
    /// The service's database.
    pub db: Db,
    /// What time it is.
    pub clock: Clock,
    /// Where ids come from.
    pub ids: Ids,
    /// For personal data at rest.
    pub vault: Vault,
    /// Every other service that holds something on customers, by its name.
    pub others: Vec<(&'static str, Peer)>,
}

/// To whom all of it is handed, and why.
#[derive(Debug)]
pub struct Handed {
    /// Whose it is.
    pub customer: CustomerId,
    /// Why.
    pub reason: Reason,
    /// In which case.
    pub case_id: Option<CaseId>,
    /// The subject of staff, or the customer's id.
    pub by: String,
}

/// What a service told.
struct Told {
    service: &'static str,
    is_complete: bool,
    records: BTreeMap<String, Vec<Value>>,
}

impl Exporting {
    /// Writes down to whom it is handed, and then gives the document. A service that cannot be asked, or not to the end, stands in it as
    /// not complete.
    ///
    /// # Errors
    ///
    /// [`IdentityError::CustomerNotFound`].
    pub async fn export(&self, call: &Call, handed: Handed) -> Result<String, IdentityError> {
        let now = self.clock.now();
        let customer = handed.customer;
        let mut tx = self.db.begin_for(call).await?;
        if customers::lock_outline(&mut tx, customer).await?.is_none() {
            return Err(IdentityError::CustomerNotFound);
        }
        let export = Export {
            id: self.ids.next(),
            customer_id: customer,
            reason: handed.reason,
            case_id: handed.case_id,
            exported_by: handed.by,
            exported_at: now,
        };
        erasures::insert_export(&mut tx, &export).await?;
        let deed = Deed {
            case_id: export.case_id,
            subject_id: Some(export.id.uuid()),
            ..Deed::new(Action::CustomerExported, customer)
        };
        audit::record(&mut tx, &deed).await?;
        tell_owner(&mut tx, &self.ids, Kind::DataExported, customer).await?;
        let own = held::all(&mut tx, &self.vault, customer).await?;
        tx.commit().await?;

        let mut services = vec![Told::own(own)];
        let others = self.others.iter().map(|(name, peer)| ask(name, peer, call, customer));
        services.extend(join_all(others).await);
        let document = json!({
            "customer_id": customer.to_string(),
            "exported_at": now.format(&Rfc3339).map_err(|_| IdentityError::Impossible("a time that cannot be written"))?,
            "services": services.into_iter().map(Told::document).collect::<Vec<_>>(),
        });
        Ok(document.to_string())
    }
}

impl Told {
    fn nothing(service: &'static str) -> Self {
        Self {
            service,
            is_complete: false,
            records: BTreeMap::new(),
        }
    }

    fn own(records: Vec<Record>) -> Self {
        let mut told = Self::nothing(NAME);
        for record in records {
            told.records
                .entry(record.collection.to_owned())
                .or_default()
                .push(record.document);
        }
        told.is_complete = true;
        told
    }

    fn document(self) -> Value {
        json!({ "service": self.service, "complete": self.is_complete, "records": self.records })
    }
}

/// Asks a service for all it has, on this service's own account: it decided who may see it.
async fn ask(service: &'static str, peer: &Peer, call: &Call, customer: CustomerId) -> Told {
    let mut told = Told::nothing(service);
    match read(&mut told, peer, customer).await {
        Ok(()) => told.is_complete = true,
        Err(status) => tracing::warn!(
            service,
            code = ?status.code(),
            caller = call.caller().subject,
            "a service did not tell what it holds on a customer"
        ),
    }
    told
}

async fn read(told: &mut Told, peer: &Peer, customer: CustomerId) -> Result<(), Status> {
    let request = ExportPersonalDataRequest {
        customer_id: customer.to_string(),
    };
    let mut stream = PersonalDataServiceClient::new(peer.own())
        .export_personal_data(request)
        .await?
        .into_inner();
    while let Some(message) = stream.message().await? {
        for record in message.records {
            let document = serde_json::from_str(&record.document)
                .map_err(|_| Status::new(Code::DataLoss, "a record is no JSON"))?;
            told.records.entry(record.collection).or_default().push(document);
        }
    }
    Ok(())
}
