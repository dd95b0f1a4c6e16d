//! Asks case what was said, with the rights of the caller.

use support_chassis::call::Call;
use support_chassis::client::Peer;
use support_chassis::clock;
use support_chassis::error::from_peer;
use support_proto::support::case::v1 as wire;
use support_proto::support::case::v1::case_service_client::CaseServiceClient;
use support_proto::support::types::v1::ProductLine;
use time::OffsetDateTime;
use tonic::{Code, Status};

use crate::error::Error;

/// How many of the messages of a case are read: what it is about is said at its beginning.
const MESSAGES: i32 = 50;
/// How much of what was said is looked at, in characters.
const LONGEST: usize = 10_000;

/// The case service.
#[derive(Debug, Clone)]
pub(super) struct Cases(Peer);

/// What was said in a case.
pub(super) struct Told {
    /// In which words.
    pub(super) words: String,
    /// The language it is held in.
    pub(super) language: String,
    /// What kind of product it is about.
    pub(super) product_line: ProductLine,
}

impl Cases {
    pub(super) fn new(peer: Peer) -> Self {
        Self(peer)
    }

    async fn case(&self, call: &Call, case_id: &str) -> Result<wire::Case, Error> {
        let asked = wire::GetCaseRequest {
            case_id: case_id.to_owned(),
        };
        let answer = CaseServiceClient::new(self.0.for_call(call))
            .get_case(asked)
            .await
            .map_err(refused)?;
        answer.into_inner().case.ok_or(Error::CaseNotFound)
    }

    /// When a case was resolved; none while it is not.
    pub(super) async fn resolved_at(&self, call: &Call, case_id: &str) -> Result<Option<OffsetDateTime>, Error> {
        let case = self.case(call, case_id).await?;
        let is_over = matches!(case.state(), wire::CaseState::Resolved | wire::CaseState::Closed);
        Ok(case
            .resolve_time
            .filter(|_| is_over)
            .and_then(|time| clock::from_timestamp(&time)))
    }

    /// What the customer said in a case.
    pub(super) async fn told(&self, call: &Call, case_id: &str) -> Result<Told, Error> {
        let case = self.case(call, case_id).await?;
        let asked = wire::ListMessagesRequest {
            case_id: case_id.to_owned(),
            page_size: MESSAGES,
            page_token: String::new(),
        };
        let messages = CaseServiceClient::new(self.0.for_call(call))
            .list_messages(asked)
            .await
            .map_err(refused)?
            .into_inner()
            .messages;
        let product_line = case.product_line();
        let mut words = format!("{}\n{}", case.subject, case.description);
        for message in &messages {
            if message.author() == wire::MessageAuthor::Customer {
                words.push('\n');
                words.push_str(&message.body);
            }
        }
        if let Some((end, _)) = words.char_indices().nth(LONGEST) {
            words.truncate(end);
        }
        Ok(Told {
            words,
            language: case.language,
            product_line,
        })
    }
}

/// What the caller may not see is not there.
fn refused(status: Status) -> Error {
    match status.code() {
        Code::NotFound | Code::PermissionDenied => Error::CaseNotFound,
        _ => Error::Peer(Box::new(from_peer("case", status))),
    }
}
