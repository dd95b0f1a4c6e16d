//! What is published and withdrawn, and by many at once.

use futures_util::future::join_all;
use support_proto::support::standard::v1::{GetPublicationRequest, StandardPublished, StandardWithdrawn};

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_publish_at_once_the_second_must_look_again() {
    let office = Office::open().await;
    let (one, of_one) = office.ready(POLICY, "global", &policy(4, 10)).await;
    let (other, of_other) = office.ready(POLICY, "global", &policy(3, 10)).await;
    let before = office.rows().await;
    let publishing = [(&one, &of_one), (&other, &of_other)].map(|(draft, report)| {
        let (mut door, order) = (office.door("cy"), publish(draft, report));
        async move { door.publish_draft(order).await }
    });
    let (published, refused): (Vec<_>, Vec<_>) = join_all(publishing).await.into_iter().partition(Result::is_ok);
    assert_eq!((published.len(), refused.len()), (1, 1));
    let refusal = explain(refused[0].as_ref().unwrap_err());
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_CHECK_OUTDATED");
    let grown: Vec<_> = before
        .iter()
        .zip(office.rows().await)
        .map(|((table, was), (_, is))| (table.as_str(), is - was))
        .collect();
    assert_eq!(
        grown,
        [
            ("publications", 1),
            ("withdrawals", 0),
            ("tenures", 0),
            ("drafts", 0),
            ("revisions", 1),
            ("answers", 1),
            ("events", 1)
        ]
    );

    // Having looked, the second publishes too.
    let left = if office.sends("global", None).await.0 == 4 {
        other
    } else {
        one
    };
    let report = office.check(&left).await;
    let answer = office.door("cy").publish_draft(publish(&left, &report)).await.unwrap();
    assert_eq!(answer.into_inner().publication.unwrap().version, 3);
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_publishes_for_other_places_disturbs_nobody() {
    let office = Office::open().await;
    let mut ready = Vec::new();
    for country in ["AT", "BE", "CZ", "DE", "DK", "ES", "FI", "FR"] {
        ready.push(office.ready(POLICY, &format!("country/{country}"), &sends(4)).await);
    }
    let publishing = ready.iter().map(|(draft, report)| {
        let (mut door, order) = (office.door("cy"), publish(draft, report));
        async move {
            door.publish_draft(order)
                .await
                .unwrap()
                .into_inner()
                .publication
                .unwrap()
        }
    });
    let published = join_all(publishing).await;
    assert!(
        published.iter().all(|publication| publication.version == 1),
        "{published:?}"
    );
    for (draft, _) in &ready {
        let (sends, basis) = office.sends(&draft.place, None).await;
        assert_eq!(sends, 4);
        assert!(basis.starts_with(&format!("{POLICY}@1+{}@1!", draft.place)), "{basis}");
    }
    assert_eq!(office.sends("country/IT", None).await, (5, format!("{POLICY}@1")));
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_published_once_however_many_do_it() {
    let office = Office::open().await;
    let (draft, report) = office.ready(POLICY, "global", &policy(4, 10)).await;
    let same = publish(&draft, &report);
    let orders = [
        same.clone(),
        same.clone(),
        same,
        publish(&draft, &report),
        publish(&draft, &report),
    ];
    let publishing = orders.map(|order| {
        let mut door = office.door("cy");
        async move { door.publish_draft(order).await }
    });
    let answers = join_all(publishing).await;
    let published: Vec<_> = answers
        .iter()
        .filter_map(|answer| answer.as_ref().ok())
        .map(Response::get_ref)
        .collect();
    assert!(published.iter().all(|answer| *answer == published[0]), "{published:?}");
    for refusal in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        let refusal = explain(refusal);
        assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_DRAFT_STATE");
        assert_eq!(refusal.metadata["state"], "published");
    }
    let publications = office
        .door("ana")
        .list_publications(list_of(POLICY, "global"))
        .await
        .unwrap();
    assert_eq!(publications.into_inner().publications.len(), 2);
    office.close().await;
}

#[tokio::test]
async fn any_past_day_can_be_had_whatever_came_later() {
    let office = Office::open().await;
    let on = |number| Some(day(2026, 3, number));
    // 2 March: from the 5th on four sends, from the 10th three; Germany two from the 6th.
    let four = office.publish_from(POLICY, "global", &policy(4, 10), on(5)).await;
    let three = office.publish_from(POLICY, "global", &policy(3, 10), on(10)).await;
    let two = office.publish_from(POLICY, "country/DE", &sends(2), on(6)).await;
    let line = async |place: &str| {
        let mut line = Vec::new();
        for number in 1..=20 {
            line.push(office.sends(place, on(number)).await.0);
        }
        line
    };
    assert_eq!(
        line("global").await,
        [5, 5, 5, 5, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3]
    );
    assert_eq!(
        line("country/DE").await,
        [5, 5, 5, 5, 4, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]
    );

    // 12 March: three was wrong, and from the 14th on Germany is as everywhere. In an emergency: one, today.
    office.hand.set(datetime!(2026-03-12 15:00 UTC));
    let decided = office.sends("country/DE", None).await.1;
    let withdrawn = office.withdraw(&three, None).await;
    assert_eq!(withdrawn.publication_id, three.publication_id);
    assert_eq!(withdrawn.withdrawn_from, on(12));
    office.withdraw(&two, on(14)).await;
    assert_eq!(
        line("global").await,
        [5, 5, 5, 5, 4, 4, 4, 4, 4, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4]
    );
    assert_eq!(
        line("country/DE").await,
        [5, 5, 5, 5, 4, 2, 2, 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 4]
    );
    office.hand.set(datetime!(2026-03-18 15:00 UTC));
    let one = office.publish(POLICY, "global", &policy(1, 10)).await;
    assert_eq!(
        line("global").await,
        [5, 5, 5, 5, 4, 4, 4, 4, 4, 3, 3, 4, 4, 4, 4, 4, 4, 1, 1, 1]
    );
    assert_eq!(one.version, 4);

    // And what was decided by.
    let asked = GetEffectiveRequest {
        document: POLICY.to_owned(),
        basis: decided.clone(),
        ..GetEffectiveRequest::default()
    };
    let held = office.door("ana").get_effective(asked).await.unwrap().into_inner();
    assert_eq!(held.basis, decided);
    assert!(held.content.contains(r#""sends":2"#), "{}", held.content);
    assert!(decided.starts_with(&format!("{POLICY}@3+country/DE@1!")), "{decided}");
    let asked = GetPublicationRequest {
        document: POLICY.to_owned(),
        publication_id: four.publication_id.clone(),
    };
    let kept = office
        .door("ana")
        .get_publication(asked)
        .await
        .unwrap()
        .into_inner()
        .publication
        .unwrap();
    assert_eq!(kept, four, "nothing published is ever changed");
    office.close().await;
}

#[tokio::test]
async fn a_version_that_is_to_come_can_be_withdrawn_before() {
    let office = Office::open().await;
    let next = office
        .publish_from(POLICY, "global", &policy(4, 10), Some(day(2026, 3, 9)))
        .await;
    office.withdraw(&next, None).await;
    for number in 2..12 {
        assert_eq!(
            office.sends("global", Some(day(2026, 3, number))).await,
            (5, format!("{POLICY}@1"))
        );
    }
    // What holds until something begins cannot be withdrawn, even where something is to come.
    office
        .publish_from(POLICY, "global", &policy(3, 10), Some(day(2026, 3, 9)))
        .await;
    let seeded = office
        .door("ana")
        .list_publications(list_of(POLICY, "global"))
        .await
        .unwrap()
        .into_inner();
    let seeded = seeded
        .publications
        .iter()
        .find(|publication| publication.version == 1)
        .unwrap();
    let refusal = refused(office.door("ana").create_draft(withdraw(seeded)).await);
    assert_eq!(refusal.reason, "STANDARD_ERROR_REASON_LAST_VERSION");
    let later = CreateDraftRequest {
        effective_from: Some(day(2026, 3, 9)),
        ..withdraw(seeded)
    };
    let draft = office
        .door("ana")
        .create_draft(later)
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    let withdrawn = office.carry_out(draft).await;
    assert_eq!(withdrawn.withdrawn_from, Some(day(2026, 3, 9)));
    office.close().await;
}

#[tokio::test]
async fn the_feed_tells_of_publications_and_withdrawals_what_must_be_known() {
    let office = Office::open().await;
    let published = office.publish(POLICY, "global", &policy(4, 10)).await;
    office.withdraw(&published, Some(day(2026, 4, 1))).await;
    // Three documents that the program came with, and this one.
    let told = office.told::<StandardPublished>(4).await.pop().unwrap();
    assert_eq!(told.publication_id, published.publication_id);
    assert_eq!(
        (told.document.as_str(), told.place.as_str(), told.version),
        (POLICY, "global", 2)
    );
    assert_eq!(
        (told.author.as_str(), told.approver.as_str()),
        ("operator:ana", "operator:bo")
    );
    assert_eq!(told.content, published.content);
    assert_eq!(told.digest, published.digest);
    assert_eq!(told.effective_from, Some(day(2026, 3, 2)));
    assert_eq!(told.tenure_id, "", "the deployment begins with tenure 0");
    let told = office.told::<StandardWithdrawn>(1).await.pop().unwrap();
    assert_eq!(told.publication_id, published.publication_id);
    assert_eq!(told.from_day, Some(day(2026, 4, 1)));
    assert_eq!(told.author, "operator:ana");
    office.close().await;
}
