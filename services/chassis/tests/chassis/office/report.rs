//! What a check says.

use std::collections::BTreeSet;

use support_proto::support::options::v1::Departure;
use support_proto::support::standard::v1::{self as wire, CheckContentRequest, OverlayLifted, PlaceChange};

use super::*;

impl Office {
    /// What a content would mean, without keeping it.
    pub(super) async fn ask(&self, document: &str, place: &str, content: &Value) -> CheckReport {
        let asked = CheckContentRequest {
            document: document.to_owned(),
            place: place.to_owned(),
            content: content.to_string(),
            effective_from: None,
        };
        self.door("ana")
            .check_content(asked)
            .await
            .unwrap()
            .into_inner()
            .report
            .unwrap()
    }
}

fn places(report: &CheckReport) -> Vec<&str> {
    report.changes.iter().map(|change| change.place.as_str()).collect()
}

fn values(change: &PlaceChange) -> Vec<(&str, &str, &str)> {
    change
        .values
        .iter()
        .map(|value| (value.path.as_str(), value.before.as_str(), value.after.as_str()))
        .collect()
}

#[tokio::test]
async fn it_says_what_changes_where_what_is_lifted_and_what_comes_of_it() {
    let office = Office::open().await;
    office.publish(POLICY, "country/DE", &sends(4)).await;
    office.publish(POLICY, "country/FR", &sends(1)).await;
    let before = office.rows().await;
    let report = office.ask(POLICY, "global", &policy(3, 10)).await;
    assert_eq!(office.rows().await, before, "whoever only asks changes nothing");

    assert_eq!((report.faults.len(), report.loosened.len()), (0, 0));
    // In France there was less already.
    assert_eq!(places(&report), ["global", "country/DE"]);
    assert_eq!(values(&report.changes[0]), [("codes.sends", "5", "3")]);
    assert_eq!(report.changes[0].lifted, []);
    assert_eq!(values(&report.changes[1]), [("codes.sends", "4", "3")]);
    let [lifted] = report.changes[1].lifted.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(
        (
            lifted.path.as_str(),
            lifted.rule(),
            &*lifted.standard_value,
            &*lifted.overlay_value
        ),
        ("codes.sends", Departure::MayTightenLower, "3", "4")
    );
    // The simulator was asked for each place, told where its rules reach, and no lock was held meanwhile.
    let consequences: Vec<_> = report
        .consequences
        .iter()
        .map(|one| (one.place.as_str(), one.whom.as_str(), one.count, one.after.as_str()))
        .collect();
    assert_eq!(
        consequences,
        [
            ("global", "customers, false", 0, "3 sends"),
            ("country/DE", "customers, false", 0, "3 sends")
        ]
    );
    assert_eq!(report.consequences[0].before, format!("5 sends by {POLICY}@1"));
    assert_eq!(report.consequences[0].examples, ["eu-1"]);
    assert_eq!(report.consequences[0].fare(), wire::Fare::Worse);
    assert_eq!(report.consequences[0].rule, format!("{PLAYBOOKS}@1"));
    assert_eq!(report.consequences[0].money[0].more_minor_units, 5);
    let examination = &report.examinations[1];
    assert_eq!(
        (examination.place.as_str(), examination.total, examination.looked_at),
        ("country/DE", 7, 5)
    );
    assert!(!examination.complete);
    assert_eq!(examination.farings[0].worse, 5);
    assert_eq!(report.digest.len(), 64);

    // The check of the draft says the same; then it is as it said, and the owner is told.
    let draft = office.draft(POLICY, "global", &policy(3, 10)).await;
    assert_eq!(office.check(&draft).await, report);
    office.approve(&draft).await;
    let published = office.door("cy").publish_draft(publish(&draft, &report)).await.unwrap();
    let published = published.into_inner().publication.unwrap();
    assert_eq!(office.sends("country/DE", None).await.0, 3);
    assert_eq!(office.sends("country/FR", None).await.0, 1);
    let told = office.told::<OverlayLifted>(1).await.pop().unwrap();
    assert_eq!(
        (told.place.as_str(), told.paths.as_slice()),
        ("country/DE", &["codes.sends".to_owned()][..])
    );
    assert_eq!(told.lifted_by, published.publication_id);
    assert!(!told.set_aside);
    // It stays as it was written: when the standard becomes looser again, it holds again.
    office.publish(POLICY, "global", &policy(5, 10)).await;
    assert_eq!(office.sends("country/DE", None).await.0, 4);
    office.close().await;
}

#[tokio::test]
async fn it_says_everything_that_is_wrong_at_once() {
    let office = Office::open().await;
    let report = office
        .ask(
            POLICY,
            "country/DE",
            &json!({
                "codes": {"sends": 77, "sends_per_hour": 11},
                "purposes": {"payment": {"methods": []}, "help": {"assurance": "ASSURANCE_LEVEL_AAL1"}},
            }),
        )
        .await;
    let faults: Vec<_> = report.faults.iter().map(|fault| fault.path.as_str()).collect();
    assert!(faults.contains(&"codes.sends"), "{faults:?}");
    assert!(faults.contains(&r#"purposes["help"].grant_lifetime"#), "{faults:?}");
    let loosened: Vec<_> = report.loosened.iter().map(|departed| departed.path.as_str()).collect();
    assert_eq!(loosened, ["codes.sends", "codes.sends_per_hour", r#"purposes["help"]"#]);
    assert_eq!((report.digest.as_str(), report.changes.len()), ("", 0));
    let report = office.ask(POLICY, "global", &json!({"codes": 5, "speed": 1})).await;
    let faults: BTreeSet<_> = report.faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(faults, BTreeSet::from(["codes", "speed"]));
    office.close().await;
}

#[tokio::test]
async fn nothing_changes_where_nothing_would() {
    let office = Office::open().await;
    let report = office.ask(POLICY, "global", &policy(5, 10)).await;
    assert_eq!((places(&report), report.consequences.len()), (vec![], 0));
    assert_eq!(report.digest.len(), 64);
    office.close().await;
}

#[tokio::test]
async fn an_overlay_is_set_aside_only_where_the_publisher_says_so() {
    let office = Office::open().await;
    office.publish(POLICY, "global", &policy(3, 10)).await;
    office
        .publish(
            POLICY,
            "country/IT",
            &json!({"codes": {"sends_per_hour": 3, "checks": 4}}),
        )
        .await;
    let (draft, report) = office.ready(POLICY, "global", &policy(5, 10)).await;
    let set_aside: Vec<_> = report.changes.iter().filter(|change| change.set_aside).collect();
    let [italy] = set_aside.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!(italy.place, "country/IT");
    assert_eq!(
        values(italy),
        [
            ("codes.checks", "4", "5"),
            ("codes.sends", "3", "5"),
            ("codes.sends_per_hour", "3", "10")
        ]
    );
    let order = PublishDraftRequest {
        may_set_aside: true,
        ..publish(&draft, &report)
    };
    office.door("cy").publish_draft(order).await.unwrap();
    let stands = office.documents().await.documents.pop().unwrap();
    assert!(stands.overlays[0].set_aside, "{:?}", stands.overlays);
    assert_eq!(office.sends("country/IT", None).await, (5, format!("{POLICY}@3")));
    let told = office.told::<OverlayLifted>(1).await.pop().unwrap();
    assert!(told.set_aside, "{told:?}");

    // It does not stand in the way of what comes later, and a version that it fits brings it back.
    office.publish(POLICY, "global", &policy(4, 10)).await;
    let report = office.ask(POLICY, "global", &policy(2, 10)).await;
    assert_eq!(places(&report), ["global", "country/IT"]);
    assert!(report.changes.iter().all(|change| !change.set_aside), "{report:?}");
    office.publish(POLICY, "global", &policy(2, 10)).await;
    let (sends, basis) = office.sends("country/IT", None).await;
    assert_eq!(sends, 2);
    assert!(basis.contains("+country/IT@1"), "{basis}");
    office.close().await;
}

#[tokio::test]
async fn what_is_lifted_by_what_is_to_come_is_said_too() {
    let office = Office::open().await;
    // Three sends from the 9th on; who writes four today reads that it will not last.
    office
        .publish_from(POLICY, "global", &policy(3, 10), Some(day(2026, 3, 9)))
        .await;
    let report = office.ask(POLICY, "country/DE", &sends(4)).await;
    assert_eq!(values(&report.changes[0]), [("codes.sends", "5", "4")]);
    assert_eq!(report.changes[0].lifted.len(), 1);
    // And who schedules what lifts what is scheduled.
    let asked = CheckContentRequest {
        document: POLICY.to_owned(),
        place: "global".to_owned(),
        content: policy(2, 10).to_string(),
        effective_from: Some(day(2026, 3, 12)),
    };
    office
        .publish_from(POLICY, "country/FR", &sends(3), Some(day(2026, 3, 20)))
        .await;
    let report = office
        .door("ana")
        .check_content(asked)
        .await
        .unwrap()
        .into_inner()
        .report
        .unwrap();
    assert_eq!(places(&report), ["global", "country/FR"]);
    assert_eq!(
        values(&report.changes[1]),
        [("codes.sends", "3", "2")],
        "on the 12th France is as the world"
    );
    assert_eq!(report.changes[1].lifted.len(), 1, "on the 20th it has an overlay");
    office.close().await;
}

#[tokio::test]
async fn a_withdrawal_is_checked_like_a_version() {
    let office = Office::open().await;
    let looser = office.publish(POLICY, "global", &policy(3, 10)).await;
    office.publish(POLICY, "global", &policy(5, 10)).await;
    office.publish(POLICY, "country/DE", &sends(4)).await;
    let last = office
        .door("ana")
        .list_publications(list_of(POLICY, "global"))
        .await
        .unwrap()
        .into_inner();
    let last = last
        .publications
        .into_iter()
        .find(|publication| publication.version == 3)
        .unwrap();
    let draft = office
        .door("ana")
        .create_draft(withdraw(&last))
        .await
        .unwrap()
        .into_inner()
        .draft
        .unwrap();
    assert_eq!(
        (draft.withdraws.as_str(), draft.content.as_str()),
        (&*last.publication_id, "")
    );
    office.approve(&draft).await;
    let report = office.check(&draft).await;
    assert_eq!(places(&report), ["global", "country/DE"]);
    assert_eq!(values(&report.changes[0]), [("codes.sends", "5", "3")]);
    assert_eq!(report.changes[1].lifted.len(), 1);
    office.door("cy").publish_draft(publish(&draft, &report)).await.unwrap();
    assert_eq!(
        office.sends("global", None).await,
        (3, format!("{POLICY}@{}", looser.version))
    );
    assert_eq!(office.told::<OverlayLifted>(1).await[0].place, "country/DE");
    office.close().await;
}

#[tokio::test]
async fn a_check_stands_until_what_it_rests_on_moves() {
    let office = Office::open().await;
    let germany = office.ask(POLICY, "country/DE", &sends(4)).await.digest;
    let again = async || office.ask(POLICY, "country/DE", &sends(4)).await.digest;
    assert_eq!(again().await, germany);
    assert_ne!(office.ask(POLICY, "country/DE", &sends(3)).await.digest, germany);
    assert_ne!(office.ask(POLICY, "country/FR", &sends(4)).await.digest, germany);
    // It is nothing to Germany what France does, or what else is ruled.
    office.publish(POLICY, "country/FR", &sends(3)).await;
    let step = json!({"always": {"thanks": {"stage": "PLAYBOOK_STAGE_CLOSE", "order": 1, "text": "playbook.thanks"}}});
    office.publish(PLAYBOOKS, "country/DE", &step).await;
    assert_eq!(again().await, germany);
    // What the world will do is, and where Germany lies, and what day it is.
    office
        .publish_from(POLICY, "global", &policy(5, 9), Some(day(2026, 5, 1)))
        .await;
    let after_world = again().await;
    assert_ne!(after_world, germany);
    let territories: Value = serde_json::from_str(&office.held(TERRITORIES, "", None).await.content).unwrap();
    office.publish(TERRITORIES, "global", &territories).await;
    let after_territories = again().await;
    assert_ne!(after_territories, after_world);
    office.hand.advance(Duration::from_hours(24));
    assert_ne!(again().await, after_territories);
    office.close().await;
}
