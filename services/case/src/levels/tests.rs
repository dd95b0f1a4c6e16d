use std::collections::BTreeSet;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support_chassis::standard::schema::Schema;
use support_chassis::standard::{Patch, content, looser};
use support_proto::codec::Inbound as _;
use support_proto::support::types::v1::Channel as Wire;
use support_testing::loosening;

use super::*;

fn shipped() -> contract::ServiceLevels {
    SERVICE_LEVELS.parse_shipped().unwrap()
}

fn seconds(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

#[test]
fn what_is_shipped_says_what_the_readme_says() {
    let levels = read(&shipped(), "case/service-levels@0".to_owned());
    let hours = Duration::hours;
    let answer = |in_opening_hours| {
        move |within| Answer {
            in_opening_hours,
            within,
        }
    };
    let (always, open) = (answer(false), answer(true));
    for (severity, channel, first_response, resolution) in [
        (Severity::Low, Channel::Email, &[open(hours(8))][..], hours(14 * 24)),
        (Severity::Normal, Channel::Email, &[open(hours(4))], hours(7 * 24)),
        (Severity::High, Channel::Email, &[always(hours(1))], hours(3 * 24)),
        (
            Severity::Critical,
            Channel::Email,
            &[always(Duration::minutes(15))],
            hours(24),
        ),
        (
            Severity::Low,
            Channel::Phone,
            &[open(Duration::minutes(1))],
            hours(14 * 24),
        ),
        // Whoever is in danger by night is answered by the clock.
        (
            Severity::Critical,
            Channel::Chat,
            &[always(Duration::minutes(15)), open(Duration::minutes(1))],
            hours(24),
        ),
        (Severity::Low, Channel::Social, &[open(hours(2))], hours(14 * 24)),
        // The severity's, which is sooner than the channel's at any hour.
        (Severity::High, Channel::Social, &[always(hours(1))], hours(3 * 24)),
    ] {
        assert_eq!(
            levels.answers(severity, channel),
            first_response,
            "{severity:?} {channel:?}"
        );
        let target = levels.target(severity);
        assert_eq!(
            (target.resolution, target.working_days),
            (resolution, None),
            "{severity:?}"
        );
    }
    assert_eq!(levels.reopen_within, Duration::days(30));
    assert_eq!(levels.no_answer_after, Duration::days(10));
    assert_eq!(levels.answer_first, [Channel::Email, Channel::Social]);
}

#[test]
fn the_more_there_is_at_stake_the_sooner() {
    let mut levels = shipped();
    levels
        .targets
        .as_mut()
        .and_then(|targets| targets.high.as_mut())
        .unwrap()
        .first_response = Some(seconds(4 * 3600 + 1));
    let low = levels
        .targets
        .as_mut()
        .and_then(|targets| targets.low.as_mut())
        .unwrap();
    low.first_response = Some(seconds(1000));
    low.resolution = Some(seconds(999));
    assert!(levels.check().is_ok(), "the field rules do not say it");
    let faults = check(&levels);
    let expected = [
        ("targets.low.first_response", "must not be longer than `resolution`"),
        ("targets.normal.first_response", "must not be longer than that of `low`"),
        ("targets.normal.resolution", "must not be longer than that of `low`"),
        (
            "targets.high.first_response",
            "must not be longer than that of `normal`",
        ),
    ]
    .map(|(path, fault)| (path.to_owned(), fault.to_owned()));
    assert_eq!(faults, expected);
}

#[test]
fn every_value_has_its_bounds() {
    fn set(levels: &mut contract::ServiceLevels, path: &str, value: Option<prost_types::Duration>) {
        let targets = levels.targets.as_mut().unwrap();
        match path {
            "targets.low.first_response" => targets.low.as_mut().unwrap().first_response = value,
            "targets.critical.resolution" => targets.critical.as_mut().unwrap().resolution = value,
            "channels[\"phone\"].first_response" => levels.channels.get_mut("phone").unwrap().first_response = value,
            "reopen_within" => levels.reopen_within = value,
            "no_answer_after" => levels.no_answer_after = value,
            other => panic!("no such path: {other}"),
        }
    }
    const DAY: i64 = 86_400;
    for (path, least, most) in [
        ("targets.low.first_response", 1, 30 * DAY),
        ("targets.critical.resolution", 60, 90 * DAY),
        ("channels[\"phone\"].first_response", 1, 30 * DAY),
        ("reopen_within", DAY, 400 * DAY),
        ("no_answer_after", 3600, 400 * DAY),
    ] {
        let faults = |value| {
            let mut levels = shipped();
            set(&mut levels, path, value);
            levels.check().err().map(|error| error.violations()[0].field_path())
        };
        assert_eq!(
            [least, most].map(|value| faults(Some(seconds(value)))),
            [None, None],
            "{path}"
        );
        for wrong in [Some(least - 1), Some(most + 1), Some(-1), None] {
            assert_eq!(faults(wrong.map(seconds)).as_deref(), Some(path), "{wrong:?}");
        }
    }
    let mut levels = shipped();
    levels.channels.insert(
        "fax".to_owned(),
        contract::ChannelTarget {
            first_response: Some(seconds(9)),
            in_opening_hours: false,
        },
    );
    assert!(levels.check().is_err(), "there is no such channel");
    let mut levels = shipped();
    levels.answer_before_resolving = vec![Wire::Phone.into()];
    assert!(levels.check().is_err(), "on the phone nothing is written");
}

#[test]
fn a_thousand_overlays_that_each_loosen_in_one_place_are_refused_at_that_place() {
    let schema = Schema::of::<contract::ServiceLevels>(|_| Vec::new()).unwrap();
    let global = content::from_yaml(&schema, include_str!("../../standard/service-levels.yaml")).unwrap();
    // Stricter than what is shipped, so that every field can be loosened.
    let strict = r#"{"targets": {"low": {"first_response": "7200s", "resolution": "259200s"},
            "critical": {"first_response": "300s", "resolution": "43200s"}},
        "channels": {"phone": {"first_response": "30s"}, "email": {"first_response": "3600s"}},
        "reopen_within": "5184000s", "no_answer_after": "1728000s",
        "answer_before_resolving": ["CHANNEL_EMAIL", "CHANNEL_SOCIAL", "CHANNEL_CHAT"]}"#;
    let strict = Patch::from_json(&schema, strict).unwrap();
    let base = strict.apply(&global);
    assert_eq!(looser(&global, &base), []);
    let mut chance = StdRng::seed_from_u64(20_261_124);
    let mut paths = BTreeSet::new();
    for _ in 0..1_000 {
        let loosening = loosening(schema.message(), &base.to_value(), &mut chance).unwrap();
        let patch = Patch::from_json(&schema, &loosening.patch.to_string()).unwrap();
        let departed = looser(&base, &patch.apply(&base));
        let found: Vec<_> = departed.iter().map(|departed| departed.path.clone()).collect();
        assert!(found.contains(&loosening.path), "{loosening:?}: {found:?}");
        paths.insert(loosening.path);
    }
    for path in [
        "targets.low.first_response",
        "targets.critical.resolution",
        "channels",
        r#"channels["phone"].first_response"#,
        "reopen_within",
        "no_answer_after",
        "answer_before_resolving",
    ] {
        let is_tried = paths.iter().any(|tried| tried.starts_with(path));
        assert!(is_tried, "{path} was never tried: {paths:?}");
    }
}
