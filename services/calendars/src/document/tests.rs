use support_chassis::standard::DocumentType as _;

use super::*;

fn shipped() -> RegionProfiles {
    REGION_PROFILES
        .parse_shipped()
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn what_is_shipped_is_a_document_with_room_to_grow() {
    let size = REGION_PROFILES.read_shipped().unwrap().print().len();
    assert!(size < support_chassis::standard::CONTENT_LIMIT * 3 / 4, "{size}");
    assert!(shipped().countries.len() >= 44, "{}", shipped().countries.len());
}
