use std::collections::BTreeSet;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support_calendars::Calendars;
use support_chassis::standard::schema::Schema;
use support_chassis::standard::{Patch, content, looser};
use support_testing::loosening;
use time::Duration;
use time::macros::datetime;

use super::*;
use crate::domain::Channel;

const SHIPPED: &str = include_str!("../../standard/routing-plan.yaml");
const NOW: OffsetDateTime = datetime!(2026-03-02 08:00 UTC);

#[test]
fn what_is_shipped_is_what_the_readme_says() {
    let book = Book::new(Standard::shipped(&ROUTING_PLAN), Calendars::shipped());
    let plan = book.of_tasks("DE".parse().ok(), NOW);
    assert!(plan.basis.starts_with("shipped/routing-plan@0"), "{}", plan.basis);
    let priorities = Priorities {
        by_severity: [3, 5, 7, 9],
        account_security: 9,
        ageing_step: Duration::minutes(5),
        ageing_limit: 8,
    };
    assert_eq!(
        (plan.priorities, plan.language_level, plan.skill_level),
        (priorities, 3, 2)
    );
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            (
                step.after.whole_minutes(),
                step.language_level,
                step.skill_level,
                step.languages.len(),
            )
        })
        .collect();
    assert_eq!(steps, [(2, 2, 1, 0), (10, 2, 0, 0), (30, 3, 1, 1)]);
    assert_eq!(
        [plan.offer_timeout, plan.refusal_delay, plan.presence_timeout],
        [Duration::seconds(20), Duration::MINUTE, Duration::minutes(2)]
    );
    // Whatever people wrote for people to read is no site of the standard's.
    assert_eq!(book.of_agents("Cork, 2nd floor", NOW), plan);
    assert_eq!(book.of_agents("cork-1", NOW), plan);
}

fn faults(change: &[(&str, &str)]) -> Vec<String> {
    let yaml = change
        .iter()
        .fold(SHIPPED.to_owned(), |yaml, (from, to)| {
            assert!(yaml.contains(from), "{from}");
            yaml.replacen(from, to, 1)
        })
        .leak();
    let plan = Document::<pb::RoutingPlan>::new(yaml).checked_by(check);
    let faults = plan.parse_shipped().err().map(|error| error.faults).unwrap_or_default();
    faults.into_iter().map(|(path, _)| path).collect()
}

#[test]
fn every_fault_is_named_by_its_path() {
    assert_eq!(faults(&[]), [""; 0]);
    assert_eq!(faults(&[("normal: 5", "normal: 3")]), [""; 0], "equal is in order");
    assert_eq!(
        faults(&[("normal: 5", "normal: 8"), ("critical: 9", "critical: 6")]),
        ["priorities.high", "priorities.critical"]
    );
    for (from, to, path) in [
        ("low: 3", "low: -1", "priorities.low"),
        ("critical: 9", "critical: 10", "priorities.critical"),
        (
            "account_security: 9",
            "account_security: 10",
            "priorities.account_security",
        ),
        ("ageing_step: 300s", "ageing_step: 0s", "priorities.ageing_step"),
        ("ageing_step: 300s", "ageing_step: 86401s", "priorities.ageing_step"),
        ("ageing_limit: 8", "ageing_limit: 10", "priorities.ageing_limit"),
        (
            "language_level: 3\n  skill_level: 2",
            "language_level: 0\n  skill_level: 2",
            "requirements.language_level",
        ),
        ("skill_level: 2", "skill_level: 6", "requirements.skill_level"),
        ("after: 120s", "after: 0s", r#"relaxation["any-level"].after"#),
        (
            "language_level: 2",
            "language_level: 0",
            r#"relaxation["any-level"].language_level"#,
        ),
        (
            "skill_level: 0",
            "skill_level: -1",
            r#"relaxation["any-product"].skill_level"#,
        ),
        (
            "languages: [en]",
            "languages: [en, en]",
            r#"relaxation["english"].languages"#,
        ),
        (
            "languages: [en]",
            "languages: [e]",
            r#"relaxation["english"].languages[0]"#,
        ),
        ("timeout: 20s", "timeout: 0.5s", "offers.timeout"),
        ("timeout: 20s", "timeout: 601s", "offers.timeout"),
        ("refusal_delay: 60s", "refusal_delay: 3601s", "offers.refusal_delay"),
        ("timeout: 120s", "timeout: 3601s", "presence.timeout"),
        (
            "presence:\n  # Four heartbeats of half a minute.\n  timeout: 120s # 2 minutes\n",
            "",
            "presence",
        ),
    ] {
        assert_eq!(faults(&[(from, to)]), [path], "{to}");
    }
}

#[test]
fn a_thousand_overlays_that_each_loosen_in_one_place_are_refused_at_that_place() {
    let schema = Schema::of::<pb::RoutingPlan>(|_| Vec::new()).unwrap();
    let global = content::from_yaml(&schema, SHIPPED).unwrap();
    // Stricter than what is shipped, so that every field can be loosened.
    let strict = r#"{"priorities": {"low": 4, "normal": 6, "high": 8, "ageing_step": "60s"},
        "requirements": {"language_level": 4, "skill_level": 3},
        "relaxation": {"any-product": null, "english": null,
            "any-level": {"after": "600s", "language_level": 3, "skill_level": 2}},
        "offers": {"timeout": "10s"}, "presence": {"timeout": "30s"}}"#;
    let strict = Patch::from_json(&schema, strict).unwrap();
    let base = strict.apply(&global);
    assert_eq!(looser(&global, &base), []);
    let mut chance = StdRng::seed_from_u64(20_261_123);
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
        "priorities.low",
        "priorities.ageing_step",
        "priorities.ageing_limit",
        "requirements.skill_level",
        r#"relaxation["any-level"].after"#,
        r#"relaxation["any-level"].language_level"#,
        "offers.timeout",
        "presence.timeout",
    ] {
        assert!(paths.contains(path), "{path} was never tried: {paths:?}");
    }
    assert!(!paths.contains("offers.refusal_delay"), "that is free");
}

#[test]
fn what_comes_by_night_begins_to_wait_when_its_channel_opens() {
    let book = Book::new(Standard::shipped(&ROUTING_PLAN), Calendars::shipped());
    let german = Some("DE".parse().unwrap());
    let plan = book.of_tasks(german, NOW);
    let since = |plan: &Plan, country, channel, asked| {
        let attributes = Attributes {
            country,
            ..Attributes::new(channel, "de".parse().unwrap())
        };
        book.waits_since(plan, &attributes, &Named::default(), asked)
    };
    // Good Friday before dawn: letters are read on Tuesday, the chat is open on the holiday.
    let night = datetime!(2026-04-03 02:00 UTC);
    assert_eq!(
        since(&plan, german, Channel::Email, night),
        datetime!(2026-04-07 06:00 UTC)
    );
    assert_eq!(
        since(&plan, german, Channel::Chat, night),
        datetime!(2026-04-03 08:00 UTC)
    );
    let day = datetime!(2026-04-01 09:30 UTC);
    assert_eq!(since(&plan, german, Channel::Email, day), day);
    // Nobody knows where: nobody is made to wait.
    assert_eq!(since(&plan, None, Channel::Email, night), night);
    let at_once = Plan {
        waits_from_opening: false,
        ..plan
    };
    assert_eq!(since(&at_once, german, Channel::Email, night), night);
}
