use support_chassis::standard::schema::Schema;
use support_chassis::standard::{Patch, content, looser};

use super::*;
use crate::domain::happening::Track;

fn shipped() -> NotificationRules {
    NOTIFICATION_RULES.parse_shipped().unwrap()
}

/// What somebody else may have done to an account.
const OF_THE_ACCOUNT: [Kind; 9] = [
    Kind::ContactPointAdded,
    Kind::ContactPointVerified,
    Kind::ContactPointRemoved,
    Kind::RecordChanged,
    Kind::AuthenticatorBound,
    Kind::AuthenticatorEnded,
    Kind::DataExported,
    Kind::ErasureRequested,
    Kind::DelegateAdded,
];

#[test]
fn everything_that_can_happen_has_a_rule_and_the_shipped_rules_are_sound() {
    let rules = shipped();
    assert_eq!(faults(&rules), []);
    for kind in Kind::ALL {
        assert!(rules.happenings.contains_key(kind.as_str()), "{kind:?}");
        // What makes an account change hands is told to whoever holds it, and nobody can turn that off.
        let rule = &rules.happenings[kind.as_str()];
        let is_warning = OF_THE_ACCOUNT.contains(kind);
        assert_eq!(rule.everywhere, is_warning, "{kind:?}");
        assert!(!(is_warning && rule.may_be_muted), "{kind:?}");
    }
    assert_eq!(rules.happenings.len(), Kind::ALL.len());
}

#[test]
fn only_what_must_be_known_at_night_rings_at_night() {
    let rules = shipped();
    let urgent: Vec<_> = Kind::ALL
        .iter()
        .filter(|kind| rules.happenings[kind.as_str()].urgent)
        .collect();
    assert!(urgent.iter().all(|kind| kind.track() == Track::None), "{urgent:?}");
}

#[test]
fn what_cannot_be_is_found() {
    let mut rules = shipped();
    let rule = rules.happenings.get_mut("case_opened").unwrap();
    rule.text = "error.case.case_not_found".into();
    rule.wait = rule.worth;
    let other = rules.happenings["case_resolved"].clone();
    rules.happenings.insert("case_lost".into(), other);
    rules.closing = "legal.privacy.eu".into();
    let found = faults(&rules);
    let paths: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "closing",
            "happenings[\"case_opened\"].text",
            "happenings[\"case_lost\"]",
            "happenings[\"case_opened\"].wait",
        ]
    );
}

#[test]
fn a_region_may_be_quieter_and_never_louder() {
    let schema = Schema::of::<NotificationRules>(|_| Vec::new()).unwrap();
    let global = content::from_yaml(&schema, include_str!("../../../standard/notification-rules.yaml")).unwrap();
    for (patch, expected) in [
        (
            r#"{"quiet": {"from_minute": 1200, "until_minute": 540, "on_holidays": true}}"#,
            &[][..],
        ),
        (r#"{"happenings": {"plan_ended": {"may_be_muted": true}}}"#, &[]),
        (
            r#"{"happenings": {"repair_received": {"channels": ["CONTACT_POINT_KIND_PHONE"]}}}"#,
            &[],
        ),
        (r#"{"quiet": {"until_minute": 420}}"#, &["quiet.until_minute"]),
        (r#"{"verified_only": false}"#, &["verified_only"]),
        (
            r#"{"happenings": {"repair_received": {"urgent": true}}}"#,
            &["happenings[\"repair_received\"].urgent"],
        ),
        (
            r#"{"happenings": {"contact_point_added": {"everywhere": false}}}"#,
            &["happenings[\"contact_point_added\"].everywhere"],
        ),
    ] {
        let patch = Patch::from_json(&schema, patch).unwrap();
        let departed = looser(&global, &patch.apply(&global));
        let found: Vec<_> = departed.iter().map(|departed| departed.path.as_str()).collect();
        assert_eq!(found, expected);
    }
}
