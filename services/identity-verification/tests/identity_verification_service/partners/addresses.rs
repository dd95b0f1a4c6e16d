//! Where partners may publish their keys, and where not.

use serde_json::json;
use support_proto::support::identity::v1 as pb;
use support_proto::support::identity::v1::IdentityErrorReason as Reason;
use support_testing::Documents;
use tonic::Code;

use super::{Fixers, jwks};
use crate::house::{refused, request_id};

#[tokio::test]
async fn keys_at_addresses_inside_are_neither_registered_nor_fetched() {
    let fixers = Fixers::new().await;
    let published = Documents::serve().await;
    published.put("/keys", jwks(&[("k1", 1)]));
    let port = published.url("").rsplit_once(':').unwrap().1.to_owned();
    for host in [
        "127.0.0.1",
        "127.1",
        "localhost",
        "[::1]",
        "10.0.0.1",
        "169.254.169.254",
        "[::ffff:7f00:1]",
    ] {
        let request = pb::SetPartnerClientKeysRequest {
            request_id: request_id(),
            client_id: fixers.id.clone(),
            jwks_url: format!("http://{host}:{port}/keys"),
            ..pb::SetPartnerClientKeysRequest::default()
        };
        let status = fixers.clients().set_partner_client_keys(request).await.unwrap_err();
        let told = support_chassis::error::explain(&status);
        assert_eq!(told.reason, "COMMON_ERROR_REASON_INVALID_FIELDS", "{host}");
        let violation = &told.violations[0];
        assert_eq!(
            (violation.field.as_str(), violation.description.as_str()),
            ("jwks_url", "is no address that is public on the Internet"),
            "{host}"
        );
    }
    // One that was registered before, or whose name came to stand for something else, is looked at when it is asked.
    fixers
        .keys(|it| it.jwks_url = "https://fixers.example/keys".to_owned())
        .await;
    for host in ["127.0.0.1", "localhost", "[::ffff:7f00:1]"] {
        let url = format!("http://{host}:{port}/keys");
        sqlx::query("update partner_clients set jwks_url = $1 where jwks_url is not null")
            .bind(url)
            .execute(&fixers.house.pool)
            .await
            .unwrap();
        let unreachable = fixers.by_assertion(&fixers.assertion("k1", 1, &json!({}))).await;
        refused(unreachable, Reason::ClientKeysUnreachable, Code::Unavailable);
    }
    assert_eq!(published.asked(), 0, "nobody knocked");
}
