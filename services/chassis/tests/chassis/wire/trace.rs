//! The trace goes on in the peer.

use std::sync::{Arc, Mutex};

use opentelemetry::global;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use support_chassis::error::trace_id;
use tracing::Instrument as _;
use tracing_subscriber::layer::SubscriberExt as _;

use super::harness::{Desk, World, get_case, script};

#[tokio::test]
async fn a_call_and_its_handler_are_of_one_trace() {
    global::set_text_map_propagator(TraceContextPropagator::new());
    let tracer = SdkTracerProvider::builder().build().tracer("test");
    let subscriber = tracing_subscriber::registry().with(tracing_opentelemetry::layer().with_tracer(tracer));
    let _guard = tracing::subscriber::set_default(subscriber);

    let world = World::new();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let desk = Desk::new({
        let seen = Arc::clone(&seen);
        script(move |_, metadata| {
            let header = metadata
                .get("traceparent")
                .map(|value| value.to_str().unwrap().to_owned());
            seen.lock().unwrap().push((header, trace_id()));
            async { Ok(()) }
        })
    });
    let mut peer = world.peer(&[&desk]);
    let span = tracing::info_span!("work");
    let ours = async {
        peer.get_case(get_case()).await.unwrap();
        trace_id().unwrap()
    }
    .instrument(span)
    .await;
    let (header, inside) = seen.lock().unwrap().pop().unwrap();
    assert!(header.unwrap().contains(&ours));
    assert_eq!(inside, Some(ours));
}
