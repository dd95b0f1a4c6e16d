//! `AuditService`.

use support_chassis::clock::{from_timestamp, timestamp};
use support_chassis::db::Db;
use support_chassis::error::{Violation, Violations};
use support_chassis::id::{Id, parse_optional};
use support_chassis::page;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::audit_service_server::AuditService;
use support_proto::support::identity::v1::{
    ListAuditEntriesRequest, ListAuditEntriesResponse, VerifyAuditTrailRequest, VerifyAuditTrailResponse,
};
use support_proto::support::options::v1::CallerKind;
use time::OffsetDateTime;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::domain::audit::{Break, Fault, Link, Walk};
use crate::error::IdentityError;
use crate::store::audit::{self, Filter, Listed};

/// How many entries a page holds where nobody says.
const PAGE_SIZE: u32 = 50;
/// How many it holds at most.
const PAGE_LIMIT: u32 = 500;
/// How many links are walked where nobody says.
const LINKS: i64 = 50_000;

/// `AuditService`.
#[derive(Debug, Clone)]
pub struct AuditApi {
    /// The service's database.
    pub db: Db,
}

fn time(field: &str, given: Option<prost_types::Timestamp>) -> Result<Option<OffsetDateTime>, Violation> {
    given
        .map(|given| from_timestamp(&given).ok_or_else(|| Violation::new(field, "is no time")))
        .transpose()
}

fn filter(request: &ListAuditEntriesRequest) -> Result<Filter, IdentityError> {
    let mut fields = Violations::new();
    let customer_id = fields.take(parse_optional("customer_id", &request.customer_id));
    let case_id = fields.take(parse_optional("case_id", &request.case_id));
    let since = fields.take(time("start_time", request.start_time));
    let until = fields.take(time("end_time", request.end_time));
    let (customer_id, case_id, since, until) = fields.finish((customer_id, case_id, since, until))?;
    Ok(Filter {
        customer_id,
        case_id,
        actor_id: (!request.actor_id.is_empty()).then(|| request.actor_id.clone()),
        since,
        until,
    })
}

fn link(field: &str, given: &pb::AuditLink) -> Result<Link, Violation> {
    let wrong = || Violation::new(field, "is no place in the chain");
    match (given.position, given.hash.as_slice()) {
        (0, []) => Ok(Link::BEGINNING),
        (position, hash) => Ok(Link {
            position,
            hash: hash.try_into().map_err(|_| wrong())?,
        }),
    }
}

fn walk(request: &VerifyAuditTrailRequest) -> Result<Walk, IdentityError> {
    let mut fields = Violations::new();
    let after = fields.take(
        request
            .after
            .as_ref()
            .map_or(Ok(Link::BEGINNING), |given| link("after", given)),
    );
    let known: Vec<_> = request
        .known
        .iter()
        .enumerate()
        .filter_map(|(index, given)| fields.take(link(&format!("known[{index}]"), given)))
        .collect();
    let after = fields.finish(after)?;
    Ok(Walk::new(after, known))
}

fn id(id: Option<Uuid>) -> String {
    id.and_then(|id| Id::from_uuid(id).ok())
        .map(|id| id.to_string())
        .unwrap_or_default()
}

/// The contract has the same names, in capitals.
fn action(name: &str) -> pb::AuditAction {
    pb::AuditAction::from_str_name(&format!("AUDIT_ACTION_{}", name.to_ascii_uppercase())).unwrap_or_default()
}

fn entry(listed: Listed) -> pb::AuditEntry {
    let entry = listed.entry;
    let kind = format!("CALLER_KIND_{}", entry.actor.kind.to_ascii_uppercase());
    pb::AuditEntry {
        entry_number: entry.number,
        record_time: Some(timestamp(entry.recorded_at)),
        actor_kind: CallerKind::from_str_name(&kind).unwrap_or_default().into(),
        actor_id: entry.actor.id,
        actor_organisation: entry.actor.organisation.unwrap_or_default(),
        actor_service: entry.actor.service.unwrap_or_default(),
        action: action(&entry.action).into(),
        action_name: entry.action,
        outcome: match entry.outcome.as_str() {
            "done" => pb::AuditOutcome::Done,
            "refused" => pb::AuditOutcome::Refused,
            _ => pb::AuditOutcome::Unspecified,
        }
        .into(),
        customer_id: id(entry.customer_id),
        case_id: id(entry.case_id),
        grant_id: id(entry.grant_id),
        subject_id: id(entry.subject_id),
        fields: entry.fields,
        reason: entry.reason.unwrap_or_default(),
        position: listed.link.map_or(0, |link| link.position),
        hash: listed.link.map(|link| link.hash.to_vec()).unwrap_or_default(),
    }
}

fn broken(first: Break) -> pb::AuditBreak {
    pb::AuditBreak {
        position: first.position,
        entry_number: first.entry_number.unwrap_or_default(),
        kind: match first.fault {
            Fault::Changed => pb::AuditBreakKind::Changed,
            Fault::LinkMissing => pb::AuditBreakKind::LinkMissing,
            Fault::EntryMissing => pb::AuditBreakKind::EntryMissing,
            Fault::Unlinked => pb::AuditBreakKind::Unlinked,
            Fault::NotAsKnown => pb::AuditBreakKind::NotAsKnown,
        }
        .into(),
    }
}

#[tonic::async_trait]
impl AuditService for AuditApi {
    async fn list_audit_entries(
        &self,
        request: Request<ListAuditEntriesRequest>,
    ) -> Result<Response<ListAuditEntriesResponse>, Status> {
        let request = request.into_inner();
        let filter = filter(&request)?;
        let times = [filter.since, filter.until].map(|time| time.map(OffsetDateTime::unix_timestamp));
        let binding = (
            "ListAuditEntries",
            &request.customer_id,
            &request.case_id,
            &request.actor_id,
            times,
        );
        let page = page::parse(request.page_size, &request.page_token, PAGE_SIZE, PAGE_LIMIT, &binding)
            .map_err(IdentityError::from)?;
        let mut connection = self.db.read().await.map_err(IdentityError::from)?;
        let listed = audit::list(&mut connection, &filter, &page)
            .await
            .map_err(IdentityError::from)?;
        let (listed, next_page_token) = page.cut(listed, |listed| listed.entry.number);
        Ok(Response::new(ListAuditEntriesResponse {
            entries: listed.into_iter().map(entry).collect(),
            next_page_token,
        }))
    }

    async fn verify_audit_trail(
        &self,
        request: Request<VerifyAuditTrailRequest>,
    ) -> Result<Response<VerifyAuditTrailResponse>, Status> {
        let request = request.into_inner();
        let walk = walk(&request)?;
        let limit = match request.max_links {
            0 => LINKS,
            links => links.into(),
        };
        let found = audit::verify(&self.db, walk, limit)
            .await
            .map_err(IdentityError::from)?;
        let through = found.walk.through();
        Ok(Response::new(VerifyAuditTrailResponse {
            links_verified: found.walk.verified(),
            through: Some(pb::AuditLink {
                position: through.position,
                hash: through.hash.to_vec(),
            }),
            is_complete: found.is_complete,
            first_break: found.first_break.map(broken),
            unlinked_entries: found.unlinked,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::Action;

    #[test]
    fn the_contract_has_every_action_by_its_name() {
        let values: std::collections::BTreeSet<i32> =
            Action::ALL.iter().map(|known| action(known.as_str()).into()).collect();
        assert!(!values.contains(&0));
        assert_eq!(values.len(), Action::ALL.len());
    }
}
