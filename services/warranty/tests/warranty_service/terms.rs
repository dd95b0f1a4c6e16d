//! What regions make of the terms of coverage.

use serde_json::{Value, json};
use support_chassis::standard::{Basis, day_of};
use support_proto::support::standard::v1::standard_service_client::StandardServiceClient;
use support_proto::support::standard::v1::{CheckContentRequest, CheckReport};
use support_proto::support::types::v1::Date;
use support_proto::support::warranty::v1::{
    CoverageDecision, CoverageOutcome, Damage, DecideCoverageRequest, GetCoverageDecisionRequest, WeighedRule,
};
use support_testing::publish_at;
use time::{Date as Day, Duration};
use tonic::Code;

use crate::world::{World, lawgiver, refused, request_id, staff};

const DOCUMENT: &str = "warranty/coverage-terms";

fn wire(day: Day) -> Date {
    Date {
        year: day.year(),
        month: u8::from(day.month()).into(),
        day: day.day().into(),
    }
}

/// Telephones of Germany, France and the United States, sold four hundred days ago.
struct Scene {
    world: World,
    sold: Day,
    today: Day,
    asked: std::cell::Cell<u64>,
    /// The id of the device of Germany.
    german: String,
}

impl Scene {
    async fn new() -> Self {
        let world = World::start().await;
        let today = day_of(world.clock.now());
        let sold = today - Duration::days(400);
        world.product("PHN-12-128").await;
        let mut german = String::new();
        for (serial, country) in [("TTTT0001", "DE"), ("TTTT0002", "FR"), ("TTTT0003", "US")] {
            let device = world
                .device(serial, |request| {
                    country.clone_into(&mut request.purchase_country_code);
                    request.purchase_date = Some(wire(sold));
                })
                .await;
            if country == "DE" {
                german = device.device_id;
            }
        }
        Self {
            world,
            sold,
            today,
            asked: std::cell::Cell::new(0),
            german,
        }
    }

    async fn decide(&self, serial: &str, day: Option<Day>) -> CoverageDecision {
        self.asked.set(self.asked.get() + 1);
        let request = DecideCoverageRequest {
            request_id: request_id(self.asked.get()),
            serial_number: serial.to_owned(),
            day: day.map(wire),
            damage: Damage::None.into(),
            repairs: Vec::new(),
            ..DecideCoverageRequest::default()
        };
        let answer = self.world.coverage(&staff()).decide_coverage(request).await.unwrap();
        answer.into_inner().decision.unwrap()
    }

    async fn read(&self, decision: &CoverageDecision) -> CoverageDecision {
        let request = GetCoverageDecisionRequest {
            decision_id: decision.decision_id.clone(),
            locale: String::new(),
        };
        let answer = self
            .world
            .coverage(&staff())
            .get_coverage_decision(request)
            .await
            .unwrap();
        answer.into_inner().decision.unwrap()
    }

    async fn publish(&self, place: &str, content: &Value) {
        let now = self.world.clock.now();
        publish_at(self.world.channel(), DOCUMENT, place, content, now).await;
    }

    async fn check(&self, place: &str, content: &Value) -> CheckReport {
        let asked = CheckContentRequest {
            document: DOCUMENT.to_owned(),
            place: place.to_owned(),
            content: content.to_string(),
            effective_from: None,
        };
        let answer = StandardServiceClient::new(self.world.door(&lawgiver()))
            .check_content(asked)
            .await;
        answer.unwrap().into_inner().report.unwrap()
    }
}

/// The versions in a basis, without what tells them apart from others of the same number.
fn versions(decision: &CoverageDecision) -> Vec<String> {
    let basis: Basis = decision.terms_version.parse().unwrap();
    assert_eq!(basis.document(), DOCUMENT);
    let layers = basis.layers().iter();
    layers
        .map(|layer| format!("{}@{}", layer.place, layer.version))
        .collect()
}

fn by(decision: &CoverageDecision) -> &WeighedRule {
    decision.chain.iter().find(|rule| rule.decided).unwrap()
}

fn more_in_germany() -> Value {
    json!({"limited_warranties": {"limited-warranty-de": {
        "product_lines": ["PRODUCT_LINE_PHONE"],
        "months": 36,
        "excludes": ["DAMAGE_LIQUID"],
        "source": "our promise to customers in Germany, 3",
    }}})
}

#[tokio::test]
async fn a_country_gives_more_and_its_decisions_say_by_what() {
    let scene = Scene::new().await;
    let before = scene.decide("TTTT0001", None).await;
    assert_eq!(before.outcome(), CoverageOutcome::StatutoryRight);
    assert_eq!(versions(&before), ["global@1"]);

    scene.publish("country/DE", &more_in_germany()).await;
    let after = scene.decide("TTTT0001", None).await;
    assert_eq!(after.outcome(), CoverageOutcome::LimitedWarranty);
    assert_eq!(versions(&after), ["global@1", "country/DE@1"]);
    assert_eq!(
        (by(&after).rule_id.as_str(), by(&after).source.as_str()),
        ("limited-warranty-de", "our promise to customers in Germany, 3")
    );
    assert!(after.chain.iter().any(|rule| rule.rule_id == "limited-warranty"));

    // Not next door, and not on a day on which it did not hold yet.
    for serial in ["TTTT0002", "TTTT0003"] {
        assert_eq!(versions(&scene.decide(serial, None).await), ["global@1"]);
    }
    let yesterday = scene.decide("TTTT0001", scene.today.previous_day()).await;
    assert_eq!(yesterday.outcome(), CoverageOutcome::StatutoryRight);
    assert_eq!(versions(&yesterday), ["global@1"]);
    let tomorrow = scene.decide("TTTT0001", scene.today.next_day()).await;
    assert_eq!(tomorrow.outcome(), CoverageOutcome::LimitedWarranty);
    assert_eq!(scene.read(&before).await, before);
}

#[tokio::test]
async fn a_decision_is_explained_by_its_own_terms_for_ever() {
    let scene = Scene::new().await;
    let law = |months: i32| {
        json!({"countries": {"DE": {"editions": {"statutory-de-2022": {
            "burden_of_proof_months": months, "note": format!("{months} months here"),
        }}}}})
    };
    let burden = |decision: &CoverageDecision| {
        let law = decision.chain.iter().find(|rule| rule.rule_id == "statutory-de-2022");
        let law = law.unwrap().law.clone().unwrap();
        (law.burden_of_proof_until, law.note)
    };
    let mut made = vec![scene.decide("TTTT0001", None).await];
    for months in [18, 24] {
        scene.publish("country/DE", &law(months)).await;
        made.push(scene.decide("TTTT0001", None).await);
    }
    let told: Vec<_> = made.iter().map(burden).collect();
    assert_ne!(told[0].0, told[1].0);
    assert_eq!(
        (told[1].1.as_str(), told[2].1.as_str()),
        ("18 months here", "24 months here")
    );
    assert_eq!(versions(&made[2]), ["global@1", "country/DE@2"]);
    for decision in &made {
        assert_eq!(scene.read(decision).await, *decision);
    }
}

#[tokio::test]
async fn no_country_gives_less() {
    let scene = Scene::new().await;
    let less = json!({
        "limited_warranties": {"limited-warranty": {"months": 6}},
        "countries": {"DE": {"editions": {"statutory-de-2022": {"sold_from": "2023-01-01"}}, "withdrawals": null}},
        "repair_warranty": {"days": 30, "excludes": [
            "DAMAGE_ACCIDENTAL", "DAMAGE_LIQUID", "DAMAGE_UNAUTHORISED_CHANGE",
        ]},
    });
    let report = scene.check("country/DE", &less).await;
    let mut paths: Vec<_> = report.loosened.iter().map(|loosened| loosened.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            r#"countries["DE"].editions["statutory-de-2022"].sold_from"#,
            r#"countries["DE"].withdrawals["withdrawal-de"]"#,
            r#"limited_warranties["limited-warranty"].months"#,
            "repair_warranty.days",
        ]
    );
    // Nor does it say nonsense.
    let nonsense =
        json!({"limited_warranties": {"repair-at-price": {"sold_from": "2026-02-29", "months": 1, "source": "none"}}});
    let report = scene.check("country/DE", &nonsense).await;
    assert_eq!(report.faults.len(), 2, "{report:?}");
}

#[tokio::test]
async fn who_would_fare_differently_is_shown_before_it_is_published() {
    let scene = Scene::new().await;
    let mut german = Vec::new();
    for _ in 0..3 {
        german.push(scene.decide("TTTT0001", None).await.decision_id);
    }
    scene.decide("TTTT0001", Some(scene.sold)).await;
    for serial in ["TTTT0002", "TTTT0003"] {
        scene.decide(serial, None).await;
    }
    let report = scene.check("country/DE", &more_in_germany()).await;
    assert!(report.faults.is_empty() && report.loosened.is_empty(), "{report:?}");
    let shown = |report: &CheckReport, whom: &str| -> Vec<(String, String, i64)> {
        let told = report.consequences.iter().filter(|told| told.whom == whom);
        told.map(|told| (told.before.clone(), told.after.clone(), told.count))
            .collect()
    };
    let told = |before: &str, after: &str, count| (before.to_owned(), after.to_owned(), count);
    assert!(report.consequences.iter().all(|told| told.place == "country/DE"));
    let decided = "of all 4 coverage decisions";
    assert_eq!(
        shown(&report, decided),
        [
            told("limited warranty", "limited warranty, for longer", 1),
            told("statutory right", "limited warranty", 3),
        ]
    );
    let examples = |whom: &str, before: &str| {
        let mut told = report.consequences.iter();
        let told = told.find(|told| told.whom == whom && told.before == before);
        let mut examples = told.unwrap().examples.clone();
        examples.sort();
        examples
    };
    german.sort();
    assert_eq!(examples(decided, "statutory right"), german);
    // Of the device there is, for each kind of damage.
    let devices = |damage: &str| format!("of all 1 devices, damage {damage}");
    assert_eq!(
        shown(&report, &devices("none")),
        [told("statutory right", "limited warranty", 1)]
    );
    assert_eq!(
        shown(&report, &devices("accidental")),
        [told("out of warranty", "limited warranty", 1)]
    );
    assert!(shown(&report, &devices("liquid")).is_empty(), "{report:?}");
    assert_eq!(
        examples(&devices("none"), "statutory right"),
        std::slice::from_ref(&scene.german)
    );

    // Of a change everywhere, those next door too.
    let everywhere = json!({"limited_warranties": {"limited-warranty": {"months": 24}}});
    let mut global: Value = serde_json::from_str(&scene.content().await).unwrap();
    merge(&mut global, &everywhere);
    let report = scene.check("global", &global).await;
    let of_everybody: i64 = shown(&report, "of all 6 coverage decisions")
        .iter()
        .map(|told| told.2)
        .sum();
    assert_eq!(of_everybody, 6, "{report:?}");
    assert_eq!(
        shown(&report, "of all 3 devices, damage none"),
        [
            told("out of warranty", "limited warranty", 1),
            told("statutory right", "limited warranty", 2),
        ]
    );
}

impl Scene {
    /// The global terms that hold.
    async fn content(&self) -> String {
        let asked = support_proto::support::standard::v1::GetEffectiveRequest {
            document: DOCUMENT.to_owned(),
            place: "global".to_owned(),
            ..Default::default()
        };
        let answer = StandardServiceClient::new(self.world.door(&lawgiver()))
            .get_effective(asked)
            .await;
        answer.unwrap().into_inner().content
    }
}

/// Lays objects over objects.
fn merge(below: &mut Value, over: &Value) {
    match (below, over) {
        (Value::Object(below), Value::Object(over)) => {
            for (key, value) in over {
                merge(below.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (below, over) => *below = over.clone(),
    }
}

#[tokio::test]
async fn only_those_who_may_make_rules_make_them() {
    let scene = Scene::new().await;
    let asked = CheckContentRequest {
        document: DOCUMENT.to_owned(),
        place: "country/DE".to_owned(),
        content: more_in_germany().to_string(),
        effective_from: None,
    };
    let refusal = StandardServiceClient::new(scene.world.door(&staff()))
        .check_content(asked)
        .await;
    refused(refusal, Code::PermissionDenied, "COMMON_ERROR_REASON_SCOPE_MISSING");
}
