//! What other terms, prices and plans would mean for all devices and decisions.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::{Value, json};
use support_chassis::call::Caller;
use support_chassis::clock::Clock;
use support_proto::support::options::v1::{AssuranceLevel, CallerKind};
use support_proto::support::standard::v1::standard_service_client::StandardServiceClient;
use support_proto::support::standard::v1::{CheckReport, GetEffectiveRequest};
use support_testing::{call_as, check, load, processor_seconds};

use crate::report::{Figure, Report};
use crate::world::World;

pub(crate) async fn measure(world: &World, report: &mut Report) {
    // Two years of the maker in Germany, where one of fourteen devices was sold.
    let terms = "warranty/coverage-terms";
    let two_years = json!({"limited_warranties": {"limited-warranty": {"months": 24}}});
    ask(world, "country", terms, "country/DE", &two_years, report).await;
    // The same everywhere.
    let mut everywhere = content(world, terms).await;
    everywhere["limited_warranties"]["limited-warranty"]["months"] = json!(24);
    ask(world, "world", terms, "global", &everywhere, report).await;
    // Every price a tenth less.
    let prices = "warranty/repair-prices";
    let mut cheaper = content(world, prices).await;
    lower(&mut cheaper);
    ask(world, "prices_of_the_world", prices, "global", &cheaper, report).await;
    // No fee any more.
    let plans = "warranty/plan-terms";
    let mut free = content(world, plans).await;
    for plan in free["plans"].as_object_mut().unwrap().values_mut() {
        for cover in plan["covers"].as_object_mut().unwrap().values_mut() {
            cover.as_object_mut().unwrap().remove("fees");
        }
    }
    ask(world, "plans_of_the_world", plans, "global", &free, report).await;
}

async fn ask(world: &World, what: &str, document: &str, place: &str, content: &Value, report: &mut Report) {
    let (begin, before) = (Instant::now(), processor_seconds());
    let told = check(world.channel(), document, place, content).await;
    let used = processor_seconds() - before;
    let name = format!("what_if_{what}_ms");
    report.add(Figure::of(&name, "ms", begin.elapsed().as_secs_f64() * 1e3));
    report.note(format!(
        "{what}: {}; {used:.1} s of processor without the database's, load {}",
        said(&told),
        load()
    ));
}

/// What a report tells, in short.
fn said(told: &CheckReport) -> String {
    assert!(told.faults.is_empty() && told.loosened.is_empty(), "{told:?}");
    let examined = told.examinations.iter().map(|one| {
        let all = one.farings.iter().filter(|faring| faring.country_code.is_empty());
        let (mut better, mut worse) = (0, 0);
        for faring in all {
            better += faring.better;
            worse += faring.worse;
        }
        format!(
            "{} of {} {}: {better} better, {worse} worse",
            one.looked_at, one.total, one.what
        )
    });
    let examined: Vec<_> = examined.collect();
    format!("{}; {} consequences", examined.join(", "), told.consequences.len())
}

/// The global version that holds.
async fn content(world: &World, document: &str) -> Value {
    let caller = Caller {
        kind: CallerKind::Operator,
        subject: "author".to_owned(),
        organisation: None,
        scopes: BTreeSet::from(["standard.read".to_owned()]),
        assurance: AssuranceLevel::Aal1,
        region: Some("eu".to_owned()),
        grant_id: None,
        bounds: support_chassis::call::Bounds::default(),
    };
    let asked = GetEffectiveRequest {
        document: document.to_owned(),
        place: "global".to_owned(),
        ..GetEffectiveRequest::default()
    };
    let answer = StandardServiceClient::new(call_as(world.channel(), &caller, Clock::system().now()))
        .get_effective(asked)
        .await
        .unwrap();
    serde_json::from_str(&answer.into_inner().content).unwrap()
}

/// Takes a tenth off every number of minor units. As JSON they are strings where they are large.
fn lower(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if name == "minor_units" || name == "minorUnits" {
                    let minor: i64 = field.to_string().trim_matches('"').parse().unwrap();
                    *field = json!((minor - minor / 10).to_string());
                } else {
                    lower(field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(lower),
        _ => {}
    }
}
