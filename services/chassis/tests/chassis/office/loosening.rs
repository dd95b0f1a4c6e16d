//! A thousand overlays, each looser in one random place, sent to the door: all are refused at that very place.

use std::collections::BTreeSet;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support_testing::loosening;

use super::*;

const OVERLAYS: usize = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_loosening_overlays_are_found_where_they_loosen() {
    let office = Office::open().await;
    let mut documents = Vec::new();
    for document in office.documents().await.documents {
        let message = support_proto::descriptors()
            .get_message_by_name(&document.message_type)
            .unwrap();
        let held = office.held(&document.document, "global", None).await;
        let standard: Value = serde_json::from_str(&held.content).unwrap();
        documents.push((document.document, message, standard));
    }
    let mut chance = StdRng::seed_from_u64(3);
    let mut rules = BTreeSet::new();
    for number in 0..OVERLAYS {
        let (document, message, standard) = &documents[number % documents.len()];
        let loosening = loosening(message, standard, &mut chance).unwrap();
        let report = office.ask(document, "country/DE", &loosening.patch).await;
        let found: Vec<_> = report
            .loosened
            .iter()
            .map(|departed| (departed.path.as_str(), departed.rule()))
            .collect();
        assert_eq!(
            found,
            [(loosening.path.as_str(), loosening.rule)],
            "{number}: {}",
            loosening.patch
        );
        assert_eq!(report.digest, "", "{number}");
        rules.insert(loosening.rule);
    }
    // All that these documents have; the rest is for the core's own tests.
    assert_eq!(rules.len(), 7, "{rules:?}");
    office.close().await;
}
