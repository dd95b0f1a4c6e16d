//! The whole system through its gateway, with real clients.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::too_many_lines, reason = "a story is told from its beginning to its end")]

#[path = "system"]
mod system {
    mod bad_input;
    mod conservation;
    mod entitlements;
    mod erasure;
    mod fleet;
    mod journey;
    mod once;
    mod privacy;
    mod rotation;
    mod shown;
    mod standard;
    mod three_ways;
    mod told;
    mod trace;
    mod warranty;
    mod words;
}
