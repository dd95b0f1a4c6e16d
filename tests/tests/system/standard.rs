//! The standard of the whole system: what every service refuses, through the gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use support::services::SERVICES;
use support_proto::support::standard::v1::ListDocumentsRequest;
use support_testing::loosening_is_found;
use support_tests::town::{Town, shared};

/// How many overlays each service checks.
const OVERLAYS: usize = 200;

fn reader(town: &Town) -> support::session::Caller {
    let token = town
        .issuer
        .token("operator", "rule-reader", &["standard.read"], Duration::from_hours(1));
    town.session().as_operator(&token).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn overlays_that_loosen_are_found_where_they_do_by_every_service() {
    let caller = reader(shared());
    let checked = SERVICES.map(|service| {
        let standard = caller.standard();
        async move {
            let rules = loosening_is_found(standard, service.name, OVERLAYS, 2_026).await;
            (service.name, rules)
        }
    });
    let rules: BTreeMap<&str, BTreeSet<_>> = join_all(checked).await.into_iter().collect();
    for (service, rules) in &rules {
        assert!(rules.len() >= 2, "{service} has hardly a rule: {rules:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_asks_the_service_that_is_named() {
    let caller = reader(shared());
    for service in SERVICES {
        let asked = ListDocumentsRequest {
            service: service.name.to_owned(),
        };
        let documents = caller
            .standard()
            .list_documents(asked)
            .await
            .unwrap()
            .into_inner()
            .documents;
        assert!(documents.len() >= 2, "{}: {documents:?}", service.name);
        for document in documents {
            assert!(
                document.document.starts_with(&format!("{}/", service.name)),
                "{document:?}"
            );
            assert_eq!(
                document.version, 1,
                "published when the system first began: {document:?}"
            );
        }
    }
}
