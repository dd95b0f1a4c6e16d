//! The gateway as its callers meet it: the real one on a real port, before small real services.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "gateway_door"]
mod door {
    mod alike;
    mod callers;
    mod certificates;
    mod harness;
    mod json;
    mod malformed;
    mod named;
    mod oauth;
    mod outages;
    mod passing;
    mod providers;
    mod shown;
    mod streams;
    mod system;
    mod web;
    mod words;
}
