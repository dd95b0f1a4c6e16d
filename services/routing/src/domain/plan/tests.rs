use proptest::prelude::*;

use super::*;
use crate::domain::{Channel, ProductLine};

fn priorities() -> Priorities {
    Priorities {
        by_severity: [3, 5, 7, 9],
        account_security: 8,
        ageing_step: Duration::minutes(5),
        ageing_limit: 8,
    }
}

#[test]
fn an_account_in_danger_goes_before_what_else_is_at_stake() {
    for (severity, area, expected) in [
        (Severity::Low, None, 3),
        (Severity::Normal, Some(Area::Device), 5),
        (Severity::High, None, 7),
        (Severity::Critical, None, 9),
        (Severity::Low, Some(Area::AccountSecurity), 8),
        (Severity::Critical, Some(Area::AccountSecurity), 9),
    ] {
        assert_eq!(priorities().of(severity, area), expected, "{severity} {area:?}");
    }
}

#[test]
fn waiting_raises_up_to_a_limit() {
    let minutes = Duration::minutes;
    for (priority, waited, expected) in [
        (3, minutes(0), 3),
        (3, minutes(5) - Duration::MICROSECOND, 3),
        (3, minutes(5), 4),
        (3, minutes(24), 7),
        (3, minutes(25), 8),
        (3, Duration::weeks(5000), 8),
        (8, minutes(60), 8),
        (9, minutes(60), 9),
        // A clock that goes back.
        (3, minutes(-60), 3),
    ] {
        assert_eq!(
            priorities().aged(priority, waited),
            expected,
            "{priority} after {waited}"
        );
    }
}

#[test]
fn steps_are_reached_one_after_the_other() {
    let step = |minutes, language_level, skill_level, languages: &[&str]| Step {
        after: Duration::minutes(minutes),
        language_level,
        skill_level,
        languages: languages.iter().map(|language| language.parse().unwrap()).collect(),
        ..Step::default()
    };
    let plan = Plan {
        basis: "routing/routing-plan@3".to_owned(),
        priorities: priorities(),
        language_level: 4,
        skill_level: 3,
        steps: vec![
            step(1, 5, 2, &[]),
            step(1, 2, 4, &[]),
            step(3, 3, 0, &["en", "fr"]),
            step(4, 2, 1, &["en"]),
        ],
        offer_timeout: Duration::MINUTE,
        refusal_delay: Duration::MINUTE,
        presence_timeout: Duration::MINUTE,
        waits_from_opening: true,
        ..Plan::default()
    };
    let asked = |waited: Duration| -> Vec<String> {
        let watch = Attributes {
            product_line: Some(ProductLine::Watch),
            ..Attributes::new(Channel::Phone, "ja-JP".parse().unwrap())
        };
        let needs = plan.ruling(&watch, &Named::default()).needs(&Named::default(), waited);
        needs
            .iter()
            .map(|need| {
                let languages: Vec<_> = need
                    .languages
                    .iter()
                    .map(|(tag, level)| format!("{tag} {level}"))
                    .collect();
                let skill = need.skills.first().map(|any| format!("; {} {}", any[0].0, any[0].1));
                format!("{}{}", languages.join(", "), skill.unwrap_or_default())
            })
            .collect()
    };
    let strict = "ja-JP 4; product/watch 3";
    let first = ["ja-JP 4; product/watch 2", "ja-JP 2; product/watch 2"];
    let then = "ja-JP 2, en 3, fr 3";
    assert_eq!(asked(Duration::seconds(59)), [strict]);
    assert_eq!(asked(Duration::MINUTE), [strict, first[0], first[1]]);
    assert_eq!(asked(Duration::minutes(3)), [strict, first[0], first[1], then]);
    assert_eq!(
        asked(Duration::HOUR),
        [strict, first[0], first[1], then, "ja-JP 2, en 2, fr 3"],
        "no step takes back what another gave"
    );
    let easy = Attributes::new(Channel::Email, "ja".parse().unwrap());
    let easy = plan.ruling(&easy, &Named::default());
    let needs = easy.needs(&Named::default(), Duration::HOUR);
    assert!(
        needs
            .iter()
            .all(|need| need.skills.is_empty() && need.channel == Channel::Email)
    );
}

proptest! {
    #[test]
    fn a_task_that_waits_goes_up_and_never_down(
        priority in 0..=9_i16, limit in 0..=9_i16, step in 1..10_000_i64, waits in 0..1_000_000_i64, more in 0..100_000_i64,
    ) {
        let priorities = Priorities { ageing_limit: limit, ageing_step: Duration::seconds(step), ..priorities() };
        let aged = |seconds| priorities.aged(priority, Duration::seconds(seconds));
        prop_assert!(aged(waits) >= priority);
        prop_assert!(aged(waits) <= priority.max(limit));
        prop_assert!(aged(waits + more) >= aged(waits));
        prop_assert_eq!(aged(waits), priority.max((i64::from(priority) + waits / step).min(i64::from(limit)).try_into().unwrap()));
    }
}
