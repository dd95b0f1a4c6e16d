//! What other terms would mean for all devices.

use std::time::Instant;

use serde_json::json;
use support_testing::check;

use crate::report::{Figure, Report};
use crate::world::World;

pub(crate) async fn measure(world: &World, report: &mut Report) {
    // Two years of the maker in Germany, where one of fourteen devices was sold.
    let content = json!({"limited_warranties": {"limited-warranty": {"months": 24}}});
    let begin = Instant::now();
    let told = check(world.channel(), "warranty/coverage-terms", "country/DE", &content).await;
    report.add(Figure::of(
        "what_if_country_ms",
        "ms",
        begin.elapsed().as_secs_f64() * 1e3,
    ));
    report.note(format!(
        "what-if of DE: {}",
        told.consequences.first().map_or("", |told| told.whom.as_str())
    ));
}
