use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::macros::datetime;

use super::*;
use crate::domain::kinds::Channel;
use crate::levels::SERVICE_LEVELS;

fn cases(ids: &Ids, severity: Severity, channel: Channel, count: i64) -> OpenCases {
    OpenCases {
        country: None,
        severity,
        channel,
        count,
        examples: (0..count.min(10)).map(|_| ids.next()).collect(),
    }
}

#[test]
fn what_turns_is_counted_by_severity_and_what_does_not_is_not() {
    let ids = Ids::seeded(
        "eu".parse().unwrap(),
        Clock::manual(datetime!(2026-03-02 08:00 UTC)).0,
        7,
    );
    let held = read(&SERVICE_LEVELS.parse_shipped().unwrap(), String::new());
    let mut proposed = held.clone();
    // Letters about dead devices sooner, questions settled later.
    proposed.targets[2].answer.within = Duration::minutes(30);
    proposed.targets[0].resolution = Duration::days(20);
    let open = [
        cases(&ids, Severity::High, Channel::Email, 7),
        cases(&ids, Severity::High, Channel::Social, 6),
        cases(&ids, Severity::High, Channel::Phone, 100),
        cases(&ids, Severity::Low, Channel::Phone, 2),
        cases(&ids, Severity::Normal, Channel::Email, 50),
    ];
    let told = consequences(&held, &proposed, &open);
    let words: Vec<_> = told
        .iter()
        .map(|told| {
            (
                told.whom.as_str(),
                told.count,
                told.before.as_str(),
                told.after.as_str(),
                told.examples.len(),
            )
        })
        .collect();
    assert_eq!(
        words,
        [
            (
                "open cases, low, phone: resolution due later",
                2,
                "14d after opening",
                "20d after opening",
                2
            ),
            (
                "open cases, high, email, social: first answer due earlier",
                13,
                "1h after opening",
                "30m after opening",
                10
            ),
            // A call is answered within a minute while somebody is there; by night it goes by the severity.
            (
                "open cases, high, phone: first answer due earlier",
                100,
                "1h or 1m of opening hours, whichever is sooner, after opening",
                "30m or 1m of opening hours, whichever is sooner, after opening",
                10
            ),
        ]
    );
    assert_eq!(told[0].examples[0], open[3].examples[0].to_string());
    assert_eq!(consequences(&held, &held, &open), []);
}
