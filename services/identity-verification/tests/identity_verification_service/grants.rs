//! Grants.

use support_chassis::error::{CommonErrorReason, explain};
use support_proto::support::identity::v1::{
    GetGrantRequest, IdentityErrorReason as Reason, ListGrantsRequest, RevokeGrantRequest,
};
use tonic::Code;

use crate::house::{House, customer, operator, refused, request_id, some_id, staff};

fn get(id: &str) -> GetGrantRequest {
    GetGrantRequest {
        grant_id: id.to_owned(),
    }
}

fn revoke(id: &str) -> RevokeGrantRequest {
    RevokeGrantRequest {
        request_id: request_id(),
        grant_id: id.to_owned(),
    }
}

fn list(customer_id: &str, page_size: i32, page_token: &str) -> ListGrantsRequest {
    ListGrantsRequest {
        customer_id: customer_id.to_owned(),
        page_size,
        page_token: page_token.to_owned(),
    }
}

#[tokio::test]
async fn a_grant_is_seen_and_ended_by_its_customer_and_by_staff_and_nobody_else() {
    let house = House::new().await;
    let (ada, bob) = (
        house.customer("ada@example.com").await,
        house.customer("bob@example.com").await,
    );
    let grant = house.verify("ada@example.com").await.grant.unwrap();
    for reader in [customer(&ada.customer_id), staff(), operator()] {
        let read = house
            .grants(&reader)
            .get_grant(get(&grant.grant_id))
            .await
            .unwrap()
            .into_inner()
            .grant
            .unwrap();
        assert_eq!(read, grant);
    }
    let mut as_bob = house.grants(&customer(&bob.customer_id));
    for id in [&grant.grant_id, &some_id()] {
        refused(as_bob.get_grant(get(id)).await, Reason::GrantNotFound, Code::NotFound);
        refused(
            as_bob.revoke_grant(revoke(id)).await,
            Reason::GrantNotFound,
            Code::NotFound,
        );
    }
    refused(
        house.grants(&staff()).get_grant(get(&some_id())).await,
        Reason::GrantNotFound,
        Code::NotFound,
    );

    let mut as_ada = house.grants(&customer(&ada.customer_id));
    let request = revoke(&grant.grant_id);
    let ended = as_ada
        .revoke_grant(request.clone())
        .await
        .unwrap()
        .into_inner()
        .grant
        .unwrap();
    assert!(ended.revoke_time.is_some());
    let again = as_ada.revoke_grant(request).await.unwrap().into_inner().grant.unwrap();
    let anew = house
        .grants(&staff())
        .revoke_grant(revoke(&grant.grant_id))
        .await
        .unwrap()
        .into_inner()
        .grant
        .unwrap();
    assert_eq!((&again, &anew), (&ended, &ended), "what has ended stays as it is");
}

#[tokio::test]
async fn grants_are_listed_newest_first_and_page_by_page() {
    let house = House::new().await;
    let (ada, bob) = (
        house.customer("ada@example.com").await,
        house.customer("bob@example.com").await,
    );
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(house.verify("ada@example.com").await.grant.unwrap().grant_id);
    }
    made.reverse();
    let mut client = house.grants(&customer(&ada.customer_id));
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = client
            .list_grants(list(&ada.customer_id, 2, &token))
            .await
            .unwrap()
            .into_inner();
        assert!(page.grants.len() <= 2);
        seen.extend(page.grants.into_iter().map(|grant| grant.grant_id));
        if page.next_page_token.is_empty() {
            break;
        }
        token = page.next_page_token;
    }
    assert_eq!(seen, made);

    let none = house
        .grants(&staff())
        .list_grants(list(&bob.customer_id, 0, ""))
        .await
        .unwrap()
        .into_inner();
    assert!(none.grants.is_empty() && none.next_page_token.is_empty());
    let answer = house.grants(&staff()).list_grants(list(&some_id(), 0, "")).await;
    refused(answer, Reason::CustomerNotFound, Code::NotFound);
    let answer = client.list_grants(list(&bob.customer_id, 0, "")).await;
    refused(answer, Reason::CustomerNotFound, Code::NotFound);
    // A token of another list, and one that is none.
    for token in [token.as_str(), "x"] {
        let answer = house
            .grants(&staff())
            .list_grants(list(&bob.customer_id, 2, token))
            .await;
        assert_eq!(
            explain(&answer.unwrap_err()).common(),
            Some(CommonErrorReason::PageTokenInvalid)
        );
    }
}
