//! `DisclosureService`.

use support_chassis::call::Call;
use support_chassis::db::Db;
use support_chassis::error::{Violation, Violations};
use support_chassis::id::parse;
use support_chassis::vault::Vault;
use support_proto::support::identity::v1::disclosure_service_server::DisclosureService;
use support_proto::support::identity::v1::{
    CustomerField, DisclosureReason, RevealCustomerRequest, RevealCustomerResponse,
};
use tonic::{Request, Response, Status};

use super::present::{self, Showing};
use super::profiles::need;
use crate::domain::audit::Reason;
use crate::error::IdentityError;
use crate::ops::reveal_customer::{Look, NEEDS, Revealed, reveal_customer};
use crate::standard::Policy;

/// `DisclosureService`.
#[derive(Debug, Clone)]
pub struct DisclosureApi {
    /// The service's database.
    pub db: Db,
    /// Opens what is sealed.
    pub vault: Vault,
    /// What it takes to see a customer unmasked.
    pub policy: Policy,
}

fn reason(given: DisclosureReason) -> Result<Reason, Violation> {
    match given {
        DisclosureReason::Contact => Ok(Reason::Contact),
        DisclosureReason::Delivery => Ok(Reason::Delivery),
        DisclosureReason::Correction => Ok(Reason::Correction),
        DisclosureReason::Dispute => Ok(Reason::Dispute),
        DisclosureReason::Fraud => Ok(Reason::Fraud),
        DisclosureReason::Legal => Ok(Reason::Legal),
        DisclosureReason::Unspecified => Err(Violation::new("reason", "is none of the reasons")),
    }
}

/// The name under which a field is on record.
fn name(field: CustomerField) -> &'static str {
    match field {
        CustomerField::Unspecified => "",
        CustomerField::Name => "name",
        CustomerField::Email => "email",
        CustomerField::Phone => "phone",
        CustomerField::AccessibilityNeeds => NEEDS,
    }
}

#[tonic::async_trait]
impl DisclosureService for DisclosureApi {
    async fn reveal_customer(
        &self,
        request: Request<RevealCustomerRequest>,
    ) -> Result<Response<RevealCustomerResponse>, Status> {
        let call = Call::of(&request)?;
        let request = request.into_inner();
        let mut fields = Violations::new();
        let customer_id = fields.take(parse("customer_id", &request.customer_id));
        let case_id = fields.take(parse("case_id", &request.case_id));
        let reason = fields.take(reason(request.reason()));
        let (customer_id, case_id, reason) = fields.finish((customer_id, case_id, reason))?;
        let wanted: Vec<_> = request.fields().collect();
        let look = Look {
            customer_id,
            case_id,
            reason,
            fields: wanted.iter().map(|field| name(*field)).collect(),
        };
        let mut tx = self.db.begin_for(&call).await.map_err(IdentityError::from)?;
        let revealed = reveal_customer(&mut tx, &self.vault, &self.policy, &look).await?;
        // First it is on record, then it is given.
        tx.commit().await.map_err(IdentityError::from)?;
        match revealed {
            Revealed::Shown {
                customer,
                needs,
                grant_id,
                entry,
            } => Ok(Response::new(RevealCustomerResponse {
                customer: Some(present::customer(&customer, Showing::Only(&wanted))),
                grant_id: grant_id.to_string(),
                entry_number: entry,
                accessibility_needs: needs.into_iter().map(|known| need(known).into()).collect(),
            })),
            Revealed::Refused { needed } => Err(IdentityError::DisclosureRefused { needed }.into()),
        }
    }
}
