//! A thousand overlays, each looser in one random place, sent to the door: all are refused at that very place.

use support_testing::loosening_is_found;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_loosening_overlays_are_found_where_they_loosen() {
    let office = Office::open().await;
    let rules = loosening_is_found(office.door("ana"), "office", 1_000, 3).await;
    // All that these documents have; the others are for the core's own tests.
    assert_eq!(rules.len(), 7, "{rules:?}");
    office.close().await;
}
