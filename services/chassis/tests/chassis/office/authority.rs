//! The authority over global versions: given away, and taken.

use support_proto::support::standard::v1::{AuthorityMoved, HandOverAuthorityRequest, TakeAuthorityRequest};

use super::*;

fn hand_over(region: &str) -> HandOverAuthorityRequest {
    HandOverAuthorityRequest {
        service: "office".to_owned(),
        region: region.to_owned(),
        reason: "as the test wants it".to_owned(),
        request_id: request_id(),
    }
}

fn take() -> TakeAuthorityRequest {
    TakeAuthorityRequest {
        service: "office".to_owned(),
        reason: "as the test wants it".to_owned(),
        request_id: request_id(),
    }
}

async fn until_holder(office: &Office, region: &str) {
    until("the authority is known", async || {
        office.documents().await.authority_region == region
    })
    .await;
}

/// Waits until the global policy has so many sends.
async fn until_sends(office: &Office, sends: i64) {
    until("the version is known", async || {
        office.sends("global", None).await.0 == sends
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_handed_over_and_back() {
    let ([eu, us], _links) = Office::in_regions(["eu", "us"]).await;
    eu.publish(POLICY, "global", &policy(4, 10)).await;
    until_sends(&us, 4).await;

    let order = hand_over("us");
    let answer = eu
        .door("ana")
        .hand_over_authority(order.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.region, "us");
    assert_eq!(
        eu.door("ana").hand_over_authority(order).await.unwrap().into_inner(),
        answer,
        "sent again, done once"
    );
    let told = eu.told::<AuthorityMoved>(1).await.pop().unwrap();
    assert_eq!((told.number, told.region.as_str(), told.taken), (1, "us", false));
    assert_eq!((told.last_versions[POLICY], told.last_versions[PLAYBOOKS]), (2, 1));
    assert_eq!(told.author, "operator:ana");
    let refusal = refused(
        eu.door("ana")
            .create_draft(create(POLICY, "global", &policy(3, 10)))
            .await,
    );
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_NOT_AUTHORITY");
    assert_eq!(refusal.metadata["region"], "us");
    // What a version of the other region would change can be asked here.
    assert_eq!(eu.ask(POLICY, "global", &policy(3, 10)).await.changes.len(), 1);

    until_holder(&us, "us").await;
    let published = us.publish(POLICY, "global", &policy(3, 10)).await;
    assert_eq!((published.version, published.region.as_str()), (3, "us"));
    until_sends(&eu, 3).await;
    assert_eq!(eu.sends("country/DE", None).await, us.sends("country/DE", None).await);
    // Overlays stay with those who serve the place.
    eu.publish(POLICY, "country/DE", &sends(2)).await;
    until("the overlay is known", async || {
        us.sends("country/DE", None).await.0 == 2
    })
    .await;
    assert_eq!(us.sends("country/DE", None).await, eu.sends("country/DE", None).await);

    us.door("ana").hand_over_authority(hand_over("eu")).await.unwrap();
    until_holder(&eu, "eu").await;
    let published = eu.publish(POLICY, "global", &policy(1, 10)).await;
    assert_eq!((published.version, published.region.as_str()), (4, "eu"));
    until_sends(&us, 1).await;
    let all = us
        .door("ana")
        .list_publications(list_of(POLICY, "global"))
        .await
        .unwrap()
        .into_inner()
        .publications;
    let all: Vec<_> = all
        .iter()
        .map(|one| (one.version, one.region.as_str(), one.void))
        .collect();
    assert_eq!(
        all,
        [(4, "eu", false), (3, "us", false), (2, "eu", false), (1, "eu", false)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_unheard_by_who_took_it_never_held() {
    let ([eu, us], links) = Office::in_regions(["eu", "us"]).await;
    eu.publish(POLICY, "global", &policy(4, 10)).await;
    until_sends(&us, 4).await;
    links[&("us", "eu")].cut();
    links[&("eu", "us")].cut();
    // Nobody heard of this but customers of `eu`.
    let lost = eu.publish(POLICY, "global", &policy(3, 10)).await;
    let decided = eu.sends("country/DE", None).await.1;
    us.hand.advance(Duration::from_mins(1));
    us.door("ana").take_authority(take()).await.unwrap();
    assert_eq!(us.documents().await.authority_region, "us");
    let kept = us.publish(POLICY, "global", &policy(2, 10)).await;
    assert_eq!((lost.version, kept.version), (3, 3));

    links[&("us", "eu")].mend();
    links[&("eu", "us")].mend();
    until_holder(&eu, "us").await;
    until_sends(&eu, 2).await;
    for office in [&eu, &us] {
        until("both versions are known", async || {
            let all = office
                .door("ana")
                .list_publications(list_of(POLICY, "global"))
                .await
                .unwrap()
                .into_inner();
            let mut all: Vec<_> = all
                .publications
                .iter()
                .map(|one| (one.version, one.region.as_str(), one.void))
                .collect();
            all.sort_unstable();
            all == [(1, "eu", false), (2, "eu", false), (3, "eu", true), (3, "us", false)]
        })
        .await;
        // What was decided by the lost version can still be explained, in both.
        let asked = GetEffectiveRequest {
            document: POLICY.to_owned(),
            basis: decided.clone(),
            ..GetEffectiveRequest::default()
        };
        let held = office.door("ana").get_effective(asked).await.unwrap().into_inner();
        assert!(held.content.contains(r#""sends":3,"#), "{}", held.content);
    }
    assert_eq!(eu.sends("global", None).await, us.sends("global", None).await);
    let refusal = refused(
        eu.door("ana")
            .create_draft(create(POLICY, "global", &policy(1, 10)))
            .await,
    );
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_NOT_AUTHORITY");
    let void = refused(us.door("ana").create_draft(withdraw(&lost)).await);
    assert_eq!(void.reason, "STANDARD_ERROR_REASON_VERSION_NOT_FOUND", "it never held");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_regions_that_take_it_at_once_all_come_to_know_the_same_one() {
    let ([eu, us, jp], links) = Office::in_regions(["eu", "us", "jp"]).await;
    eu.publish(POLICY, "global", &policy(4, 10)).await;
    until_sends(&us, 4).await;
    until_sends(&jp, 4).await;
    // `eu` is gone, and the two do not hear of each other.
    for link in links.values() {
        link.cut();
    }
    us.door("ana").take_authority(take()).await.unwrap();
    us.hand.advance(Duration::from_secs(1));
    jp.door("ana").take_authority(take()).await.unwrap();
    // Both believe to hold it, and both publish: the world, and the other countries.
    us.publish(POLICY, "global", &policy(3, 10)).await;
    jp.publish(POLICY, "global", &policy(2, 10)).await;
    let decided = jp.sends("country/JP", None).await;
    assert_eq!(decided.0, 2);
    jp.publish(POLICY, "country/JP", &sends(1)).await;

    for link in links.values() {
        link.mend();
    }
    // The first to have taken it holds it. What the other published for the world never held, its overlays do.
    for office in [&eu, &us, &jp] {
        until_holder(office, "us").await;
        until_sends(office, 3).await;
        until("the overlay is known", async || {
            office.sends("country/JP", None).await.0 == 1
        })
        .await;
        until("all versions are known", async || {
            let all = office
                .door("ana")
                .list_publications(list_of(POLICY, "global"))
                .await
                .unwrap()
                .into_inner();
            let mut all: Vec<_> = all
                .publications
                .iter()
                .map(|one| (one.version, one.region.as_str(), one.void))
                .collect();
            all.sort_unstable();
            all == [(1, "eu", false), (2, "eu", false), (3, "jp", true), (3, "us", false)]
        })
        .await;
        assert_eq!(
            office.sends("country/DE", None).await,
            us.sends("country/DE", None).await
        );
        let asked = GetEffectiveRequest {
            document: POLICY.to_owned(),
            basis: decided.1.clone(),
            ..GetEffectiveRequest::default()
        };
        let held = office.door("ana").get_effective(asked).await.unwrap().into_inner();
        assert!(held.content.contains(r#""sends":2,"#), "{}", held.content);
    }
    let refusal = refused(
        jp.door("ana")
            .create_draft(create(POLICY, "global", &policy(1, 10)))
            .await,
    );
    assert_eq!(refusal.metadata["region"], "us");
    assert_eq!(us.publish(POLICY, "global", &policy(1, 10)).await.version, 4);
    until_sends(&eu, 1).await;
    until_sends(&jp, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_for_a_group_are_made_by_who_serves_all_of_it_or_else_by_the_authority() {
    let ([eu, us], _links) = Office::in_regions(["eu", "us"]).await;
    let mut territories: Value = serde_json::from_str(&eu.held(TERRITORIES, "", None).await.content).unwrap();
    territories["groups"]["atlantic"] = json!({"countries": ["GB", "US"]});
    territories["groups"]["americas"] = json!({"countries": ["CA", "MX"]});
    eu.publish(TERRITORIES, "global", &territories).await;
    until("the territories are known", async || {
        us.held(TERRITORIES, "", None).await.basis == format!("{TERRITORIES}@2")
    })
    .await;
    let refusal = refused(
        us.door("ana")
            .create_draft(create(POLICY, "group/atlantic", &sends(4)))
            .await,
    );
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_PLACE_OF_OTHER_REGION");
    assert_eq!(refusal.metadata["region"], "eu");
    let refusal = refused(
        eu.door("ana")
            .create_draft(create(POLICY, "group/americas", &sends(4)))
            .await,
    );
    assert_eq!(refusal.metadata["region"], "us");
    eu.publish(POLICY, "group/atlantic", &sends(4)).await;
    us.publish(POLICY, "group/americas", &sends(3)).await;
    for office in [&eu, &us] {
        for (place, count) in [("country/US", 4), ("country/MX", 3), ("country/DE", 5)] {
            until("both are known", async || office.sends(place, None).await.0 == count).await;
        }
    }
}
