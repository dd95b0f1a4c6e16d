use std::collections::BTreeSet;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use support_calendars::Calendars;
use support_chassis::standard::schema::Schema;
use support_chassis::standard::{Patch, content, looser};
use support_testing::loosening;
use time::Duration;
use time::macros::datetime;

use super::proof::{Proof, Staffed, prove};
use super::*;
use crate::domain::{Channel, Mentioned, Profile, Quarters};

mod gaps;

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

/// What is shipped, with other rules, queues and neighbours.
fn with_rules(more: &str) -> Book {
    let (before, rest) = SHIPPED.split_once("\nqueues:").unwrap();
    let (_, after) = rest.split_once("\noffers:").unwrap();
    let yaml = format!("{before}\noffers:{after}\n{more}").leak();
    Book::new(Standard::shipped(&Document::new(yaml)), Calendars::shipped())
}

#[test]
fn rules_and_queues_are_read_in_their_order() {
    let book = with_rules(
        r#"
queues:
  security: { before_all: true }
rules:
  second: { order: 2, queue: security, priority: 9, skills: { area/security: { level: 4, kept: 3 } } }
  first:
    order: 1
    when: area == "account_security"
    last: true
    certifications: [cert/keys]
    sites: [cork]
    last_agent_first: true
    first_for: 60s
neighbours:
  product/phone: { skills: { product/tablet: 3 } }
"#,
    );
    let plan = book.of_tasks(None, NOW);
    assert_eq!(
        plan.rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(),
        ["first", "second"]
    );
    let mut attributes = Attributes::new(Channel::Phone, "en".parse().unwrap());
    let usual = plan.ruling(&attributes, &Named::default());
    assert_eq!(
        (usual.rules, usual.queue.as_str(), usual.before_all),
        (vec!["second".to_owned()], "security", true)
    );
    assert_eq!(plan.priority(&attributes, &Named::default()), 9);
    attributes.area = Some(crate::domain::Area::AccountSecurity);
    let secure = plan.ruling(&attributes, &Named::default());
    assert_eq!(
        (secure.rules, secure.queue.as_str()),
        (vec!["first".to_owned()], GENERAL),
        "the first is the last"
    );
    let need = &secure.stages[0].need;
    assert_eq!(need.certifications, ["cert/keys".parse().unwrap()]);
    assert_eq!(need.scope, Scope::within(vec!["cork".to_owned()], Vec::new()));
}

#[test]
fn a_queue_of_two_countries_follows_the_sun() {
    let book = with_rules(
        r"
queues:
  sun: { hours_of: [IE, US] }
rules:
  all: { order: 1, queue: sun }
",
    );
    let plan = book.of_tasks(None, NOW);
    let asked_in = |country: &str| Attributes {
        country: country.parse().ok(),
        ..Attributes::new(Channel::Chat, "en".parse().unwrap())
    };
    let waits =
        |plan: &Plan, country: &str, asked| book.waits_since(plan, &asked_in(country), &Named::default(), asked);
    let (mut by_ireland, mut by_america, mut by_nobody) = (0, 0, 0);
    let apart = Plan {
        rules: Vec::new(),
        ..plan.clone()
    };
    // A Wednesday and the night after it, in steps of a quarter of an hour.
    for quarter in 0..96 {
        let asked = datetime!(2026-03-04 06:00 UTC) + Duration::minutes(15) * quarter;
        let (irish, american) = (waits(&apart, "IE", asked), waits(&apart, "US", asked));
        let followed = waits(&plan, "DE", asked);
        assert_eq!(followed, irish.min(american), "{asked}");
        match (irish == asked, american == asked) {
            (true, _) => by_ireland += 1,
            (false, true) => by_america += 1,
            (false, false) => by_nobody += 1,
        }
        assert_eq!(followed == asked, irish == asked || american == asked);
    }
    assert!(
        by_ireland >= 20 && by_america >= 20,
        "{by_ireland} {by_america} {by_nobody}"
    );
}

#[test]
fn what_can_be_told_of_a_plan_is_told_before_it_is_published() {
    let book = with_rules(
        r#"
queues:
  security: {}
rules:
  business: { order: 1, when: 'segment == "business"', last: true }
  business-phones: { order: 2, when: 'segment == "business" && product_line == "phone"' }
  never: { order: 3, when: 'model.startsWith("a") && model == "b"' }
  security: { order: 4, when: 'area == "account_security"', queue: security, skills: { area/security: { level: 4, kept: 1 } } }
  watches: { order: 5, when: 'product_line == "watch"', skills: { product/watch: { level: 5 } } }
"#,
    );
    let plan = book.of_tasks(None, NOW);
    let knows = |skills: &[(&str, i16)]| {
        let skills = skills
            .iter()
            .map(|(skill, level)| (skill.parse().unwrap(), *level))
            .collect();
        Staffed {
            profile: Profile::new(vec![("en".parse().unwrap(), 5)], skills),
            hours: Quarters::ALL,
        }
    };
    let lines: Vec<_> = crate::domain::ProductLine::ALL
        .iter()
        .map(|line| knows(&[(&format!("product/{line}"), 4)]))
        .collect();
    let proof = prove(&plan, &lines, |_| Quarters::ALL);
    assert_eq!(proof.unreachable, ["business-phones", "never"]);
    let told = |proof: &Proof| -> Vec<(String, Vec<String>, bool)> {
        let unserved = proof.unserved.iter();
        unserved
            .map(|unserved| (unserved.queue.clone(), unserved.rules.clone(), unserved.is_for_ever))
            .collect()
    };
    let security = |rules: &[&str], is_for_ever| {
        let rules = rules.iter().map(|rule| (*rule).to_owned()).collect();
        ("security".to_owned(), rules, is_for_ever)
    };
    let watches = (GENERAL.to_owned(), vec!["watches".to_owned()], false);
    assert_eq!(
        told(&proof),
        [
            watches.clone(),
            security(&["security"], true),
            security(&["security", "watches"], true)
        ]
    );
    // Somebody who has begun to learn it is enough in time.
    let mut more = lines;
    more.push(knows(&[("area/security", 1)]));
    let better = prove(&plan, &more, |_| Quarters::ALL);
    assert_eq!(
        told(&better),
        [
            watches,
            security(&["security"], false),
            security(&["security", "watches"], false)
        ]
    );
    let consequences = simulate::consequences(&better, &proof, NOW.date());
    let worse: Vec<_> = consequences
        .iter()
        .filter(|told| told.fare.is_some())
        .map(|told| told.whom.as_str())
        .collect();
    assert_eq!(
        worse,
        [
            "tasks of the queue `security`, rules security",
            "tasks of the queue `security`, rules security and watches"
        ]
    );
    // What tells too many kinds apart is not looked at.
    let beyond = Mentioned::default();
    assert_eq!(beyond.kinds(), 1);
}

#[test]
fn what_agents_must_be_certified_for_is_no_difference_of_plans() {
    let plan = with_rules("").of_tasks(None, NOW);
    let id = support_chassis::id::Id::from_parts("eu".parse().unwrap(), NOW, 1);
    let task = crate::engine::Queued {
        task: id.into(),
        version: 1,
        attributes: Arc::new(Attributes::new(Channel::Chat, "en".parse().unwrap())),
        named: Named::default(),
        priority: 5,
        queue_time: NOW,
        let_go_by: Vec::new(),
    };
    let profile = Profile::new(vec![("en".parse().unwrap(), 5)], Vec::new());
    let live = Plan {
        products: vec![crate::domain::CertifiedProduct {
            product_line: None,
            model: None,
            certification: "cert/all".parse().unwrap(),
        }],
        ..plan.clone()
    };
    let found = shadow::compare(&[task], |_| live.clone(), &plan, &[(profile, 3)]);
    let same = shadow::Finding {
        tasks: 1,
        ..shadow::Finding::default()
    };
    assert_eq!(found.into_values().collect::<Vec<_>>(), [same]);
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
