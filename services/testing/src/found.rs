//! A running service, held against random overlays: whatever loosens is found where it loosens.

use std::collections::BTreeSet;

use bytes::Bytes;
use http_body::Body;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::Value;
use support_proto::support::options::v1::Departure;
use support_proto::support::standard::v1::standard_service_client::StandardServiceClient;
use support_proto::support::standard::v1::{CheckContentRequest, GetEffectiveRequest, ListDocumentsRequest};
use tonic::client::GrpcService;
use tonic::codegen::StdError;

use crate::loosen::loosening;

/// Has a service check `overlays` overlays, for its documents in turn, each of which loosens what holds everywhere in one
/// random place; it must find just that place and its rule. Gives the rules that were broken. The caller may read the
/// standard.
pub async fn loosening_is_found<C>(
    mut standard: StandardServiceClient<C>,
    service: &str,
    overlays: usize,
    seed: u64,
) -> BTreeSet<Departure>
where
    C: GrpcService<tonic::body::Body>,
    C::Error: Into<StdError>,
    C::ResponseBody: Body<Data = Bytes> + Send + 'static,
    <C::ResponseBody as Body>::Error: Into<StdError> + Send,
{
    let asked = ListDocumentsRequest {
        service: service.to_owned(),
    };
    let mut documents = Vec::new();
    for document in standard.list_documents(asked).await.unwrap().into_inner().documents {
        let message = support_proto::descriptors()
            .get_message_by_name(&document.message_type)
            .unwrap();
        let asked = GetEffectiveRequest {
            document: document.document.clone(),
            ..GetEffectiveRequest::default()
        };
        let held = standard.get_effective(asked).await.unwrap().into_inner();
        let content: Value = serde_json::from_str(&held.content).unwrap();
        documents.push((document.document, message, content));
    }
    let mut chance = StdRng::seed_from_u64(seed);
    let mut rules = BTreeSet::new();
    for number in 0..overlays {
        let (document, message, content) = &documents[number % documents.len()];
        let loosening = loosening(message, content, &mut chance).expect("not everything is free");
        let asked = CheckContentRequest {
            document: document.clone(),
            place: "country/DE".to_owned(),
            content: loosening.patch.to_string(),
            effective_from: None,
        };
        let report = standard
            .check_content(asked)
            .await
            .unwrap()
            .into_inner()
            .report
            .unwrap();
        let found: Vec<_> = report
            .loosened
            .iter()
            .map(|departed| (departed.path.as_str(), departed.rule()))
            .collect();
        assert_eq!(
            found,
            [(loosening.path.as_str(), loosening.rule)],
            "overlay {number} of seed {seed} for {document}: {}",
            loosening.patch
        );
        assert_eq!(report.digest, "", "what loosens has no digest to be published with");
        rules.insert(loosening.rule);
    }
    rules
}
